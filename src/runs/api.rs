//! Runs over the API.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::{Run, Story, Wanted, Wish};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::jobs::{RunId, StepId};
use crate::web::extract::{Json as Body, Path, Query};
use crate::web::paging::List;

/// Durable runs, the newest first.
#[utoipa::path(
    get,
    path = "/runs",
    operation_id = "list_runs",
    tag = "runs",
    params(Wanted),
    responses((status = 200, body = List<Run>, description = "As it is now")),
)]
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<Json<List<Run>>, AppError> {
    super::list(&app, &actor, &wanted).await.map(Json)
}

/// One run with its steps, attempts, waits and outside ids.
#[utoipa::path(
    get,
    path = "/runs/{id}",
    operation_id = "show_run",
    tag = "runs",
    params(("id" = RunId, Path)),
    responses((status = 200, body = Story, description = "As it is now")),
)]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<RunId>,
) -> Result<Json<Story>, AppError> {
    super::story(&app, &actor, id).await.map(Json)
}

/// Lets a failed step try again.
#[utoipa::path(
    post,
    path = "/steps/{id}/retry",
    operation_id = "retry_step",
    tag = "runs",
    params(("id" = StepId, Path)),
    responses((status = 204, description = "Done")),
)]
pub async fn retry(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<StepId>,
) -> Result<StatusCode, AppError> {
    super::operate(&app, &actor, id, &Wish::Retry).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a waiting step look at once.
#[utoipa::path(
    post,
    path = "/steps/{id}/look",
    operation_id = "look_now",
    tag = "runs",
    params(("id" = StepId, Path)),
    responses((status = 204, description = "Done")),
)]
pub async fn look_now(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<StepId>,
) -> Result<StatusCode, AppError> {
    super::operate(&app, &actor, id, &Wish::LookNow).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Abandoning {
    reason: String,
}

/// Gives a step up, with a reason; its run ends.
#[utoipa::path(
    post,
    path = "/steps/{id}/abandonment",
    operation_id = "abandon_step",
    tag = "runs",
    params(("id" = StepId, Path)),
    request_body = Abandoning,
    responses((status = 204, description = "Done")),
)]
pub async fn abandon(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<StepId>,
    Body(body): Body<Abandoning>,
) -> Result<StatusCode, AppError> {
    super::operate(
        &app,
        &actor,
        id,
        &Wish::Abandon {
            reason: body.reason,
        },
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
