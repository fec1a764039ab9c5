//! The SQL of memberships.

use sqlx::PgConnection;

use super::Joining;
use crate::db::DbError;
use crate::identity::{ProjectId, ProjectRole};

/// One change of a project's people at a time, so that two cannot remove the last two owners.
pub async fn lock(connection: &mut PgConnection, project: ProjectId) -> Result<(), DbError> {
    sqlx::query!(
        "SELECT 1 AS one FROM project WHERE id = $1 FOR UPDATE",
        project.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(())
}

/// False if there is nobody of this name.
pub async fn put(
    connection: &mut PgConnection,
    project: ProjectId,
    user: &str,
    joining: &Joining,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "INSERT INTO membership (project_id, account_id, role, expires_at)
         SELECT $1, id, $3, $4 FROM account
         WHERE name = $2 AND disabled_at IS NULL AND project_id IS NULL
         ON CONFLICT (project_id, account_id, role)
         DO UPDATE SET expires_at = excluded.expires_at",
        project.0,
        user,
        joining.role.as_str(),
        joining.expires_at.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// False if they did not have it.
pub async fn remove(
    connection: &mut PgConnection,
    project: ProjectId,
    user: &str,
    role: ProjectRole,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "DELETE FROM membership WHERE project_id = $1 AND role = $3
            AND account_id = (SELECT id FROM account WHERE name = $2)",
        project.0,
        user,
        role.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The roles that somebody has in a project by now; nothing for nobody of this name.
pub async fn roles_of(
    connection: &mut PgConnection,
    project: ProjectId,
    user: &str,
) -> Result<Option<Vec<String>>, DbError> {
    let roles = sqlx::query_scalar!(
        r#"SELECT ARRAY(SELECT m.role FROM membership m
                WHERE m.account_id = a.id AND m.project_id = $1
                  AND (m.expires_at IS NULL OR m.expires_at > slipway_now())
                ORDER BY m.role) AS "roles!"
           FROM account a
           WHERE a.name = $2 AND a.disabled_at IS NULL AND a.project_id IS NULL"#,
        project.0,
        user,
    );
    Ok(roles.fetch_optional(connection).await?)
}

/// Owners who can sign in and stay owners.
pub async fn lasting_owners(
    connection: &mut PgConnection,
    project: ProjectId,
) -> Result<i64, DbError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM membership m JOIN account a ON a.id = m.account_id
           WHERE m.project_id = $1 AND m.role = 'owner' AND m.expires_at IS NULL
             AND a.disabled_at IS NULL AND a.project_id IS NULL"#,
        project.0,
    );
    Ok(count.fetch_one(connection).await?)
}
