//! The place of a project outside of the portal: its webhook in GitLab, its job in Jenkins, its
//! path in the registry. Made after its repository was found, and looked after later.
//!
//! Invariant: each step finds what an earlier try of it made; off-boarding takes all of it back.

mod hear;
mod hook;
mod image;
mod job;
mod outside;
mod store;
pub mod web;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

pub use hear::{MAX_BYTES as MAX_PUSH_BYTES, hear};
pub use hook::take_away;

use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::builds::{self, Adoption};
use crate::connections::ConnectionId;
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, ProjectId, Scope};
use crate::jobs::{self, Claim, NewRun, NewStep, Step};
use crate::projects::{self, Project};
use crate::requests::{self, RequestId};
use crate::workloads::StepError;

crate::words! {
    /// What the project's job is to us.
    pub enum JobState {
        /// Jenkins says that it can be built with what we send.
        Ready = "ready",
        /// One of this name that somebody else made; the first release asks operations.
        Foreign = "foreign",
    }
}

/// What was made or found.
#[derive(Debug, Clone)]
pub struct Place {
    pub hook: Option<i64>,
    /// Why there is no webhook, where GitLab refuses one.
    pub hook_trouble: Option<Words>,
    pub hook_at: Option<Timestamp>,
    pub pushed_at: Option<Timestamp>,
    pub pushed_ref: Option<String>,
    pub pushed_commit: Option<String>,
    pub jenkins: Option<ConnectionId>,
    pub job: Option<String>,
    pub job_state: Option<JobState>,
    pub job_at: Option<Timestamp>,
    pub image: Option<String>,
    pub image_writable: Option<bool>,
    pub image_at: Option<Timestamp>,
}

const MAX_REASON: usize = 2000;

/// What every step of it is given.
#[derive(Debug, Serialize, Deserialize)]
struct Input {
    project: ProjectId,
    /// Whether a job that was edited by hand becomes the template's again.
    #[serde(default)]
    restore: bool,
}

impl Input {
    fn of(claim: &Claim) -> Result<Self, StepError> {
        serde_json::from_value(claim.input.clone())
            .map_err(|_| StepError::Retry(Words::new("step-input-broken")))
    }
}

/// In the order in which onboarding goes through them, after `project.bind`.
#[must_use]
pub fn steps(app: &App) -> Vec<Arc<dyn Step>> {
    vec![
        Arc::new(hook::Webhook(app.clone())),
        Arc::new(job::Job(app.clone())),
        Arc::new(image::Image(app.clone())),
    ]
}

/// Where GitLab tells us of a project's pushes.
fn address(app: &App, project: ProjectId) -> Result<Url, AppError> {
    let path = format!("hooks/gitlab/{project}");
    let url = app.settings.public_url.join(&path);
    url.map_err(|_| AppError::Internal("a public URL that takes no path".to_owned()))
}

async fn project_of(app: &App, input: &Input) -> Result<Project, StepError> {
    let found = projects::by_id(app, input.project).await?;
    found.ok_or_else(|| StepError::Fail(Words::new("project-gone")))
}

fn broken(error: &AppError) -> StepError {
    StepError::Retry(error.words())
}

/// Ends the request that asked for the place. A later run over the same has none.
async fn finish(tx: &mut Tx, claim: &Claim, well: bool) -> Result<(), DbError> {
    if let Some(project) = claim.project {
        tx.event(&projects::topic(ProjectId(project)), Some(project))
            .await?;
    }
    // A run of onboarding is about its request, a later one about the project.
    if claim.project != Some(claim.subject) {
        requests::finish(tx, RequestId(claim.subject), well).await?;
    }
    Ok(())
}

/// What was made for a project so far.
///
/// # Errors
/// No answer from the database.
pub async fn place(app: &App, project: ProjectId) -> Result<Option<Place>, DbError> {
    store::find(app.db.pool(), project).await
}

/// The same as a transaction sees it.
///
/// # Errors
/// No answer from the database.
pub async fn place_in(tx: &mut Tx, project: ProjectId) -> Result<Option<Place>, DbError> {
    store::find(tx.connection(), project).await
}

