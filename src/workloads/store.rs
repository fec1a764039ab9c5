//! The SQL of workloads.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{Found, Workload, WorkloadId};
use crate::clusters::{ClusterId, EnvironmentId, Tier};
use crate::db::DbError;
use crate::identity::ProjectId;
use crate::requests::{RequestId, Work};
use crate::secrets::Sealed;
use crate::standards::versions::{self, SCHEMA_VERSION};
use crate::standards::{Parameters, SecretVersion};

/// A cluster of an environment, and whether the component is there already.
pub struct PlaceRow {
    pub environment_id: EnvironmentId,
    pub environment: String,
    pub tier: Tier,
    pub cluster_id: ClusterId,
    pub cluster: String,
    pub site: String,
    pub makes_namespaces: bool,
    pub registry_host: String,
    pub taken: bool,
}

/// The environment's clusters, in its order.
pub async fn places(
    connection: &mut PgConnection,
    project: ProjectId,
    environment: &str,
    component: &str,
) -> Result<Vec<PlaceRow>, DbError> {
    let rows = sqlx::query_as!(
        PlaceRow,
        r#"SELECT e.id AS "environment_id: EnvironmentId", e.key AS environment,
            e.tier AS "tier: Tier", c.id AS "cluster_id: ClusterId", c.key AS cluster, c.site,
            c.makes_namespaces, c.registry_host,
            EXISTS (SELECT 1 FROM workload w WHERE w.project_id = $1 AND w.environment_id = e.id
                AND w.cluster_id = c.id AND w.component = $3 AND (w.leaving_at IS NULL
                    OR EXISTS (SELECT 1 FROM removal r WHERE r.workload_id = w.id
                        AND r.ended_at IS NULL))) AS "taken!"
           FROM environment e
           JOIN environment_cluster ec ON ec.environment_id = e.id
           JOIN cluster c ON c.id = ec.cluster_id
           WHERE e.key = $2 ORDER BY ec.position"#,
        project.0,
        environment,
        component,
    );
    Ok(rows.fetch_all(connection).await?)
}

/// Whether an object of a cluster is somebody's workload, or is just being taken away.
pub async fn is_object_taken(
    connection: &mut PgConnection,
    (cluster, namespace, name): (ClusterId, &str, &str),
) -> Result<bool, DbError> {
    let taken = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM workload w
            WHERE w.cluster_id = $1 AND w.namespace = $2 AND w.object_name = $3
              AND (w.leaving_at IS NULL OR EXISTS (SELECT 1 FROM removal r
                WHERE r.workload_id = w.id AND r.ended_at IS NULL))) AS "taken!""#,
        cluster.0,
        namespace,
        name,
    );
    Ok(taken.fetch_one(connection).await?)
}

/// A workload with the first revision of its parameters, and the request and person that it is
/// from. One that was found has its objects already.
pub async fn insert(
    connection: &mut PgConnection,
    workload: &Workload,
    (request, author): (Uuid, Uuid),
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO component (project_id, key) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        workload.project_id.0,
        workload.component,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO workload (id, project_id, environment_id, tier, cluster_id, component,
            namespace, object_name, selector, found, prepared_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
            CASE WHEN $10::jsonb IS NOT NULL THEN slipway_now() END)",
        workload.id.0,
        workload.project_id.0,
        workload.environment_id.0,
        workload.tier.as_str(),
        workload.cluster_id.0,
        workload.component,
        workload.namespace,
        workload.object_name,
        Json(&workload.selector) as _,
        workload.found.as_ref().map(|f| json!(f)),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO parameters_revision
            (workload_id, revision, schema_version, document, own, layer_versions, request_id,
             author_id)
         VALUES ($1, 1, $2, $3, $4, $5, $6, $7)",
        workload.id.0,
        SCHEMA_VERSION,
        Json(&workload.parameters) as _,
        workload.own,
        Json(&workload.layer_versions) as _,
        request,
        author,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks a workload as prepared; the request, if all of its workloads now are. Of several that end
/// at once the last one sees the others, since each takes the request's row first.
pub async fn prepared(
    connection: &mut PgConnection,
    id: WorkloadId,
) -> Result<Option<Uuid>, DbError> {
    sqlx::query!(
        "SELECT r.id FROM request r JOIN parameters_revision p ON p.request_id = r.id
         WHERE p.workload_id = $1 AND p.revision = 1 FOR UPDATE OF r",
        id.0,
    )
    .fetch_optional(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE workload SET prepared_at = COALESCE(prepared_at, slipway_now()) WHERE id = $1",
        id.0,
    )
    .execute(&mut *connection)
    .await?;
    let request = sqlx::query_scalar!(
        r#"SELECT p.request_id AS "request!" FROM parameters_revision p
           WHERE p.workload_id = $1 AND p.revision = 1 AND p.request_id IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM parameters_revision o
                JOIN workload w ON w.id = o.workload_id
                WHERE o.request_id = p.request_id AND w.prepared_at IS NULL)"#,
        id.0,
    );
    Ok(request.fetch_optional(connection).await?)
}

