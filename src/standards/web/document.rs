//! Between what somebody types and the document of parameters, in both directions.

use serde_json::{Map, Value, json};

use super::fields;
use super::lists::{self, Whose};
use crate::standards::layers::{self, leaves, text};
use crate::standards::outline::{Shape, outline};
use crate::standards::{Sealing, cpu_millis, memory_mebibytes};
use crate::web::form::Typed;

/// Rows of variables on an empty form; a full form gets as many more.
const ENV_ROWS: usize = 4;
const MOST_ENV_ROWS: usize = 200;

/// The fields of a fresh form. Variables are rows of their own.
#[must_use]
pub fn typed_of(document: &Value) -> Typed {
    let leaves = leaves(document);
    let known = leaves
        .iter()
        .filter(|(p, _)| outline().list_of(p).is_none());
    let field = |pointer: &str| format!("parameters{}", pointer.replace('/', "."));
    known
        .map(|(pointer, value)| (field(pointer), typed(pointer, value)))
        .collect()
}

/// A value of a leaf in the unit of its field.
#[must_use]
pub fn typed(pointer: &str, value: &Value) -> String {
    match (value, fields::shape(pointer)) {
        (Value::String(quantity), Some(Shape::Cores)) => cores(quantity),
        (Value::String(quantity), Some(Shape::Mebibytes)) => mebibytes(quantity),
        (Value::Array(items), _) if items.iter().all(Value::is_string) => {
            let lines: Vec<String> = items.iter().map(text).collect();
            lines.join("\n")
        }
        (other, _) => text(other),
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

/// The document: each field that belongs to the kind of its part, and the lists. What no document
/// is without is always said; the rest only where the form had it.
#[must_use]
pub fn document(typed: &Typed) -> Value {
    let text = |name: &str| {
        let value = typed.get(&format!("parameters.{name}"));
        value.map_or("", |t| t.trim()).to_owned()
    };
    let mut said = Vec::new();
    for leaf in outline().leaves() {
        let there = typed.contains_key(&format!("parameters.{}", leaf.name));
        let typed = text(&leaf.name);
        let left_out = leaf.is_optional && typed.is_empty();
        if leaf.belongs(text) && !left_out && (there || leaf.is_needed) {
            said.push((leaf.pointer.clone(), fields::value(&leaf.shape, &typed)));
        }
    }
    let mut lists = lists::values(typed, Whose::Workload);
    lists.insert("env".to_owned(), json!(variables(typed)));
    with_lists(&said, lists)
}

/// What a layer says: the fields that hold something, whatever their part's kind is below it.
#[must_use]
pub fn some(typed: &Typed) -> Value {
    let said = outline().leaves().filter_map(|leaf| {
        let text = typed.get(&format!("parameters.{}", leaf.name))?.trim();
        (!text.is_empty()).then(|| (leaf.pointer.clone(), fields::value(&leaf.shape, text)))
    });
    let said: Vec<_> = said.collect();
    with_lists(&said, lists::values(typed, Whose::Layer))
}

/// The fields of what a layer says.
#[must_use]
pub fn typed_of_some(document: &Value) -> Typed {
    let mut typed = typed_of(document);
    typed.extend(lists::typed_of(document, Whose::Layer, false));
    typed
}

fn with_lists(said: &[(String, Value)], lists: Map<String, Value>) -> Value {
    let mut made = layers::document(said.iter().map(|(p, v)| (p.as_str(), v)));
    if let Some(made) = made.as_object_mut() {
        made.extend(lists);
    }
    made
}

fn variables(typed: &Typed) -> Vec<Value> {
    let one = |row: EnvRow| {
        let mut object = Map::new();
        object.insert("name".to_owned(), json!(row.name));
        // A secret that nobody typed anew stays the one that the request already holds.
        let held = serde_json::from_str::<Value>(&row.held).ok();
        let (key, value) = match (row.secret, held) {
            (true, Some(held)) if row.value.is_empty() => ("secret", held),
            (true, _) => (Sealing::VALUE, json!(row.value)),
            (false, _) => ("value", json!(row.value)),
        };
        object.insert(key.to_owned(), value);
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
    /// Which stored secret it is, in a form that changes a request; not the secret itself.
    pub held: String,
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
                held: text(at, "held").unwrap_or_default(),
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

/// The fields of a form that starts from what a request asks for, on top of what the layers give.
/// Its secrets are named where they may stay as they are, and typed again in a copy.
#[must_use]
pub fn typed_again(usual: &Typed, own: &Value, may_hold: bool) -> Typed {
    let mut typed = usual.clone();
    typed.extend(typed_of(own));
    typed.extend(lists::typed_of(own, Whose::Workload, may_hold));
    let variables = own["env"].as_array().into_iter().flatten();
    for (at, variable) in variables.enumerate() {
        let mut put = |part: &str, text: String| typed.insert(format!("env.{at}.{part}"), text);
        put("name", text(&variable["name"]));
        match variable.get("secret") {
            Some(secret) => {
                put("value", String::new());
                put("secret", "true".to_owned());
                put(
                    "held",
                    if may_hold {
                        secret.to_string()
                    } else {
                        String::new()
                    },
                );
            }
            None if variable.get(Sealing::VALUE).is_some() => {
                put("value", String::new());
                put("secret", "true".to_owned());
            }
            None => drop(put("value", text(&variable["value"]))),
        }
    }
    typed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standards::validate;

    #[test]
    fn a_form_that_starts_from_a_document_files_the_same() {
        let held = json!({"id": "019a", "version": 2});
        let own = json!({
            "replicas": {"min": 3, "max": 9}, "cpu": {"request": "250m", "limit": "1500m"},
            "memory": {"request": "1024Mi", "limit": "2048Mi"}, "access": "internal",
            "port": 8080, "args": ["serve", "--fast"],
            "probes": {"readiness": {"kind": "tcp"}, "liveness": {"kind": "exec",
                "command": ["ok"]}},
            "files": [{"path": "/etc/a", "text": "a\nb"},
                {"path": "/etc/b", "secret": {"name": "tls", "key": "tls.key"}},
                {"path": "/etc/c", "stored": held}],
            "scratch": [{"path": "/tmp", "size": "1Gi"}],
            "ports": [{"name": "metrics", "port": 9090}],
            "nodes": [{"label": "disk", "value": "ssd"}],
            "env": [{"name": "A", "value": "b"}, {"name": "TOKEN", "secret": held}],
        });
        let filled = typed_again(&Typed::new(), &own, true);
        let filed = document(&filled);
        let quantities = |d: &Value| (cpu_millis(&text(&d["cpu"]["limit"])), d["memory"].clone());
        assert_eq!(quantities(&filed), quantities(&own));
        for part in [
            "replicas", "port", "ports", "args", "probes", "files", "scratch", "nodes", "env",
        ] {
            assert_eq!(filed[part], own[part], "{part}");
        }
        let copied = document(&typed_again(&Typed::new(), &own, false));
        assert_eq!(
            copied["env"][1],
            json!({"name": "TOKEN", "secret_value": ""})
        );
        assert_eq!(
            copied["files"][2],
            json!({"path": "/etc/c", "secret_value": ""})
        );
    }

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
