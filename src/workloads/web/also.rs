//! The same asked for in other environments by one form: a request for each, all or none.

use serde_json::{Value, json};

use super::asking::{Aim, text};
use super::changing::merge_patch;
use crate::app::App;
use crate::error::{AppError, FieldError};
use crate::projects::ProjectAccess;
use crate::requests::Filing;
use crate::standards;
use crate::standards::layers::{Leaves, Place, document, is_same, leaves};
use crate::web::form::Typed;
use crate::web::layout::{Chrome, Errors};
use crate::workloads::{self, Workload};

const ALSO: &str = "also.";

/// An environment that may be named beside the form's own.
pub struct Also {
    pub key: String,
    /// All of them are asked for.
    pub clusters: String,
    pub is_chosen: bool,
    /// What is wrong there: where a link leads to it, and the words.
    pub errors: Vec<(String, String)>,
}

/// The boxes of the form.
pub fn rows(
    c: &Chrome,
    typed: &Typed,
    errors: &Errors,
    others: impl Iterator<Item = (String, Vec<String>)>,
) -> Vec<Also> {
    let row = |(key, clusters): (String, Vec<String>)| {
        let name = format!("{ALSO}{key}");
        let said = errors.0.iter().filter_map(|e| {
            let inner = e.field.strip_prefix(&name)?;
            let label = inner.trim_start_matches('.');
            let words = c.w(&e.words);
            let words = match (inner.starts_with('.'), inner.is_empty()) {
                (_, true) => words,
                (true, _) => format!("{label}: {words}"),
                (false, _) => return None,
            };
            Some((format!("f-{}", e.field.replace('.', "-")), words))
        });
        Also {
            errors: said.collect(),
            is_chosen: typed.contains_key(&name),
            clusters: clusters.join(", "),
            key,
        }
    };
    others.map(row).collect()
}

/// What is asked for in each other environment that was named, beside the form's own filing: of
/// its parameters, those that were said otherwise than the form began with.
///
/// # Errors
/// 400 for an environment that is none of the choices.
pub async fn filings(
    app: &App,
    access: &ProjectAccess,
    (aim, typed): (Aim, &Typed),
    own: &Filing,
) -> Result<Vec<Filing>, AppError> {
    let environment = text(typed, "environment");
    let named = typed.keys().filter_map(|name| name.strip_prefix(ALSO));
    let named: Vec<&str> = named.filter(|key| *key != environment).collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let place = Place::of(&access.project, &environment);
    let over = standards::over(app, &place).await?;
    let said = over.own_of(&own.parameters["parameters"]);
    let there = There::find(app, access, (aim, typed)).await?;
    let mut filings = Vec::new();
    for key in named {
        let mut parameters = match aim {
            Aim::New => json!({ "parameters": said }),
            Aim::Change => {
                let before = there
                    .workloads
                    .iter()
                    .find(|w| w.environment == environment);
                let before = before.map(|w| over.own_of(&w.own)).unwrap_or_default();
                there.changed(key, &leaves(&before), &leaves(&said))
            }
        };
        if !there.environments.iter().any(|known| known == key) {
            let field = format!("{ALSO}{key}");
            return Err(AppError::field(&field, "containers-no-environment"));
        }
        parameters["component"] = own.parameters["component"].clone();
        filings.push(Filing {
            environment: Some(key.to_owned()),
            parameters,
            ..own.clone()
        });
    }
    Ok(filings)
}

/// The environments that may be named, and the component's workloads.
struct There {
    environments: Vec<String>,
    workloads: Vec<Workload>,
}

impl There {
    async fn find(
        app: &App,
        access: &ProjectAccess,
        (aim, typed): (Aim, &Typed),
    ) -> Result<Self, AppError> {
        let project = access.project.id;
        if aim == Aim::New {
            let places = workloads::places(app, project).await?.into_iter();
            return Ok(Self {
                environments: places.map(|(key, _, _)| key).collect(),
                workloads: Vec::new(),
            });
        }
        let component = text(typed, "component");
        let mut workloads = workloads::list(app.db.pool(), project, None, None).await?;
        workloads.retain(|w| w.component == component);
        Ok(Self {
            environments: workloads.iter().map(|w| w.environment.clone()).collect(),
            workloads,
        })
    }

    /// What the workloads of an environment say, but for what the form said otherwise.
    fn changed(&self, key: &str, before: &Leaves<Value>, after: &Leaves<Value>) -> Value {
        let mine = self.workloads.iter().filter(|w| w.environment == key);
        let mut made = mine.map(|w| (w.cluster.clone(), applied(&w.own, before, after)));
        let (_, first) = made.next().unwrap_or_default();
        let others = made.filter(|(_, own)| *own != first);
        let patches = others.map(|(cluster, own)| (cluster, merge_patch(&first, &own)));
        let patches: serde_json::Map<String, Value> = patches.collect();
        json!({ "parameters": first, "per_cluster": patches })
    }
}

/// A document with each leaf that came, went or became another between two others.
fn applied(own: &Value, before: &Leaves<Value>, after: &Leaves<Value>) -> Value {
    let mut made = leaves(own);
    for (pointer, _) in before.iter().filter(|(p, _)| after.get(p).is_none()) {
        made.remove(pointer);
    }
    let is_new = |pointer: &str, value: &Value| {
        let was = before.get(pointer);
        was.is_none_or(|was| !is_same(pointer, was, value))
    };
    for (pointer, value) in after.iter().filter(|(p, v)| is_new(p, v)) {
        made.put(pointer, value.clone());
    }
    document(made.iter())
}

/// Named as the form has it: what is wrong elsewhere belongs to the box of that environment.
pub fn of_form(mut error: AppError) -> AppError {
    if let AppError::Invalid(fields) = &mut error {
        let shorten = |e: &mut FieldError| {
            if e.field.starts_with(ALSO) {
                e.field = e.field.replace("parameters.", "");
            }
        };
        fields.iter_mut().for_each(shorten);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_said_otherwise_is_said_elsewhere() {
        let before = json!({ "replicas": { "min": 2 }, "cpu": { "limit": "500m" }, "port": 8080,
            "env": [{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }] });
        let after = json!({ "replicas": { "min": 2 }, "cpu": { "limit": "0.5" },
            "memory": { "limit": "1Gi" },
            "env": [{ "name": "A", "value": "3" }] });
        let elsewhere = json!({ "replicas": { "min": 9 }, "cpu": { "limit": "4" }, "port": 9090,
            "env": [{ "name": "B", "value": "2" }, { "name": "C", "value": "c" }] });
        assert_eq!(
            applied(&elsewhere, &leaves(&before), &leaves(&after)),
            json!({ "replicas": { "min": 9 }, "cpu": { "limit": "4" },
                "memory": { "limit": "1Gi" },
                "env": [{ "name": "C", "value": "c" }, { "name": "A", "value": "3" }] })
        );
    }
}
