//! The SQL of the switch, and of what waits for it.

use jiff::Timestamp;
use sqlx::{PgConnection, PgExecutor};

use super::Halt;
use crate::db::DbError;
use crate::identity::{AccountId, Person};
use crate::jobs::RunId;

/// More than these are counted, not shown.
const SHOWN: i64 = 50;

/// A run that waits for the switch.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(as = HeldWork)]
pub struct Held {
    pub run: RunId,
    pub kind: String,
    pub project: Option<String>,
    pub since: Timestamp,
}

pub async fn find(executor: impl PgExecutor<'_>) -> Result<Option<Halt>, DbError> {
    let row = sqlx::query!(
        "SELECT s.reason, s.holds_rollbacks, s.since, a.name, a.display_name
         FROM production_stop s JOIN account a ON a.id = s.account_id"
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|r| Halt {
        reason: r.reason,
        holds_rollbacks: r.holds_rollbacks,
        by: Person {
            name: r.name,
            display_name: r.display_name,
        },
        since: r.since.to_jiff(),
    }))
}

/// Whether rollbacks are held now; `None` while production moves.
pub async fn lock(connection: &mut PgConnection) -> Result<Option<bool>, DbError> {
    let held = sqlx::query_scalar!("SELECT holds_rollbacks FROM production_stop FOR UPDATE");
    Ok(held.fetch_optional(connection).await?)
}

/// The time since when it stands still stays the first one.
pub async fn put(
    connection: &mut PgConnection,
    reason: &str,
    holds_rollbacks: bool,
    account: AccountId,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO production_stop (reason, holds_rollbacks, account_id) VALUES ($1, $2, $3)
         ON CONFLICT (one) DO UPDATE SET reason = excluded.reason,
            holds_rollbacks = excluded.holds_rollbacks, account_id = excluded.account_id",
        reason,
        holds_rollbacks,
        account.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// False if it was not set.
pub async fn delete(connection: &mut PgConnection) -> Result<bool, DbError> {
    let done = sqlx::query!("DELETE FROM production_stop")
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn held(executor: impl PgExecutor<'_>, code: &str) -> Result<Vec<Held>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT r.id AS "run: RunId", r.kind, p.key AS "project?", r.created_at
           FROM step s JOIN run r ON r.id = s.run_id LEFT JOIN project p ON p.id = r.project_id
           WHERE s.state = 'waiting' AND s.waits_for ->> 'code' = $1
           ORDER BY r.id LIMIT $2"#,
        code,
        SHOWN,
    )
    .fetch_all(executor)
    .await?;
    let held = rows.into_iter().map(|r| Held {
        run: r.run,
        kind: r.kind,
        project: r.project,
        since: r.created_at.to_jiff(),
    });
    Ok(held.collect())
}
