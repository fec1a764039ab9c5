//! Opening a release: a reference becomes a commit, a tag's name and a durable run.

use serde::Deserialize;
use serde_json::json;

use super::{Origin as From, ReleaseId, Since, outside, since, store, tag};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::builds::Build;
use crate::clusters::Tier;
use crate::connections::{self, ConnectionId};
use crate::db::Tx;
use crate::error::AppError;
use crate::integrations::gitlab::Commit;
use crate::jobs::{self, NewEffect, NewRun, NewStep};
use crate::projects::{Access, Project};

/// More releases of one person in one second than this are a machine's.
const SECONDS_TRIED: i64 = 60;
const MAX_NOTE: usize = 2000;

/// `POST /projects/{key}/releases`
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    #[serde(rename = "ref")]
    pub reference: String,
    #[serde(default)]
    pub note: String,
}

/// Opens a release of what the reference points at now.
///
/// # Errors
/// 400 for a reference that is none, 409 while the project is not bound or has no place in test,
/// 503 when GitLab does not answer.
pub async fn open(
    app: &App,
    access: &Access<'_>,
    opening: &Opening,
) -> Result<ReleaseId, AppError> {
    check(opening)?;
    let found = look_up(app, access, &opening.reference).await?;
    let since = told_since(app, access.project, &found.commit.id).await;
    let mut tx = app.db.begin().await?;
    let new = store::New {
        id: ReleaseId::new(),
        access,
        origin: From::Built,
        reference: &opening.reference,
        commit: &found.commit.id,
        title: &found.commit.title,
        note: &opening.note,
        since: since.as_ref(),
    };
    let zone = app.settings.time_zone.clone();
    let named = |created, later| tag::name(created, later, &zone, access.actor.number);
    let (number, tag) = store::insert(tx.connection(), &new, named, SECONDS_TRIED).await?;
    let tag = tag.ok_or(AppError::TooMany {
        retry_after_seconds: 60,
    })?;
    let image = format!("{}:{tag}", found.image);
    let build = Build::first(new.id.0, found.job.jenkins, &found.job.name, &image);
    crate::builds::insert(tx.connection(), &build).await?;
    start_run(&mut tx, &new, &tag, &build, &found.job.template).await?;
    let entry = Entry::done("release.open", "release", new.id)
        .in_project(access.project.id)
        .after(json!({ "number": number, "tag": tag, "commit": found.commit.id }));
    audit::record(&mut tx, &entry, &Origin::from(access.actor)).await?;
    super::announce(&mut tx, new.id, access.project.id).await?;
    tx.commit().await?;
    Ok(new.id)
}

/// The commits that it brings are good to know and no reason to refuse a release.
async fn told_since(app: &App, project: &Project, commit: &str) -> Option<Since> {
    let found = since::since(app, project, commit).await;
    found.unwrap_or_else(|error| {
        tracing::info!(project.key, %error, "a release is opened without its commits");
        None
    })
}

fn check(opening: &Opening) -> Result<(), AppError> {
    if !tag::is_reference(&opening.reference) {
        return Err(AppError::field("ref", "release-ref-grammar"));
    }
    if opening.note.chars().count() > MAX_NOTE {
        return Err(AppError::field("note", "field-too-long"));
    }
    Ok(())
}

/// Where a project is built.
pub struct JobOf {
    pub jenkins: ConnectionId,
    /// Its language's template.
    pub template: String,
    /// The job's full name: the connection's folder, then the project's key or the name that
    /// operations chose.
    pub name: String,
}

/// What a release is made from, as it is now.
struct Found {
    commit: Commit,
    job: JobOf,
    /// `host/repository` without the tag.
    image: String,
}

async fn look_up(app: &App, access: &Access<'_>, reference: &str) -> Result<Found, AppError> {
    let project = access.project;
    let bound = project.bound.as_ref();
    let bound = bound.ok_or_else(|| AppError::conflict("release-project-unbound"))?;
    let test = crate::workloads::list(app.db.pool(), project.id, None, Some(Tier::Test)).await?;
    if test.iter().all(|w| w.prepared_at.is_none()) {
        return Err(AppError::conflict("release-no-test-place"));
    }
    let commit = outside::commit(app, project, bound.number, reference).await?;
    let job = job_of(app, project).await?;
    let image = image_path(app, project).await?;
    Ok(Found { commit, job, image })
}

/// The durable run, with the tag as its first effect.
async fn start_run(
    tx: &mut Tx,
    new: &store::New<'_>,
    tag: &str,
    build: &Build,
    template: &str,
) -> Result<(), AppError> {
    let project = new.access.project;
    let run = NewRun {
        kind: "release",
        subject: new.id.0,
        project: Some(project.id.0),
        parent: None,
    };
    let effect = NewEffect {
        kind: "git-tag",
        target: project.repository.clone(),
        name: tag.to_owned(),
        intent: json!({ "commit": new.commit }),
    };
    let input = json!({ "release": new.id, "build": build.id, "template": template });
    let step = NewStep::new("release.tag", format!("gitlab:{}", project.gitlab), input);
    jobs::start_run(tx, &run, &step.with_effect(effect)).await?;
    Ok(())
}

/// `host/repository`, as the job pushes it.
///
/// # Errors
/// No answer from the database, or a connection that is not as it should be.
pub async fn image_path(app: &App, project: &Project) -> Result<String, AppError> {
    let host = connections::push_host(app, project.registry).await?;
    let (_, config) = connections::registry(app, project.registry).await?;
    let repository = config
        .repository(&project.key)
        .map_err(|e| AppError::Internal(format!("a project that no registry can hold: {e}")))?;
    Ok(format!("{host}/{}", repository.as_str()))
}

/// The project's job, whether it is there yet or not.
///
/// # Errors
/// No answer from the database, or a connection that is not as it should be.
pub async fn job_of(app: &App, project: &Project) -> Result<JobOf, AppError> {
    let (jenkins, template) = store::language(app.db.pool(), &project.language).await?;
    let named = store::job_name(app.db.pool(), project.id).await?;
    let (_, config) = connections::jenkins(app, jenkins).await?;
    let name = config
        .folder
        .child(named.as_deref().unwrap_or(&project.key));
    let name = name.map_err(|_| AppError::Internal("a project that is no job".to_owned()))?;
    Ok(JobOf {
        jenkins,
        template,
        name: name.as_str().to_owned(),
    })
}
