//! Releases over the API; their pages are in the modules beneath.

mod brings;
mod command;
mod deeds;
mod desk;
mod fold;
pub mod importing;
pub mod job;
pub mod lines;
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

pub use importing::{api_import, api_waive, import, import_form};
pub use job::{api_decide_job, api_job, decide_job, job};
pub use list::history;
pub use opening::{form, open};
pub use overview::{LastReleases, RunsNow, counted, parts};
pub use press::{confirm, deploy, roll_back, waive};
pub use show::release;
pub use words::{state, title};

use super::rollback::Candidate;
use super::{
    Back, Confirming, Deployment, Filter, Opening, Release, ReleaseId, RollingBack, RolloutId,
    Started, Story,
};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission};
use crate::projects::ProjectAccess;
use crate::requests::api::Filed;
use crate::web::extract::{Json as Body, Path, Query};
use crate::web::paging::List;

const PAGE: i64 = 50;

#[derive(Deserialize, utoipa::IntoParams, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<i64>,
    after: Option<ReleaseId>,
    state: Option<super::State>,
}

/// Releases of a project, the newest first.
#[utoipa::path(
    get,
    path = "/projects/{key}/releases",
    operation_id = "list_releases",
    tag = "releases",
    params(("key" = String, Path, description = "The project's key"), ListQuery),
    responses((status = 200, body = List<Release>, description = "As it is now")),
)]
pub async fn api_list(
    AxumState(app): AxumState<App>,
    access: ProjectAccess,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<Release>>, AppError> {
    let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let filter = Filter {
        project: Some(access.project.id.0),
        states: query.state.into_iter().collect(),
        before: query.after.map(|a| a.0),
        limit: limit + 1,
        ..Filter::default()
    };
    let rows = super::list(app.db.pool(), &filter).await?;
    Ok(Json(List::cut(rows, limit, |r| r.id.to_string())))
}

/// Opens a release of a branch, tag or commit: it is tagged, built, and put to test.
#[utoipa::path(
    post,
    path = "/projects/{key}/releases",
    operation_id = "open_release",
    tag = "releases",
    params(("key" = String, Path, description = "The project's key")),
    request_body = Opening,
    responses((status = 201, body = Story, description = "Done")),
)]
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

/// One release as a story: build, artifact, rollouts, confirmation.
#[utoipa::path(
    get,
    path = "/releases/{id}",
    operation_id = "show_release",
    tag = "releases",
    params(("id" = ReleaseId, Path)),
    responses((status = 200, body = Story, description = "As it is now")),
)]
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

/// One release by its number in the project.
#[utoipa::path(
    get,
    path = "/projects/{key}/releases/{n}",
    operation_id = "show_release_by_number",
    tag = "releases",
    params(("key" = String, Path, description = "The project's key"), ("n" = i32, Path)),
    responses((status = 200, body = Story, description = "As it is now")),
)]
pub async fn api_by_number(
    AxumState(app): AxumState<App>,
    access: ProjectAccess,
    Path(path): Path<NumberPath>,
) -> Result<Json<Story>, AppError> {
    let release = super::by_number(&app, access.project.id, path.n).await?;
    super::story(&app, release).await.map(Json)
}

/// A tester's word for the digest that runs in test.
#[utoipa::path(
    post,
    path = "/releases/{id}/confirmation",
    operation_id = "confirm_release",
    tag = "releases",
    params(("id" = ReleaseId, Path)),
    request_body = Confirming,
    responses((status = 201, body = Story, description = "Done")),
)]
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

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deploying {
    environment: String,
}

/// Puts the confirmed digest into an environment, or asks for the approval that it needs.
#[utoipa::path(
    post,
    path = "/releases/{id}/deployments",
    operation_id = "deploy_release",
    tag = "releases",
    params(("id" = ReleaseId, Path)),
    request_body = Deploying,
    responses((status = 201, body = Deployments, description = "Done"),
        (status = 202, body = Filed,
            description = "A request was filed, because approvals are missing")),
)]
pub async fn api_deploy(
    AxumState(app): AxumState<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
    Body(body): Body<Deploying>,
) -> Result<Response, AppError> {
    match super::deploy(&app, &actor, id, &body.environment).await? {
        Started::Request(number) => {
            Ok((StatusCode::ACCEPTED, Json(Filed { request: number })).into_response())
        }
        Started::Rollout => {
            let release = super::get(&app, &actor, id).await?;
            let story = super::story(&app, release).await?;
            let deployments = story.deployments;
            Ok((StatusCode::CREATED, Json(Deployments { deployments })).into_response())
        }
    }
}

/// What was begun in an environment.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Deployments {
    deployments: Vec<Deployment>,
}

/// A rollout that was begun.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Begun {
    pub rollout: RolloutId,
}

#[derive(Deserialize)]
pub struct EnvironmentPath {
    env: String,
}

/// Goes back to an earlier artifact, and ends whatever is on its way there.
#[utoipa::path(
    post,
    path = "/projects/{key}/environments/{env}/rollbacks",
    operation_id = "roll_back",
    tag = "releases",
    params(
        ("key" = String, Path, description = "The project's key"),
        ("env" = String, Path, description = "The environment's key")
    ),
    request_body = RollingBack,
    responses(
        (status = 201, body = Begun, description = "Done"),
        (status = 202, body = Filed, description = "A policy asks others first"),
    ),
)]
pub async fn api_roll_back(
    AxumState(app): AxumState<App>,
    access: ProjectAccess,
    Path(path): Path<EnvironmentPath>,
    Body(body): Body<RollingBack>,
) -> Result<Response, AppError> {
    let proof = access.must(Permission::RollBack)?;
    Ok(
        match super::roll_back(&app, &proof, &path.env, &body).await? {
            Back::Rollout(rollout) => {
                (StatusCode::CREATED, Json(Begun { rollout })).into_response()
            }
            Back::Request(request) => {
                (StatusCode::ACCEPTED, Json(Filed { request })).into_response()
            }
        },
    )
}

/// What an environment can go back to.
#[utoipa::path(
    get,
    path = "/projects/{key}/environments/{env}/rollbacks",
    operation_id = "list_rollback_candidates",
    tag = "releases",
    params(
        ("key" = String, Path, description = "The project's key"),
        ("env" = String, Path, description = "The environment's key")
    ),
    responses((status = 200, body = List<Candidate>, description = "As it is now")),
)]
pub async fn api_candidates(
    AxumState(app): AxumState<App>,
    access: ProjectAccess,
    Path(path): Path<EnvironmentPath>,
) -> Result<Json<List<Candidate>>, AppError> {
    let items = super::rollback_candidates(&app, access.project.id, &path.env).await?;
    Ok(Json(items.into()))
}
