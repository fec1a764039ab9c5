//! Releases: one commit of a project on its way, from tag to production and back.
//!
//! Invariant: what reaches production is an artifact with a digest that somebody confirmed while
//! test ran it. PostgreSQL refuses anything else; code here only says so in words.

mod adopt;
mod confirm;
mod images;
mod import;
mod lanes;
mod open;
mod outside;
mod parameters;
mod production;
mod restart;
mod rollback;
mod rollout;
pub mod setbacks;
pub mod since;
mod standing;
mod state;
mod steps;
mod store;
mod tag;
mod tale;
mod told;
mod waive;
pub mod web;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

pub use adopt::{
    Asked, Deciding as JobDeciding, Verdict, adopt, asked, is_job_name, jobs_to_decide, name_job,
    takable,
};
pub use confirm::{Confirming, confirm};
pub use import::{Importing, import};
pub use lanes::{Lane, Ran, environments};
pub use open::{JobOf, Opening, image_path, job_of, open};
pub use outside::Sources;
pub use parameters::{Rolled, change_parameters, is_moving, roll_parameters, rollout_of_request};
pub use production::{Production, Started, deploy};
pub use restart::{restart, restore, right_to_restart};
pub use rollback::{Back, Rollback, RollingBack, candidates, roll_back};
pub use rollout::{Happened, Last, Removal, SeenPod, last, pods_at};
pub use setbacks::Setback;
pub use since::Since;
pub use standing::{Standing, Turn, standings, waiting_for};
pub use state::{Event, State, next};
pub use store::{Filter, list};
pub use tale::{Tale, WayBack, tale};
pub use waive::{may as may_waive, waivable, waive};

use crate::app::App;
use crate::builds::{self, Build};
use crate::clusters::Tier;
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Person, ProjectId, Scope};
use crate::jobs::Step;
use crate::progress::{self, RunRow};
use crate::projects::{self, Project};
use crate::standards::images::Remark;
use crate::web::paging::List;

crate::id! { ReleaseId, ArtifactId, ConfirmationId, RolloutId, DeploymentId }

crate::words! {
    pub enum Kind as DeploymentKind {
        Deploy = "deploy",
        Rollback = "rollback",
        Parameters = "parameters",
        Restart = "restart",
        /// What was deployed is put back, with no new time on its pods.
        Restore = "restore",
    }

    /// Where an artifact is from.
    pub enum Origin { Built = "built", Imported = "imported" }

    /// What somebody's word for a digest rests on.
    pub enum ConfirmationKind {
        /// A tester saw it run in test.
        Tested = "tested",
        /// Operations let it through without a test, and say why.
        Waiver = "waiver",
        /// Production ran it before the portal came.
        Baseline = "baseline",
    }

    pub enum DeploymentState {
        Pending = "pending",
        Applying = "applying",
        Rolling = "rolling",
        Succeeded = "succeeded",
        Failed = "failed",
        Aborted = "aborted",
        Superseded = "superseded",
    }

    pub enum RolloutOutcome {
        Succeeded = "succeeded",
        Failed = "failed",
        Superseded = "superseded",
        Aborted = "aborted",
    }
}

/// A release as lists and pages show it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Release {
    pub id: ReleaseId,
    #[serde(skip)]
    pub project_id: ProjectId,
    pub project: String,
    pub number: i32,
    pub tag: String,
    pub origin: Origin,
    pub reference: String,
    /// Empty for an imported image.
    pub commit: String,
    pub commit_title: String,
    pub note: String,
    pub author: Person,
    #[serde(skip)]
    pub author_id: Uuid,
    /// Whether its project lets the author confirm it.
    #[serde(skip)]
    pub may_confirm_own: bool,
    pub state: State,
    pub state_since: Timestamp,
    pub failure: Option<Words>,
    pub tagged_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub artifact: Option<Artifact>,
    pub confirmation: Option<Confirmation>,
    /// Who cancelled or rejected it, while that is its state.
    pub taken_back: Option<Setback>,
    /// What it brings beyond the release before it.
    pub since: Option<Since>,
    /// What the rules for images found when its image was looked at last.
    pub remarks: Vec<Remark>,
}

