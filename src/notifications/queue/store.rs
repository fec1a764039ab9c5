//! The SQL of what is on its way to people.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{Lane, Shown};
use crate::db::DbError;
use crate::error::Words;
use crate::news::News;
use crate::notifications::message::Told;

/// Whoever holds a lane sends one message in far less time than this.
const HOLD_SECONDS: f64 = 60.0;
/// Messages that leave together at most.
const BATCH: i64 = 50;

/// Channels that are to be told: of their projects, and of what is everybody's matter; of the
/// platform's own only those for everything.
pub async fn channels_for(
    connection: &mut PgConnection,
    news: &News,
) -> Result<Vec<Uuid>, DbError> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM notice_channel
         WHERE $1 = ANY(events) AND ($3 OR project_id = $2 OR (project_id IS NULL
            AND (projects = '{}' OR $2 = ANY(projects))))",
        news.happening.as_str(),
        news.project,
        news.happening.is_everybodys(),
    );
    Ok(ids.fetch_all(connection).await?)
}

pub async fn now(connection: &mut PgConnection) -> Result<Timestamp, DbError> {
    let now = sqlx::query_scalar!(r#"SELECT slipway_now() AS "now!""#);
    Ok(now.fetch_one(connection).await?.to_jiff())
}

/// One message on one way; a repeat finds it there.
pub async fn insert(
    connection: &mut PgConnection,
    lane: Uuid,
    message: Uuid,
    told: &Told,
    due_at: Timestamp,
) -> Result<(), DbError> {
    let told = serde_json::to_value(told).map_err(|e| DbError::Row(e.to_string()))?;
    sqlx::query!(
        "INSERT INTO notice_delivery (id, lane_id, message_id, news, due_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT ON CONSTRAINT notice_delivery_once DO NOTHING",
        Uuid::now_v7(),
        lane,
        message,
        told,
        due_at.to_sqlx(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes lanes on which something is due; they are nobody else's for a while.
pub async fn hold(executor: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Uuid>, DbError> {
    let ids = sqlx::query_scalar!(
        "UPDATE notice_lane SET held_until = slipway_now() + make_interval(secs => $1)
         WHERE id IN (SELECT l.id FROM notice_lane l
            WHERE l.next_at <= slipway_now()
              AND (l.held_until IS NULL OR l.held_until < slipway_now())
              AND EXISTS (SELECT 1 FROM notice_delivery d
                WHERE d.lane_id = l.id AND d.state = 'waiting' AND d.due_at <= slipway_now())
            ORDER BY l.next_at LIMIT $2 FOR UPDATE OF l SKIP LOCKED)
         RETURNING id",
        HOLD_SECONDS,
        limit,
    );
    Ok(ids.fetch_all(executor).await?)
}

/// The lane's pace, and the database's time.
pub async fn lane(connection: &mut PgConnection, id: Uuid) -> Result<Option<Lane>, DbError> {
    let row = sqlx::query!(
        r#"SELECT tokens, tokens_at, failures, slipway_now() AS "now!"
           FROM notice_lane WHERE id = $1 FOR UPDATE"#,
        id,
    );
    Ok(row.fetch_optional(connection).await?.map(|r| Lane {
        tokens: r.tokens,
        tokens_at: r.tokens_at.to_jiff(),
        failures: r.failures,
        now: r.now.to_jiff(),
    }))
}

pub async fn set_tokens(
    connection: &mut PgConnection,
    id: Uuid,
    tokens: f64,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE notice_lane SET tokens = $2, tokens_at = slipway_now() WHERE id = $1",
        id,
        tokens,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The batch that was tried before and is not over, or else a new one of what is due.
pub async fn batch(connection: &mut PgConnection, lane: Uuid) -> Result<Option<Uuid>, DbError> {
    let open = sqlx::query_scalar!(
        r#"SELECT batch_id AS "batch!" FROM notice_delivery
           WHERE lane_id = $1 AND state = 'waiting' AND batch_id IS NOT NULL
             AND due_at <= slipway_now() ORDER BY id LIMIT 1"#,
        lane,
    )
    .fetch_optional(&mut *connection)
    .await?;
    if open.is_some() {
        return Ok(open);
    }
    let id = Uuid::now_v7();
    let joined = sqlx::query!(
        "UPDATE notice_delivery SET batch_id = $2
         WHERE id IN (SELECT id FROM notice_delivery
            WHERE lane_id = $1 AND state = 'waiting' AND due_at <= slipway_now()
            ORDER BY id LIMIT $3)",
        lane,
        id,
        BATCH,
    )
    .execute(connection)
    .await?;
    Ok((joined.rows_affected() > 0).then_some(id))
}

/// What a batch holds, oldest first. That set never changes.
pub async fn contents(executor: impl PgExecutor<'_>, batch: Uuid) -> Result<Vec<Told>, DbError> {
    let told = sqlx::query_scalar!(
        r#"SELECT news AS "news: Json<Told>" FROM notice_delivery
           WHERE batch_id = $1 ORDER BY id"#,
        batch,
    );
    let rows = told.fetch_all(executor).await?;
    Ok(rows.into_iter().map(|told| told.0).collect())
}

pub async fn sent(connection: &mut PgConnection, lane: Uuid, batch: Uuid) -> Result<(), DbError> {
    sqlx::query!(
        "WITH done AS (
            UPDATE notice_delivery SET state = 'sent', attempts = attempts + 1,
                ended_at = slipway_now(), error = NULL
            WHERE batch_id = $2 AND state = 'waiting'
         )
         UPDATE notice_lane SET held_until = NULL, next_at = slipway_now(), failures = 0,
            succeeded_at = slipway_now(), last_error = NULL
         WHERE id = $1",
        lane,
        batch,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A try that failed: another after a pause, or none any more.
pub struct Failed<'a> {
    pub lane: Uuid,
    pub batch: Uuid,
    pub error: &'a Words,
    pub again_after: f64,
    pub for_good: bool,
    pub max_attempts: i32,
}

pub async fn failed(connection: &mut PgConnection, failed: &Failed<'_>) -> Result<(), DbError> {
    let error = serde_json::to_value(failed.error).map_err(|e| DbError::Row(e.to_string()))?;
    sqlx::query!(
        "WITH tried AS (
            UPDATE notice_delivery SET attempts = attempts + 1, error = $3,
                state = CASE WHEN $5 OR attempts + 1 >= $6 THEN 'given_up' ELSE state END,
                ended_at = CASE WHEN $5 OR attempts + 1 >= $6 THEN slipway_now() END
            WHERE batch_id = $2 AND state = 'waiting'
         )
         UPDATE notice_lane SET held_until = NULL, failures = failures + 1,
            failed_at = slipway_now(), last_error = $3,
            next_at = slipway_now() + make_interval(secs => $4)
         WHERE id = $1",
        failed.lane,
        failed.batch,
        error,
        failed.again_after,
        failed.for_good,
        failed.max_attempts,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets a lane go; nothing was tried.
pub async fn release(
    connection: &mut PgConnection,
    lane: Uuid,
    after_seconds: f64,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE notice_lane SET held_until = NULL,
            next_at = slipway_now() + make_interval(secs => $2)
         WHERE id = $1",
        lane,
        after_seconds,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What was given up waits again, in the same messages under the same ids.
pub async fn again(connection: &mut PgConnection, lane: Uuid) -> Result<u64, DbError> {
    let woken = sqlx::query!(
        "UPDATE notice_delivery SET state = 'waiting', attempts = 0, ended_at = NULL,
            due_at = slipway_now()
         WHERE lane_id = $1 AND state = 'given_up'",
        lane,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE notice_lane SET next_at = slipway_now() WHERE id = $1 AND held_until IS NULL",
        lane,
    )
    .execute(connection)
    .await?;
    Ok(woken.rows_affected())
}

/// The last ones on a lane, newest first.
pub async fn last(
    executor: impl PgExecutor<'_>,
    lane: Uuid,
    limit: i64,
) -> Result<Vec<Shown>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT id, news AS "news: Json<Told>", state AS "state: super::State", attempts,
            error AS "error: Json<Words>", batch_id, due_at, created_at, ended_at
           FROM notice_delivery WHERE lane_id = $1 ORDER BY id DESC LIMIT $2"#,
        lane,
        limit,
    )
    .fetch_all(executor)
    .await?;
    let shown = rows.into_iter().map(|r| Shown {
        id: r.id,
        told: r.news.0,
        state: r.state,
        attempts: r.attempts,
        error: r.error.map(|e| e.0),
        message: r.batch_id,
        due_at: r.due_at.to_jiff(),
        created_at: r.created_at.to_jiff(),
        ended_at: r.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
    });
    Ok(shown.collect())
}

/// What is over for so long is forgotten.
pub async fn forget(executor: impl PgExecutor<'_>, days: i32) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM notice_delivery
         WHERE state <> 'waiting' AND ended_at < slipway_now() - make_interval(days => $1)",
        days,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Seconds until something may be sent; `None` if nothing waits.
pub async fn next_due(executor: impl PgExecutor<'_>) -> Result<Option<f64>, DbError> {
    let seconds = sqlx::query_scalar!(
        "SELECT EXTRACT(EPOCH FROM min(GREATEST(d.due_at, l.next_at,
            COALESCE(l.held_until, l.next_at))) - slipway_now())::float8
         FROM notice_delivery d JOIN notice_lane l ON l.id = d.lane_id
         WHERE d.state = 'waiting'"
    );
    Ok(seconds.fetch_one(executor).await?)
}
