//! Between what somebody types and the document of parameters, in both directions.

use serde_json::{Map, Value, json};

use super::fields::{self, Shape};
use super::lists;
use crate::standards::layers::{self, leaves, list_of, text};
use crate::standards::{cpu_millis, memory_mebibytes};
use crate::web::form::Typed;

/// Rows of variables on an empty form; a full form gets as many more.
const ENV_ROWS: usize = 4;
const MOST_ENV_ROWS: usize = 200;

/// The fields of a fresh form. Variables are rows of their own.
#[must_use]
pub fn typed_of(document: &Value) -> Typed {
    let leaves = leaves(document);
    let known = leaves.iter().filter(|(p, _)| list_of(p).is_none());
    let field = |pointer: &str| format!("parameters{}", pointer.replace('/', "."));
    known
        .map(|(pointer, value)| (field(pointer), typed(pointer, value)))
        .collect()
}

/// A value of a leaf in the unit of its field.
#[must_use]
pub fn typed(pointer: &str, value: &Value) -> String {
    match value {
        Value::String(quantity) if pointer.starts_with("/cpu/") => cores(quantity),
        Value::String(quantity) if pointer.starts_with("/memory/") => mebibytes(quantity),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let lines: Vec<String> = items.iter().map(text).collect();
            lines.join("\n")
        }
        other => text(other),
    }
}

fn cores(quantity: &str) -> String {
    let millis = cpu_millis(quantity);
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn mebibytes(quantity: &str) -> String {
    memory_mebibytes(quantity).to_string()
}

/// The document: each field that belongs to the kind of its part, and the lists. What the first
/// forms had is always said; the rest only where the form had it.
#[must_use]
pub fn document(typed: &Typed) -> Value {
    let text = |name: &str| {
        let value = typed.get(&format!("parameters.{name}"));
        value.map_or("", |t| t.trim()).to_owned()
    };
    let mut said = Vec::new();
    for (name, shape) in fields::all() {
        let there = typed.contains_key(&format!("parameters.{name}"));
        let may_be_empty = *shape == Shape::Maybe || *name == "args";
        let left_out = may_be_empty && text(name).is_empty();
        if fields::belongs(name, text) && !left_out && (there || is_needed(name)) {
            said.push((fields::pointer(name), fields::value(*shape, &text(name))));
        }
    }
    let mut made = layers::document(said.iter().map(|(p, v)| (p.as_str(), v)));
    if let Some(made) = made.as_object_mut() {
        made.extend(lists::values(typed));
        made.insert("env".to_owned(), json!(variables(typed)));
    }
    made
}

/// What no document is without.
fn is_needed(name: &str) -> bool {
    let parts = ["replicas.", "cpu.", "memory."];
    let probes = ["probes.readiness.kind", "probes.liveness.kind"];
    matches!(name, "access" | "port")
        || probes.contains(&name)
        || parts.iter().any(|part| name.starts_with(part))
}

fn variables(typed: &Typed) -> Vec<Value> {
    let one = |row: EnvRow| {
        let mut object = Map::new();
        object.insert("name".to_owned(), json!(row.name));
        let key = if row.secret { "secret_value" } else { "value" };
        object.insert(key.to_owned(), json!(row.value));
        Value::Object(object)
    };
    let named = |row: &EnvRow| !row.name.is_empty() || !row.value.is_empty();
    rows_of(typed).into_iter().filter(named).map(one).collect()
}

/// One variable as it stands in the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvRow {
    pub at: usize,
    pub name: String,
    pub value: String,
    pub secret: bool,
}

fn rows_of(typed: &Typed) -> Vec<EnvRow> {
    let text = |at: usize, part: &str| typed.get(&format!("env.{at}.{part}")).cloned();
    (0..MOST_ENV_ROWS)
        .map_while(|at| {
            let name = text(at, "name")?;
            Some(EnvRow {
                at,
                name: name.trim().to_owned(),
                value: text(at, "value").unwrap_or_default(),
                secret: text(at, "secret").is_some(),
            })
        })
        .collect()
}

/// What was typed, and some empty rows after it. A secret is typed again: it is never sent back.
#[must_use]
pub fn env_rows(typed: &Typed) -> Vec<EnvRow> {
    let mut rows = rows_of(typed);
    rows.retain(|r| !r.name.is_empty() || !r.value.is_empty());
    let all = rows.len() + ENV_ROWS;
    rows.resize(all, EnvRow::default());
    for (at, row) in rows.iter_mut().enumerate() {
        row.at = at;
        if row.secret {
            row.value.clear();
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standards::validate;

    #[test]
    fn a_fresh_form_files_what_it_was_filled_with() {
        let probe = json!({"kind": "http", "path": "/healthz", "delay_seconds": 60,
            "period_seconds": 10, "timeout_seconds": 3, "failures": 3});
        let given = json!({
            "replicas": {"min": 2, "max": 4}, "cpu": {"request": "250m", "limit": "1"},
            "memory": {"request": "1Gi", "limit": "2Gi"}, "access": "internal", "port": 8080,
            "probes": {"readiness": probe, "liveness": probe}, "grace_seconds": 30,
        });
        let given = validate(&given).unwrap();
        let filled = typed_of(&serde_json::to_value(&given).unwrap());
        let parsed = validate(&document(&filled)).unwrap();
        assert_eq!(cpu_millis(&parsed.cpu.request), 250);
        assert_eq!(memory_mebibytes(&parsed.memory.limit), 2048);
        assert_eq!(
            (parsed.probes, parsed.replicas),
            (given.probes, given.replicas)
        );
    }

    #[test]
    fn a_secret_never_comes_back() {
        let mut typed = Typed::new();
        for (name, value) in [("name", "TOKEN"), ("value", "hunter2"), ("secret", "true")] {
            typed.insert(format!("env.0.{name}"), value.to_owned());
        }
        assert_eq!(variables(&typed)[0]["secret_value"], "hunter2");
        assert_eq!(env_rows(&typed)[0].value, "");
    }
}
