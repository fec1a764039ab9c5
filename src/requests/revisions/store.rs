//! The SQL of revisions.

use sqlx::PgExecutor;

use super::Revision;
use crate::db::DbError;
use crate::requests::{Because, RequestId};

pub async fn find(
    executor: impl PgExecutor<'_>,
    request: RequestId,
    revision: i32,
) -> Result<Option<Revision>, DbError> {
    let row = sqlx::query!(
        r#"SELECT revision, because AS "because: Because", hash, payload, computed, note, created_at
           FROM request_revision WHERE request_id = $1 AND revision = $2"#,
        request.0,
        revision,
    );
    let row = row.fetch_optional(executor).await?;
    Ok(row.map(|r| Revision {
        revision: r.revision,
        because: r.because,
        hash: hex::encode(r.hash),
        parameters: r.payload,
        computed: r.computed,
        note: r.note,
        created_at: r.created_at.to_jiff(),
    }))
}
