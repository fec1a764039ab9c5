//! Requests over the API.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::revisions::Compared;
use super::{
    Comment, Commenting, Deciding, Filing, Narrowed, Request, RequestKind, Revising, State, View,
};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Person};
use crate::web::extract::{Json, Path, Query};
use crate::web::paging::{List, Page};

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(rename = "for")]
    #[param(inline)]
    view: Option<View>,
    state: Option<State>,
    limit: Option<i64>,
    after: Option<String>,
}

/// The number of a request that was filed on the way.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Filed {
    pub request: i64,
}

/// A request as a list shows it: without what it holds.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = RequestLine)]
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

/// Requests that I may see, the newest first.
#[utoipa::path(
    get,
    path = "/requests",
    operation_id = "list_requests",
    tag = "requests",
    params(Wanted),
    responses((status = 200, body = List<Line>, description = "As it is now")),
)]
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

/// A kind of request with what it takes.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = RequestKind)]
pub struct KindLine {
    kind: &'static str,
    /// What whoever files one has to be allowed.
    right: Permission,
    /// Of `parameters`, as JSON Schema, draft 2020-12.
    #[schema(value_type = Object)]
    schema: Value,
}

/// The kinds of requests, and what each wants to know.
#[utoipa::path(
    get,
    path = "/schemas/requests",
    operation_id = "list_request_kinds",
    tag = "requests",
    responses((status = 200, body = [KindLine], description = "By name")),
)]
pub async fn kinds(Shared(app): Shared<App>, _: Actor) -> axum::Json<Vec<KindLine>> {
    let line = |kind: &Arc<dyn RequestKind>| KindLine {
        kind: kind.name(),
        right: kind.right(),
        schema: kind.schema(),
    };
    axum::Json(app.kinds.all().map(line).collect())
}

/// Files a request of any kind; `parameters` must fit the kind's schema.
#[utoipa::path(
    post,
    path = "/requests",
    operation_id = "file_request",
    tag = "requests",
    request_body = Filing,
    responses((status = 201, body = Request, description = "Done")),
)]
pub async fn file(
    Shared(app): Shared<App>,
    actor: Actor,
    Json(filing): Json<Filing>,
) -> Result<Response, AppError> {
    let number = super::file(&app, &actor, filing).await?;
    let request = super::get(&app, &actor, number).await?;
    Ok((StatusCode::CREATED, axum::Json(request)).into_response())
}

/// One request with its decisions, and the hash that a decision must name.
#[utoipa::path(
    get,
    path = "/requests/{number}",
    operation_id = "show_request",
    tag = "requests",
    params(("number" = i64, Path)),
    responses((status = 200, body = Request, description = "As it is now")),
)]
pub async fn show(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(number): Path<i64>,
) -> Result<axum::Json<Request>, AppError> {
    super::get(&app, &actor, number).await.map(axum::Json)
}

/// Approves or rejects exactly what was shown: the hash that the request had then.
#[utoipa::path(
    post,
    path = "/requests/{number}/decisions",
    operation_id = "decide_request",
    tag = "requests",
    params(("number" = i64, Path)),
    request_body = Deciding,
    responses((status = 201, body = Request, description = "Done")),
)]
pub async fn decide(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(number): Path<i64>,
    Json(deciding): Json<Deciding>,
) -> Result<Response, AppError> {
    let request = super::decide(&app, &actor, number, &deciding).await?;
    Ok((StatusCode::CREATED, axum::Json(request)).into_response())
}

/// Takes a request back that nobody has decided yet.
#[utoipa::path(
    post,
    path = "/requests/{number}/withdrawal",
    operation_id = "withdraw_request",
    tag = "requests",
    params(("number" = i64, Path)),
    responses((status = 201, body = Request, description = "Done")),
)]
pub async fn withdraw(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(number): Path<i64>,
) -> Result<Response, AppError> {
    let request = super::withdraw(&app, &actor, number).await?;
    Ok((StatusCode::CREATED, axum::Json(request)).into_response())
}

/// Changes an open request of mine. Decisions that were made on it before count no longer.
#[utoipa::path(
    put,
    path = "/requests/{number}",
    operation_id = "revise_request",
    tag = "requests",
    params(("number" = i64, Path)),
    request_body = Revising,
    responses((status = 200, body = Request, description = "Done")),
)]
pub async fn revise(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(number): Path<i64>,
    Json(revising): Json<Revising>,
) -> Result<axum::Json<Request>, AppError> {
    let request = super::revise(&app, &actor, number, &revising).await?;
    Ok(axum::Json(request))
}

/// Makes an open request say what is true now, where that has moved since it was filed.
#[utoipa::path(
    post,
    path = "/requests/{number}/renewal",
    operation_id = "renew_request",
    tag = "requests",
    params(("number" = i64, Path)),
    responses((status = 201, body = Request, description = "Done")),
)]
pub async fn renew(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(number): Path<i64>,
) -> Result<Response, AppError> {
    let request = super::renew_by(&app, &actor, number).await?;
    Ok((StatusCode::CREATED, axum::Json(request)).into_response())
}

/// A revision of a request as it was, and what the newest says otherwise.
#[utoipa::path(
    get,
    path = "/requests/{number}/revisions/{revision}",
    operation_id = "show_request_revision",
    tag = "requests",
    params(("number" = i64, Path), ("revision" = i32, Path)),
    responses((status = 200, body = Compared, description = "As it was")),
)]
pub async fn revision(
    Shared(app): Shared<App>,
    actor: Actor,
    Path((number, revision)): Path<(i64, i32)>,
) -> Result<axum::Json<Compared>, AppError> {
    let (_, compared) = super::compared(&app, &actor, number, revision).await?;
    Ok(axum::Json(compared))
}

/// What people said about a request, in the order they did.
#[utoipa::path(
    get,
    path = "/requests/{number}/comments",
    operation_id = "list_request_comments",
    tag = "requests",
    params(("number" = i64, Path)),
    responses((status = 200, body = List<Comment>, description = "As it is now")),
)]
pub async fn comments(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(number): Path<i64>,
) -> Result<axum::Json<List<Comment>>, AppError> {
    let request = super::get(&app, &actor, number).await?;
    Ok(axum::Json(super::comments(&app, &request).await?.into()))
}

/// Says something about a request, with a text file if that helps.
#[utoipa::path(
    post,
    path = "/requests/{number}/comments",
    operation_id = "comment_on_request",
    tag = "requests",
    params(("number" = i64, Path)),
    request_body = Commenting,
    responses((status = 201, body = List<Comment>, description = "Done")),
)]
pub async fn comment(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(number): Path<i64>,
    Json(commenting): Json<Commenting>,
) -> Result<Response, AppError> {
    super::comment(&app, &actor, number, &commenting).await?;
    let request = super::get(&app, &actor, number).await?;
    let all: List<Comment> = super::comments(&app, &request).await?.into();
    Ok((StatusCode::CREATED, axum::Json(all)).into_response())
}
