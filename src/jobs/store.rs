//! The engine's SQL.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{Claim, NewEffect, NewRun, NewStep, RunId, RunState, StepId, StepState};
use crate::db::{DbError, Tx};

/// Starts a run with its first step, in the caller's transaction; workers wake at its commit.
///
/// # Errors
/// No answer from the database.
pub async fn start_run(tx: &mut Tx, run: &NewRun, first: &NewStep) -> Result<RunId, DbError> {
    let id = RunId::new();
    sqlx::query!(
        "INSERT INTO run (id, kind, subject_id, project_id, parent_id)
         VALUES ($1, $2, $3, $4, $5)",
        id.0,
        run.kind,
        run.subject,
        run.project,
        run.parent.map(|p| p.0),
    )
    .execute(tx.connection())
    .await?;
    add_step(tx.connection(), id, first).await?;
    tx.event(super::TOPIC, None).await?;
    Ok(id)
}

pub(super) async fn add_step(
    connection: &mut PgConnection,
    run: RunId,
    step: &NewStep,
) -> Result<(), DbError> {
    let id = StepId::new();
    sqlx::query!(
        "INSERT INTO step (id, run_id, name, lane, input) VALUES ($1, $2, $3, $4, $5)",
        id.0,
        run.0,
        step.name,
        step.lane,
        step.input,
    )
    .execute(&mut *connection)
    .await?;
    match &step.effect {
        Some(effect) => add_effect(connection, id, effect).await,
        None => Ok(()),
    }
}

async fn add_effect(
    connection: &mut PgConnection,
    step: StepId,
    effect: &NewEffect,
) -> Result<(), DbError> {
    let intent = digest(&SHA256, effect.intent.to_string().as_bytes());
    sqlx::query!(
        "INSERT INTO effect (id, step_id, kind, target, name, intent_hash)
         VALUES ($1, $2, $3, $4, $5, $6)",
        Uuid::now_v7(),
        step.0,
        effect.kind,
        effect.target,
        effect.name,
        intent.as_ref(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a worker asks for when it claims.
pub(super) struct Ask<'a> {
    pub worker: &'a str,
    pub names: &'a [String],
    /// Lanes without a free place.
    pub full_lanes: &'a [String],
    pub lease: Duration,
    pub limit: i64,
}

/// Claims due steps: lease, attempt, attempt's row and effect's mark in one statement, which is
/// one commit. A step whose lease ended is due like any other; its attempt was lost.
pub(super) async fn claim(
    executor: impl PgExecutor<'_>,
    ask: &Ask<'_>,
) -> Result<Vec<Claim>, DbError> {
    let claims = sqlx::query_as!(
        Claim,
        r#"WITH due AS (
            SELECT id, attempt FROM step
            WHERE ((state IN ('ready', 'waiting') AND wake_at <= slipway_now())
                OR (state = 'running' AND lease_until < slipway_now()))
              AND name = ANY($2) AND lane <> ALL($3)
            ORDER BY wake_at LIMIT $5
            FOR UPDATE SKIP LOCKED
         ), claimed AS (
            UPDATE step SET state = 'running', attempt = step.attempt + 1, worker = $1,
                lease_until = slipway_now() + make_interval(secs => $4),
                started_at = COALESCE(started_at, slipway_now())
            FROM due WHERE step.id = due.id
            RETURNING step.*
         ), lost AS (
            UPDATE step_attempt a SET ended_at = slipway_now(), outcome = 'lost'
            FROM due WHERE a.step_id = due.id AND a.attempt = due.attempt AND a.ended_at IS NULL
         ), begun AS (
            INSERT INTO step_attempt (step_id, attempt, worker)
            SELECT id, attempt, $1 FROM claimed
         ), marked AS (
            UPDATE effect e SET state = 'attempted', attempts = e.attempts + 1,
                attempted_at = slipway_now()
            FROM claimed WHERE e.step_id = claimed.id
         )
         SELECT c.id AS "step: StepId", c.run_id AS "run: RunId", c.name, c.lane, c.input,
            c.attempt, c.errors, c.output AS seen, r.subject_id AS subject, r.project_id AS project
         FROM claimed c JOIN run r ON r.id = c.run_id"#,
        ask.worker,
        ask.names,
        ask.full_lanes,
        ask.lease.as_secs_f64(),
        ask.limit,
    );
    Ok(claims.fetch_all(executor).await?)
}

/// Seconds until the next step of ours is due; `None` if none is planned.
pub(super) async fn next_due(
    executor: impl PgExecutor<'_>,
    names: &[String],
) -> Result<Option<f64>, DbError> {
    let seconds = sqlx::query_scalar!(
        "SELECT EXTRACT(EPOCH FROM min(
            CASE WHEN state = 'running' THEN lease_until ELSE wake_at END) - slipway_now())::float8
         FROM step WHERE state IN ('ready', 'waiting', 'running') AND name = ANY($1)",
        names,
    );
    Ok(seconds.fetch_one(executor).await?)
}

/// How an attempt ends.
pub(super) struct Ending<'a> {
    pub state: StepState,
    pub outcome: &'a str,
    pub detail: Option<Value>,
    pub output: Option<&'a Value>,
    pub waits_for: Option<Value>,
    pub wake_after: Duration,
    pub errors: i32,
}

