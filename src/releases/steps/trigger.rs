//! `release.trigger`: exactly one build, whatever got lost on the way.
//!
//! The first attempt triggers. A later one may be repeating an attempt whose answer was lost, so
//! it looks first, and triggers again only after two clean look-ups some time apart.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{facts, fail_release, show};
use crate::app::App;
use crate::builds::{Found, TriggerOutcome, find_or_trigger};
use crate::connections;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::workloads::{StepError, settle};

pub struct Trigger(pub App);

#[async_trait]
impl Step for Trigger {
    fn name(&self) -> &'static str {
        "release.trigger"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, "Jenkins", self.ensure(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        match result {
            StepResult::Done(output) => {
                let mut input = claim.input.clone();
                if let Some(object) = input.as_object_mut() {
                    object.insert("queue".to_owned(), output["queue"].clone());
                }
                show(tx, claim).await?;
                Ok(Some(NewStep::new("release.build", &claim.lane, input)))
            }
            StepResult::Fail(_) => {
                fail_release(tx, claim, result).await?;
                Ok(None)
            }
            StepResult::Wait { .. } | StepResult::Retry { .. } => {
                show(tx, claim).await?;
                Ok(None)
            }
        }
    }
}

/// What the attempts so far allow.
enum Plan {
    Trigger,
    /// The first clean look-up has not been made yet.
    Look,
}

fn plan(claim: &Claim) -> Plan {
    // Only the very last attempt's look counts: one between may have triggered, its answer lost.
    let clean_before = claim
        .seen
        .as_ref()
        .is_some_and(|seen| seen["clean_at"] == claim.attempt - 1);
    if claim.attempt == 1 || clean_before {
        Plan::Trigger
    } else {
        Plan::Look
    }
}

impl Trigger {
    async fn ensure(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let facts = facts(&self.0, claim).await?;
        let (jenkins, _) = connections::jenkins(&self.0, facts.build.jenkins).await?;
        let may = matches!(plan(claim), Plan::Trigger);
        let outcome = find_or_trigger(&jenkins, &facts.build, &facts.source, may).await?;
        Ok(match outcome {
            TriggerOutcome::Triggered(queue) => StepResult::Done(json!({ "queue": queue })),
            TriggerOutcome::Found(Found::Queued(item)) => {
                StepResult::Done(json!({ "queue": item }))
            }
            TriggerOutcome::Found(Found::Built(_) | Found::Nowhere) => {
                StepResult::Done(json!({ "queue": Value::Null }))
            }
            TriggerOutcome::Clean => StepResult::Wait {
                after: self.0.settings.engine.look_up_gap,
                for_what: Words::new("waits-second-look"),
                seen: json!({ "clean_at": claim.attempt }),
            },
        })
    }
}
