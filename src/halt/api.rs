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

#[derive(Serialize)]
pub struct Answer {
    stopped: bool,
    #[serde(flatten)]
    halt: Option<Halt>,
    /// What waits for it; only those who see the platform are told.
    waiting: Vec<Held>,
}

/// `GET /api/v1/production-stop`: for everybody, because everybody's releases stand still.
pub async fn show(State(app): State<App>, actor: Actor) -> Result<Json<Answer>, AppError> {
    let halt = super::now(&app.db).await?;
    let waiting = if actor.may(Permission::ViewPlatform, Scope::Platform) {
        super::waiting(&app).await?
    } else {
        Vec::new()
    };
    Ok(Json(Answer {
        stopped: halt.is_some(),
        halt,
        waiting,
    }))
}

/// `PUT /api/v1/production-stop`
pub async fn stop(
    State(app): State<App>,
    actor: Actor,
    Body(stopping): Body<Stopping>,
) -> Result<Json<Answer>, AppError> {
    super::stop(&app, &actor, &stopping).await?;
    show(State(app), actor).await
}

/// `DELETE /api/v1/production-stop`
pub async fn lift(State(app): State<App>, actor: Actor) -> Result<StatusCode, AppError> {
    super::lift(&app, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
