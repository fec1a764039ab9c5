//! Projects over the API.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Changing, Member, Project, ProjectAccess};
use crate::app::App;
use crate::error::{AppError, FieldError};
use crate::identity::{Actor, Permission};
use crate::requests::api::Filed;
use crate::requests::{self, Filing};
use crate::web::extract::{Json, Query};
use crate::web::paging::{List, Page};

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(default)]
    q: String,
    /// Those that were off-boarded, instead of those that are there.
    #[serde(default)]
    left: bool,
    limit: Option<i64>,
    after: Option<String>,
}

/// A project with its people.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ProjectWithMembers)]
pub struct Whole {
    #[serde(flatten)]
    project: Project,
    members: Vec<Member>,
}

/// Projects that I may see, by key.
#[utoipa::path(
    get,
    path = "/projects",
    operation_id = "list_projects",
    tag = "projects",
    params(Wanted),
    responses((status = 200, body = List<Project>, description = "As it is now")),
)]
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<List<Project>>, AppError> {
    let page = Page {
        limit: wanted.limit,
        after: wanted.after,
    };
    let list = super::list(&app, &actor, &wanted.q, wanted.left, &page).await?;
    Ok(axum::Json(list))
}

/// Asks for a project: the body is what an onboarding request's `parameters` are.
#[utoipa::path(
    post,
    path = "/projects",
    operation_id = "ask_for_project",
    tag = "projects",
    request_body = Value,
    responses((status = 201, body = Filed, description = "Done")),
)]
pub async fn ask(
    State(app): State<App>,
    actor: Actor,
    Json(parameters): Json<Value>,
) -> Result<Response, AppError> {
    let filing = Filing::of("onboarding", parameters);
    let number = requests::file(&app, &actor, filing)
        .await
        .map_err(without_prefix)?;
    let answer = axum::Json(Filed { request: number });
    Ok((StatusCode::CREATED, answer).into_response())
}

/// Fields are named as they stand in this body.
fn without_prefix(error: AppError) -> AppError {
    let strip = |e: FieldError| FieldError {
        field: e.field.trim_start_matches("parameters.").to_owned(),
        words: e.words,
    };
    match error {
        AppError::Invalid(fields) => AppError::Invalid(fields.into_iter().map(strip).collect()),
        AppError::Unauthorized
        | AppError::NotFound
        | AppError::Forbidden(_)
        | AppError::Conflict(_)
        | AppError::TooMany { .. }
        | AppError::Unavailable(_)
        | AppError::TooLarge
        | AppError::Internal(_) => error,
    }
}

/// One project with its people.
#[utoipa::path(
    get,
    path = "/projects/{key}",
    operation_id = "show_project",
    tag = "projects",
    params(("key" = String, Path, description = "The project's key")),
    responses((status = 200, body = Whole, description = "As it is now")),
)]
pub async fn show(
    State(app): State<App>,
    access: ProjectAccess,
) -> Result<axum::Json<Whole>, AppError> {
    let members = super::members(&app, access.project.id).await?;
    Ok(axum::Json(Whole {
        project: access.project,
        members,
    }))
}

/// Changes a project's names, owners' notes and policy; what is left out stays.
#[utoipa::path(
    patch,
    path = "/projects/{key}",
    operation_id = "change_project",
    tag = "projects",
    params(("key" = String, Path, description = "The project's key")),
    request_body = Changing,
    responses((status = 200, body = Project, description = "As it is now")),
)]
pub async fn change(
    State(app): State<App>,
    access: ProjectAccess,
    Json(changing): Json<Changing>,
) -> Result<axum::Json<Project>, AppError> {
    let proof = access.must(Permission::EditProject)?;
    super::change(&app, &proof, &changing).await.map(axum::Json)
}
