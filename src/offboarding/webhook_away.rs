//! `offboarding.webhook`: GitLab calls us no more, then the project itself is closed.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::whole::give_up;
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::identity::ProjectId;
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::onboarding;
use crate::projects;
use crate::releases;
use crate::requests::{self, RequestId};
use crate::workloads::{StepError, settle};

pub struct Webhook(pub App);

#[async_trait]
impl Step for Webhook {
    fn name(&self) -> &'static str {
        "offboarding.webhook"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, "GitLab", self.take(claim).await)
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
            StepResult::Done(_) => close(tx, ProjectId(project), request, &claim.input).await?,
            StepResult::Fail(_) => give_up(tx, ProjectId(project), request).await?,
            StepResult::Wait { .. } | StepResult::Retry { .. } => {}
        }
        Ok(None)
    }
}

impl Webhook {
    async fn take(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let gone = || StepError::Fail(Words::new("workload-gone"));
        let id = ProjectId(claim.project.ok_or_else(gone)?);
        let project = projects::by_id(&self.0, id).await?.ok_or_else(gone)?;
        onboarding::take_away(&self.0, &project).await?;
        Ok(StepResult::Done(Value::Null))
    }
}

/// Nobody works on it any more, nothing of it waits for anybody.
async fn close(
    tx: &mut Tx,
    project: ProjectId,
    request: RequestId,
    seen: &Value,
) -> Result<(), DbError> {
    releases::cancel_all(tx, project).await?;
    requests::void_of_project(tx, project).await?;
    let former = projects::close(tx, project).await?;
    requests::finish(tx, request, true).await?;
    let entry = Entry::done("project.leave", "project", &former.key)
        .in_project(project)
        .before(json!({ "members": former.members, "jobs_left_alone": seen["left_alone"] }));
    audit::record(tx, &entry, &Origin::default()).await?;
    tx.event("projects", None).await?;
    tx.event(&projects::topic(project), Some(project.0)).await
}
