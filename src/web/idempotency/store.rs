//! The SQL of idempotency keys. Taking one is part of committing, in `db.rs`.

use serde_json::Value;
use sqlx::PgExecutor;

use crate::db::{Claim, Db, DbError};

pub struct Kept {
    pub request_hash: Vec<u8>,
    pub status: Option<i32>,
    pub body: Option<Value>,
}

pub async fn find(executor: impl PgExecutor<'_>, claim: &Claim) -> Result<Option<Kept>, DbError> {
    let row = sqlx::query_as!(
        Kept,
        "SELECT request_hash, status, body FROM idempotency_key
         WHERE account_id = $1 AND key = $2",
        claim.account,
        claim.key,
    );
    Ok(row.fetch_optional(executor).await?)
}

pub async fn keep(
    executor: impl PgExecutor<'_>,
    claim: &Claim,
    status: u16,
    body: &Value,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE idempotency_key SET status = $3, body = $4 WHERE account_id = $1 AND key = $2",
        claim.account,
        claim.key,
        i32::from(status),
        body,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Forgets keys of a day ago; called by the hourly upkeep.
///
/// # Errors
/// No answer from the database.
pub async fn forget_old(db: &Db) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "DELETE FROM idempotency_key WHERE created_at < slipway_now() - interval '1 day'"
    )
    .execute(db.pool())
    .await?;
    Ok(done.rows_affected())
}
