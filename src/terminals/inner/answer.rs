//! `GET /inner/terminals/{id}`: another replica brings somebody who was asked already.

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{State, WebSocketUpgrade};
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::call;
use crate::app::App;
use crate::error::AppError;
use crate::terminals::session::wire::PROTOCOL;
use crate::terminals::{TerminalId, guests, stream};
use crate::web::extract::Path;

pub async fn answer(
    State(app): State<App>,
    Path(id): Path<TerminalId>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, AppError> {
    let now = crate::clock::now();
    let said = headers.get(header::AUTHORIZATION);
    let said = said.and_then(|value| value.to_str().ok());
    let to_us = (id, app.terminals.replica);
    let call = said.and_then(|said| call::open(&app.settings.keys, to_us, now, said));
    let call = call.ok_or(AppError::Unauthorized)?;
    let upgrade = upgrade.map_err(|_| AppError::field("", "terminal-no-websocket"))?;
    if !app.terminals.answered.is_first(call.id, call.until, now) {
        return Err(AppError::Unauthorized);
    }
    let session = app.terminals.find(id).ok_or(AppError::NotFound)?;
    guests::refresh(&app, std::slice::from_ref(&session)).await?;
    let upgrade = upgrade.protocols([PROTOCOL]);
    Ok(stream::join(
        &app,
        session,
        (call.presence, call.from),
        upgrade,
    ))
}
