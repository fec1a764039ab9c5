//! The SQL of looks at images.

use sqlx::PgConnection;
use sqlx::types::Json;

use crate::db::DbError;
use crate::releases::ReleaseId;
use crate::standards::images::Remark;

pub async fn insert_look(
    connection: &mut PgConnection,
    release: ReleaseId,
    digest: &str,
    remarks: &[Remark],
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO image_look (release_id, digest, remarks) VALUES ($1, $2, $3)",
        release.0,
        digest,
        Json(remarks) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
