//! The SQL of operators' view: runs with what they are about, and one run to its last attempt.

use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

use super::{About, Attempt, Effect, Filter, Run, Step};
use crate::db::DbError;
use crate::error::Words;
use crate::jobs::{RunId, RunState, StepId, StepState};
use crate::progress::StepRow;

/// Attempts at one step that its page shows; earlier ones said the same.
const ATTEMPTS: i64 = 25;

/// The runs of a page of the list, newest first.
pub async fn ids(executor: impl PgExecutor<'_>, filter: &Filter) -> Result<Vec<RunId>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"SELECT r.id AS "id: RunId" FROM run r
           WHERE ($1::uuid IS NULL OR r.id < $1) AND ($2::text IS NULL OR r.state = $2)
             AND (NOT $3 OR r.id IN (SELECT s.run_id FROM step s
                WHERE s.ended_at IS NULL AND (s.errors > 0 OR s.state = 'errored')))
             AND ($4::text IS NULL OR EXISTS (SELECT 1 FROM step s
                WHERE s.run_id = r.id AND s.lane = $4))
             AND ($5::text IS NULL OR r.kind = $5 OR EXISTS (SELECT 1 FROM step s
                WHERE s.run_id = r.id AND starts_with(s.name, $5)))
             AND ($6::text IS NULL OR EXISTS (SELECT 1 FROM project p
                WHERE p.id = r.project_id AND p.key = $6))
           ORDER BY r.id DESC LIMIT $7"#,
        filter.before.map(|id| id.0),
        filter.state.map(RunState::as_str),
        filter.stuck,
        filter.lane,
        filter.name,
        filter.project,
        filter.limit,
    );
    Ok(ids.fetch_all(executor).await?)
}

/// Runs by id, newest first, with their steps and what they are about.
pub async fn by_ids(executor: impl PgExecutor<'_>, ids: &[RunId]) -> Result<Vec<Run>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT r.id AS "id: RunId", r.kind, r.subject_id, r.state AS "state: RunState",
            r.parent_id AS "parent: RunId", r.created_at, r.ended_at,
            jsonb_build_object('project', p.key, 'release', l.number, 'tag', l.tag,
                'environment', e.key, 'cluster', c.key,
                'request', COALESCE(q.number, a.number)) AS "about!: Json<About>",
            (SELECT COALESCE(jsonb_agg(jsonb_build_object(
                'id', s.id, 'name', s.name, 'lane', s.lane, 'state', s.state,
                'attempt', s.attempt, 'errors', s.errors, 'waits_for', s.waits_for,
                'last_error', (SELECT t.detail FROM step_attempt t
                    WHERE t.step_id = s.id AND t.outcome IN ('retry', 'failed', 'abandoned')
                    ORDER BY t.attempt DESC LIMIT 1),
                'created_at', s.created_at, 'wake_at', s.wake_at, 'ended_at', s.ended_at)
                ORDER BY s.created_at, s.id), '[]')
             FROM step s WHERE s.run_id = r.id) AS "steps!: Json<Vec<StepRow>>"
           FROM run r
           LEFT JOIN project p ON p.id = r.project_id
           LEFT JOIN deployment d ON d.id = r.subject_id
           LEFT JOIN rollout o ON o.id = COALESCE(d.rollout_id, r.subject_id)
           LEFT JOIN release l ON l.id = COALESCE(o.release_id, r.subject_id)
           LEFT JOIN removal v ON v.id = r.subject_id
           LEFT JOIN workload w ON w.id = COALESCE(d.workload_id, v.workload_id, r.subject_id)
           LEFT JOIN environment e ON e.id = COALESCE(w.environment_id, o.environment_id)
           LEFT JOIN cluster c ON c.id = w.cluster_id
           LEFT JOIN request q ON q.id = COALESCE(o.request_id, r.subject_id)
           LEFT JOIN LATERAL (SELECT x.number FROM step s JOIN request x
                ON x.id::text = s.input ->> 'request' WHERE s.run_id = r.id LIMIT 1) a ON true
           WHERE r.id = ANY($1) ORDER BY r.id DESC"#,
        &ids,
    )
    .fetch_all(executor)
    .await?;
    let runs = rows.into_iter().map(|r| Run {
        id: r.id,
        kind: r.kind,
        subject: r.subject_id,
        state: r.state,
        parent: r.parent,
        about: r.about.0,
        created_at: r.created_at.to_jiff(),
        ended_at: r.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
        steps: r.steps.0,
    });
    Ok(runs.collect())
}

