//! Builds: finding, watching, reading, stopping them.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use super::{Jenkins, JobName, fault, wire};
use crate::integrations::CallError;

const BUILD_FIELDS: &str = "number,queueId,building,inProgress,result,duration,timestamp,\
                            actions[parameters[name,value]]";
const QUEUE_TREE: &str = "items[id,task[url],actions[parameters[name,value]]]";

/// `builds` ends at a hundred; `allBuilds` goes on, but each page loads that many from disk.
const SCAN_PAGE: usize = 100;
/// A job that built more often than this since the trigger is not a thing that we wait for.
const SCAN_MAX: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    pub number: u64,
    pub queue_id: Option<u64>,
    pub building: bool,
    pub result: Option<BuildResult>,
    pub started_at: Timestamp,
    /// Zero until it ended.
    pub duration: Duration,
    /// Secret ones are left out by Jenkins.
    pub parameters: Vec<(String, String)>,
}

impl Build {
    /// The result once it is final; Jenkins sets it a moment before the build ends.
    #[must_use]
    pub fn finished(&self) -> Option<BuildResult> {
        self.result.filter(|_| !self.building)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BuildResult {
    Success,
    Unstable,
    Failure,
    NotBuilt,
    Aborted,
}

/// What carries a parameter's value: items still queued (by id), and builds, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub queued: Vec<u64>,
    pub builds: Vec<Build>,
}

/// A piece of a build's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChunk {
    /// With plain line ends. Its length says nothing about offsets.
    pub text: String,
    /// Where to go on reading, in bytes of Jenkins' own file.
    pub next: u64,
    pub more: bool,
    /// The asked-for start lay beyond the end, so this is the log from its beginning.
    pub restarted: bool,
    /// There was more text before `next` than fits an answer; the rest is skipped.
    pub cut: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    pub name: String,
    pub status: StageStatus,
    pub started_at: Timestamp,
    pub duration: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StageStatus {
    NotExecuted,
    Aborted,
    Success,
    InProgress,
    PausedPendingInput,
    Failed,
    Unstable,
}

impl Jenkins {
    pub async fn build(&self, name: &JobName, number: u64) -> Result<Option<Build>, CallError> {
        let number = number.to_string();
        let path = name.path(&[&number, "api", "json"]);
        let Some(answer) = self.find(&path, &[("tree", BUILD_FIELDS)]).await? else {
            return Ok(None);
        };
        answer.json::<wire::Build>()?.try_into().map(Some)
    }

    /// Looks through the queue, then the job's newest builds, for a parameter with this value.
    ///
    /// The queue comes first, so that an item which starts meanwhile is seen as a build. One that
    /// just left the queue may be in neither for a moment: only two looks apart prove absence.
    pub async fn find_by_parameter(
        &self,
        name: &JobName,
        parameter: &str,
        value: &str,
    ) -> Result<Found, CallError> {
        let wanted = |actions: &[wire::Action]| {
            let parameters = wire::parameters(actions);
            parameters.iter().any(|(n, v)| n == parameter && v == value)
        };
        let queue: wire::Queue = self
            .get(&["queue", "api", "json"], &[("tree", QUEUE_TREE)])
            .await?
            .json()?;
        let queued = queue.items.iter().filter(|item| wanted(&item.actions));
        let mut found = Found {
            queued: queued
                .filter(|item| item.task.is_of(name))
                .map(|item| item.id)
                .collect(),
            builds: Vec::new(),
        };
        for start in (0..SCAN_MAX).step_by(SCAN_PAGE) {
            let page = self.builds_from(name, start).await?;
            let last = page.len() < SCAN_PAGE;
            for build in page.into_iter().filter(|build| wanted(&build.actions)) {
                found.builds.push(build.try_into()?);
            }
            if last {
                break;
            }
        }
        Ok(found)
    }

