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

/// `GET /api/v1/people?q=&role=&state=&limit=&after=`
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<List<Account>>, AppError> {
    super::list(&app, &actor, &wanted).await.map(axum::Json)
}

/// `POST /api/v1/people`: the answer holds the password that was made, once.
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

pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Path(user): Path<String>,
) -> Result<axum::Json<Account>, AppError> {
    super::get(&app, &actor, &user).await.map(axum::Json)
}

/// `PUT /api/v1/people/{user}`: what is left out stays.
pub async fn change(
    State(app): State<App>,
    actor: Actor,
    Path(user): Path<String>,
    Json(change): Json<Change>,
) -> Result<axum::Json<Account>, AppError> {
    let changed = super::change(&app, &actor, &user, &change).await?;
    Ok(axum::Json(changed))
}

/// `POST /api/v1/people/{user}/password`
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
