//! Everything that is sealed, wherever it lives.
//!
//! Invariant: a sealed value is a column of bytes with its key's id in `<column>_key` beside it,
//! in a table with an `id`; so this finds all of them without knowing any.

use sqlx::{AssertSqlSafe, PgConnection, PgExecutor};
use uuid::Uuid;

use super::Sealed;
use crate::db::DbError;

/// A column of sealed values. The names come from PostgreSQL's own catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub table: String,
    pub column: String,
}

/// Where sealed values are kept.
///
/// # Errors
/// No answer from the database.
pub async fn columns(executor: impl PgExecutor<'_>) -> Result<Vec<Column>, DbError> {
    let found = sqlx::query_as!(
        Column,
        r#"SELECT c.table_name AS "table!", c.column_name AS "column!"
           FROM information_schema.columns c
           JOIN information_schema.columns k ON k.table_schema = c.table_schema
               AND k.table_name = c.table_name AND k.column_name = c.column_name || '_key'
           WHERE c.table_schema = 'public' AND c.data_type = 'bytea'
           ORDER BY 1, 2"#
    )
    .fetch_all(executor)
    .await?;
    Ok(found)
}

/// How many values of the column each key holds.
///
/// # Errors
/// No answer from the database.
pub async fn count_by_key(
    connection: &mut PgConnection,
    Column { table, column }: &Column,
) -> Result<Vec<(String, i64)>, DbError> {
    let sql = format!(
        r#"SELECT "{column}_key", count(*) FROM "{table}" WHERE "{column}" IS NOT NULL GROUP BY 1"#
    );
    let rows = sqlx::query_as(AssertSqlSafe(sql));
    Ok(rows.fetch_all(connection).await?)
}

/// The next values that another key than this holds, after a row.
///
/// # Errors
/// No answer from the database.
pub async fn held_by_others(
    connection: &mut PgConnection,
    Column { table, column }: &Column,
    current: &str,
    after: Uuid,
) -> Result<Vec<(Uuid, Sealed)>, DbError> {
    let sql = format!(
        r#"SELECT id, "{column}_key", "{column}" FROM "{table}"
           WHERE "{column}_key" <> $1 AND id > $2 ORDER BY id LIMIT 100"#
    );
    let rows: Vec<(Uuid, String, Vec<u8>)> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(current)
        .bind(after)
        .fetch_all(connection)
        .await?;
    let sealed = |(id, key_id, bytes)| (id, Sealed { key_id, bytes });
    Ok(rows.into_iter().map(sealed).collect())
}

/// Puts one sealed value in the place of another; false if that is there no more.
///
/// # Errors
/// No answer from the database.
pub async fn replace(
    connection: &mut PgConnection,
    Column { table, column }: &Column,
    row: Uuid,
    (old, new): (&Sealed, &Sealed),
) -> Result<bool, DbError> {
    let sql = format!(
        r#"UPDATE "{table}" SET "{column}" = $4, "{column}_key" = $5
           WHERE id = $1 AND "{column}" = $2 AND "{column}_key" = $3"#
    );
    let done = sqlx::query(AssertSqlSafe(sql))
        .bind(row)
        .bind(&old.bytes)
        .bind(&old.key_id)
        .bind(&new.bytes)
        .bind(&new.key_id)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}
