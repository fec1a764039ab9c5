//! The SQL of people.

use std::net::IpAddr;

use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{AccountId, Actor, GivenShell, Person, PlatformRole, ProjectId, ProjectRole};
use crate::db::DbError;
use crate::web::text::Locale;

pub struct SignInRow {
    pub id: AccountId,
    pub password_hash: Option<String>,
    /// Whether somebody else made the password.
    pub temporary: bool,
}

pub async fn insert_account(
    connection: &mut PgConnection,
    id: AccountId,
    name: &str,
    display_name: &str,
    password_hash: Option<&str>,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO account (id, name, display_name, password_hash) VALUES ($1, $2, $3, $4)",
        id.0,
        name,
        display_name,
        password_hash,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn insert_platform_role(
    connection: &mut PgConnection,
    id: AccountId,
    role: PlatformRole,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO platform_role (account_id, role) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        id.0,
        role.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Disabled accounts are not found, and a temporary password that was never used is none.
pub async fn find_for_sign_in(
    executor: impl PgExecutor<'_>,
    name: &str,
) -> Result<Option<SignInRow>, DbError> {
    let row = sqlx::query_as!(
        SignInRow,
        r#"SELECT id AS "id: AccountId", password_until IS NOT NULL AS "temporary!",
            CASE WHEN password_until IS NULL OR password_until > slipway_now()
                THEN password_hash END AS password_hash
           FROM account WHERE name = $1 AND disabled_at IS NULL"#,
        name,
    );
    Ok(row.fetch_optional(executor).await?)
}

/// Those of the accounts that may come in, with what they may.
pub async fn load_actors(
    executor: impl PgExecutor<'_>,
    ids: &[Uuid],
    address: Option<IpAddr>,
    operation: Uuid,
) -> Result<Vec<Actor>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT a.id AS "id: AccountId",
            COALESCE(a.responsible_id, a.id) AS "responsible!: AccountId",
            a.number, a.name, a.display_name, a.locale AS "locale: Locale",
            ARRAY(SELECT role FROM platform_role
                WHERE account_id = a.id AND (expires_at IS NULL OR expires_at > slipway_now()))
                AS "roles!: Vec<PlatformRole>",
            (SELECT COALESCE(jsonb_agg(jsonb_build_array(project_id, role)), '[]')
                FROM membership
                WHERE account_id = a.id AND (expires_at IS NULL OR expires_at > slipway_now()))
                AS "memberships!: Json<Vec<(ProjectId, ProjectRole)>>",
            (SELECT COALESCE(jsonb_agg(jsonb_build_object('project', project_id,
                    'environment', environment_id, 'files', files)), '[]')
                FROM shell_access
                WHERE account_id = a.id AND ended_at IS NULL AND expires_at > slipway_now())
                AS "shells!: Json<Vec<GivenShell>>",
            ARRAY(SELECT g.key FROM people_group_member m JOIN people_group g ON g.id = m.group_id
                WHERE m.account_id = a.id
                  AND (m.expires_at IS NULL OR m.expires_at > slipway_now())) AS "groups!",
            ARRAY(SELECT d.account_id FROM delegation d
                JOIN account away ON away.id = d.account_id AND away.disabled_at IS NULL
                WHERE d.deputy_id = a.id AND d.ended_at IS NULL
                  AND d.begins_at <= slipway_now() AND d.ends_at > slipway_now())
                AS "stands_for!: Vec<AccountId>"
           FROM account a WHERE a.id = ANY($1) AND a.disabled_at IS NULL
             AND NOT EXISTS (SELECT 1 FROM account r
                WHERE r.id = a.responsible_id AND r.disabled_at IS NOT NULL)"#,
        ids,
    )
    .fetch_all(executor)
    .await?;
    let actors = rows.into_iter().map(|row| {
        let mut memberships = std::collections::BTreeMap::<_, Vec<_>>::new();
        for (project, role) in row.memberships.0 {
            memberships.entry(project).or_default().push(role);
        }
        Actor {
            id: row.id,
            responsible: row.responsible,
            number: row.number,
            name: row.name,
            display_name: row.display_name,
            locale: row.locale,
            roles: row.roles,
            memberships,
            shells: row.shells.0,
            groups: row.groups,
            stands_for: row.stands_for,
            address,
            operation,
            token: None,
        }
    });
    Ok(actors.collect())
}

