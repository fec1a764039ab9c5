//! The SQL of off-boarding.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{Leaving, RemovalId};
use crate::connections::ConnectionId;
use crate::db::DbError;
use crate::identity::ProjectId;
use crate::requests::{RequestId, Work};
use crate::standards::SecretVersion;
use crate::workloads::WorkloadId;

/// False if it is leaving already.
pub async fn mark(connection: &mut PgConnection, id: WorkloadId) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE workload SET leaving_at = slipway_now() WHERE id = $1 AND leaving_at IS NULL",
        id.0,
    );
    Ok(done.execute(connection).await?.rows_affected() == 1)
}

pub async fn insert(
    connection: &mut PgConnection,
    id: RemovalId,
    workload: WorkloadId,
    request: RequestId,
    whole: bool,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO removal (id, workload_id, request_id, whole) VALUES ($1, $2, $3, $4)",
        id.0,
        workload.0,
        request.0,
        whole,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn find(
    executor: impl PgExecutor<'_>,
    id: RemovalId,
) -> Result<Option<Leaving>, DbError> {
    let row = sqlx::query_as!(
        Leaving,
        r#"SELECT id AS "id: RemovalId", workload_id AS "workload: WorkloadId",
            request_id AS "request: RequestId", whole FROM removal WHERE id = $1"#,
        id.0,
    );
    Ok(row.fetch_optional(executor).await?)
}

/// The removals that a request started, in the order of their clusters.
pub async fn works(
    executor: impl PgExecutor<'_>,
    request: RequestId,
) -> Result<Vec<Work>, DbError> {
    let rows = sqlx::query!(
        "SELECT r.id, e.key || ' · ' || c.key AS \"place!\" FROM removal r
         JOIN workload w ON w.id = r.workload_id
         JOIN environment e ON e.id = w.environment_id
         JOIN cluster c ON c.id = w.cluster_id
         WHERE r.request_id = $1 ORDER BY e.rank, e.key, c.key",
        request.0,
    )
    .fetch_all(executor)
    .await?;
    let work = rows.into_iter().map(|r| Work {
        subject: r.id,
        place: r.place,
    });
    Ok(work.collect())
}

/// Who has something on its way in one of these environments.
pub async fn under_way(
    connection: &mut PgConnection,
    project: Uuid,
    environments: &[Uuid],
) -> Result<Option<String>, DbError> {
    let who = sqlx::query_scalar!(
        "SELECT a.display_name FROM rollout o JOIN account a ON a.id = o.author_id
         WHERE o.project_id = $1 AND o.environment_id = ANY($2) AND o.ended_at IS NULL
         ORDER BY o.created_at LIMIT 1",
        project,
        environments,
    );
    Ok(who.fetch_optional(connection).await?)
}

/// Whether any of these is still being made: its objects would come back after they went.
pub async fn being_made(
    connection: &mut PgConnection,
    workloads: &[Uuid],
) -> Result<bool, DbError> {
    let any = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM run
            WHERE subject_id = ANY($1) AND state = 'active') AS "any!""#,
        workloads,
    );
    Ok(any.fetch_one(connection).await?)
}

/// What was begun to make or mend a project's place outside, and is not done.
pub struct Making {
    pub subject: Uuid,
    /// Whether it is the onboarding itself, whose subject is its request.
    pub is_onboarding: bool,
    /// Whether somebody is at it this very moment.
    pub in_hand: bool,
}

pub async fn making(
    connection: &mut PgConnection,
    project: ProjectId,
) -> Result<Vec<Making>, DbError> {
    let rows = sqlx::query_as!(
        Making,
        r#"SELECT subject_id AS subject, kind = 'onboarding' AS "is_onboarding!",
            EXISTS (SELECT 1 FROM step s WHERE s.run_id = r.id AND s.state = 'running')
                AS "in_hand!"
           FROM run r WHERE project_id = $1 AND kind IN ('onboarding', 'setup')
            AND state = 'active'"#,
        project.0,
    );
    Ok(rows.fetch_all(connection).await?)
}

