//! The SQL of tokens.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{AccountId, ProjectId, ProjectRole, Token, TokenId, TokenScope};
use crate::db::DbError;

pub struct New<'a> {
    pub id: TokenId,
    pub account: AccountId,
    pub author: AccountId,
    pub name: &'a str,
    pub hash: Vec<u8>,
    pub hint: &'a str,
    pub scopes: &'a [TokenScope],
    pub days: i32,
}

/// An account that belongs to a project instead of a person.
pub struct Bot<'a> {
    pub id: AccountId,
    pub name: String,
    pub display_name: &'a str,
    pub project: ProjectId,
    pub responsible: AccountId,
    pub role: ProjectRole,
    pub days: i32,
}

pub struct Found {
    pub id: TokenId,
    pub account: AccountId,
    pub scopes: Vec<TokenScope>,
    /// Whether its last use was noted more than a minute ago.
    pub touch: bool,
}

pub async fn insert(connection: &mut PgConnection, new: &New<'_>) -> Result<(), DbError> {
    let scopes: Vec<&str> = new.scopes.iter().map(|s| s.as_str()).collect();
    sqlx::query!(
        "INSERT INTO api_token
            (id, account_id, author_id, name, token_hash, hint, scopes, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, slipway_now() + make_interval(days => $8))",
        new.id.0,
        new.account.0,
        new.author.0,
        new.name,
        new.hash,
        new.hint,
        &scopes as &[&str],
        new.days,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn insert_bot(connection: &mut PgConnection, bot: &Bot<'_>) -> Result<(), DbError> {
    sqlx::query!(
        "WITH bot AS (
            INSERT INTO account (id, name, display_name, project_id, responsible_id)
            VALUES ($1, $2, $3, $4, $7) RETURNING id)
         INSERT INTO membership (project_id, account_id, role, expires_at)
         SELECT $4, id, $5, slipway_now() + make_interval(days => $6) FROM bot",
        bot.id.0,
        bot.name,
        bot.display_name,
        bot.project.0,
        bot.role.as_str(),
        bot.days,
        bot.responsible.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Tokens in use of an account; of a project's, those of all its accounts.
pub async fn count_live(executor: impl PgExecutor<'_>, account: AccountId) -> Result<i64, DbError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM api_token t
           JOIN account a ON a.id = t.account_id
           JOIN account mine ON mine.id = $1
           WHERE (a.id = mine.id OR a.project_id = mine.project_id)
             AND t.revoked_at IS NULL AND t.expires_at > slipway_now()"#,
        account.0,
    );
    Ok(count.fetch_one(executor).await?)
}

pub async fn of_account(
    executor: impl PgExecutor<'_>,
    account: AccountId,
) -> Result<Vec<Token>, DbError> {
    fetch(executor, Some(account), None).await
}

pub async fn of_project(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
) -> Result<Vec<Token>, DbError> {
    fetch(executor, None, Some(project)).await
}

async fn fetch(
    executor: impl PgExecutor<'_>,
    account: Option<AccountId>,
    project: Option<ProjectId>,
) -> Result<Vec<Token>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT t.id AS "id: TokenId", t.name, t.hint, t.scopes AS "scopes: Vec<TokenScope>",
            a.name AS account, t.created_at, t.expires_at, t.used_at
           FROM api_token t JOIN account a ON a.id = t.account_id
           WHERE ($1::uuid IS NULL OR a.id = $1) AND ($2::uuid IS NULL OR a.project_id = $2)
             AND t.revoked_at IS NULL AND t.expires_at > slipway_now()
           ORDER BY t.created_at DESC LIMIT 200"#,
        account.map(|a| a.0),
        project.map(|p| p.0),
    )
    .fetch_all(executor)
    .await?;
    let token = rows.into_iter().map(|r| Token {
        id: r.id,
        name: r.name,
        hint: r.hint,
        scopes: r.scopes,
        user: r.account,
        created_at: r.created_at.to_jiff(),
        expires_at: r.expires_at.to_jiff(),
        used_at: r.used_at.map(jiff_sqlx::Timestamp::to_jiff),
    });
    Ok(token.collect())
}

pub async fn find(executor: impl PgExecutor<'_>, hash: &[u8]) -> Result<Option<Found>, DbError> {
    let row = sqlx::query_as!(
        Found,
        r#"SELECT id AS "id: TokenId", account_id AS "account: AccountId",
            scopes AS "scopes: Vec<TokenScope>",
            COALESCE(used_at < slipway_now() - interval '1 minute', true) AS "touch!"
           FROM api_token
           WHERE token_hash = $1 AND revoked_at IS NULL AND expires_at > slipway_now()"#,
        hash,
    );
    Ok(row.fetch_optional(executor).await?)
}

/// Those of the tokens that still work.
pub async fn working(executor: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Uuid>, DbError> {
    let working = sqlx::query_scalar!(
        "SELECT id FROM api_token
         WHERE id = ANY($1) AND revoked_at IS NULL AND expires_at > slipway_now()",
        ids,
    );
    Ok(working.fetch_all(executor).await?)
}

pub async fn touch(executor: impl PgExecutor<'_>, id: TokenId) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE api_token SET used_at = slipway_now() WHERE id = $1",
        id.0
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// False if the account has no such token that works.
pub async fn revoke(
    connection: &mut PgConnection,
    id: TokenId,
    account: AccountId,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE api_token SET revoked_at = slipway_now()
         WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL",
        id.0,
        account.0,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Also disables the account; false if the project has no such token that works.
pub async fn revoke_of_project(
    connection: &mut PgConnection,
    id: TokenId,
    project: ProjectId,
) -> Result<bool, DbError> {
    let done = sqlx::query_scalar!(
        r#"WITH ended AS (
            UPDATE api_token t SET revoked_at = slipway_now() FROM account a
            WHERE t.id = $1 AND a.id = t.account_id AND a.project_id = $2
                AND t.revoked_at IS NULL
            RETURNING t.account_id)
           UPDATE account SET disabled_at = slipway_now()
           WHERE id IN (SELECT account_id FROM ended) RETURNING 1 AS "one!""#,
        id.0,
        project.0,
    );
    Ok(done.fetch_optional(connection).await?.is_some())
}

pub async fn revoke_all_of_project(
    connection: &mut PgConnection,
    project: ProjectId,
) -> Result<(), DbError> {
    sqlx::query!(
        "WITH bots AS (
            UPDATE account SET disabled_at = COALESCE(disabled_at, slipway_now())
            WHERE project_id = $1 RETURNING id)
         UPDATE api_token SET revoked_at = slipway_now()
         WHERE account_id IN (SELECT id FROM bots) AND revoked_at IS NULL",
        project.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends all tokens of somebody whose password was made anew.
pub async fn revoke_all(connection: &mut PgConnection, name: &str) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE api_token SET revoked_at = slipway_now()
         WHERE account_id = (SELECT id FROM account WHERE name = $1) AND revoked_at IS NULL",
        name,
    )
    .execute(connection)
    .await?;
    Ok(())
}
