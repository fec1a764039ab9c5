//! The first durable step of onboarding: binding the project to its repository.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Bound, store};
use crate::app::App;
use crate::connections::{self, ConnectionError};
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::identity::ProjectId;
use crate::integrations::CallError;
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::requests::{self, RequestId};

/// A repository that is not there yet may be made while we wait.
const MISSING_AGAIN: Duration = Duration::from_secs(60);

/// What onboarding goes on with, in `onboarding/`.
const AFTERWARDS: &str = "onboarding.webhook";

/// `project.bind`: reads the repository's number, address and default branch from GitLab.
pub struct Bind(pub App);

#[derive(Deserialize)]
struct Input {
    project: ProjectId,
}

#[derive(Serialize, Deserialize)]
struct Seen {
    number: i64,
    clone_url: String,
    web_url: String,
    default_branch: Option<String>,
}

/// What a step does about an outside system's answer.
#[must_use]
pub fn trouble(system: &str, error: &ConnectionError) -> StepResult {
    let words = |code: &str| Words::new(code).with("system", system);
    let retry = |after, code| StepResult::Retry {
        after,
        error: words(code),
    };
    match error {
        ConnectionError::Call(CallError::Unavailable { retry_after, .. }) => {
            retry(*retry_after, "step-outside-away")
        }
        ConnectionError::Call(CallError::Denied { .. }) => retry(None, "step-outside-denied"),
        ConnectionError::Call(CallError::NotFound { .. }) => retry(None, "step-outside-not-found"),
        ConnectionError::Call(CallError::Conflict { .. }) => retry(None, "step-outside-conflict"),
        ConnectionError::Call(CallError::Refused { .. }) => retry(None, "step-outside-refused"),
        ConnectionError::Call(CallError::Unexpected { .. }) => {
            retry(None, "step-outside-unexpected")
        }
        ConnectionError::NotFound | ConnectionError::Secret(_) | ConnectionError::Db(_) => {
            retry(None, "step-connection-broken")
        }
    }
}

#[async_trait]
impl Step for Bind {
    fn name(&self) -> &'static str {
        "project.bind"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        match self.look(claim).await {
            Ok(result) => result,
            Err(error) => {
                tracing::info!(%error, step.id = %claim.step, "cannot bind a repository yet");
                trouble("GitLab", &error)
            }
        }
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        let request = RequestId(claim.subject);
        match result {
            StepResult::Done(output) => {
                let Ok(input) = serde_json::from_value::<Input>(claim.input.clone()) else {
                    return Err(DbError::Row("project.bind without a project".to_owned()));
                };
                let Ok(seen) = serde_json::from_value::<Seen>(output.clone()) else {
                    return Err(DbError::Row("project.bind without a result".to_owned()));
                };
                let bound = Bound {
                    number: seen.number,
                    clone_url: seen.clone_url,
                };
                let branch = seen.default_branch.as_deref();
                store::bind(
                    tx.connection(),
                    input.project,
                    &bound,
                    &seen.web_url,
                    branch,
                )
                .await?;
                tx.event(&super::topic(input.project), Some(input.project.0))
                    .await?;
                // Releases may begin; what they would make on their way is made before them.
                let next = NewStep::new(AFTERWARDS, &claim.lane, claim.input.clone());
                return Ok(Some(next));
            }
            StepResult::Fail(_) => requests::finish(tx, request, false).await?,
            StepResult::Wait { .. } | StepResult::Retry { .. } => {}
        }
        Ok(None)
    }
}

impl Bind {
    async fn look(&self, claim: &Claim) -> Result<StepResult, ConnectionError> {
        let broken = |code: &str| StepResult::Retry {
            after: None,
            error: Words::new(code),
        };
        let Ok(input) = serde_json::from_value::<Input>(claim.input.clone()) else {
            return Ok(broken("step-input-broken"));
        };
        let Ok(Some(project)) = super::by_id(&self.0, input.project).await else {
            return Ok(broken("error-database-away"));
        };
        let gitlab = connections::gitlab(&self.0, project.gitlab).await?;
        let Some(found) = gitlab.project(&project.repository).await? else {
            let for_what =
                Words::new("waits-for-repository").with("repository", &project.repository);
            let seen = serde_json::Value::Null;
            return Ok(StepResult::Wait {
                after: MISSING_AGAIN,
                for_what,
                seen,
            });
        };
        Ok(StepResult::Done(json!(Seen {
            number: i64::try_from(found.id).unwrap_or(i64::MAX),
            clone_url: found.http_url_to_repo,
            web_url: found.web_url,
            default_branch: found.default_branch,
        })))
    }
}
