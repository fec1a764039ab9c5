//! Connections over the API.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{Connection, ConnectionId, Credential, Day, Draft, Fields, Kind, Observed, Subject};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::{Ctx, Json, Path};
use crate::web::paging::List;
use crate::web::text::Locale;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionBody {
    key: String,
    kind: Kind,
    url: String,
    #[serde(default)]
    config: Fields,
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    credential: Option<SecretString>,
}

impl From<ConnectionBody> for Draft {
    fn from(body: ConnectionBody) -> Self {
        Self {
            key: body.key,
            kind: body.kind,
            url: body.url,
            config: body.config,
            credential: body.credential,
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ConnectionAnswer {
    id: ConnectionId,
    key: String,
    kind: Kind,
    url: String,
    config: Fields,
    credential: Option<CredentialAnswer>,
    health: Option<HealthAnswer>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize, utoipa::ToSchema)]
struct CredentialAnswer {
    version: i32,
    changed_at: Timestamp,
}

/// A test's outcome, with the sentence in the reader's language.
#[derive(Serialize, utoipa::ToSchema)]
pub struct HealthAnswer {
    ok: bool,
    version: Option<String>,
    code: String,
    text: String,
    missing: Vec<MissingAnswer>,
    detail: Option<String>,
    millis: i32,
    expires_at: Option<Timestamp>,
    calls_left: Option<(u64, u64)>,
    at: Timestamp,
    since: Timestamp,
}

#[derive(Serialize, utoipa::ToSchema)]
struct MissingAnswer {
    #[serde(flatten)]
    words: Words,
    text: String,
}

impl HealthAnswer {
    #[must_use]
    pub fn new(observed: &Observed, locale: Locale) -> Self {
        let Observed { report, at, since } = observed;
        let missing = report.missing.iter().map(|words| MissingAnswer {
            words: words.clone(),
            text: locale.words(words),
        });
        Self {
            ok: report.ok,
            version: report.version.clone(),
            code: report.words.code.clone(),
            text: locale.words(&report.words),
            missing: missing.collect(),
            detail: report.detail.clone(),
            millis: report.millis,
            expires_at: report.expires_at,
            calls_left: report.calls_left,
            at: *at,
            since: *since,
        }
    }
}

impl ConnectionAnswer {
    fn new(connection: Connection, locale: Locale) -> Self {
        Self {
            id: connection.id,
            kind: connection.config.kind(),
            url: connection.address().to_owned(),
            key: connection.key,
            config: connection.config.fields(),
            credential: match connection.credential {
                Credential::Unset => None,
                Credential::Set {
                    version,
                    changed_at,
                } => Some(CredentialAnswer {
                    version,
                    changed_at,
                }),
            },
            health: connection.health.map(|o| HealthAnswer::new(&o, locale)),
            created_at: connection.created_at,
            updated_at: connection.updated_at,
        }
    }
}

/// Registered outside systems.
#[utoipa::path(
    get,
    path = "/connections",
    operation_id = "list_connections",
    tag = "connections",
    responses((status = 200, body = List<ConnectionAnswer>, description = "As it is now")),
)]
pub async fn list(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
) -> Result<axum::Json<List<ConnectionAnswer>>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let found = super::list(&app).await?.into_iter();
    let items: Vec<_> = found
        .map(|c| ConnectionAnswer::new(c, ctx.locale))
        .collect();
    Ok(axum::Json(items.into()))
}

/// Registers an outside system.
#[utoipa::path(
    post,
    path = "/connections",
    operation_id = "create_connection",
    tag = "connections",
    request_body = ConnectionBody,
    responses((status = 201, body = ConnectionAnswer, description = "Done")),
)]
pub async fn create(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Json(body): Json<ConnectionBody>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageConnections, Scope::Platform)?;
    let id = super::create(&app, &body.into(), &ctx.origin()).await?;
    let answer = one(&app, id, ctx.locale).await?;
    Ok((StatusCode::CREATED, answer).into_response())
}

/// One outside system, without its credential.
#[utoipa::path(
    get,
    path = "/connections/{id}",
    operation_id = "show_connection",
    tag = "connections",
    params(("id" = ConnectionId, Path)),
    responses((status = 200, body = ConnectionAnswer, description = "As it is now")),
)]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ConnectionId>,
) -> Result<axum::Json<ConnectionAnswer>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    one(&app, id, ctx.locale).await
}

/// Changes an outside system; a credential that is left out stays.
#[utoipa::path(
    put,
    path = "/connections/{id}",
    operation_id = "update_connection",
    tag = "connections",
    params(("id" = ConnectionId, Path)),
    request_body = ConnectionBody,
    responses((status = 200, body = ConnectionAnswer, description = "As it is now")),
)]
pub async fn update(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ConnectionId>,
    Json(body): Json<ConnectionBody>,
) -> Result<axum::Json<ConnectionAnswer>, AppError> {
    actor.must(Permission::ManageConnections, Scope::Platform)?;
    super::update(&app, id, &body.into(), &ctx.origin()).await?;
    one(&app, id, ctx.locale).await
}

/// Removes an outside system that nothing uses.
#[utoipa::path(
    delete,
    path = "/connections/{id}",
    operation_id = "delete_connection",
    tag = "connections",
    params(("id" = ConnectionId, Path)),
    responses((status = 204, description = "Done")),
)]
pub async fn delete(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ConnectionId>,
) -> Result<StatusCode, AppError> {
    actor.must(Permission::ManageConnections, Scope::Platform)?;
    super::delete(&app, id, &ctx.origin()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The last day in slots of half an hour.
#[utoipa::path(
    get,
    path = "/connections/{id}/health",
    operation_id = "connection_health",
    tag = "connections",
    params(("id" = ConnectionId, Path)),
    responses((status = 200, body = Day, description = "As it is now")),
)]
pub async fn health(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<ConnectionId>,
) -> Result<axum::Json<Day>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    super::find(&app, id).await?.ok_or(AppError::NotFound)?;
    let day = super::day(&app, Subject::Connection, id.0).await?;
    Ok(axum::Json(day))
}

/// What a test answers: whose it is, and what came of it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TestAnswer<Id> {
    pub id: Id,
    #[serde(flatten)]
    pub health: HealthAnswer,
}

/// Asks the outside system now and says what it answered.
#[utoipa::path(
    post,
    path = "/connections/{id}/test",
    operation_id = "test_connection",
    tag = "connections",
    params(("id" = ConnectionId, Path)),
    responses((status = 200, body = TestAnswer<ConnectionId>, description = "As it is now")),
)]
pub async fn test(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ConnectionId>,
) -> Result<axum::Json<TestAnswer<ConnectionId>>, AppError> {
    actor.must(Permission::ManageConnections, Scope::Platform)?;
    let observed = super::test(&app, id, &ctx.origin()).await?;
    let health = HealthAnswer::new(&observed, ctx.locale);
    Ok(axum::Json(TestAnswer { id, health }))
}

async fn one(
    app: &App,
    id: ConnectionId,
    locale: Locale,
) -> Result<axum::Json<ConnectionAnswer>, AppError> {
    let found = super::find(app, id).await?.ok_or(AppError::NotFound)?;
    Ok(axum::Json(ConnectionAnswer::new(found, locale)))
}
