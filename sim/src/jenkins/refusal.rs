//! Jenkins' errors: a page for people, and a header where there is a text for programs.

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::call::Unexpected;

pub(super) enum Refusal {
    /// Wrong credentials, whatever was asked for.
    Credentials,
    /// A right is missing; its full name.
    Permission(&'static str),
    Crumb,
    NotFound,
    /// A business failure: 400 with `X-Error`.
    Failure(String),
    NotBuildable(String),
    /// The action exists, but not by this method.
    PostOnly,
    /// An exception inside of Jenkins.
    Oops,
    Starting,
    Unexpected(Unexpected),
}

impl From<Unexpected> for Refusal {
    fn from(why: Unexpected) -> Self {
        Self::Unexpected(why)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Credentials => page(401, "Invalid password/token", &[]),
            Self::Permission(right) => {
                let headers = [
                    ("x-you-are-authenticated-as", "anonymous"),
                    ("x-required-permission", right),
                ];
                page(403, "missing permission", &headers)
            }
            Self::Crumb => page(403, "No valid crumb was included in the request", &[]),
            Self::NotFound => page(404, "Not Found", &[]),
            Self::Failure(text) => page(400, &text, &[("x-error", &text)]),
            Self::NotBuildable(text) => page(409, &text, &[]),
            Self::PostOnly => page(405, "POST is required", &[("allow", "POST")]),
            Self::Oops => page(500, "Oops! A problem occurred.", &[]),
            Self::Starting => page(503, "Please wait while Jenkins is getting ready", &[]),
            Self::Unexpected(why) => why.into_response(),
        }
    }
}

fn page(status: u16, text: &str, headers: &[(&'static str, &str)]) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let html = format!("<html><head><title>Jenkins</title></head><body>{text}</body></html>");
    let mut answer = (status, Html(html)).into_response();
    for (name, value) in headers {
        // A header holds bytes; Jenkins' texts have typographic quotes in UTF-8.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            answer.headers_mut().insert(*name, value);
        }
    }
    answer
}

/// A redirect as Jenkins' POST actions answer.
pub(super) fn redirect(location: &str) -> Response {
    let mut answer = StatusCode::FOUND.into_response();
    if let Ok(location) = HeaderValue::from_str(location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    answer
}
