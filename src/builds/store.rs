//! The SQL of builds and their logs.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::look::Chunk;
use super::{Adoption, Build, BuildId, Outcome, Stage};
use crate::connections::ConnectionId;
use crate::db::DbError;

pub async fn insert(connection: &mut PgConnection, build: &Build) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO build (id, release_id, attempt, jenkins_id, job, image)
         VALUES ($1, $2, $3, $4, $5, $6)",
        build.id.0,
        build.release,
        build.attempt,
        build.jenkins.0,
        build.job,
        build.image,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn find(executor: impl PgExecutor<'_>, id: BuildId) -> Result<Option<Build>, DbError> {
    Ok(fetch(executor, Some(id), None).await?.pop())
}

/// A release's builds, the newest attempt last.
pub async fn of_release(
    executor: impl PgExecutor<'_>,
    release: Uuid,
) -> Result<Vec<Build>, DbError> {
    fetch(executor, None, Some(release)).await
}

async fn fetch(
    executor: impl PgExecutor<'_>,
    id: Option<BuildId>,
    release: Option<Uuid>,
) -> Result<Vec<Build>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: BuildId", release_id, attempt,
            jenkins_id AS "jenkins: ConnectionId", job, image, number,
            result AS "result: Outcome", stages AS "stages: Json<Vec<Stage>>", log_offset,
            log_lines, log_complete, started_at, ended_at
           FROM build
           WHERE ($1::uuid IS NULL OR id = $1) AND ($2::uuid IS NULL OR release_id = $2)
           ORDER BY attempt"#,
        id.map(|i| i.0),
        release,
    )
    .fetch_all(executor)
    .await?;
    let builds = rows.into_iter().map(|r| Build {
        id: r.id,
        release: r.release_id,
        attempt: r.attempt,
        jenkins: r.jenkins,
        job: r.job,
        image: r.image,
        number: r.number,
        result: r.result,
        stages: r.stages.0,
        log_offset: r.log_offset,
        log_lines: r.log_lines,
        log_complete: r.log_complete,
        started_at: r.started_at.map(jiff_sqlx::Timestamp::to_jiff),
        ended_at: r.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
    });
    Ok(builds.collect())
}

