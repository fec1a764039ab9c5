//! A recording as it is played and taken away: asciicast v3, made while it is read, so that a
//! long one takes no more memory than a short one. Who looked, and who took it, is on record.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::Deserialize;

use super::recording::{What, cast, decompress, read};
use super::{Terminal, TerminalId, store};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::DbError;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::{Path, Query};

/// Pieces read at once; each is about a second.
const PAGE: i64 = 20;
const USUAL: (u16, u16) = (80, 24);

crate::words! {
    /// What somebody wants a recording for.
    pub enum Purpose { Replay = "replay", Download = "download" }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Taking {
    /// `download`, or `replay` on a page.
    #[serde(default = "download")]
    #[param(value_type = String, required = false)]
    purpose: Purpose,
}

const fn download() -> Purpose {
    Purpose::Download
}

/// What a terminal showed, as asciicast v3.
#[utoipa::path(
    get,
    path = "/recordings/{id}/cast",
    operation_id = "download_recording",
    tag = "terminals",
    params(("id" = TerminalId, Path), Taking),
    responses(
        (status = 200, body = String, content_type = "application/x-asciicast",
            description = "Lines, up to the last second that is kept")
    ),
)]
pub async fn cast(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<TerminalId>,
    Query(taking): Query<Taking>,
) -> Result<Response, AppError> {
    let terminal = super::get(&app, &actor, id).await?;
    let action = match taking.purpose {
        Purpose::Replay => "recording.replay",
        Purpose::Download => "recording.download",
    };
    let entry = Entry::done(action, "terminal", id).in_project(terminal.project_id);
    let mut tx = app.db.begin().await?;
    audit::record(&mut tx, &entry, &Origin::from(&actor)).await?;
    tx.commit().await?;
    let name = format!("attachment; filename=\"{}-{id}.cast\"", terminal.pod);
    let headers = [
        (CONTENT_TYPE, "application/x-asciicast".to_owned()),
        (CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(lines(app, terminal))).into_response())
}

struct Reading {
    app: App,
    terminal: Terminal,
    /// The last piece that was read.
    after: Option<i32>,
    writer: cast::Writer,
}

fn lines(app: App, terminal: Terminal) -> impl Stream<Item = Result<Bytes, DbError>> {
    let begin = Reading {
        app,
        terminal,
        after: None,
        writer: cast::Writer::default(),
    };
    stream::try_unfold(Some(begin), |reading| async {
        let Some(mut reading) = reading else {
            return Ok(None);
        };
        let (text, more) = next(&mut reading).await?;
        Ok(Some((Bytes::from(text), more.then_some(reading))))
    })
}

/// The next lines, and whether there may be more.
async fn next(reading: &mut Reading) -> Result<(String, bool), DbError> {
    let after = reading.after.unwrap_or(-1);
    let pool = reading.app.db.pool();
    let chunks = store::chunks(pool, reading.terminal.id, after, PAGE).await?;
    let mut frames = Vec::new();
    for (_, piece) in &chunks {
        let read = decompress(piece).and_then(|bytes| read(&bytes));
        frames.extend(read.map_err(|error| DbError::Row(error.to_string()))?);
    }
    let mut text = String::new();
    if reading.after.is_none() {
        let sizes = frames.iter().find_map(|frame| match frame.what {
            What::Resized { columns, rows } => Some((columns, rows)),
            _ => None,
        });
        let (columns, rows) = sizes.unwrap_or(USUAL);
        text = cast::head(
            columns,
            rows,
            begun(&reading.terminal),
            &title(&reading.terminal),
        );
    }
    for frame in &frames {
        text.push_str(&reading.writer.line(frame));
    }
    reading.after = chunks.last().map(|(sequence, _)| *sequence).or(Some(after));
    let more = i64::try_from(chunks.len()).is_ok_and(|n| n == PAGE);
    Ok((text, more))
}

fn begun(terminal: &Terminal) -> jiff::Timestamp {
    terminal.started_at.unwrap_or(terminal.opened_at)
}

fn title(terminal: &Terminal) -> String {
    let Terminal {
        cluster,
        namespace,
        pod,
        container,
        ..
    } = terminal;
    format!("{cluster}/{namespace}/{pod}/{container}")
}
