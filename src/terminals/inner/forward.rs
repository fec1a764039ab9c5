//! A browser on this side, the replica that holds the shell on the other, and nothing kept
//! between: what one does not take is not read from the other.

use std::time::Duration;

use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{Message as Ours, WebSocket};
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as Theirs;
use uuid::Uuid;

use super::Holder;
use super::call::{self, Call, GOOD_FOR};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Presence;
use crate::integrations::replica::{self, Connection};
use crate::integrations::silence::Silence;
use crate::terminals::{TerminalId, stream};

/// The one that holds the shell pings both of us every fifteen seconds.
const HEARD_WITHIN: Duration = Duration::from_secs(40);
const TAKEN_WITHIN: Duration = Duration::from_secs(30);
const FAREWELL: Duration = Duration::from_secs(2);

/// Brings somebody to the replica that holds the shell.
///
/// # Errors
/// 503 when it does not answer; if it has died, that is known within half a minute.
pub async fn forward(
    app: &App,
    id: TerminalId,
    holder: &Holder,
    (presence, from): (Presence, Option<u64>),
    upgrade: WebSocketUpgrade,
) -> Result<Response, AppError> {
    let call = Call {
        id: Uuid::now_v7(),
        replica: holder.replica,
        presence,
        from,
        until: crate::clock::now() + GOOD_FOR,
    };
    let said = call::seal(&app.settings.keys, id, &call);
    let said = said.map_err(|error| AppError::Internal(error.to_string()))?;
    let away = || AppError::Unavailable(Words::new("terminal-elsewhere"));
    let url = holder.url.as_deref().ok_or_else(away)?;
    let address = format!("{}/inner/terminals/{id}", url.trim_end_matches('/'));
    let there = replica::connect(&address, &said).await.map_err(|error| {
        tracing::warn!(%error, terminal.id = %id, "the replica that holds a shell is away");
        away()
    })?;
    Ok(stream::bounded(upgrade).on_upgrade(move |here| pass_on(here, there)))
}

/// Until either side ends. Dropping the other's connection tells it so.
async fn pass_on(here: WebSocket, there: Connection) {
    let (mut to_browser, mut from_browser) = here.split();
    let (to_holder, from_holder) = there.split();
    tokio::select! {
        _ = down(from_holder, &mut to_browser) => {}
        _ = up(&mut from_browser, to_holder) => {}
    }
    // A connection that is dropped with something unread is reset, and its last words with it.
    let farewell = async {
        let _ = to_browser.send(Ours::Close(None)).await;
        while let Some(Ok(_)) = from_browser.next().await {}
    };
    let _ = timeout(FAREWELL, farewell).await;
}

async fn down(
    mut from: SplitStream<Connection>,
    to: &mut SplitSink<WebSocket, Ours>,
) -> Option<()> {
    let mut silence = Silence::new(HEARD_WITHIN);
    loop {
        let said = match silence.next(&mut from).await.ok()??.ok()? {
            Theirs::Binary(bytes) => Ours::Binary(bytes),
            Theirs::Text(text) => Ours::text(text.as_str()),
            // Answered by us as well, and passed on so that the browser is heard of.
            Theirs::Ping(bytes) => Ours::Ping(bytes),
            Theirs::Close(_) => return Some(()),
            Theirs::Pong(_) | Theirs::Frame(_) => continue,
        };
        timeout(TAKEN_WITHIN, to.send(said)).await.ok()?.ok()?;
    }
}

async fn up(
    from: &mut SplitStream<WebSocket>,
    mut to: SplitSink<Connection, Theirs>,
) -> Option<()> {
    let mut silence = Silence::new(HEARD_WITHIN);
    loop {
        let said = match silence.next(from).await.ok()??.ok()? {
            Ours::Binary(bytes) => Theirs::Binary(bytes),
            Ours::Text(text) => Theirs::text(text.as_str()),
            Ours::Close(_) => return Some(()),
            Ours::Ping(_) | Ours::Pong(_) => continue,
        };
        timeout(TAKEN_WITHIN, to.send(said)).await.ok()?.ok()?;
    }
}
