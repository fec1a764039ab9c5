//! Runs over the API.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::Wish;
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::jobs::{self, RunId, RunRow, StepId};
use crate::web::extract::{Json as Body, Path, Query};

const PAGE: i64 = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default)]
    stuck: bool,
    after: Option<RunId>,
    limit: Option<i64>,
}

#[derive(Serialize)]
pub struct List {
    items: Vec<RunRow>,
    next: Option<RunId>,
}

/// `GET /api/v1/runs?stuck=&limit=&after=`
pub async fn api_list(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<ListQuery>,
) -> Result<Json<List>, AppError> {
    actor.must(Permission::OperateRuns, Scope::Platform)?;
    let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let mut items = jobs::list_runs(app.db.pool(), query.after, query.stuck, limit + 1).await?;
    let size = usize::try_from(limit).unwrap_or(1);
    let more = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| more).map(|r| r.id);
    Ok(Json(List { items, next }))
}

/// `POST /api/v1/steps/{id}/retry`
pub async fn api_retry(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<StepId>,
) -> Result<StatusCode, AppError> {
    super::operate(&app, &actor, id, &Wish::Retry).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/steps/{id}/look`
pub async fn api_look_now(
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
pub async fn api_abandon(
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
