//! The schema of each kind: the only thing in which kinds differ. Forms, checks and pages follow
//! from it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind as Found;
use jsonschema::{ValidationError, Validator};
use serde_json::{Map, Value};

use super::Kind;
use crate::error::{FieldError, Words};

const V1: &str = include_str!("../../schemas/resources.v1.json");

/// One property of a kind, in the schema's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    pub name: String,
    pub needed: bool,
    pub sort: Sort,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sort {
    Number,
    Text,
    OneOf(Vec<String>),
}

struct Shape {
    properties: Vec<Property>,
    validator: Validator,
}

static SHAPES: LazyLock<BTreeMap<Kind, Shape>> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(V1).unwrap_or_default();
    let shape = |kind: &Kind| Some((*kind, shape(&schema["$defs"][kind.as_str()])?));
    Kind::ALL.iter().filter_map(shape).collect()
});

fn shape(schema: &Value) -> Option<Shape> {
    let needed = schema["required"].as_array()?;
    let property = |(name, one): (&String, &Value)| Property {
        name: name.clone(),
        needed: needed.iter().any(|n| n == name),
        sort: sort(one),
    };
    Some(Shape {
        properties: schema["properties"]
            .as_object()?
            .iter()
            .map(property)
            .collect(),
        validator: jsonschema::draft202012::new(schema).ok()?,
    })
}

fn sort(property: &Value) -> Sort {
    match (&property["enum"], property["type"].as_str()) {
        (Value::Array(words), _) => {
            let words = words.iter().filter_map(Value::as_str);
            Sort::OneOf(words.map(str::to_owned).collect())
        }
        (_, Some("integer")) => Sort::Number,
        _ => Sort::Text,
    }
}

/// What a kind is described by; what it needs comes first.
#[must_use]
pub fn properties(kind: Kind) -> Vec<Property> {
    let shape = SHAPES.get(&kind);
    let mut all = shape.map(|s| s.properties.clone()).unwrap_or_default();
    all.sort_by_key(|p| !p.needed);
    all
}

/// Reads what was typed into a form: numbers where the kind wants them, nothing for nothing.
#[must_use]
pub fn typed(kind: Kind, text: impl Fn(&str) -> String) -> Value {
    let mut size = Map::new();
    for property in properties(kind) {
        let text = text(&property.name);
        if text.is_empty() {
            continue;
        }
        let value = match property.sort {
            Sort::Number => text.parse::<i64>().map_or(Value::from(text), Value::from),
            Sort::Text | Sort::OneOf(_) => Value::from(text),
        };
        size.insert(property.name, value);
    }
    Value::Object(size)
}

/// Everything that the kind's schema refuses, by field from `prefix` on.
#[must_use]
pub fn wrong(kind: Kind, size: &Value, prefix: &str) -> Vec<FieldError> {
    let Some(shape) = SHAPES.get(&kind) else {
        return vec![FieldError::new(prefix, "field-wrong")];
    };
    let errors = shape.validator.iter_errors(size).take(20);
    errors.map(|e| field_error(&e, prefix)).collect()
}

fn field_error(error: &ValidationError<'_>, prefix: &str) -> FieldError {
    let path = error.instance_path().as_str().replace('/', ".");
    let at = |name: &str| format!("{prefix}{path}.{name}");
    let (field, words) = match error.kind() {
        Found::AdditionalProperties { unexpected } => {
            let name = unexpected.first().map_or("", String::as_str);
            (at(name), Words::new("field-unknown"))
        }
        Found::Required { property } => (
            at(property.as_str().unwrap_or_default()),
            Words::new("field-required"),
        ),
        Found::Type { .. } => (format!("{prefix}{path}"), Words::new("field-wrong-type")),
        Found::Minimum { limit } => {
            let words = Words::new("field-minimum").with("limit", limit);
            (format!("{prefix}{path}"), words)
        }
        Found::Maximum { limit } => {
            let words = Words::new("field-maximum").with("limit", limit);
            (format!("{prefix}{path}"), words)
        }
        Found::Enum { options } => {
            let options = options.to_string().replace(['[', ']', '"'], "");
            let words = Words::new("field-one-of").with("options", options);
            (format!("{prefix}{path}"), words)
        }
        Found::MaxLength { limit } => {
            let words = Words::new("field-longer-than").with("limit", limit);
            (format!("{prefix}{path}"), words)
        }
        Found::Pattern { .. } => (
            format!("{prefix}{path}"),
            Words::new("resource-address-wrong"),
        ),
        _ => (format!("{prefix}{path}"), Words::new("field-wrong")),
    };
    FieldError { field, words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_has_a_schema_and_refuses_what_it_does_not_know() {
        for kind in Kind::ALL {
            assert!(!properties(*kind).is_empty(), "{kind}");
            let wrong = wrong(*kind, &json!({ "password": "x" }), "size");
            assert!(
                wrong.iter().any(|e| e.field == "size.password"),
                "{kind}: {wrong:?}"
            );
        }
    }

    #[test]
    fn what_is_typed_becomes_what_the_schema_wants() {
        let text = |name: &str| match name {
            "engine" => "mysql".to_owned(),
            "storage_gib" => "200".to_owned(),
            _ => String::new(),
        };
        let size = typed(Kind::Database, text);
        assert_eq!(size, json!({ "engine": "mysql", "storage_gib": 200 }));
        assert_eq!(wrong(Kind::Database, &size, "size"), []);
        let size = typed(Kind::Database, |_| "many".to_owned());
        let fields = wrong(Kind::Database, &size, "size");
        let fields: Vec<&str> = fields.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["size.engine", "size.storage_gib"]);
    }
}
