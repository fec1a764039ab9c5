//! Aborting a deployment: the portal stops driving it. The cluster is left with what it was told
//! last; going back is a button of its own.

use super::{New, ROUNDS, Reason, SetbackKind, store};
use crate::app::App;
use crate::clusters::Tier;
use crate::db::Tx;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::projects;
use crate::releases::rollout;
use crate::releases::{
    DeploymentId, DeploymentState, Event, Kind, RolloutOutcome, advance, announce,
};
use crate::requests::{self, RequestId};

/// Ends a deployment, and the rollout that it belongs to, as aborted.
///
/// # Errors
/// 404 where it may not be seen, 403 without the right, 409 when it is over.
pub async fn abort(
    app: &App,
    actor: &Actor,
    id: DeploymentId,
    asked: &Reason,
) -> Result<(), AppError> {
    let found = store::abortable(app.db.pool(), id).await?;
    let found = found.ok_or(AppError::NotFound)?;
    let scope = Scope::Project(found.project);
    if !actor.may(Permission::ViewProject, scope) {
        return Err(AppError::NotFound);
    }
    actor.must(Permission::RollBack, scope)?;
    let note = asked.optional()?;
    let new = New {
        kind: SetbackKind::Aborted,
        project: found.project,
        release: found.release,
        deployment: Some(id),
        actor,
        note,
    };
    for _ in 0..ROUNDS {
        let mut tx = app.db.begin().await?;
        super::halt(&mut tx, &[id.0, found.rollout.0], actor).await?;
        let ended = rollout::end_deployment(&mut tx, id, DeploymentState::Aborted).await?;
        if !ended {
            return Err(too_late(app, id).await?);
        }
        finish(&mut tx, &found, actor).await?;
        if store::is_run(tx.connection(), &[id.0, found.rollout.0]).await? {
            continue;
        }
        new.record(&mut tx).await?;
        tx.commit().await?;
        return Ok(());
    }
    Err(AppError::conflict("setback-try-again"))
}

/// What the abort means for the rollout, its request and its release.
async fn finish(tx: &mut Tx, found: &store::Abortable, actor: &Actor) -> Result<(), AppError> {
    rollout::end_rollout(tx, found.rollout, RolloutOutcome::Aborted).await?;
    if let Some(request) = found.request {
        requests::finish(tx, RequestId(request), false).await?;
    }
    if let (Some(release), Kind::Deploy) = (found.of_release, found.kind) {
        let words = Words::new("rollout-aborted")
            .with("who", &actor.display_name)
            .with("environment", &found.environment)
            .with("cluster", &found.cluster);
        let event = match found.tier {
            Tier::Test => Event::TestFailed,
            Tier::Production => Event::Failed,
        };
        advance(tx, release, event, Some(&words)).await?;
    }
    match found.release {
        Some(release) => announce(tx, release, found.project).await?,
        None => {
            let topic = projects::topic(found.project);
            tx.event(&topic, Some(found.project.0)).await?;
        }
    }
    Ok(())
}

/// Who broke it off before, or how it ended meanwhile.
async fn too_late(app: &App, id: DeploymentId) -> Result<AppError, AppError> {
    if let Some(setback) = store::aborted(app.db.pool(), id).await? {
        return Ok(super::before(&setback));
    }
    let found = store::abortable(app.db.pool(), id).await?;
    Ok(match found.and_then(|f| Some((f.state, f.ended_at?))) {
        Some((state, at)) => AppError::Conflict(
            Words::new(&format!("abort-over-{state}")).with("at", crate::releases::second(at)),
        ),
        None => AppError::conflict("setback-try-again"),
    })
}

/// Whether a deployment is still to be aborted.
#[must_use]
pub const fn abortable(state: DeploymentState) -> bool {
    match state {
        DeploymentState::Pending | DeploymentState::Applying | DeploymentState::Rolling => true,
        DeploymentState::Succeeded
        | DeploymentState::Failed
        | DeploymentState::Aborted
        | DeploymentState::Superseded => false,
    }
}
