//! Sessions in PostgreSQL, for tower-sessions.
//!
//! Invariant: only the SHA-256 of a session's id is stored, so that whoever reads the table
//! cannot sign in with it.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result, SessionStore};
use tower_sessions::{Expiry, SessionManagerLayer};
use uuid::Uuid;

use crate::app::App;
use crate::db::{Db, DbError};

/// Which account a session belongs to; kept in a column too, so that sessions can be listed.
pub const ACCOUNT: &str = "account";
/// The minute of the last touch: a session is written at most once a minute.
pub const TOUCHED: &str = "touched";
/// Without a visit for this long, one signs in again.
/// Over TLS the name has the prefix that binds it to this host.
pub const COOKIE: &str = "slipway";
const IDLE_HOURS: i64 = 12;

#[derive(Debug, Clone)]
pub struct PgStore {
    db: Db,
}

/// The layer that puts a `Session` into each request.
#[must_use]
pub fn layer(app: &App) -> SessionManagerLayer<PgStore> {
    let https = app.settings.is_https();
    SessionManagerLayer::new(PgStore { db: app.db.clone() })
        .with_name(if https { "__Host-slipway" } else { COOKIE })
        .with_secure(https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(time::Duration::hours(IDLE_HOURS)))
}

/// A session as it is stored.
struct Row {
    account: Option<Uuid>,
    data: serde_json::Value,
    expires_at: Timestamp,
}

impl Row {
    fn of(record: &Record) -> Result<Self> {
        let account = record.data.get(ACCOUNT).and_then(|v| v.as_str());
        Ok(Self {
            account: account.and_then(|text| text.parse().ok()),
            data: serde_json::to_value(&record.data).map_err(encode)?,
            expires_at: timestamp(record.expiry_date)?,
        })
    }
}

#[async_trait]
impl SessionStore for PgStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let row = Row::of(record)?;
        sqlx::query!(
            "INSERT INTO session (id_hash, account_id, data, expires_at)
             VALUES ($1, $2, $3, $4)",
            hash(record.id),
            row.account,
            row.data,
            row.expires_at.to_sqlx() as _,
        )
        .execute(self.db.pool())
        .await
        .map_err(backend)?;
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let row = Row::of(record)?;
        // Only what is there: a session that was ended meanwhile stays so.
        sqlx::query!(
            "UPDATE session SET account_id = $2, data = $3, expires_at = $4,
                touched_at = slipway_now()
             WHERE id_hash = $1",
            hash(record.id),
            row.account,
            row.data,
            row.expires_at.to_sqlx() as _,
        )
        .execute(self.db.pool())
        .await
        .map_err(backend)?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let row = sqlx::query!(
            r#"SELECT data AS "data: Json<HashMap<String, serde_json::Value>>", expires_at
               FROM session WHERE id_hash = $1 AND expires_at > slipway_now()"#,
            hash(*id),
        )
        .fetch_optional(self.db.pool())
        .await
        .map_err(backend)?;
        let Some(row) = row else { return Ok(None) };
        let seconds = row.expires_at.to_jiff().as_second();
        let expiry_date = OffsetDateTime::from_unix_timestamp(seconds).map_err(decode)?;
        Ok(Some(Record {
            id: *id,
            data: row.data.0,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sqlx::query!("DELETE FROM session WHERE id_hash = $1", hash(*id))
            .execute(self.db.pool())
            .await
            .map_err(backend)?;
        Ok(())
    }
}

/// Removes sessions that are over; called by the hourly upkeep.
///
/// # Errors
/// No answer from the database.
pub async fn delete_expired(db: &Db) -> std::result::Result<u64, DbError> {
    let done = sqlx::query!("DELETE FROM session WHERE expires_at < slipway_now()")
        .execute(db.pool())
        .await?;
    Ok(done.rows_affected())
}

/// One of somebody's sessions.
#[derive(Debug, Clone)]
pub struct Open {
    /// The stored hash in hex: what it is revoked by.
    pub key: String,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
}

/// An account's sessions that are not over, the last seen first.
///
/// # Errors
/// No answer from the database.
pub async fn of_account(db: &Db, account: Uuid) -> std::result::Result<Vec<Open>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT encode(id_hash, 'hex') AS "key!", created_at, touched_at, expires_at
           FROM session WHERE account_id = $1 AND expires_at > slipway_now()
           ORDER BY touched_at DESC LIMIT 50"#,
        account,
    )
    .fetch_all(db.pool())
    .await?;
    let open = rows.into_iter().map(|r| Open {
        key: r.key,
        created_at: r.created_at.to_jiff(),
        seen_at: r.touched_at.to_jiff(),
        expires_at: r.expires_at.to_jiff(),
    });
    Ok(open.collect())
}

/// Those of the sessions that are not over, by key.
///
/// # Errors
/// No answer from the database.
pub async fn still_open(db: &Db, keys: &[String]) -> std::result::Result<Vec<String>, DbError> {
    let hashes: Vec<Vec<u8>> = keys.iter().filter_map(|k| hex::decode(k).ok()).collect();
    let open = sqlx::query_scalar!(
        r#"SELECT encode(id_hash, 'hex') AS "key!" FROM session
           WHERE id_hash = ANY($1) AND expires_at > slipway_now()"#,
        &hashes,
    );
    Ok(open.fetch_all(db.pool()).await?)
}

/// Ends one of an account's sessions; false if it has none of that key.
///
/// # Errors
/// No answer from the database.
pub async fn revoke(
    connection: &mut PgConnection,
    account: Uuid,
    key: &str,
) -> std::result::Result<bool, DbError> {
    let done = sqlx::query!(
        "DELETE FROM session WHERE account_id = $1 AND encode(id_hash, 'hex') = $2",
        account,
        key,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The key of a session, as [`of_account`] lists it.
#[must_use]
pub fn key(id: Id) -> String {
    hex::encode(hash(id))
}

fn hash(id: Id) -> Vec<u8> {
    digest(&SHA256, &id.0.to_be_bytes()).as_ref().to_vec()
}

fn timestamp(at: OffsetDateTime) -> Result<Timestamp> {
    Timestamp::from_second(at.unix_timestamp()).map_err(encode)
}

fn backend(error: sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}

fn encode(error: impl ToString) -> Error {
    Error::Encode(error.to_string())
}

fn decode(error: impl ToString) -> Error {
    Error::Decode(error.to_string())
}
