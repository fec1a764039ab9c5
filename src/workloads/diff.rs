//! What differs between two lists of Kubernetes objects.

use serde_json::{Value, json};

use crate::diff::changes;

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
