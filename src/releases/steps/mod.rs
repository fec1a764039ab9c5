//! The durable steps from a commit to a digest: tag, job, trigger, build, artifact.

mod artifact;
mod build;
mod job;
mod stop;
mod tag;
mod trigger;

pub use job::WAITS_FOREIGN;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Event, Release, ReleaseId, store};
use crate::app::App;
use crate::builds::{self, Build, BuildId, Source};
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::jobs::{Claim, Step, StepResult};
use crate::projects::{self, Project};
use crate::workloads::StepError;

pub fn all(app: &App) -> Vec<Arc<dyn Step>> {
    vec![
        Arc::new(tag::Tag(app.clone())),
        Arc::new(job::Job(app.clone())),
        Arc::new(trigger::Trigger(app.clone())),
        Arc::new(build::Follow(app.clone())),
        Arc::new(artifact::ReadBack(app.clone())),
        Arc::new(stop::Stop(app.clone())),
    ]
}

/// What each of these steps is given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Input {
    pub release: ReleaseId,
    pub build: BuildId,
    pub template: String,
}

impl Input {
    /// # Errors
    /// An input that is not ours.
    pub fn of(claim: &Claim) -> Result<Self, DbError> {
        serde_json::from_value(claim.input.clone())
            .map_err(|e| DbError::Row(format!("step {}: {e}", claim.name)))
    }
}

/// Everything that a step needs to know about its release.
pub struct Facts {
    pub release: Release,
    pub project: Project,
    pub build: Build,
    pub source: Source,
}

/// Reads the facts from our own rows.
///
/// # Errors
/// A row that is gone, or no database.
pub async fn facts(app: &App, claim: &Claim) -> Result<Facts, StepError> {
    let input = Input::of(claim)?;
    let pool = app.db.pool();
    let gone = || StepError::Fail(Words::new("release-gone"));
    let release = store::find(pool, input.release).await?.ok_or_else(gone)?;
    let project = projects::by_id(app, release.project_id)
        .await?
        .ok_or_else(gone)?;
    let build = builds::find(pool, input.build).await?.ok_or_else(gone)?;
    let bound = project.bound.clone().ok_or_else(gone)?;
    let source = Source {
        project: project.key.clone(),
        clone_url: bound.clone_url,
        tag: release.tag.clone(),
        commit: release.commit.clone(),
        deploy_path: project.deploy_path.clone(),
        template_job: input.template,
    };
    Ok(Facts {
        release,
        project,
        build,
        source,
    })
}

/// A step that failed for good fails its release, with the same words.
///
/// # Errors
/// No answer from the database.
pub async fn fail_release(tx: &mut Tx, claim: &Claim, result: &StepResult) -> Result<(), DbError> {
    if let StepResult::Fail(words) = result {
        super::advance(tx, ReleaseId(claim.subject), Event::Failed, Some(words)).await?;
    }
    Ok(())
}

/// A wait or an error shows on the release's page as soon as it is there.
///
/// # Errors
/// No answer from the database.
pub async fn show(tx: &mut Tx, claim: &Claim) -> Result<(), DbError> {
    tx.event(&super::topic(ReleaseId(claim.subject)), claim.project)
        .await
}

/// Jenkins' lane of a build.
pub fn jenkins_lane(build: &Build) -> String {
    format!("jenkins:{}", build.jenkins)
}
