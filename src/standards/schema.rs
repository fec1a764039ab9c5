//! The JSON Schema, compiled once, and its findings as fields with our own words.

use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::error::{FieldError, Words};

const V1: &str = include_str!("../../schemas/parameters.v1.json");
/// A document with everything wrong needs no longer list than this.
const MAX_ERRORS: usize = 20;

static VALIDATOR: LazyLock<Option<Validator>> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(V1).ok()?;
    jsonschema::draft202012::new(&schema).ok()
});

/// # Errors
/// Every field that the schema refuses.
pub fn check(document: &Value) -> Result<(), Vec<FieldError>> {
    let Some(validator) = VALIDATOR.as_ref() else {
        return Err(vec![FieldError::new("parameters", "parameters-no-schema")]);
    };
    let errors: Vec<FieldError> = validator
        .iter_errors(document)
        .take(MAX_ERRORS)
        .map(|e| field_error(&e))
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

fn field_error(error: &ValidationError<'_>) -> FieldError {
    let mut field = format!("parameters{}", error.instance_path().as_str()).replace('/', ".");
    let words = match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            let name = unexpected.first().map_or("", String::as_str);
            field = format!("{field}.{name}");
            Words::new("field-unknown")
        }
        Kind::Required { property } => {
            field = format!("{field}.{}", property.as_str().unwrap_or_default());
            Words::new("field-required")
        }
        Kind::Type { .. } => Words::new("field-wrong-type"),
        Kind::Minimum { limit } => Words::new("field-minimum").with("limit", limit),
        Kind::Maximum { limit } => Words::new("field-maximum").with("limit", limit),
        Kind::Pattern { .. } => Words::new(pattern_words(&field)),
        Kind::Enum { options } => Words::new("field-one-of")
            .with("options", options.to_string().replace(['[', ']', '"'], "")),
        Kind::MaxItems { limit } => Words::new("field-too-many").with("limit", limit),
        Kind::MaxLength { limit } => Words::new("field-longer-than").with("limit", limit),
        _ => Words::new("field-wrong"),
    };
    FieldError { field, words }
}

fn pattern_words(field: &str) -> &'static str {
    if field.contains(".cpu.") {
        "parameters-cpu-shape"
    } else if field.contains(".memory.") {
        "parameters-memory-shape"
    } else if field.ends_with(".path") {
        "parameters-path-shape"
    } else if field.ends_with(".name") {
        "parameters-env-name-shape"
    } else {
        "field-wrong"
    }
}
