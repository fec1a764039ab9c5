//! The SQL of rollouts and deployments.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{NewRollout, Removal, SeenPod};
use crate::clusters::{EnvironmentId, Tier};
use crate::db::DbError;
use crate::error::Words;
use crate::identity::ProjectId;
use crate::releases::{
    ArtifactId, ConfirmationId, DeploymentId, DeploymentState, Kind, ReleaseId, RolloutId,
    RolloutOutcome,
};
use crate::workloads::WorkloadId;

pub async fn insert(
    connection: &mut PgConnection,
    id: RolloutId,
    new: &NewRollout<'_>,
) -> Result<(), DbError> {
    let workloads: Vec<Uuid> = new.workloads.iter().map(|w| w.id.0).collect();
    sqlx::query!(
        "INSERT INTO rollout (id, project_id, environment_id, tier, kind, artifact_id, release_id,
            confirmation_id, request_id, author_id, reason, workload_ids, takes_away)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        id.0,
        new.project.0,
        new.environment.0,
        new.tier.as_str(),
        new.kind.as_str(),
        new.artifact.0,
        new.release.map(|r| r.0),
        new.confirmation.map(|c| c.0),
        new.request.map(|r| r.0),
        new.author,
        new.reason,
        &workloads,
        json!(new.takes_away),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A rollout as its run decides on it.
pub struct RolloutRow {
    pub tier: Tier,
    pub kind: Kind,
    pub release: Option<ReleaseId>,
    pub request: Option<Uuid>,
    pub confirmed: bool,
    pub ended: bool,
    pub workloads: Vec<Uuid>,
    /// For each workload that has a deployment of this rollout: its state and failure.
    pub deployments: Vec<(Uuid, DeploymentState, Option<Words>)>,
    /// Workloads on which another rollout's deployment is unfinished.
    pub busy: Vec<Uuid>,
}

pub async fn find_rollout(
    executor: impl PgExecutor<'_>,
    id: RolloutId,
) -> Result<Option<RolloutRow>, DbError> {
    let row = sqlx::query!(
        r#"SELECT o.tier AS "tier: Tier", o.kind AS "kind: Kind",
            o.release_id AS "release: ReleaseId", o.request_id,
            (o.confirmation_id IS NULL OR EXISTS (SELECT 1 FROM confirmation c
                WHERE c.id = o.confirmation_id AND c.live)) AS "confirmed!",
            o.ended_at IS NOT NULL AS "ended!", o.workload_ids,
            (SELECT COALESCE(jsonb_agg(jsonb_build_array(d.workload_id, d.state, d.failure)
                ORDER BY d.id), '[]') FROM deployment d WHERE d.rollout_id = o.id)
                AS "deployments!: Json<Vec<(Uuid, DeploymentState, Option<Words>)>>",
            ARRAY(SELECT d.workload_id FROM deployment d
                WHERE d.workload_id = ANY(o.workload_ids) AND d.ended_at IS NULL
                  AND d.rollout_id <> o.id) AS "busy!: Vec<Uuid>"
           FROM rollout o WHERE o.id = $1"#,
        id.0,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|r| RolloutRow {
        tier: r.tier,
        kind: r.kind,
        release: r.release,
        request: r.request_id,
        confirmed: r.confirmed,
        ended: r.ended,
        workloads: r.workload_ids,
        deployments: r.deployments.0,
        busy: r.busy,
    }))
}

