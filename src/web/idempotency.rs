//! `Idempotency-Key`: a POST of the API that is sent again with its key is not done again.
//!
//! Invariant: the key is taken in the transaction of what the POST does, so that of two equal
//! requests, at once or after a crash, one alone has an effect. The shape follows the IETF draft
//! "The Idempotency-Key HTTP Header Field"; keys are remembered for a day.

mod store;

use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::extract::MAX_JSON_BYTES;
use crate::app::App;
use crate::db::{CLAIM, Claim, ClaimState, Db, DbError};
use crate::error::AppError;
use crate::identity::Actor;

pub use store::forget_old;

const HEADER: &str = "idempotency-key";
/// The database holds the same limit.
pub const MAX_KEY: usize = 100;
/// An answer of the API that is larger is not kept; a repeat is told to look.
const MAX_KEPT_BYTES: usize = 64 * 1024;

/// The layer of the API.
pub async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    match key(&request) {
        Ok(None) => next.run(request).await,
        Ok(Some(key)) => keyed(&app, key, request, next)
            .await
            .unwrap_or_else(AppError::into_response),
        Err(error) => error.into_response(),
    }
}

fn key(request: &Request) -> Result<Option<String>, AppError> {
    // Signing in is nobody's yet, and leaves nothing to find again.
    if request.method() != Method::POST || request.uri().path() == "/session" {
        return Ok(None);
    }
    let Some(value) = request.headers().get(HEADER) else {
        return Ok(None);
    };
    let wrong = || AppError::field("Idempotency-Key", "idempotency-key-wrong");
    let key = value.to_str().map_err(|_| wrong())?;
    let fits = (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| Some(key.to_owned())).ok_or_else(wrong)
}

async fn keyed(app: &App, key: String, request: Request, next: Next) -> Result<Response, AppError> {
    let (mut parts, body) = request.into_parts();
    let actor = Actor::from_request_parts(&mut parts, app).await?;
    let bytes = to_bytes(body, MAX_JSON_BYTES)
        .await
        .map_err(|_| AppError::TooLarge)?;
    let claim = Claim {
        account: actor.id.0,
        request_hash: fingerprint(parts.uri.path(), &bytes),
        key,
        state: Arc::new(Mutex::new(ClaimState::Free)),
    };
    if let Some(kept) = store::find(app.db.pool(), &claim).await? {
        return replay(&claim, kept);
    }
    let request = Request::from_parts(parts, Body::from(bytes));
    let response = CLAIM.scope(claim.clone(), next.run(request)).await;
    match claim.state() {
        ClaimState::Free => Ok(response),
        ClaimState::Lost => Err(AppError::conflict("idempotency-running")),
        ClaimState::Taken => Ok(keep(&app.db, &claim, response).await?),
    }
}

fn fingerprint(path: &str, body: &[u8]) -> Vec<u8> {
    let mut text = path.as_bytes().to_vec();
    text.push(b'\n');
    text.extend_from_slice(body);
    digest(&SHA256, &text).as_ref().to_vec()
}

/// The answer of the first time, if the repeat asks for the same.
fn replay(claim: &Claim, kept: store::Kept) -> Result<Response, AppError> {
    if kept.request_hash != claim.request_hash {
        return Err(AppError::conflict("idempotency-other"));
    }
    let answer = kept.status.zip(kept.body);
    let (status, body) = answer.ok_or_else(|| AppError::conflict("idempotency-running"))?;
    let status = u16::try_from(status).ok();
    let status = status.and_then(|s| StatusCode::from_u16(s).ok());
    let status = status.unwrap_or(StatusCode::OK);
    let mut response = if body.is_null() {
        status.into_response()
    } else {
        (status, axum::Json(body)).into_response()
    };
    let replayed = HeaderValue::from_static("true");
    response
        .headers_mut()
        .insert("idempotency-replayed", replayed);
    Ok(response)
}

/// Keeps an answer for repeats. One that must not be stored, or is too large, is only passed on.
async fn keep(db: &Db, claim: &Claim, response: Response) -> Result<Response, DbError> {
    if is_secret(response.headers()) || !response.status().is_success() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response());
    };
    let body = if bytes.is_empty() {
        Some(serde_json::Value::Null)
    } else {
        serde_json::from_slice(&bytes).ok()
    };
    if let Some(body) = body.filter(|_| bytes.len() <= MAX_KEPT_BYTES) {
        store::keep(db.pool(), claim, parts.status.as_u16(), &body).await?;
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// A new token is in one answer and nowhere else.
fn is_secret(headers: &HeaderMap) -> bool {
    headers
        .get(header::CACHE_CONTROL)
        .is_some_and(|v| v == "no-store")
}
