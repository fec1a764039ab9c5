//! A build's log: over the API as lines or as text, and as a file.

use axum::Json;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::{Deserialize, Serialize};

use super::show::NumberPath;
use crate::app::App;
use crate::builds::{self, Build, Line};
use crate::error::AppError;
use crate::identity::Actor;
use crate::projects::ProjectAccess;
use crate::releases::{self, Release, ReleaseId};
use crate::web::extract::{Path, Query};

/// Lines found at once.
const MOST_FOUND: usize = 500;
pub(super) const MOST_SEARCHED: usize = 200;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LogQuery {
    #[serde(default)]
    from: i64,
    /// Only lines that hold this.
    #[serde(default)]
    q: String,
}

impl LogQuery {
    fn wanted(&self) -> Result<&str, AppError> {
        if self.q.chars().count() > MOST_SEARCHED {
            return Err(AppError::field("q", "field-too-long"));
        }
        Ok(self.q.trim())
    }
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = LogPage)]
pub struct Log {
    lines: Vec<Line>,
    /// Where to go on reading.
    next: i64,
    complete: bool,
}

pub(super) async fn newest(app: &App, release: ReleaseId) -> Result<Build, AppError> {
    let mut builds = builds::of_release(app.db.pool(), release.0).await?;
    builds.pop().ok_or(AppError::NotFound)
}

async fn read(app: &App, build: &Build, query: &LogQuery) -> Result<Log, AppError> {
    let from = query.from.max(0);
    let wanted = query.wanted()?;
    if wanted.is_empty() {
        let piece = builds::piece(&app.db, build, from).await?;
        return Ok(Log {
            lines: piece.lines,
            next: piece.next,
            complete: piece.complete,
        });
    }
    let found = builds::search(&app.db, build, wanted, from, MOST_FOUND).await?;
    Ok(Log {
        next: found.next.unwrap_or(build.log_lines),
        complete: found.next.is_none() && build.log_complete,
        lines: found.lines,
    })
}

/// Lines of the newest build's log; all of it as text with `Accept: text/plain`.
#[utoipa::path(
    get,
    path = "/releases/{id}/log",
    operation_id = "read_log",
    tag = "releases",
    params(("id" = ReleaseId, Path), LogQuery),
    responses((status = 200, body = Log, description = "As it is now")),
)]
pub async fn api_log(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
    Query(query): Query<LogQuery>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let release = releases::get(&app, &actor, id).await?;
    let build = newest(&app, id).await?;
    let accepts = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    if accepts.is_some_and(|a| a.starts_with("text/plain")) {
        return Ok(text(&app, &release, &build));
    }
    Ok(Json(read(&app, &build, &query).await?).into_response())
}

/// `GET /projects/{key}/releases/{n}/log`: the whole log of the newest build as a file.
pub async fn download(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    Path(path): Path<NumberPath>,
) -> Result<Response, AppError> {
    let release = releases::by_number(&app, access.project.id, path.n).await?;
    let build = newest(&app, release.id).await?;
    Ok(text(&app, &release, &build))
}

/// Chunk after chunk, so that a long log is never in memory as a whole.
fn text(app: &App, release: &Release, build: &Build) -> Response {
    let (pool, id) = (app.db.pool().clone(), build.id);
    let chunks = stream::try_unfold(-1, move |offset| {
        let pool = pool.clone();
        async move {
            let found = builds::chunk_after(&pool, id, offset).await?;
            Ok::<_, crate::db::DbError>(found.map(|(offset, text)| (text, offset)))
        }
    });
    let name = format!("{}-{}.log", release.project, release.tag);
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}
