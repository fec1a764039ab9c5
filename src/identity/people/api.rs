//! People over the API.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret as _;

use super::{Account, Change, Joining, Password, Wanted};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::{Json, Path, Query};
use crate::web::paging::List;

/// People of the portal, by name.
#[utoipa::path(
    get,
    path = "/people",
    operation_id = "list_people",
    tag = "people",
    params(Wanted),
    responses((status = 200, body = List<Account>, description = "As it is now")),
)]
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<List<Account>>, AppError> {
    super::list(&app, &actor, &wanted).await.map(axum::Json)
}

/// Adds a person. The answer holds the password that was made, once.
#[utoipa::path(
    post,
    path = "/people",
    operation_id = "create_person",
    tag = "people",
    request_body = Joining,
    responses((status = 201, body = Password, description = "Done")),
)]
pub async fn create(
    State(app): State<App>,
    actor: Actor,
    Json(joining): Json<Joining>,
) -> Result<Response, AppError> {
    let made = super::create(&app, &actor, &joining).await?;
    let answer = Password {
        user: joining.user.trim().to_owned(),
        password: made.map(|p| p.expose_secret().to_owned()),
    };
    Ok(once(answer))
}

/// The one answer that holds a password: nobody on the way keeps it.
fn once(answer: Password) -> Response {
    let kept = [("cache-control", "no-store")];
    (StatusCode::CREATED, kept, axum::Json(answer)).into_response()
}

/// One person, with roles.
#[utoipa::path(
    get,
    path = "/people/{user}",
    operation_id = "show_person",
    tag = "people",
    params(("user" = String, Path, description = "The person's user id")),
    responses((status = 200, body = Account, description = "As it is now")),
)]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Path(user): Path<String>,
) -> Result<axum::Json<Account>, AppError> {
    super::get(&app, &actor, &user).await.map(axum::Json)
}

/// Changes a person; what is left out stays.
#[utoipa::path(
    put,
    path = "/people/{user}",
    operation_id = "change_person",
    tag = "people",
    params(("user" = String, Path, description = "The person's user id")),
    request_body = Change,
    responses((status = 200, body = Account, description = "As it is now")),
)]
pub async fn change(
    State(app): State<App>,
    actor: Actor,
    Path(user): Path<String>,
    Json(change): Json<Change>,
) -> Result<axum::Json<Account>, AppError> {
    let changed = super::change(&app, &actor, &user, &change).await?;
    Ok(axum::Json(changed))
}

/// Makes a new password, to be changed at the next sign-in. The answer holds it, once.
#[utoipa::path(
    post,
    path = "/people/{user}/password",
    operation_id = "reset_password",
    tag = "people",
    params(("user" = String, Path, description = "The person's user id")),
    responses((status = 201, body = Password, description = "Done")),
)]
pub async fn reset_password(
    State(app): State<App>,
    actor: Actor,
    Path(user): Path<String>,
) -> Result<Response, AppError> {
    let made = super::reset_password(&app, &actor, &user).await?;
    let answer = Password {
        user,
        password: Some(made.expose_secret().to_owned()),
    };
    Ok(once(answer))
}
