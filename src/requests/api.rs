//! Requests over the API.

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Deciding, Filing, Narrowed, Request, State, View};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Person};
use crate::web::extract::{Json, Path, Query};
use crate::web::paging::{List, Page};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(rename = "for")]
    view: Option<View>,
    state: Option<State>,
    limit: Option<i64>,
    after: Option<String>,
}

/// A request as a list shows it: without what it holds.
#[derive(Serialize)]
pub struct Line {
    number: i64,
    kind: String,
    subject: String,
    project: Option<String>,
    environment: Option<String>,
    author: Person,
    state: State,
    hash: String,
    missing: i64,
    created_at: Timestamp,
    decided_at: Option<Timestamp>,
}

impl From<Request> for Line {
    fn from(request: Request) -> Self {
        Self {
            missing: request.missing(),
            number: request.number,
            kind: request.kind,
            subject: request.subject,
            project: request.project,
            environment: request.environment,
            author: request.author,
            state: request.state,
            hash: request.hash,
            created_at: request.created_at,
            decided_at: request.decided_at,
        }
    }
}

pub async fn list(
    Shared(app): Shared<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<List<Line>>, AppError> {
    let narrowed = Narrowed {
        view: wanted.view,
        state: wanted.state,
        page: Page {
            limit: wanted.limit,
            after: wanted.after,
        },
    };
    let list = super::list(&app, &actor, &narrowed).await?;
    Ok(axum::Json(list.map(Line::from)))
}

pub async fn file(
    Shared(app): Shared<App>,
    actor: Actor,
    Json(filing): Json<Filing>,
) -> Result<Response, AppError> {
    let number = super::file(&app, &actor, filing).await?;
    let request = super::get(&app, &actor, number).await?;
    Ok((StatusCode::CREATED, axum::Json(request)).into_response())
}

pub async fn show(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(number): Path<i64>,
) -> Result<axum::Json<Request>, AppError> {
    super::get(&app, &actor, number).await.map(axum::Json)
}

pub async fn decide(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(number): Path<i64>,
    Json(deciding): Json<Deciding>,
) -> Result<Response, AppError> {
    let request = super::decide(&app, &actor, number, &deciding).await?;
    Ok((StatusCode::CREATED, axum::Json(request)).into_response())
}

pub async fn withdraw(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(number): Path<i64>,
) -> Result<Response, AppError> {
    let request = super::withdraw(&app, &actor, number).await?;
    Ok((StatusCode::CREATED, axum::Json(request)).into_response())
}
