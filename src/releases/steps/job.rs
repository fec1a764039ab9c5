//! `release.job`: the project's Jenkins job, made from its language's template on first use.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Input, facts, fail_release, show};
use crate::app::App;
use crate::builds::{self, JobOutcome, JobSpec, ensure_job};
use crate::connections;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::jobs::{Claim, NewEffect, NewStep, Step, StepResult};
use crate::workloads::{StepError, settle};

/// What a release waits for while operations decide about somebody else's job.
pub const WAITS_FOREIGN: &str = "waits-job-foreign";
/// Somebody may also rename or remove it in Jenkins.
const ASKED_AGAIN: Duration = Duration::from_secs(60);

pub struct Job(pub App);

#[async_trait]
impl Step for Job {
    fn name(&self) -> &'static str {
        "release.job"
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
            StepResult::Done(_) => {
                let input = Input::of(claim)?;
                let effect = NewEffect {
                    kind: "jenkins-build",
                    target: claim.lane.clone(),
                    name: input.build.to_string(),
                    intent: json!({ "release_id": input.build }),
                };
                let step = NewStep::new("release.trigger", &claim.lane, claim.input.clone());
                Ok(Some(step.with_effect(effect)))
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

impl Job {
    async fn ensure(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let facts = facts(&self.0, claim).await?;
        let (jenkins, _) = connections::jenkins(&self.0, facts.build.jenkins).await?;
        let pool = self.0.db.pool();
        let (build, project) = (&facts.build, facts.project.id.0);
        let adoption = builds::adoption(pool, build.jenkins, &build.job, project).await?;
        let spec = JobSpec {
            job: &build.job,
            template_job: &facts.source.template_job,
            project: &facts.source.project,
            restores: false,
        };
        match ensure_job(&jenkins, spec, adoption.as_ref()).await? {
            JobOutcome::Ready => Ok(StepResult::Done(json!({ "job": facts.build.job }))),
            JobOutcome::Busy => Ok(StepResult::Wait {
                after: Duration::from_secs(10),
                for_what: Words::new("waits-job-busy").with("job", &facts.build.job),
                seen: Value::Null,
            }),
            // Never overwritten without a yes; saying it wakes the step.
            JobOutcome::Foreign => Ok(StepResult::Wait {
                after: ASKED_AGAIN,
                for_what: Words::new(WAITS_FOREIGN).with("job", &facts.build.job),
                seen: Value::Null,
            }),
            // Operations mend the template or the job; then it goes on by itself.
            JobOutcome::Blocked(words) => Err(StepError::Retry(words)),
        }
    }
}
