//! Work that comes round again, on whichever process finds it due first.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff_sqlx::{Timestamp, ToSqlx as _};

use crate::cron::Cron;
use crate::db::{Db, DbError, Tx};

/// When something comes round again.
#[derive(Debug, Clone)]
pub enum When {
    /// At once when it is first seen, then after each such while.
    Every(Duration),
    /// When the clock says so. What was missed is done once, later.
    Cron(Box<Cron>),
}

/// Something that is done every so often. A run that is lost with its process is simply done at
/// the next turn, so nothing may depend on any one of them.
#[async_trait]
pub trait Timer: Send + Sync {
    /// Unique among all timers, `domain.verb`.
    fn name(&self) -> &str;

    fn when(&self) -> When;

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
    let known = sqlx::query!(
        r#"SELECT slipway_now() AS "now!",
            (SELECT due_at FROM timer WHERE name = $1) AS due_at"#,
        timer.name(),
    );
    let known = known.fetch_one(db.pool()).await?;
    let (now, due) = (known.now.to_jiff(), known.due_at.map(Timestamp::to_jiff));
    let (next, at_once) = match timer.when() {
        When::Every(every) => (now.checked_add(every).ok(), true),
        When::Cron(cron) => (cron.after(now), false),
    };
    let Some(next) = next.filter(|_| due.is_none_or(|due| due <= now)) else {
        return Ok(false);
    };
    let moved = sqlx::query!(
        "INSERT INTO timer AS t (name, due_at) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at, began_at = slipway_now()
         WHERE t.due_at <= slipway_now()",
        timer.name(),
        next.to_sqlx(),
    );
    let moved = moved.execute(db.pool()).await?.rows_affected() == 1;
    Ok(moved && (at_once || due.is_some()))
}

/// Forgets when a timer is due, because somebody set another time: it is seen as for the first
/// time.
///
/// # Errors
/// No answer from the database.
pub async fn forget_timer(tx: &mut Tx, name: &str) -> Result<(), DbError> {
    let gone = sqlx::query!("DELETE FROM timer WHERE name = $1", name);
    gone.execute(tx.connection()).await?;
    Ok(())
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
