//! Who owns which fields of an object, as the API server writes it into `managedFields`.

use serde_json::{Map, Value, json};

use super::cluster::{Cluster, Owner, key, seconds};
use super::fields::Path;
use super::resources::Resource;

impl Cluster {
    /// The object as it is answered to somebody who reads it.
    pub(super) fn with_owners(&self, resource: &Resource, mut object: Value) -> Value {
        let place = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
        let key = key(resource, place("namespace"), place("name"));
        let owners = self.owners.get(&key).into_iter().flatten();
        let entries: Vec<Value> = owners.map(|owner| entry(resource, owner)).collect();
        if !entries.is_empty() {
            object["metadata"]["managedFields"] = json!(entries);
        }
        object
    }
}

fn entry(resource: &Resource, owner: &Owner) -> Value {
    let mut root = Value::Object(Map::new());
    for path in &owner.fields {
        write(&mut root, path);
    }
    let mut entry = json!({
        "manager": owner.manager, "operation": if owner.apply { "Apply" } else { "Update" },
        "apiVersion": resource.api_version(), "time": seconds(owner.at),
        "fieldsType": "FieldsV1", "fieldsV1": root,
    });
    if !owner.subresource.is_empty() {
        entry["subresource"] = json!(owner.subresource);
    }
    entry
}

/// An item is marked as owned itself; what is no item is by what is below it.
fn write(root: &mut Value, path: &Path) {
    let mut here = root;
    for step in path {
        here = &mut here[key_of(step)];
        if !here.is_object() {
            *here = json!({});
        }
    }
    if path.last().is_some_and(|step| step.starts_with('[')) {
        here["."] = json!({});
    }
}

/// `f:image`, or `k:{"name":"app"}` for an item that its keys tell apart.
fn key_of(step: &str) -> String {
    let Some(pairs) = step.strip_prefix('[').and_then(|s| s.strip_suffix(']')) else {
        return format!("f:{step}");
    };
    let mut keys = Map::new();
    let mut rest = pairs;
    while let Some((name, after)) = rest.split_once('=') {
        let mut values = serde_json::Deserializer::from_str(after).into_iter::<Value>();
        let Some(Ok(value)) = values.next() else {
            break;
        };
        keys.insert(name.to_owned(), value);
        let end = values.byte_offset();
        rest = after.get(end..).unwrap_or_default().trim_start_matches(',');
    }
    format!("k:{}", Value::Object(keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_named_by_all_of_their_keys() {
        assert_eq!(key_of("image"), "f:image");
        let key = key_of("[port=80,protocol=\"TCP\"]");
        assert_eq!(key, "k:{\"port\":80,\"protocol\":\"TCP\"}");
    }
}
