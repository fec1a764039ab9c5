//! The SQL of the audit trail: one insert, one list.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};

use super::{Entry, Origin};
use crate::db::DbError;

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The beginning of an action's name.
    pub action: Option<String>,
    pub account: Option<String>,
    pub project: Option<String>,
    pub target: Option<String>,
    pub result: Option<String>,
    pub from: Option<Timestamp>,
    /// Up to, and not at, this time.
    pub to: Option<Timestamp>,
    /// Entries before this sequence number.
    pub before: Option<i64>,
    pub limit: i64,
}

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(as = AuditEntry)]
pub struct Row {
    pub seq: i64,
    pub at: Timestamp,
    pub account: String,
    pub address: Option<String>,
    pub action: String,
    pub target_kind: String,
    pub target_id: String,
    pub project: Option<String>,
    pub result: String,
    pub reason: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

pub async fn insert(
    connection: &mut PgConnection,
    entry: &Entry,
    origin: &Origin,
) -> Result<(), DbError> {
    let name = origin.account.as_ref().map_or("slipway", |(_, name)| name);
    let result = if entry.refused.is_some() {
        "refused"
    } else {
        "done"
    };
    sqlx::query!(
        "INSERT INTO audit_entry (account_id, account_name, address, operation_id, action,
            target_kind, target_id, project_id, before, after, result, reason, token_id)
         VALUES ($1, $2, $3::text::inet, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        origin.account.as_ref().map(|(id, _)| id.0),
        name,
        origin.address.map(|a| a.to_string()),
        origin.operation,
        entry.action,
        entry.target_kind,
        entry.target_id,
        entry.project.map(|p| p.0),
        entry.before,
        entry.after,
        result,
        entry.refused,
        origin.token,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Newest first.
pub async fn list(executor: impl PgExecutor<'_>, filter: &Filter) -> Result<Vec<Row>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT e.seq, e.at, e.account_name, host(e.address) AS address, e.action,
            e.target_kind, e.target_id, p.key AS "project?", e.result, e.reason,
            e.before, e.after
           FROM audit_entry e LEFT JOIN project p ON p.id = e.project_id
           WHERE ($1::bigint IS NULL OR e.seq < $1)
             AND ($2::text IS NULL OR starts_with(e.action, $2))
             AND ($3::text IS NULL OR e.account_name = $3)
             AND ($4::text IS NULL OR p.key = $4)
             AND ($6::text IS NULL OR e.target_id = $6)
             AND ($7::text IS NULL OR e.result = $7)
             AND ($8::timestamptz IS NULL OR e.at >= $8)
             AND ($9::timestamptz IS NULL OR e.at < $9)
           ORDER BY e.seq DESC LIMIT $5"#,
        filter.before,
        filter.action,
        filter.account,
        filter.project,
        filter.limit,
        filter.target,
        filter.result,
        filter.from.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        filter.to.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
    )
    .fetch_all(executor)
    .await?;
    let row = rows.into_iter().map(|r| Row {
        seq: r.seq,
        at: r.at.to_jiff(),
        account: r.account_name,
        address: r.address,
        action: r.action,
        target_kind: r.target_kind,
        target_id: r.target_id,
        project: r.project,
        result: r.result,
        reason: r.reason,
        before: r.before,
        after: r.after,
    });
    Ok(row.collect())
}
