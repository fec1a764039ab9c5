//! The SQL of clusters, environments and languages.

use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};

use super::draft::{CheckedCluster, CheckedLanguage, EnvironmentDraft};
use super::{
    Cluster, ClusterId, Environment, EnvironmentCluster, EnvironmentId, Language, LanguageId, Tier,
};
use crate::connections::{ConnectionId, StoredReport};
use crate::db::DbError;
use crate::integrations::jenkins::JobName;
use crate::secrets::Sealed;

/// More of any of these is no list for people.
const LIST_MAX: i64 = 500;

/// Which clusters to read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which<'a> {
    pub id: Option<ClusterId>,
    pub key: Option<&'a str>,
    /// Those of this environment, in its order.
    pub environment: Option<EnvironmentId>,
}

/// By site and key, or in the order of the environment.
pub async fn select(
    executor: impl PgExecutor<'_>,
    which: Which<'_>,
) -> Result<Vec<Cluster>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT c.id AS "id: ClusterId", c.key, c.site, c.server, c.registry_host,
            c.makes_namespaces, c.created_at, c.updated_at,
            o.at AS "tested_at?", o.body AS "report?: Json<StoredReport>",
            ARRAY(SELECT e.key FROM environment_cluster ec
                JOIN environment e ON e.id = ec.environment_id
                WHERE ec.cluster_id = c.id ORDER BY e.rank, e.key) AS "environments!: Vec<String>"
           FROM cluster c
           LEFT JOIN observation o
             ON o.subject_kind = 'cluster' AND o.subject_id = c.id AND o.kind = 'test'
           LEFT JOIN environment_cluster here
             ON here.cluster_id = c.id AND here.environment_id = $3
           WHERE ($1::uuid IS NULL OR c.id = $1) AND ($2::text IS NULL OR c.key = $2)
             AND ($3::uuid IS NULL OR here.environment_id = $3)
           ORDER BY here.position, c.site, c.key LIMIT $4"#,
        which.id.map(|id| id.0),
        which.key,
        which.environment.map(|id| id.0),
        LIST_MAX,
    )
    .fetch_all(executor)
    .await?;
    let cluster = rows.into_iter().map(|r| {
        let wrong = |_| DbError::Row(format!("cluster {}: its address", r.key));
        Ok(Cluster {
            id: r.id,
            server: r.server.parse().map_err(wrong)?,
            key: r.key.clone(),
            site: r.site,
            registry_host: r.registry_host,
            makes_namespaces: r.makes_namespaces,
            environments: r.environments,
            health: r
                .report
                .zip(r.tested_at)
                .map(|(report, at)| report.0.observed(at.to_jiff())),
            created_at: r.created_at.to_jiff(),
            updated_at: r.updated_at.to_jiff(),
        })
    });
    cluster.collect()
}

/// A new cluster, in whole.
pub struct NewCluster<'a> {
    pub id: ClusterId,
    pub checked: &'a CheckedCluster,
    pub server: &'a str,
    pub kubeconfig: &'a Sealed,
}

pub async fn insert(connection: &mut PgConnection, new: NewCluster<'_>) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO cluster (id, key, site, server, kubeconfig, kubeconfig_key, registry_host,
            makes_namespaces) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.id.0,
        new.checked.key,
        new.checked.site,
        new.server,
        new.kubeconfig.bytes,
        new.kubeconfig.key_id,
        new.checked.registry_host,
        new.checked.makes_namespaces,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// False if there is no such cluster.
pub async fn update(
    connection: &mut PgConnection,
    id: ClusterId,
    checked: &CheckedCluster,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE cluster SET site = $2, registry_host = $3, makes_namespaces = $4,
            updated_at = slipway_now() WHERE id = $1",
        id.0,
        checked.site,
        checked.registry_host,
        checked.makes_namespaces,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn set_kubeconfig(
    connection: &mut PgConnection,
    id: ClusterId,
    server: &str,
    sealed: &Sealed,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE cluster SET server = $2, kubeconfig = $3, kubeconfig_key = $4 WHERE id = $1",
        id.0,
        server,
        sealed.bytes,
        sealed.key_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn kubeconfig(
    executor: impl PgExecutor<'_>,
    id: ClusterId,
) -> Result<Option<Sealed>, DbError> {
    let row = sqlx::query!(
        "SELECT kubeconfig, kubeconfig_key FROM cluster WHERE id = $1",
        id.0,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|r| Sealed {
        key_id: r.kubeconfig_key,
        bytes: r.kubeconfig,
    }))
}

/// By rank and key, or the one of this key.
pub async fn environments(
    executor: impl PgExecutor<'_>,
    key: Option<&str>,
) -> Result<Vec<Environment>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT e.id AS "id: EnvironmentId", e.key, e.tier AS "tier: Tier", e.rank, e.approvals,
            e.shell_by_request, e.created_at,
            (SELECT COALESCE(jsonb_agg(jsonb_build_object('id', c.id, 'key', c.key,
                'site', c.site) ORDER BY ec.position), '[]')
             FROM environment_cluster ec JOIN cluster c ON c.id = ec.cluster_id
             WHERE ec.environment_id = e.id) AS "clusters!: Json<Vec<EnvironmentCluster>>"
           FROM environment e WHERE ($1::text IS NULL OR e.key = $1)
           ORDER BY e.rank, e.key LIMIT $2"#,
        key,
        LIST_MAX,
    )
    .fetch_all(executor)
    .await?;
    let environment = rows.into_iter().map(|r| Environment {
        id: r.id,
        key: r.key,
        tier: r.tier,
        rank: r.rank,
        approvals: r.approvals,
        shell_by_request: r.shell_by_request,
        clusters: r.clusters.0,
        created_at: r.created_at.to_jiff(),
    });
    Ok(environment.collect())
}

