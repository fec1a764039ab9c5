//! Deploying once more what a workload runs: to restart it, with a new time on its pods, or to
//! put back what another hand changed, with nothing new at all.

use serde_json::json;

use super::rollout::{self, NewRollout, Removal, Running};
use super::setbacks::Reason;
use super::{Kind, RolloutId, second};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::clusters::Tier;
use crate::error::{AppError, Words};
use crate::halt::{self, Motion};
use crate::identity::{Actor, Permission, Scope};
use crate::projects;
use crate::workloads::{self, Workload, WorkloadId};

/// Starts the restart of one workload.
///
/// # Errors
/// 404 where it may not be seen, 403 without the right for its tier, 409 while nothing runs there,
/// something is on its way, or nobody stands for what production runs.
pub async fn restart(
    app: &App,
    actor: &Actor,
    id: WorkloadId,
    asked: &Reason,
) -> Result<RolloutId, AppError> {
    begin(app, actor, id, asked, (Kind::Restart, &[])).await
}

/// Puts back what was deployed to one workload: its pods are replaced only where they differ. What
/// others set beside it goes as far as it is named.
///
/// # Errors
/// The same as of a restart.
pub async fn restore(
    app: &App,
    actor: &Actor,
    id: WorkloadId,
    asked: &Reason,
    takes_away: &[Removal],
) -> Result<RolloutId, AppError> {
    begin(app, actor, id, asked, (Kind::Restore, takes_away)).await
}

async fn begin(
    app: &App,
    actor: &Actor,
    id: WorkloadId,
    asked: &Reason,
    (kind, takes_away): (Kind, &[Removal]),
) -> Result<RolloutId, AppError> {
    let workload = workloads::get(app, id).await?.ok_or(AppError::NotFound)?;
    let scope = Scope::Project(workload.project_id);
    if !actor.may(Permission::ViewProject, scope) {
        return Err(AppError::NotFound);
    }
    actor.must(right_to_restart(workload.tier), scope)?;
    let reason = asked.optional()?;
    if workload.tier == Tier::Production {
        halt::must_move(app, Motion::Forward).await?;
    }
    let mut tx = app.db.begin().await?;
    // Two who press at once come through here one after the other.
    let running = rollout::lock_running(tx.connection(), id).await?;
    let running = check(&workload, running)?;
    let new = NewRollout {
        project: workload.project_id,
        environment: workload.environment_id,
        tier: workload.tier,
        kind,
        artifact: running.artifact,
        release: None,
        confirmation: running.confirmation,
        request: None,
        author: actor.id.0,
        reason,
        workloads: std::slice::from_ref(&workload),
        takes_away,
    };
    let rollout = rollout::start(&mut tx, &new).await?;
    let did = match kind {
        Kind::Restore => "workload.restore",
        _ => "workload.restart",
    };
    let gone = takes_away.iter().map(|r| format!("{} {}", r.kind, r.place));
    let gone: Vec<String> = gone.collect();
    let entry = Entry::done(did, "workload", id)
        .in_project(workload.project_id)
        .after(json!({ "cluster": workload.cluster, "reason": reason, "took_away": gone }));
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    let topic = projects::topic(workload.project_id);
    tx.event(&topic, Some(workload.project_id.0)).await?;
    tx.commit().await?;
    Ok(rollout)
}

/// The right that a restart or a restoring asks for.
#[must_use]
pub const fn right_to_restart(tier: Tier) -> Permission {
    match tier {
        Tier::Test => Permission::RestartInTest,
        Tier::Production => Permission::RestartInProduction,
    }
}

fn check(workload: &Workload, running: Option<Running>) -> Result<Running, AppError> {
    let Some(running) = running else {
        return Err(AppError::conflict("restart-nothing"));
    };
    if let Some((who, at)) = &running.under_way {
        let words = Words::new("restart-busy").with("who", who);
        return Err(AppError::Conflict(words.with("at", second(*at))));
    }
    match (workload.tier, running.confirmation) {
        (Tier::Production, None) => Err(AppError::conflict("restart-not-confirmed")),
        (Tier::Production, Some(_)) | (Tier::Test, _) => Ok(running),
    }
}
