//! The SQL of digests.

use sqlx::{PgConnection, PgExecutor};

use super::Scheduled;
use crate::db::DbError;
use crate::notifications::channel::ChannelId;

/// More lines than this nobody reads; the page has them all.
const MOST: i64 = 50;

pub async fn scheduled(executor: impl PgExecutor<'_>) -> Result<Vec<Scheduled>, DbError> {
    let all = sqlx::query_as!(
        Scheduled,
        r#"SELECT id AS "channel: ChannelId", digest AS "digest!", time_zone FROM notice_channel
           WHERE digest IS NOT NULL"#
    );
    Ok(all.fetch_all(executor).await?)
}

/// What waits for somebody, as far as a channel is told of it.
pub struct Waiting {
    pub requests: Vec<(i64, String)>,
    /// Project, number and tag.
    pub releases: Vec<(String, i32, String)>,
    /// Runs that need a hand; for channels that are told everything.
    pub stuck: i64,
}

pub async fn waiting(
    connection: &mut PgConnection,
    channel: ChannelId,
) -> Result<Waiting, DbError> {
    let requests = sqlx::query!(
        "SELECT r.number, r.subject FROM request r, notice_channel c
         WHERE c.id = $1 AND r.state = 'open' AND CASE
            WHEN c.project_id IS NOT NULL THEN r.project_id = c.project_id
            ELSE c.projects = '{}' OR r.project_id = ANY(c.projects) END
         ORDER BY r.number LIMIT $2",
        channel.0,
        MOST,
    )
    .fetch_all(&mut *connection)
    .await?;
    let releases = sqlx::query!(
        "SELECT p.key, r.number, r.tag FROM notice_channel c, release r
         JOIN project p ON p.id = r.project_id
         WHERE c.id = $1 AND r.state = 'awaiting_confirmation' AND CASE
            WHEN c.project_id IS NOT NULL THEN r.project_id = c.project_id
            ELSE c.projects = '{}' OR r.project_id = ANY(c.projects) END
         ORDER BY r.id LIMIT $2",
        channel.0,
        MOST,
    )
    .fetch_all(&mut *connection)
    .await?;
    let stuck = sqlx::query_scalar!(
        r#"SELECT count(DISTINCT s.run_id) AS "stuck!" FROM step s, notice_channel c
           WHERE c.id = $1 AND c.project_id IS NULL AND c.projects = '{}'
             AND s.ended_at IS NULL AND s.state = 'errored'"#,
        channel.0,
    )
    .fetch_one(connection)
    .await?;
    Ok(Waiting {
        requests: requests
            .into_iter()
            .map(|r| (r.number, r.subject))
            .collect(),
        releases: releases
            .into_iter()
            .map(|r| (r.key, r.number, r.tag))
            .collect(),
        stuck,
    })
}
