//! The SQL of setbacks.

use jiff::Timestamp;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{New, Setback, SetbackKind};
use crate::clusters::{EnvironmentId, Tier};
use crate::db::DbError;
use crate::identity::{AccountId, ProjectId};
use crate::releases::{DeploymentId, DeploymentState, Kind, ReleaseId, RolloutId, State};

pub async fn insert(connection: &mut PgConnection, new: &New<'_>) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO setback (id, project_id, release_id, deployment_id, kind, account_id, note)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        Uuid::now_v7(),
        new.project.0,
        new.release.map(|r| r.0),
        new.deployment.map(|d| d.0),
        new.kind.as_str(),
        new.actor.id.0,
        new.note,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes down that somebody rolled back what a release was on its way to, and why.
pub async fn rolled_back(
    connection: &mut PgConnection,
    release: ReleaseId,
    by: Uuid,
    note: &str,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO setback (id, project_id, release_id, kind, account_id, note)
         SELECT $1, project_id, id, 'rolled_back', $3, $4 FROM release WHERE id = $2",
        Uuid::now_v7(),
        release.0,
        by,
        note,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A release's setbacks, oldest first.
pub async fn of_release(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Vec<Setback>, DbError> {
    fetch(executor, Some(release), None).await
}

/// Who broke a deployment off.
pub async fn aborted(
    executor: impl PgExecutor<'_>,
    deployment: DeploymentId,
) -> Result<Option<Setback>, DbError> {
    Ok(fetch(executor, None, Some(deployment)).await?.pop())
}

async fn fetch(
    executor: impl PgExecutor<'_>,
    release: Option<ReleaseId>,
    deployment: Option<DeploymentId>,
) -> Result<Vec<Setback>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT s.kind AS "kind: SetbackKind", s.deployment_id AS "deployment: DeploymentId",
            a.name, a.display_name, s.note, s.created_at
           FROM setback s JOIN account a ON a.id = s.account_id
           WHERE ($1::uuid IS NULL OR s.release_id = $1)
             AND ($2::uuid IS NULL OR s.deployment_id = $2)
           ORDER BY s.id LIMIT 200"#,
        release.map(|r| r.0),
        deployment.map(|d| d.0),
    )
    .fetch_all(executor)
    .await?;
    let setbacks = rows.into_iter().map(|r| Setback {
        kind: r.kind,
        deployment: r.deployment,
        by: r.name,
        display_name: r.display_name,
        note: r.note,
        at: r.created_at.to_jiff(),
    });
    Ok(setbacks.collect())
}

pub async fn state(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Option<State>, DbError> {
    let state = sqlx::query_scalar!(
        r#"SELECT state AS "state: State" FROM release WHERE id = $1"#,
        release.0,
    );
    Ok(state.fetch_optional(executor).await?)
}

/// What durable work can be about on a release's way to test: itself, its rollouts, their
/// deployments.
pub async fn work_of(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Vec<Uuid>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"SELECT $1::uuid AS "id!"
           UNION ALL SELECT id FROM rollout WHERE release_id = $1 AND ended_at IS NULL
           UNION ALL SELECT d.id FROM deployment d JOIN rollout o ON o.id = d.rollout_id
             WHERE o.release_id = $1 AND d.ended_at IS NULL"#,
        release.0,
    );
    Ok(ids.fetch_all(executor).await?)
}

/// Whether a run about a release, or about a rollout of it, is active.
pub async fn is_worked_on(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<bool, DbError> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM run WHERE state = 'active' AND subject_id IN (
            SELECT $1 UNION ALL SELECT id FROM rollout WHERE release_id = $1
            UNION ALL SELECT d.id FROM deployment d JOIN rollout o ON o.id = d.rollout_id
              WHERE o.release_id = $1)) AS "found!""#,
        release.0,
    );
    Ok(found.fetch_one(executor).await?)
}

/// Whether a run about one of these is active.
pub async fn is_run(executor: impl PgExecutor<'_>, subjects: &[Uuid]) -> Result<bool, DbError> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM run
            WHERE state = 'active' AND subject_id = ANY($1)) AS "found!""#,
        subjects,
    );
    Ok(found.fetch_one(executor).await?)
}