pub async fn emptied(connection: &mut PgConnection, id: RemovalId) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE removal SET emptied_at = COALESCE(emptied_at, slipway_now()) WHERE id = $1",
        id.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks it as over. True if nothing of its request is left to take away. Two that end at once
/// come through here one after the other.
pub async fn end(connection: &mut PgConnection, leaving: &Leaving) -> Result<bool, DbError> {
    sqlx::query!(
        "SELECT 1 AS one FROM request WHERE id = $1 FOR UPDATE",
        leaving.request.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE removal SET ended_at = COALESCE(ended_at, slipway_now()) WHERE id = $1",
        leaving.id.0,
    )
    .execute(&mut *connection)
    .await?;
    Ok(left(connection, leaving.request).await? == 0)
}

/// Gives back what a request has not taken away yet, all of it or one workload. The removals that
/// end by it.
pub async fn give_back(
    connection: &mut PgConnection,
    request: RequestId,
    only: Option<RemovalId>,
) -> Result<Vec<Uuid>, DbError> {
    let over = sqlx::query_scalar!(
        "WITH over AS (
            UPDATE removal SET ended_at = slipway_now()
            WHERE request_id = $1 AND ($2::uuid IS NULL OR id = $2)
              AND emptied_at IS NULL AND ended_at IS NULL RETURNING id, workload_id),
         back AS (UPDATE workload SET leaving_at = NULL
            WHERE id IN (SELECT workload_id FROM over))
         SELECT id FROM over",
        request.0,
        only.map(|id| id.0),
    );
    Ok(over.fetch_all(connection).await?)
}

/// How many workloads a request has still to take away.
pub async fn left(executor: impl PgExecutor<'_>, request: RequestId) -> Result<i64, DbError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM removal WHERE request_id = $1 AND ended_at IS NULL"#,
        request.0,
    );
    Ok(count.fetch_one(executor).await?)
}

/// Whether a workload's namespace holds objects of another one still, or was there with what the
/// portal took over in it.
pub async fn is_shared(executor: impl PgExecutor<'_>, id: WorkloadId) -> Result<bool, DbError> {
    let shared = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM workload w
            JOIN workload o ON o.cluster_id = w.cluster_id AND o.namespace = w.namespace
            WHERE w.id = $1 AND (o.found IS NOT NULL OR (o.id <> w.id
                AND NOT EXISTS (SELECT 1 FROM removal r
                    WHERE r.workload_id = o.id AND r.emptied_at IS NOT NULL)))) AS "shared!""#,
        id.0,
    );
    Ok(shared.fetch_one(executor).await?)
}

/// Whether no other workload is left in the namespace of this one.
pub async fn is_last(executor: impl PgExecutor<'_>, id: WorkloadId) -> Result<bool, DbError> {
    let last = sqlx::query_scalar!(
        r#"SELECT NOT EXISTS (SELECT 1 FROM workload w
            JOIN workload o ON o.cluster_id = w.cluster_id AND o.namespace = w.namespace
            WHERE w.id = $1 AND o.id <> w.id
              AND NOT EXISTS (SELECT 1 FROM removal r
                WHERE r.workload_id = o.id AND r.emptied_at IS NOT NULL)) AS "last!""#,
        id.0,
    );
    Ok(last.fetch_one(executor).await?)
}

