//! Revisions of a request as they were, and what the newest says otherwise: whoever decided on
//! one can see why their word counts no longer.

mod store;
pub mod web;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Because, Decision, Request, get};
use crate::app::App;
use crate::diff::{Change, changes};
use crate::error::AppError;
use crate::identity::Actor;

/// One revision, which never changes.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Revision {
    pub revision: i32,
    /// Why there was this revision.
    pub because: Because,
    /// 64 hex digits; what a decision on it named.
    pub hash: String,
    pub parameters: Value,
    pub computed: Value,
    pub note: String,
    pub created_at: Timestamp,
}

/// A revision beside the newest.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Compared {
    #[serde(flatten)]
    pub revision: Revision,
    pub newest: i32,
    /// What the newest says otherwise, by the path of each field; none for the newest itself.
    pub changes: Vec<Change>,
}

/// A revision of a request that this person may see.
///
/// # Errors
/// 404 for a request or revision that there is none of.
pub async fn compared(
    app: &App,
    actor: &Actor,
    number: i64,
    revision: i32,
) -> Result<(Request, Compared), AppError> {
    let request = get(app, actor, number).await?;
    let compared = beside(app, &request, revision).await?;
    Ok((request, compared))
}

/// # Errors
/// 404 for a revision that there is none of.
pub(super) async fn beside(
    app: &App,
    request: &Request,
    revision: i32,
) -> Result<Compared, AppError> {
    let found = store::find(app.db.pool(), request.id, revision).await?;
    let revision = found.ok_or(AppError::NotFound)?;
    Ok(Compared {
        changes: otherwise(&revision, request),
        newest: request.revision,
        revision,
    })
}

/// The revision that a reader had before their eyes: the last that they decided on, else that
/// anybody did, else the one before. None while there is only one.
#[must_use]
pub fn seen_before(request: &Request, reader: &str) -> Option<i32> {
    let older = |d: &&Decision| d.revision < request.revision;
    let last = |of: &dyn Fn(&Decision) -> bool| {
        let decided = request.decisions.iter().filter(older).filter(|d| of(d));
        decided.map(|d| d.revision).max()
    };
    let before = (request.revision > 1).then(|| request.revision - 1)?;
    last(&|d| d.by == reader)
        .or_else(|| last(&|_| true))
        .or(Some(before))
}

/// What the newest revision says otherwise than an older one: what was asked first, then what
/// follows from it.
fn otherwise(old: &Revision, new: &Request) -> Vec<Change> {
    let mut found = changes(&json!({ "note": old.note }), &json!({ "note": new.note }));
    for (name, old, new) in [
        ("parameters", &old.parameters, &new.parameters),
        ("computed", &old.computed, &new.computed),
    ] {
        let of = |value| json!({ name: keyed(value) });
        found.extend(changes(&of(old), &of(new)));
    }
    found
}

/// The same with every list of named things as a map by their names, so that one that came or
/// went is not taken for a change of all that follow it.
fn keyed(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, v)| (name.clone(), keyed(v)));
            Value::Object(fields.collect())
        }
        Value::Array(items) => {
            let named: Option<Map<String, Value>> = items
                .iter()
                .map(|item| Some((name_of(item)?, keyed(item))))
                .collect();
            match named.filter(|n| n.len() == items.len() && !items.is_empty()) {
                Some(named) => Value::Object(named),
                None => Value::Array(items.iter().map(keyed).collect()),
            }
        }
        other => other.clone(),
    }
}

fn name_of(item: &Value) -> Option<String> {
    let text = |name: &str| item[name].as_str();
    let metadata = &item["metadata"];
    if let (Some(kind), Some(name)) = (text("kind"), metadata["name"].as_str()) {
        return Some(format!("{kind} {name}"));
    }
    let names = ["cluster", "key", "field", "name"];
    names.iter().find_map(|n| text(n)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_or_went_is_not_a_change_of_the_rest() {
        let object =
            |kind: &str, n: i32| json!({ "kind": kind, "metadata": { "name": "pay" }, "n": n });
        let old = json!({ "clusters": [{ "cluster": "a", "objects": [object("Deployment", 1)] }] });
        let new = json!({ "clusters": [
            { "cluster": "b", "objects": [] },
            { "cluster": "a", "objects": [object("Service", 1), object("Deployment", 2)] },
        ] });
        let found = changes(&keyed(&old), &keyed(&new));
        let fields: Vec<&str> = found.iter().map(|c| c.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "clusters.a.objects.Deployment pay.n",
                "clusters.a.objects.Service pay",
                "clusters.b"
            ]
        );
    }

    #[test]
    fn a_list_without_names_stays_a_list() {
        for list in [
            json!([1, 2]),
            json!([]),
            json!([{ "name": "a" }, { "name": "a" }]),
        ] {
            assert_eq!(keyed(&list), list);
        }
    }
}
