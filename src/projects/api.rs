//! Projects over the API.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Changing, Member, Project, ProjectAccess};
use crate::app::App;
use crate::error::{AppError, FieldError};
use crate::identity::{Actor, Permission};
use crate::requests::{self, Filing};
use crate::web::extract::{Json, Query};
use crate::web::paging::{List, Page};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(default)]
    q: String,
    limit: Option<i64>,
    after: Option<String>,
}

/// A project with its people.
#[derive(Serialize)]
pub struct Whole {
    #[serde(flatten)]
    project: Project,
    members: Vec<Member>,
}

pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<List<Project>>, AppError> {
    let page = Page {
        limit: wanted.limit,
        after: wanted.after,
    };
    let list = super::list(&app, &actor, &wanted.q, &page).await?;
    Ok(axum::Json(list))
}

/// Asks for a project: the body is what an onboarding request's `parameters` are.
pub async fn ask(
    State(app): State<App>,
    actor: Actor,
    Json(parameters): Json<Value>,
) -> Result<Response, AppError> {
    let filing = Filing::of("onboarding", parameters);
    let number = requests::file(&app, &actor, filing)
        .await
        .map_err(without_prefix)?;
    let answer = axum::Json(json!({ "request": number }));
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

/// `PATCH /api/v1/projects/{key}`
pub async fn change(
    State(app): State<App>,
    access: ProjectAccess,
    Json(changing): Json<Changing>,
) -> Result<axum::Json<Project>, AppError> {
    let proof = access.must(Permission::EditProject)?;
    super::change(&app, &proof, &changing).await.map(axum::Json)
}
