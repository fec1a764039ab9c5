//! Groups of people over the API.

use axum::extract::State;
use axum::http::StatusCode;

use super::{Draft, Group};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::{Json, Path};
use crate::web::paging::List;

/// Groups of people who decide together.
#[utoipa::path(
    get,
    path = "/groups",
    operation_id = "list_groups",
    tag = "people",
    responses((status = 200, body = List<Group>, description = "As it is now")),
)]
pub async fn list(
    State(app): State<App>,
    actor: Actor,
) -> Result<axum::Json<List<Group>>, AppError> {
    Ok(axum::Json(super::list(&app, &actor).await?.into()))
}

/// Makes a group.
#[utoipa::path(
    post,
    path = "/groups",
    operation_id = "create_group",
    tag = "people",
    request_body = Draft,
    responses((status = 201, body = Group, description = "Done")),
)]
pub async fn create(
    State(app): State<App>,
    actor: Actor,
    Json(draft): Json<Draft>,
) -> Result<(StatusCode, axum::Json<Group>), AppError> {
    super::put(&app, &actor, &draft, None).await?;
    let group = super::get(&app, &actor, &draft.key).await?;
    Ok((StatusCode::CREATED, axum::Json(group)))
}

/// Gives a group another name and exactly these members; the key stays.
#[utoipa::path(
    put,
    path = "/groups/{key}",
    operation_id = "change_group",
    tag = "people",
    params(("key" = String, Path, description = "The group's key")),
    request_body = Draft,
    responses((status = 200, body = Group, description = "Done")),
)]
pub async fn change(
    State(app): State<App>,
    actor: Actor,
    Path(key): Path<String>,
    Json(draft): Json<Draft>,
) -> Result<axum::Json<Group>, AppError> {
    super::put(&app, &actor, &draft, Some(&key)).await?;
    Ok(axum::Json(super::get(&app, &actor, &key).await?))
}

/// Deletes a group that no policy and no request names.
#[utoipa::path(
    delete,
    path = "/groups/{key}",
    operation_id = "delete_group",
    tag = "people",
    params(("key" = String, Path, description = "The group's key")),
    responses((status = 204, description = "Done")),
)]
pub async fn delete(
    State(app): State<App>,
    actor: Actor,
    Path(key): Path<String>,
) -> Result<StatusCode, AppError> {
    super::delete(&app, &actor, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
