//! Files in and out of a container, through a terminal that is open there: `tar` over exec, one
//! ordinary file at a time.
//!
//! Invariant: a file that arrives is whole. What goes in is written beside its place and moved
//! there at the end; what comes out is short of its last bytes until `tar` has said that it is
//! good. Nothing in an archive chooses where anything goes. Each is a row before its first byte,
//! and on record with its size and hash when it ends.

pub mod api;
pub mod archive;
mod into;
mod out;
mod path;
mod places;
mod store;

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;
use uuid::Uuid;

pub use into::{Taken, Way, put};
pub use out::{Given, get};
pub use path::RemotePath;
pub use places::Places;

use super::{Terminal, TerminalId, open};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::clusters::{self, Tier};
use crate::connections::{ConnectionError, within};
use crate::db::DbError;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission};
use crate::integrations::kubernetes::{End, Place, Running};

/// What a program in the container may take to answer, and a file to move on at all.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often somebody looks whether the terminal is still open.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Shown of one terminal.
const SHOWN: i64 = 200;
/// What is shown of a complaint.
const COMPLAINT_LETTERS: usize = 300;

crate::words! {
    /// Which way a file goes, as seen from the container.
    pub enum Direction as FileDirection { In = "in", Out = "out" }

    /// What came of it.
    pub enum Outcome as FileOutcome {
        Done = "done",
        /// The container would not, or it was no file, or it was too big.
        Refused = "refused",
        /// Whoever asked went away, or the terminal ended.
        BrokenOff = "broken-off",
        Failed = "failed",
    }
}

/// A file that was moved through a terminal.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = MovedFile)]
pub struct Moved {
    pub direction: Direction,
    pub path: String,
    /// So many went over.
    pub bytes: i64,
    pub begun_at: Timestamp,
    /// None while it is under way, or where its process died.
    pub outcome: Option<Outcome>,
    /// Of the whole file.
    pub sha256: Option<String>,
}

/// The files of a terminal that this person may look at.
///
/// # Errors
/// 404 and 403 as for its recording.
pub async fn list(app: &App, actor: &Actor, id: TerminalId) -> Result<Vec<Moved>, AppError> {
    let terminal = super::get(app, actor, id).await?;
    Ok(store::list(app.db.pool(), terminal.id, SHOWN).await?)
}

/// The right to move files where customers are served is another than in test.
#[must_use]
pub const fn right(tier: Tier) -> Permission {
    match tier {
        Tier::Test => Permission::MoveFilesInTest,
        Tier::Production => Permission::MoveFilesInProduction,
    }
}

/// One file on its way.
struct Move {
    app: App,
    terminal: Terminal,
    direction: Direction,
    path: RemotePath,
    origin: Origin,
    id: Uuid,
    /// Given back when it has ended.
    _place: places::Place,
}

/// What has gone over so far.
#[derive(Default)]
struct Sum {
    hash: Sha256,
    bytes: u64,
}

impl Sum {
    fn add(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.bytes += piece.len() as u64;
    }
}

impl Move {
    /// The gate: one's own terminal that is open, with the right to move files there.
    async fn begin(
        app: &App,
        actor: &Actor,
        terminal: TerminalId,
        (direction, path): (Direction, &str),
    ) -> Result<Self, AppError> {
        let terminal = super::seen(app, actor, terminal).await?;
        if terminal.account_id != actor.id {
            return Err(AppError::forbidden("terminal-not-yours"));
        }
        actor.must(terminal.right(), terminal.scope())?;
        actor.must(right(terminal.tier), terminal.scope())?;
        let path = RemotePath::parse(path)?;
        if let Some(ending) = terminal.ending {
            return Err(open::over(ending));
        }
        if terminal.started_at.is_none() {
            return Err(AppError::conflict("terminal-not-begun"));
        }
        let place = app.terminals.moving.take(actor.id)?;
        let id = Uuid::now_v7();
        let what = (direction, path.to_string());
        store::begin(app.db.pool(), id, terminal.id, (what.0, &what.1)).await?;
        Ok(Self {
            app: app.clone(),
            terminal,
            direction,
            path,
            origin: Origin::from(actor),
            id,
            _place: place,
        })
    }

