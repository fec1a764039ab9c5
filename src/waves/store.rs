//! The SQL of waves.

use std::time::Duration;

use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::plan::{Facts, Standing};
use super::{Item, ItemState, State, WaveRun, WaveRunId};
use crate::db::DbError;
use crate::error::Words;
use crate::releases::{RolloutId, RolloutOutcome};
use crate::requests::RequestId;
use crate::standards::layers::{Kind, Name, Pace};

pub struct New {
    pub layer: Uuid,
    pub number: i32,
    pub request: RequestId,
    pub author: Uuid,
    pub pace: Pace,
    /// Workloads with their waves, in order.
    pub items: Vec<(Uuid, i32)>,
}

pub async fn insert(connection: &mut PgConnection, new: &New) -> Result<WaveRunId, DbError> {
    let id = WaveRunId::new();
    sqlx::query!(
        "INSERT INTO wave_run (id, layer_id, number, request_id, size, pause_seconds, author_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id.0,
        new.layer,
        new.number,
        new.request.0,
        new.pace.size,
        new.pace.pause_seconds,
        new.author,
    )
    .execute(&mut *connection)
    .await?;
    let (workloads, waves): (Vec<Uuid>, Vec<i32>) = new.items.iter().copied().unzip();
    sqlx::query!(
        "INSERT INTO wave_item (run_id, workload_id, wave, position)
         SELECT $1, i.workload, i.wave, i.position
         FROM unnest($2::uuid[], $3::integer[]) WITH ORDINALITY AS i(workload, wave, position)",
        id.0,
        &workloads,
        &waves,
    )
    .execute(connection)
    .await?;
    Ok(id)
}

/// The run that a request started.
pub async fn of_request(
    executor: impl PgExecutor<'_>,
    request: RequestId,
) -> Result<Option<Uuid>, DbError> {
    let id = sqlx::query_scalar!("SELECT id FROM wave_run WHERE request_id = $1", request.0);
    Ok(id.fetch_optional(executor).await?)
}

pub async fn find(
    executor: impl PgExecutor<'_>,
    id: WaveRunId,
) -> Result<Option<WaveRun>, DbError> {
    Ok(fetch(executor, Some(id), None).await?.pop())
}

/// The newest first.
pub async fn list(
    executor: impl PgExecutor<'_>,
    layer: Option<&Name>,
) -> Result<Vec<WaveRun>, DbError> {
    fetch(executor, None, layer).await
}

async fn fetch(
    executor: impl PgExecutor<'_>,
    id: Option<WaveRunId>,
    layer: Option<&Name>,
) -> Result<Vec<WaveRun>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT w.id AS "id: WaveRunId", l.kind AS "kind: Kind", l.key, w.number,
            q.number AS request, w.request_id, w.author_id, a.display_name, w.size,
            w.pause_seconds, w.state AS "state: State", w.stopped AS "stopped: Json<Words>",
            w.state_since, w.created_at, count(i.workload_id) AS "workloads!",
            count(i.workload_id) FILTER (WHERE i.note IS NOT NULL
                OR o.outcome IN ('succeeded', 'superseded')) AS "through!"
           FROM wave_run w
           JOIN layer l ON l.id = w.layer_id
           JOIN request q ON q.id = w.request_id
           JOIN account a ON a.id = w.author_id
           LEFT JOIN wave_item i ON i.run_id = w.id
           LEFT JOIN rollout o ON o.id = i.rollout_id
           WHERE ($1::uuid IS NULL OR w.id = $1)
             AND ($2::text IS NULL OR (l.kind = $2 AND l.key = $3))
           GROUP BY w.id, l.id, q.id, a.id ORDER BY w.id DESC LIMIT 50"#,
        id.map(|i| i.0),
        layer.map(|n| n.kind.as_str()),
        layer.map(|n| n.key.as_str()),
    )
    .fetch_all(executor)
    .await?;
    let runs = rows.into_iter().map(|r| WaveRun {
        id: r.id,
        layer: Name::new(r.kind, &r.key),
        number: r.number,
        request: r.request,
        request_id: r.request_id,
        author_id: r.author_id,
        by: r.display_name,
        pace: Pace {
            size: r.size,
            pause_seconds: r.pause_seconds,
        },
        state: r.state,
        stopped: r.stopped.map(|w| w.0),
        state_since: r.state_since.to_jiff(),
        created_at: r.created_at.to_jiff(),
        workloads: r.workloads,
        through: r.through,
    });
    Ok(runs.collect())
}

/// Workloads in their order, for a page.
pub async fn items(executor: impl PgExecutor<'_>, id: WaveRunId) -> Result<Vec<Item>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT i.workload_id, i.wave, p.key AS project, e.key AS environment,
            c.key AS cluster, w.component, i.rollout_id IS NOT NULL AS "rolled!",
            o.outcome AS "outcome?: RolloutOutcome", i.note AS "note: Json<Words>",
            (SELECT d.failure FROM deployment d WHERE d.rollout_id = o.id
             ORDER BY d.id DESC LIMIT 1) AS "failure: Json<Words>",
            COALESCE(o.ended_at, o.created_at, i.noted_at) AS at
           FROM wave_item i
           JOIN workload w ON w.id = i.workload_id
           JOIN project p ON p.id = w.project_id
           JOIN environment e ON e.id = w.environment_id
           JOIN cluster c ON c.id = w.cluster_id
           LEFT JOIN rollout o ON o.id = i.rollout_id
           WHERE i.run_id = $1 ORDER BY i.position"#,
        id.0,
    )
    .fetch_all(executor)
    .await?;
    let items = rows.into_iter().map(|r| Item {
        workload: r.workload_id,
        wave: r.wave,
        project: r.project,
        environment: r.environment,
        cluster: r.cluster,
        component: r.component,
        state: ItemState::of(r.rolled, r.outcome, r.note.is_some()),
        note: r.note.or(r.failure).map(|n| n.0),
        at: r.at.map(jiff_sqlx::Timestamp::to_jiff),
    });
    Ok(items.collect())
}