/// The secrets that any revision of a workload's parameters named, and no other workload of its
/// namespace has in its newest one.
pub async fn secrets(
    executor: impl PgExecutor<'_>,
    id: WorkloadId,
) -> Result<Vec<SecretVersion>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT (v ->> 'id')::uuid AS "id!", (v ->> 'version')::integer AS "version!"
           FROM parameters_revision p, jsonb_array_elements(
                jsonb_path_query_array(p.document, '$.env[*].secret')
                || jsonb_path_query_array(p.document, '$.files[*].stored')) v
           WHERE p.workload_id = $1
             AND NOT EXISTS (SELECT 1 FROM workload w
                JOIN workload o ON o.cluster_id = w.cluster_id AND o.namespace = w.namespace
                    AND o.id <> w.id AND o.leaving_at IS NULL
                JOIN parameters_revision q
                  ON q.workload_id = o.id AND q.revision = o.parameters_revision,
                jsonb_array_elements(
                    jsonb_path_query_array(q.document, '$.env[*].secret')
                    || jsonb_path_query_array(q.document, '$.files[*].stored')) u
                WHERE w.id = $1 AND u = v)"#,
        id.0,
    )
    .fetch_all(executor)
    .await?;
    let secrets = rows.into_iter().map(|r| SecretVersion {
        id: r.id,
        version: r.version,
    });
    Ok(secrets.collect())
}

/// One workload for each namespace of a project whose workloads have all gone before.
pub async fn emptied_places(
    connection: &mut PgConnection,
    project: ProjectId,
) -> Result<Vec<WorkloadId>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"SELECT DISTINCT ON (w.cluster_id, w.namespace) w.id AS "id: WorkloadId"
           FROM workload w
           WHERE w.project_id = $1 AND NOT EXISTS (SELECT 1 FROM workload o
                WHERE o.cluster_id = w.cluster_id AND o.namespace = w.namespace
                  AND (o.leaving_at IS NULL OR EXISTS (SELECT 1 FROM removal r
                    WHERE r.workload_id = o.id AND r.ended_at IS NULL)))
           ORDER BY w.cluster_id, w.namespace, w.created_at DESC"#,
        project.0,
    );
    Ok(ids.fetch_all(connection).await?)
}

/// A job that a project's builds ran in.
pub struct Job {
    pub jenkins: ConnectionId,
    pub connection: String,
    pub job: String,
    /// Somebody's own, which operations let in.
    pub adopted: bool,
}

pub async fn jobs(executor: impl PgExecutor<'_>, project: ProjectId) -> Result<Vec<Job>, DbError> {
    let rows = sqlx::query_as!(
        Job,
        r#"SELECT j.jenkins_id AS "jenkins!: ConnectionId", c.key AS connection, j.job AS "job!",
            EXISTS (SELECT 1 FROM job_adoption a WHERE a.project_id = $1
                AND NOT a.of_ours AND a.jenkins_id = j.jenkins_id AND a.job = j.job) AS "adopted!"
           FROM (SELECT b.jenkins_id, b.job FROM build b
                    JOIN release r ON r.id = b.release_id WHERE r.project_id = $1
                 UNION SELECT jenkins_id, job FROM project_place
                    WHERE id = $1 AND job_state = 'ready') j
           JOIN connection c ON c.id = j.jenkins_id ORDER BY c.key, j.job"#,
        project.0,
    );
    Ok(rows.fetch_all(executor).await?)
}

/// The lane of a project's GitLab.
pub async fn gitlab_of(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
) -> Result<String, DbError> {
    let id = sqlx::query_scalar!("SELECT gitlab_id FROM project WHERE id = $1", project.0);
    Ok(format!("gitlab:{}", id.fetch_one(executor).await?))
}

/// What stands in the way of a project's end: resources in use, and releases on their way.
pub struct InTheWay {
    pub resources: i64,
    pub release: Option<i32>,
}

pub async fn in_the_way(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
) -> Result<InTheWay, DbError> {
    let row = sqlx::query_as!(
        InTheWay,
        r#"SELECT (SELECT count(*) FROM resource
                WHERE project_id = $1 AND state <> 'retired') AS "resources!",
            (SELECT min(number) FROM release WHERE project_id = $1 AND state IN
                ('requested', 'tagging', 'building', 'deploying_test', 'deploying_production'))
                AS release"#,
        project.0,
    );
    Ok(row.fetch_one(executor).await?)
}