/// People by name, in the order asked for, with the words of their roles.
pub async fn people_with_roles(
    executor: impl PgExecutor<'_>,
    names: &[String],
) -> Result<Vec<(Person, Vec<String>)>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT a.name, a.display_name,
            ARRAY(SELECT role FROM platform_role WHERE account_id = a.id
                UNION SELECT role FROM membership WHERE account_id = a.id
                ORDER BY 1) AS "roles!: Vec<String>"
           FROM account a WHERE a.name = ANY($1) AND a.disabled_at IS NULL
           ORDER BY array_position($1, a.name)"#,
        names,
    )
    .fetch_all(executor)
    .await?;
    let person = |name, display_name| Person { name, display_name };
    Ok(rows
        .into_iter()
        .map(|r| (person(r.name, r.display_name), r.roles))
        .collect())
}

pub async fn set_locale(
    executor: impl PgExecutor<'_>,
    id: AccountId,
    locale: &str,
) -> Result<(), DbError> {
    sqlx::query!("UPDATE account SET locale = $2 WHERE id = $1", id.0, locale)
        .execute(executor)
        .await?;
    Ok(())
}

pub async fn login_blocked_for(
    executor: impl PgExecutor<'_>,
    keys: &[String],
) -> Result<Option<f64>, DbError> {
    let seconds = sqlx::query_scalar!(
        "SELECT max(EXTRACT(EPOCH FROM blocked_until - slipway_now()))::float8
         FROM login_failure WHERE key = ANY($1)",
        keys,
    );
    Ok(seconds.fetch_one(executor).await?)
}

/// An hour without a failure starts anew.
pub async fn count_login_failure(
    executor: impl PgExecutor<'_>,
    key: &str,
    free: i32,
    longest_seconds: f64,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO login_failure AS f (key, failures, last_at, blocked_until)
         VALUES ($1, 1, slipway_now(), slipway_now())
         ON CONFLICT (key) DO UPDATE SET
            failures = CASE WHEN f.last_at < slipway_now() - interval '1 hour'
                THEN 1 ELSE LEAST(f.failures + 1, 1000) END,
            last_at = slipway_now(),
            blocked_until = CASE
                WHEN f.last_at < slipway_now() - interval '1 hour' OR f.failures < $2
                THEN slipway_now()
                ELSE slipway_now() + make_interval(secs =>
                    LEAST($3, power(2, LEAST(f.failures - $2, 10)))) END",
        key,
        free,
        longest_seconds,
    )
    .execute(executor)
    .await?;
    Ok(())
}

pub async fn forget_login_failures(
    executor: impl PgExecutor<'_>,
    key: &str,
) -> Result<(), DbError> {
    sqlx::query!("DELETE FROM login_failure WHERE key = $1", key)
        .execute(executor)
        .await?;
    Ok(())
}

/// Old counts go, so that guessing over many names leaves nothing behind.
pub async fn delete_old_login_failures(executor: impl PgExecutor<'_>) -> Result<u64, DbError> {
    let done =
        sqlx::query!("DELETE FROM login_failure WHERE last_at < slipway_now() - interval '1 day'")
            .execute(executor)
            .await?;
    Ok(done.rows_affected())
}

/// Also ends the account's sessions; false if there is no such account.
pub async fn set_password(
    connection: &mut PgConnection,
    name: &str,
    hash: &str,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "WITH changed AS (
            UPDATE account SET password_hash = $2, password_until = NULL
            WHERE name = $1 AND project_id IS NULL RETURNING id
         ), ended AS (
            DELETE FROM session WHERE account_id IN (SELECT id FROM changed)
         )
         SELECT count(*) AS \"count!\" FROM changed",
        name,
        hash,
    )
    .fetch_one(connection)
    .await?;
    Ok(done.count == 1)
}