/// An image that cannot change.
#[derive(Debug, Clone, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Artifact {
    pub id: ArtifactId,
    /// Path without the registry's host.
    pub repository: String,
    pub tag: String,
    pub digest: String,
    pub origin: Origin,
    pub size_bytes: i64,
    pub created_at: Timestamp,
}

/// Somebody's word for a digest.
#[derive(Debug, Clone, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Confirmation {
    pub id: ConfirmationId,
    pub kind: ConfirmationKind,
    pub by: String,
    pub display_name: String,
    pub note: String,
    pub at: Timestamp,
}

/// One desired revision going onto one workload.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Deployment {
    pub id: DeploymentId,
    #[serde(skip)]
    pub rollout: RolloutId,
    pub workload: Uuid,
    pub environment: String,
    pub tier: Tier,
    pub cluster: String,
    pub site: String,
    pub kind: Kind,
    pub sequence: i64,
    pub digest: String,
    pub parameters_revision: i32,
    pub state: DeploymentState,
    pub observed: Option<Value>,
    /// What the command before it did: `job`, `state`, `exit_code`, `log`.
    pub before_run: Option<Value>,
    pub failure: Option<Words>,
    pub overwrote: Value,
    /// Whether the cluster took the revision.
    pub applied: bool,
    pub seconds_to_ready: Option<f64>,
    pub by: Person,
    pub reason: String,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// A release with everything that its page tells.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReleaseStory)]
pub struct Story {
    #[serde(flatten)]
    pub release: Release,
    pub builds: Vec<Build>,
    pub deployments: Vec<Deployment>,
    /// The open question whether it may go to production.
    pub request: Option<i64>,
    /// Of the release itself, of its rollouts and of their deployments, newest first.
    #[serde(rename = "steps")]
    pub runs: Vec<RunRow>,
    /// What was taken back or broken off on its way, oldest first.
    pub setbacks: Vec<Setback>,
}

/// The topic of one release.
#[must_use]
pub fn topic(id: ReleaseId) -> String {
    format!("release:{id}")
}

/// Every durable step of releases.
#[must_use]
pub fn steps(app: &App) -> Vec<Arc<dyn Step>> {
    let mut all = steps::all(app);
    all.extend(rollout::steps(app));
    all
}

/// A release that this person may see.
///
/// # Errors
/// 404 otherwise.
pub async fn get(app: &App, actor: &Actor, id: ReleaseId) -> Result<Release, AppError> {
    let found = store::find(app.db.pool(), id)
        .await?
        .ok_or(AppError::NotFound)?;
    if actor.may(Permission::ViewProject, Scope::Project(found.project_id)) {
        Ok(found)
    } else {
        Err(AppError::NotFound)
    }
}

/// A project's release by its number.
///
/// # Errors
/// 404 if there is none.
pub async fn by_number(app: &App, project: ProjectId, number: i32) -> Result<Release, AppError> {
    store::find_by_number(app.db.pool(), project, number)
        .await?
        .ok_or(AppError::NotFound)
}

/// One page of a project's releases, newest first.
///
/// # Errors
/// No answer from the database.
pub async fn page(
    app: &App,
    project: ProjectId,
    state: Option<State>,
    after: Option<ReleaseId>,
    limit: i64,
) -> Result<List<Release>, AppError> {
    let filter = Filter {
        project: Some(project.0),
        states: state.into_iter().collect(),
        before: after.map(|a| a.0),
        limit: limit + 1,
        ..Filter::default()
    };
    let rows = list(app.db.pool(), &filter).await?;
    Ok(List::cut(rows, limit, |r| r.id.to_string()))
}

