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

/// `GET /api/v1/runs?state=&lane=&name=&project=&limit=&after=`
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<Json<List<Run>>, AppError> {
    super::list(&app, &actor, &wanted).await.map(Json)
}

/// `GET /api/v1/runs/{id}`
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<RunId>,
) -> Result<Json<Story>, AppError> {
    super::story(&app, &actor, id).await.map(Json)
}

/// `POST /api/v1/steps/{id}/retry`
pub async fn retry(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<StepId>,
) -> Result<StatusCode, AppError> {
    super::operate(&app, &actor, id, &Wish::Retry).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/steps/{id}/look`
pub async fn look_now(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<StepId>,
) -> Result<StatusCode, AppError> {
    super::operate(&app, &actor, id, &Wish::LookNow).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abandoning {
    reason: String,
}

/// `POST /api/v1/steps/{id}/abandonment`
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
