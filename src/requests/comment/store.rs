//! The SQL of comments.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{Attachment, Comment, Commenting};
use crate::db::DbError;
use crate::identity::{AccountId, Person};
use crate::requests::RequestId;

pub async fn select(
    executor: impl PgExecutor<'_>,
    request: RequestId,
    limit: i64,
) -> Result<Vec<Comment>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT a.name, a.display_name, k.body, k.attachment_name, k.attachment, k.created_at
           FROM request_comment k JOIN account a ON a.id = k.author_id
           WHERE k.request_id = $1 ORDER BY k.id DESC LIMIT $2"#,
        request.0,
        limit,
    );
    let rows = rows.fetch_all(executor).await?;
    let comments = rows.into_iter().rev().map(|r| Comment {
        author: Person {
            name: r.name,
            display_name: r.display_name,
        },
        text: r.body,
        attachment: r
            .attachment_name
            .zip(r.attachment)
            .map(|(name, text)| Attachment { name, text }),
        at: r.created_at.to_jiff(),
    });
    Ok(comments.collect())
}

pub async fn insert(
    connection: &mut PgConnection,
    request: RequestId,
    author: AccountId,
    commenting: &Commenting,
) -> Result<(), DbError> {
    let file = commenting.attachment.as_ref();
    sqlx::query!(
        "INSERT INTO request_comment (id, request_id, author_id, body, attachment_name, attachment)
         VALUES ($1, $2, $3, $4, $5, $6)",
        Uuid::now_v7(),
        request.0,
        author.0,
        commenting.text.trim(),
        file.map(|f| f.name.trim()),
        file.map(|f| f.text.as_str()),
    )
    .execute(connection)
    .await?;
    Ok(())
}
