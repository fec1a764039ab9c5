//! Forms that start from a request: to change it while it is open, or to ask for the same again.

use serde::Deserialize;
use serde_json::Value;

use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::requests::{self, Filing, Request, Revising, State};
use crate::web::form::Typed;

/// The hidden fields of a form that changes a request: which, and what its author saw of it.
pub const REVISES: &str = "revises";
pub const SEEN: &str = "seen";

/// The request that a form starts from, in its address.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Again {
    #[serde(default)]
    pub revise: Option<i64>,
    #[serde(default)]
    pub copy: Option<i64>,
}

/// What the form holds then; `None` for a form that starts from nothing.
///
/// # Errors
/// 404 for a request of another kind or that one may not see, 403 for others than the author, 409
/// for a change of what is decided.
pub async fn begin(
    app: &App,
    actor: &Actor,
    kind: &str,
    again: Again,
) -> Result<Option<(Request, Typed)>, AppError> {
    let Some(number) = again.revise.or(again.copy) else {
        return Ok(None);
    };
    let request = requests::get(app, actor, number).await?;
    if request.kind != kind {
        return Err(AppError::NotFound);
    }
    let mut typed = Typed::new();
    flatten("", &request.parameters, &mut typed);
    typed.insert("note".to_owned(), request.note.clone());
    if let Some(environment) = &request.environment {
        typed.insert("environment".to_owned(), environment.clone());
    }
    if again.revise.is_some() {
        if actor.responsible.0 != request.author_id {
            return Err(AppError::forbidden("request-revise-own"));
        }
        if request.state != State::Open {
            return Err(AppError::Conflict(requests::decided_words(&request)));
        }
        typed.insert(REVISES.to_owned(), number.to_string());
        typed.insert(SEEN.to_owned(), request.hash.clone());
    }
    Ok(Some((request, typed)))
}

/// A document as a form has it: names with dots, lists of names in one line.
fn flatten(path: &str, value: &Value, typed: &mut Typed) {
    let mut put = |text: String| typed.insert(path.to_owned(), text);
    match value {
        Value::Null | Value::Bool(false) => {}
        Value::Bool(true) => drop(put("true".to_owned())),
        Value::Number(number) => drop(put(number.to_string())),
        Value::String(text) => drop(put(text.clone())),
        Value::Array(list) => {
            let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            put(texts.join(", "));
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = match path {
                    "" => name.clone(),
                    above => format!("{above}.{name}"),
                };
                flatten(&path, value, typed);
            }
        }
    }
}

/// Files what was typed, or changes the request that the form started from; its number.
///
/// # Errors
/// As [`requests::file`] and [`requests::revise`].
pub async fn send(
    app: &App,
    actor: &Actor,
    typed: &Typed,
    filing: Filing,
) -> Result<i64, AppError> {
    let Some(number) = revises(typed) else {
        return requests::file(app, actor, filing).await;
    };
    let revising = Revising {
        parameters: filing.parameters,
        note: filing.note,
        hash: typed.get(SEEN).cloned().unwrap_or_default(),
    };
    requests::revise(app, actor, number, &revising).await?;
    Ok(number)
}

/// The number of the request that a form changes.
#[must_use]
pub fn revises(typed: &Typed) -> Option<i64> {
    typed.get(REVISES)?.parse().ok()
}

/// The hidden fields that a form must send back.
#[must_use]
pub fn kept(typed: &Typed) -> Vec<(&'static str, String)> {
    let kept = [REVISES, SEEN].map(|name| Some((name, typed.get(name)?.clone())));
    kept.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_becomes_what_its_form_would_hold() {
        let mut typed = Typed::new();
        let document = json!({ "key": "pay", "port": 80, "owners": ["lin", "chen"], "no": false,
            "yes": true, "callbacks": { "before": "x", "after": null } });
        flatten("", &document, &mut typed);
        let held: Vec<(&str, &str)> = typed
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        assert_eq!(
            held,
            [
                ("callbacks.before", "x"),
                ("key", "pay"),
                ("owners", "lin, chen"),
                ("port", "80"),
                ("yes", "true"),
            ]
        );
    }
}
