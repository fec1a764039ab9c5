//! Overruled guard rails over the API.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::overrides::{Override, OverrideId, Overriding};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::{Json as Body, Path};
use crate::web::paging::List;

/// Guard rails that do not count for a component, with who let it pass and why.
#[utoipa::path(
    get,
    path = "/rails/overrides",
    operation_id = "list_rail_overrides",
    tag = "standards",
    responses((status = 200, body = List<Override>, description = "As it is now")),
)]
pub async fn list(State(app): State<App>, actor: Actor) -> Result<Json<List<Override>>, AppError> {
    Ok(Json(super::live(&app, &actor).await?.into()))
}

/// Lets a component pass a guard rail, with a reason.
#[utoipa::path(
    post,
    path = "/rails/overrides",
    operation_id = "overrule_rail",
    tag = "standards",
    request_body = Overriding,
    responses((status = 204, description = "Overruled")),
)]
pub async fn overrule(
    State(app): State<App>,
    actor: Actor,
    Body(asked): Body<Overriding>,
) -> Result<StatusCode, AppError> {
    super::overrule(&app, &actor, &asked).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a guard rail count again.
#[utoipa::path(
    delete,
    path = "/rails/overrides/{id}",
    operation_id = "restore_rail",
    tag = "standards",
    params(("id" = OverrideId, Path)),
    responses((status = 204, description = "It counts again")),
)]
pub async fn end(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<OverrideId>,
) -> Result<StatusCode, AppError> {
    super::end(&app, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
