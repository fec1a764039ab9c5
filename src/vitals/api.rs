//! The portal's own health over the API.

use axum::Json;
use axum::extract::State;

use super::Vitals;
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;

/// The portal's own health: workers, lanes, outbox, database.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "health",
    tag = "platform",
    responses((status = 200, body = Vitals, description = "As it is now")),
)]
pub async fn show(State(app): State<App>, actor: Actor) -> Result<Json<Vitals>, AppError> {
    super::read(&app, &actor).await.map(Json)
}
