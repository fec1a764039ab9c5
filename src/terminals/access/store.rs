//! The SQL of shells for a while.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{ShellAccess, ShellAccessId};
use crate::db::DbError;
use crate::identity::{AccountId, Person};

pub struct NewAccess {
    pub id: Uuid,
    pub request: Uuid,
    pub account: Uuid,
    pub project: Uuid,
    pub environment: Uuid,
    pub files: bool,
    pub hours: i32,
}

pub async fn insert(connection: &mut PgConnection, new: &NewAccess) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO shell_access
            (id, request_id, account_id, project_id, environment_id, files, begins_at,
             expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, slipway_now(),
            slipway_now() + make_interval(hours => $7))",
        new.id,
        new.request,
        new.account,
        new.project,
        new.environment,
        new.files,
        new.hours,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A project's, or one of them.
pub async fn select(
    executor: impl PgExecutor<'_>,
    project: Uuid,
    id: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ShellAccess>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT s.id AS "id: ShellAccessId", r.number, s.account_id AS "account_id: AccountId",
            a.name, a.display_name, e.key AS environment, s.files, s.begins_at, s.expires_at,
            s.ended_at, b.name AS "by_name?", b.display_name AS "by_display_name?",
            (s.ended_at IS NULL AND s.expires_at > slipway_now()) AS "counts!"
           FROM shell_access s
           JOIN request r ON r.id = s.request_id
           JOIN account a ON a.id = s.account_id
           JOIN environment e ON e.id = s.environment_id
           LEFT JOIN account b ON b.id = s.ended_by
           WHERE s.project_id = $1 AND ($2::uuid IS NULL OR s.id = $2)
           ORDER BY 13 DESC, s.begins_at DESC LIMIT $3"#,
        project,
        id,
        limit,
    )
    .fetch_all(executor)
    .await?;
    let person = |name, display_name| Person { name, display_name };
    let given = rows.into_iter().map(|r| ShellAccess {
        id: r.id,
        request: r.number,
        account_id: r.account_id,
        person: person(r.name, r.display_name),
        environment: r.environment,
        files: r.files,
        begins_at: r.begins_at.to_jiff(),
        expires_at: r.expires_at.to_jiff(),
        ended_at: r.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
        ended_by: r.by_name.zip(r.by_display_name).map(|(n, d)| person(n, d)),
        counts: r.counts,
    });
    Ok(given.collect())
}

/// False for one that is over.
pub async fn end(connection: &mut PgConnection, id: Uuid, by: Uuid) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE shell_access SET ended_at = slipway_now(), ended_by = $2
         WHERE id = $1 AND ended_at IS NULL AND expires_at > slipway_now()",
        id,
        by,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