/// The workloads that a request asked for, in the order of their clusters.
pub async fn works(
    executor: impl PgExecutor<'_>,
    request: RequestId,
) -> Result<Vec<Work>, DbError> {
    let rows = sqlx::query!(
        "SELECT w.id, c.key FROM parameters_revision p
         JOIN workload w ON w.id = p.workload_id
         JOIN cluster c ON c.id = w.cluster_id
         WHERE p.request_id = $1 AND p.revision = 1 ORDER BY c.key",
        request.0,
    )
    .fetch_all(executor)
    .await?;
    let works = rows.into_iter().map(|r| Work {
        subject: r.id,
        place: r.key,
    });
    Ok(works.collect())
}

pub async fn find(
    executor: impl PgExecutor<'_>,
    id: WorkloadId,
) -> Result<Option<Workload>, DbError> {
    Ok(fetch(executor, Some(id), None, None, None).await?.pop())
}

/// Whether another workload on the same cluster says that a host and path are its own, or has them
/// by what runs there or is on its way. Keeps others from claiming that host until the transaction
/// ends.
pub async fn is_claimed(
    connection: &mut PgConnection,
    workload: &Workload,
    (host, path): (&str, &str),
) -> Result<bool, DbError> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
        host
    )
    .execute(&mut *connection)
    .await?;
    let claimed = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM workload w
            JOIN parameters_revision p ON p.workload_id = w.id
              AND (p.revision = w.parameters_revision OR EXISTS (SELECT 1 FROM deployment d
                WHERE d.workload_id = w.id AND d.parameters_revision = p.revision
                  AND (d.ended_at IS NULL OR d.sequence = (SELECT max(s.sequence)
                    FROM deployment s
                    WHERE s.workload_id = w.id AND s.state = 'succeeded'))))
            WHERE w.cluster_id = $1 AND w.id <> $2
              AND (w.leaving_at IS NULL OR EXISTS (SELECT 1 FROM removal r
                WHERE r.workload_id = w.id AND r.ended_at IS NULL))
              AND p.document @> jsonb_build_object('access', 'ingress', 'ingress',
                jsonb_build_object('host', $3::text))
              AND rtrim(COALESCE(p.document #>> '{ingress,path}', '/'), '/') = $4) AS "claimed!""#,
        workload.cluster_id.0,
        workload.id.0,
        host,
        path,
    );
    Ok(claimed.fetch_one(connection).await?)
}

/// A project's workloads in the order of environments and clusters.
pub async fn list(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
    environment: Option<&str>,
    tier: Option<Tier>,
) -> Result<Vec<Workload>, DbError> {
    fetch(executor, None, Some(project), environment, tier).await
}

/// Keeps others from changing a project's workloads in an environment until the transaction ends.
pub async fn hold(
    connection: &mut PgConnection,
    project: ProjectId,
    environment: &str,
) -> Result<(), DbError> {
    sqlx::query!(
        "SELECT w.id FROM workload w JOIN environment e ON e.id = w.environment_id
         WHERE w.project_id = $1 AND e.key = $2 ORDER BY w.id FOR NO KEY UPDATE OF w",
        project.0,
        environment,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Every workload, in the order of environments and clusters.
pub async fn all(executor: impl PgExecutor<'_>) -> Result<Vec<Workload>, DbError> {
    fetch(executor, None, None, None, None).await
}

/// What the workloads of a request said themselves before it, each with what it says by then.
pub async fn before(
    executor: impl PgExecutor<'_>,
    request: RequestId,
) -> Result<Vec<(WorkloadId, Value)>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT p.workload_id AS "workload: WorkloadId",
            COALESCE(former.own, former.document) AS "own!"
           FROM parameters_revision p
           JOIN parameters_revision former
             ON former.workload_id = p.workload_id AND former.revision = p.revision - 1
           WHERE p.request_id = $1"#,
        request.0,
    )
    .fetch_all(executor)
    .await?;
    let said = rows.into_iter();
    Ok(said.map(|r| (r.workload, r.own)).collect())
}

