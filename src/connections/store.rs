//! The SQL of connections and of what tests of outside systems saw.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::draft::Checked;
use super::{Config, Connection, ConnectionId, Credential, Kind, Observed, Report, Slot, Subject};
use crate::db::DbError;
use crate::secrets::Sealed;

/// A platform has a handful; more than this many is no list for people.
const LIST_MAX: i64 = 500;

/// Which connections to read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which<'a> {
    pub id: Option<ConnectionId>,
    pub key: Option<&'a str>,
}

/// A report as stored: with the time since when its outcome has been the same.
#[derive(Debug, Deserialize)]
pub struct StoredReport {
    #[serde(flatten)]
    report: Report,
    since: Timestamp,
}

impl StoredReport {
    pub fn observed(self, at: Timestamp) -> Observed {
        Observed {
            report: self.report,
            at,
            since: self.since,
        }
    }
}

/// By kind, then by key.
pub async fn select(
    executor: impl PgExecutor<'_>,
    which: Which<'_>,
) -> Result<Vec<Connection>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT c.id AS "id: ConnectionId", c.key, c.kind AS "kind: Kind", c.url, c.config,
            (c.credential IS NOT NULL) AS "has_credential!", c.credential_version,
            c.credential_changed_at, c.created_at, c.updated_at,
            o.at AS "tested_at?", o.body AS "report?: Json<StoredReport>"
           FROM connection c LEFT JOIN observation o
             ON o.subject_kind = 'connection' AND o.subject_id = c.id AND o.kind = 'test'
           WHERE ($1::uuid IS NULL OR c.id = $1) AND ($2::text IS NULL OR c.key = $2)
           ORDER BY c.kind, c.key LIMIT $3"#,
        which.id.map(|id| id.0),
        which.key,
        LIST_MAX,
    )
    .fetch_all(executor)
    .await?;
    let connection = rows.into_iter().map(|r| {
        let wrong = |why: String| DbError::Row(format!("connection {}: {why}", r.key));
        Ok(Connection {
            id: r.id,
            url: r.url.parse().map_err(|_| wrong("its address".to_owned()))?,
            config: Config::decode(r.kind, r.config).map_err(wrong)?,
            key: r.key.clone(),
            credential: if r.has_credential {
                Credential::Set {
                    version: r.credential_version,
                    changed_at: r.credential_changed_at.to_jiff(),
                }
            } else {
                Credential::Unset
            },
            health: r
                .report
                .zip(r.tested_at)
                .map(|(report, at)| report.0.observed(at.to_jiff())),
            created_at: r.created_at.to_jiff(),
            updated_at: r.updated_at.to_jiff(),
        })
    });
    connection.collect()
}

