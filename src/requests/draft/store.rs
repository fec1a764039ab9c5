//! The SQL of drafts.

use sqlx::{PgConnection, PgExecutor};

use super::{Draft, KEPT_DAYS, Place, decode};
use crate::db::DbError;
use crate::identity::AccountId;

/// Keeps of one person happen one after the other, so that they can be counted.
pub async fn lock(connection: &mut PgConnection, account: AccountId) -> Result<(), DbError> {
    let row = sqlx::query!(
        "SELECT 1 AS one FROM account WHERE id = $1 FOR NO KEY UPDATE",
        account.0
    );
    row.fetch_one(connection).await?;
    Ok(())
}

/// How many somebody has at other addresses.
pub async fn count_others(
    connection: &mut PgConnection,
    account: AccountId,
    path: &str,
) -> Result<i64, DbError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM request_draft WHERE account_id = $1 AND path <> $2"#,
        account.0,
        path,
    );
    Ok(count.fetch_one(connection).await?)
}

pub async fn put(
    connection: &mut PgConnection,
    account: AccountId,
    place: &Place<'_>,
    body: &str,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO request_draft (account_id, path, kind, subject, body)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT ON CONSTRAINT request_draft_once DO UPDATE
            SET kind = $3, subject = $4, body = $5, updated_at = slipway_now()",
        account.0,
        place.path,
        place.kind,
        place.subject,
        body,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Somebody's drafts, the last kept first; of one address if it is given.
pub async fn list(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    path: Option<&str>,
) -> Result<Vec<Draft>, DbError> {
    let rows = sqlx::query!(
        "SELECT path, kind, subject, body, updated_at FROM request_draft
         WHERE account_id = $1 AND ($2::text IS NULL OR path = $2) ORDER BY updated_at DESC",
        account.0,
        path,
    );
    let rows = rows.fetch_all(executor).await?.into_iter();
    let drafts = rows.map(|r| Draft {
        path: r.path,
        kind: r.kind,
        subject: r.subject,
        fields: decode(&r.body),
        kept_at: r.updated_at.to_jiff(),
    });
    Ok(drafts.collect())
}

/// False if there was none.
pub async fn delete(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    path: &str,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "DELETE FROM request_draft WHERE account_id = $1 AND path = $2",
        account.0,
        path
    );
    Ok(done.execute(executor).await?.rows_affected() == 1)
}

pub async fn delete_old(executor: impl PgExecutor<'_>) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM request_draft WHERE updated_at < slipway_now() - make_interval(days => $1)",
        KEPT_DAYS,
    )
    .execute(executor)
    .await?;
    Ok(())
}
