//! `onboarding.job`: the project's Jenkins job, made from its language's template and found
//! buildable, so that the first release does not find out.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Input, JobState, broken, finish, project_of, store};
use crate::app::App;
use crate::builds::{self, JobOutcome, JobSpec, ensure_job};
use crate::connections::{self, ConnectionId};
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::releases;
use crate::workloads::{StepError, settle};

pub const NAME: &str = "onboarding.job";
/// A job's configuration must not be touched while it is built.
const BUSY_AGAIN: Duration = Duration::from_secs(10);

pub struct Job(pub App);

/// What the job came to.
#[derive(serde::Serialize, serde::Deserialize)]
struct Seen {
    jenkins: ConnectionId,
    job: String,
    state: JobState,
    registry: ConnectionId,
}

#[async_trait]
impl Step for Job {
    fn name(&self) -> &'static str {
        NAME
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
                let (Ok(input), Ok(seen)) = (
                    Input::of(claim),
                    serde_json::from_value::<Seen>(output.clone()),
                ) else {
                    return Err(DbError::Row("a job without a project".to_owned()));
                };
                let of = (seen.jenkins, seen.job.as_str());
                store::has_job(tx.connection(), input.project, of, &seen.state).await?;
                let lane = format!("registry:{}", seen.registry);
                let step = NewStep::new(super::image::NAME, lane, claim.input.clone());
                Ok(Some(step))
            }
            StepResult::Fail(_) => {
                finish(tx, claim, false).await?;
                Ok(None)
            }
            StepResult::Wait { .. } | StepResult::Retry { .. } => Ok(None),
        }
    }
}

impl Job {
    async fn ensure(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let input = Input::of(claim)?;
        let project = project_of(&self.0, &input).await?;
        let job = releases::job_of(&self.0, &project).await;
        let job = job.map_err(|e| broken(&e))?;
        let (jenkins, _) = connections::jenkins(&self.0, job.jenkins).await?;
        let pool = self.0.db.pool();
        let adoption = builds::adoption(pool, job.jenkins, &job.name, project.id.0).await?;
        let spec = JobSpec {
            job: &job.name,
            template_job: &job.template,
            project: &project.key,
            restores: input.restore,
        };
        let state = match ensure_job(&jenkins, spec, adoption.as_ref()).await? {
            JobOutcome::Ready => JobState::Ready,
            // Never overwritten without a yes, which the first release asks for.
            JobOutcome::Foreign => JobState::Foreign,
            JobOutcome::Busy => {
                return Ok(StepResult::Wait {
                    after: BUSY_AGAIN,
                    for_what: Words::new("waits-job-busy").with("job", &job.name),
                    seen: Value::Null,
                });
            }
            JobOutcome::Blocked(words) => return Err(StepError::Retry(words)),
        };
        Ok(StepResult::Done(json!(Seen {
            jenkins: job.jenkins,
            job: job.name,
            state,
            registry: project.registry,
        })))
    }
}
