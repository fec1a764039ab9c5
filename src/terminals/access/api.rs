//! Shells for a while over the API; they are asked for by a request of kind `shell`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::{ShellAccess, ShellAccessId};
use crate::app::App;
use crate::error::AppError;
use crate::identity::TokenScope;
use crate::projects::ProjectAccess;
use crate::web::extract::Path;
use crate::web::paging::List;

/// Shells that were given in a project: first those that count, then the newest, fifty at most.
#[utoipa::path(
    get,
    path = "/projects/{key}/shell-access",
    operation_id = "list_shell_access",
    tag = "terminals",
    params(("key" = String, Path, description = "The project's key")),
    responses((status = 200, body = List<ShellAccess>, description = "As it is now")),
)]
pub async fn list(
    State(app): State<App>,
    access: ProjectAccess,
) -> Result<Json<List<ShellAccess>>, AppError> {
    let items = super::list(&app, access.project.id).await?;
    Ok(Json(items.into()))
}

#[derive(Deserialize)]
pub struct Which {
    id: ShellAccessId,
}

/// Ends one before its time; terminals that hang on it close within seconds.
#[utoipa::path(
    delete,
    path = "/projects/{key}/shell-access/{id}",
    operation_id = "end_shell_access",
    tag = "terminals",
    params(
        ("key" = String, Path, description = "The project's key"),
        ("id" = ShellAccessId, Path)
    ),
    responses((status = 204, description = "Done")),
)]
pub async fn end(
    State(app): State<App>,
    access: ProjectAccess,
    Path(which): Path<Which>,
) -> Result<StatusCode, AppError> {
    access.actor.must_hold(TokenScope::Operate)?;
    super::end(&app, &access.actor, access.project.id, which.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
