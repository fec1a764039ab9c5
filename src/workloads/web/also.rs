//! The same asked for in other environments, and for other components, by one form: a request for
//! each, all or none.

use serde_json::{Value, json};

use super::asking::{Aim, text};
use super::changing::merge_patch;
use crate::app::App;
use crate::error::{AppError, FieldError};
use crate::projects::ProjectAccess;
use crate::requests::Filing;
use crate::requests::web::again;
use crate::standards;
use crate::standards::layers::{Leaves, Place, document, is_same, leaves};
use crate::web::form::{Control, Field, Typed};
use crate::web::layout::{Chrome, Errors};
use crate::workloads::request::is_component;
use crate::workloads::{self, Workload};

/// Before the key of an environment that is named beside the form's own.
const ALSO: &str = "also.";
/// Before the name of a component that is named beside the form's own.
const BESIDE: &str = "beside.";
/// The line of names of components that are not there yet.
const LINE: &str = "beside";
/// Requests of one form, its own among them: more are a program's matter.
const MOST: usize = 50;

/// An environment or a component that may be named beside the form's own.
pub struct Also {
    pub key: String,
    /// All clusters that are asked for.
    pub clusters: String,
    pub is_chosen: bool,
    /// What is wrong there: the id of its place, and the words.
    pub errors: Vec<(String, String)>,
}

/// How far a form may reach.
pub struct Reach {
    /// Of its own environment.
    pub clusters: Vec<String>,
    pub also: Vec<Also>,
    pub beside: Vec<Also>,
    /// Where components are named that are not there yet.
    pub line: Option<Field>,
}

impl Reach {
    /// What may be named beside the form's own place, of all environments, with what was wrong
    /// with it. A form that changes a request is of that one alone.
    ///
    /// # Errors
    /// No answer from the database.
    pub async fn of(
        app: &App,
        access: &ProjectAccess,
        c: &Chrome,
        (aim, typed, errors): (Aim, &Typed, &Errors),
        (environment, all): (&str, On),
    ) -> Result<Self, AppError> {
        let (here, mut elsewhere, mut besides) = match aim {
            Aim::New => {
                let all = all.into_iter();
                let (here, elsewhere) = all.partition(|(key, _)| key == environment);
                let named = named(typed).into_iter().map(|name| (name, Vec::new()));
                (here, elsewhere, named.collect())
            }
            Aim::Change => {
                let all = workloads::list(app.db.pool(), access.project.id, None, None).await?;
                apart(&all, environment, &text(typed, "component"))
            }
        };
        let revises = again::revises(typed).is_some();
        if revises {
            elsewhere.clear();
            besides.clear();
        }
        let mut beside = rows(c, typed, errors, (BESIDE, besides));
        // Beneath the line of new ones stands what is wrong with some of them, and nothing else.
        beside.retain(|one| aim == Aim::Change || !one.errors.is_empty());
        Ok(Self {
            clusters: here
                .into_iter()
                .flat_map(|(_, clusters)| clusters)
                .collect(),
            also: rows(c, typed, errors, (ALSO, elsewhere)),
            beside,
            line: (aim == Aim::New && !revises).then(|| line(c, typed, errors)),
        })
    }
}

/// Something and the clusters that it is on.
pub type On = Vec<(String, Vec<String>)>;

/// Where a component is: in an environment, in the others, and what other components are there.
fn apart(all: &[Workload], environment: &str, component: &str) -> (On, On, On) {
    let mut found = (On::new(), On::new(), On::new());
    for w in all {
        let (list, name) = match (w.environment == environment, w.component == component) {
            (true, true) => (&mut found.0, &w.environment),
            (false, true) => (&mut found.1, &w.environment),
            (true, false) => (&mut found.2, &w.component),
            (false, false) => continue,
        };
        match list.iter_mut().find(|(known, _)| known == name) {
            Some((_, clusters)) => clusters.push(w.cluster.clone()),
            None => list.push((name.clone(), vec![w.cluster.clone()])),
        }
    }
    found
}

/// The boxes of the form, of environments or of components.
fn rows(c: &Chrome, typed: &Typed, errors: &Errors, (prefix, others): (&str, On)) -> Vec<Also> {
    let row = |(key, clusters): (String, Vec<String>)| Also {
        errors: wrong(c, errors, &format!("{prefix}{key}")),
        is_chosen: typed.contains_key(&format!("{prefix}{key}")),
        clusters: clusters.join(", "),
        key,
    };
    others.into_iter().map(row).collect()
}

/// What is wrong with one of them.
fn wrong(c: &Chrome, errors: &Errors, name: &str) -> Vec<(String, String)> {
    let said = errors.0.iter().filter_map(|e| {
        let inner = e.field.strip_prefix(name)?;
        let label = inner.trim_start_matches('.');
        let words = c.w(&e.words);
        let place = format!("f-{}", e.field.replace('.', "-"));
        match (inner.starts_with('.'), inner.is_empty()) {
            // The box itself is where the link leads.
            (_, true) => Some((format!("{place}-e"), words)),
            (true, _) => Some((place, format!("{label}: {words}"))),
            (false, _) => None,
        }
    });
    said.collect()
}

