//! The SQL of taking over.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{Item, Row};
use crate::clusters::ClusterId;
use crate::connections::ConnectionId;
use crate::db::DbError;
use crate::error::Words;
use crate::requests::RequestId;
use crate::workloads::WorkloadId;

/// What the names in a table stand for now.
#[derive(Debug, Default)]
pub struct Known {
    /// The language of each project, and whether it is leaving.
    pub projects: BTreeMap<String, (String, bool)>,
    /// The jobs of projects that have not left, in lower case as Jenkins compares them.
    pub jobs: BTreeSet<(ConnectionId, String)>,
    /// Those that have this cluster, in order.
    pub environments: Vec<String>,
    pub languages: Vec<String>,
    /// The Jenkins of each language.
    pub builders: BTreeMap<String, ConnectionId>,
    pub people: BTreeSet<String>,
    pub gitlab: Option<Uuid>,
    pub registry: Option<Uuid>,
    /// Namespace and name of what is a workload on this cluster already.
    pub objects: BTreeSet<(String, String)>,
    /// Project, environment and component of the same.
    pub places: BTreeSet<(String, String, String)>,
}

/// Three statements, however many rows there are.
pub async fn known(
    connection: &mut PgConnection,
    cluster: ClusterId,
    (gitlab, registry): (Option<&str>, Option<&str>),
) -> Result<Known, DbError> {
    let names = sqlx::query!(
        r#"WITH one AS (
            SELECT id, kind, key, count(*) OVER (PARTITION BY kind) AS of_kind FROM connection)
           SELECT ARRAY(SELECT key FROM language ORDER BY key) AS "languages!",
            ARRAY(SELECT jenkins_id FROM language ORDER BY key) AS "builders!",
            ARRAY(SELECT name FROM account WHERE disabled_at IS NULL) AS "people!",
            ARRAY(SELECT e.key FROM environment e JOIN environment_cluster ec
                ON ec.environment_id = e.id AND ec.cluster_id = $1
                ORDER BY e.rank, e.key) AS "environments!",
            (SELECT id FROM one WHERE kind = 'gitlab'
                AND (key = $2 OR ($2::text IS NULL AND of_kind = 1))) AS gitlab,
            (SELECT id FROM one WHERE kind = 'registry'
                AND (key = $3 OR ($3::text IS NULL AND of_kind = 1))) AS registry"#,
        cluster.0,
        gitlab,
        registry,
    )
    .fetch_one(&mut *connection)
    .await?;
    let projects = sqlx::query!(
        r#"SELECT p.key, p.language, p.leaving_at IS NOT NULL AS "leaving!",
            l.jenkins_id AS "jenkins: ConnectionId",
            CASE WHEN p.left_at IS NULL THEN lower(COALESCE(p.job_name, p.key)) END AS job
           FROM project p JOIN language l ON l.key = p.language"#
    );
    let projects = projects.fetch_all(&mut *connection).await?;
    let workloads = sqlx::query!(
        "SELECT w.namespace, w.object_name, p.key AS project, e.key AS environment, w.component
         FROM workload w JOIN project p ON p.id = w.project_id
         JOIN environment e ON e.id = w.environment_id
         WHERE w.cluster_id = $1 AND (w.leaving_at IS NULL OR EXISTS (SELECT 1 FROM removal r
            WHERE r.workload_id = w.id AND r.ended_at IS NULL))",
        cluster.0,
    );
    let workloads = workloads.fetch_all(connection).await?;
    let mut known = Known {
        environments: names.environments,
        builders: names
            .languages
            .iter()
            .cloned()
            .zip(names.builders.into_iter().map(ConnectionId))
            .collect(),
        languages: names.languages,
        people: names.people.into_iter().collect(),
        gitlab: names.gitlab,
        registry: names.registry,
        ..Known::default()
    };
    for row in projects {
        known.jobs.extend(row.job.map(|job| (row.jenkins, job)));
        known.projects.insert(row.key, (row.language, row.leaving));
    }
    for row in workloads {
        known.objects.insert((row.namespace, row.object_name));
        known
            .places
            .insert((row.project, row.environment, row.component));
    }
    Ok(known)
}

/// The rows of an approved request, to be taken over one by one.
pub async fn insert(
    connection: &mut PgConnection,
    request: RequestId,
    cluster: ClusterId,
    rows: &[Row],
) -> Result<(), DbError> {
    let rows: Vec<Value> = rows.iter().map(|row| json!(row)).collect();
    sqlx::query!(
        "INSERT INTO intake_item (request_id, position, cluster_id, asked)
         SELECT $1, r.position - 1, $2, r.asked
         FROM unnest($3::jsonb[]) WITH ORDINALITY AS r(asked, position)",
        request.0,
        cluster.0,
        &rows,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is still to be taken over, the first of it.
pub async fn waiting(
    executor: impl PgExecutor<'_>,
    request: RequestId,
    limit: i64,
) -> Result<Vec<(i32, Row)>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT position, asked AS "asked: Json<Row>" FROM intake_item
           WHERE request_id = $1 AND ended_at IS NULL ORDER BY position LIMIT $2"#,
        request.0,
        limit,
    );
    let rows = rows.fetch_all(executor).await?;
    Ok(rows.into_iter().map(|r| (r.position, r.asked.0)).collect())
}

/// How one row ended, with what is to be said of it.
pub async fn end(
    connection: &mut PgConnection,
    (request, position): (RequestId, i32),
    workload: Result<WorkloadId, &Words>,
    notes: &[Words],
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE intake_item SET workload_id = $3, trouble = $4, notes = $5,
            ended_at = slipway_now()
         WHERE request_id = $1 AND position = $2 AND ended_at IS NULL",
        request.0,
        position,
        workload.ok().map(|w| w.0),
        workload.err().map(|words| json!(words)),
        json!(notes),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Every row of an approved request, with what came of it.
pub async fn items(
    executor: impl PgExecutor<'_>,
    request: RequestId,
) -> Result<Vec<Item>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT asked AS "asked: Json<Row>", workload_id, trouble AS "trouble: Json<Words>",
            notes AS "notes: Json<Vec<Words>>", ended_at IS NOT NULL AS "ended!"
           FROM intake_item WHERE request_id = $1 ORDER BY position"#,
        request.0,
    );
    let rows = rows.fetch_all(executor).await?;
    let item = rows.into_iter().map(|r| Item {
        row: r.asked.0,
        adopted: r.ended.then_some(r.workload_id.is_some()),
        trouble: r.trouble.map(|t| t.0),
        notes: r.notes.0,
    });
    Ok(item.collect())
}

/// How many rows became workloads.
pub async fn adopted(connection: &mut PgConnection, request: RequestId) -> Result<i64, DbError> {
    let adopted = sqlx::query_scalar!(
        r#"SELECT count(workload_id) AS "adopted!" FROM intake_item WHERE request_id = $1"#,
        request.0,
    );
    Ok(adopted.fetch_one(connection).await?)
}

/// What was shown of a request, and who asked it, for the work that follows its yes.
pub struct Source {
    pub computed: Value,
    pub author: Uuid,
    pub author_name: String,
}

pub async fn source(
    connection: &mut PgConnection,
    request: RequestId,
) -> Result<Option<Source>, DbError> {
    let row = sqlx::query_as!(
        Source,
        "SELECT v.computed, q.author_id AS author,
            a.name AS author_name
         FROM request q
         JOIN request_revision v ON v.request_id = q.id AND v.revision = q.revision
         JOIN account a ON a.id = q.author_id WHERE q.id = $1",
        request.0,
    );
    Ok(row.fetch_optional(connection).await?)
}
