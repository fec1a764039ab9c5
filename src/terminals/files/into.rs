//! A file into a container.

use axum::body::Bytes;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Direction, Move, Outcome, PATIENCE, Sum, archive, in_time, refused, too_big};
use crate::app::App;
use crate::connections::within;
use crate::error::AppError;
use crate::identity::Actor;
use crate::integrations::kubernetes::{End, Input, Output, Running};
use crate::terminals::TerminalId;

/// Pieces that wait for the container.
const PIECES: usize = 4;

/// A file that has arrived.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FileTaken)]
pub struct Taken {
    pub path: String,
    pub bytes: u64,
    pub sha256: String,
}

/// What a file comes through, and what came of it once its sender is dropped.
pub struct Way {
    pub bytes: mpsc::Sender<Bytes>,
    pub done: tokio::task::JoinHandle<Result<Taken, AppError>>,
}

/// Takes a file of so many bytes, readable by all, in the place of one that is there. It goes on
/// whoever waits for it; where fewer bytes come, nothing is left of it.
///
/// # Errors
/// 404 for what may not be seen, 403 for another's terminal and without the right, 400 for a path
/// that is none and for a file that is too big, 409 where the terminal is over, 503 when the
/// cluster does not answer. In the end 409 where the container has no `tar` or refuses.
pub async fn put(
    app: &App,
    actor: &Actor,
    terminal: TerminalId,
    (path, size): (&str, u64),
) -> Result<Way, AppError> {
    let most = app.settings.terminals.file_bytes;
    if size > most {
        return Err(too_big(size, most));
    }
    let moving = Move::begin(app, actor, terminal, (Direction::In, path)).await?;
    let (bytes, coming) = mpsc::channel(PIECES);
    let done = tokio::spawn(take(moving, size, coming));
    Ok(Way { bytes, done })
}

async fn take(moving: Move, size: u64, coming: mpsc::Receiver<Bytes>) -> Result<Taken, AppError> {
    let mut sum = Sum::default();
    let part = moving.path.beside(&format!(".slipway-{}.part", moving.id));
    let came = tokio::select! {
        came = write(&moving, size, (coming, &mut sum)) => came,
        () = moving.terminal_over() => {
            Err((Outcome::BrokenOff, AppError::conflict("file-broken-off")))
        }
    };
    let whole = match came {
        Ok(()) => rename(&moving, &part).await,
        Err(no) => Err(no),
    };
    match whole {
        Ok(()) => {
            let bytes = sum.bytes;
            let sha256 = moving.settle(Outcome::Done, sum).await?;
            Ok(Taken {
                path: moving.path.to_string(),
                bytes,
                sha256,
            })
        }
        Err((outcome, error)) => {
            // Whether or not it can be reached any longer.
            let _ = moving.run_through(&["rm", "-f", "--", &part]).await;
            moving.settle(outcome, sum).await?;
            Err(error)
        }
    }
}

type Came = Result<(), (Outcome, AppError)>;

fn no(error: AppError) -> (Outcome, AppError) {
    let outcome = match error {
        AppError::Unavailable(_) | AppError::Internal(_) => Outcome::Failed,
        _ => Outcome::Refused,
    };
    (outcome, error)
}

/// Beside its place, under a name that nobody has.
async fn write(
    moving: &Move,
    size: u64,
    (mut coming, sum): (mpsc::Receiver<Bytes>, &mut Sum),
) -> Came {
    let path = moving.path.to_string();
    let (end, _) = moving
        .run_through(&["test", "-d", &path])
        .await
        .map_err(no)?;
    if end == (End::Exited { code: 0 }) {
        return Err(no(AppError::field("path", "file-is-folder")));
    }
    let name = format!(".slipway-{}.part", moving.id);
    let modified = u64::try_from(crate::clock::now().as_second()).unwrap_or(0);
    let before = archive::before(&name, size, modified);
    let before = before.ok_or_else(|| no(AppError::field("path", "field-too-long")))?;
    let folder = moving.path.folder();
    let command = ["tar", "-x", "-o", "-f", "-", "-C", folder];
    let Running { input, mut output } = moving.run(&command).await.map_err(no)?;
    let poured = pour(input, (&before, size), (&mut coming, sum));
    tokio::select! {
        poured = poured => poured?,
        // Where it ends before its time, how it ended says why.
        _ = output.end() => {}
    }
    ended(moving, &mut output).await.map_err(no)
}

/// All that comes, between the archive's head and its end.
async fn pour(
    input: Input,
    (before, size): (&[u8], u64),
    (coming, sum): (&mut mpsc::Receiver<Bytes>, &mut Sum),
) -> Came {
    let mut came = tell(&input, before).await;
    while let (Ok(()), true) = (&came, sum.bytes < size) {
        let piece = timeout(PATIENCE, coming.recv()).await.ok().flatten();
        let Some(piece) = piece.filter(|piece| piece.len() as u64 <= size - sum.bytes) else {
            let gone = AppError::conflict("file-broken-off");
            return Err((Outcome::BrokenOff, gone));
        };
        sum.add(&piece);
        came = tell(&input, &piece).await;
    }
    // Whoever sends more than they said has not said what they send.
    if came.is_ok() && timeout(PATIENCE, coming.recv()).await != Ok(None) {
        return Err(no(AppError::field("Content-Length", "file-no-length")));
    }
    if came.is_ok() {
        // What it does not take, its end explains.
        let _ = tell(&input, &archive::after(size)).await;
    }
    Ok(())
}

/// Nothing more where the program has ended, or takes nothing.
async fn tell(input: &Input, bytes: &[u8]) -> Result<(), ()> {
    let told = timeout(PATIENCE, input.write(bytes)).await;
    told.map_err(drop)?.map_err(drop)
}

async fn ended(moving: &Move, output: &mut Output) -> Result<(), AppError> {
    let end = in_time(output.end());
    match within(&moving.terminal.cluster, PATIENCE, end).await? {
        End::Exited { code: 0 } => Ok(()),
        end => Err(refused(&end, &output.complaint())),
    }
}

async fn rename(moving: &Move, part: &str) -> Came {
    let path = moving.path.to_string();
    let moved = moving.run_through(&["mv", "-f", "--", part, &path]).await;
    match moved.map_err(no)? {
        (End::Exited { code: 0 }, _) => Ok(()),
        (end, complaint) => Err(no(refused(&end, &complaint))),
    }
}