/// The next deployment of a rollout: number, revision and predecessor are the workload's own. A
/// restart or a restoring keeps the revision that runs, whatever was approved since.
/// `None` while another deployment of the workload is unfinished, or when the rollout was ended.
pub async fn insert_deployment(
    connection: &mut PgConnection,
    rollout: RolloutId,
    workload: WorkloadId,
) -> Result<Option<DeploymentId>, DbError> {
    let (sequence, revision) =
        crate::workloads::lock_for_deployment(&mut *connection, workload).await?;
    let id = DeploymentId::new();
    let made = sqlx::query!(
        "INSERT INTO deployment (id, rollout_id, workload_id, project_id, tier, kind, sequence,
            artifact_id, parameters_revision, schema_version, layer_versions, predecessor_id,
            confirmation_id, confirmation_live, author_id)
         SELECT $1, o.id, $3, o.project_id, o.tier, o.kind, $4, o.artifact_id, p.revision,
            p.schema_version, p.layer_versions,
            (SELECT d.id FROM deployment d WHERE d.workload_id = $3 AND d.state = 'succeeded'
             ORDER BY d.sequence DESC LIMIT 1),
            o.confirmation_id, CASE WHEN o.confirmation_id IS NOT NULL THEN true END, o.author_id
         FROM rollout o
         JOIN parameters_revision p ON p.workload_id = $3 AND p.revision =
            CASE WHEN o.kind IN ('restart', 'restore') THEN COALESCE((SELECT d.parameters_revision
                FROM deployment d WHERE d.workload_id = $3 AND d.state = 'succeeded'
                ORDER BY d.sequence DESC LIMIT 1), $5) ELSE $5 END
         WHERE o.id = $2 AND o.ended_at IS NULL
         FOR SHARE OF o
         ON CONFLICT (workload_id) WHERE ended_at IS NULL DO NOTHING",
        id.0,
        rollout.0,
        workload.0,
        sequence,
        revision,
    )
    .execute(connection)
    .await?;
    Ok((made.rows_affected() == 1).then_some(id))
}

pub async fn end_rollout(
    connection: &mut PgConnection,
    id: RolloutId,
    outcome: RolloutOutcome,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE rollout SET outcome = $2, ended_at = slipway_now()
         WHERE id = $1 AND ended_at IS NULL",
        id.0,
        outcome.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether callers outside came somewhere else to what this deployment took the place of.
pub async fn left_a_host(connection: &mut PgConnection, id: DeploymentId) -> Result<bool, DbError> {
    let left = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM deployment d
            JOIN parameters_revision now ON now.workload_id = d.workload_id
              AND now.revision = d.parameters_revision
            JOIN LATERAL (SELECT b.parameters_revision FROM deployment b
                WHERE b.workload_id = d.workload_id AND b.state = 'succeeded'
                  AND b.sequence < d.sequence ORDER BY b.sequence DESC LIMIT 1) before ON true
            JOIN parameters_revision was ON was.workload_id = d.workload_id
              AND was.revision = before.parameters_revision
            WHERE d.id = $1 AND was.document ->> 'access' = 'ingress'
              AND (now.document -> 'access', now.document -> 'ingress')
                IS DISTINCT FROM (was.document -> 'access', was.document -> 'ingress'))
            AS "left!""#,
        id.0,
    );
    Ok(left.fetch_one(connection).await?)
}

/// What people are told of a rollout that has ended.
pub struct Ended {
    pub project: Uuid,
    pub project_key: String,
    pub environment: String,
    pub tier: Tier,
    pub kind: Kind,
    pub tag: String,
    pub author: String,
    pub reason: String,
}

pub async fn ended(connection: &mut PgConnection, id: RolloutId) -> Result<Option<Ended>, DbError> {
    let row = sqlx::query_as!(
        Ended,
        r#"SELECT r.project_id AS project, p.key AS project_key, e.key AS environment,
            r.tier AS "tier: Tier", r.kind AS "kind: Kind", t.tag,
            a.display_name AS author, r.reason
           FROM rollout r JOIN project p ON p.id = r.project_id
           JOIN environment e ON e.id = r.environment_id
           JOIN artifact t ON t.id = r.artifact_id
           JOIN account a ON a.id = r.author_id
           WHERE r.id = $1"#,
        id.0,
    );
    Ok(row.fetch_optional(connection).await?)
}

