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

/// `GET /api/v1/resources/{id}`
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<ResourceId>,
) -> Result<axum::Json<Resource>, AppError> {
    super::get(&app, &actor, id).await.map(axum::Json)
}

/// `GET /api/v1/projects/{key}/resources`
pub async fn of_project(
    State(app): State<App>,
    access: ProjectAccess,
) -> Result<axum::Json<List<Resource>>, AppError> {
    let items = super::of_project(&app, access.project.id).await?;
    Ok(axum::Json(List { items, next: None }))
}

/// `POST /api/v1/resources`
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

/// `PUT /api/v1/resources/{id}`
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

/// `POST /api/v1/resources/{id}/making`
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Why {
    reason: String,
}

/// `POST /api/v1/resources/{id}/retirement`
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
