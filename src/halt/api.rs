//! The switch that stops production, over the API.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::{Halt, Held, Stopping};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::Json as Body;

#[derive(Serialize, utoipa::ToSchema)]
pub struct HaltAnswer {
    stopped: bool,
    /// Who stopped it, since when and why.
    halt: Option<Halt>,
    /// What waits for it; only those who see the platform are told.
    waiting: Vec<Held>,
}

/// Whether operations hold production, who and why.
#[utoipa::path(
    get,
    path = "/production-stop",
    operation_id = "show_production_stop",
    tag = "platform",
    responses((status = 200, body = HaltAnswer, description = "As it is now")),
)]
pub async fn show(State(app): State<App>, actor: Actor) -> Result<Json<HaltAnswer>, AppError> {
    let halt = super::now(&app.db).await?;
    let waiting = if actor.may(Permission::ViewPlatform, Scope::Platform) {
        super::waiting(&app).await?
    } else {
        Vec::new()
    };
    Ok(Json(HaltAnswer {
        stopped: halt.is_some(),
        halt,
        waiting,
    }))
}

/// Holds everything that would begin in production.
#[utoipa::path(
    put,
    path = "/production-stop",
    operation_id = "stop_production",
    tag = "platform",
    request_body = Stopping,
    responses((status = 200, body = HaltAnswer, description = "As it is now")),
)]
pub async fn stop(
    State(app): State<App>,
    actor: Actor,
    Body(stopping): Body<Stopping>,
) -> Result<Json<HaltAnswer>, AppError> {
    super::stop(&app, &actor, &stopping).await?;
    show(State(app), actor).await
}

/// Lets production go on.
#[utoipa::path(
    delete,
    path = "/production-stop",
    operation_id = "lift_production_stop",
    tag = "platform",
    responses((status = 204, description = "Done")),
)]
pub async fn lift(State(app): State<App>, actor: Actor) -> Result<StatusCode, AppError> {
    super::lift(&app, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
