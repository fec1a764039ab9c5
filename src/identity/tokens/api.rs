//! Tokens over the API. A project's tokens are in `projects`, which knows the project.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::{NewToken, Token, TokenId};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::{Json, Path};

#[derive(Serialize, utoipa::ToSchema)]
pub struct Tokens {
    pub items: Vec<Token>,
}

/// The one answer that holds the token itself.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = MadeToken)]
pub struct Made {
    id: TokenId,
    token: String,
}

/// The answer to a token that was just made: it is not kept by caches either.
#[must_use]
pub fn made(id: TokenId, token: &SecretString) -> Response {
    let token = token.expose_secret().to_owned();
    let body = axum::Json(Made { id, token });
    (StatusCode::CREATED, [("cache-control", "no-store")], body).into_response()
}

/// My own tokens, without their secret part.
#[utoipa::path(
    get,
    path = "/tokens",
    operation_id = "list_tokens",
    tag = "tokens",
    responses((status = 200, body = Tokens, description = "As it is now")),
)]
pub async fn list(State(app): State<App>, actor: Actor) -> Result<axum::Json<Tokens>, AppError> {
    let items = super::mine(&app, &actor).await?;
    Ok(axum::Json(Tokens { items }))
}

/// Makes a token of my own. The answer holds it, once.
#[utoipa::path(
    post,
    path = "/tokens",
    operation_id = "create_token",
    tag = "tokens",
    request_body = NewToken,
    responses((status = 201, body = Made, description = "Done")),
)]
pub async fn create(
    State(app): State<App>,
    actor: Actor,
    Json(new): Json<NewToken>,
) -> Result<Response, AppError> {
    let (id, token) = super::create(&app, &actor, &new).await?;
    Ok(made(id, &token))
}

/// Ends one of my tokens at once.
#[utoipa::path(
    delete,
    path = "/tokens/{id}",
    operation_id = "revoke_token",
    tag = "tokens",
    params(("id" = TokenId, Path)),
    responses((status = 204, description = "Done")),
)]
pub async fn revoke(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<TokenId>,
) -> Result<StatusCode, AppError> {
    super::revoke(&app, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
