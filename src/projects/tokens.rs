//! A project's tokens over the API: for programs that belong to no person.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::SecretString;
use serde::Deserialize;

use super::ProjectAccess;
use crate::app::App;
use crate::error::AppError;
use crate::identity::tokens::api::{Made, Tokens, made};
use crate::identity::tokens::{self, NewToken};
use crate::identity::{Permission, ProjectRole, TokenId, TokenScope};
use crate::web::extract::{Json, Path};

/// What is asked for, and what the program is in the project.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewProjectToken)]
pub struct Asked {
    name: String,
    scopes: Vec<TokenScope>,
    days: u16,
    role: ProjectRole,
}

/// Tokens of a project's programs, without their secret part.
#[utoipa::path(
    get,
    path = "/projects/{key}/tokens",
    operation_id = "list_project_tokens",
    tag = "tokens",
    params(("key" = String, Path, description = "The project's key")),
    responses((status = 200, body = Tokens, description = "As it is now")),
)]
pub async fn list(
    State(app): State<App>,
    access: ProjectAccess,
) -> Result<axum::Json<Tokens>, AppError> {
    access.must(Permission::ManageProjectTokens)?;
    let items = tokens::of_project(&app, access.project.id).await?;
    Ok(axum::Json(Tokens { items }))
}

/// Makes a token for a program of the project. The answer holds it, once.
#[utoipa::path(
    post,
    path = "/projects/{key}/tokens",
    operation_id = "create_project_token",
    tag = "tokens",
    params(("key" = String, Path, description = "The project's key")),
    request_body = Asked,
    responses((status = 201, body = Made, description = "Done")),
)]
pub async fn create(
    State(app): State<App>,
    access: ProjectAccess,
    Json(asked): Json<Asked>,
) -> Result<Response, AppError> {
    access.must(Permission::ManageProjectTokens)?;
    let new = NewToken {
        name: asked.name,
        scopes: asked.scopes,
        days: asked.days,
    };
    let (id, token) = make(&app, &access, asked.role, &new).await?;
    Ok(made(id, &token))
}

/// A token of a program that may then be no more in the project than the actor could make it.
/// The caller has checked that the actor may give tokens.
///
/// # Errors
/// 400 naming fields, 403 over a token or for a tester, 409 beyond the limit.
pub(super) async fn make(
    app: &App,
    access: &ProjectAccess,
    role: ProjectRole,
    new: &NewToken,
) -> Result<(TokenId, SecretString), AppError> {
    if role == ProjectRole::Owner {
        return Err(AppError::field("role", "token-role-owner"));
    }
    if role == ProjectRole::Tester {
        // A program's word for a digest is that of somebody who could name a tester.
        access.must(Permission::ManageMembers)?;
    }
    let project = (access.project.id, access.project.key.as_str());
    tokens::create_for_project(app, &access.actor, project, role, new).await
}

#[derive(Deserialize)]
pub struct Which {
    id: TokenId,
}

/// Ends a program's token at once.
#[utoipa::path(
    delete,
    path = "/projects/{key}/tokens/{id}",
    operation_id = "revoke_project_token",
    tag = "tokens",
    params(("key" = String, Path, description = "The project's key"), ("id" = TokenId, Path)),
    responses((status = 204, description = "Done")),
)]
pub async fn revoke(
    State(app): State<App>,
    access: ProjectAccess,
    Path(which): Path<Which>,
) -> Result<StatusCode, AppError> {
    access.must(Permission::ManageProjectTokens)?;
    tokens::revoke_of_project(&app, &access.actor, access.project.id, which.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
