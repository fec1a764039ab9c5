//! Waves over the API.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::{Item, WaveRun, WaveRunId};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::Path;
use crate::web::paging::List;

/// Changes of standards on their way, the newest first.
#[utoipa::path(
    get,
    path = "/waves",
    operation_id = "list_waves",
    tag = "standards",
    responses((status = 200, body = List<WaveRun>, description = "As it is now")),
)]
pub async fn list(State(app): State<App>, actor: Actor) -> Result<Json<List<WaveRun>>, AppError> {
    Ok(Json(super::list(&app, &actor, None).await?.into()))
}

/// A change of a standard with its workloads in their waves.
#[derive(Serialize, utoipa::ToSchema)]
pub struct WaveStory {
    #[serde(flatten)]
    run: WaveRun,
    items: Vec<Item>,
}

/// One change of a standard on its way.
#[utoipa::path(
    get,
    path = "/waves/{id}",
    operation_id = "show_waves",
    tag = "standards",
    params(("id" = WaveRunId, Path)),
    responses((status = 200, body = WaveStory, description = "As it is now")),
)]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<WaveRunId>,
) -> Result<Json<WaveStory>, AppError> {
    let (run, items) = super::get(&app, &actor, id).await?;
    Ok(Json(WaveStory { run, items }))
}

/// Goes on after a stop; what failed is tried again first.
#[utoipa::path(
    post,
    path = "/waves/{id}/resumption",
    operation_id = "resume_waves",
    tag = "standards",
    params(("id" = WaveRunId, Path)),
    responses((status = 204, description = "Going on")),
)]
pub async fn resume(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<WaveRunId>,
) -> Result<StatusCode, AppError> {
    super::resume(&app, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stops: what is on its way ends by itself, nothing new begins.
#[utoipa::path(
    post,
    path = "/waves/{id}/stop",
    operation_id = "stop_waves",
    tag = "standards",
    params(("id" = WaveRunId, Path)),
    responses((status = 204, description = "Stopped")),
)]
pub async fn stop(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<WaveRunId>,
) -> Result<StatusCode, AppError> {
    super::stop(&app, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
