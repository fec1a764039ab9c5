//! A file out of a container.

use std::io;

use axum::body::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::archive::{self, Found, HEAD_MOST_BYTES, NotAFile};
use super::{Direction, Move, Outcome, PATIENCE, Sum, in_time, refused, too_big};
use crate::app::App;
use crate::connections::within;
use crate::error::AppError;
use crate::identity::Actor;
use crate::integrations::kubernetes::{End, Output};
use crate::terminals::TerminalId;

/// Pieces of 16 KiB that wait for whoever takes them.
const PIECES: usize = 4;
/// `tar` ends so where a file changed while it was read.
const CHANGED: i32 = 1;
/// GNU's word where it became shorter, and `tar` made the rest up.
const SHRANK: &str = "shrank";

/// A file that comes. Its bytes end in an error where it could not be had whole.
#[derive(Debug)]
pub struct Given {
    pub name: String,
    pub size: u64,
    pub bytes: mpsc::Receiver<io::Result<Bytes>>,
}

/// Fetches one ordinary file; a link is not followed.
///
/// # Errors
/// 404 for what may not be seen, 403 for another's terminal and without the right, 400 for a path
/// that is none or names no ordinary file and for one that is too big, 409 where the terminal is
/// over, the container has no `tar` or refuses, 503 when the cluster does not answer.
pub async fn get(
    app: &App,
    actor: &Actor,
    terminal: TerminalId,
    path: &str,
) -> Result<Given, AppError> {
    // It is put on record even where whoever asked is gone before anything came.
    let (app, actor, path) = (app.clone(), actor.clone(), path.to_owned());
    let begun = tokio::spawn(async move { begin(&app, &actor, terminal, &path).await });
    let begun = begun.await;
    begun.map_err(|error| AppError::Internal(error.to_string()))?
}

async fn begin(
    app: &App,
    actor: &Actor,
    terminal: TerminalId,
    path: &str,
) -> Result<Given, AppError> {
    let moving = Move::begin(app, actor, terminal, (Direction::Out, path)).await?;
    match start(&moving).await {
        Ok((output, first, size)) => {
            let (sender, bytes) = mpsc::channel(PIECES);
            let name = moving.path.name().to_owned();
            tokio::spawn(pour(moving, output, (first, size), sender));
            Ok(Given { name, size, bytes })
        }
        Err(error) => {
            moving.settle(Outcome::Refused, Sum::default()).await?;
            Err(error)
        }
    }
}

/// Until it is known that a file comes, and how big it is.
async fn start(moving: &Move) -> Result<(Output, Bytes, u64), AppError> {
    let name = format!("./{}", moving.path.name());
    let command = ["tar", "-c", "-f", "-", "-C", moving.path.folder(), &name];
    let mut running = moving.run(&command).await?;
    drop(running.input);
    let reading = read_head(&mut running.output);
    let read = within(&moving.terminal.cluster, PATIENCE, in_time(reading)).await?;
    let (found, mut head) = match read {
        Ok(read) => read,
        Err(Head::Ended(end)) => return Err(refused(&end, &running.output.complaint())),
        Err(Head::Not(what)) => return Err(not_a_file(what)),
    };
    let most = moving.app.settings.terminals.file_bytes;
    if found.size > most {
        return Err(too_big(found.size, most));
    }
    let first = Bytes::from(head.split_off(found.starts));
    Ok((running.output, first, found.size))
}

enum Head {
    Ended(End),
    Not(NotAFile),
}

async fn read_head(output: &mut Output) -> Result<(Found, Vec<u8>), Head> {
    let mut head = Vec::new();
    loop {
        let piece = output.next().await.map_err(Head::Ended)?;
        head.extend_from_slice(&piece);
        match archive::find(&head) {
            Ok(Some(found)) => return Ok((found, head)),
            Ok(None) => {}
            Err(NotAFile::Broken) => return Err(broken(output).await),
            Err(what) => return Err(Head::Not(what)),
        }
        if head.len() > 2 * HEAD_MOST_BYTES {
            return Err(Head::Not(NotAFile::Broken));
        }
    }
}

