//! What is otherwise in two versions of one Kubernetes object, field by field.

use serde::Serialize;
use serde_json::{Value, json};

/// A field by its path, with what it was and what it becomes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub field: String,
    pub from: Value,
    pub to: Value,
}

/// The fields that differ, in the order of their paths.
#[must_use]
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found
}

fn compare(at: &str, before: &Value, after: &Value, found: &mut Vec<Change>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(old), Value::Object(new)) => {
            let added = new.keys().filter(|k| !old.contains_key(*k));
            for name in old.keys().chain(added) {
                let place = if at.is_empty() {
                    name.clone()
                } else {
                    format!("{at}.{name}")
                };
                compare(&place, &before[name], &after[name], found);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (n, (old, new)) in old.iter().zip(new).enumerate() {
                compare(&format!("{at}[{n}]"), old, new, found);
            }
        }
        _ => found.push(Change {
            field: at.to_owned(),
            from: before.clone(),
            to: after.clone(),
        }),
    }
}

/// Pairs two lists of objects by kind; each that changes with its fields.
#[must_use]
pub fn objects(before: &[Value], after: &[Value]) -> Vec<Value> {
    let is_same = |a: &Value, b: &Value| a["kind"] == b["kind"];
    let gone = before
        .iter()
        .filter(|old| !after.iter().any(|new| is_same(old, new)));
    let there = after.iter().map(|new| {
        let old = before.iter().find(|old| is_same(old, new));
        (old.cloned().unwrap_or(Value::Null), new.clone())
    });
    there
        .chain(gone.map(|old| (old.clone(), Value::Null)))
        .filter_map(|(old, new)| {
            let changes = changes(&old, &new);
            let named = if new.is_null() { &old } else { &new };
            let name = &named["metadata"]["name"];
            (!changes.is_empty()).then(|| {
                json!({ "kind": named["kind"], "metadata": { "name": name }, "changes": changes })
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let before = json!({"spec": {"containers": [{"name": "a", "delay": 60}], "x": 1}});
        let after = json!({"spec": {"containers": [{"name": "a", "delay": 90}], "y": [1]}});
        let found = changes(&before, &after);
        let fields: Vec<_> = found.iter().map(|c| c.field.as_str()).collect();
        assert_eq!(fields, ["spec.containers[0].delay", "spec.x", "spec.y"]);
        assert_eq!((&found[0].from, &found[0].to), (&json!(60), &json!(90)));
        assert!(changes(&before, &before).is_empty());
    }

    #[test]
    fn an_object_may_come_and_go() {
        let service = json!({"kind": "Service", "metadata": {"name": "pay"}});
        let scaler = json!({"kind": "HorizontalPodAutoscaler", "metadata": {"name": "pay"}});
        let both = [service.clone(), scaler.clone()];
        let gone = objects(&both, std::slice::from_ref(&service));
        assert_eq!(gone[0]["kind"], "HorizontalPodAutoscaler");
        assert_eq!(gone[0]["changes"][0]["to"], Value::Null);
        assert_eq!(objects(std::slice::from_ref(&service), &both).len(), 1);
        assert!(objects(&both, &both).is_empty());
    }
}
