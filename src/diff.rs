//! What differs between two JSON documents, field by field.

use serde::Serialize;
use serde_json::Value;

/// A field by its path, with what it was and what it becomes.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
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

#[cfg(test)]
mod tests {
    use serde_json::json;

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
}