/// Whether a release's newest rollout to each environment of test has succeeded.
pub async fn all_test_succeeded(
    executor: impl PgExecutor<'_>,
    release: ReleaseId,
) -> Result<bool, DbError> {
    let all = sqlx::query_scalar!(
        r#"SELECT bool_and(outcome IS NOT DISTINCT FROM 'succeeded') AS "all" FROM (
            SELECT DISTINCT ON (environment_id) outcome FROM rollout
            WHERE release_id = $1 AND tier = 'test' AND kind = 'deploy'
            ORDER BY environment_id, id DESC) newest"#,
        release.0,
    );
    Ok(all.fetch_one(executor).await?.unwrap_or(false))
}

/// A deployment as its steps need it.
pub struct DeploymentRow {
    pub workload: WorkloadId,
    pub tier: Tier,
    pub kind: Kind,
    pub sequence: i64,
    pub parameters_revision: i32,
    pub generation: Option<i64>,
    pub ended: bool,
    pub repository: String,
    pub tag: String,
    pub digest: String,
    pub restarted_at: Option<jiff_sqlx::Timestamp>,
    pub takes_away: Json<Vec<Removal>>,
}

pub async fn find(
    executor: impl PgExecutor<'_>,
    id: DeploymentId,
) -> Result<Option<DeploymentRow>, DbError> {
    let row = sqlx::query_as!(
        DeploymentRow,
        r#"SELECT d.workload_id AS "workload: WorkloadId", d.tier AS "tier: Tier",
            d.kind AS "kind: Kind", d.sequence, d.parameters_revision, d.generation,
            d.ended_at IS NOT NULL AS "ended!", x.repository, x.tag, x.digest,
            (SELECT max(r.created_at) FROM deployment r WHERE r.workload_id = d.workload_id
                AND r.kind = 'restart' AND r.sequence <= d.sequence)
                AS "restarted_at: jiff_sqlx::Timestamp",
            o.takes_away AS "takes_away: Json<Vec<Removal>>"
           FROM deployment d JOIN artifact x ON x.id = d.artifact_id
           JOIN rollout o ON o.id = d.rollout_id WHERE d.id = $1"#,
        id.0,
    );
    Ok(row.fetch_optional(executor).await?)
}