    /// Starts a program in the container.
    async fn run(&self, command: &[&str]) -> Result<Running, AppError> {
        let terminal = &self.terminal;
        let started = async {
            let kubernetes = clusters::kubernetes(&self.app, terminal.cluster_id).await?;
            let place = Place {
                namespace: &terminal.namespace,
                pod: &terminal.pod,
                container: &terminal.container,
            };
            Ok(kubernetes.exec_plain(place, command).await?)
        };
        within(&terminal.cluster, PATIENCE, started).await
    }

    /// Runs one that says nothing, and tells how it ended.
    async fn run_through(&self, command: &[&str]) -> Result<(End, String), AppError> {
        let mut running = self.run(command).await?;
        drop(running.input);
        let end = in_time(running.output.end());
        let end = within(&self.terminal.cluster, PATIENCE, end).await?;
        Ok((end, running.output.complaint()))
    }

    /// Ends when the terminal does, for whatever reason.
    async fn terminal_over(&self) {
        loop {
            let _ = timeout(LOOK_EVERY, std::future::pending::<()>()).await;
            let looked = store::is_open(self.app.db.pool(), self.terminal.id).await;
            if !looked.unwrap_or(false) {
                return;
            }
        }
    }

    /// Puts on record what came of it.
    async fn settle(&self, outcome: Outcome, sum: Sum) -> Result<String, DbError> {
        let bytes = i64::try_from(sum.bytes).unwrap_or(i64::MAX);
        let hash = sum.hash.finalize();
        let whole = (outcome == Outcome::Done).then_some(hash.as_slice());
        let text = hex::encode(hash);
        let (action, path) = (self.action(), self.path.to_string());
        let entry = match outcome {
            Outcome::Done => Entry::done(action, "terminal", self.terminal.id),
            Outcome::Refused | Outcome::BrokenOff | Outcome::Failed => {
                let code = format!("file-{outcome}");
                Entry::refused(action, "terminal", self.terminal.id).because(&code)
            }
        };
        let told = json!({
            "path": path, "bytes": bytes, "sha256": whole.is_some().then_some(&text),
            "pod": self.terminal.pod, "container": self.terminal.container,
        });
        let entry = entry.in_project(self.terminal.project_id).after(told);
        let mut tx = self.app.db.begin().await?;
        store::end(tx.connection(), self.id, outcome, (bytes, whole)).await?;
        audit::record(&mut tx, &entry, &self.origin).await?;
        tx.commit().await?;
        Ok(text)
    }

    const fn action(&self) -> &'static str {
        match self.direction {
            Direction::In => "terminal.file-in",
            Direction::Out => "terminal.file-out",
        }
    }
}

/// What cannot fail, for [`within`].
async fn in_time<T>(what: impl Future<Output = T>) -> Result<T, ConnectionError> {
    Ok(what.await)
}

/// Why a program in the container did not do what it was asked for.
fn refused(end: &End, complaint: &str) -> AppError {
    match end {
        End::Missing { .. } => AppError::conflict("file-no-tar"),
        End::Exited { .. } => {
            let words = Words::new("file-container-refused");
            AppError::Conflict(words.with("complaint", readable(complaint)))
        }
        End::Killed | End::Failed { .. } | End::Lost { .. } => AppError::conflict("file-lost"),
    }
}

/// The first line of a complaint, which says what the others follow from, without anything that
/// would not be text on a page.
fn readable(complaint: &str) -> String {
    let mut lines = complaint.lines().map(str::trim);
    let line = lines.find(|l| !l.is_empty()).unwrap_or_default();
    let letters = line.chars().filter(|c| !c.is_control());
    letters.take(COMPLAINT_LETTERS).collect()
}

/// A size in the units of the setting that limits it.
fn too_big(size: u64, most: u64) -> AppError {
    let mebibytes = |bytes: u64| bytes.div_ceil(1024 * 1024);
    let words = Words::new("file-too-big")
        .with("size", mebibytes(size))
        .with("most", mebibytes(most));
    AppError::Invalid(vec![crate::error::FieldError {
        field: "path".to_owned(),
        words,
    }])
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn a_complaint_is_its_first_line_in_plain_letters() {
        assert_eq!(readable(""), "");
        assert_eq!(
            readable("\ntar: \u{1b}[31m/x: Cannot open\u{7}\ntar: Exiting\n"),
            "tar: [31m/x: Cannot open"
        );
        assert_eq!(readable(&"x".repeat(1000)).len(), 300);
    }
}
