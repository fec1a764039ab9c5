//! Between what somebody types and the document of parameters, in both directions.

use serde_json::{Map, Value, json};

use crate::standards::layers::{leaves, list_of, text};
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

/// The document; what is no number goes through as it was typed, and the schema says so.
#[must_use]
pub fn document(typed: &Typed) -> Value {
    let text = |name: &str| {
        let value = typed.get(&format!("parameters.{name}"));
        value.map_or("", |t| t.trim()).to_owned()
    };
    let number = |name: &str| number(&text(name));
    let memory = |name: &str| {
        let value = text(name);
        let plain = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        if plain { format!("{value}Mi") } else { value }
    };
    let probe = |name: &str| {
        let of = |field: &str| format!("probes.{name}.{field}");
        let kind = text(&of("kind"));
        let mut probe = json!({
            "kind": kind,
            "delay_seconds": number(&of("delay_seconds")),
            "period_seconds": number(&of("period_seconds")),
            "timeout_seconds": number(&of("timeout_seconds")),
            "failures": number(&of("failures")),
        });
        if kind != "tcp" {
            probe["path"] = json!(text(&of("path")));
        }
        probe
    };
    json!({
        "replicas": {"min": number("replicas.min"), "max": number("replicas.max")},
        "cpu": {"request": text("cpu.request"), "limit": text("cpu.limit")},
        "memory": {"request": memory("memory.request"), "limit": memory("memory.limit")},
        "access": text("access"),
        "port": number("port"),
        "env": variables(typed),
        "probes": {"readiness": probe("readiness"), "liveness": probe("liveness")},
        "grace_seconds": number("grace_seconds"),
    })
}

fn number(text: &str) -> Value {
    text.parse::<i64>()
        .map_or_else(|_| json!(text), |n| json!(n))
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
