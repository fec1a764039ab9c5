//! Documents from outside become types here; what is wrong is named by its field.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{AppError, FieldError};

/// Reads one JSON document from bytes.
///
/// # Errors
/// The field that is unknown, missing or of the wrong type.
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, AppError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|e| AppError::Invalid(vec![field_error(&e, "")]))?;
    reader
        .end()
        .map_err(|_| AppError::field("", "field-not-json"))?;
    Ok(value)
}

/// Reads a part of a document; fields are named from `prefix` on.
///
/// # Errors
/// As [`json`].
pub fn value<T: DeserializeOwned>(value: &Value, prefix: &str) -> Result<T, AppError> {
    serde_path_to_error::deserialize(value)
        .map_err(|e| AppError::Invalid(vec![field_error(&e, prefix)]))
}

fn field_error(error: &serde_path_to_error::Error<serde_json::Error>, prefix: &str) -> FieldError {
    let path = error.path().to_string();
    let path = path.trim_matches('.');
    let detail = error.inner().to_string();
    // serde names an unknown or missing field in its text; an unknown one ends the path too.
    let named = detail.split('`').nth(1);
    let (field, code) = match named {
        Some(name) if detail.contains("unknown field") => (ending_in(path, name), "field-unknown"),
        Some(name) if detail.contains("missing field") => (ending_in(path, name), "field-required"),
        Some(_) | None if error.inner().is_syntax() || error.inner().is_eof() => {
            (path.to_owned(), "field-not-json")
        }
        Some(_) | None => (path.to_owned(), "field-wrong-type"),
    };
    let parts: Vec<&str> = [prefix, &field]
        .into_iter()
        .filter(|p| !p.is_empty())
        .collect();
    FieldError::new(&parts.join("."), code)
}

fn ending_in(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else if path == name || path.ends_with(&format!(".{name}")) {
        path.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
