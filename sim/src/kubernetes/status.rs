//! Answers that say no, as Kubernetes words them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use crate::call::Unexpected;

/// Why a call is not done.
#[derive(Debug)]
pub(super) enum No {
    /// A `Status` object, as the real one would answer.
    Status(Box<Refusal>),
    /// Something that this simulator has not learnt.
    Unknown(Unexpected),
}

#[derive(Debug)]
pub(super) struct Refusal {
    pub code: u16,
    pub reason: &'static str,
    pub message: String,
    pub causes: Vec<Value>,
}

impl Refusal {
    pub(super) fn body(&self) -> Value {
        json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
            "details": {"causes": self.causes},
        })
    }
}

impl From<Unexpected> for No {
    fn from(unknown: Unexpected) -> Self {
        Self::Unknown(unknown)
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        match self {
            Self::Unknown(unknown) => unknown.into_response(),
            Self::Status(refusal) => {
                let code = StatusCode::from_u16(refusal.code);
                let code = code.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                (code, Json(refusal.body())).into_response()
            }
        }
    }
}

/// What a deletion that is done at once is answered with.
pub(super) fn success(name: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {"name": name}})
}

fn no(code: u16, reason: &'static str, message: String) -> No {
    No::Status(Box::new(Refusal {
        code,
        reason,
        message,
        causes: Vec::new(),
    }))
}

/// A patch that cannot be carried out: a test in it did not hold, say.
pub(super) fn unprocessable(message: String) -> No {
    no(422, "Invalid", message)
}

pub(super) fn unauthorized() -> No {
    no(401, "Unauthorized", "Unauthorized".to_owned())
}

pub(super) fn forbidden(what: &str) -> No {
    no(403, "Forbidden", format!("{what} is forbidden"))
}

pub(super) fn not_found(plural: &str, name: &str) -> No {
    no(404, "NotFound", format!("{plural} \"{name}\" not found"))
}

pub(super) fn no_such_resource() -> No {
    let message = "the server could not find the requested resource".to_owned();
    no(404, "NotFound", message)
}

pub(super) fn already_exists(plural: &str, name: &str) -> No {
    no(
        409,
        "AlreadyExists",
        format!("{plural} \"{name}\" already exists"),
    )
}

pub(super) fn stale(plural: &str, name: &str) -> No {
    let message = format!(
        "Operation cannot be fulfilled on {plural} \"{name}\": the object has been modified; \
         please apply your changes to the latest version and try again"
    );
    no(409, "Conflict", message)
}

/// Somebody else's fields, each with its path and its owner's own words.
pub(super) fn owned_by_others(conflicts: &[(String, String)]) -> No {
    let causes: Vec<Value> = conflicts
        .iter()
        .map(|(field, owner)| {
            json!({"reason": "FieldManagerConflict", "field": field,
                "message": format!("conflict with {owner}")})
        })
        .collect();
    No::Status(Box::new(Refusal {
        code: 409,
        reason: "Conflict",
        message: format!("Apply failed with {} conflicts", causes.len()),
        causes,
    }))
}

pub(super) fn bad_request(message: String) -> No {
    no(400, "BadRequest", message)
}

/// Only JSON and YAML are understood here; the real server also takes protobuf.
pub(super) fn not_json() -> No {
    no(
        415,
        "UnsupportedMediaType",
        "the body must be JSON or YAML".to_owned(),
    )
}

/// An apply with an unknown field is answered as a failure of the server, which it is not.
pub(super) fn not_in_schema(place: &str, field: &str) -> No {
    let message = format!(
        "failed to create typed patch object ({place}): .{field}: field not declared in schema"
    );
    no(500, "", message)
}

pub(super) fn invalid(kind: &str, name: &str, field: &str, message: &str) -> No {
    let missing = message == "Required value";
    let cause = if missing {
        "FieldValueRequired"
    } else {
        "FieldValueInvalid"
    };
    No::Status(Box::new(Refusal {
        code: 422,
        reason: "Invalid",
        message: format!("{kind} \"{name}\" is invalid: {field}: {message}"),
        causes: vec![json!({"reason": cause, "field": field, "message": message})],
    }))
}

pub(super) fn expired() -> No {
    no(410, "Expired", "too old resource version".to_owned())
}
