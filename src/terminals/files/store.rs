//! The SQL of files that were moved through terminals.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{Direction, Moved, Outcome};
use crate::db::DbError;
use crate::terminals::TerminalId;

pub async fn begin(
    executor: impl PgExecutor<'_>,
    id: Uuid,
    terminal: TerminalId,
    (direction, path): (Direction, &str),
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO terminal_file (id, terminal_id, direction, path) VALUES ($1, $2, $3, $4)",
        id,
        terminal.0,
        direction.as_str(),
        path,
    )
    .execute(executor)
    .await?;
    Ok(())
}

pub async fn end(
    connection: &mut PgConnection,
    id: Uuid,
    outcome: Outcome,
    (bytes, sha256): (i64, Option<&[u8]>),
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE terminal_file
         SET ended_at = slipway_now(), outcome = $2, bytes = $3, file_hash = $4
         WHERE id = $1 AND ended_at IS NULL",
        id,
        outcome.as_str(),
        bytes,
        sha256,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a terminal is open, and whoever holds it alive.
pub async fn is_open(executor: impl PgExecutor<'_>, id: TerminalId) -> Result<bool, DbError> {
    let open = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM terminal
            WHERE id = $1 AND ended_at IS NULL AND alive_until > slipway_now()) AS "open!""#,
        id.0,
    );
    Ok(open.fetch_one(executor).await?)
}

/// Those of one terminal, the first first.
pub async fn list(
    executor: impl PgExecutor<'_>,
    terminal: TerminalId,
    limit: i64,
) -> Result<Vec<Moved>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT direction AS "direction: Direction", path, bytes, begun_at,
              outcome AS "outcome: Outcome", encode(file_hash, 'hex') AS sha256
           FROM terminal_file WHERE terminal_id = $1 ORDER BY id LIMIT $2"#,
        terminal.0,
        limit,
    );
    let rows = rows.fetch_all(executor).await?.into_iter();
    let moved = rows.map(|r| Moved {
        direction: r.direction,
        path: r.path,
        bytes: r.bytes,
        begun_at: r.begun_at.to_jiff(),
        outcome: r.outcome,
        sha256: r.sha256,
    });
    Ok(moved.collect())
}