pub async fn applied(
    connection: &mut PgConnection,
    id: DeploymentId,
    generation: i64,
    overwrote: &Value,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE deployment SET state = 'rolling', generation = $2,
            overwrote = CASE WHEN overwrote = '[]' THEN $3 ELSE overwrote END
         WHERE id = $1 AND ended_at IS NULL",
        id.0,
        generation,
        overwrote,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn observed(
    connection: &mut PgConnection,
    id: DeploymentId,
    seen: &Value,
    seconds_to_ready: Option<f64>,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE deployment SET observed = $2, observed_at = slipway_now(),
            seconds_to_ready = COALESCE($3, seconds_to_ready)
         WHERE id = $1 AND ended_at IS NULL",
        id.0,
        seen,
        seconds_to_ready,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What the command before a deployment did so far.
pub async fn before(
    connection: &mut PgConnection,
    id: DeploymentId,
    seen: &Value,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE deployment SET before_run = $2 WHERE id = $1 AND ended_at IS NULL",
        id.0,
        seen,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn kind_of(connection: &mut PgConnection, id: RolloutId) -> Result<Kind, DbError> {
    let kind = sqlx::query_scalar!(
        r#"SELECT kind AS "kind: Kind" FROM rollout WHERE id = $1"#,
        id.0,
    );
    Ok(kind.fetch_one(connection).await?)
}

/// Ends a deployment; its rollout, if it was not over before.
pub async fn end(
    connection: &mut PgConnection,
    id: DeploymentId,
    state: DeploymentState,
    failure: Option<&Words>,
) -> Result<Option<RolloutId>, DbError> {
    let rollout = sqlx::query_scalar!(
        r#"UPDATE deployment SET state = $2, failure = $3, confirmation_live = NULL,
            ended_at = slipway_now()
           WHERE id = $1 AND ended_at IS NULL RETURNING rollout_id AS "id: RolloutId""#,
        id.0,
        state.as_str(),
        failure.map(Json) as _,
    );
    Ok(rollout.fetch_optional(connection).await?)
}

/// The release of a rollout or a deployment.
pub async fn release_of(
    executor: impl PgExecutor<'_>,
    subject: Uuid,
) -> Result<Option<ReleaseId>, DbError> {
    let row = sqlx::query_scalar!(
        r#"SELECT x.release_id AS "id: ReleaseId" FROM artifact x WHERE x.id = (
            SELECT artifact_id FROM rollout WHERE id = $1
            UNION ALL SELECT artifact_id FROM deployment WHERE id = $1)"#,
        subject,
    );
    Ok(row.fetch_optional(executor).await?.flatten())
}

/// An environment's unfinished rollout of a project, other than rollbacks.
pub async fn unfinished_in(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
    environment: EnvironmentId,
) -> Result<Option<String>, DbError> {
    let row = sqlx::query_scalar!(
        "SELECT a.display_name FROM rollout o JOIN account a ON a.id = o.author_id
         WHERE o.project_id = $1 AND o.environment_id = $2 AND o.ended_at IS NULL LIMIT 1",
        project.0,
        environment.0,
    );
    Ok(row.fetch_optional(executor).await?)
}

/// Ends everything unfinished on these workloads, and their rollouts, at once. Returns of each the
/// release that was on its way there, and the request that asked for it.
pub async fn supersede(
    connection: &mut PgConnection,
    workloads: &[Uuid],
) -> Result<Vec<(Option<ReleaseId>, Option<Uuid>)>, DbError> {
    // Deployments first, as everybody locks them.
    supersede_deployments(&mut *connection, workloads).await?;
    let rows = sqlx::query!(
        r#"UPDATE rollout SET outcome = 'superseded', ended_at = slipway_now()
           WHERE ended_at IS NULL AND workload_ids && $1
           RETURNING release_id AS "release: ReleaseId", kind AS "kind: Kind", request_id"#,
        workloads,
    )
    .fetch_all(&mut *connection)
    .await?;
    // One that a rollout began while we waited for its row.
    supersede_deployments(connection, workloads).await?;
    let ended = rows.into_iter();
    Ok(ended
        .map(|r| (r.release.filter(|_| r.kind == Kind::Deploy), r.request_id))
        .collect())
}

async fn supersede_deployments(
    connection: &mut PgConnection,
    workloads: &[Uuid],
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE deployment SET state = 'superseded', confirmation_live = NULL,
            ended_at = slipway_now()
         WHERE workload_id = ANY($1) AND ended_at IS NULL",
        workloads,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a workload runs by our record, and who is bringing it something else.
pub struct Running {
    pub artifact: ArtifactId,
    /// The live word for it.
    pub confirmation: Option<ConfirmationId>,
    pub under_way: Option<(String, Timestamp)>,
}

/// Locks a workload and reads what it runs; nothing where nothing ran, or it is being taken away.
pub async fn lock_running(
    connection: &mut PgConnection,
    id: WorkloadId,
) -> Result<Option<Running>, DbError> {
    let stays = sqlx::query_scalar!(
        r#"SELECT leaving_at IS NULL AS "stays!" FROM workload WHERE id = $1 FOR UPDATE"#,
        id.0,
    );
    if !stays.fetch_one(&mut *connection).await? {
        return Ok(None);
    }
    let row = sqlx::query!(
        r#"SELECT d.artifact_id AS "artifact: ArtifactId",
            c.id AS "confirmation?: ConfirmationId"
           FROM deployment d
           LEFT JOIN confirmation c ON c.artifact_id = d.artifact_id AND c.live
           WHERE d.workload_id = $1 AND d.state = 'succeeded'
           ORDER BY d.sequence DESC LIMIT 1"#,
        id.0,
    );
    let Some(row) = row.fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let other = sqlx::query!(
        "SELECT a.display_name, o.created_at FROM rollout o JOIN account a ON a.id = o.author_id
         WHERE $1 = ANY(o.workload_ids) AND o.ended_at IS NULL ORDER BY o.id LIMIT 1",
        id.0,
    );
    let other = other.fetch_optional(connection).await?;
    Ok(Some(Running {
        artifact: row.artifact,
        confirmation: row.confirmation,
        under_way: other.map(|o| (o.display_name, o.created_at.to_jiff())),
    }))
}

/// The last deployment of a workload that succeeded, and what has happened there besides.
pub struct LastRow {
    pub id: DeploymentId,
    pub revision: i32,
    pub done_at: jiff_sqlx::Timestamp,
    pub first_at: jiff_sqlx::Timestamp,
    pub tried_since: bool,
    pub under_way: Option<String>,
}

pub async fn last(
    executor: impl PgExecutor<'_>,
    workload: WorkloadId,
) -> Result<Option<LastRow>, DbError> {
    let row = sqlx::query_as!(
        LastRow,
        r#"SELECT d.id AS "id: DeploymentId", d.parameters_revision AS revision,
            d.ended_at AS "done_at!",
            (SELECT min(f.created_at) FROM deployment f
             WHERE f.workload_id = d.workload_id AND f.state = 'succeeded') AS "first_at!",
            EXISTS (SELECT 1 FROM deployment n WHERE n.workload_id = d.workload_id
                AND n.sequence > d.sequence AND n.generation IS NOT NULL) AS "tried_since!",
            (SELECT a.display_name FROM rollout o JOIN account a ON a.id = o.author_id
             WHERE d.workload_id = ANY(o.workload_ids) AND o.ended_at IS NULL
             ORDER BY o.id LIMIT 1) AS under_way
           FROM deployment d WHERE d.workload_id = $1 AND d.state = 'succeeded'
           ORDER BY d.sequence DESC LIMIT 1"#,
        workload.0,
    );
    Ok(row.fetch_optional(executor).await?)
}

/// The rollout that a request's yes started.
pub async fn of_request(
    executor: impl PgExecutor<'_>,
    request: Uuid,
) -> Result<Option<Uuid>, DbError> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM rollout WHERE request_id = $1 ORDER BY id DESC LIMIT 1",
        request,
    );
    Ok(id.fetch_optional(executor).await?)
}

/// Pods that had an address when the last deployment of their workload was done, newest first.
pub async fn seen_at(
    executor: impl PgExecutor<'_>,
    visible: Option<&[Uuid]>,
    host: &str,
) -> Result<Vec<SeenPod>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT p.key AS project, e.key AS environment, c.key AS cluster,
            pod ->> 'name' AS "name!", COALESCE(pod ->> 'node', '') AS "node!",
            pod ->> 'ip' IS DISTINCT FROM $1 AS "by_node!", d.ended_at AS "at!"
           FROM deployment d
           JOIN workload w ON w.id = d.workload_id
           JOIN project p ON p.id = w.project_id
           JOIN environment e ON e.id = w.environment_id
           JOIN cluster c ON c.id = w.cluster_id
           CROSS JOIN LATERAL jsonb_array_elements(d.observed -> 'pods') AS pod
           WHERE d.state = 'succeeded'
             AND (d.observed -> 'pods' @> jsonb_build_array(jsonb_build_object('ip', $1::text))
                OR d.observed -> 'pods'
                    @> jsonb_build_array(jsonb_build_object('node_ip', $1::text)))
             AND (pod ->> 'ip' = $1 OR pod ->> 'node_ip' = $1)
             AND ($2::uuid[] IS NULL OR w.project_id = ANY($2))
             AND NOT EXISTS (SELECT 1 FROM deployment n WHERE n.workload_id = d.workload_id
                AND n.state = 'succeeded' AND n.sequence > d.sequence)
           ORDER BY 6, d.id DESC LIMIT 20"#,
        host,
        visible,
    )
    .fetch_all(executor)
    .await?;
    let pods = rows.into_iter().map(|r| SeenPod {
        project: r.project,
        environment: r.environment,
        cluster: r.cluster,
        name: r.name,
        node: r.node,
        by_node: r.by_node,
        at: r.at.to_jiff(),
    });
    Ok(pods.collect())
}
