//! Reading a log that may still grow: whole lines alone, so that a reader who goes on where they
//! stopped misses nothing.

use super::{Build, Line, store};
use crate::db::{Db, DbError};

/// Chunks that are read at once.
const CHUNKS: i64 = 100;

/// Whole lines from one on.
#[derive(Debug, Clone)]
pub struct Piece {
    pub lines: Vec<Line>,
    /// Where to go on.
    pub next: i64,
    /// Nothing follows, now or later.
    pub complete: bool,
}

/// Lines that hold a text.
#[derive(Debug, Clone)]
pub struct Found {
    pub lines: Vec<Line>,
    /// Where to go on searching, if there is more of the log.
    pub next: Option<i64>,
}

/// The next lines of a log, at most as many as its next chunks hold.
///
/// # Errors
/// No answer from the database.
pub async fn piece(db: &Db, build: &Build, from: i64) -> Result<Piece, DbError> {
    let (mut lines, all) = store::lines_from(db.pool(), build.id, from, CHUNKS).await?;
    // The last line may be cut where the reading stopped, or is still being written.
    let growing = |l: &Line| !build.log_complete && l.number >= build.log_lines;
    let partial = !all || lines.last().is_some_and(growing);
    if partial && (all || lines.len() > 1) {
        lines.pop();
    }
    let next = lines.last().map_or(from, |l| l.number + 1);
    Ok(Piece {
        lines,
        next,
        complete: all && build.log_complete,
    })
}

/// Lines that hold a text, whatever its case, from one on; at most `limit`.
///
/// # Errors
/// No answer from the database.
pub async fn search(
    db: &Db,
    build: &Build,
    text: &str,
    from: i64,
    limit: usize,
) -> Result<Found, DbError> {
    let wanted = text.to_lowercase();
    let (mut found, mut at) = (Vec::new(), from);
    loop {
        let piece = piece(db, build, at).await?;
        let ended = piece.lines.is_empty() || piece.complete;
        for line in piece.lines {
            if !line.text.to_lowercase().contains(&wanted) {
                continue;
            }
            if found.len() == limit {
                let next = Some(line.number);
                return Ok(Found { lines: found, next });
            }
            found.push(line);
        }
        if ended {
            return Ok(Found {
                lines: found,
                next: None,
            });
        }
        at = piece.next;
    }
}
