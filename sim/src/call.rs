//! A request as a simulator's own dispatch sees it, and the answer to one that it does not know.
//!
//! The outside systems' paths nest freely (`/job/a/job/b`, `%2F` inside a segment), so their
//! routes are matches over decoded segments instead of a router's patterns.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, header};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use crate::world::World;

/// The body was already read, and limited, by the layer around all routes.
const BODY_MAX_BYTES: usize = usize::MAX;

/// A router that takes each request apart and hands it to one function.
pub fn route(world: &World, answer: fn(&World, &Call) -> Response) -> Router {
    let handler = move |State(world): State<World>, request: Request| async move {
        let call = Call::read(request).await;
        answer(&world, &call)
    };
    Router::new().fallback(handler).with_state(world.clone())
}

/// One request, taken apart.
#[derive(Debug)]
pub struct Call {
    pub method: Method,
    /// The path's segments, each percent-decoded; a slash at the end leaves an empty last one.
    pub segments: Vec<String>,
    /// The path as sent, without its query.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Scheme and host as the client wrote them.
    pub origin: String,
}

impl Call {
    pub async fn read(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, BODY_MAX_BYTES).await;
        let path = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default();
        let host = parts.headers.get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok());
        Self {
            segments: path.split('/').skip(1).map(decode).collect(),
            path,
            query: pairs(query.as_bytes()),
            origin: format!("http://{}", host.unwrap_or("127.0.0.1")),
            method: parts.method,
            headers: parts.headers,
            body: body.unwrap_or_default(),
        }
    }

    /// The segments as string slices, to match on.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// A query parameter's first value.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body's form fields, or an empty list for another content type.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        let kind = self.header("content-type").unwrap_or_default();
        if kind.starts_with("application/x-www-form-urlencoded") {
            pairs(&self.body)
        } else {
            Vec::new()
        }
    }

    /// Refuses query parameters outside of `known`.
    pub fn only(&self, known: &[&str]) -> Result<(), Unexpected> {
        match self
            .query
            .iter()
            .find(|(key, _)| !known.contains(&key.as_str()))
        {
            Some((key, _)) => Err(Unexpected(format!("query parameter {key}"))),
            None => Ok(()),
        }
    }

    /// The body as JSON; a field that `T` does not know is unexpected.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Unexpected> {
        serde_json::from_slice(&self.body).map_err(|error| Unexpected(error.to_string()))
    }

    /// For a route's end: nothing here fits.
    #[must_use]
    pub fn unknown(&self) -> Unexpected {
        Unexpected(format!("route {} {}", self.method, self.path))
    }

    /// User and password of Basic credentials.
    #[must_use]
    pub fn basic(&self) -> Option<(String, String)> {
        use base64::Engine as _;
        let encoded = self.header("authorization")?.strip_prefix("Basic ")?;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(encoded)
            .ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (user, password) = text.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }

    /// The token of a Bearer credential.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }
}

/// A request that the simulator does not know: answered 501 and marked in the transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexpected(pub String);

impl Unexpected {
    /// Why an answer says that its request was not understood.
    pub(crate) fn of(answer: &Response) -> Option<String> {
        answer.extensions().get::<Self>().map(|why| why.0.clone())
    }
}

impl IntoResponse for Unexpected {
    fn into_response(self) -> Response {
        let text = format!("the simulator does not know this: {}", self.0);
        let mut answer = (StatusCode::NOT_IMPLEMENTED, text).into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}

/// Percent-decodes one path segment; `+` stays a plus here, unlike in a form.
#[must_use]
pub fn decode(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment)
        .decode_utf8_lossy()
        .into_owned()
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}