/// What workloads of a component have said themselves so far, the newest first: a hundred at most.
pub async fn said(
    connection: &mut PgConnection,
    project: ProjectId,
    (environment, component): (&str, &str),
) -> Result<Vec<Value>, DbError> {
    let said = sqlx::query_scalar!(
        r#"SELECT COALESCE(p.own, p.document) AS "own!" FROM parameters_revision p
           JOIN workload w ON w.id = p.workload_id
           JOIN environment e ON e.id = w.environment_id
           WHERE w.project_id = $1 AND e.key = $2 AND w.component = $3
           ORDER BY p.revision DESC LIMIT 100"#,
        project.0,
        environment,
        component,
    );
    Ok(said.fetch_all(connection).await?)
}

/// A workload's document computed anew, from the same words of its own.
pub struct Revised<'a> {
    pub parameters: &'a Parameters,
    pub own: &'a Value,
    pub layer_versions: &'a BTreeMap<String, i32>,
    pub request: Uuid,
    pub author: Uuid,
}

/// Stores the next revision of a workload's parameters.
pub async fn revise(
    connection: &mut PgConnection,
    id: WorkloadId,
    new: &Revised<'_>,
) -> Result<(), DbError> {
    sqlx::query!(
        "WITH next AS (UPDATE workload SET parameters_revision = parameters_revision + 1
            WHERE id = $1 RETURNING parameters_revision)
         INSERT INTO parameters_revision
            (workload_id, revision, schema_version, document, own, layer_versions, request_id,
             author_id)
         SELECT $1, next.parameters_revision, $2, $3, $4, $5, $6, $7 FROM next",
        id.0,
        SCHEMA_VERSION,
        Json(new.parameters) as _,
        new.own,
        Json(new.layer_versions) as _,
        new.request,
        new.author,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn fetch(
    executor: impl PgExecutor<'_>,
    id: Option<WorkloadId>,
    project: Option<ProjectId>,
    environment: Option<&str>,
    tier: Option<Tier>,
) -> Result<Vec<Workload>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT w.id AS "id: WorkloadId", w.project_id AS "project_id: ProjectId",
            p.key AS project, p.language, p.port, p.health_path, p.log_path,
            w.environment_id AS "environment_id: EnvironmentId",
            e.key AS environment, w.tier AS "tier: Tier",
            w.cluster_id AS "cluster_id: ClusterId", c.key AS cluster, c.site,
            c.makes_namespaces, c.registry_host, w.component, w.namespace, w.object_name,
            w.selector AS "selector: Json<BTreeMap<String, String>>", w.sequence,
            w.found AS "found: Json<Found>", w.parameters_revision, r.schema_version, r.document,
            r.own, r.layer_versions AS "layer_versions: Json<BTreeMap<String, i32>>", w.prepared_at
           FROM workload w JOIN project p ON p.id = w.project_id
           JOIN environment e ON e.id = w.environment_id
           JOIN cluster c ON c.id = w.cluster_id
           JOIN parameters_revision r
             ON r.workload_id = w.id AND r.revision = w.parameters_revision
           LEFT JOIN environment_cluster ec
             ON ec.environment_id = w.environment_id AND ec.cluster_id = w.cluster_id
           WHERE (w.id = $1 OR ($1::uuid IS NULL AND w.leaving_at IS NULL))
             AND ($2::uuid IS NULL OR w.project_id = $2)
             AND ($3::text IS NULL OR e.key = $3)
             AND ($4::text IS NULL OR w.tier = $4)
           ORDER BY e.rank, e.key, ec.position, p.key, w.component"#,
        id.map(|i| i.0),
        project.map(|p| p.0),
        environment,
        tier.map(Tier::as_str),
    )
    .fetch_all(executor)
    .await?;
    let workloads = rows.into_iter().map(|r| {
        // Where nothing of its own is written, its whole document is.
        let whole = || versions::whole(r.schema_version, r.document.clone(), &r.language);
        Ok(Workload {
            own: r.own.clone().unwrap_or_else(whole),
            parameters: versions::read(r.schema_version, r.document.clone(), &r.language)?,
            id: r.id,
            project_id: r.project_id,
            project: r.project,
            language: r.language,
            project_port: r.port,
            project_health_path: r.health_path,
            project_log_path: r.log_path,
            environment_id: r.environment_id,
            environment: r.environment,
            tier: r.tier,
            cluster_id: r.cluster_id,
            cluster: r.cluster,
            site: r.site,
            makes_namespaces: r.makes_namespaces,
            registry_host: r.registry_host,
            component: r.component,
            namespace: r.namespace,
            object_name: r.object_name,
            selector: r.selector.0,
            found: r.found.map(|f| f.0),
            sequence: r.sequence,
            parameters_revision: r.parameters_revision,
            layer_versions: r.layer_versions.0,
            prepared_at: r.prepared_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
    });
    workloads.collect()
}

/// One revision of a workload's document.
pub async fn parameters(
    executor: impl PgExecutor<'_>,
    id: WorkloadId,
    revision: i32,
) -> Result<Option<Parameters>, DbError> {
    let row = sqlx::query!(
        "SELECT r.schema_version, r.document, p.language FROM parameters_revision r
         JOIN workload w ON w.id = r.workload_id JOIN project p ON p.id = w.project_id
         WHERE r.workload_id = $1 AND r.revision = $2",
        id.0,
        revision,
    );
    let row = row.fetch_optional(executor).await?;
    row.map(|r| versions::read(r.schema_version, r.document, &r.language))
        .transpose()
}

/// Takes the workload's next number; deployments of one workload queue here.
pub async fn lock_for_deployment(
    connection: &mut PgConnection,
    id: WorkloadId,
) -> Result<(i64, i32), DbError> {
    let row = sqlx::query!(
        "UPDATE workload SET sequence = sequence + 1 WHERE id = $1
         RETURNING sequence, parameters_revision",
        id.0,
    )
    .fetch_one(connection)
    .await?;
    Ok((row.sequence, row.parameters_revision))
}

/// What a workload runs by our own record: its last deployment that succeeded.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Current {
    pub workload: WorkloadId,
    pub artifact: Uuid,
    pub tag: String,
    pub digest: String,
    pub release_number: Option<i32>,
    pub kind: String,
    pub since: Timestamp,
    pub by: String,
    /// What the slowest of its containers took from its start until it was ready.
    pub seconds_to_ready: Option<f64>,
}