/// `tar` ends even an archive of nothing, and says afterwards why there is nothing in it.
async fn broken(output: &mut Output) -> Head {
    match output.end().await {
        End::Exited { code: 0 } => Head::Not(NotAFile::Broken),
        end => Head::Ended(end),
    }
}

fn not_a_file(what: NotAFile) -> AppError {
    let code = match what {
        NotAFile::Folder => "file-is-folder",
        NotAFile::Link => "file-is-link",
        NotAFile::Special => "file-is-special",
        NotAFile::Broken => "file-no-archive",
    };
    AppError::field("path", code)
}

async fn pour(
    moving: Move,
    mut output: Output,
    (first, size): (Bytes, u64),
    sender: mpsc::Sender<io::Result<Bytes>>,
) {
    let mut sum = Sum::default();
    let came = tokio::select! {
        came = pass(&mut output, (first, size), &mut sum, &sender) => came,
        () = moving.terminal_over() => Err(Outcome::BrokenOff),
    };
    let outcome = match &came {
        Ok(last) if !last.is_empty() && sender.is_closed() => Outcome::BrokenOff,
        Ok(_) => Outcome::Done,
        Err(outcome) => *outcome,
    };
    let recorded = moving.settle(outcome, sum).await;
    if let Err(error) = &recorded {
        tracing::error!(%error, "what came of a file is not on record");
    }
    match (came, recorded) {
        // Whoever has gone by now went without the last of it, which nobody can know better.
        (Ok(last), Ok(_)) if !last.is_empty() => drop(sender.send(Ok(last)).await),
        (Ok(_), Ok(_)) => {}
        // What was promised and does not come is an error, for whoever still listens.
        _ => drop(sender.try_send(Err(io::Error::other("the file was not had whole")))),
    }
}

/// Passes so many bytes on but the last of them, which it gives back when the archive has ended
/// well: they are let go when it is on record that they went.
async fn pass(
    output: &mut Output,
    (first, size): (Bytes, u64),
    sum: &mut Sum,
    sender: &mpsc::Sender<io::Result<Bytes>>,
) -> Result<Bytes, Outcome> {
    let mut next = first;
    loop {
        let left = size - sum.bytes;
        let mine = usize::try_from(left).map_or(next.len(), |left| left.min(next.len()));
        next.truncate(mine);
        sum.add(&next);
        if sum.bytes == size {
            return match timeout(PATIENCE, output.end()).await {
                Ok(end) if is_whole(&end, &output.complaint()) => Ok(next),
                Ok(_) | Err(_) => Err(Outcome::Failed),
            };
        }
        if !next.is_empty() {
            let sent = sender.send(Ok(next)).await;
            sent.map_err(|_| Outcome::BrokenOff)?;
        }
        next = match timeout(PATIENCE, output.next()).await {
            Ok(Ok(piece)) => piece,
            Ok(Err(_)) | Err(_) => return Err(Outcome::Failed),
        };
    }
}

/// A log grows while it is read, and what was promised of it came; one that became shorter did not
/// come as it was at any time.
fn is_whole(end: &End, complaint: &str) -> bool {
    match end {
        End::Exited { code: 0 } => true,
        End::Exited { code: CHANGED } => !complaint.contains(SHRANK),
        End::Exited { .. }
        | End::Killed
        | End::Missing { .. }
        | End::Failed { .. }
        | End::Lost { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_grew_is_whole_and_one_that_shrank_is_not() {
        let exited = |code| End::Exited { code };
        let grew = "tar: ./app.log: file changed as we read it";
        let shrank = "tar: ./app.log: File shrank by 512 bytes; padding with zeros";
        assert!(is_whole(&exited(0), "") && is_whole(&exited(1), grew));
        assert!(!is_whole(&exited(1), shrank) && !is_whole(&exited(2), ""));
        assert!(!is_whole(&End::Killed, ""));
    }
}
