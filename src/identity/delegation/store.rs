//! The SQL of delegations.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgExecutor};

use super::{Delegation, DelegationId};
use crate::db::DbError;
use crate::identity::{AccountId, Person};

pub struct New<'a> {
    pub id: DelegationId,
    pub account: AccountId,
    pub deputy: &'a str,
    pub begins_at: Timestamp,
    pub ends_at: Timestamp,
}

/// Those that have not ended, by their beginning.
pub async fn select(
    executor: impl PgExecutor<'_>,
    account: AccountId,
) -> Result<Vec<Delegation>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT d.id AS "id: DelegationId", p.name, p.display_name, v.name AS deputy,
            v.display_name AS deputy_display_name, d.begins_at, d.ends_at
           FROM delegation d JOIN account p ON p.id = d.account_id
           JOIN account v ON v.id = d.deputy_id
           WHERE (d.account_id = $1 OR d.deputy_id = $1) AND d.ended_at IS NULL
             AND d.ends_at > slipway_now()
           ORDER BY d.begins_at, d.id LIMIT 100"#,
        account.0,
    );
    let person = |name, display_name| Person { name, display_name };
    let rows = rows.fetch_all(executor).await?;
    let all = rows.into_iter().map(|r| Delegation {
        id: r.id,
        person: person(r.name, r.display_name),
        deputy: person(r.deputy, r.deputy_display_name),
        begins_at: r.begins_at.to_jiff(),
        ends_at: r.ends_at.to_jiff(),
    });
    Ok(all.collect())
}

/// False for a deputy whom nobody knows.
pub async fn insert(connection: &mut PgConnection, new: &New<'_>) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "INSERT INTO delegation (id, account_id, deputy_id, begins_at, ends_at)
         SELECT $1, $2, id, $4, $5 FROM account
         WHERE name = $3 AND disabled_at IS NULL AND project_id IS NULL",
        new.id.0,
        new.account.0,
        new.deputy,
        new.begins_at.to_sqlx() as _,
        new.ends_at.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The deputy's name, if it had not ended.
pub async fn end(
    connection: &mut PgConnection,
    id: DelegationId,
    by: AccountId,
) -> Result<Option<String>, DbError> {
    let deputy = sqlx::query_scalar!(
        "UPDATE delegation d SET ended_at = slipway_now() FROM account v
         WHERE d.id = $1 AND (d.account_id = $2 OR d.deputy_id = $2)
           AND d.ended_at IS NULL AND d.ends_at > slipway_now() AND v.id = d.deputy_id
         RETURNING v.name",
        id.0,
        by.0,
    );
    Ok(deputy.fetch_optional(connection).await?)
}
