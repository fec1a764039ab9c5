//! The registry's errors, in the form that the distribution specification gives them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::call::Unexpected;

pub(super) enum Refusal {
    Coded {
        status: u16,
        code: &'static str,
        message: &'static str,
    },
    /// A 401, with what the client has to show.
    Challenge(String),
    Unexpected(Unexpected),
}

impl Refusal {
    pub fn new(status: u16, code: &'static str, message: &'static str) -> Self {
        Self::Coded {
            status,
            code,
            message,
        }
    }
}

impl From<Unexpected> for Refusal {
    fn from(why: Unexpected) -> Self {
        Self::Unexpected(why)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Unexpected(why) => why.into_response(),
            Self::Coded {
                status,
                code,
                message,
            } => coded(status, code, message),
            Self::Challenge(challenge) => {
                let mut answer = coded(401, "UNAUTHORIZED", "authentication required");
                if let Ok(challenge) = HeaderValue::from_str(&challenge) {
                    answer
                        .headers_mut()
                        .insert(header::WWW_AUTHENTICATE, challenge);
                }
                answer
            }
        }
    }
}

fn coded(status: u16, code: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({ "errors": [{ "code": code, "message": message, "detail": null }] });
    (status, Json(body)).into_response()
}
