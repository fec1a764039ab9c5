//! `onboarding.registry`: whether images of this project can be kept where they are to go.
//!
//! What pushes is Jenkins, with an account of its own; ours may well be allowed to read alone. So
//! what we find out is shown, and only a registry that does not answer, or that has no such place
//! (a Harbor without the project), holds it up.

use async_trait::async_trait;
use serde_json::json;

use super::{Input, broken, finish, project_of, store};
use crate::app::App;
use crate::connections;
use crate::db::{DbError, Tx};
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::releases;
use crate::workloads::{StepError, settle};

pub const NAME: &str = "onboarding.registry";

pub struct Image(pub App);

#[async_trait]
impl Step for Image {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, "Registry", self.try_it(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        match result {
            StepResult::Done(seen) => {
                let (Ok(input), Some(image)) = (Input::of(claim), seen["image"].as_str()) else {
                    return Err(DbError::Row("an image without a project".to_owned()));
                };
                let is_writable = seen["writable"] == true;
                let connection = tx.connection();
                store::has_image(connection, input.project, image, is_writable).await?;
                finish(tx, claim, true).await?;
            }
            StepResult::Fail(_) => finish(tx, claim, false).await?,
            StepResult::Wait { .. } | StepResult::Retry { .. } => {}
        }
        Ok(None)
    }
}

impl Image {
    async fn try_it(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let project = project_of(&self.0, &Input::of(claim)?).await?;
        let image = releases::image_path(&self.0, &project).await;
        let image = image.map_err(|e| broken(&e))?;
        let (registry, config) = connections::registry(&self.0, project.registry).await?;
        let repository = config.repository(&project.key);
        let repository =
            repository.map_err(|e| broken(&crate::error::AppError::Internal(e.to_string())))?;
        let writable = registry.may_push(&repository).await?;
        Ok(StepResult::Done(
            json!({ "image": image, "writable": writable }),
        ))
    }
}
