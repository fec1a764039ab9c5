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

/// People of a project with their roles.
#[utoipa::path(
    get,
    path = "/projects/{key}/members",
    operation_id = "list_members",
    tag = "projects",
    params(("key" = String, Path, description = "The project's key")),
    responses((status = 200, body = List<Member>, description = "As it is now")),
)]
pub async fn list(
    State(app): State<App>,
    access: ProjectAccess,
) -> Result<axum::Json<List<Member>>, AppError> {
    all(&app, &access).await
}

/// Gives a person a role in the project; answers with all of its people.
#[utoipa::path(
    post,
    path = "/projects/{key}/members",
    operation_id = "put_member",
    tag = "projects",
    params(("key" = String, Path, description = "The project's key")),
    request_body = Joining,
    responses((status = 201, body = List<Member>, description = "Done")),
)]
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

/// Takes a role in the project from a person.
#[utoipa::path(
    delete,
    path = "/projects/{key}/members/{user}/{role}",
    operation_id = "remove_member",
    tag = "projects",
    params(
        ("key" = String, Path, description = "The project's key"),
        ("user" = String, Path, description = "The person's user id"),
        ("role" = ProjectRole, Path)
    ),
    responses((status = 204, description = "Done")),
)]
pub async fn remove(
    State(app): State<App>,
    access: ProjectAccess,
    Path(which): Path<Which>,
) -> Result<StatusCode, AppError> {
    let proof = access.must(Permission::ManageMembers)?;
    super::remove(&app, &proof, &which.user, which.role).await?;
    Ok(StatusCode::NO_CONTENT)
}
