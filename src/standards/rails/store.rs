//! The SQL of overruled guard rails.

use sqlx::{PgConnection, PgExecutor};

use super::overrides::{Override, OverrideId, Overriding};
use crate::clusters::Tier;
use crate::db::DbError;
use crate::identity::{AccountId, ProjectId};

/// What is overruled now, everywhere or in one project.
pub async fn live(
    executor: impl PgExecutor<'_>,
    project: Option<ProjectId>,
) -> Result<Vec<Override>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT o.id AS "id: OverrideId", o.rail, p.key AS project, e.key AS environment,
            e.tier AS "tier: Tier", o.component, o.reason, a.display_name, o.created_at
           FROM rail_override o
           JOIN project p ON p.id = o.project_id
           JOIN environment e ON e.id = o.environment_id
           JOIN account a ON a.id = o.author_id
           WHERE o.ended_at IS NULL AND ($1::uuid IS NULL OR o.project_id = $1)
           ORDER BY o.rail, p.key, e.rank, o.component LIMIT 1000"#,
        project.map(|p| p.0),
    )
    .fetch_all(executor)
    .await?;
    let overrides = rows.into_iter().map(|r| Override {
        id: r.id,
        rail: r.rail,
        project: r.project,
        environment: r.environment,
        tier: r.tier,
        component: r.component,
        reason: r.reason,
        by: r.display_name,
        at: r.created_at.to_jiff(),
    });
    Ok(overrides.collect())
}

/// Stores an override; its project, or nothing where there is no such place.
pub async fn insert(
    connection: &mut PgConnection,
    id: OverrideId,
    new: &Overriding,
    reason: &str,
    author: AccountId,
) -> Result<Option<ProjectId>, DbError> {
    let project = sqlx::query_scalar!(
        r#"INSERT INTO rail_override
            (id, rail, project_id, environment_id, component, reason, author_id)
           SELECT $1, $2, p.id, e.id, $5, $6, $7 FROM project p, environment e
           WHERE p.key = $3 AND e.key = $4 RETURNING project_id AS "id: ProjectId""#,
        id.0,
        new.rail,
        new.project,
        new.environment,
        new.component,
        reason,
        author.0,
    );
    Ok(project.fetch_optional(connection).await?)
}

/// Ends an override; its rule and project, or nothing if it has ended before.
pub async fn end(
    connection: &mut PgConnection,
    id: OverrideId,
    by: AccountId,
) -> Result<Option<(String, ProjectId)>, DbError> {
    let row = sqlx::query!(
        r#"UPDATE rail_override SET ended_at = slipway_now(), ended_by = $2
           WHERE id = $1 AND ended_at IS NULL
           RETURNING rail, project_id AS "project: ProjectId""#,
        id.0,
        by.0,
    );
    let row = row.fetch_optional(connection).await?;
    Ok(row.map(|r| (r.rail, r.project)))
}