/// Ends the attempt if it is still ours; false if another worker has the step by now.
pub(super) async fn end_attempt(
    connection: &mut PgConnection,
    claim: &Claim,
    end: &Ending<'_>,
) -> Result<bool, DbError> {
    let over = matches!(end.state, StepState::Done | StepState::Failed);
    let ours = sqlx::query!(
        "UPDATE step SET state = $3, output = COALESCE($4, output), waits_for = $5,
            wake_at = slipway_now() + make_interval(secs => $6), errors = $7,
            lease_until = NULL, worker = NULL,
            ended_at = CASE WHEN $8 THEN slipway_now() END
         WHERE id = $1 AND attempt = $2 AND state = 'running'",
        claim.step.0,
        claim.attempt,
        end.state.as_str(),
        end.output,
        end.waits_for,
        end.wake_after.as_secs_f64(),
        end.errors,
        over,
    )
    .execute(&mut *connection)
    .await?;
    if ours.rows_affected() != 1 {
        return Ok(false);
    }
    // Of many looks at something that goes on, the last is kept.
    sqlx::query!(
        "WITH ended AS (
            UPDATE step_attempt SET ended_at = slipway_now(), outcome = $3, detail = $4
            WHERE step_id = $1 AND attempt = $2
         ), confirmed AS (
            UPDATE effect SET state = 'confirmed', confirmed_at = slipway_now()
            WHERE step_id = $1 AND $3 = 'done'
         )
         DELETE FROM step_attempt WHERE step_id = $1 AND attempt < $2 AND outcome = 'wait'",
        claim.step.0,
        claim.attempt,
        end.outcome,
        end.detail,
    )
    .execute(connection)
    .await?;
    Ok(true)
}

pub(super) async fn end_run(
    connection: &mut PgConnection,
    run: RunId,
    state: RunState,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE run SET state = $2, ended_at = slipway_now() WHERE id = $1 AND state = 'active'",
        run.0,
        state.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes what waits for a subject look again, now.
///
/// # Errors
/// No answer from the database.
pub async fn wake_subject(tx: &mut Tx, subject: Uuid) -> Result<u64, DbError> {
    let woken = sqlx::query!(
        "UPDATE step SET wake_at = slipway_now()
         FROM run WHERE run.id = step.run_id AND run.subject_id = $1 AND run.state = 'active'
           AND step.state IN ('waiting', 'ready')",
        subject,
    )
    .execute(tx.connection())
    .await?;
    tx.wake_after_commit();
    Ok(woken.rows_affected())
}

/// Makes every step look again that waits for the thing of this code.
///
/// # Errors
/// No answer from the database.
pub async fn wake_waiting_for(tx: &mut Tx, code: &str) -> Result<u64, DbError> {
    let woken = sqlx::query!(
        "UPDATE step SET wake_at = slipway_now()
         WHERE state = 'waiting' AND waits_for ->> 'code' = $1",
        code,
    )
    .execute(tx.connection())
    .await?;
    tx.wake_after_commit();
    Ok(woken.rows_affected())
}

/// The unfinished step as a claim that nobody holds, for operators; locks its row.
pub(super) async fn lock_step(
    connection: &mut PgConnection,
    step: StepId,
) -> Result<Option<(Claim, StepState)>, DbError> {
    let row = sqlx::query!(
        r#"SELECT s.run_id AS "run: RunId", s.name, s.lane, s.input, s.attempt, s.errors,
            s.output, s.state AS "state: StepState", r.subject_id, r.project_id
           FROM step s JOIN run r ON r.id = s.run_id WHERE s.id = $1
           FOR UPDATE OF s"#,
        step.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|r| {
        let claim = Claim {
            step,
            run: r.run,
            name: r.name,
            lane: r.lane,
            subject: r.subject_id,
            project: r.project_id,
            input: r.input,
            attempt: r.attempt,
            errors: r.errors,
            seen: r.output,
        };
        (claim, r.state)
    }))
}

/// Due now, errors forgotten. Not while a worker holds it.
pub(super) async fn make_due(connection: &mut PgConnection, step: StepId) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE step SET state = CASE WHEN state = 'errored' THEN 'ready' ELSE state END,
            wake_at = slipway_now(), errors = 0
         WHERE id = $1 AND state IN ('ready', 'waiting', 'errored')",
        step.0,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The unfinished steps about these subjects, locked; the newest first, as workers lock them.
pub(super) async fn lock_steps_about(
    connection: &mut PgConnection,
    subjects: &[Uuid],
) -> Result<Vec<StepId>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"SELECT s.id AS "id: StepId" FROM step s JOIN run r ON r.id = s.run_id
           WHERE r.subject_id = ANY($1) AND r.state = 'active' AND s.ended_at IS NULL
           ORDER BY s.id DESC FOR UPDATE OF s"#,
        subjects,
    );
    Ok(ids.fetch_all(connection).await?)
}

/// Ends the active runs about these subjects that have no unfinished step left.
pub(super) async fn end_idle_runs(
    connection: &mut PgConnection,
    subjects: &[Uuid],
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE run SET state = 'abandoned', ended_at = slipway_now()
         WHERE subject_id = ANY($1) AND state = 'active' AND NOT EXISTS (
            SELECT 1 FROM step s WHERE s.run_id = run.id AND s.ended_at IS NULL)",
        subjects,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a step whatever its state; a worker that still runs it has lost it.
pub(super) async fn abandon_step(
    connection: &mut PgConnection,
    step: StepId,
    detail: Value,
) -> Result<(), DbError> {
    sqlx::query!(
        "WITH ended AS (
            UPDATE step SET state = 'abandoned', attempt = attempt + 1, lease_until = NULL,
                worker = NULL, ended_at = slipway_now()
            WHERE id = $1 AND ended_at IS NULL RETURNING id, attempt
         ), kept AS (
            INSERT INTO step_attempt (step_id, attempt, worker, ended_at, outcome, detail)
            SELECT id, attempt, 'operator', slipway_now(), 'abandoned', $2 FROM ended
         )
         UPDATE effect SET state = 'abandoned'
         WHERE step_id = $1 AND state <> 'confirmed'",
        step.0,
        detail,
    )
    .execute(connection)
    .await?;
    Ok(())
}
