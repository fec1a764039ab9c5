//! One's own absences over the API.

use axum::extract::State;
use axum::http::StatusCode;

use super::{Delegation, DelegationId, Leaving};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::{Json, Path};
use crate::web::paging::List;

/// Absences that are planned or run: mine, and those in which I stand in.
#[utoipa::path(
    get,
    path = "/me/delegations",
    operation_id = "list_delegations",
    tag = "people",
    responses((status = 200, body = List<Delegation>, description = "As it is now")),
)]
pub async fn list(
    State(app): State<App>,
    actor: Actor,
) -> Result<axum::Json<List<Delegation>>, AppError> {
    Ok(axum::Json(super::mine(&app, &actor).await?.into()))
}

/// Lets somebody decide on requests in my place for a while.
#[utoipa::path(
    post,
    path = "/me/delegations",
    operation_id = "begin_delegation",
    tag = "people",
    request_body = Leaving,
    responses((status = 201, body = List<Delegation>, description = "Done")),
)]
pub async fn begin(
    State(app): State<App>,
    actor: Actor,
    Json(leaving): Json<Leaving>,
) -> Result<(StatusCode, axum::Json<List<Delegation>>), AppError> {
    super::begin(&app, &actor, &leaving).await?;
    let all = super::mine(&app, &actor).await?;
    Ok((StatusCode::CREATED, axum::Json(all.into())))
}

/// Ends an absence at once.
#[utoipa::path(
    delete,
    path = "/me/delegations/{id}",
    operation_id = "end_delegation",
    tag = "people",
    params(("id" = DelegationId, Path)),
    responses((status = 204, description = "Done")),
)]
pub async fn end(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<DelegationId>,
) -> Result<StatusCode, AppError> {
    super::end(&app, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