/// A run as its step decides on it.
pub async fn facts(executor: impl PgExecutor<'_>, id: WaveRunId) -> Result<Option<Facts>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT w.state AS "state: State", w.pause_seconds, slipway_now() AS "now!",
            i.workload_id AS "workload?", i.wave AS "wave?",
            i.rollout_id IS NOT NULL AS "rolled!", o.outcome AS "outcome?: RolloutOutcome",
            i.note IS NOT NULL AS "noted!", o.ended_at AS "ended_at?"
           FROM wave_run w
           LEFT JOIN wave_item i ON i.run_id = w.id
           LEFT JOIN rollout o ON o.id = i.rollout_id
           WHERE w.id = $1 ORDER BY i.position"#,
        id.0,
    )
    .fetch_all(executor)
    .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let pause = u64::try_from(first.pause_seconds).unwrap_or(0);
    let (state, now) = (first.state, first.now.to_jiff());
    let items = rows.into_iter().filter_map(|r| {
        Some(Standing {
            workload: r.workload?,
            wave: r.wave?,
            state: ItemState::of(r.rolled, r.outcome, r.noted),
            ended_at: r.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
    });
    Ok(Some(Facts {
        state,
        pause: Duration::from_secs(pause),
        now,
        items: items.collect(),
    }))
}

/// Remembers the rollout of a workload; false if it has one already.
pub async fn rolled(
    connection: &mut PgConnection,
    id: WaveRunId,
    workload: Uuid,
    rollout: RolloutId,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE wave_item SET rollout_id = $3, note = NULL, noted_at = NULL
         WHERE run_id = $1 AND workload_id = $2 AND rollout_id IS NULL",
        id.0,
        workload,
        rollout.0,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Remembers why nothing is deployed to a workload.
pub async fn noted(
    connection: &mut PgConnection,
    id: WaveRunId,
    workload: Uuid,
    note: &Words,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE wave_item SET note = $3, noted_at = slipway_now()
         WHERE run_id = $1 AND workload_id = $2 AND rollout_id IS NULL",
        id.0,
        workload,
        Json(note) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The oldest change before this one that still owes something to one of its workloads.
pub async fn ahead(
    executor: impl PgExecutor<'_>,
    id: WaveRunId,
) -> Result<Option<WaveRunId>, DbError> {
    let found = sqlx::query_scalar!(
        r#"SELECT w.id AS "id: WaveRunId" FROM wave_run w
           WHERE w.id < $1 AND w.state IN ('rolling', 'stopped')
             AND EXISTS (SELECT 1 FROM wave_item i
                JOIN wave_item mine ON mine.workload_id = i.workload_id AND mine.run_id = $1
                LEFT JOIN rollout o ON o.id = i.rollout_id
                WHERE i.run_id = w.id AND i.note IS NULL
                  AND o.outcome IS DISTINCT FROM 'succeeded'
                  AND o.outcome IS DISTINCT FROM 'superseded')
           ORDER BY w.id LIMIT 1"#,
        id.0,
    );
    Ok(found.fetch_optional(executor).await?)
}

/// Ends every older change of a layer for good; the requests that they came from.
pub async fn replace(
    connection: &mut PgConnection,
    layer: Uuid,
) -> Result<Vec<RequestId>, DbError> {
    let ended = sqlx::query_scalar!(
        r#"UPDATE wave_run SET state = 'replaced', stopped = NULL, state_since = slipway_now()
           WHERE layer_id = $1 AND state IN ('rolling', 'stopped')
           RETURNING request_id AS "request: RequestId""#,
        layer,
    );
    Ok(ended.fetch_all(connection).await?)
}

/// Ends a run that is on its way; false if it was not.
pub async fn end(connection: &mut PgConnection, id: WaveRunId) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE wave_run SET state = 'done', state_since = slipway_now()
         WHERE id = $1 AND state = 'rolling'",
        id.0,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Stops a run that is on its way; false if it was not.
pub async fn stop(
    connection: &mut PgConnection,
    id: WaveRunId,
    why: &Words,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE wave_run SET state = 'stopped', stopped = $2, state_since = slipway_now()
         WHERE id = $1 AND state = 'rolling'",
        id.0,
        Json(why) as _,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets a stopped run go on, with what failed to be tried again; false if it had not stopped.
pub async fn resume(connection: &mut PgConnection, id: WaveRunId) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE wave_run SET state = 'rolling', stopped = NULL, state_since = slipway_now()
         WHERE id = $1 AND state = 'stopped'",
        id.0,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE wave_item i SET rollout_id = NULL
         FROM rollout o, wave_run w
         WHERE i.run_id = $1 AND o.id = i.rollout_id AND w.id = i.run_id AND w.state = 'rolling'
           AND o.outcome IN ('failed', 'aborted')",
        id.0,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
