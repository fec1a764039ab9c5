//! The SQL of lanes.

use sqlx::PgExecutor;
use sqlx::types::{Json, Uuid};

use super::{Lane, Ran};
use crate::clusters::Tier;
use crate::db::DbError;
use crate::identity::ProjectId;

/// Projects' workloads with their newest and their last good deployment, in one statement.
pub async fn lanes(
    executor: impl PgExecutor<'_>,
    projects: &[Uuid],
) -> Result<Vec<(ProjectId, Lane)>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT w.project_id AS "project: ProjectId", w.component, e.key AS environment,
            w.tier AS "tier: Tier", y.id IS NOT NULL AS "by_policy!",
            CASE WHEN y.id IS NULL THEN e.approvals ELSE (SELECT sum(q.needed)::int
                FROM request_policy_quorum q WHERE q.policy_id = y.id) END AS "approvals!",
            c.key AS cluster, c.site, w.prepared_at IS NOT NULL AS "prepared!",
            w.found IS NOT NULL AS "taken_over!", w.parameters_revision AS revision,
            (p.document->'replicas'->>'min')::int AS "min!",
            (p.document->'replicas'->>'max')::int AS "max!",
            good.ran AS "runs?: Json<Ran>", newest.ran AS "newest?: Json<Ran>"
           FROM workload w JOIN environment e ON e.id = w.environment_id
           LEFT JOIN request_policy y ON y.id = policy_for('production', e.id, w.project_id)
           JOIN cluster c ON c.id = w.cluster_id
           JOIN parameters_revision p ON p.workload_id = w.id AND p.revision = w.parameters_revision
           LEFT JOIN environment_cluster ec ON ec.environment_id = e.id AND ec.cluster_id = c.id
           LEFT JOIN LATERAL (
             SELECT jsonb_build_object('tag', x.tag, 'digest', x.digest,
                'origin', x.origin, 'word', (SELECT c.kind FROM confirmation c
                    WHERE c.artifact_id = x.id AND c.live),
                'release', r.number, 'kind', d.kind,
                'revision', d.parameters_revision, 'state', d.state, 'by', a.name,
                'display_name', a.display_name, 'observed', d.observed, 'failure', d.failure,
                'created_at', d.created_at, 'ended_at', d.ended_at) AS ran
             FROM deployment d
             JOIN artifact x ON x.id = d.artifact_id JOIN account a ON a.id = d.author_id
             LEFT JOIN release r ON r.id = x.release_id
             WHERE d.workload_id = w.id ORDER BY d.sequence DESC LIMIT 1) newest ON true
           LEFT JOIN LATERAL (
             SELECT jsonb_build_object('tag', x.tag, 'digest', x.digest,
                'origin', x.origin, 'word', (SELECT c.kind FROM confirmation c
                    WHERE c.artifact_id = x.id AND c.live),
                'release', r.number, 'kind', d.kind,
                'revision', d.parameters_revision, 'state', d.state, 'by', a.name,
                'display_name', a.display_name, 'observed', d.observed, 'failure', d.failure,
                'created_at', d.created_at, 'ended_at', d.ended_at) AS ran
             FROM deployment d
             JOIN artifact x ON x.id = d.artifact_id JOIN account a ON a.id = d.author_id
             LEFT JOIN release r ON r.id = x.release_id
             WHERE d.workload_id = w.id AND d.state = 'succeeded'
             ORDER BY d.sequence DESC LIMIT 1) good ON true
           WHERE w.project_id = ANY($1) AND w.leaving_at IS NULL
           ORDER BY e.rank, e.key, ec.position, w.component"#,
        projects,
    )
    .fetch_all(executor)
    .await?;
    let lanes = rows.into_iter().map(|r| {
        let lane = Lane {
            component: r.component,
            environment: r.environment,
            tier: r.tier,
            approvals: r.approvals,
            by_policy: r.by_policy,
            cluster: r.cluster,
            site: r.site,
            prepared: r.prepared,
            taken_over: r.taken_over,
            replicas: (r.min, r.max),
            revision: r.revision,
            runs: r.runs.map(|j| j.0),
            newest: r.newest.map(|j| j.0),
        };
        (r.project, lane)
    });
    Ok(lanes.collect())
}
