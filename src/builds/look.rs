//! One look at a build: its state, its stages, and the log since the last look.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::trigger::{find, job_name};
use super::{Build, Found, Outcome, Stage, queued};
use crate::error::Words;
use crate::integrations::CallError;
use crate::integrations::jenkins::{BuildResult, Jenkins, QueueItem, StageStatus};

/// What there was to see; stored as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Progress {
    pub number: Option<i64>,
    pub started_at: Option<Timestamp>,
    pub stages: Vec<Stage>,
    pub chunk: Option<Chunk>,
    pub outcome: Option<Outcome>,
    /// The log has been read to its end.
    pub complete: bool,
}

/// A piece of the log, with the server's own offsets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Chunk {
    pub start: i64,
    pub next: i64,
    pub text: String,
}

/// What the look says of the build.
#[derive(Debug, Clone)]
pub enum Look {
    /// Waits in the queue; Jenkins' own reason in the words.
    Queued(Words),
    Running(Progress),
    /// Ended, log complete.
    Ended(Progress),
    /// Neither in the queue nor among the builds: cancelled there, or lost by a restart.
    Gone,
}

/// Looks once. A build without a number is looked for by its id.
///
/// # Errors
/// Jenkins' trouble.
pub async fn look(jenkins: &Jenkins, build: &Build, queue: Option<u64>) -> Result<Look, CallError> {
    let name = job_name(build)?;
    let number = match build.number.and_then(|n| u64::try_from(n).ok()) {
        Some(number) => number,
        None => match find(jenkins, &name, build.id).await? {
            Found::Built(number) => number,
            Found::Queued(item) => return waiting(jenkins, Some(item)).await,
            Found::Nowhere => return waiting(jenkins, queue).await,
        },
    };
    let Some(seen) = jenkins.build(&name, number).await? else {
        return Ok(Look::Gone);
    };
    let start = u64::try_from(build.log_offset).unwrap_or(0);
    let log = jenkins.log(&name, number, start).await?;
    let stages = jenkins.stages(&name, number).await?.unwrap_or_default();
    let ended = seen.finished();
    let chunk = (!log.text.is_empty()).then(|| Chunk {
        start: build.log_offset,
        next: i64::try_from(log.next).unwrap_or(i64::MAX),
        text: log.text,
    });
    let complete = ended.is_some() && !log.more && !log.cut;
    let progress = Progress {
        number: i64::try_from(number).ok(),
        started_at: Some(seen.started_at),
        stages: stages.iter().map(stage).collect(),
        chunk,
        outcome: ended.map(outcome),
        complete,
    };
    Ok(if complete {
        Look::Ended(progress)
    } else {
        Look::Running(progress)
    })
}

async fn waiting(jenkins: &Jenkins, item: Option<u64>) -> Result<Look, CallError> {
    let Some(item) = item else {
        return Ok(Look::Gone);
    };
    let Some(found) = jenkins.queue_item(item).await? else {
        return Ok(Look::Gone);
    };
    let ahead = match found {
        QueueItem::Buildable { .. } => jenkins.queued_before(item).await?,
        QueueItem::Waiting { .. }
        | QueueItem::Blocked { .. }
        | QueueItem::Left { .. }
        | QueueItem::Cancelled => 0,
    };
    Ok(queued::words(&found, ahead).map_or(Look::Gone, Look::Queued))
}

fn stage(stage: &crate::integrations::jenkins::Stage) -> Stage {
    let status = match stage.status {
        StageStatus::NotExecuted => "NOT_EXECUTED",
        StageStatus::Aborted => "ABORTED",
        StageStatus::Success => "SUCCESS",
        StageStatus::InProgress => "IN_PROGRESS",
        StageStatus::PausedPendingInput => "PAUSED_PENDING_INPUT",
        StageStatus::Failed => "FAILED",
        StageStatus::Unstable => "UNSTABLE",
    };
    Stage {
        name: stage.name.clone(),
        status: status.to_owned(),
        seconds: stage.duration.as_secs(),
    }
}

pub(super) const fn outcome(result: BuildResult) -> Outcome {
    match result {
        BuildResult::Success => Outcome::Success,
        BuildResult::Unstable => Outcome::Unstable,
        BuildResult::Failure => Outcome::Failure,
        BuildResult::NotBuilt => Outcome::NotBuilt,
        BuildResult::Aborted => Outcome::Aborted,
    }
}