/// The line that names components which are not there yet.
fn line(c: &Chrome, typed: &Typed, errors: &Errors) -> Field {
    let field = Field::new(c, LINE, "form-beside", Control::Line).optional(c);
    field.filled(c, typed, errors)
}

/// The components that a form names beside its own, in its order, each once.
fn named(typed: &Typed) -> Vec<String> {
    let apart = |c: char| c.is_whitespace() || [',', ';', '，', '、', '；'].contains(&c);
    let line = text(typed, LINE);
    let written = line.split(apart).filter(|name| !name.is_empty());
    let chosen = typed.keys().filter_map(|name| name.strip_prefix(BESIDE));
    let mut names: Vec<String> = Vec::new();
    for name in written.chain(chosen) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// What is asked for besides the form's own filing, in each environment and for each component that
/// was named: of its parameters, those that were said otherwise than the form began with.
///
/// # Errors
/// 400 for an environment or a component that is none of the choices, and for too many.
pub async fn filings(
    app: &App,
    access: &ProjectAccess,
    (aim, typed): (Aim, &Typed),
    own: &Filing,
) -> Result<Vec<Filing>, AppError> {
    let (environment, component) = (text(typed, "environment"), text(typed, "component"));
    let also = typed.keys().filter_map(|name| name.strip_prefix(ALSO));
    let also = also.filter(|key| **key != *environment);
    let environments: Vec<&str> = std::iter::once(&*environment).chain(also).collect();
    let mut components = vec![component.clone()];
    components.extend(named(typed).into_iter().filter(|name| *name != component));
    if environments.len() * components.len() > MOST {
        return Err(AppError::field(LINE, "form-beside-many"));
    }
    if components.iter().skip(1).any(|name| !is_component(name)) {
        return Err(AppError::field(LINE, "component-grammar"));
    }
    if environments.len() + components.len() == 2 {
        return Ok(Vec::new());
    }
    let place = Place::of(&access.project, &environment);
    let over = standards::over(app, &place).await?;
    let said = over.own_of(&own.parameters["parameters"]);
    let there = There::find(app, access, aim).await?;
    let before = there.own_of(&environment, &component);
    let before = leaves(&before.map(|own| over.own_of(own)).unwrap_or_default());
    let mut filings = Vec::new();
    for key in environments {
        for name in components
            .iter()
            .filter(|n| key != environment || **n != component)
        {
            let asked_as = match *name == component {
                true => format!("{ALSO}{key}"),
                false => format!("{BESIDE}{name}"),
            };
            if !there.is_choice(key, name) {
                return Err(AppError::field(&asked_as, there.lacking()));
            }
            let mut parameters = match aim {
                Aim::New if key == environment => own.parameters.clone(),
                Aim::New => json!({ "parameters": said }),
                Aim::Change => there.changed((key, name), &before, &leaves(&said)),
            };
            parameters["component"] = name.as_str().into();
            filings.push(Filing {
                environment: Some(key.to_owned()),
                parameters,
                asked_as: Some(asked_as),
                ..own.clone()
            });
        }
    }
    Ok(filings)
}

/// Where the same may be asked for.
enum There {
    /// Environments, for components that are not there.
    Environments(Vec<String>),
    /// The project's workloads, for other parameters.
    Workloads(Vec<Workload>),
}

impl There {
    async fn find(app: &App, access: &ProjectAccess, aim: Aim) -> Result<Self, AppError> {
        let project = access.project.id;
        if aim == Aim::New {
            let places = workloads::places(app, project).await?.into_iter();
            return Ok(Self::Environments(places.map(|(key, _, _)| key).collect()));
        }
        let all = workloads::list(app.db.pool(), project, None, None).await?;
        Ok(Self::Workloads(all))
    }

    /// The workloads of a component in an environment.
    fn of<'a>(&'a self, key: &'a str, component: &'a str) -> impl Iterator<Item = &'a Workload> {
        let all = match self {
            Self::Workloads(all) => all.as_slice(),
            Self::Environments(_) => &[],
        };
        all.iter()
            .filter(move |w| w.environment == key && w.component == component)
    }

    fn own_of<'a>(&'a self, key: &'a str, component: &'a str) -> Option<&'a Value> {
        self.of(key, component).next().map(|w| &w.own)
    }

    fn is_choice(&self, key: &str, component: &str) -> bool {
        match self {
            Self::Environments(known) => known.iter().any(|k| k == key),
            Self::Workloads(_) => self.of(key, component).next().is_some(),
        }
    }

    /// Why something is no choice.
    const fn lacking(&self) -> &'static str {
        match self {
            Self::Environments(_) => "containers-no-environment",
            Self::Workloads(_) => "change-nothing-there",
        }
    }

    /// What the workloads of a place say, but for what the form said otherwise.
    fn changed(
        &self,
        (key, component): (&str, &str),
        before: &Leaves<Value>,
        after: &Leaves<Value>,
    ) -> Value {
        let mine = self.of(key, component);
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

/// Named as the form has it: what is wrong elsewhere belongs to the box of what it is about.
pub fn of_form(mut error: AppError) -> AppError {
    if let AppError::Invalid(fields) = &mut error {
        let shorten = |e: &mut FieldError| {
            if e.field.starts_with(ALSO) || e.field.starts_with(BESIDE) {
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
