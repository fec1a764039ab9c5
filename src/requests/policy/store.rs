//! The SQL of policies.

use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{Draft, Involved, Policy, PolicyId};
use crate::db::DbError;
use crate::identity::{AccountId, Person};
use crate::requests::{Quorum, Voters};

/// Where a policy counts.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub environment: Option<Uuid>,
    pub project: Option<Uuid>,
}

pub struct Row<'a> {
    pub id: PolicyId,
    pub place: Place,
    pub draft: &'a Draft,
    pub quorum: &'a [Quorum],
    pub by: AccountId,
}

/// By kind, the widest first.
pub async fn select(
    executor: impl PgExecutor<'_>,
    id: Option<PolicyId>,
) -> Result<Vec<Policy>, DbError> {
    fetch(executor, id, None).await
}

/// The one that counts for a kind in a place.
pub async fn narrowest(
    executor: impl PgExecutor<'_>,
    kind: &str,
    environment: Option<Uuid>,
    project: Option<Uuid>,
) -> Result<Option<Policy>, DbError> {
    let found = fetch(executor, None, Some((kind, environment, project))).await?;
    Ok(found.into_iter().next())
}

async fn fetch(
    executor: impl PgExecutor<'_>,
    id: Option<PolicyId>,
    counting: Option<(&str, Option<Uuid>, Option<Uuid>)>,
) -> Result<Vec<Policy>, DbError> {
    let (kind, environment, project) = match counting {
        Some((kind, environment, project)) => (Some(kind), environment, project),
        None => (None, None, None),
    };
    let rows = sqlx::query!(
        r#"SELECT y.id AS "id: PolicyId", y.kind, e.key AS "environment?", p.key AS "project?",
            y.excludes AS "excludes: Vec<Involved>", y.expires_hours, y.remind_hours, y.note,
            a.name AS changed_by, y.changed_at,
            (SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                'permission', q.permission, 'group', g.key, 'needed', q.needed))
                ORDER BY q.position), '[]')
             FROM request_policy_quorum q LEFT JOIN people_group g ON g.id = q.group_id
             WHERE q.policy_id = y.id) AS "quorum!: Json<Vec<Quorum>>"
           FROM request_policy y
           JOIN account a ON a.id = y.changed_by
           LEFT JOIN environment e ON e.id = y.environment_id
           LEFT JOIN project p ON p.id = y.project_id
           WHERE ($1::uuid IS NULL OR y.id = $1)
             AND ($2::text IS NULL OR y.id = policy_for($2, $3, $4))
           ORDER BY y.kind, y.project_id IS NOT NULL, y.environment_id IS NOT NULL,
                e.rank, p.key"#,
        id.map(|i| i.0),
        kind,
        environment,
        project,
    );
    let rows = rows.fetch_all(executor).await?;
    let policies = rows.into_iter().map(|r| Policy {
        id: r.id,
        kind: r.kind,
        environment: r.environment,
        project: r.project,
        quorum: r.quorum.0,
        excludes: r.excludes,
        expires_hours: r.expires_hours,
        remind_hours: r.remind_hours,
        note: r.note,
        changed_by: r.changed_by,
        changed_at: r.changed_at.to_jiff(),
    });
    Ok(policies.collect())
}

/// The ids of a draft's place, or the field that names nothing.
pub async fn place(
    connection: &mut PgConnection,
    draft: &Draft,
) -> Result<Result<Place, &'static str>, DbError> {
    let row = sqlx::query!(
        r#"SELECT (SELECT id FROM environment WHERE key = $1) AS environment,
            (SELECT id FROM project WHERE key = $2) AS project"#,
        draft.environment,
        draft.project,
    )
    .fetch_one(connection)
    .await?;
    if draft.environment.is_some() && row.environment.is_none() {
        return Ok(Err("environment"));
    }
    if draft.project.is_some() && row.project.is_none() {
        return Ok(Err("project"));
    }
    Ok(Ok(Place {
        environment: row.environment,
        project: row.project,
    }))
}

/// The policy and whom it asks, as wanted.
pub async fn put(connection: &mut PgConnection, row: &Row<'_>) -> Result<(), DbError> {
    let excludes: Vec<String> = row.draft.excludes.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "INSERT INTO request_policy (id, kind, environment_id, project_id, excludes,
            expires_hours, remind_hours, note, changed_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (id) DO UPDATE SET excludes = $5, expires_hours = $6, remind_hours = $7,
            note = $8, changed_by = $9, changed_at = slipway_now()",
        row.id.0,
        row.draft.kind,
        row.place.environment,
        row.place.project,
        &excludes,
        row.draft.expires_hours,
        row.draft.remind_hours,
        row.draft.note.trim(),
        row.by.0,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "DELETE FROM request_policy_quorum WHERE policy_id = $1",
        row.id.0
    )
    .execute(&mut *connection)
    .await?;
    for (position, quorum) in (0..).zip(row.quorum) {
        let (permission, group) = match &quorum.by {
            Voters::Permission(permission) => (Some(permission.as_str()), None),
            Voters::Group(key) => (None, Some(key.as_str())),
        };
        sqlx::query!(
            "INSERT INTO request_policy_quorum (policy_id, position, permission, group_id, needed)
             VALUES ($1, $2, $3, (SELECT id FROM people_group WHERE key = $4), $5)",
            row.id.0,
            position,
            permission,
            group,
            quorum.needed,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub async fn delete(connection: &mut PgConnection, id: PolicyId) -> Result<(), DbError> {
    sqlx::query!("DELETE FROM request_policy WHERE id = $1", id.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// People who belong to an asked group in a place: holders of the roles that grant the right, or
/// members of the group. No more than `limit`, and how many there are.
pub async fn voters(
    executor: impl PgExecutor<'_>,
    of: &Voted,
    limit: i64,
) -> Result<(Vec<Person>, i64), DbError> {
    let rows = sqlx::query!(
        r#"SELECT a.name, a.display_name, count(*) OVER () AS "all!"
           FROM account a
           WHERE a.disabled_at IS NULL AND a.project_id IS NULL AND (
             EXISTS (SELECT 1 FROM platform_role r WHERE r.account_id = a.id AND r.role = ANY($1)
                AND (r.expires_at IS NULL OR r.expires_at > slipway_now()))
             OR EXISTS (SELECT 1 FROM membership m WHERE m.account_id = a.id AND m.role = ANY($2)
                AND m.project_id = $3
                AND (m.expires_at IS NULL OR m.expires_at > slipway_now()))
             OR EXISTS (SELECT 1 FROM people_group_member m
                JOIN people_group g ON g.id = m.group_id
                WHERE m.account_id = a.id AND g.key = $4
                  AND (m.expires_at IS NULL OR m.expires_at > slipway_now())))
           ORDER BY a.display_name, a.name LIMIT $5"#,
        &of.platform_roles,
        &of.project_roles,
        of.project,
        of.group,
        limit,
    );
    let rows = rows.fetch_all(executor).await?;
    let all = rows.first().map_or(0, |r| r.all);
    let person = |name, display_name| Person { name, display_name };
    let people = rows.into_iter().map(|r| person(r.name, r.display_name));
    Ok((people.collect(), all))
}

/// Whom a quorum asks, as rows know them.
#[derive(Debug, Clone, Default)]
pub struct Voted {
    pub platform_roles: Vec<String>,
    pub project_roles: Vec<String>,
    pub project: Option<Uuid>,
    pub group: Option<String>,
}