/// Whether something of it is being made right now.
///
/// # Errors
/// No answer from the database.
pub async fn is_busy(app: &App, project: ProjectId) -> Result<bool, DbError> {
    store::is_busy(app.db.pool(), project).await
}

/// What going through a place once more should do.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SetUpAgain)]
pub struct Again {
    /// Whether a job that was edited by hand becomes the template's again.
    #[serde(default)]
    pub restore: bool,
    /// The content of a job that was edited by hand, as it was shown, where it is to stay so: no
    /// template is copied over it, until it is edited again and asked about again. Nothing else is
    /// done then.
    #[serde(default)]
    pub keep: String,
    /// Needed to restore, by which somebody's work is lost, and to keep, by which the project
    /// leaves its template.
    #[serde(default)]
    pub reason: String,
}

/// Goes through all of it once more: what is missing is made, what moved is set right.
///
/// # Errors
/// 400 for restoring or keeping without a reason, 403 without the right, 409 while it is being
/// done, before the repository was found, or when the project is leaving; for keeping, when the
/// job is not as it was shown any more.
pub async fn again(
    app: &App,
    actor: &Actor,
    project: &Project,
    again: &Again,
) -> Result<(), AppError> {
    actor.must(Permission::OperateRuns, Scope::Platform)?;
    let reason = again.reason.trim();
    if again.restore && reason.is_empty() {
        return Err(AppError::field("reason", "setup-restore-says-why"));
    }
    if !again.keep.is_empty() && reason.is_empty() {
        return Err(AppError::field("reason", "setup-keep-says-why"));
    }
    if reason.chars().count() > MAX_REASON {
        return Err(AppError::field("reason", "field-too-long"));
    }
    if !again.keep.is_empty() {
        return keep(app, actor, project, (&again.keep, reason)).await;
    }
    if project.bound.is_none() {
        return Err(AppError::conflict("release-project-unbound"));
    }
    let mut tx = app.db.begin().await?;
    if !store::lock(tx.connection(), project.id).await? {
        return Err(AppError::conflict("project-leaving"));
    }
    if store::is_busy(tx.connection(), project.id).await? {
        return Err(AppError::conflict("setup-under-way"));
    }
    let run = NewRun {
        kind: "setup",
        subject: project.id.0,
        project: Some(project.id.0),
        parent: None,
    };
    let input = json!({ "project": project.id, "restore": again.restore });
    let lane = format!("gitlab:{}", project.gitlab);
    jobs::start_run(&mut tx, &run, &NewStep::new(hook::NAME, lane, input)).await?;
    let entry = Entry::done("project.setup", "project", &project.key)
        .in_project(project.id)
        .after(json!({ "restore": again.restore, "reason": reason }));
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.event(&projects::topic(project.id), Some(project.id.0))
        .await?;
    tx.commit().await?;
    Ok(())
}

/// The job stays as somebody made it by hand; nothing is written to Jenkins.
async fn keep(
    app: &App,
    actor: &Actor,
    project: &Project,
    (content, reason): (&str, &str),
) -> Result<(), AppError> {
    let place = place(app, project.id).await?.ok_or(AppError::NotFound)?;
    let (Some(jenkins), Some(job)) = (place.jenkins, place.job.as_deref()) else {
        return Err(AppError::conflict("job-changed-since"));
    };
    match outside::drift(app, project, &place).await {
        Some(found) if found.may_stay().is_some_and(|now| now == content) => {}
        Some(_) => return Err(AppError::conflict("job-changed-since")),
        None => return Err(AppError::conflict("setup-job-not-seen")),
    }
    let yes = Adoption {
        content_sha256: content.to_owned(),
        keeps_definition: true,
        of_ours: true,
    };
    let mut tx = app.db.begin().await?;
    let of = (jenkins, job, project.id.0);
    if !builds::keep_adoption(tx.connection(), of, &yes, (actor.id.0, reason)).await? {
        return Err(AppError::conflict("job-adopted-elsewhere"));
    }
    let entry = Entry::done("project.keep_job", "project", &project.key)
        .in_project(project.id)
        .after(json!({ "job": job, "content_sha256": content, "reason": reason }));
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.event(&projects::topic(project.id), Some(project.id.0))
        .await?;
    Ok(tx.commit().await?)
}
