//! What operators do to a step by hand. The caller asks the right and writes the audit entry.

use std::sync::Arc;

use uuid::Uuid;

use super::{Engine, RunState, StepId, StepResult, StepState, store};
use crate::db::{DbError, Tx};
use crate::error::Words;

/// What became of an operator's wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operated {
    Done,
    /// There is no such step.
    NotFound,
    /// It is over, or (for retry and look now) a worker holds it at this moment.
    NotNow,
}

/// Forgets a step's errors and makes it due.
///
/// # Errors
/// No answer from the database.
pub async fn retry(tx: &mut Tx, step: StepId) -> Result<Operated, DbError> {
    make_due(tx, step, &[StepState::Errored, StepState::Ready]).await
}

/// Ends a step's wait early; it decides anew what it sees.
///
/// # Errors
/// No answer from the database.
pub async fn look_now(tx: &mut Tx, step: StepId) -> Result<Operated, DbError> {
    make_due(tx, step, &[StepState::Waiting, StepState::Ready]).await
}

async fn make_due(tx: &mut Tx, step: StepId, from: &[StepState]) -> Result<Operated, DbError> {
    let Some((claim, state)) = store::lock_step(tx.connection(), step).await? else {
        return Ok(Operated::NotFound);
    };
    if !from.contains(&state) || !store::make_due(tx.connection(), step).await? {
        return Ok(Operated::NotNow);
    }
    super::announce(tx, claim.run).await?;
    Ok(Operated::Done)
}

/// Gives a step and its run up, with a reason. Its domain hears of it as of a failure.
///
/// # Errors
/// No answer from the database.
pub async fn abandon(
    engine: &Arc<Engine>,
    tx: &mut Tx,
    step: StepId,
    reason: &str,
) -> Result<Operated, DbError> {
    let Some((claim, state)) = store::lock_step(tx.connection(), step).await? else {
        return Ok(Operated::NotFound);
    };
    let over = [StepState::Done, StepState::Failed, StepState::Abandoned];
    if over.contains(&state) {
        return Ok(Operated::NotNow);
    }
    let words = Words::new("step-abandoned").with("reason", reason);
    let detail = serde_json::to_value(&words).unwrap_or_default();
    store::abandon_step(tx.connection(), step, detail).await?;
    if let Some(step) = engine.step(&claim.name) {
        step.record(tx, &claim, &StepResult::Fail(words)).await?;
    }
    store::end_run(tx.connection(), claim.run, RunState::Abandoned).await?;
    super::announce(tx, claim.run).await?;
    Ok(Operated::Done)
}

/// Gives up all work about these subjects because somebody decided otherwise; its domain, which
/// asks for this, records what that means. A worker that performs a step of it records nothing.
///
/// # Errors
/// No answer from the database.
pub async fn abandon_all(tx: &mut Tx, subjects: &[Uuid], reason: &Words) -> Result<(), DbError> {
    let detail = serde_json::to_value(reason).unwrap_or_default();
    for step in store::lock_steps_about(tx.connection(), subjects).await? {
        store::abandon_step(tx.connection(), step, detail.clone()).await?;
    }
    store::end_idle_runs(tx.connection(), subjects).await
}
