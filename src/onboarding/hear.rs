//! What GitLab tells us: that something was pushed. Never believed, only a reason to look again.
//!
//! Invariant: whoever shows the project's own word is always thanked, because GitLab stops calling
//! whom it gets four refusals from; nobody else learns even whether there is such a project.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::{hook, store};
use crate::app::App;
use crate::db::DbError;
use crate::identity::ProjectId;
use crate::projects;

/// GitLab tells twenty commits at most, each with its list of files.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
const TOKEN: &str = "x-gitlab-token";
/// The same at each repetition; older servers have only the second.
const DELIVERY: [&str; 2] = ["x-gitlab-event-uuid", "idempotency-key"];

/// What is read of a delivery; everything else in it is left alone.
#[derive(Debug, Deserialize)]
struct Push {
    #[serde(rename = "ref")]
    reference: String,
    after: String,
}

/// `POST /hooks/gitlab/{project}`: 202 for a delivery with the project's word, 401 for any other.
pub async fn hear(
    State(app): State<App>,
    Path(project): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let Ok(project) = project.parse::<ProjectId>() else {
        return StatusCode::UNAUTHORIZED;
    };
    match is_known(&app, project, &headers).await {
        Ok(true) => {}
        Ok(false) => return StatusCode::UNAUTHORIZED,
        Err(error) => return away(&error),
    }
    match keep(&app, project, &headers, &body).await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(error) => away(&error),
    }
}

/// GitLab comes again.
fn away(error: &DbError) -> StatusCode {
    tracing::warn!(%error, "a push could not be kept");
    StatusCode::SERVICE_UNAVAILABLE
}

async fn is_known(app: &App, project: ProjectId, headers: &HeaderMap) -> Result<bool, DbError> {
    let Some(shown) = headers.get(TOKEN) else {
        return Ok(false);
    };
    let Some(sealed) = store::token(app.db.pool(), project).await? else {
        return Ok(false);
    };
    let known = app.settings.keys.open(hook::cell(project), &sealed);
    let is_same = |known: &secrecy::SecretString| {
        let known = known.expose_secret().as_bytes();
        aws_lc_rs::constant_time::verify_slices_are_equal(known, shown.as_bytes()).is_ok()
    };
    Ok(known.as_ref().is_ok_and(is_same))
}

async fn keep(
    app: &App,
    project: ProjectId,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), DbError> {
    let delivery = DELIVERY
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok());
    let Ok(push) = serde_json::from_slice::<Push>(body) else {
        return Ok(());
    };
    // Without a name of its own, what it says is its name.
    let own = format!("{} {}", push.after, push.reference);
    let is_text = |c: &char| !c.is_control();
    let delivery: String = delivery
        .unwrap_or(&own)
        .chars()
        .filter(is_text)
        .take(100)
        .collect();
    let mut tx = app.db.begin().await?;
    if store::heard(tx.connection(), project, &delivery).await? {
        let reference: String = push.reference.chars().filter(is_text).take(300).collect();
        let commit = Some(push.after.as_str()).filter(|c| is_commit(c));
        store::pushed(tx.connection(), project, &reference, commit).await?;
        tx.event(&projects::topic(project), Some(project.0)).await?;
    }
    tx.commit().await
}

/// Full, and none of the zeros that stand for a branch that was deleted.
fn is_commit(text: &str) -> bool {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    matches!(text.len(), 40 | 64) && text.bytes().all(hex) && text.bytes().any(|b| b != b'0')
}
