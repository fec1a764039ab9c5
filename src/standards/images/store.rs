//! The SQL of bounds for images.

use sqlx::{PgConnection, PgExecutor};

use super::{Bounds, Row};
use crate::db::DbError;
use crate::identity::AccountId;

/// The newest bounds of each kind, everybody's first.
pub async fn newest(executor: impl PgExecutor<'_>) -> Result<Vec<Row>, DbError> {
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (b.language) b.language, b.bases, b.ports, b.root_allowed, b.most_mib,
            b.packages, b.reason, a.display_name, b.created_at
         FROM image_bounds b JOIN account a ON a.id = b.author_id
         ORDER BY b.language NULLS FIRST, b.number DESC LIMIT 200"
    )
    .fetch_all(executor)
    .await?;
    let rows = rows.into_iter().map(|r| Row {
        language: r.language,
        bounds: Bounds {
            bases: r.bases,
            ports: r.ports,
            root_allowed: r.root_allowed,
            most_mib: r.most_mib,
            packages: r.packages,
        },
        reason: r.reason,
        by: r.display_name,
        at: r.created_at.to_jiff(),
    });
    Ok(rows.collect())
}

pub async fn insert(
    connection: &mut PgConnection,
    language: Option<&str>,
    bounds: &Bounds,
    reason: &str,
    author: AccountId,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO image_bounds
            (language, bases, ports, root_allowed, most_mib, packages, reason, author_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        language,
        &bounds.bases,
        &bounds.ports,
        bounds.root_allowed,
        bounds.most_mib,
        &bounds.packages,
        reason,
        author.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}
