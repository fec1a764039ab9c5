//! The SQL of comparing releases.

use sqlx::PgExecutor;

use super::{Base, Built};
use crate::db::DbError;
use crate::identity::ProjectId;

/// The release that production runs by our record; else the newest with an image.
pub async fn base(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
) -> Result<Option<Base>, DbError> {
    let row = sqlx::query_as!(
        Base,
        r#"SELECT r.number AS release, r.tag, r.commit_id AS commit
           FROM release r JOIN artifact x ON x.release_id = r.id
           WHERE r.project_id = $1 AND r.origin = 'built'
           ORDER BY (x.id = (SELECT d.artifact_id FROM deployment d
                WHERE d.project_id = $1 AND d.tier = 'production' AND d.state = 'succeeded'
                ORDER BY d.ended_at DESC LIMIT 1)) DESC NULLS LAST, r.number DESC
           LIMIT 1"#,
        project.0,
    );
    Ok(row.fetch_optional(executor).await?)
}

/// The newest release of a commit that has an image and was not cancelled.
pub async fn built(
    executor: impl PgExecutor<'_>,
    project: ProjectId,
    commit: &str,
) -> Result<Option<Built>, DbError> {
    let row = sqlx::query_as!(
        Built,
        r#"SELECT r.number AS release, r.commit_id AS commit
           FROM release r JOIN artifact x ON x.release_id = r.id
           WHERE r.project_id = $1 AND r.commit_id = $2 AND r.state <> 'cancelled'
           ORDER BY r.number DESC LIMIT 1"#,
        project.0,
        commit,
    );
    Ok(row.fetch_optional(executor).await?)
}
