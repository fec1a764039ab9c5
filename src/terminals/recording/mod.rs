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

use super::Ending;
use super::session::Session;
use super::store::{self, NewChunk};
use crate::app::App;
use crate::integrations::kubernetes::Size;

/// A database that has not taken it by then did not.
const TAKEN_WITHIN: Duration = Duration::from_secs(4);
/// How long a shell that must be recorded goes on, within its room, while it cannot be.
const WITHOUT: Duration = Duration::from_secs(3);
/// What goes into one statement. It is copied three times on its way, into buffers that double, so
/// that with what stands around it each of them stays at 64 KiB.
const STATEMENT_BYTES: usize = 56 * 1024;
const ROW_BYTES: usize = 48;
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
    let mut waiting = match take_all(app.terminals.all()).await {
        Ok(taken) => taken,
        Err(error) => {
            tracing::error!(%error, "recordings could not be made small");
            return false;
        }
    };
    while !waiting.is_empty() {
        let together = together(&waiting);
        let chunks: Vec<_> = waiting.iter().take(together).map(chunk).collect();
        if let Err(why) = insert(app, &chunks).await {
            tracing::error!(why, "recordings could not be written");
            give_all_back(app, waiting);
            return false;
        }
        for (session, piece) in waiting.drain(..together) {
            session.written(&piece);
        }
    }
    true
}

/// What waits, with whose it is: the pieces of each stand together and in order.
type Waiting = VecDeque<(Arc<Session>, Piece)>;

/// The last of many is made small beside everybody's keys, not before them.
async fn take_all(all: Vec<Arc<Session>>) -> Result<Waiting, tokio::task::JoinError> {
    let take = |session: Arc<Session>| {
        let pieces = session.tape().take(session.now_ms());
        let with_whose = move |piece| (session.clone(), piece);
        pieces.into_iter().map(with_whose)
    };
    let work = move || all.into_iter().flat_map(take).collect();
    tokio::task::spawn_blocking(work).await
}

/// How many of them go into one statement: one at least.
fn together(waiting: &Waiting) -> usize {
    let mut bytes = 0;
    let fits = |(_, piece): &&(_, Piece)| {
        // What a row has beside its piece: terminal, number, time and lengths.
        bytes += piece.packed.len() + ROW_BYTES;
        bytes <= STATEMENT_BYTES
    };
    waiting.iter().take_while(fits).count().max(1)
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

fn chunk((session, piece): &(Arc<Session>, Piece)) -> NewChunk<'_> {
    NewChunk {
        terminal: session.opened.id.0,
        sequence: piece.sequence,
        until_ms: i64::try_from(piece.until_ms).unwrap_or(i64::MAX),
        frames: &piece.packed,
    }
}

fn give_all_back(app: &App, mut waiting: Waiting) {
    while let Some((session, first)) = waiting.pop_front() {
        let theirs = |(other, _): &(Arc<Session>, _)| Arc::ptr_eq(other, &session);
        let more = waiting.iter().take_while(|w| theirs(w)).count();
        let more = waiting.drain(..more).map(|(_, piece)| piece);
        let pieces = std::iter::once(first).chain(more).collect();
        give_back(app, &session, pieces);
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
