//! What is put on record of a terminal's end, whether its process saw it or died before.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tokio::time::timeout;

use super::session::{Ended, Session};
use super::{TOPIC, TerminalId, recording, store};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::DbError;
use crate::identity::ProjectId;
use crate::jobs::{Timer, When};

const TRIES: usize = 5;
const AGAIN_AFTER: Duration = Duration::from_secs(2);
/// How soon the terminals of a process that died are known to be over.
const SWEEP_EVERY: Duration = Duration::from_secs(15);

/// Writes the last of the recording and the end; whoever looks has been told already.
pub async fn settle(app: &App, session: &Arc<Session>, ended: Ended, bytes: u64) {
    recording::finish(app).await;
    let hash = session.tape().proof();
    let output = store::Output { bytes, hash };
    for _ in 0..TRIES {
        match record(app, session, ended, &output).await {
            Ok(()) => break,
            Err(error) => tracing::error!(%error, "the end of a terminal is not on record yet"),
        }
        let _ = timeout(AGAIN_AFTER, std::future::pending::<()>()).await;
    }
    // What never got on record is found by the sweep, as lost with its process.
    app.terminals.remove(session.opened.id);
}

async fn record(
    app: &App,
    session: &Session,
    ended: Ended,
    output: &store::Output,
) -> Result<(), DbError> {
    let opened = &session.opened;
    let mut tx = app.db.begin().await?;
    if !store::end(tx.connection(), opened.id, ended, output).await? {
        return Ok(());
    }
    let told = json!({
        "ending": ended.ending, "exit_code": ended.exit_code,
        "output_bytes": output.bytes, "output_sha256": output.hash.map(hex::encode),
    });
    let entry = Entry::done("terminal.end", "terminal", opened.id)
        .in_project(opened.project)
        .after(told);
    audit::record(&mut tx, &entry, &opened.origin).await?;
    tx.event(TOPIC, Some(opened.project.0)).await?;
    tx.commit().await
}

/// Ends in the database what no process holds any longer.
///
/// # Errors
/// No answer from the database.
pub async fn sweep(app: &App) -> Result<(), DbError> {
    let mut tx = app.db.begin().await?;
    for (id, project, ending) in store::end_lost(tx.connection()).await? {
        let entry = Entry::done("terminal.end", "terminal", TerminalId(id))
            .in_project(ProjectId(project))
            .after(json!({ "ending": ending }));
        audit::record(&mut tx, &entry, &Origin::default()).await?;
        tx.event(TOPIC, Some(project)).await?;
    }
    tx.commit().await
}

pub struct Sweep(pub App);

#[async_trait]
impl Timer for Sweep {
    fn name(&self) -> &str {
        "terminals.sweep"
    }

    fn when(&self) -> When {
        When::Every(SWEEP_EVERY)
    }

    async fn run(&self) -> Result<(), String> {
        sweep(&self.0).await.map_err(|error| error.to_string())
    }
}
