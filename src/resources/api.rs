//! Resources over the API; the list is among the pages that gather, because addresses are
//! searched in more than resources.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::{Draft, Making, Resource, ResourceId};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::projects::ProjectAccess;
use crate::web::extract::{Json, Path};
use crate::web::paging::List;

/// One server, database or other resource.
#[utoipa::path(
    get,
    path = "/resources/{id}",
    operation_id = "show_resource",
    tag = "resources",
    params(("id" = ResourceId, Path)),
    responses((status = 200, body = Resource, description = "As it is now")),
)]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<ResourceId>,
) -> Result<axum::Json<Resource>, AppError> {
    super::get(&app, &actor, id).await.map(axum::Json)
}

/// What a project owns or uses besides containers.
#[utoipa::path(
    get,
    path = "/projects/{key}/resources",
    operation_id = "list_project_resources",
    tag = "resources",
    params(("key" = String, Path, description = "The project's key")),
    responses((status = 200, body = List<Resource>, description = "As it is now")),
)]
pub async fn of_project(
    State(app): State<App>,
    access: ProjectAccess,
) -> Result<axum::Json<List<Resource>>, AppError> {
    let items = super::of_project(&app, access.project.id).await?;
    Ok(axum::Json(List { items, next: None }))
}

/// Registers a resource that is there already.
#[utoipa::path(
    post,
    path = "/resources",
    operation_id = "register_resource",
    tag = "resources",
    request_body = Draft,
    responses((status = 201, body = Resource, description = "Done")),
)]
pub async fn register(
    State(app): State<App>,
    actor: Actor,
    Json(draft): Json<Draft>,
) -> Result<Response, AppError> {
    let number = super::register(&app, &actor, &draft).await?;
    let made = super::by_number(&app, &actor, number).await?;
    Ok((StatusCode::CREATED, axum::Json(made)).into_response())
}

/// The right is asked for before anything is looked up.
async fn kept(app: &App, actor: &Actor, id: ResourceId) -> Result<Resource, AppError> {
    let resource = super::get(app, actor, id).await?;
    actor.must(Permission::KeepResources, Scope::Platform)?;
    Ok(resource)
}

/// Changes what is on record of a resource.
#[utoipa::path(
    put,
    path = "/resources/{id}",
    operation_id = "change_resource",
    tag = "resources",
    params(("id" = ResourceId, Path)),
    request_body = Draft,
    responses((status = 200, body = Resource, description = "As it is now")),
)]
pub async fn change(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<ResourceId>,
    Json(draft): Json<Draft>,
) -> Result<axum::Json<Resource>, AppError> {
    let resource = kept(&app, &actor, id).await?;
    super::change(&app, &actor, &resource, &draft).await?;
    super::get(&app, &actor, id).await.map(axum::Json)
}

/// Says that an approved resource was made, and where it is.
#[utoipa::path(
    post,
    path = "/resources/{id}/making",
    operation_id = "make_resource",
    tag = "resources",
    params(("id" = ResourceId, Path)),
    request_body = Making,
    responses((status = 200, body = Resource, description = "As it is now")),
)]
pub async fn make(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<ResourceId>,
    Json(making): Json<Making>,
) -> Result<axum::Json<Resource>, AppError> {
    let resource = kept(&app, &actor, id).await?;
    super::make(&app, &actor, &resource, &making).await?;
    super::get(&app, &actor, id).await.map(axum::Json)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RetirementReason)]
pub struct Why {
    reason: String,
}

/// Retires a resource, with a reason; it stays on record.
#[utoipa::path(
    post,
    path = "/resources/{id}/retirement",
    operation_id = "retire_resource",
    tag = "resources",
    params(("id" = ResourceId, Path)),
    request_body = Why,
    responses((status = 200, body = Resource, description = "As it is now")),
)]
pub async fn retire(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<ResourceId>,
    Json(why): Json<Why>,
) -> Result<axum::Json<Resource>, AppError> {
    let resource = kept(&app, &actor, id).await?;
    super::retire(&app, &actor, &resource, &why.reason).await?;
    super::get(&app, &actor, id).await.map(axum::Json)
}
