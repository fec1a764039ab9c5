//! What stands beside a field: the layer that gave its value, and the locks that bind it.

use serde_json::Value;

use super::document::typed;
use crate::standards::layers::{Effective, Held, Kind, Name, Rule, is_below, leaves, text};
use crate::web::form::{Control, Field, Typed};
use crate::web::layout::Chrome;

/// A variable that a layer gives.
pub struct Given {
    pub name: String,
    pub value: String,
    pub from: String,
    /// Why it cannot be given otherwise here.
    pub locked: Option<String>,
}

/// Variables of the layers above, in their order.
#[must_use]
pub fn given(c: &Chrome, made: &Effective) -> Vec<Given> {
    let leaves = leaves(&made.document);
    let variables = leaves.iter().filter(|(p, _)| is_below(p, "/env"));
    variables
        .map(|(pointer, value)| Given {
            name: text(&value["name"]),
            value: match &value["value"] {
                Value::String(value) => value.clone(),
                _ => c.t("form-env-secret"),
            },
            from: from(c, made, pointer),
            locked: fixed(made, pointer).map(|held| c.w(&held.words())),
        })
        .collect()
}

/// A field with where its value is from, its lock, its bounds.
#[must_use]
pub fn stand(c: &Chrome, made: &Effective, usual: &Typed, mut field: Field) -> Field {
    let path = field.name.strip_prefix("parameters");
    let pointer = path.unwrap_or_default().replace('.', "/");
    field.from = match usual.get(&field.name) {
        Some(usual) if *usual == field.value => from(c, made, &pointer),
        Some(usual) => c.t1("from-you", "usual", usual),
        None => field.from,
    };
    if let Some(held) = fixed(made, &pointer) {
        let why = c.w(&held.words());
        // What was typed against the lock is shown as refused, and the field as it must be.
        field.value = usual.get(&field.name).cloned().unwrap_or_default();
        return field.locked(why);
    }
    for held in made.locks_of(&pointer) {
        bind(c, &pointer, held, &mut field);
    }
    field
}

/// A field of a layer, with what holds where the layer says nothing, and the locks above it.
#[must_use]
pub fn beneath(c: &Chrome, (name, above): (&Name, &Effective), mut field: Field) -> Field {
    let path = field.name.strip_prefix("parameters");
    let pointer = path.unwrap_or_default().replace('.', "/");
    let value = leaves(&above.document)
        .get(&pointer)
        .map(|v| typed(&pointer, v));
    let from = above.provenance.get(&pointer);
    field.from = match (&value, from) {
        (Some(value), Some(from)) if from == name => {
            c.t1("layer-from-the-start", "value", shown(&field, value))
        }
        (Some(value), Some(from)) => {
            let from = c.w(&from.from_words());
            c.t2(
                "layer-from-above",
                ("value", shown(&field, value)),
                ("from", &from),
            )
        }
        // A layer may leave out whatever it likes.
        _ => String::new(),
    };
    if let Some(held) = fixed(above, &pointer) {
        // What it says otherwise counts for nothing, and would be refused for ever.
        if value.as_ref() != Some(&field.value) {
            field.value.clear();
        }
        return field.locked(c.w(&held.words()));
    }
    for held in above.locks_of(&pointer) {
        bind(c, &pointer, held, &mut field);
    }
    field
}

/// A value in the words of its choice.
fn shown<'a>(field: &'a Field, value: &'a String) -> &'a String {
    let Control::Choose(options) = &field.control else {
        return value;
    };
    let found = options.iter().find(|(option, _)| option == value);
    found.map_or(value, |(_, words)| words)
}

fn bind(c: &Chrome, pointer: &str, held: &Held, field: &mut Field) {
    match &held.lock.rule {
        Rule::Fixed => return,
        Rule::Min { bound } => field.bounds.least = Some(typed(pointer, bound)),
        Rule::Max { bound } => field.bounds.most = Some(typed(pointer, bound)),
        Rule::OneOf { options } => {
            let mut options: Vec<String> = options.iter().map(|o| typed(pointer, o)).collect();
            // What was said before the lock is shown, to be refused rather than lost.
            options.push(field.value.clone());
            match &mut field.control {
                Control::Choose(known) => {
                    known.retain(|(value, _)| value.is_empty() || options.contains(value));
                }
                Control::Radio(known) => known.retain(|(value, _, _)| options.contains(value)),
                _ => {}
            }
        }
    }
    field.bounds.words.push(c.w(&held.words()));
}

fn fixed<'a>(made: &'a Effective, pointer: &str) -> Option<&'a Held> {
    let found = made
        .locks
        .iter()
        .filter(|(at, _)| *at == pointer || is_below(pointer, at));
    found
        .flat_map(|(_, held)| held)
        .find(|held| held.lock.rule == Rule::Fixed)
}

fn from(c: &Chrome, made: &Effective, pointer: &str) -> String {
    match made.provenance.get(pointer) {
        Some(name) if name.kind == Kind::Workload => String::new(),
        Some(name) => c.w(&name.from_words()),
        None => String::new(),
    }
}
