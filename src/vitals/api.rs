//! The portal's own health over the API.

use axum::Json;
use axum::extract::State;

use super::Vitals;
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;

/// `GET /api/v1/health`
pub async fn show(State(app): State<App>, actor: Actor) -> Result<Json<Vitals>, AppError> {
    super::read(&app, &actor).await.map(Json)
}
