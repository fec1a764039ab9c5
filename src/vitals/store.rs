//! The SQL of the portal's own health.

use sqlx::PgExecutor;

use super::{Lane, Outbox, Round, Steps, Worker};
use crate::db::DbError;

/// More lanes than these are no page for people.
const LANES: i64 = 100;

/// Server's version, size and connections; also the round by which its answer is timed.
pub async fn database(executor: impl PgExecutor<'_>) -> Result<(String, i64, i64), DbError> {
    let row = sqlx::query!(
        r#"SELECT current_setting('server_version') AS "version!",
            pg_database_size(current_database()) AS "bytes!",
            (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database())
                AS "connections!""#
    );
    let row = row.fetch_one(executor).await?;
    Ok((row.version, row.bytes, row.connections))
}

pub async fn workers(
    executor: impl PgExecutor<'_>,
    alive_seconds: i64,
) -> Result<Vec<Worker>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT w.id, w.version, w.places, w.started_at, w.seen_at,
            w.seen_at > slipway_now() - make_interval(secs => $1) AS "alive!",
            (SELECT count(*) FROM step s WHERE s.state = 'running' AND s.worker = w.id)
                AS "busy!"
           FROM worker w ORDER BY w.seen_at DESC LIMIT 50"#,
        alive_seconds as _,
    )
    .fetch_all(executor)
    .await?;
    let worker = rows.into_iter().map(|r| Worker {
        id: r.id,
        version: r.version,
        places: r.places,
        busy: r.busy,
        started_at: r.started_at.to_jiff(),
        seen_at: r.seen_at.to_jiff(),
        alive: r.alive,
    });
    Ok(worker.collect())
}

/// Lanes with unfinished work, those in trouble first.
pub async fn lanes(executor: impl PgExecutor<'_>, alive: i64) -> Result<Vec<Lane>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT l.*, COALESCE(c.key, k.key, 'Slipway') AS "place!",
            COALESCE((SELECT max(per_lane) FROM worker), 0)::bigint * $1 AS "places!"
           FROM (SELECT lane, count(*) FILTER (WHERE state = 'running') AS "running!",
                count(*) FILTER (WHERE state IN ('ready', 'waiting')
                    AND wake_at <= slipway_now()) AS "due!",
                count(*) FILTER (WHERE state IN ('ready', 'waiting')
                    AND wake_at > slipway_now()) AS "waiting!",
                count(*) FILTER (WHERE errors > 0 OR state = 'errored') AS "troubled!"
             FROM step WHERE ended_at IS NULL GROUP BY lane) l
           LEFT JOIN connection c ON l.lane = c.kind || ':' || c.id
           LEFT JOIN cluster k ON l.lane = 'cluster:' || k.id
           ORDER BY "troubled!" DESC, "running!" DESC, lane LIMIT $2"#,
        alive,
        LANES,
    )
    .fetch_all(executor)
    .await?;
    let lane = rows.into_iter().map(|r| Lane {
        lane: r.lane,
        place: r.place,
        running: r.running,
        places: r.places,
        due: r.due,
        waiting: r.waiting,
        troubled: r.troubled,
    });
    Ok(lane.collect())
}

pub async fn steps(executor: impl PgExecutor<'_>, overdue: f64) -> Result<Steps, DbError> {
    let row = sqlx::query_as!(
        Steps,
        r#"SELECT (SELECT count(*) FROM run WHERE state = 'active') AS "active_runs!",
            count(*) FILTER (WHERE state = 'running') AS "running!",
            count(*) FILTER (WHERE state IN ('ready', 'waiting')
                AND wake_at <= slipway_now()) AS "due!",
            count(*) FILTER (WHERE state IN ('ready', 'waiting')
                AND wake_at <= slipway_now() - make_interval(secs => $1)) AS "overdue!",
            count(*) FILTER (WHERE errors > 0 OR state = 'errored') AS "troubled!",
            count(*) FILTER (WHERE state = 'errored') AS "given_up!"
           FROM step WHERE ended_at IS NULL"#,
        overdue,
    );
    Ok(row.fetch_one(executor).await?)
}

pub async fn outbox(executor: impl PgExecutor<'_>) -> Result<Outbox, DbError> {
    let row = sqlx::query_as!(
        Outbox,
        r#"SELECT count(*) AS "pending!", count(*) FILTER (WHERE attempts >= 12) AS "given_up!"
           FROM outbox WHERE sent_at IS NULL"#
    );
    Ok(row.fetch_one(executor).await?)
}

pub async fn timers(executor: impl PgExecutor<'_>) -> Result<Vec<Round>, DbError> {
    let rows = sqlx::query!("SELECT name, due_at, ended_at, failure FROM timer ORDER BY name");
    let rows = rows.fetch_all(executor).await?;
    let round = rows.into_iter().map(|r| Round {
        name: r.name,
        due_at: r.due_at.to_jiff(),
        ended_at: r.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
        failure: r.failure,
    });
    Ok(round.collect())
}

/// A worker's sign of life; those of yesterday go.
pub async fn beat(
    executor: impl PgExecutor<'_>,
    worker: &str,
    [places, per_lane]: [i32; 2],
) -> Result<(), DbError> {
    sqlx::query!(
        "WITH old AS (
            DELETE FROM worker WHERE seen_at < slipway_now() - interval '1 day' AND id <> $1
         )
         INSERT INTO worker (id, version, places, per_lane) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET seen_at = slipway_now()",
        worker,
        env!("CARGO_PKG_VERSION"),
        places,
        per_lane,
    )
    .execute(executor)
    .await?;
    Ok(())
}

pub async fn leave(executor: impl PgExecutor<'_>, worker: &str) -> Result<(), DbError> {
    sqlx::query!("DELETE FROM worker WHERE id = $1", worker)
        .execute(executor)
        .await?;
    Ok(())
}
