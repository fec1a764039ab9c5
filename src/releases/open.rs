//! Opening a release: a reference becomes a commit, a tag's name and a durable run.

use serde::Deserialize;
use serde_json::json;

use super::{ReleaseId, outside, store, tag};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::builds::{Build, BuildId};
use crate::clusters::Tier;
use crate::connections;
use crate::error::AppError;
use crate::jobs::{self, NewEffect, NewRun, NewStep};
use crate::projects::{Access, Project};

/// More releases of one person in one second than this are a machine's.
const SECONDS_TRIED: i64 = 60;
const MAX_NOTE: usize = 2000;

/// `POST /projects/{key}/releases`
#[derive(Debug, Clone, Deserialize)]
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
    if !tag::is_reference(&opening.reference) {
        return Err(AppError::field("ref", "release-ref-grammar"));
    }
    if opening.note.chars().count() > MAX_NOTE {
        return Err(AppError::field("note", "field-too-long"));
    }
    let project = access.project;
    let bound = project.bound.as_ref();
    let bound = bound.ok_or_else(|| AppError::conflict("release-project-unbound"))?;
    let test = crate::workloads::list(app.db.pool(), project.id, None, Some(Tier::Test)).await?;
    if test.iter().all(|w| w.prepared_at.is_none()) {
        return Err(AppError::conflict("release-no-test-place"));
    }
    let commit = outside::commit(app, project, bound.number, &opening.reference).await?;
    let language = store::language(app.db.pool(), &project.language).await?;
    let image = image_path(app, project).await?;
    let job = job_name(app, language.0, &project.key).await?;
    let mut tx = app.db.begin().await?;
    let new = store::New {
        id: ReleaseId::new(),
        access,
        reference: &opening.reference,
        commit: &commit.id,
        title: &commit.title,
        note: &opening.note,
    };
    let zone = app.settings.time_zone.clone();
    let named = |created, later| tag::name(created, later, &zone, access.actor.number);
    let (number, tag) = store::insert(tx.connection(), &new, named, SECONDS_TRIED).await?;
    let tag = tag.ok_or(AppError::TooMany {
        retry_after_seconds: 60,
    })?;
    let build = Build {
        id: BuildId::new(),
        release: new.id.0,
        attempt: 1,
        jenkins: language.0,
        job,
        image: format!("{image}:{tag}"),
        number: None,
        result: None,
        stages: Vec::new(),
        log_offset: 0,
        log_lines: 0,
        log_complete: false,
        started_at: None,
        ended_at: None,
    };
    crate::builds::insert(tx.connection(), &build).await?;
    let run = NewRun {
        kind: "release",
        subject: new.id.0,
        project: Some(project.id.0),
        parent: None,
    };
    let effect = NewEffect {
        kind: "git-tag",
        target: project.repository.clone(),
        name: tag.clone(),
        intent: json!({ "commit": commit.id }),
    };
    let input = json!({ "release": new.id, "build": build.id, "template": language.1 });
    let step = NewStep::new("release.tag", format!("gitlab:{}", project.gitlab), input);
    jobs::start_run(&mut tx, &run, &step.with_effect(effect)).await?;
    let entry = Entry::done("release.open", "release", new.id)
        .in_project(project.id)
        .after(json!({ "number": number, "tag": tag, "commit": commit.id }));
    audit::record(&mut tx, &entry, &Origin::from(access.actor)).await?;
    super::announce(&mut tx, new.id, project.id).await?;
    tx.commit().await?;
    Ok(new.id)
}

/// `host/repository`, as the job pushes it.
async fn image_path(app: &App, project: &Project) -> Result<String, AppError> {
    let host = connections::push_host(app, project.registry).await?;
    let (_, config) = connections::registry(app, project.registry).await?;
    let repository = config
        .repository(&project.key)
        .map_err(|e| AppError::Internal(format!("a project that no registry can hold: {e}")))?;
    Ok(format!("{host}/{}", repository.as_str()))
}

/// The job's full name: the connection's folder, then the project's key.
async fn job_name(
    app: &App,
    jenkins: connections::ConnectionId,
    project: &str,
) -> Result<String, AppError> {
    let (_, config) = connections::jenkins(app, jenkins).await?;
    let name = config.folder.child(project);
    let name = name.map_err(|_| AppError::Internal("a project that is no job".to_owned()))?;
    Ok(name.as_str().to_owned())
}
