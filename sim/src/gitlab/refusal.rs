//! GitLab's two forms of error: `message` from the application, `error` from its front.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::call::Unexpected;

pub(super) enum Refusal {
    Message(u16, String),
    Error(u16, String),
    /// The project has another path now; this is its address by number.
    Moved(String),
    Unexpected(Unexpected),
}

impl Refusal {
    pub fn not_found(what: &str) -> Self {
        Self::Message(404, format!("404 {what} Not Found"))
    }

    pub fn forbidden() -> Self {
        Self::Message(403, "403 Forbidden".to_owned())
    }
}

impl From<Unexpected> for Refusal {
    fn from(why: Unexpected) -> Self {
        Self::Unexpected(why)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::Unexpected(why) => return why.into_response(),
            Self::Moved(address) => {
                let mut answer = StatusCode::MOVED_PERMANENTLY.into_response();
                if let Ok(address) = HeaderValue::from_str(&address) {
                    answer.headers_mut().insert(header::LOCATION, address);
                }
                return answer;
            }
            Self::Message(status, text) => (status, json!({ "message": text })),
            Self::Error(status, text) => (status, json!({ "error": text })),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(body)).into_response()
    }
}
