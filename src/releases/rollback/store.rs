//! SQL of the ways back.

use jiff::Timestamp;
use sqlx::{PgConnection, PgExecutor};

use crate::clusters::EnvironmentId;
use crate::db::DbError;
use crate::identity::ProjectId;
use crate::releases::{Artifact, ArtifactId, ConfirmationId, Origin, ReleaseId};

/// An artifact that an environment ran before.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Candidate {
    pub artifact: Artifact,
    pub release_number: Option<i32>,
    #[serde(skip)]
    pub confirmation: Option<ConfirmationId>,
    pub last_ran: Timestamp,
    /// Whether it is what the whole environment runs by our record.
    pub current: bool,
}

/// What an environment can go back to, newest first: what first ran there before the newest that
/// runs there now. Forward goes a release, with everything that production asks of one.
pub async fn candidates(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
    environment: EnvironmentId,
) -> Result<Vec<Candidate>, DbError> {
    let rows = sqlx::query!(
        r#"WITH been AS (
            SELECT d.artifact_id, d.ended_at AS at
            FROM deployment d JOIN workload w ON w.id = d.workload_id
            WHERE d.project_id = $1 AND w.environment_id = $2 AND d.state = 'succeeded'
            UNION ALL SELECT b.artifact_id, b.created_at FROM baseline b
            WHERE b.project_id = $1 AND b.environment_id = $2),
           now AS (
            SELECT DISTINCT ON (d.workload_id) d.artifact_id
            FROM deployment d JOIN workload w ON w.id = d.workload_id
            WHERE d.project_id = $1 AND w.environment_id = $2 AND d.state = 'succeeded'
            ORDER BY d.workload_id, d.sequence DESC),
           ran AS (SELECT artifact_id, max(at) AS last_ran, min(at) AS first_ran,
                artifact_id IN (SELECT artifact_id FROM now)
                    OR NOT EXISTS (SELECT 1 FROM now) AS here
            FROM been GROUP BY artifact_id),
           newest AS (SELECT max(first_ran) AS first_ran, count(*) = 1 AS alone
            FROM ran WHERE here)
           SELECT x.id AS "id: ArtifactId", x.repository, x.tag, x.digest,
            x.origin AS "origin: Origin", x.size_bytes,
            x.created_at, r.number AS "number?", c.id AS "confirmation?: ConfirmationId",
            ran.last_ran AS "last_ran!", (ran.here AND newest.alone) AS "current!"
           FROM ran CROSS JOIN newest JOIN artifact x ON x.id = ran.artifact_id
           LEFT JOIN release r ON r.id = x.release_id
           LEFT JOIN confirmation c ON c.artifact_id = x.id AND c.live
           WHERE ran.first_ran < newest.first_ran OR (ran.here AND newest.alone)
           ORDER BY ran.last_ran DESC LIMIT 20"#,
        project.0,
        environment.0,
    )
    .fetch_all(executor)
    .await?;
    let candidates = rows.into_iter().map(|r| Candidate {
        artifact: Artifact {
            id: r.id,
            repository: r.repository,
            tag: r.tag,
            digest: r.digest,
            origin: r.origin,
            size_bytes: r.size_bytes,
            created_at: r.created_at.to_jiff(),
        },
        release_number: r.number,
        confirmation: r.confirmation,
        last_ran: r.last_ran.to_jiff(),
        current: r.current,
    });
    Ok(candidates.collect())
}

/// The release that an artifact was built for; none where it was brought in from outside.
pub async fn release_of(
    connection: &mut PgConnection,
    project: ProjectId,
    digest: &str,
    tag: &str,
) -> Result<Option<ReleaseId>, DbError> {
    let found = sqlx::query_scalar!(
        r#"SELECT release_id AS "release!: ReleaseId" FROM artifact
           WHERE project_id = $1 AND digest = $2 AND tag = $3 AND release_id IS NOT NULL
           ORDER BY created_at DESC LIMIT 1"#,
        project.0,
        digest,
        tag,
    );
    Ok(found.fetch_optional(connection).await?)
}
