//! Releases over the API; their pages are in the modules beneath.

mod brings;
mod deeds;
mod desk;
mod importing;
mod job;
mod list;
pub mod log;
mod opening;
mod overview;
mod press;
mod proof;
pub mod restart;
pub mod setbacks;
mod show;
mod story;
mod waves;
mod words;

use axum::Json;
use axum::extract::State as AxumState;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use importing::{api_import, api_waive, import, import_form};
pub use job::{api_decide_job, api_job, decide_job, job};
pub use list::history;
pub use opening::{form, open};
pub use overview::{LastReleases, RunsNow, counted, parts};
pub use press::{confirm, deploy, roll_back, waive};
pub use show::release;
pub use words::{state, title};

use super::{Confirming, Filter, Opening, Release, ReleaseId, RollingBack, Started, Story};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission};
use crate::projects::ProjectAccess;
use crate::web::extract::{Json as Body, Path, Query};

const PAGE: i64 = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<i64>,
    after: Option<ReleaseId>,
    state: Option<super::State>,
}

#[derive(Serialize)]
pub struct List {
    items: Vec<Release>,
    next: Option<ReleaseId>,
}

/// `GET /api/v1/projects/{key}/releases`
pub async fn api_list(
    AxumState(app): AxumState<App>,
    access: ProjectAccess,
    Query(query): Query<ListQuery>,
) -> Result<Json<List>, AppError> {
    let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let filter = Filter {
        project: Some(access.project.id.0),
        states: query.state.into_iter().collect(),
        before: query.after.map(|a| a.0),
        limit: limit + 1,
        ..Filter::default()
    };
    let mut items = super::list(app.db.pool(), &filter).await?;
    let size = usize::try_from(limit).unwrap_or(1);
    let more = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| more).map(|r| r.id);
    Ok(Json(List { items, next }))
}

/// `POST /api/v1/projects/{key}/releases`
pub async fn api_open(
    AxumState(app): AxumState<App>,
    access: ProjectAccess,
    Body(opening): Body<Opening>,
) -> Result<Response, AppError> {
    let id = super::open(&app, &access.must(Permission::OpenRelease)?, &opening).await?;
    let release = super::get(&app, &access.actor, id).await?;
    Ok((
        StatusCode::CREATED,
        Json(super::story(&app, release).await?),
    )
        .into_response())
}

/// `GET /api/v1/releases/{id}`
pub async fn api_show(
    AxumState(app): AxumState<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
) -> Result<Json<Story>, AppError> {
    let release = super::get(&app, &actor, id).await?;
    super::story(&app, release).await.map(Json)
}

#[derive(Deserialize)]
pub struct NumberPath {
    n: i32,
}

/// `GET /api/v1/projects/{key}/releases/{n}`
pub async fn api_by_number(
    AxumState(app): AxumState<App>,
    access: ProjectAccess,
    Path(path): Path<NumberPath>,
) -> Result<Json<Story>, AppError> {
    let release = super::by_number(&app, access.project.id, path.n).await?;
    super::story(&app, release).await.map(Json)
}

/// `POST /api/v1/releases/{id}/confirmation`
pub async fn api_confirm(
    AxumState(app): AxumState<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
    Body(confirming): Body<Confirming>,
) -> Result<Response, AppError> {
    super::confirm(&app, &actor, id, &confirming).await?;
    let release = super::get(&app, &actor, id).await?;
    Ok((
        StatusCode::CREATED,
        Json(super::story(&app, release).await?),
    )
        .into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deploying {
    environment: String,
}

/// `POST /api/v1/releases/{id}/deployments`
pub async fn api_deploy(
    AxumState(app): AxumState<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
    Body(body): Body<Deploying>,
) -> Result<Response, AppError> {
    match super::deploy(&app, &actor, id, &body.environment).await? {
        Started::Request(number) => {
            Ok((StatusCode::ACCEPTED, Json(json!({ "request": number }))).into_response())
        }
        Started::Rollout => {
            let release = super::get(&app, &actor, id).await?;
            let story = super::story(&app, release).await?;
            let body = json!({ "deployments": story.deployments });
            Ok((StatusCode::CREATED, Json(body)).into_response())
        }
    }
}

#[derive(Deserialize)]
pub struct EnvironmentPath {
    env: String,
}

/// `POST /api/v1/projects/{key}/environments/{env}/rollbacks`
pub async fn api_roll_back(
    AxumState(app): AxumState<App>,
    access: ProjectAccess,
    Path(path): Path<EnvironmentPath>,
    Body(body): Body<RollingBack>,
) -> Result<Response, AppError> {
    let proof = access.must(Permission::RollBack)?;
    let id = super::roll_back(&app, &proof, &path.env, &body).await?;
    Ok((StatusCode::CREATED, Json(json!({ "rollout": id }))).into_response())
}

/// `GET /api/v1/projects/{key}/environments/{env}/rollbacks`: what it can go back to.
pub async fn api_candidates(
    AxumState(app): AxumState<App>,
    access: ProjectAccess,
    Path(path): Path<EnvironmentPath>,
) -> Result<Json<serde_json::Value>, AppError> {
    let items = super::rollback_candidates(&app, access.project.id, &path.env).await?;
    Ok(Json(json!({ "items": items, "next": null })))
}
