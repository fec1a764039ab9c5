//! Files in and out of containers over the API.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tokio_stream::wrappers::ReceiverStream;

use super::{Moved, Taken};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::terminals::TerminalId;
use crate::web::extract::{Path, Query};
use crate::web::paging::List;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Where {
    /// Of the file in the container, from `/` on.
    path: String,
}

/// The files that were moved through a terminal, the first first.
#[utoipa::path(
    get,
    path = "/terminals/{id}/files",
    operation_id = "list_terminal_files",
    tag = "terminals",
    params(("id" = TerminalId, Path)),
    responses((status = 200, body = List<Moved>, description = "As it is now")),
)]
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<TerminalId>,
) -> Result<Json<List<Moved>>, AppError> {
    let moved = super::list(&app, &actor, id).await?;
    Ok(Json(List::from(moved)))
}

/// One file out of the container of one's own open terminal. What comes ends early, and so in an
/// error, where it could not be had whole.
#[utoipa::path(
    get,
    path = "/terminals/{id}/file",
    operation_id = "get_terminal_file",
    tag = "terminals",
    params(("id" = TerminalId, Path), Where),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream",
        description = "Its bytes")),
)]
pub async fn get(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<TerminalId>,
    Query(wanted): Query<Where>,
) -> Result<Response, AppError> {
    let given = super::get(&app, &actor, id, &wanted.path).await?;
    let name = utf8_percent_encode(&given.name, NON_ALPHANUMERIC);
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, given.size.to_string()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename*=UTF-8''{name}"),
        ),
    ];
    let body = Body::from_stream(ReceiverStream::new(given.bytes));
    Ok((headers, body).into_response())
}

/// One file into the container of one's own open terminal, in the place of what is there. Its
/// length must be told before, by `Content-Length`.
#[utoipa::path(
    put,
    path = "/terminals/{id}/file",
    operation_id = "put_terminal_file",
    tag = "terminals",
    params(("id" = TerminalId, Path), Where),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = Taken, description = "It is there, whole")),
)]
pub async fn put(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<TerminalId>,
    Query(wanted): Query<Where>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Taken>), AppError> {
    let size = length(&headers)?;
    let way = super::put(&app, &actor, id, (&wanted.path, size)).await?;
    let mut coming = body.into_data_stream();
    while let Some(Ok(piece)) = coming.next().await {
        if way.bytes.send(piece).await.is_err() {
            break;
        }
    }
    drop(way.bytes);
    let taken = way.done.await;
    let taken = taken.map_err(|error| AppError::Internal(error.to_string()))??;
    Ok((StatusCode::CREATED, Json(taken)))
}

/// Without any header there is nothing (RFC 9112, 6.3).
fn length(headers: &HeaderMap) -> Result<u64, AppError> {
    let unknown = || AppError::field("Content-Length", "file-no-length");
    match headers.get(CONTENT_LENGTH) {
        Some(value) => {
            let size = value.to_str().ok().and_then(|value| value.parse().ok());
            size.ok_or_else(unknown)
        }
        None if headers.contains_key(TRANSFER_ENCODING) => Err(unknown()),
        None => Ok(0),
    }
}
