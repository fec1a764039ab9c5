//! Policies over the API.

use axum::extract::State;
use axum::http::StatusCode;

use super::{Draft, Policy, PolicyId, Preview, Wanted};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::{Json, Path, Query};
use crate::web::paging::List;

/// Whose yes requests need, where it differs from what their kind asks for.
#[utoipa::path(
    get,
    path = "/policies",
    operation_id = "list_policies",
    tag = "requests",
    responses((status = 200, body = List<Policy>, description = "As it is now")),
)]
pub async fn list(
    State(app): State<App>,
    actor: Actor,
) -> Result<axum::Json<List<Policy>>, AppError> {
    Ok(axum::Json(super::list(&app, &actor).await?.into()))
}

/// Makes a policy for a kind of request in a place that has none.
#[utoipa::path(
    post,
    path = "/policies",
    operation_id = "create_policy",
    tag = "requests",
    request_body = Draft,
    responses((status = 201, body = Policy, description = "Done")),
)]
pub async fn create(
    State(app): State<App>,
    actor: Actor,
    Json(draft): Json<Draft>,
) -> Result<(StatusCode, axum::Json<Policy>), AppError> {
    let id = super::put(&app, &actor, None, &draft).await?;
    let policy = super::get(&app, &actor, id).await?;
    Ok((StatusCode::CREATED, axum::Json(policy)))
}

/// One policy.
#[utoipa::path(
    get,
    path = "/policies/{id}",
    operation_id = "show_policy",
    tag = "requests",
    params(("id" = PolicyId, Path)),
    responses((status = 200, body = Policy, description = "As it is now")),
)]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<PolicyId>,
) -> Result<axum::Json<Policy>, AppError> {
    super::get(&app, &actor, id).await.map(axum::Json)
}

/// Changes a policy; its kind and place stay. Requests that are open keep what they were filed
/// under until they get a new revision.
#[utoipa::path(
    put,
    path = "/policies/{id}",
    operation_id = "change_policy",
    tag = "requests",
    params(("id" = PolicyId, Path)),
    request_body = Draft,
    responses((status = 200, body = Policy, description = "Done")),
)]
pub async fn change(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<PolicyId>,
    Json(draft): Json<Draft>,
) -> Result<axum::Json<Policy>, AppError> {
    super::put(&app, &actor, Some(id), &draft).await?;
    super::get(&app, &actor, id).await.map(axum::Json)
}

/// Takes a policy away; the wider one counts again.
#[utoipa::path(
    delete,
    path = "/policies/{id}",
    operation_id = "delete_policy",
    tag = "requests",
    params(("id" = PolicyId, Path)),
    responses((status = 204, description = "Done")),
)]
pub async fn delete(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<PolicyId>,
) -> Result<StatusCode, AppError> {
    super::delete(&app, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a request of a kind would be filed under in a place, and who could give their yes.
#[utoipa::path(
    get,
    path = "/policies/preview",
    operation_id = "preview_policy",
    tag = "requests",
    params(Wanted),
    responses((status = 200, body = Preview, description = "As it is now")),
)]
pub async fn preview(
    State(app): State<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<Preview>, AppError> {
    super::preview(&app, &actor, &wanted).await.map(axum::Json)
}
