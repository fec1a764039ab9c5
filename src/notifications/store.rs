//! The SQL of channels.

use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::channel::{Channel, ChannelId, Config, Health, Kind, Tested};
use super::draft::Checked;
use crate::db::DbError;
use crate::error::Words;
use crate::identity::ProjectId;
use crate::news::Happening;
use crate::secrets::Sealed;
use crate::web::text::Locale;

/// A platform has a handful; more than this is no list for people.
const LIST_MAX: i64 = 500;

/// Which channels to read. A project's own and operations' are never in one list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which<'a> {
    pub id: Option<ChannelId>,
    pub key: Option<&'a str>,
    /// `None` reads operations' own.
    pub project: Option<ProjectId>,
    /// Whoever they belong to.
    pub anybodys: bool,
}

fn decode(key: &str, words: Vec<String>) -> Result<Vec<Happening>, DbError> {
    let wrong = || DbError::Row(format!("channel {key}: an unknown event"));
    let parse = |word: &String| Happening::parse(word).ok_or_else(wrong);
    words.iter().map(parse).collect()
}

/// By key.
pub async fn select(
    executor: impl PgExecutor<'_>,
    which: Which<'_>,
) -> Result<Vec<Channel>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT c.id AS "id: ChannelId", c.key, c.kind AS "kind: Kind",
            c.project_id AS "project: ProjectId", c.locale AS "locale: Locale", c.events,
            c.config AS "config: Json<Config>", c.secret_version, c.secret_changed_at,
            c.digest, c.time_zone, c.created_at, c.updated_at,
            (SELECT COALESCE(jsonb_agg(jsonb_build_array(p.id, p.key) ORDER BY p.key), '[]')
             FROM project p WHERE p.id = ANY(c.projects))
                AS "projects!: Json<Vec<(Uuid, String)>>",
            l.succeeded_at, l.failed_at, l.failures, l.next_at,
            l.last_error AS "last_error: Json<Words>", l.tested AS "tested: Json<Tested>",
            (SELECT count(*) FROM notice_delivery d
             WHERE d.lane_id = c.id AND d.state = 'waiting') AS "waiting!",
            (SELECT count(*) FROM notice_delivery d
             WHERE d.lane_id = c.id AND d.state = 'given_up') AS "given_up!"
           FROM notice_channel c JOIN notice_lane l ON l.id = c.id
           WHERE ($1::uuid IS NULL OR c.id = $1) AND ($2::text IS NULL OR c.key = $2)
             AND ($4 OR c.project_id IS NOT DISTINCT FROM $3)
           ORDER BY c.key LIMIT $5"#,
        which.id.map(|id| id.0),
        which.key,
        which.project.map(|p| p.0),
        which.anybodys,
        LIST_MAX,
    )
    .fetch_all(executor)
    .await?;
    let channel = rows.into_iter().map(|r| {
        Ok(Channel {
            events: decode(&r.key, r.events)?,
            id: r.id,
            key: r.key,
            kind: r.kind,
            project: r.project,
            locale: r.locale,
            projects: r.projects.0,
            config: r.config.0,
            secret_version: r.secret_version,
            secret_changed_at: r.secret_changed_at.to_jiff(),
            digest: r.digest,
            time_zone: r.time_zone,
            health: Health {
                succeeded_at: r.succeeded_at.map(jiff_sqlx::Timestamp::to_jiff),
                failed_at: r.failed_at.map(jiff_sqlx::Timestamp::to_jiff),
                last_error: r.last_error.map(|e| e.0),
                failures: r.failures,
                next_at: (r.failures > 0).then(|| r.next_at.to_jiff()),
                waiting: r.waiting,
                given_up: r.given_up,
                tested: r.tested.map(|t| t.0),
            },
            created_at: r.created_at.to_jiff(),
            updated_at: r.updated_at.to_jiff(),
        })
    });
    channel.collect()
}

