//! What an API server's answer means to a caller.

use std::error::Error as _;
use std::time::Duration;

use kube::core::Status;

use crate::integrations::CallError;

/// Enough for a validation message, too little for a page of HTML from a proxy on the way.
const MAX_DETAIL_CHARS: usize = 500;
/// How Kubernetes names a field that another manager owns.
const FIELD_CONFLICT: &str = "FieldManagerConflict";
/// How an apply with a field that the server does not know is answered: with code 500, although
/// repeating is of no use.
const UNKNOWN_FIELD: &str = "failed to create typed patch object";

/// One field that the API server found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Path as Kubernetes writes it, such as `spec.template.spec.containers[0].image`.
    pub field: String,
    pub message: String,
}

/// What can come of writing an object that others write too.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApplyError {
    /// The object changed since the `resourceVersion` that was sent: read it and decide again.
    #[error("the object has changed since it was read")]
    Stale,
    /// The cluster refuses the content. Fields may be empty where it names none.
    #[error("the cluster refuses the content: {detail}")]
    Invalid {
        detail: String,
        fields: Vec<FieldError>,
    },
    #[error(transparent)]
    Call(#[from] CallError),
}

/// A field that a forced apply would take from somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedField {
    /// Path in the notation of managed fields, such as `.spec.replicas`.
    pub field: String,
    /// Who wrote it last, such as `kubectl-edit`.
    pub manager: String,
}

pub(super) fn call_error(error: kube::Error) -> CallError {
    match error {
        kube::Error::Api(status) => status_error(&status),
        kube::Error::Auth(error) => CallError::Denied {
            detail: cut(&error.to_string()),
        },
        error @ (kube::Error::HyperError(_)
        | kube::Error::Service(_)
        | kube::Error::ReadEvents(_)) => CallError::Unavailable {
            detail: cut(&chain(&error)),
            retry_after: None,
        },
        other => CallError::Unexpected {
            detail: cut(&chain(&other)),
        },
    }
}

pub(super) fn apply_error(error: kube::Error) -> ApplyError {
    let kube::Error::Api(status) = error else {
        return call_error(error).into();
    };
    let fields = invalid_fields(&status);
    match status.code {
        409 if status.reason == "Conflict" && owned_fields(&status).is_empty() => ApplyError::Stale,
        // It was deleted and made again: ours is the identity of the one that is gone.
        422 if fields.iter().any(|wrong| wrong.field == "metadata.uid") => ApplyError::Stale,
        400 | 422 => ApplyError::Invalid {
            detail: cut(&status.message),
            fields,
        },
        500 if status.message.starts_with(UNKNOWN_FIELD) => ApplyError::Invalid {
            detail: cut(&status.message),
            fields,
        },
        _ => status_error(&status).into(),
    }
}

/// The fields that a 409 names as somebody else's; empty for every other answer.
pub(super) fn owned_fields(status: &Status) -> Vec<OwnedField> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes
        .filter(|cause| status.code == 409 && cause.reason == FIELD_CONFLICT)
        .map(|cause| OwnedField {
            field: cause.field.clone(),
            manager: quoted(&cause.message).to_owned(),
        })
        .collect()
}

fn invalid_fields(status: &Status) -> Vec<FieldError> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes
        .map(|cause| FieldError {
            field: cause.field.clone(),
            message: cut(&cause.message),
        })
        .collect()
}

fn status_error(status: &Status) -> CallError {
    let detail = cut(&status.message);
    match status.code {
        401 | 403 => CallError::Denied { detail },
        404 => CallError::NotFound { detail },
        409 | 410 => CallError::Conflict { detail },
        400 | 422 => CallError::Refused { detail },
        429 | 500..=599 => CallError::Unavailable {
            detail,
            retry_after: retry_after(status),
        },
        _ => CallError::Unexpected { detail },
    }
}

fn retry_after(status: &Status) -> Option<Duration> {
    let seconds = status.details.as_ref()?.retry_after_seconds;
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}

