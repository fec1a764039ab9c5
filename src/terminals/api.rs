//! Terminals and their recordings over the API.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use super::session::wire::PROTOCOL;
use super::{Opening, Terminal, TerminalId, Wanted, Way, open};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::{Json as Body, Path, Query};
use crate::web::paging::List;

/// A way into a terminal, good once and for half a minute.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TerminalPass {
    terminal: Terminal,
    pass: String,
    expires_at: Timestamp,
    /// Where the WebSocket is.
    stream: String,
    /// Its subprotocol; the second one offered is `pass.` and the pass.
    protocol: &'static str,
}

impl From<Way> for TerminalPass {
    fn from(way: Way) -> Self {
        Self {
            stream: format!("/api/v1/terminals/{}/stream", way.terminal.id),
            terminal: way.terminal,
            pass: way.pass.expose_secret().to_owned(),
            expires_at: open::good_until(),
            protocol: PROTOCOL,
        }
    }
}

/// Opens a terminal in a container; its shell starts when its WebSocket is opened with the pass.
#[utoipa::path(
    post,
    path = "/terminals",
    operation_id = "open_terminal",
    tag = "terminals",
    request_body = Opening,
    responses((status = 201, body = TerminalPass, description = "Done")),
)]
pub async fn create(
    State(app): State<App>,
    actor: Actor,
    Body(asked): Body<Opening>,
) -> Result<Secret<TerminalPass>, AppError> {
    let way = super::open(&app, &actor, &asked).await?;
    Ok(secret(way.into()))
}

/// A new pass into one's own terminal, for a connection that was lost.
#[utoipa::path(
    post,
    path = "/terminals/{id}/passes",
    operation_id = "resume_terminal",
    tag = "terminals",
    params(("id" = TerminalId, Path)),
    responses((status = 201, body = TerminalPass, description = "Done")),
)]
pub async fn pass(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<TerminalId>,
) -> Result<Secret<TerminalPass>, AppError> {
    let way = super::resume(&app, &actor, id).await?;
    Ok(secret(way.into()))
}

/// An answer that is kept nowhere, also not for a repeat.
type Secret<T> = (StatusCode, [(&'static str, &'static str); 1], Json<T>);

fn secret<T>(body: T) -> Secret<T> {
    let never = [("cache-control", "no-store")];
    (StatusCode::CREATED, never, Json(body))
}

/// A terminal: where, whose, since when, and how it ended.
#[utoipa::path(
    get,
    path = "/terminals/{id}",
    operation_id = "show_terminal",
    tag = "terminals",
    params(("id" = TerminalId, Path)),
    responses((status = 200, body = Terminal, description = "As it is now")),
)]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<TerminalId>,
) -> Result<Json<Terminal>, AppError> {
    super::get(&app, &actor, id).await.map(Json)
}

/// Ends a terminal.
#[utoipa::path(
    delete,
    path = "/terminals/{id}",
    operation_id = "end_terminal",
    tag = "terminals",
    params(("id" = TerminalId, Path)),
    responses((status = 204, description = "Done")),
)]
pub async fn end(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<TerminalId>,
) -> Result<StatusCode, AppError> {
    super::close(&app, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is to be let in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// The name that they sign in with.
    person: String,
}

/// Whose the keyboard is to be.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Keyboard {
    /// The guest's, or its owner's again.
    guest: bool,
}

/// Lets one more person look, who may see the project's terminals anyway.
#[utoipa::path(
    put,
    path = "/terminals/{id}/guest",
    operation_id = "invite_into_terminal",
    tag = "terminals",
    params(("id" = TerminalId, Path)),
    request_body = Invitation,
    responses((status = 204, description = "Done")),
)]
pub async fn invite(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<TerminalId>,
    Body(asked): Body<Invitation>,
) -> Result<StatusCode, AppError> {
    super::invite(&app, &actor, id, &asked.person).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts the guest of one's own terminal out, or leaves one as a guest.
#[utoipa::path(
    delete,
    path = "/terminals/{id}/guest",
    operation_id = "dismiss_from_terminal",
    tag = "terminals",
    params(("id" = TerminalId, Path)),
    responses((status = 204, description = "Done")),
)]
pub async fn dismiss(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<TerminalId>,
) -> Result<StatusCode, AppError> {
    super::dismiss(&app, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Hands the keyboard to the guest, or takes it back.
#[utoipa::path(
    put,
    path = "/terminals/{id}/keyboard",
    operation_id = "hand_over_terminal",
    tag = "terminals",
    params(("id" = TerminalId, Path)),
    request_body = Keyboard,
    responses((status = 204, description = "Done")),
)]
pub async fn keyboard(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<TerminalId>,
    Body(asked): Body<Keyboard>,
) -> Result<StatusCode, AppError> {
    super::hand_over(&app, &actor, id, asked.guest).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Terminals that are or were open, with their recordings, the newest first.
#[utoipa::path(
    get,
    path = "/recordings",
    operation_id = "list_recordings",
    tag = "terminals",
    params(Wanted),
    responses((status = 200, body = List<Terminal>, description = "As it is now")),
)]
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<Json<List<Terminal>>, AppError> {
    super::list(&app, &actor, &wanted).await.map(Json)
}
