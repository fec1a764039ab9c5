//! The SQL of what people see of durable work.

use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

use super::{RunRow, StepRow};
use crate::db::DbError;
use crate::jobs::{RunId, RunState};

/// More than a page shows of anything.
const MAX_RUNS: i64 = 200;

/// The runs about several subjects, newest first, each with its steps in order.
///
/// # Errors
/// No answer from the database.
pub async fn runs_of_all(
    executor: impl PgExecutor<'_>,
    subjects: &[Uuid],
) -> Result<Vec<RunRow>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT r.id AS "id: RunId", r.kind, r.subject_id, r.state AS "state: RunState",
            r.created_at, r.ended_at,
            (SELECT COALESCE(jsonb_agg(jsonb_build_object(
                'id', s.id, 'name', s.name, 'lane', s.lane, 'state', s.state,
                'attempt', s.attempt, 'errors', s.errors, 'waits_for', s.waits_for,
                'last_error', (SELECT a.detail FROM step_attempt a
                    WHERE a.step_id = s.id AND a.outcome IN ('retry', 'failed')
                    ORDER BY a.attempt DESC LIMIT 1),
                'created_at', s.created_at, 'wake_at', s.wake_at, 'ended_at', s.ended_at)
                ORDER BY s.created_at, s.id), '[]')
             FROM step s WHERE s.run_id = r.id) AS "steps!: Json<Vec<StepRow>>"
           FROM run r
           WHERE r.subject_id = ANY($1) ORDER BY r.id DESC LIMIT $2"#,
        subjects,
        MAX_RUNS,
    )
    .fetch_all(executor)
    .await?;
    let runs = rows.into_iter().map(|r| RunRow {
        id: r.id,
        kind: r.kind,
        subject: r.subject_id,
        state: r.state,
        created_at: r.created_at.to_jiff(),
        ended_at: r.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
        steps: r.steps.0,
    });
    Ok(runs.collect())
}