/// The message reads `conflict with "<manager>" using <version>`; a manager may hold quotes that
/// are escaped, which no real one does, so the first pair is enough.
fn quoted(message: &str) -> &str {
    message.split('"').nth(1).unwrap_or("unknown")
}

/// kube's outer errors say little; the reason (refused, certificate, timeout) is further in.
fn chain(error: &kube::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    text
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_DETAIL_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16, reason: &str, causes: &serde_json::Value) -> kube::Error {
        let value = serde_json::json!({
            "status": "Failure", "code": code, "reason": reason, "message": "no",
            "details": {"causes": causes, "retryAfterSeconds": 7},
        });
        kube::Error::Api(Box::new(serde_json::from_value(value).expect("a status")))
    }

    fn none() -> serde_json::Value {
        serde_json::json!([])
    }

    #[test]
    fn codes_become_what_the_caller_does_next() {
        let outcome = |code| call_error(status(code, "Any", &none()));
        assert!(matches!(outcome(401), CallError::Denied { .. }));
        assert!(matches!(outcome(403), CallError::Denied { .. }));
        assert!(matches!(outcome(404), CallError::NotFound { .. }));
        assert!(matches!(outcome(409), CallError::Conflict { .. }));
        assert!(matches!(outcome(410), CallError::Conflict { .. }));
        assert!(matches!(outcome(422), CallError::Refused { .. }));
        assert!(matches!(outcome(418), CallError::Unexpected { .. }));
        for code in [429, 500, 503, 504] {
            let CallError::Unavailable { retry_after, .. } = outcome(code) else {
                panic!("{code} may succeed later");
            };
            assert_eq!(retry_after, Some(Duration::from_secs(7)));
        }
    }

    #[test]
    fn a_stale_version_is_not_an_owned_field() {
        let stale = apply_error(status(409, "Conflict", &none()));
        assert!(matches!(stale, ApplyError::Stale));
        let causes = serde_json::json!([{
            "reason": "FieldManagerConflict", "field": ".spec.replicas",
            "message": "conflict with \"kubectl-edit\" using apps/v1",
        }]);
        let kube::Error::Api(owned) = status(409, "Conflict", &causes) else {
            panic!("built as a status");
        };
        let expected = OwnedField {
            field: ".spec.replicas".to_owned(),
            manager: "kubectl-edit".to_owned(),
        };
        assert_eq!(owned_fields(&owned), vec![expected]);
        let exists = apply_error(status(409, "AlreadyExists", &none()));
        assert!(matches!(
            exists,
            ApplyError::Call(CallError::Conflict { .. })
        ));
    }

    #[test]
    fn another_identity_is_stale_and_an_unknown_field_invalid() {
        let causes = serde_json::json!([{
            "reason": "FieldValueInvalid", "field": "metadata.uid", "message": "immutable",
        }]);
        let replaced = apply_error(status(422, "Invalid", &causes));
        assert!(matches!(replaced, ApplyError::Stale));
        let kube::Error::Api(mut unknown) = status(500, "", &none()) else {
            panic!("built as a status");
        };
        unknown.message = format!("{UNKNOWN_FIELD} (a/b): .spec.x: field not declared in schema");
        let unknown = apply_error(kube::Error::Api(unknown));
        assert!(matches!(unknown, ApplyError::Invalid { .. }));
        let broken = apply_error(status(500, "InternalError", &none()));
        assert!(matches!(
            broken,
            ApplyError::Call(CallError::Unavailable { .. })
        ));
    }

    #[test]
    fn refused_content_names_its_fields() {
        let causes = serde_json::json!([{
            "reason": "FieldValueInvalid", "field": "spec.replicas", "message": "must be >= 0",
        }]);
        let ApplyError::Invalid { fields, .. } = apply_error(status(422, "Invalid", &causes))
        else {
            panic!("422 is about the content");
        };
        assert_eq!(fields[0].field, "spec.replicas");
    }
}