/// A project's workloads with what they run and what is on its way there.
///
/// # Errors
/// No answer from the database.
pub async fn lanes(app: &App, project: ProjectId) -> Result<Vec<Lane>, AppError> {
    let found = lanes::lanes(app.db.pool(), &[project.0]).await?;
    Ok(found.into_iter().map(|(_, lane)| lane).collect())
}

/// What a release can be opened of: branches and the default branch's last commits.
///
/// # Errors
/// 409 while GitLab has not shown the repository, 503 when it does not answer.
pub async fn sources(app: &App, project: &Project) -> Result<Sources, AppError> {
    let bound = project.bound.as_ref();
    let bound = bound.ok_or_else(|| AppError::conflict("release-project-unbound"))?;
    outside::branches(app, project, bound.number).await
}

/// A release's whole story, in a fixed number of statements.
///
/// # Errors
/// No answer from the database.
pub async fn story(app: &App, release: Release) -> Result<Story, AppError> {
    let pool = app.db.pool();
    let builds = builds::of_release(pool, release.id.0).await?;
    let deployments = store::deployments_of_release(pool, release.id).await?;
    let request = crate::requests::open_production_request(pool, release.id.0).await?;
    let runs = progress::runs_of_all(pool, &subjects(&release, &deployments)).await?;
    let setbacks = setbacks::of_release(pool, release.id).await?;
    Ok(Story {
        release,
        builds,
        deployments,
        request,
        runs,
        setbacks,
    })
}

/// What the durable work of a release is about: itself, its rollouts, their deployments.
fn subjects(release: &Release, deployments: &[Deployment]) -> Vec<Uuid> {
    let parts = deployments.iter().flat_map(|d| [d.id.0, d.rollout.0]);
    std::iter::once(release.id.0).chain(parts).collect()
}

/// Moves a release by an event, in the transaction of what happened. An event that has no place
/// in its state changes nothing: a repeat, or a release that has gone on.
///
/// # Errors
/// No answer from the database.
pub(crate) async fn advance(
    tx: &mut Tx,
    id: ReleaseId,
    event: Event,
    failure: Option<&Words>,
) -> Result<bool, DbError> {
    let Some((state, project)) = store::lock_state(tx.connection(), id).await? else {
        return Ok(false);
    };
    let Some(to) = next(state, event) else {
        return Ok(false);
    };
    if to != state {
        store::set_state(tx.connection(), id, state, to, failure).await?;
        told::moved(tx, id, state, to, failure).await?;
    }
    announce(tx, id, project).await?;
    Ok(true)
}

/// A project was off-boarded: what waits for somebody waits no more.
///
/// # Errors
/// No answer from the database.
pub async fn cancel_all(tx: &mut Tx, project: ProjectId) -> Result<(), DbError> {
    for id in store::unfinished(tx.connection(), project).await? {
        advance(tx, id, Event::Cancelled, None).await?;
    }
    Ok(())
}

/// Pages that show the release or its project look again.
pub(crate) async fn announce(
    tx: &mut Tx,
    id: ReleaseId,
    project: ProjectId,
) -> Result<(), DbError> {
    tx.event(&topic(id), Some(project.0)).await?;
    tx.event(&projects::topic(project), Some(project.0)).await
}

/// A time as a sentence names it.
pub(crate) fn second(at: Timestamp) -> Timestamp {
    at.round(jiff::Unit::Second).unwrap_or(at)
}

/// What an environment can go back to, newest first.
///
/// # Errors
/// 404 for an unknown environment.
pub async fn rollback_candidates(
    app: &App,
    project: ProjectId,
    environment: &str,
) -> Result<Vec<rollback::Candidate>, AppError> {
    let found = projects::environment_by_key(app.db.pool(), environment).await?;
    let (id, _, _) = found.ok_or(AppError::NotFound)?;
    Ok(candidates(app.db.pool(), project, id).await?)
}
