//! Cancelling: until production began, everything under way for a release ends at once.

use serde_json::json;

use super::{New, ROUNDS, Reason, SetbackKind, store};
use crate::app::App;
use crate::builds::{self, Build};
use crate::db::Tx;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::jobs::{self, NewEffect, NewRun, NewStep};
use crate::releases::steps::jenkins_lane;
use crate::releases::{Event, Release, ReleaseId, State, advance};
use crate::requests;

/// Cancels a release: its runs are given up, an unfinished deployment to test ends as aborted, a
/// build is stopped by a durable step. The tag stays.
///
/// # Errors
/// 403 without the right, 409 once production began or when it is over.
pub async fn cancel(
    app: &App,
    actor: &Actor,
    id: ReleaseId,
    asked: &Reason,
) -> Result<(), AppError> {
    let release = crate::releases::get(app, actor, id).await?;
    actor.must(Permission::OpenRelease, Scope::Project(release.project_id))?;
    let note = asked.optional()?;
    cancellable(&release)?;
    let new = New::of(SetbackKind::Cancelled, &release, actor, note);
    for _ in 0..ROUNDS {
        let mut tx = app.db.begin().await?;
        let subjects = store::work_of(tx.connection(), id).await?;
        super::halt(&mut tx, &subjects, actor).await?;
        store::abort_tests(tx.connection(), id).await?;
        requests::void_of_release(&mut tx, id.0).await?;
        let building = store::state(tx.connection(), id).await? == Some(State::Building);
        if store::production_began(tx.connection(), id).await? {
            return Err(AppError::conflict("cancel-production-began"));
        }
        if !advance(&mut tx, id, Event::Cancelled, None).await? {
            let found = super::done_before(app, id, SetbackKind::Cancelled, "cancel-over");
            return Err(found.await?);
        }
        // A worker may have started something between our look and our lock.
        if store::is_worked_on(tx.connection(), id).await? {
            continue;
        }
        if building {
            stop_build(&mut tx, &release).await?;
        }
        new.record(&mut tx).await?;
        tx.commit().await?;
        return Ok(());
    }
    Err(AppError::conflict("setback-try-again"))
}

/// Whether a release can still be cancelled, or why not.
///
/// # Errors
/// 409 in words.
pub fn cancellable(release: &Release) -> Result<(), AppError> {
    match release.state {
        State::Requested
        | State::Tagging
        | State::Building
        | State::DeployingTest
        | State::AwaitingConfirmation
        | State::Confirmed
        | State::AwaitingApproval => Ok(()),
        State::DeployingProduction | State::Released => {
            Err(AppError::conflict("cancel-production-began"))
        }
        State::Cancelled => Err(match &release.taken_back {
            Some(setback) => super::before(setback),
            None => AppError::conflict("cancel-over"),
        }),
        State::Failed | State::Rejected => Err(AppError::conflict("cancel-over")),
    }
}

/// The durable step that takes the newest build back from Jenkins.
async fn stop_build(tx: &mut Tx, release: &Release) -> Result<(), AppError> {
    let builds = builds::of_release(&mut *tx.connection(), release.id.0).await?;
    match builds.last() {
        Some(build) => Ok(start_stop(tx, release, build).await?),
        None => Ok(()),
    }
}

/// Starts the run that stops one build, under the name that Jenkins knows it by.
pub(super) async fn start_stop(
    tx: &mut Tx,
    release: &Release,
    build: &Build,
) -> Result<(), crate::db::DbError> {
    let run = NewRun {
        kind: "stop-build",
        subject: build.id.0,
        project: Some(release.project_id.0),
        parent: None,
    };
    let effect = NewEffect {
        kind: "jenkins-stop",
        target: jenkins_lane(build),
        name: build.id.to_string(),
        intent: json!({ "release_id": build.id }),
    };
    let input = json!({ "release": release.id, "build": build.id });
    let step = NewStep::new("release.stop", jenkins_lane(build), input).with_effect(effect);
    jobs::start_run(tx, &run, &step).await?;
    Ok(())
}
