//! The audit trail over the API.

use axum::extract::State;

use super::{Row, Wanted};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::Query;
use crate::web::paging::List;

/// `GET /api/v1/audit?user=&action=&project=&target=&result=&from=&to=&limit=&after=`
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<List<Row>>, AppError> {
    let filter = wanted.filter()?;
    super::read(&app, &actor, filter).await.map(axum::Json)
}
