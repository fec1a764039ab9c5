//! The WebSocket of a terminal. Everything is asked before the upgrade: who it is, from which
//! page, and with which pass.
//!
//! Invariant: a cookie alone opens nothing. A browser says which page it comes from, which is held
//! against the configured address and never against what the request calls us.

use std::sync::Arc;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{State, WebSocketUpgrade};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use secrecy::SecretString;
use serde::Deserialize;
use tower_sessions::Session as Visit;

use super::TerminalId;
use super::enter::{Entered, Visitor, enter};
use super::inner::forward;
use super::session::Session;
use super::session::viewer::{self, Terms};
use super::session::wire::{MESSAGE_BYTES, PASS, PROTOCOL, is_fit};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::error::AppError;
use crate::identity::{Actor, Door, Presence};
use crate::integrations::kubernetes::Size;
use crate::web::csrf;
use crate::web::extract::{Path, Query};
use crate::web::session;

/// Keys come one by one; a longer message gets the room that it needs, and gives it back.
const READ_BUFFER_BYTES: usize = 4 * 1024;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Looking {
    /// The first byte to be shown; without it, as much as is kept.
    from: Option<u64>,
    /// Of the screen; the shell starts with it.
    #[serde(default = "usual_columns")]
    columns: u16,
    #[serde(default = "usual_rows")]
    rows: u16,
}

const fn usual_columns() -> u16 {
    80
}

const fn usual_rows() -> u16 {
    24
}

/// The terminal itself, as a WebSocket of subprotocol `slipway.terminal.v1`, with `pass.` and the
/// pass as a second one. Binary messages are output and keys; texts are JSON.
#[utoipa::path(
    get,
    path = "/terminals/{id}/stream",
    operation_id = "stream_terminal",
    tag = "terminals",
    params(("id" = TerminalId, Path), Looking),
    responses((status = 101, description = "The terminal")),
)]
pub async fn stream(
    State(app): State<App>,
    actor: Actor,
    visit: Visit,
    Path(id): Path<TerminalId>,
    Query(looking): Query<Looking>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, AppError> {
    check_origin(&app, &actor, id, &headers).await?;
    if !is_fit(looking.columns, looking.rows) {
        return Err(AppError::field("columns", "query-wrong"));
    }
    let pass = pass(&headers).ok_or(AppError::Unauthorized)?;
    let upgrade = upgrade.map_err(|_| AppError::field("", "terminal-no-websocket"))?;
    let presence = presence(&actor, &visit)?;
    let visitor = Visitor {
        actor: &actor,
        presence: presence.clone(),
        pass: &pass,
        size: Size {
            columns: looking.columns,
            rows: looking.rows,
        },
    };
    let upgrade = upgrade.protocols([PROTOCOL]);
    match enter(&app, id, &visitor).await? {
        Entered::Here(session) => Ok(join(&app, session, (presence, looking.from), upgrade)),
        Entered::There(holder) => {
            forward(&app, id, &holder, (presence, looking.from), upgrade).await
        }
    }
}

/// Lets somebody look who may.
pub(super) fn join(
    app: &App,
    session: Arc<Session>,
    (presence, from): (Presence, Option<u64>),
    upgrade: WebSocketUpgrade,
) -> Response {
    let limits = &app.settings.terminals;
    let terms = Terms {
        idle: limits.idle,
        grace: limits.grace,
    };
    bounded(upgrade).on_upgrade(move |socket| {
        let place = session.attach(presence, from);
        viewer::look(session, place, terms, socket)
    })
}

/// A socket that takes no more at once than a message may have, whichever way it goes on.
pub(super) fn bounded(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES)
}

/// A browser always names the page; only who comes with a token may leave it out.
async fn check_origin(
    app: &App,
    actor: &Actor,
    id: TerminalId,
    headers: &HeaderMap,
) -> Result<(), AppError> {
    let origin = headers.get(header::ORIGIN);
    let fine = match origin {
        Some(origin) => origin
            .to_str()
            .is_ok_and(|origin| csrf::is_ours(origin, &app.settings.public_url)),
        None => actor.token.is_some(),
    };
    if fine {
        return Ok(());
    }
    let entry = Entry::refused("terminal.attach", "terminal", id).because("error-cross-site");
    let mut tx = app.db.begin().await?;
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.commit().await?;
    Err(AppError::forbidden("error-cross-site"))
}

/// The one header that a page can set is a list of subprotocols.
fn pass(headers: &HeaderMap) -> Option<SecretString> {
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let offered = offered.iter().filter_map(|value| value.to_str().ok());
    let offered: Vec<&str> = offered.flat_map(|v| v.split(',')).map(str::trim).collect();
    let pass = offered.iter().find_map(|word| word.strip_prefix(PASS))?;
    let pass = SecretString::from(pass.to_owned());
    offered.contains(&PROTOCOL).then_some(pass)
}

/// By what they are here, which is looked at again and again as long as they stay.
fn presence(actor: &Actor, visit: &Visit) -> Result<Presence, AppError> {
    let door = match (&actor.token, visit.id()) {
        (Some((id, scopes)), _) => Door::Token(*id, scopes.clone()),
        (None, Some(id)) => Door::Session(session::key(id)),
        (None, None) => return Err(AppError::Unauthorized),
    };
    Ok(Presence {
        account: actor.id,
        door,
    })
}
