//! Documents from outside become types here; what is wrong is named by its field.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{AppError, FieldError};

/// Reads one JSON document from bytes.
///
/// # Errors
/// The field that is unknown, missing or of the wrong type.
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, AppError> {
    refuse_nul(bytes)?;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|e| AppError::Invalid(vec![field_error(&e, "")]))?;
    reader
        .end()
        .map_err(|_| AppError::field("", "field-not-json"))?;
    Ok(value)
}

/// PostgreSQL's texts hold every character but this one, which JSON can only write escaped.
fn refuse_nul(bytes: &[u8]) -> Result<(), AppError> {
    const ESCAPED: &[u8] = br"\u0000";
    if !bytes.windows(ESCAPED.len()).any(|w| w == ESCAPED) {
        return Ok(());
    }
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else {
        return Ok(());
    };
    match path_of_nul(&document) {
        Some(path) => Err(AppError::field(&path, "field-nul")),
        None => Ok(()),
    }
}

/// Where the first text or name with a NUL stands; `None` if there is none.
fn path_of_nul(value: &Value) -> Option<String> {
    let below = |name: &str, value: &Value| {
        let path = path_of_nul(value)?;
        let joined = format!("{name}.{path}");
        Some(joined.trim_end_matches('.').to_owned())
    };
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(list) => {
            let mut items = list.iter().enumerate();
            items.find_map(|(n, item)| below(&n.to_string(), item))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            if name.contains('\0') {
                return Some(name.replace('\0', ""));
            }
            below(name, value)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
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

/// What was typed, without what surrounds it; `None` for nothing.
#[must_use]
pub fn some(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|t| !t.is_empty())
}

/// Midnight in UTC, so many days after the beginning of a day; `None` for what is no day.
#[must_use]
pub fn midnight(day: &str, days_after: i64) -> Option<Timestamp> {
    let day: Date = day.trim().parse().ok()?;
    let day = day.checked_add(days_after.days()).ok()?;
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// An exact time, or midnight so many days after the beginning of a day; `None` for nothing.
///
/// # Errors
/// 400 naming the field.
pub fn time(field: &str, text: &str, days_after: i64) -> Result<Option<Timestamp>, AppError> {
    let Some(text) = some(text) else {
        return Ok(None);
    };
    let exact = text.parse::<Timestamp>().ok();
    let found = exact.or_else(|| midnight(&text, days_after));
    let found = found.ok_or_else(|| AppError::field(field, "query-day"))?;
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_refused_where_it_stands() {
        let field = |text: &str| match json::<Value>(text.as_bytes()) {
            Err(AppError::Invalid(fields)) => fields.first().map(|f| f.field.clone()),
            _ => None,
        };
        assert_eq!(field(r#"{"a": {"b": ["x", "\u0000"]}}"#).unwrap(), "a.b.1");
        assert_eq!(field(r#"{"a\u0000": 1}"#).unwrap(), "a");
        assert_eq!(field(r#"{"a": "\\u0000"}"#), None);
    }

    #[test]
    fn days_are_whole_and_times_exact() {
        let read = |text, after| time("from", text, after).map(|t| t.map(|t| t.to_string()));
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(read("2026-11-21", 0).unwrap(), is("2026-11-21T00:00:00Z"));
        assert_eq!(read("2026-11-21", 1).unwrap(), is("2026-11-22T00:00:00Z"));
        assert_eq!(
            read("2026-11-21T08:00:00Z", 1).unwrap(),
            is("2026-11-21T08:00:00Z")
        );
        assert_eq!(read(" ", 0).unwrap(), None);
        assert!(read("yesterday", 0).is_err());
    }
}
