//! Bounds for images over the API.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::{Bounding, Row};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::Json as Body;
use crate::web::paging::List;

/// What images may be, for everybody and for languages that have bounds of their own.
#[utoipa::path(
    get,
    path = "/standards/images",
    operation_id = "list_image_bounds",
    tag = "standards",
    responses((status = 200, body = List<Row>, description = "As it is now")),
)]
pub async fn list(State(app): State<App>, actor: Actor) -> Result<Json<List<Row>>, AppError> {
    Ok(Json(super::all(&app, &actor).await?.into()))
}

/// Sets what images may be, for everybody or for one language, whose bounds count instead.
#[utoipa::path(
    put,
    path = "/standards/images",
    operation_id = "bound_images",
    tag = "standards",
    request_body = Bounding,
    responses((status = 204, description = "Set")),
)]
pub async fn set(
    State(app): State<App>,
    actor: Actor,
    Body(asked): Body<Bounding>,
) -> Result<StatusCode, AppError> {
    super::set(&app, &actor, &asked).await?;
    Ok(StatusCode::NO_CONTENT)
}
