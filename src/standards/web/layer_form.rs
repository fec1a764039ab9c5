//! A layer as a form, with a field for each leaf that is empty where the layer says nothing; or as
//! its document and locks in JSON, for what the form has no field for.

use serde_json::{Value, json};

use super::as_json::{self, NAME, VIEW};
use super::document::{some, typed_of_some};
use super::fields;
use super::locks;
use super::standing::beneath;
use crate::error::{AppError, FieldError, Words};
use crate::standards::layers::{Effective, Lock, Name, is_same, leaves};
use crate::standards::outline::{self, Leaf, outline};
use crate::web::form::{Control, Section, Typed};
use crate::web::layout::{Chrome, Errors};

pub const DOCUMENT: &str = "document";
pub const LOCKS: &str = "locks";
/// Whether a field is of the layer, in either view.
fn is_of_layer(name: &str) -> bool {
    let of_list = |list: &outline::List| {
        let rest = name.strip_prefix(&list.name);
        rest.is_some_and(|rest| rest.starts_with('.'))
    };
    let begins = |with: &&str| name.starts_with(*with);
    ["parameters.", LOCKS, DOCUMENT, VIEW].iter().any(begins) || outline().lists.iter().any(of_list)
}

/// What a form says of a layer, whichever view it was.
pub struct Said {
    pub document: Value,
    pub locks: Value,
}

/// Whether a form holds JSON instead of fields.
pub fn is_json(typed: &Typed) -> bool {
    typed.contains_key(DOCUMENT)
}

/// What was typed.
///
/// # Errors
/// 400 for JSON that is none, and for a lock with a bound that cannot be meant.
pub fn said(typed: &Typed) -> Result<Said, AppError> {
    if !is_json(typed) {
        return Ok(Said {
            document: some(typed),
            locks: json!(locks::values(typed).map_err(AppError::Invalid)?),
        });
    }
    let mut wrong = Vec::new();
    let mut read = |field: &str, empty: Value| match typed.get(field).map_or("", |t| t.trim()) {
        "" => empty,
        text => serde_json::from_str(text).unwrap_or_else(|_| {
            wrong.push(FieldError::new(field, "field-not-json"));
            Value::Null
        }),
    };
    let (document, locks) = (read(DOCUMENT, json!({})), read(LOCKS, json!([])));
    if wrong.is_empty() {
        Ok(Said { document, locks })
    } else {
        Err(AppError::Invalid(wrong))
    }
}

/// The fields for what a layer says.
///
/// # Errors
/// 400 where it says something that the form has no field for.
pub fn filled(said: &Said) -> Result<Typed, AppError> {
    let lost = |field: &str, name: &str| {
        let words = Words::new("json-no-field").with("name", name);
        Err(AppError::Invalid(vec![FieldError {
            field: field.to_owned(),
            words,
        }]))
    };
    let Ok(locked) = serde_json::from_value::<Vec<Lock>>(said.locks.clone()) else {
        return lost(LOCKS, LOCKS);
    };
    let mut typed = typed_of_some(&said.document);
    let again = leaves(&some(&typed));
    for (pointer, value) in leaves(&said.document).iter() {
        let kept = again
            .get(pointer)
            .is_some_and(|now| is_same(pointer, value, now));
        if !kept && *value != json!({}) {
            return lost(DOCUMENT, pointer);
        }
    }
    typed.extend(locks::typed_of(&locked));
    if let Some(name) = fields::misfit(&typed) {
        return lost(DOCUMENT, name);
    }
    let again = locks::values(&typed).map_err(AppError::Invalid)?;
    let again: Vec<Lock> = again
        .into_iter()
        .filter_map(|l| serde_json::from_value(l).ok())
        .collect();
    match locked
        .iter()
        .find(|lock| !again.iter().any(|a| a.is_same(lock)))
    {
        Some(lock) => lost(LOCKS, &lock.pointer),
        None => Ok(typed),
    }
}

/// The same as JSON.
pub fn written(said: &Said) -> Typed {
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
    Typed::from([
        (DOCUMENT.to_owned(), pretty(&said.document)),
        (LOCKS.to_owned(), pretty(&said.locks)),
    ])
}

/// Takes out of JSON that is kept what somebody typed as a secret, though a layer has none.
///
/// # Errors
/// 400 for a text with one that is no JSON, in which it cannot be found.
pub fn blank(typed: &mut Typed) -> Result<(), AppError> {
    for name in [DOCUMENT, LOCKS] {
        let Some(text) = typed
            .get_mut(name)
            .filter(|text| text.contains("secret_value"))
        else {
            continue;
        };
        let mut document: Value =
            serde_json::from_str(text).map_err(|_| AppError::field(name, "field-not-json"))?;
        as_json::blank(&mut document);
        *text = serde_json::to_string_pretty(&document).unwrap_or_default();
    }
    Ok(())
}

