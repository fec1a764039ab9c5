//! Building once more under the same tag, while the registry has no image of it; or looking once
//! more at the image that rules refused, since operations may have let it pass meanwhile.

use serde_json::json;

use super::{New, SetbackKind};
use crate::app::App;
use crate::builds::{self, Build};
use crate::db::Tx;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::jobs::{self, NewEffect, NewRun, NewStep};
use crate::projects::{self, Project};
use crate::releases::steps::jenkins_lane;
use crate::releases::{Event, Release, ReleaseId, State, advance, outside, store};

/// Starts another build attempt of a release that failed, or another look at its image.
///
/// # Errors
/// 403 without the right, 409 when it is not a failed build or the registry has the tag, 503 when
/// the registry does not answer.
pub async fn rebuild(app: &App, actor: &Actor, id: ReleaseId) -> Result<(), AppError> {
    let release = crate::releases::get(app, actor, id).await?;
    actor.must(Permission::OpenRelease, Scope::Project(release.project_id))?;
    if release.state == State::Building {
        let found = super::done_before(app, id, SetbackKind::Rebuilt, "rebuild-under-way");
        return Err(found.await?);
    }
    rebuildable(&release)?;
    let project = projects::by_id(app, release.project_id).await?;
    let project = project.ok_or(AppError::NotFound)?;
    let is_there = outside::has_tag(app, &project, &release.tag).await?;
    if is_there && !is_refused(&release) {
        let words = Words::new("rebuild-tag-there").with("tag", &release.tag);
        return Err(AppError::Conflict(words));
    }
    let (_, template) = store::language(app.db.pool(), &project.language).await?;
    let mut tx = app.db.begin().await?;
    if !advance(&mut tx, id, Event::BuildRetried, None).await? {
        let found = super::done_before(app, id, SetbackKind::Rebuilt, "rebuild-under-way");
        return Err(found.await?);
    }
    match is_there {
        true => look_again(&mut tx, &release, &project, &template).await?,
        false => start(&mut tx, &release, &template).await?,
    }
    let new = New::of(SetbackKind::Rebuilt, &release, actor, "");
    new.record(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether another build makes sense by our own record, or why not.
///
/// # Errors
/// 409 in words.
pub fn rebuildable(release: &Release) -> Result<(), AppError> {
    match (release.state, release.tagged_at, &release.artifact) {
        (_, _, Some(artifact)) => {
            let words = Words::new("rebuild-tag-there").with("tag", &artifact.tag);
            Err(AppError::Conflict(words))
        }
        (State::Failed, Some(_), None) => Ok(()),
        (_, _, None) => Err(AppError::conflict("rebuild-not-failed")),
    }
}

/// Whether it failed because its image broke a rule.
#[must_use]
pub fn is_refused(release: &Release) -> bool {
    release.artifact.is_none() && release.remarks.iter().any(|remark| remark.refused)
}

/// A run from the image on: what the last attempt built is there.
async fn look_again(
    tx: &mut Tx,
    release: &Release,
    project: &Project,
    template: &str,
) -> Result<(), AppError> {
    let builds = builds::of_release(&mut *tx.connection(), release.id.0).await?;
    let last = builds.last().ok_or(AppError::NotFound)?;
    let input = json!({ "release": release.id, "build": last.id, "template": template });
    let lane = format!("registry:{}", project.registry);
    let step = NewStep::new("release.artifact", lane, input);
    jobs::start_run(tx, &run_of(release), &step).await?;
    Ok(())
}

fn run_of(release: &Release) -> NewRun {
    NewRun {
        kind: "release",
        subject: release.id.0,
        project: Some(release.project_id.0),
        parent: None,
    }
}

/// The next attempt, and its run from the job on; what is left of the last one is stopped.
async fn start(tx: &mut Tx, release: &Release, template: &str) -> Result<(), AppError> {
    let builds = builds::of_release(&mut *tx.connection(), release.id.0).await?;
    let last = builds.last().ok_or(AppError::NotFound)?;
    if last.result.is_none() {
        super::cancel::start_stop(tx, release, last).await?;
    }
    let build = Build::after(last);
    builds::insert(tx.connection(), &build).await?;
    let effect = NewEffect {
        kind: "jenkins-job",
        target: build.jenkins.to_string(),
        name: build.job.clone(),
        intent: json!({ "template": template }),
    };
    let input = json!({ "release": release.id, "build": build.id, "template": template });
    let step = NewStep::new("release.job", jenkins_lane(&build), input);
    jobs::start_run(tx, &run_of(release), &step.with_effect(effect)).await?;
    Ok(())
}
