//! The SQL of what moved.

use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};

use crate::db::DbError;
use crate::error::Words;
use crate::identity::ProjectId;
use crate::requests::RequestId;

/// Open requests of a project, or all, are to be computed anew.
pub async fn insert(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO request_moved (project_id) VALUES ($1)",
        project.map(|p| p.0),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Open requests that are to be computed anew after this one, by number.
pub async fn to_look_at(
    executor: impl PgExecutor<'_>,
    (moved, after): (&[i64], i64),
    limit: i64,
) -> Result<Vec<(i64, RequestId)>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT r.number, r.id AS "id: RequestId" FROM request r
           WHERE r.state = 'open' AND r.number > $2 AND EXISTS (SELECT 1 FROM request_moved m
                WHERE m.number = ANY($1) AND (m.project_id IS NULL OR m.project_id = r.project_id))
           ORDER BY r.number LIMIT $3"#,
        moved,
        after,
        limit,
    );
    let rows = rows.fetch_all(executor).await?;
    Ok(rows.into_iter().map(|r| (r.number, r.id)).collect())
}

/// Why an open request cannot be carried out, or that it can; its number if that is new.
pub async fn set_stuck(
    connection: &mut PgConnection,
    id: RequestId,
    stuck: Option<&Words>,
) -> Result<Option<i64>, DbError> {
    let number = sqlx::query_scalar!(
        "UPDATE request SET stuck = $2
         WHERE id = $1 AND state = 'open' AND stuck IS DISTINCT FROM $2 RETURNING number",
        id.0,
        stuck.map(Json) as _,
    );
    Ok(number.fetch_optional(connection).await?)
}

/// Numbers of open requests that somebody said yes to, as they are now.
pub async fn half_agreed(executor: impl PgExecutor<'_>) -> Result<Vec<i64>, DbError> {
    let numbers = sqlx::query_scalar!(
        "SELECT r.number FROM request r WHERE r.state = 'open' AND EXISTS (SELECT 1 FROM decision d
            WHERE d.request_id = r.id AND d.revision = r.revision AND d.verdict = 'approve')",
    );
    Ok(numbers.fetch_all(executor).await?)
}

/// What moved and was not looked at. Numbers are not in the order in which they came to be seen.
pub async fn all(executor: impl PgExecutor<'_>) -> Result<Vec<i64>, DbError> {
    let all = sqlx::query_scalar!("SELECT number FROM request_moved");
    Ok(all.fetch_all(executor).await?)
}

/// These were looked at.
pub async fn forget(executor: impl PgExecutor<'_>, moved: &[i64]) -> Result<(), DbError> {
    sqlx::query!("DELETE FROM request_moved WHERE number = ANY($1)", moved)
        .execute(executor)
        .await?;
    Ok(())
}
