//! The parameters as the document that programs send, for who would rather write it than fill in
//! fields. It is read by the same rules.

use serde_json::Value;

use super::document::{document, typed_again};
use super::fields;
use crate::error::{AppError, FieldError, Words};
use crate::standards::Sealing;
use crate::standards::layers::{is_below, is_same, leaves};
use crate::standards::outline::pointer;
use crate::web::form::Typed;

/// The field that holds the document instead of all others of the parameters.
pub const NAME: &str = "json";
/// The button that turns one into the other.
pub const VIEW: &str = "view";

/// Whether a form holds the document.
pub fn is_json(typed: &Typed) -> bool {
    typed.contains_key(NAME)
}

/// What the form asks for: the document as it was written, or made of the fields.
///
/// # Errors
/// 400 for a text that is no JSON object, with where it ends to be one.
pub fn said(typed: &Typed) -> Result<Value, AppError> {
    let Some(text) = typed.get(NAME) else {
        return Ok(document(typed));
    };
    let wrong = |words: Words| {
        AppError::Invalid(vec![FieldError {
            field: NAME.to_owned(),
            words,
        }])
    };
    match serde_json::from_str(text) {
        Ok(document @ Value::Object(_)) => Ok(document),
        Ok(_) => Err(wrong(Words::new("json-no-object"))),
        Err(error) => {
            let words = Words::new("json-unreadable").with("line", error.line());
            Err(wrong(words.with("column", error.column())))
        }
    }
}

/// The same form with the document instead of its fields.
///
/// # Errors
/// 400 for a text that is no document.
pub fn written(typed: &Typed) -> Result<Typed, AppError> {
    let document = said(typed)?;
    let mut written = without(typed);
    written.insert(NAME.to_owned(), text(document));
    Ok(written)
}

/// The same form with fields instead of the document, over what they hold anyway.
///
/// # Errors
/// 400 for a text that is no document, or one that says what the form has no field for.
pub fn filled(typed: &Typed, usual: &Typed) -> Result<Typed, AppError> {
    let document = said(typed)?;
    let made = typed_again(usual, &document, true);
    let again = leaves(&self::document(&made));
    // A secret is typed again, and its name is what stays.
    let is_secret = |place: &str, value: &Value| {
        let is_of = |s: &&Sealing| is_below(place, &pointer(s.list));
        let (Some(sealing), Some(item)) = (Sealing::ALL.iter().find(is_of), value.as_object())
        else {
            return false;
        };
        let known = [sealing.key, sealing.reference, Sealing::VALUE];
        item.keys().all(|key| known.contains(&key.as_str()))
            && (item.contains_key(sealing.reference) || item.contains_key(Sealing::VALUE))
    };
    let kept = |pointer: &str, value: &Value| {
        let now = again.get(pointer);
        now.is_some_and(|now| is_same(pointer, value, now) || is_secret(pointer, value))
    };
    let said = leaves(&document);
    let mut lost = said.iter().filter(|(pointer, value)| !kept(pointer, value));
    let lost = lost.next().map(|(pointer, _)| pointer);
    match lost.or_else(|| fields::misfit(&made)) {
        None => {
            let mut filled = without(typed);
            filled.extend(made);
            Ok(filled)
        }
        Some(place) => {
            let name = place.trim_start_matches('/').replace('/', ".");
            Err(AppError::Invalid(vec![FieldError {
                field: NAME.to_owned(),
                words: Words::new("json-no-field").with("name", name),
            }]))
        }
    }
}

fn without(typed: &Typed) -> Typed {
    let mut kept = typed.clone();
    kept.remove(VIEW);
    kept.remove(NAME);
    kept
}

/// A form that may be stored, or sent back: without the secrets in its document.
///
/// # Errors
/// 400 for a text that is no document.
pub fn without_secrets(typed: &Typed) -> Result<Typed, AppError> {
    let mut kept = typed.clone();
    if is_json(typed) {
        kept.insert(NAME.to_owned(), text(said(typed)?));
    }
    Ok(kept)
}

