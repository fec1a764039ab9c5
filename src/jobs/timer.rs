//! Work that comes round again, on whichever process finds it due first.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::db::{Db, DbError};

/// Something that is done every so often. A run that is lost with its process is simply done at
/// the next turn, so nothing may depend on any one of them.
#[async_trait]
pub trait Timer: Send + Sync {
    /// Unique among all timers, `domain.verb`.
    fn name(&self) -> &'static str;

    fn every(&self) -> Duration;

    /// # Errors
    /// Why not, for the operators' page; it comes round again anyway.
    async fn run(&self) -> Result<(), String>;
}

/// Runs the timers that are due, each on one process only, and returns how many those were.
///
/// # Errors
/// No answer from the database.
pub async fn run_due(db: &Db, timers: &[Arc<dyn Timer>]) -> Result<usize, DbError> {
    let mut ran = 0;
    for timer in timers {
        if take(db, timer.as_ref()).await? {
            let failure = timer.run().await.err();
            if let Some(why) = &failure {
                tracing::warn!(timer.name = timer.name(), why, "did not get through");
            }
            settle(db, timer.name(), failure).await?;
            ran += 1;
        }
    }
    Ok(ran)
}

/// Moves a due timer on to its next turn; true for whoever did.
async fn take(db: &Db, timer: &dyn Timer) -> Result<bool, DbError> {
    let taken = sqlx::query!(
        "INSERT INTO timer AS t (name, due_at)
         VALUES ($1, slipway_now() + make_interval(secs => $2))
         ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at, began_at = slipway_now()
         WHERE t.due_at <= slipway_now()",
        timer.name(),
        timer.every().as_secs_f64(),
    )
    .execute(db.pool())
    .await?;
    Ok(taken.rows_affected() == 1)
}

async fn settle(db: &Db, name: &str, failure: Option<String>) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE timer SET ended_at = slipway_now(), failure = $2 WHERE name = $1",
        name,
        failure,
    )
    .execute(db.pool())
    .await?;
    Ok(())
}
