//! `release.build`: follows the build to its end, log and stages along the way.

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Input, facts, fail_release, show};
use crate::app::App;
use crate::builds::{self, Build, BuildId, Look, Outcome, Progress};
use crate::connections;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::integrations::CallError;
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::projects;
use crate::releases::store;
use crate::workloads::{StepError, settle};

/// Looks without any trace of the build, apart by the look-up gap, before it counts as lost.
const LOOKS_BEFORE_LOST: u64 = 3;

/// What Jenkins answers to everything while it starts.
const GETTING_READY: &str = "is getting ready";

pub struct Follow(pub App);

#[derive(Deserialize)]
struct Queue {
    queue: Option<u64>,
}

#[async_trait]
impl Step for Follow {
    fn name(&self) -> &'static str {
        "release.build"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, "Jenkins", self.look(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        let input = Input::of(claim)?;
        let next = match result {
            StepResult::Done(seen) => {
                save(tx, input.build, seen).await?;
                let release = store::find(tx.connection(), input.release).await?;
                let project = match release {
                    Some(release) => {
                        projects::registry_of(tx.connection(), release.project_id).await?
                    }
                    None => None,
                };
                let lane =
                    project.map_or_else(|| claim.lane.clone(), |id| format!("registry:{id}"));
                Some(NewStep::new("release.artifact", lane, claim.input.clone()))
            }
            StepResult::Wait { seen, .. } => {
                save(tx, input.build, seen).await?;
                None
            }
            StepResult::Fail(words) => {
                if let Some(outcome) = outcome_in(words) {
                    builds::complete(tx.connection(), input.build, outcome).await?;
                }
                fail_release(tx, claim, result).await?;
                None
            }
            StepResult::Retry { .. } => None,
        };
        show(tx, claim).await?;
        Ok(next)
    }
}

/// What a look saw, into the build's rows; a repeat of the same look changes nothing.
pub(super) async fn save(tx: &mut Tx, build: BuildId, seen: &Value) -> Result<(), DbError> {
    let Ok(progress) = serde_json::from_value::<Progress>(seen["progress"].clone()) else {
        return Ok(());
    };
    let connection = tx.connection();
    if let Some((number, started)) = progress.number.zip(progress.started_at) {
        builds::adopt(connection, build, number, started).await?;
    }
    builds::save_stages(connection, build, &progress.stages).await?;
    if let Some(chunk) = &progress.chunk {
        builds::save_log(connection, build, chunk).await?;
    }
    match progress.outcome {
        Some(outcome) if progress.complete => builds::complete(connection, build, outcome).await,
        Some(_) | None => Ok(()),
    }
}

fn outcome_in(words: &Words) -> Option<Outcome> {
    let (_, value) = words.args.iter().find(|(name, _)| name == "result")?;
    Outcome::parse(value)
}

impl Follow {
    async fn look(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let facts = facts(&self.0, claim).await?;
        if facts.build.log_complete {
            return Ok(ended(&facts.build, facts.build.result));
        }
        let (jenkins, _) = connections::jenkins(&self.0, facts.build.jenkins).await?;
        let queue = serde_json::from_value::<Queue>(claim.input.clone()).ok();
        let queue = queue.and_then(|q| q.queue);
        let engine = &self.0.settings.engine;
        let look = builds::look(&jenkins, &facts.build, queue).await;
        Ok(match look.map_err(in_words)? {
            Look::Queued(for_what) => StepResult::Wait {
                after: engine.watch,
                for_what,
                seen: json!({}),
            },
            Look::Running(progress) => StepResult::Wait {
                after: engine.watch,
                for_what: Words::new("waits-build").with("number", progress.number.unwrap_or(0)),
                seen: json!({ "progress": progress }),
            },
            Look::Ended(progress) => conclude(&facts.build, &progress),
            Look::Gone => {
                let looks = claim
                    .seen
                    .as_ref()
                    .and_then(|s| s["gone"].as_u64())
                    .unwrap_or(0)
                    + 1;
                if looks >= LOOKS_BEFORE_LOST {
                    let words = Words::new("build-lost").with("job", &facts.build.job);
                    return Err(StepError::Fail(words));
                }
                StepResult::Wait {
                    after: engine.look_up_gap,
                    for_what: Words::new("waits-build-seen"),
                    seen: json!({ "gone": looks }),
                }
            }
        })
    }
}

/// A Jenkins that is starting again says so, and the build is looked for when it is up.
fn in_words(error: CallError) -> StepError {
    match &error {
        CallError::Unavailable { detail, .. } if detail.contains(GETTING_READY) => {
            StepError::Retry(Words::new("waits-jenkins-starts"))
        }
        _ => error.into(),
    }
}

/// A red build fails the release, but its last log lines are kept first: this look is recorded
/// as a wait, and the next one finds the log complete.
fn conclude(build: &Build, progress: &Progress) -> StepResult {
    let seen = json!({ "progress": progress });
    match progress.outcome {
        Some(Outcome::Success) => StepResult::Done(seen),
        Some(_) | None => StepResult::Wait {
            after: Duration::ZERO,
            for_what: Words::new("waits-build").with("number", build.number.unwrap_or(0)),
            seen,
        },
    }
}

fn ended(build: &Build, outcome: Option<Outcome>) -> StepResult {
    let words = |code: &str| {
        let result = outcome.map_or("", Outcome::as_str);
        Words::new(code)
            .with("number", build.number.unwrap_or(0))
            .with("result", result)
    };
    match outcome {
        Some(Outcome::Success) => StepResult::Done(json!({})),
        Some(Outcome::Unstable) => StepResult::Fail(words("build-unstable")),
        Some(Outcome::Aborted) => StepResult::Fail(words("build-aborted")),
        Some(Outcome::Failure | Outcome::NotBuilt) | None => {
            let stage = build.stages.iter().find(|s| s.status == "FAILED");
            match stage {
                Some(stage) => {
                    StepResult::Fail(words("build-failed-in-stage").with("stage", &stage.name))
                }
                None => StepResult::Fail(words("build-failed")),
            }
        }
    }
}