pub async fn insert(
    connection: &mut PgConnection,
    id: ConnectionId,
    checked: &Checked,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO connection (id, key, kind, url, config) VALUES ($1, $2, $3, $4, $5)",
        id.0,
        checked.key,
        checked.config.kind().as_str(),
        checked.url.as_str(),
        fields(checked)?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// False if there is no such connection.
pub async fn update(
    connection: &mut PgConnection,
    id: ConnectionId,
    checked: &Checked,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE connection SET key = $2, url = $3, config = $4, updated_at = slipway_now()
         WHERE id = $1",
        id.0,
        checked.key,
        checked.url.as_str(),
        fields(checked)?,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn fields(checked: &Checked) -> Result<Value, DbError> {
    serde_json::to_value(checked.config.fields()).map_err(|e| DbError::Row(e.to_string()))
}

/// Sets the credential, or takes it away; either way there is a new version.
pub async fn set_credential(
    connection: &mut PgConnection,
    id: ConnectionId,
    sealed: Option<&Sealed>,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE connection SET credential = $2, credential_key = $3,
            credential_version = credential_version + 1, credential_changed_at = slipway_now()
         WHERE id = $1",
        id.0,
        sealed.map(|s| s.bytes.as_slice()),
        sealed.map(|s| s.key_id.as_str()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn credential(
    executor: impl PgExecutor<'_>,
    id: ConnectionId,
) -> Result<Option<Sealed>, DbError> {
    let row = sqlx::query!(
        r#"SELECT credential AS "bytes!", credential_key AS "key_id!" FROM connection
           WHERE id = $1 AND credential IS NOT NULL"#,
        id.0,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|r| Sealed {
        key_id: r.key_id,
        bytes: r.bytes,
    }))
}

/// False if there is no such connection.
pub async fn delete(connection: &mut PgConnection, id: ConnectionId) -> Result<bool, DbError> {
    let done = sqlx::query!("DELETE FROM connection WHERE id = $1", id.0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// `since` stays as long as the outcome does.
pub async fn put_observation(
    connection: &mut PgConnection,
    subject: Subject,
    id: Uuid,
    report: &Report,
) -> Result<Observed, DbError> {
    let row = sqlx::query!(
        r#"INSERT INTO observation AS o (subject_kind, subject_id, kind, at, body)
           VALUES ($1, $2, 'test', slipway_now(),
                $3::jsonb || jsonb_build_object('since', slipway_now()))
           ON CONFLICT (subject_kind, subject_id, kind) DO UPDATE SET at = excluded.at,
                body = excluded.body || jsonb_build_object('since',
                    CASE WHEN o.body -> 'ok' = excluded.body -> 'ok'
                        THEN o.body -> 'since' ELSE excluded.body -> 'since' END)
           RETURNING at, body AS "body: Json<StoredReport>""#,
        subject.as_str(),
        id,
        serde_json::to_value(report).map_err(|e| DbError::Row(e.to_string()))?,
    )
    .fetch_one(&mut *connection)
    .await?;
    insert_sample(connection, subject, id, report).await?;
    Ok(row.body.0.observed(row.at.to_jiff()))
}

async fn insert_sample(
    connection: &mut PgConnection,
    subject: Subject,
    id: Uuid,
    report: &Report,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO health_sample (subject_kind, subject_id, ok, millis, code)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        subject.as_str(),
        id,
        report.ok,
        report.millis,
        report.words.code,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The database's time, and the slots of a day in which somebody looked.
pub async fn slots(
    executor: impl PgExecutor<'_>,
    subject: Subject,
    id: Uuid,
    slot_seconds: i64,
) -> Result<(Timestamp, Vec<Slot>), DbError> {
    let rows = sqlx::query!(
        r#"SELECT slipway_now() AS "now!",
            to_timestamp(s.slot * $3) AS "from?", s.looks, s.good, s.millis
           FROM (SELECT 1) one LEFT JOIN (
             SELECT floor(EXTRACT(EPOCH FROM at) / $3)::bigint AS slot, count(*) AS looks,
                count(*) FILTER (WHERE ok) AS good, max(millis) FILTER (WHERE ok) AS millis
             FROM health_sample
             WHERE subject_kind = $1 AND subject_id = $2
               AND at > slipway_now() - interval '1 day'
             GROUP BY 1) s ON true"#,
        subject.as_str(),
        id,
        slot_seconds as _,
    )
    .fetch_all(executor)
    .await?;
    let now = rows
        .first()
        .map_or_else(Timestamp::default, |r| r.now.to_jiff());
    let slot = rows.into_iter().filter_map(|r| {
        Some(Slot {
            from: r.from?.to_jiff(),
            looks: r.looks.unwrap_or(0),
            good: r.good.unwrap_or(0),
            millis: r.millis,
        })
    });
    Ok((now, slot.collect()))
}

pub async fn forget_old_samples(executor: impl PgExecutor<'_>, days: i32) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM health_sample WHERE at < slipway_now() - make_interval(days => $1)",
        days,
    )
    .execute(executor)
    .await?;
    Ok(())
}

pub async fn delete_observation(
    connection: &mut PgConnection,
    subject: Subject,
    id: Uuid,
) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM observation WHERE subject_kind = $1 AND subject_id = $2",
        subject.as_str(),
        id,
    )
    .execute(connection)
    .await?;
    Ok(())
}
