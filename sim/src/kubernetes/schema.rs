//! Which fields a kind has, and how its lists and maps are told apart.
//!
//! Invariant: a field that is not in `schema.yaml` is never stored silently.

use std::sync::LazyLock;

use serde_json::{Map, Value};

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_saphyr::from_str(include_str!("schema.yaml")).unwrap_or_default());

/// What a place in an object may hold.
#[derive(Clone, Copy)]
pub(super) enum Shape<'a> {
    /// One value, owned as a whole.
    Whole,
    /// A map whose keys are owned one by one.
    Map,
    Struct(&'a Map<String, Value>),
    /// A list whose items have keys.
    Keyed(&'a Map<String, Value>),
    /// A list, owned as a whole, whose items have this shape.
    List(&'a Value),
}

impl<'a> Shape<'a> {
    fn of(schema: &'a Value) -> Self {
        match schema {
            Value::Object(fields) if fields.contains_key("$keys") => Self::Keyed(fields),
            Value::Object(fields) => Self::Struct(fields),
            Value::Array(items) => items.first().map_or(Self::Whole, Self::List),
            Value::String(word) if word == "map" => Self::Map,
            _ => Self::Whole,
        }
    }

    /// The shape of a field; `None` where there is no such field.
    pub(super) fn field(self, name: &str) -> Option<Self> {
        match self {
            Self::Struct(fields) | Self::Keyed(fields) => fields.get(name).map(Self::of),
            Self::Map | Self::Whole => Some(Self::Whole),
            Self::List(_) => None,
        }
    }

    /// How one item of a keyed list is named in paths, such as `[name="app"]`.
    pub(super) fn item_name(self, item: &Value) -> String {
        let Self::Keyed(fields) = self else {
            return String::new();
        };
        let keys = fields.get("$keys").and_then(Value::as_array);
        let pairs: Vec<String> = keys
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(|key| format!("{key}={}", key_value(item, key)))
            .collect();
        format!("[{}]", pairs.join(","))
    }
}

/// A port's protocol is the one key with a default.
fn key_value(item: &Value, key: &str) -> Value {
    match item.get(key) {
        None | Some(Value::Null) if key == "protocol" => Value::from("TCP"),
        None => Value::Null,
        Some(value) => value.clone(),
    }
}

/// The shape of a kind's whole object.
pub(super) fn kind(name: &str) -> Shape<'static> {
    let schema = SCHEMA.get("kinds").and_then(|kinds| kinds.get(name));
    schema.map_or(Shape::Whole, Shape::of)
}

/// The path of the first field that the kind does not have.
pub(super) fn unknown_field(kind_name: &str, object: &Value) -> Option<String> {
    let fields = object.as_object()?;
    fields
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "apiVersion" | "kind"))
        .find_map(|(name, value)| match kind(kind_name).field(name) {
            None => Some(name.clone()),
            Some(shape) => unknown(shape, value, name),
        })
}

fn unknown(shape: Shape<'_>, value: &Value, path: &str) -> Option<String> {
    match (shape, value) {
        (Shape::Struct(_), Value::Object(fields)) => fields.iter().find_map(|(name, value)| {
            let path = format!("{path}.{name}");
            match shape.field(name) {
                None => Some(path),
                Some(shape) => unknown(shape, value, &path),
            }
        }),
        (Shape::Keyed(fields), Value::Array(items)) => {
            unknown_in_items(Shape::Struct(fields), items, path)
        }
        (Shape::List(schema), Value::Array(items)) => {
            unknown_in_items(Shape::of(schema), items, path)
        }
        _ => None,
    }
}

fn unknown_in_items(shape: Shape<'_>, items: &[Value], path: &str) -> Option<String> {
    let mut items = items.iter().enumerate();
    items.find_map(|(index, item)| unknown(shape, item, &format!("{path}[{index}]")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_fields_are_found_at_any_depth() {
        let deployment = |container: Value| {
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
                "spec": {"template": {"spec": {"containers": [container]}}}})
        };
        let fine = deployment(json!({"name": "a", "resources": {"limits": {"cpu": "1"}}}));
        assert_eq!(unknown_field("Deployment", &fine), None);
        let wrong = deployment(json!({"name": "a", "imagee": "b"}));
        let path = "spec.template.spec.containers[0].imagee";
        assert_eq!(unknown_field("Deployment", &wrong).as_deref(), Some(path));
        let top = json!({"specc": {}});
        assert_eq!(unknown_field("Deployment", &top).as_deref(), Some("specc"));
    }

    #[test]
    fn ports_are_told_apart_with_their_default_protocol() {
        let ports = kind("Service")
            .field("spec")
            .and_then(|spec| spec.field("ports"));
        let name = ports.map(|ports| ports.item_name(&json!({"port": 80})));
        assert_eq!(name.as_deref(), Some("[port=80,protocol=\"TCP\"]"));
    }
}
