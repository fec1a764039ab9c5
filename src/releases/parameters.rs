//! New parameters for what a workload runs: an ordinary deployment of the same artifact.

use super::rollout::{self, NewRollout, Running};
use super::{Kind, RolloutId};
use crate::app::App;
use crate::clusters::Tier;
use crate::db::{DbError, Tx};
use crate::requests::RequestId;
use crate::workloads::Workload;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rolled {
    Started(RolloutId),
    /// Nothing runs there yet; the first deployment brings them.
    Nothing,
    /// Something is on its way there.
    Busy,
    /// Nobody stands for what production runs; the next release brings them.
    NotConfirmed,
    /// The workloads run different artifacts, and one rollout brings one.
    Different,
}

/// Starts the deployment of a workload's newest parameters with what it runs. Takes the row of
/// the workload.
///
/// # Errors
/// No answer from the database.
pub async fn roll_parameters(
    tx: &mut Tx,
    workload: &Workload,
    author: uuid::Uuid,
    reason: &str,
) -> Result<Rolled, DbError> {
    roll(tx, std::slice::from_ref(workload), (author, None), reason).await
}

/// The same for workloads of one environment in the order of their clusters, as one rollout whose
/// end is the request's. Those that run nothing yet are left out.
///
/// # Errors
/// No answer from the database.
pub async fn change_parameters(
    tx: &mut Tx,
    workloads: &[Workload],
    (author, request): (uuid::Uuid, RequestId),
    reason: &str,
) -> Result<Rolled, DbError> {
    roll(tx, workloads, (author, Some(request)), reason).await
}

async fn roll(
    tx: &mut Tx,
    workloads: &[Workload],
    (author, request): (uuid::Uuid, Option<RequestId>),
    reason: &str,
) -> Result<Rolled, DbError> {
    let Some(first) = workloads.first() else {
        return Ok(Rolled::Nothing);
    };
    if is_moving(tx, first).await? {
        return Ok(Rolled::Busy);
    }
    let mut found: Vec<(Workload, Running)> = Vec::new();
    for workload in workloads {
        if let Some(running) = rollout::lock_running(tx.connection(), workload.id).await? {
            found.push((workload.clone(), running));
        }
    }
    let Some((first, running)) = found.first() else {
        return Ok(Rolled::Nothing);
    };
    if found
        .iter()
        .any(|(_, other)| other.artifact != running.artifact)
    {
        return Ok(Rolled::Different);
    }
    match (first.tier, running.confirmation) {
        (Tier::Production, None) => return Ok(Rolled::NotConfirmed),
        (Tier::Production, Some(_)) | (Tier::Test, _) => {}
    }
    let workloads: Vec<Workload> = found.iter().map(|(workload, _)| workload.clone()).collect();
    let new = NewRollout {
        project: first.project_id,
        environment: first.environment_id,
        tier: first.tier,
        kind: Kind::Parameters,
        artifact: running.artifact,
        release: None,
        confirmation: running.confirmation,
        request,
        author,
        reason,
        workloads: &workloads,
        takes_away: &[],
    };
    rollout::start(tx, &new).await.map(Rolled::Started)
}

/// Whether anything is on its way to a workload's environment, also if it has not come to this
/// workload's cluster yet: parameters that somebody stored meanwhile would go with it unseen.
///
/// # Errors
/// No answer from the database.
pub async fn is_moving(tx: &mut Tx, workload: &Workload) -> Result<bool, DbError> {
    let (project, environment) = (workload.project_id, workload.environment_id);
    let busy = rollout::unfinished_in(tx.connection(), project, environment).await?;
    Ok(busy.is_some())
}

/// The rollout that a request's yes started.
///
/// # Errors
/// No answer from the database.
pub async fn rollout_of_request(
    app: &App,
    request: RequestId,
) -> Result<Option<uuid::Uuid>, DbError> {
    rollout::of_request(app.db.pool(), request.0).await
}