/// The ids of projects by their keys; a key that is unknown has none.
pub async fn project_ids(
    executor: impl PgExecutor<'_>,
    keys: &[String],
) -> Result<Vec<Uuid>, DbError> {
    let ids = sqlx::query_scalar!("SELECT id FROM project WHERE key = ANY($1)", keys);
    Ok(ids.fetch_all(executor).await?)
}

fn words(events: &[Happening]) -> Vec<String> {
    events.iter().map(ToString::to_string).collect()
}

fn document(config: &Config) -> Result<Value, DbError> {
    serde_json::to_value(config).map_err(|e| DbError::Row(e.to_string()))
}

pub async fn insert_lane(connection: &mut PgConnection, id: Uuid) -> Result<(), DbError> {
    sqlx::query!("INSERT INTO notice_lane (id) VALUES ($1)", id)
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn insert(
    connection: &mut PgConnection,
    id: ChannelId,
    project: Option<ProjectId>,
    checked: &Checked,
    projects: &[Uuid],
) -> Result<(), DbError> {
    insert_lane(&mut *connection, id.0).await?;
    sqlx::query!(
        "INSERT INTO notice_channel (id, project_id, key, kind, locale, events, projects, config,
            digest, time_zone)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id.0,
        project.map(|p| p.0),
        checked.key,
        checked.kind.as_str(),
        checked.locale.as_str(),
        &words(&checked.events),
        projects,
        document(&checked.config)?,
        checked.digest,
        checked.time_zone,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// False if there is no such channel.
pub async fn update(
    connection: &mut PgConnection,
    id: ChannelId,
    checked: &Checked,
    projects: &[Uuid],
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE notice_channel SET key = $2, locale = $3, events = $4, projects = $5, config = $6,
            digest = $7, time_zone = $8, updated_at = slipway_now()
         WHERE id = $1",
        id.0,
        checked.key,
        checked.locale.as_str(),
        &words(&checked.events),
        projects,
        document(&checked.config)?,
        checked.digest,
        checked.time_zone,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn set_secret(
    connection: &mut PgConnection,
    id: ChannelId,
    sealed: &Sealed,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE notice_channel SET secret = $2, secret_key = $3,
            secret_version = secret_version + 1, secret_changed_at = slipway_now()
         WHERE id = $1",
        id.0,
        sealed.bytes,
        sealed.key_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn secret(
    executor: impl PgExecutor<'_>,
    id: ChannelId,
) -> Result<Option<Sealed>, DbError> {
    let row = sqlx::query!(
        r#"SELECT secret AS "bytes!", secret_key AS "key_id!" FROM notice_channel
           WHERE id = $1 AND secret IS NOT NULL"#,
        id.0,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|r| Sealed {
        key_id: r.key_id,
        bytes: r.bytes,
    }))
}

/// The lane takes the channel and what waited on it along.
pub async fn delete(connection: &mut PgConnection, id: ChannelId) -> Result<bool, DbError> {
    let done = sqlx::query!("DELETE FROM notice_lane WHERE id = $1", id.0)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn set_tested(
    connection: &mut PgConnection,
    lane: Uuid,
    ok: bool,
    words: &Words,
) -> Result<(), DbError> {
    let words = serde_json::to_value(words).map_err(|e| DbError::Row(e.to_string()))?;
    sqlx::query!(
        "UPDATE notice_lane SET tested =
            jsonb_build_object('ok', $2::boolean, 'words', $3::jsonb, 'at', slipway_now())
         WHERE id = $1",
        lane,
        ok,
        words,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The server that people's own mail goes through.
pub async fn for_people(executor: impl PgExecutor<'_>) -> Result<Option<ChannelId>, DbError> {
    let id = sqlx::query_scalar!(
        r#"SELECT id AS "id: ChannelId" FROM notice_channel
           WHERE kind = 'mail' AND (config -> 'for_people') = 'true'"#
    );
    Ok(id.fetch_optional(executor).await?)
}
