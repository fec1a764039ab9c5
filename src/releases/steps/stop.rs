//! `release.stop`: takes a cancelled release's build back from Jenkins.
//!
//! A trigger whose answer was lost may still arrive, so only two clean look-ups some time apart
//! prove that there is nothing to stop.

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::build::save;
use crate::app::App;
use crate::builds::{self, BuildId, Look, Outcome, Stopping};
use crate::connections;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::releases::{ReleaseId, topic};
use crate::workloads::{StepError, settle};

/// Jenkins interrupts a build within moments; one that does not end is looked at until it does.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

pub struct Stop(pub App);

#[derive(Deserialize)]
struct Input {
    release: ReleaseId,
    build: BuildId,
}

#[derive(Deserialize)]
struct Ended {
    number: i64,
    outcome: Outcome,
}

fn input(claim: &Claim) -> Result<Input, DbError> {
    serde_json::from_value(claim.input.clone())
        .map_err(|e| DbError::Row(format!("release.stop: {e}")))
}

#[async_trait]
impl Step for Stop {
    fn name(&self) -> &'static str {
        "release.stop"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, "Jenkins", self.stop(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        let input = input(claim)?;
        if let StepResult::Done(seen) | StepResult::Wait { seen, .. } = result {
            save(tx, input.build, seen).await?;
        }
        if let StepResult::Done(output) = result
            && let Ok(ended) = serde_json::from_value::<Ended>(output.clone())
        {
            let connection = tx.connection();
            builds::stopped(connection, input.build, ended.number, ended.outcome).await?;
        }
        tx.event(&topic(input.release), claim.project).await?;
        Ok(None)
    }
}

impl Stop {
    async fn stop(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let input = input(claim)?;
        let build = builds::find(self.0.db.pool(), input.build).await?;
        let build = build.ok_or_else(|| StepError::Fail(Words::new("release-gone")))?;
        let (jenkins, _) = connections::jenkins(&self.0, build.jenkins).await?;
        let wait = |after, seen: Value| StepResult::Wait {
            after,
            for_what: Words::new("waits-build-stop"),
            seen,
        };
        Ok(match builds::stop(&jenkins, &build).await? {
            Stopping::Ended(number, outcome) => {
                let number = i64::try_from(number).unwrap_or(0);
                // The rest of its log tells how far it came.
                match builds::look(&jenkins, &build, None).await? {
                    Look::Ended(progress) => StepResult::Done(json!({
                        "number": number, "outcome": outcome, "progress": progress,
                    })),
                    Look::Running(progress) => {
                        wait(Duration::ZERO, json!({ "progress": progress }))
                    }
                    Look::Queued(_) | Look::Gone => {
                        StepResult::Done(json!({ "number": number, "outcome": outcome }))
                    }
                }
            }
            Stopping::Asked => wait(LOOK_AGAIN, Value::Null),
            Stopping::Nowhere if looked_before(claim) => StepResult::Done(json!({})),
            Stopping::Nowhere => wait(
                self.0.settings.engine.look_up_gap,
                json!({ "clean_at": claim.attempt }),
            ),
        })
    }
}

/// Whether the very last attempt found nothing either.
fn looked_before(claim: &Claim) -> bool {
    let seen = claim.seen.as_ref();
    seen.is_some_and(|seen| seen["clean_at"] == claim.attempt - 1)
}