/// The number of the one build that counts; it never changes again.
pub async fn adopt(
    connection: &mut PgConnection,
    id: BuildId,
    number: i64,
    started_at: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE build SET number = $2, started_at = COALESCE(started_at, $3)
         WHERE id = $1 AND number IS NULL",
        id.0,
        number,
        started_at.to_sqlx() as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn save_stages(
    connection: &mut PgConnection,
    id: BuildId,
    stages: &[Stage],
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE build SET stages = $2 WHERE id = $1",
        id.0,
        Json(stages) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Appends a chunk if it begins where the log so far ends; a repeat changes nothing.
pub async fn save_log(
    connection: &mut PgConnection,
    id: BuildId,
    chunk: &Chunk,
) -> Result<(), DbError> {
    let text = chunk.text.replace('\0', "\u{fffd}");
    let lines = i64::try_from(text.matches('\n').count()).unwrap_or(0);
    sqlx::query!(
        "WITH moved AS (
            UPDATE build SET log_offset = $3, log_lines = log_lines + $4
            WHERE id = $1 AND log_offset = $2 RETURNING log_lines - $4 AS first_line
         )
         INSERT INTO log_chunk (build_id, start_offset, first_line, line_count, text)
         SELECT $1, $2, first_line, $4, $5 FROM moved",
        id.0,
        chunk.start,
        chunk.next,
        lines,
        text,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn complete(
    connection: &mut PgConnection,
    id: BuildId,
    outcome: Outcome,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE build SET result = $2, ended_at = slipway_now(), log_complete = true
         WHERE id = $1 AND ended_at IS NULL",
        id.0,
        outcome.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How a build that was taken back ended; one that had ended before keeps its own end.
pub async fn stopped(
    connection: &mut PgConnection,
    id: BuildId,
    number: i64,
    outcome: Outcome,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE build SET result = $3, ended_at = slipway_now(), log_complete = true,
            number = COALESCE(number, $2)
         WHERE id = $1 AND ended_at IS NULL",
        id.0,
        number,
        outcome.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A line of a log with its number, from 0.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(as = LogLine)]
pub struct Line {
    pub number: i64,
    pub text: String,
}

/// Lines from one on, out of at most `limit` chunks, and whether those were all.
pub async fn lines_from(
    executor: impl PgExecutor<'_>,
    id: BuildId,
    first: i64,
    limit: i64,
) -> Result<(Vec<Line>, bool), DbError> {
    let rows = sqlx::query!(
        "SELECT first_line, text FROM log_chunk
         WHERE build_id = $1 AND first_line + line_count >= $2
         ORDER BY first_line, start_offset LIMIT $3",
        id.0,
        first,
        limit + 1,
    )
    .fetch_all(executor)
    .await?;
    let mut chunks: Vec<(i64, String)> = rows.into_iter().map(|r| (r.first_line, r.text)).collect();
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let all = chunks.len() <= size;
    chunks.truncate(size);
    let mut lines = lines(&chunks);
    lines.retain(|l| l.number >= first);
    Ok((lines, all))
}

/// The next chunk of a log's text, and where it ends in the server's own offsets.
pub async fn chunk_after(
    executor: impl PgExecutor<'_>,
    id: BuildId,
    offset: i64,
) -> Result<Option<(i64, String)>, DbError> {
    let row = sqlx::query!(
        "SELECT start_offset, text FROM log_chunk WHERE build_id = $1 AND start_offset > $2
         ORDER BY start_offset LIMIT 1",
        id.0,
        offset,
    );
    let row = row.fetch_optional(executor).await?;
    Ok(row.map(|r| (r.start_offset, r.text)))
}

/// The last lines of a log.
pub async fn last_lines(
    executor: impl PgExecutor<'_>,
    id: BuildId,
    count: usize,
) -> Result<Vec<Line>, DbError> {
    let rows = sqlx::query!(
        "SELECT first_line, text FROM log_chunk WHERE build_id = $1
         ORDER BY start_offset DESC LIMIT 20",
        id.0,
    )
    .fetch_all(executor)
    .await?;
    let chunks: Vec<(i64, String)> = rows
        .into_iter()
        .rev()
        .map(|r| (r.first_line, r.text))
        .collect();
    let mut all = lines(&chunks);
    let from = all.len().saturating_sub(count);
    Ok(all.split_off(from))
}

/// Chunks end anywhere, so neighbours are joined before they are cut into lines.
fn lines(chunks: &[(i64, String)]) -> Vec<Line> {
    let Some((first, _)) = chunks.first() else {
        return Vec::new();
    };
    let text: String = chunks.iter().map(|(_, text)| text.as_str()).collect();
    let line = |(number, text): (i64, &str)| Line {
        number,
        text: text.to_owned(),
    };
    (*first..).zip(text.lines()).map(line).collect()
}

/// Operations' yes to a job, if they gave one.
pub async fn adoption(
    executor: impl PgExecutor<'_>,
    jenkins: ConnectionId,
    job: &str,
    project: Uuid,
) -> Result<Option<Adoption>, DbError> {
    let row = sqlx::query_as!(
        Adoption,
        "SELECT content_sha256, keeps_definition, of_ours FROM job_adoption
         WHERE jenkins_id = $1 AND job = $2 AND project_id = $3",
        jenkins.0,
        job,
        project,
    );
    Ok(row.fetch_optional(executor).await?)
}

/// Keeps operations' yes; a later one to the same job takes its place. What was somebody's own once
/// is never ours. False where it belongs to another project.
pub async fn keep_adoption(
    connection: &mut PgConnection,
    (jenkins, job, project): (ConnectionId, &str, Uuid),
    adoption: &Adoption,
    (account, note): (Uuid, &str),
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "INSERT INTO job_adoption
            (jenkins_id, job, project_id, content_sha256, keeps_definition, account_id, note,
             of_ours)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (jenkins_id, job) DO UPDATE SET content_sha256 = excluded.content_sha256,
            keeps_definition = excluded.keeps_definition, account_id = excluded.account_id,
            note = excluded.note, created_at = slipway_now(),
            of_ours = job_adoption.of_ours AND excluded.of_ours
         WHERE job_adoption.project_id = excluded.project_id",
        jenkins.0,
        job,
        project,
        adoption.content_sha256,
        adoption.keeps_definition,
        account,
        note,
        adoption.of_ours,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Another job for a build that was not triggered yet.
pub async fn rename_job(
    connection: &mut PgConnection,
    id: BuildId,
    job: &str,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE build SET job = $2 WHERE id = $1 AND number IS NULL AND queue_number IS NULL
            AND ended_at IS NULL",
        id.0,
        job,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
