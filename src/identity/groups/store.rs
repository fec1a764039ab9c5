//! The SQL of groups of people.

use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::Group;
use crate::db::DbError;
use crate::identity::Person;

/// By key; programs and those who are disabled are in none.
pub async fn select(
    executor: impl PgExecutor<'_>,
    key: Option<&str>,
) -> Result<Vec<Group>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT g.key, g.name, g.created_at,
            (SELECT COALESCE(jsonb_agg(jsonb_build_array(a.name, a.display_name) ORDER BY a.name),
                '[]')
             FROM people_group_member m JOIN account a ON a.id = m.account_id
             WHERE m.group_id = g.id AND a.disabled_at IS NULL
               AND (m.expires_at IS NULL OR m.expires_at > slipway_now()))
                AS "members!: Json<Vec<(String, String)>>"
           FROM people_group g WHERE $1::text IS NULL OR g.key = $1 ORDER BY g.key"#,
        key,
    );
    let person = |(name, display_name)| Person { name, display_name };
    let rows = rows.fetch_all(executor).await?;
    let groups = rows.into_iter().map(|r| Group {
        key: r.key,
        name: r.name,
        members: r.members.0.into_iter().map(person).collect(),
        created_at: r.created_at.to_jiff(),
    });
    Ok(groups.collect())
}

pub async fn insert(connection: &mut PgConnection, key: &str, name: &str) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO people_group (id, key, name) VALUES ($1, $2, $3)",
        Uuid::now_v7(),
        key,
        name,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn rename(connection: &mut PgConnection, key: &str, name: &str) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE people_group SET name = $2 WHERE key = $1",
        key,
        name
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Exactly these are in it; the names that are somebody's.
pub async fn put_members(
    connection: &mut PgConnection,
    key: &str,
    names: &[String],
) -> Result<Vec<String>, DbError> {
    sqlx::query!(
        "DELETE FROM people_group_member m USING people_group g, account a
         WHERE g.id = m.group_id AND g.key = $1 AND a.id = m.account_id AND a.name <> ALL($2)",
        key,
        names,
    )
    .execute(&mut *connection)
    .await?;
    let found = sqlx::query_scalar!(
        "WITH found AS (
            SELECT id, name FROM account WHERE name = ANY($2) AND project_id IS NULL
         ), put AS (
            INSERT INTO people_group_member (group_id, account_id)
            SELECT g.id, f.id FROM people_group g, found f WHERE g.key = $1
            ON CONFLICT DO NOTHING
         ) SELECT name FROM found",
        key,
        names,
    );
    Ok(found.fetch_all(connection).await?)
}

pub async fn delete(connection: &mut PgConnection, key: &str) -> Result<(), DbError> {
    sqlx::query!("DELETE FROM people_group WHERE key = $1", key)
        .execute(connection)
        .await?;
    Ok(())
}
