//! `offboarding.jobs`: the project's Jenkins jobs go.

use async_trait::async_trait;
use serde_json::json;

use super::store;
use super::whole::give_up;
use crate::app::App;
use crate::connections;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::identity::ProjectId;
use crate::integrations::jenkins::job_xml::{self, Hand};
use crate::integrations::jenkins::{Jenkins, JobName};
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::projects;
use crate::requests::RequestId;
use crate::workloads::{StepError, settle};

pub struct Jobs(pub App);

#[async_trait]
impl Step for Jobs {
    fn name(&self) -> &'static str {
        "offboarding.jobs"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, "Jenkins", self.take(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        let (Some(project), request) = (claim.project, RequestId(claim.subject)) else {
            return Ok(None);
        };
        match result {
            StepResult::Done(seen) => {
                let mut input = claim.input.clone();
                input["left_alone"] = seen["left_alone"].clone();
                let lane = store::gitlab_of(tx.connection(), ProjectId(project)).await?;
                let step = NewStep::new("offboarding.webhook", lane, input);
                return Ok(Some(step));
            }
            StepResult::Fail(_) => give_up(tx, ProjectId(project), request).await?,
            StepResult::Wait { .. } | StepResult::Retry { .. } => {}
        }
        Ok(None)
    }
}

impl Jobs {
    async fn take(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let gone = || StepError::Fail(Words::new("workload-gone"));
        let id = ProjectId(claim.project.ok_or_else(gone)?);
        let project = projects::by_id(&self.0, id).await?.ok_or_else(gone)?;
        let mut left_alone = Vec::new();
        for job in store::jobs(self.0.db.pool(), id).await? {
            let (jenkins, _) = connections::jenkins(&self.0, job.jenkins).await?;
            if job.adopted || !take(&jenkins, &job.job, &project.key).await? {
                left_alone.push(job.job);
            }
        }
        Ok(StepResult::Done(json!({ "left_alone": left_alone })))
    }
}

/// Deletes the job if it is the project's. False where it is somebody else's.
async fn take(jenkins: &Jenkins, job: &str, project: &str) -> Result<bool, StepError> {
    let Ok(name) = JobName::parse(job) else {
        return Ok(true);
    };
    let Some(found) = jenkins.job_config(&name).await? else {
        return Ok(true);
    };
    let is_ours = match job_xml::hand(&found) {
        Ok(Hand::Ours(marker) | Hand::Edited(marker)) => marker.project == project,
        Ok(Hand::Foreign) | Err(_) => false,
    };
    if is_ours {
        jenkins.delete_job(&name).await?;
    }
    Ok(is_ours)
}