/// The form in the view that was asked for.
///
/// # Errors
/// As [`said`] and [`filled`].
pub fn turned(typed: &Typed) -> Result<Typed, AppError> {
    let said = said(typed)?;
    let view = match typed.get(VIEW).is_some_and(|view| view == NAME) {
        true => written(&said),
        false => filled(&said)?,
    };
    let mut kept = typed.clone();
    kept.retain(|name, _| !is_of_layer(name));
    kept.extend(view);
    Ok(kept)
}

/// The fields in their sections, with what holds where they stay empty; and which sections are
/// folded away.
pub fn sections(
    c: &Chrome,
    (name, above): (&Name, &Effective),
    typed: &Typed,
    errors: &Errors,
) -> Vec<(Section, bool)> {
    let drawn = |leaf: &Leaf| {
        let mut field = fields::field(c, leaf);
        (field.part, field.when) = Default::default();
        field.control = unsaid(c, field.control);
        beneath(c, (name, above), field.filled(c, typed, errors))
    };
    let section = |section: &outline::Section| {
        let fields: Vec<_> = section.leaves.iter().map(drawn).collect();
        let is_silent = fields
            .iter()
            .all(|f| f.value.is_empty() && f.error.is_none());
        let legend = c.t(&section.code());
        (Section { legend, fields }, is_silent)
    };
    outline().sections.iter().map(section).collect()
}

/// A choice that may be left to others.
fn unsaid(c: &Chrome, control: Control) -> Control {
    let mut options = match control {
        Control::Choose(options) => options,
        Control::Radio(options) => {
            let plain = options.into_iter().map(|(value, words, _)| (value, words));
            plain.collect()
        }
        other => return other,
    };
    options.insert(0, (String::new(), c.t("layer-unsaid")));
    Control::Choose(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_said() -> Said {
        Said {
            document: json!({
                "cpu": {"limit": "500m"}, "memory": {"request": "1Gi"}, "access": "internal",
                "probes": {"liveness": {"delay_seconds": 60}, "startup": {"failures": 9}},
                "args": ["-x", "a b"], "files": [{"path": "/etc/a", "text": "a\nb"}],
                "env": [{"name": "A", "value": ""}, {"name": "B", "value": "$(A)"}],
            }),
            locks: json!([{"pointer": "/cpu/limit", "kind": "max", "bound": "1500m",
                "reason": "Nodes"}]),
        }
    }

    #[test]
    fn a_layer_is_the_same_in_both_views() {
        let begun = filled(&all_said()).expect("fields");
        assert_eq!(begun["parameters.cpu.limit"], "0.5");
        assert_eq!(begun["locks.0.bound"], "1.5");
        let mut typed = begun.clone();
        typed.insert("note".to_owned(), "So".to_owned());
        typed.insert(VIEW.to_owned(), NAME.to_owned());
        let mut json = turned(&typed).expect("JSON");
        assert!(is_json(&json) && !json.contains_key("parameters.cpu.limit"));
        json.insert(VIEW.to_owned(), "form".to_owned());
        typed.remove(VIEW);
        assert_eq!(turned(&json).expect("fields"), typed);
    }

    #[test]
    fn what_has_no_field_is_named() {
        let refused = |document: Value, locks: Value| {
            let Err(AppError::Invalid(wrong)) = filled(&Said { document, locks }) else {
                panic!("that has fields");
            };
            (wrong[0].field.clone(), wrong[0].words.args[0].1.clone())
        };
        let named = |field: &str, name: &str| (field.to_owned(), name.to_owned());
        let secret = json!({"env": [{"name": "T", "secret": {"id": "a", "version": 1}}]});
        assert_eq!(refused(secret, json!([])), named("document", "/env/T"));
        assert_eq!(
            refused(json!({"args": []}), json!([])),
            named("document", "/args")
        );
        let lines = json!({"env": [{"name": "A", "value": "a\nb"}]});
        assert_eq!(refused(lines, json!([])), named("document", "env.0.value"));
        let comma = json!([{"pointer": "/probes/liveness/path", "kind": "one_of",
            "options": ["/a,b"], "reason": "So"}]);
        assert_eq!(
            refused(json!({}), comma),
            named("locks", "/probes/liveness/path")
        );
        assert_eq!(refused(json!({}), json!({})), named("locks", "locks"));
        assert!(
            filled(&Said {
                document: json!({}),
                locks: json!([])
            })
            .is_ok()
        );
    }
}
