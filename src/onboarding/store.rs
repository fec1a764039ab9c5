//! The SQL of places.

use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};

use super::{JobState, Place};
use crate::connections::ConnectionId;
use crate::db::DbError;
use crate::error::Words;
use crate::identity::ProjectId;
use crate::secrets::Sealed;

pub async fn find(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
) -> Result<Option<Place>, DbError> {
    let row = sqlx::query!(
        r#"SELECT hook, hook_trouble, hook_at AS "hook_at: jiff_sqlx::Timestamp",
            pushed_at AS "pushed_at: jiff_sqlx::Timestamp", pushed_ref, pushed_commit,
            jenkins_id AS "jenkins: ConnectionId", job, job_state AS "job_state: JobState",
            job_at AS "job_at: jiff_sqlx::Timestamp", image, image_writable,
            image_at AS "image_at: jiff_sqlx::Timestamp"
           FROM project_place WHERE id = $1"#,
        project.0,
    );
    let row = row.fetch_optional(executor).await?;
    Ok(row.map(|r| Place {
        hook: r.hook,
        hook_trouble: r.hook_trouble.and_then(|w| serde_json::from_value(w).ok()),
        hook_at: r.hook_at.map(jiff_sqlx::Timestamp::to_jiff),
        pushed_at: r.pushed_at.map(jiff_sqlx::Timestamp::to_jiff),
        pushed_ref: r.pushed_ref,
        pushed_commit: r.pushed_commit,
        jenkins: r.jenkins,
        job: r.job,
        job_state: r.job_state,
        job_at: r.job_at.map(jiff_sqlx::Timestamp::to_jiff),
        image: r.image,
        image_writable: r.image_writable,
        image_at: r.image_at.map(jiff_sqlx::Timestamp::to_jiff),
    }))
}

/// Keeps the word for GitLab, unless there is one already.
pub async fn open(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
    token: &Sealed,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO project_place (id, hook_token, hook_token_key) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO NOTHING",
        project.0,
        token.bytes,
        token.key_id,
    )
    .execute(executor)
    .await?;
    Ok(())
}

pub async fn token(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
) -> Result<Option<Sealed>, DbError> {
    let row = sqlx::query_as!(
        Sealed,
        "SELECT hook_token AS bytes, hook_token_key AS key_id FROM project_place WHERE id = $1",
        project.0,
    );
    Ok(row.fetch_optional(executor).await?)
}

/// What came of asking GitLab for a webhook: its number, or why there is none.
pub async fn hooked(
    connection: &mut PgConnection,
    project: ProjectId,
    hook: Option<i64>,
    trouble: Option<&Words>,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE project_place SET hook = $2, hook_trouble = $3, hook_at = slipway_now()
         WHERE id = $1",
        project.0,
        hook,
        trouble.map(|w| serde_json::to_value(w).unwrap_or(Value::Null)),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn has_job(
    connection: &mut PgConnection,
    project: ProjectId,
    (jenkins, job): (ConnectionId, &str),
    state: &JobState,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE project_place SET jenkins_id = $2, job = $3, job_state = $4,
            job_at = slipway_now() WHERE id = $1",
        project.0,
        jenkins.0,
        job,
        state.to_string(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn has_image(
    connection: &mut PgConnection,
    project: ProjectId,
    image: &str,
    is_writable: bool,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE project_place SET image = $2, image_writable = $3, image_at = slipway_now()
         WHERE id = $1",
        project.0,
        image,
        is_writable,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// False for a delivery that was heard before, or of a project that has no place. What is older
/// than a week is forgotten; GitLab repeats nothing for so long.
pub async fn heard(
    connection: &mut PgConnection,
    project: ProjectId,
    delivery: &str,
) -> Result<bool, DbError> {
    sqlx::query!(
        "DELETE FROM push_heard WHERE project_id = $1
            AND heard_at < slipway_now() - interval '7 days'",
        project.0,
    )
    .execute(&mut *connection)
    .await?;
    let done = sqlx::query!(
        "INSERT INTO push_heard (project_id, delivery)
         SELECT id, $2 FROM project_place WHERE id = $1 ON CONFLICT DO NOTHING",
        project.0,
        delivery,
    );
    Ok(done.execute(connection).await?.rows_affected() == 1)
}

pub async fn pushed(
    connection: &mut PgConnection,
    project: ProjectId,
    reference: &str,
    commit: Option<&str>,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE project_place SET pushed_at = slipway_now(), pushed_ref = $2, pushed_commit = $3
         WHERE id = $1",
        project.0,
        reference,
        commit,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether the project stays; holds its row until the transaction ends, so that two who begin
/// something there see each other.
pub async fn lock(connection: &mut PgConnection, project: ProjectId) -> Result<bool, DbError> {
    let stays = sqlx::query_scalar!(
        r#"SELECT leaving_at IS NULL AS "stays!" FROM project WHERE id = $1 FOR UPDATE"#,
        project.0,
    );
    Ok(stays.fetch_optional(connection).await?.unwrap_or(false))
}

/// Whether something of it is being made right now.
pub async fn is_busy(executor: impl PgExecutor<'_>, project: ProjectId) -> Result<bool, DbError> {
    let busy = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM run WHERE project_id = $1 AND state = 'active'
            AND kind IN ('onboarding', 'setup')) AS "busy!""#,
        project.0,
    );
    Ok(busy.fetch_one(executor).await?)
}