fn text(mut document: Value) -> String {
    blank(&mut document);
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

/// Takes the secrets out that were typed, wherever they stand.
pub fn blank(document: &mut Value) {
    match document {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    Sealing::VALUE => *value = Value::String(String::new()),
                    _ => blank(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blank),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(document: &str) -> Typed {
        Typed::from([(NAME.to_owned(), document.to_owned())])
    }

    fn refused(document: &str) -> (String, Words) {
        let Err(AppError::Invalid(mut wrong)) = filled(&with(document), &Typed::new()) else {
            panic!("{document} is a form");
        };
        let wrong = wrong.remove(0);
        (wrong.field, wrong.words)
    }

    #[test]
    fn fields_become_a_document_and_fields_again() {
        let document = json!({
            "replicas": {"min": 2, "max": 4}, "cpu": {"request": "250m", "limit": "1"},
            "memory": {"request": "512Mi", "limit": "1Gi"}, "access": "internal", "port": 8080,
            "probes": {"readiness": {"kind": "tcp"}, "liveness": {"kind": "tcp"}},
            "env": [{"name": "A", "value": "b"}, {"name": "T", "secret_value": "hunter2"}],
            "files": [{"path": "/etc/a", "secret_value": "hunter2"},
                {"path": "/etc/b", "text": "b"}],
        });
        let form = filled(&with(&document.to_string()), &Typed::new()).expect("fields");
        assert_eq!(form["parameters.memory.limit"], "1024");
        assert_eq!(form["env.1.secret"], "true");
        assert_eq!(
            (
                form["files.0.stored"].as_str(),
                form["files.0.text"].as_str()
            ),
            ("true", "")
        );
        assert!(!form.contains_key("files.1.stored"));
        let again = written(&form).expect("a document");
        let again = said(&again).expect("a document");
        assert_eq!(again["replicas"], document["replicas"]);
        assert_eq!(again["env"][0], document["env"][0]);
        assert_eq!(again["env"][1], json!({"name": "T", "secret_value": ""}));
        let file = json!({"path": "/etc/a", "secret_value": ""});
        assert_eq!(
            again["files"],
            json!([file, {"path": "/etc/b", "text": "b"}])
        );
    }

    #[test]
    fn what_is_no_document_or_has_no_field_is_refused_where_it_is() {
        let (field, words) = refused("{\n  \"port\": }");
        assert_eq!(
            (field.as_str(), words.code.as_str()),
            ("json", "json-unreadable")
        );
        assert_eq!(words.args[0], ("line".to_owned(), "2".to_owned()));
        assert_eq!(refused("[1]").1.code, "json-no-object");
        let (_, words) = refused(r#"{"cpu": {"limit": "1", "colour": "red"}}"#);
        assert_eq!(
            words,
            Words::new("json-no-field").with("name", "cpu.colour")
        );
        for (document, name) in [
            (r#"{"env": [{"name": "A"}]}"#, "env.A"),
            (r#"{"env": [{"name": "A", "value": 1}]}"#, "env.A"),
            (
                r#"{"env": [{"name": "A", "value": "a\nb"}]}"#,
                "env.0.value",
            ),
            (r#"{"discovery": "zookeeper"}"#, "parameters.discovery"),
        ] {
            let words = Words::new("json-no-field").with("name", name);
            assert_eq!(refused(document).1, words);
        }
    }

    #[test]
    fn no_secret_is_stored_or_sent_back() {
        let typed = with(r#"{"env": [{"name": "T", "secret_value": "hunter2"}]}"#);
        let kept = without_secrets(&typed).expect("a document");
        assert!(!kept[NAME].contains("hunter2"), "{}", kept[NAME]);
        let misplaced = with(r#"{"environment": {"T": {"secret_value": ["hunter2"]}}}"#);
        let kept = without_secrets(&misplaced).expect("a document");
        assert!(!kept[NAME].contains("hunter2"), "{}", kept[NAME]);
        assert!(without_secrets(&with("{")).is_err());
    }
}
