//! A project's people over the API.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Joining;
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Permission, ProjectRole};
use crate::projects::{self, Member, ProjectAccess};
use crate::web::extract::{Json, Path};
use crate::web::paging::List;

async fn all(app: &App, access: &ProjectAccess) -> Result<axum::Json<List<Member>>, AppError> {
    let items = projects::members(app, access.project.id).await?;
    Ok(axum::Json(List { items, next: None }))
}

/// `GET /api/v1/projects/{key}/members`
pub async fn list(
    State(app): State<App>,
    access: ProjectAccess,
) -> Result<axum::Json<List<Member>>, AppError> {
    all(&app, &access).await
}

/// `POST /api/v1/projects/{key}/members`
pub async fn put(
    State(app): State<App>,
    access: ProjectAccess,
    Json(joining): Json<Joining>,
) -> Result<Response, AppError> {
    super::put(&app, &access.must(Permission::ManageMembers)?, &joining).await?;
    Ok((StatusCode::CREATED, all(&app, &access).await?).into_response())
}

#[derive(Deserialize)]
pub struct Which {
    user: String,
    role: ProjectRole,
}

/// `DELETE /api/v1/projects/{key}/members/{user}/{role}`
pub async fn remove(
    State(app): State<App>,
    access: ProjectAccess,
    Path(which): Path<Which>,
) -> Result<StatusCode, AppError> {
    let proof = access.must(Permission::ManageMembers)?;
    super::remove(&app, &proof, &which.user, which.role).await?;
    Ok(StatusCode::NO_CONTENT)
}