    async fn builds_from(
        &self,
        name: &JobName,
        start: usize,
    ) -> Result<Vec<wire::Build>, CallError> {
        let path = name.path(&["api", "json"]);
        let end = start + SCAN_PAGE;
        let tree = format!("allBuilds[{BUILD_FIELDS}]{{{start},{end}}}");
        let answer = self.ask(&path, &[("tree", &tree)]).await?;
        if answer.status == StatusCode::INTERNAL_SERVER_ERROR && start == 0 {
            // The oldest versions fail on a range; the plain list holds the newest hundred.
            let tree = format!("builds[{BUILD_FIELDS}]");
            let answer = self.get(&path, &[("tree", &tree)]).await?;
            return Ok(answer.json::<wire::Builds>()?.list());
        }
        match answer.status {
            StatusCode::OK => Ok(answer.json::<wire::Builds>()?.list()),
            _ => Err(fault(&answer)),
        }
    }

    /// The log from byte `start` on; 0 is the beginning, then each chunk's `next`.
    pub async fn log(
        &self,
        name: &JobName,
        number: u64,
        start: u64,
    ) -> Result<LogChunk, CallError> {
        let (number, offset) = (number.to_string(), start.to_string());
        let path = name.path(&[&number, "logText", "progressiveText"]);
        let request = self.request(Method::GET, &path);
        let request = request.query(&[("start", &offset)]);
        let answer = self.http.send_cut(request).await?;
        if answer.status != StatusCode::OK {
            return Err(fault(&answer));
        }
        let size = answer.header("x-text-size").and_then(|s| s.parse().ok());
        let next: u64 = size.ok_or_else(|| CallError::Unexpected {
            detail: "a log without X-Text-Size".to_owned(),
        })?;
        Ok(LogChunk {
            text: answer.text().replace("\r\n", "\n"),
            next,
            more: answer.header("x-more-data") == Some("true"),
            restarted: next < start,
            cut: answer.cut,
        })
    }

    /// A pipeline's stages; `None` for freestyle jobs and where the plugin is missing.
    pub async fn stages(
        &self,
        name: &JobName,
        number: u64,
    ) -> Result<Option<Vec<Stage>>, CallError> {
        let number = number.to_string();
        let path = name.path(&[&number, "wfapi", "describe"]);
        let Some(answer) = self.find(&path, &[]).await? else {
            return Ok(None);
        };
        let run: wire::Run = answer.json()?;
        let stages = run.stages.into_iter().map(Stage::try_from);
        stages.collect::<Result<_, _>>().map(Some)
    }

    /// Asks for a build's end, which comes later; on an ended build it does nothing.
    pub async fn stop(&self, name: &JobName, number: u64) -> Result<(), CallError> {
        let number = number.to_string();
        let path = name.path(&[&number, "stop"]);
        let answer = self.post(|| self.request(Method::POST, &path)).await?;
        if answer.status.is_success() || answer.status.is_redirection() {
            Ok(())
        } else {
            Err(fault(&answer))
        }
    }
}

fn timestamp(epoch_ms: i64) -> Result<Timestamp, CallError> {
    Timestamp::from_millisecond(epoch_ms).map_err(|_| CallError::Unexpected {
        detail: format!("a time of {epoch_ms} ms"),
    })
}

/// Negative durations are what some plugins say for "not yet".
fn duration(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

impl TryFrom<wire::Build> for Build {
    type Error = CallError;

    fn try_from(build: wire::Build) -> Result<Self, CallError> {
        Ok(Self {
            number: build.number,
            queue_id: build.queue_id.and_then(|id| u64::try_from(id).ok()),
            building: build.building,
            result: build.result,
            started_at: timestamp(build.timestamp)?,
            duration: duration(build.duration),
            parameters: wire::parameters(&build.actions),
        })
    }
}

impl TryFrom<wire::Stage> for Stage {
    type Error = CallError;

    fn try_from(stage: wire::Stage) -> Result<Self, CallError> {
        Ok(Self {
            name: stage.name,
            status: stage.status,
            started_at: timestamp(stage.start_time_millis)?,
            duration: duration(stage.duration_millis),
        })
    }
}