/// For each workload of a project that has run something.
pub async fn current(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
) -> Result<Vec<Current>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (d.workload_id) d.workload_id AS "workload: WorkloadId",
            d.artifact_id, a.tag, a.digest, r.number AS "release_number?", d.kind,
            d.ended_at AS "since!", p.display_name, d.seconds_to_ready
           FROM deployment d
           JOIN artifact a ON a.id = d.artifact_id
           JOIN account p ON p.id = d.author_id
           LEFT JOIN release r ON r.id = a.release_id
           WHERE d.project_id = $1 AND d.state = 'succeeded'
           ORDER BY d.workload_id, d.sequence DESC"#,
        project.0,
    )
    .fetch_all(executor)
    .await?;
    let current = rows.into_iter().map(|r| Current {
        workload: r.workload,
        artifact: r.artifact_id,
        tag: r.tag,
        digest: r.digest,
        release_number: r.release_number,
        kind: r.kind,
        since: r.since.to_jiff(),
        by: r.display_name,
        seconds_to_ready: r.seconds_to_ready,
    });
    Ok(current.collect())
}

/// Environments with their clusters in order, for a form.
pub async fn environments(
    executor: impl PgExecutor<'_>,
) -> Result<Vec<(String, Tier, Vec<String>)>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT e.key, e.tier AS "tier: Tier",
            ARRAY(SELECT c.key FROM environment_cluster ec JOIN cluster c ON c.id = ec.cluster_id
                WHERE ec.environment_id = e.id ORDER BY ec.position) AS "clusters!: Vec<String>"
           FROM environment e ORDER BY e.rank, e.key"#
    );
    let rows = rows.fetch_all(executor).await?;
    Ok(rows
        .into_iter()
        .map(|r| (r.key, r.tier, r.clusters))
        .collect())
}

pub async fn insert_secret(
    connection: &mut PgConnection,
    project: ProjectId,
    secret: Uuid,
    version_id: Uuid,
    sealed: &Sealed,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO secret (id, project_id) VALUES ($1, $2)",
        secret,
        project.0
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO secret_version (id, secret_id, version, value, value_key)
         VALUES ($1, $2, 1, $3, $4)",
        version_id,
        secret,
        sealed.bytes,
        sealed.key_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A version of a secret of this very project.
pub async fn find_secret(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
    secret: &SecretVersion,
) -> Result<Option<(Uuid, Sealed)>, DbError> {
    let row = sqlx::query!(
        "SELECT v.id, v.value, v.value_key FROM secret_version v
         JOIN secret s ON s.id = v.secret_id
         WHERE s.project_id = $1 AND s.id = $2 AND v.version = $3",
        project.0,
        secret.id,
        secret.version,
    );
    let row = row.fetch_optional(executor).await?;
    Ok(row.map(|r| {
        (
            r.id,
            Sealed {
                key_id: r.value_key,
                bytes: r.value,
            },
        )
    }))
}