/// Whether a release was ever sent to production.
pub async fn production_began(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<bool, DbError> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM rollout
            WHERE release_id = $1 AND tier = 'production') AS "found!""#,
        release.0,
    );
    Ok(found.fetch_one(executor).await?)
}

/// Ends what is on its way to test for a release.
pub async fn abort_tests(connection: &mut PgConnection, release: ReleaseId) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE deployment d SET state = 'aborted', confirmation_live = NULL,
            ended_at = slipway_now()
         FROM rollout o WHERE o.id = d.rollout_id AND o.release_id = $1
           AND o.tier = 'test' AND d.ended_at IS NULL",
        release.0,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE rollout SET outcome = 'aborted', ended_at = slipway_now()
         WHERE release_id = $1 AND tier = 'test' AND ended_at IS NULL",
        release.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Withdraws the live word for a release's digest; false if there is none.
pub async fn withdraw(
    connection: &mut PgConnection,
    release: ReleaseId,
    by: AccountId,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE confirmation c SET withdrawn_at = slipway_now(), withdrawn_by = $2
         FROM artifact x WHERE x.id = c.artifact_id AND x.release_id = $1
           AND c.withdrawn_at IS NULL",
        release.0,
        by.0,
    );
    Ok(done.execute(connection).await?.rows_affected() == 1)
}

/// Who is deploying a release's artifact by its confirmation, and since when.
pub async fn deploying_by(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<Option<(String, Timestamp)>, DbError> {
    let row = sqlx::query!(
        "SELECT a.display_name, d.created_at FROM deployment d
         JOIN artifact x ON x.id = d.artifact_id JOIN account a ON a.id = d.author_id
         WHERE x.release_id = $1 AND d.confirmation_live ORDER BY d.id LIMIT 1",
        release.0,
    );
    let row = row.fetch_optional(executor).await?;
    Ok(row.map(|r| (r.display_name, r.created_at.to_jiff())))
}

/// A release's unfinished rollout to an environment: whose, and since when.
pub async fn testing(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
    environment: EnvironmentId,
) -> Result<Option<(String, Timestamp)>, DbError> {
    let row = sqlx::query!(
        "SELECT a.display_name, o.created_at FROM rollout o JOIN account a ON a.id = o.author_id
         WHERE o.release_id = $1 AND o.environment_id = $2 AND o.ended_at IS NULL LIMIT 1",
        release.0,
        environment.0,
    );
    let row = row.fetch_optional(executor).await?;
    Ok(row.map(|r| (r.display_name, r.created_at.to_jiff())))
}

/// A deployment as its abort needs it.
pub struct Abortable {
    pub project: ProjectId,
    pub rollout: RolloutId,
    pub kind: Kind,
    pub tier: Tier,
    pub environment: String,
    pub cluster: String,
    pub state: DeploymentState,
    pub ended_at: Option<Timestamp>,
    pub request: Option<Uuid>,
    /// Whose image it is.
    pub release: Option<ReleaseId>,
    /// Whose way it is a part of.
    pub of_release: Option<ReleaseId>,
}

pub async fn abortable(
    executor: impl PgExecutor<'_>,
    id: DeploymentId,
) -> Result<Option<Abortable>, DbError> {
    let row = sqlx::query!(
        r#"SELECT d.project_id AS "project: ProjectId", d.rollout_id AS "rollout: RolloutId",
            d.kind AS "kind: Kind", d.tier AS "tier: Tier", e.key AS environment,
            c.key AS cluster, d.state AS "state: DeploymentState", d.ended_at, o.request_id,
            x.release_id AS "release: ReleaseId", o.release_id AS "of_release: ReleaseId"
           FROM deployment d
           JOIN rollout o ON o.id = d.rollout_id
           JOIN artifact x ON x.id = d.artifact_id
           JOIN workload w ON w.id = d.workload_id
           JOIN environment e ON e.id = w.environment_id
           JOIN cluster c ON c.id = w.cluster_id
           WHERE d.id = $1"#,
        id.0,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|r| Abortable {
        project: r.project,
        rollout: r.rollout,
        kind: r.kind,
        tier: r.tier,
        environment: r.environment,
        cluster: r.cluster,
        state: r.state,
        ended_at: r.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
        request: r.request_id,
        release: r.release,
        of_release: r.of_release,
    }))
}
