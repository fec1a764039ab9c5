//! What terminals showed, kept: one statement a second for all that this process holds.
//!
//! Invariant: where a recording is a must, nothing is shown before it has begun, and a shell ends
//! when it can no longer be kept. What was typed is never in it.

pub mod cast;
mod frames;
mod retention;
mod tape;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

pub use frames::{Mark, What, decompress, read, write};
pub use retention::Retention;
pub use tape::{Piece, Tape};

use super::session::Session;
use super::store::{self, NewChunk};
use super::{Ending, TerminalId};
use crate::app::App;
use crate::integrations::kubernetes::Size;

/// A database that has not taken it by then did not.
const TAKEN_WITHIN: Duration = Duration::from_secs(4);
/// How long a shell that must be recorded goes on, within its room, while it cannot be.
const WITHOUT: Duration = Duration::from_secs(3);
/// Tries at the end of a terminal, so that its last second survives a short trouble.
const LAST_TRIES: usize = 3;

/// Begins a recording with the size of the screen; false if it must be kept and cannot.
pub async fn begin(app: &App, session: &Session, size: Size) -> bool {
    let (columns, rows) = (size.columns, size.rows);
    let what = What::Resized { columns, rows };
    session.tape().note(session.now_ms(), what);
    !session.opened.strict || write_all(app).await
}

/// Writes what waits; true if all of it was taken. What was not taken waits again, and those who
/// may not be without a recording end.
pub async fn write_all(app: &App) -> bool {
    let _one_at_a_time = app.terminals.writing.lock().await;
    let taken = match take_all(app.terminals.all()).await {
        Ok(taken) if taken.is_empty() => return true,
        Ok(taken) => taken,
        Err(error) => {
            tracing::error!(%error, "recordings could not be made small");
            return false;
        }
    };
    let chunks = taken.iter().flat_map(|(session, pieces)| {
        let id = session.opened.id;
        pieces.iter().map(move |piece| chunk(id, piece))
    });
    let written = insert(app, &chunks.collect::<Vec<_>>()).await;
    if let Err(why) = &written {
        tracing::error!(why, "recordings could not be written");
    }
    for (session, pieces) in taken {
        match written {
            Err(_) => give_back(app, &session, pieces),
            Ok(()) => session.written(),
        }
    }
    written.is_ok()
}

/// What waits, with whose it is.
type Taken = Vec<(Arc<Session>, VecDeque<Piece>)>;

/// The last of many is made small beside everybody's keys, not before them.
async fn take_all(all: Vec<Arc<Session>>) -> Result<Taken, tokio::task::JoinError> {
    let work = move || all.into_iter().filter_map(take).collect();
    tokio::task::spawn_blocking(work).await
}

async fn insert(app: &App, chunks: &[NewChunk<'_>]) -> Result<(), String> {
    match timeout(TAKEN_WITHIN, store::insert_chunks(app.db.pool(), chunks)).await {
        Ok(written) => written.map_err(|error| error.to_string()),
        Err(_) => Err("it took too long".to_owned()),
    }
}

/// Writes the last of a terminal, in spite of a short trouble.
pub async fn finish(app: &App) {
    for _ in 0..LAST_TRIES {
        if write_all(app).await {
            return;
        }
        let _ = timeout(TAKEN_WITHIN / 4, std::future::pending::<()>()).await;
    }
}

fn take(session: Arc<Session>) -> Option<(Arc<Session>, VecDeque<Piece>)> {
    let pieces = session.tape().take(session.now_ms());
    (!pieces.is_empty()).then_some((session, pieces))
}

fn chunk(terminal: TerminalId, piece: &Piece) -> NewChunk<'_> {
    NewChunk {
        terminal: terminal.0,
        sequence: piece.sequence,
        until_ms: i64::try_from(piece.until_ms).unwrap_or(i64::MAX),
        frames: &piece.packed,
    }
}

fn give_back(app: &App, session: &Session, pieces: VecDeque<Piece>) {
    let mut tape = session.tape();
    tape.put_back(pieces);
    if session.opened.strict {
        drop(tape);
        if session.not_written() > WITHOUT {
            session.end(Ending::NoRecorder);
        }
    } else if tape.waiting() >= app.terminals.room() {
        let now_ms = session.now_ms();
        tape.note(now_ms, What::Mark(Mark::RecorderAway));
        tape.forget(now_ms);
        drop(tape);
        session.room.notify_one();
    }
}
