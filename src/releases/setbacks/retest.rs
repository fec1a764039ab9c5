//! Putting an artifact to test again, so that it can be looked at and confirmed anew.

use super::{New, SetbackKind, store};
use crate::app::App;
use crate::clusters::{EnvironmentId, Tier};
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::projects;
use crate::releases::rollout::{self, NewRollout};
use crate::releases::{Artifact, Event, Kind, Release, ReleaseId, State, advance, outside};
use crate::workloads;

/// Where an artifact is to be tested.
#[derive(Debug, Clone, Copy)]
pub struct Retesting<'a> {
    pub environment: EnvironmentId,
    pub key: &'a str,
}

/// Starts a rollout of the release's artifact to an environment of test.
///
/// # Errors
/// 403 without the right, 409 without an artifact, while it is on its way there or has no place
/// there, 503 when the registry does not answer.
pub async fn retest(
    app: &App,
    actor: &Actor,
    id: ReleaseId,
    to: Retesting<'_>,
) -> Result<(), AppError> {
    let release = crate::releases::get(app, actor, id).await?;
    actor.must(Permission::OpenRelease, Scope::Project(release.project_id))?;
    let artifact = retestable(&release)?;
    let project = projects::by_id(app, release.project_id).await?;
    let project = project.ok_or(AppError::NotFound)?;
    if !outside::pullable(app, &project, artifact).await? {
        let words = Words::new("rollback-not-pullable").with("tag", &artifact.tag);
        return Err(AppError::Conflict(words));
    }
    let mut tx = app.db.begin().await?;
    // The release's lock lets one of two in at a time; the second sees the first one's rollout.
    if !advance(&mut tx, id, Event::TestedAgain, None).await? {
        return Err(AppError::conflict("retest-not-now"));
    }
    if let Some((who, at)) = store::testing(tx.connection(), id, to.environment).await? {
        let words = Words::new("retest-under-way").with("who", who);
        let at = crate::releases::second(at);
        return Err(AppError::Conflict(words.with("at", at)));
    }
    let all = workloads::list(tx.connection(), release.project_id, Some(to.key), None).await?;
    let workloads: Vec<_> = all
        .into_iter()
        .filter(|w| w.prepared_at.is_some())
        .collect();
    if workloads.is_empty() {
        return Err(AppError::conflict("production-no-place"));
    }
    let new = NewRollout {
        project: release.project_id,
        environment: to.environment,
        tier: Tier::Test,
        kind: Kind::Deploy,
        artifact: artifact.id,
        release: Some(release.id),
        confirmation: None,
        request: None,
        author: actor.id.0,
        reason: "",
        workloads: &workloads,
        takes_away: &[],
    };
    rollout::start(&mut tx, &new).await?;
    let new = New::of(SetbackKind::Retested, &release, actor, "");
    new.record(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// The artifact that can be tested again, or why there is nothing to test.
///
/// # Errors
/// 409 in words.
pub fn retestable(release: &Release) -> Result<&Artifact, AppError> {
    let artifact = release.artifact.as_ref();
    let artifact = artifact.ok_or_else(|| AppError::conflict("retest-no-image"))?;
    match release.state {
        State::DeployingTest => Err(AppError::conflict("retest-not-now")),
        State::DeployingProduction => Err(AppError::conflict("production-under-way")),
        State::Cancelled => Err(AppError::conflict("retest-cancelled")),
        State::Requested
        | State::Tagging
        | State::Building
        | State::AwaitingConfirmation
        | State::Confirmed
        | State::AwaitingApproval
        | State::Released
        | State::Failed
        | State::Rejected => Ok(artifact),
    }
}
