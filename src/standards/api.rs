//! Standards over the API.

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::layers::{Effective, Name, Place, Revision, Row};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::projects::ProjectAccess;
use crate::web::extract::{Path, Query};
use crate::web::paging::List;

/// Layers of standards, with what they say and how many workloads they reach.
#[utoipa::path(
    get,
    path = "/layers",
    operation_id = "list_layers",
    tag = "standards",
    responses((status = 200, body = List<Row>, description = "As it is now")),
)]
pub async fn list(State(app): State<App>, actor: Actor) -> Result<Json<List<Row>>, AppError> {
    Ok(Json(super::all_layers(&app, &actor).await?.into()))
}

/// A layer with what it said before.
#[derive(Serialize, utoipa::ToSchema)]
pub struct LayerStory {
    #[serde(flatten)]
    pub layer: Row,
    pub revisions: Vec<Revision>,
}

/// One layer; the platform's key is `all`.
#[utoipa::path(
    get,
    path = "/layers/{kind}/{key}",
    operation_id = "show_layer",
    tag = "standards",
    params(("kind" = String, Path), ("key" = String, Path)),
    responses((status = 200, body = LayerStory, description = "As it is now")),
)]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Path((kind, key)): Path<(String, String)>,
) -> Result<Json<LayerStory>, AppError> {
    let name = Name::of_path(&kind, &key).ok_or(AppError::NotFound)?;
    let (layer, revisions) = super::layer(&app, &actor, &name).await?;
    Ok(Json(LayerStory { layer, revisions }))
}

/// A version of the schema of deployment parameters, for editors and programs of one's own. It is
/// of the whole document: a request may leave out what the layers give, and sends what is secret
/// in a variable or a file as `secret_value`. What stands under `x-form` says how the portal draws
/// it.
#[utoipa::path(
    get,
    path = "/schemas/parameters/{version}",
    operation_id = "show_parameters_schema",
    tag = "standards",
    params(("version" = i32, Path, description = "1 or later")),
    responses((status = 200, body = Value, description = "JSON Schema, draft 2020-12")),
)]
pub async fn schema(_: Actor, Path(version): Path<i32>) -> Result<Response, AppError> {
    let text = super::schema::text(version).ok_or(AppError::NotFound)?;
    Ok(([(CONTENT_TYPE, "application/json")], text).into_response())
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct InEnvironment {
    pub environment: String,
}

/// The parameters that a new workload of a project starts from, with where each is from and what
/// binds it.
#[utoipa::path(
    get,
    path = "/projects/{key}/parameters",
    operation_id = "show_parameters",
    tag = "standards",
    params(("key" = String, Path, description = "The project's key"), InEnvironment),
    responses((status = 200, body = Effective, description = "As it is now")),
)]
pub async fn parameters(
    State(app): State<App>,
    access: ProjectAccess,
    Query(query): Query<InEnvironment>,
) -> Result<Json<Effective>, AppError> {
    let project = &access.project;
    let place = Place {
        language: project.language.clone(),
        environment: query.environment,
        project: project.key.clone(),
        port: project.port,
        health_path: project.health_path.clone(),
    };
    super::over(&app, &place).await.map(Json)
}
