//! New parameters for what a workload runs: an ordinary deployment of the same artifact.

use super::rollout::{self, NewRollout};
use super::{Kind, RolloutId};
use crate::clusters::Tier;
use crate::db::{DbError, Tx};
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
    let Some(running) = rollout::lock_running(tx.connection(), workload.id).await? else {
        return Ok(Rolled::Nothing);
    };
    match (workload.tier, &running.under_way, running.confirmation) {
        (_, Some(_), _) => return Ok(Rolled::Busy),
        (Tier::Production, None, None) => return Ok(Rolled::NotConfirmed),
        (Tier::Production, None, Some(_)) | (Tier::Test, None, _) => {}
    }
    let new = NewRollout {
        project: workload.project_id,
        environment: workload.environment_id,
        tier: workload.tier,
        kind: Kind::Parameters,
        artifact: running.artifact,
        release: None,
        confirmation: running.confirmation,
        request: None,
        author,
        reason,
        workloads: std::slice::from_ref(workload),
    };
    rollout::start(tx, &new).await.map(Rolled::Started)
}
