//! The audit trail over the API.

use axum::extract::State;

use super::{Row, Wanted};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::Query;
use crate::web::paging::List;

/// Entries of the audit trail, the newest first.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "list_audit",
    tag = "audit",
    params(Wanted),
    responses((status = 200, body = List<Row>, description = "As it is now")),
)]
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<List<Row>>, AppError> {
    let filter = wanted.filter()?;
    super::read(&app, &actor, filter).await.map(axum::Json)
}