pub async fn insert_environment(
    connection: &mut PgConnection,
    id: EnvironmentId,
    draft: &EnvironmentDraft,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO environment (id, key, tier, rank, approvals, shell_by_request)
         VALUES ($1, $2, $3, $4, $5, $6)",
        id.0,
        draft.key.trim(),
        draft.tier.as_str(),
        draft.rank,
        draft.approvals,
        draft.shell_by_request.unwrap_or(false),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// In the order given.
pub async fn insert_environment_clusters(
    connection: &mut PgConnection,
    id: EnvironmentId,
    clusters: &[ClusterId],
) -> Result<(), DbError> {
    let ids: Vec<uuid::Uuid> = clusters.iter().map(|c| c.0).collect();
    sqlx::query!(
        "INSERT INTO environment_cluster (environment_id, cluster_id, position)
         SELECT $1, c.id, c.position::integer
         FROM unnest($2::uuid[]) WITH ORDINALITY AS c (id, position)",
        id.0,
        &ids,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// By key.
pub async fn languages(
    executor: impl PgExecutor<'_>,
    key: Option<&str>,
) -> Result<Vec<Language>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT l.id AS "id: LanguageId", l.key, l.jenkins_id AS "jenkins_id: ConnectionId",
            c.key AS jenkins, l.template_job, l.created_at
           FROM language l JOIN connection c ON c.id = l.jenkins_id
           WHERE ($1::text IS NULL OR l.key = $1) ORDER BY l.key LIMIT $2"#,
        key,
        LIST_MAX,
    )
    .fetch_all(executor)
    .await?;
    let language = rows.into_iter().map(|r| {
        let template_job = JobName::parse(&r.template_job);
        let wrong = |_| DbError::Row(format!("language {}: its template", r.key));
        Ok(Language {
            id: r.id,
            jenkins_id: r.jenkins_id,
            jenkins: r.jenkins,
            template_job: template_job.map_err(wrong)?,
            created_at: r.created_at.to_jiff(),
            key: r.key,
        })
    });
    language.collect()
}

pub async fn insert_language(
    connection: &mut PgConnection,
    id: LanguageId,
    checked: &CheckedLanguage,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO language (id, key, jenkins_id, template_job) VALUES ($1, $2, $3, $4)",
        id.0,
        checked.key,
        checked.jenkins.0,
        checked.template_job.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Names in a refusal; more are an ellipsis.
const USERS: i64 = 5;

/// Environments and projects that are on a cluster.
pub async fn users_of_cluster(
    connection: &mut PgConnection,
    id: ClusterId,
) -> Result<Vec<String>, DbError> {
    let names = sqlx::query_scalar!(
        r#"SELECT DISTINCT name AS "name!" FROM (
            SELECT e.key AS name FROM environment_cluster ec
                JOIN environment e ON e.id = ec.environment_id WHERE ec.cluster_id = $1
            UNION SELECT p.key FROM workload w JOIN project p ON p.id = w.project_id
                WHERE w.cluster_id = $1) x
           ORDER BY 1 LIMIT $2"#,
        id.0,
        USERS,
    );
    Ok(names.fetch_all(connection).await?)
}

/// Projects with a place in an environment on a cluster that is none of these.
pub async fn users_elsewhere(
    connection: &mut PgConnection,
    id: EnvironmentId,
    clusters: &[ClusterId],
) -> Result<Vec<String>, DbError> {
    let stay: Vec<uuid::Uuid> = clusters.iter().map(|c| c.0).collect();
    let names = sqlx::query_scalar!(
        "SELECT DISTINCT p.key FROM workload w JOIN project p ON p.id = w.project_id
         WHERE w.environment_id = $1 AND w.cluster_id <> ALL($2) AND w.leaving_at IS NULL
         ORDER BY 1 LIMIT $3",
        id.0,
        &stay,
        USERS,
    );
    Ok(names.fetch_all(connection).await?)
}

pub async fn users_of_language(
    connection: &mut PgConnection,
    key: &str,
) -> Result<Vec<String>, DbError> {
    let names = sqlx::query_scalar!(
        "SELECT key FROM project WHERE language = $1 ORDER BY key LIMIT $2",
        key,
        USERS,
    );
    Ok(names.fetch_all(connection).await?)
}

pub async fn delete_cluster(connection: &mut PgConnection, id: ClusterId) -> Result<(), DbError> {
    sqlx::query!("DELETE FROM cluster WHERE id = $1", id.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn update_environment(
    connection: &mut PgConnection,
    id: EnvironmentId,
    draft: &EnvironmentDraft,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE environment SET tier = $2, rank = $3, approvals = $4,
            shell_by_request = COALESCE($5, shell_by_request)
         WHERE id = $1",
        id.0,
        draft.tier.as_str(),
        draft.rank,
        draft.approvals,
        draft.shell_by_request,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn clear_environment_clusters(
    connection: &mut PgConnection,
    id: EnvironmentId,
) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM environment_cluster WHERE environment_id = $1",
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn delete_environment(
    connection: &mut PgConnection,
    id: EnvironmentId,
) -> Result<(), DbError> {
    sqlx::query!("DELETE FROM environment WHERE id = $1", id.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn update_language(
    connection: &mut PgConnection,
    id: LanguageId,
    checked: &CheckedLanguage,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE language SET jenkins_id = $2, template_job = $3 WHERE id = $1",
        id.0,
        checked.jenkins.0,
        checked.template_job.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn delete_language(connection: &mut PgConnection, id: LanguageId) -> Result<(), DbError> {
    sqlx::query!("DELETE FROM language WHERE id = $1", id.0)
        .execute(connection)
        .await?;
    Ok(())
}
