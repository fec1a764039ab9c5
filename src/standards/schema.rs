//! The JSON Schema of each version, compiled once, and its findings as fields with our own words.

use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::error::{FieldError, Words};

const V1: &str = include_str!("../../schemas/parameters.v1.json");
/// Also the source of forms.
pub(super) const NEWEST: &str = include_str!("../../schemas/parameters.v2.json");
/// A document with everything wrong needs no longer list than this.
const MAX_ERRORS: usize = 20;

static FIRST: LazyLock<Option<Validator>> = LazyLock::new(|| compiled(V1));
static SECOND: LazyLock<Option<Validator>> = LazyLock::new(|| compiled(NEWEST));

/// The text of a version, where there is one.
#[must_use]
pub fn text(version: i32) -> Option<&'static str> {
    match version {
        1 => Some(V1),
        super::SCHEMA_VERSION => Some(NEWEST),
        _ => None,
    }
}

fn compiled(schema: &str) -> Option<Validator> {
    let schema: Value = serde_json::from_str(schema).ok()?;
    jsonschema::draft202012::new(&schema).ok()
}

/// Holds a document against the schema of a version.
///
/// # Errors
/// Every field that the schema refuses.
pub fn check(version: i32, document: &Value) -> Result<(), Vec<FieldError>> {
    let validator = match version {
        1 => FIRST.as_ref(),
        _ => SECOND.as_ref(),
    };
    let Some(validator) = validator else {
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
        Kind::MinItems { .. } | Kind::MinLength { .. } => Words::new("field-required"),
        Kind::FalseSchema => Words::new("field-not-with-this-kind"),
        Kind::Not { .. } => Words::new("parameters-name-not-yours"),
        _ => Words::new("field-wrong"),
    };
    FieldError { field, words }
}

fn pattern_words(field: &str) -> &'static str {
    let last = field.rsplit('.').next().unwrap_or_default();
    let is_in = |part: &str| field.contains(part);
    match last {
        "path" if is_in(".files.") || is_in(".scratch.") => "parameters-mount-shape",
        "path" if is_in(".ingress.") => "parameters-ingress-path-shape",
        "path" => "parameters-path-shape",
        "host" => "parameters-host-shape",
        "label" => "parameters-label-shape",
        "value" if is_in(".nodes.") => "parameters-label-value-shape",
        "key" => "parameters-key-shape",
        "class" | "tls_secret" | "priority" => "parameters-object-name-shape",
        "name" if is_in(".ports.") => "parameters-port-name-shape",
        "name" if is_in(".secret.") => "parameters-object-name-shape",
        "name" => "parameters-env-name-shape",
        "size" => "parameters-memory-shape",
        _ if is_in(".cpu.") => "parameters-cpu-shape",
        _ if is_in(".memory.") => "parameters-memory-shape",
        _ => "field-wrong",
    }
}