/// The runs that this one started, oldest first.
pub async fn children(executor: impl PgExecutor<'_>, id: RunId) -> Result<Vec<RunId>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id: RunId" FROM run WHERE parent_id = $1 ORDER BY id LIMIT 50"#,
        id.0,
    );
    Ok(ids.fetch_all(executor).await?)
}

/// A run's steps in order, each with its effect and its last attempts.
pub async fn steps(executor: impl PgExecutor<'_>, id: RunId) -> Result<Vec<Step>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT s.id AS "id: StepId", s.name, s.lane, s.state AS "state: StepState", s.attempt,
            s.errors, s.waits_for AS "waits_for: Json<Words>", s.wake_at, s.created_at,
            s.started_at, s.ended_at, s.worker, s.lease_until,
            COALESCE(
                (SELECT c.key FROM connection c WHERE s.lane = c.kind || ':' || c.id),
                (SELECT c.key FROM cluster c WHERE s.lane = 'cluster:' || c.id),
                'Slipway') AS "place!",
            (SELECT jsonb_build_object('kind', f.kind, 'target', f.target, 'name', f.name,
                'state', f.state, 'attempts', f.attempts, 'confirmed_at', f.confirmed_at)
             FROM effect f WHERE f.step_id = s.id) AS "effect: Json<Effect>",
            (SELECT COALESCE(jsonb_agg(jsonb_build_object('attempt', t.attempt,
                'worker', t.worker, 'started_at', t.started_at, 'ended_at', t.ended_at,
                'outcome', t.outcome, 'detail', t.detail) ORDER BY t.attempt), '[]')
             FROM (SELECT * FROM step_attempt WHERE step_id = s.id
                ORDER BY attempt DESC LIMIT $2) t) AS "attempts!: Json<Vec<Attempt>>"
           FROM step s WHERE s.run_id = $1 ORDER BY s.created_at, s.id"#,
        id.0,
        ATTEMPTS,
    )
    .fetch_all(executor)
    .await?;
    let time = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    let steps = rows.into_iter().map(|r| Step {
        id: r.id,
        name: r.name,
        lane: r.lane,
        place: r.place,
        state: r.state,
        attempt: r.attempt,
        errors: r.errors,
        waits_for: r.waits_for.map(|w| w.0),
        wake_at: r.wake_at.to_jiff(),
        created_at: r.created_at.to_jiff(),
        started_at: time(r.started_at),
        ended_at: time(r.ended_at),
        worker: r.worker,
        lease_until: time(r.lease_until),
        effect: r.effect.map(|e| e.0),
        attempts: r.attempts.0,
    });
    Ok(steps.collect())
}

/// Lanes with unfinished work, each with the name of the system behind it.
pub async fn lanes(executor: impl PgExecutor<'_>) -> Result<Vec<(String, String)>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT l.lane AS "lane!", COALESCE(c.key, k.key, 'Slipway') AS "place!"
           FROM (SELECT DISTINCT lane FROM step WHERE ended_at IS NULL) l
           LEFT JOIN connection c ON l.lane = c.kind || ':' || c.id
           LEFT JOIN cluster k ON l.lane = 'cluster:' || k.id
           ORDER BY 2 LIMIT 100"#
    );
    let rows = rows.fetch_all(executor).await?;
    Ok(rows.into_iter().map(|r| (r.lane, r.place)).collect())
}

/// How many active runs are in trouble, and how many of those wait for an operator.
pub async fn count_stuck(executor: impl PgExecutor<'_>) -> Result<(i64, i64), DbError> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "all!", count(*) FILTER (WHERE state = 'errored') AS "given_up!"
           FROM step WHERE ended_at IS NULL AND (errors > 0 OR state = 'errored')"#
    );
    let row = row.fetch_one(executor).await?;
    Ok((row.all, row.given_up))
}

/// The project that a step's run belongs to, for the question who may touch it.
///
/// # Errors
/// No answer from the database.
pub async fn run_of_step(
    executor: impl PgExecutor<'_>,
    step: StepId,
) -> Result<Option<(RunId, Option<Uuid>)>, DbError> {
    let row = sqlx::query!(
        r#"SELECT r.id AS "id: RunId", r.project_id FROM run r
           JOIN step s ON s.run_id = r.id WHERE s.id = $1"#,
        step.0,
    );
    Ok(row
        .fetch_optional(executor)
        .await?
        .map(|r| (r.id, r.project_id)))
}
