//! The SQL of accounts as administrators keep them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};

use crate::db::DbError;
use crate::identity::{AccountId, Person, PlatformRole, ProjectRole};

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub name: Option<String>,
    /// A part of the name or of the display name.
    pub q: Option<String>,
    pub role: Option<PlatformRole>,
    pub disabled: Option<bool>,
    pub after: Option<String>,
    pub limit: i64,
}

impl Filter {
    pub fn one(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            limit: 1,
            ..Self::default()
        }
    }
}

/// Somebody's account, without anything secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Account {
    pub user: String,
    pub display_name: String,
    pub number: i64,
    pub roles: Vec<PlatformRole>,
    pub disabled_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// The last visit of a session that has not ended.
    pub seen_at: Option<Timestamp>,
    /// Until when the password that was made for them is good; `None` once they chose their own.
    pub password_until: Option<Timestamp>,
    pub memberships: Vec<Membership>,
}

impl Account {
    #[must_use]
    pub fn person(&self) -> Person {
        Person {
            name: self.user.clone(),
            display_name: self.display_name.clone(),
        }
    }
}

/// A role in a project, with the time at which it ends.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Membership {
    pub project: String,
    pub role: ProjectRole,
    pub expires_at: Option<Timestamp>,
}

/// By name.
pub async fn select(
    executor: impl PgExecutor<'_>,
    filter: &Filter,
) -> Result<Vec<Account>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT a.name, a.display_name, a.number, a.disabled_at, a.created_at, a.password_until,
            ARRAY(SELECT r.role FROM platform_role r WHERE r.account_id = a.id
                AND (r.expires_at IS NULL OR r.expires_at > slipway_now()) ORDER BY 1)
                AS "roles!: Vec<PlatformRole>",
            (SELECT max(s.touched_at) FROM session s WHERE s.account_id = a.id) AS seen_at,
            (SELECT COALESCE(jsonb_agg(jsonb_build_object('project', p.key, 'role', m.role,
                'expires_at', m.expires_at) ORDER BY p.key, m.role), '[]')
             FROM membership m JOIN project p ON p.id = m.project_id
             WHERE m.account_id = a.id
               AND (m.expires_at IS NULL OR m.expires_at > slipway_now()))
                AS "memberships!: Json<Vec<Membership>>"
           FROM account a
           WHERE a.project_id IS NULL AND ($1::text IS NULL OR a.name = $1)
             AND ($2::text IS NULL OR position(lower($2) IN a.name) > 0
                OR position(lower($2) IN lower(a.display_name)) > 0)
             AND ($3::text IS NULL OR EXISTS (SELECT 1 FROM platform_role r
                WHERE r.account_id = a.id AND r.role = $3
                  AND (r.expires_at IS NULL OR r.expires_at > slipway_now())))
             AND ($4::boolean IS NULL OR (a.disabled_at IS NOT NULL) = $4)
             AND ($5::text IS NULL OR a.name > $5)
           ORDER BY a.name LIMIT $6"#,
        filter.name,
        filter.q,
        filter.role.map(PlatformRole::as_str),
        filter.disabled,
        filter.after,
        filter.limit,
    )
    .fetch_all(executor)
    .await?;
    let time = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    let account = rows.into_iter().map(|r| Account {
        user: r.name,
        display_name: r.display_name,
        number: r.number,
        roles: r.roles,
        disabled_at: time(r.disabled_at),
        created_at: r.created_at.to_jiff(),
        seen_at: time(r.seen_at),
        password_until: time(r.password_until),
        memberships: r.memberships.0,
    });
    Ok(account.collect())
}

/// Holds everybody else off who would change who administers.
pub async fn lock_admins(connection: &mut PgConnection) -> Result<(), DbError> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('slipway admins'))")
        .execute(connection)
        .await?;
    Ok(())
}

/// Administrators who can sign in, and stay administrators.
pub async fn admins(connection: &mut PgConnection) -> Result<i64, DbError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM platform_role r JOIN account a ON a.id = r.account_id
           WHERE r.role = 'admin' AND a.disabled_at IS NULL AND a.project_id IS NULL
             AND r.expires_at IS NULL"#
    );
    Ok(count.fetch_one(connection).await?)
}

/// Display name, roles and whether somebody is disabled, as wanted.
pub async fn update(connection: &mut PgConnection, wanted: &Account) -> Result<(), DbError> {
    let roles: Vec<String> = wanted.roles.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "WITH changed AS (
            UPDATE account SET display_name = $2, disabled_at = $3 WHERE name = $1 RETURNING id
         ), gone AS (
            DELETE FROM platform_role
            WHERE account_id IN (SELECT id FROM changed) AND role <> ALL($4)
         )
         INSERT INTO platform_role (account_id, role)
         SELECT id, role FROM changed, unnest($4::text[]) AS role ON CONFLICT DO NOTHING",
        wanted.user,
        wanted.display_name,
        wanted.disabled_at.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        &roles,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn end_sessions(connection: &mut PgConnection, name: &str) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM session WHERE account_id = (SELECT id FROM account WHERE name = $1)",
        name
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn make_temporary(
    connection: &mut PgConnection,
    name: &str,
    days: i32,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE account SET password_until = slipway_now() + make_interval(days => $2)
         WHERE name = $1",
        name,
        days,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Name and hash of somebody whose password was made for them.
pub async fn temporary_hash(
    executor: impl PgExecutor<'_>,
    id: AccountId,
) -> Result<Option<(String, String)>, DbError> {
    let row = sqlx::query!(
        r#"SELECT name, password_hash AS "hash!" FROM account
           WHERE id = $1 AND disabled_at IS NULL AND password_hash IS NOT NULL
             AND password_until > slipway_now()"#,
        id.0,
    );
    let row = row.fetch_optional(executor).await?;
    Ok(row.map(|r| (r.name, r.hash)))
}

/// False if somebody chose meanwhile.
pub async fn choose(
    connection: &mut PgConnection,
    id: AccountId,
    temporary: &str,
    hash: &str,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE account SET password_hash = $2, password_until = NULL
         WHERE id = $1 AND password_hash = $3 AND password_until > slipway_now()",
        id.0,
        hash,
        temporary,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
