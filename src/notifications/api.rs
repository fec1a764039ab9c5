//! Channels and one's own wishes over the API.

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::people::{self, Wishes};
use super::{Channel, ChannelId, Config, Draft, Kind, Shown, State, Tested};
use crate::app::App;

use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::news::Happening;
use crate::projects::ProjectAccess;
use crate::web::extract::{Ctx, Json, Path};
use crate::web::paging::List;
use crate::web::text::Locale;

/// A channel as it is sent; `url` and `secret` are taken and never given back.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelBody {
    key: String,
    kind: Kind,
    #[serde(default = "english")]
    language: Locale,
    #[serde(default)]
    events: Vec<Happening>,
    #[serde(default)]
    projects: Vec<String>,
    #[serde(default)]
    config: Config,
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    url: Option<SecretString>,
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    secret: Option<SecretString>,
    #[serde(default)]
    digest: Option<String>,
    #[serde(default = "utc")]
    time_zone: String,
}

const fn english() -> Locale {
    Locale::En
}

fn utc() -> String {
    "UTC".to_owned()
}

impl From<ChannelBody> for Draft {
    fn from(body: ChannelBody) -> Self {
        Self {
            key: body.key,
            kind: body.kind,
            locale: body.language,
            events: body.events,
            projects: body.projects,
            config: body.config,
            url: body.url,
            secret: body.secret,
            digest: body.digest,
            time_zone: body.time_zone,
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ChannelAnswer {
    id: ChannelId,
    key: String,
    kind: Kind,
    language: Locale,
    events: Vec<Happening>,
    projects: Vec<String>,
    config: Config,
    secret_version: i32,
    secret_changed_at: Timestamp,
    digest: Option<String>,
    time_zone: String,
    next_digests: Vec<Timestamp>,
    health: ChannelHealth,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize, utoipa::ToSchema)]
struct ChannelHealth {
    succeeded_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
    /// In the reader's language.
    last_error: Option<String>,
    code: Option<String>,
    failures: i32,
    next_at: Option<Timestamp>,
    waiting: i64,
    given_up: i64,
}

impl ChannelAnswer {
    fn new(channel: Channel, locale: Locale) -> Self {
        let cron = channel.cron();
        let health = channel.health.clone();
        Self {
            next_digests: cron.map_or_else(Vec::new, |c| c.next(crate::clock::now(), 3)),
            projects: channel.project_keys(),
            id: channel.id,
            key: channel.key,
            kind: channel.kind,
            language: channel.locale,
            events: channel.events,
            config: channel.config,
            secret_version: channel.secret_version,
            secret_changed_at: channel.secret_changed_at,
            digest: channel.digest,
            time_zone: channel.time_zone,
            health: ChannelHealth {
                succeeded_at: health.succeeded_at,
                failed_at: health.failed_at,
                code: health.last_error.as_ref().map(|w| w.code.clone()),
                last_error: health.last_error.map(|w| locale.words(&w)),
                failures: health.failures,
                next_at: health.next_at,
                waiting: health.waiting,
                given_up: health.given_up,
            },
            created_at: channel.created_at,
            updated_at: channel.updated_at,
        }
    }
}

/// What a test came to, in the reader's language.
#[derive(Serialize, utoipa::ToSchema)]
pub struct NoticeTest {
    ok: bool,
    code: String,
    text: String,
    at: Timestamp,
}

impl NoticeTest {
    fn new(tested: &Tested, locale: Locale) -> Self {
        Self {
            ok: tested.ok,
            code: tested.words.code.clone(),
            text: locale.words(&tested.words),
            at: tested.at,
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct DeliveryAnswer {
    id: Uuid,
    /// The id that the receiver saw.
    message: Option<Uuid>,
    text: String,
    state: State,
    attempts: i32,
    error: Option<String>,
    due_at: Timestamp,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
}

impl DeliveryAnswer {
    fn new(shown: Shown, locale: Locale) -> Self {
        Self {
            id: shown.id,
            message: shown.message,
            text: shown.told.headline(locale),
            state: shown.state,
            attempts: shown.attempts,
            error: shown.error.map(|w| locale.words(&w)),
            due_at: shown.due_at,
            created_at: shown.created_at,
            ended_at: shown.ended_at,
        }
    }
}

fn must_manage(actor: &Actor) -> Result<(), AppError> {
    actor.must(Permission::ManageNotices, Scope::Platform)
}

fn must_see(actor: &Actor) -> Result<(), AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)
}

fn answers(found: Vec<Channel>, locale: Locale) -> axum::Json<List<ChannelAnswer>> {
    let items = found.into_iter().map(|c| ChannelAnswer::new(c, locale));
    axum::Json(items.collect::<Vec<_>>().into())
}

/// Ways on which messages leave, for the whole company.
#[utoipa::path(
    get,
    path = "/notices/channels",
    operation_id = "list_channels",
    tag = "notices",
    responses((status = 200, body = List<ChannelAnswer>, description = "As it is now")),
)]
pub async fn list(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
) -> Result<axum::Json<List<ChannelAnswer>>, AppError> {
    must_see(&actor)?;
    Ok(answers(super::list(&app, None).await?, ctx.locale))
}

/// Registers a way on which messages leave.
#[utoipa::path(
    post,
    path = "/notices/channels",
    operation_id = "create_channel",
    tag = "notices",
    request_body = ChannelBody,
    responses((status = 201, body = ChannelAnswer, description = "Done")),
)]
pub async fn create(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Json(body): Json<ChannelBody>,
) -> Result<Response, AppError> {
    must_manage(&actor)?;
    let id = super::create(&app, &actor, None, &body.into()).await?;
    let made = super::find(&app, None, id).await?;
    let answer = axum::Json(ChannelAnswer::new(made, ctx.locale));
    Ok((StatusCode::CREATED, answer).into_response())
}

/// One of them, without its address and secret.
#[utoipa::path(
    get,
    path = "/notices/channels/{id}",
    operation_id = "show_channel",
    tag = "notices",
    params(("id" = ChannelId, Path)),
    responses((status = 200, body = ChannelAnswer, description = "As it is now")),
)]
pub async fn show(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ChannelId>,
) -> Result<axum::Json<ChannelAnswer>, AppError> {
    must_see(&actor)?;
    let found = super::find(&app, None, id).await?;
    Ok(axum::Json(ChannelAnswer::new(found, ctx.locale)))
}

/// Changes one; an address or secret that is left out stays.
#[utoipa::path(
    put,
    path = "/notices/channels/{id}",
    operation_id = "update_channel",
    tag = "notices",
    params(("id" = ChannelId, Path)),
    request_body = ChannelBody,
    responses((status = 200, body = ChannelAnswer, description = "As it is now")),
)]
pub async fn update(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ChannelId>,
    Json(body): Json<ChannelBody>,
) -> Result<axum::Json<ChannelAnswer>, AppError> {
    must_manage(&actor)?;
    let before = super::find(&app, None, id).await?;
    super::update(&app, &actor, &before, &body.into()).await?;
    let after = super::find(&app, None, id).await?;
    Ok(axum::Json(ChannelAnswer::new(after, ctx.locale)))
}

/// Removes one, with the messages that wait for it.
#[utoipa::path(
    delete,
    path = "/notices/channels/{id}",
    operation_id = "delete_channel",
    tag = "notices",
    params(("id" = ChannelId, Path)),
    responses((status = 204, description = "Done")),
)]
pub async fn delete(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<ChannelId>,
) -> Result<StatusCode, AppError> {
    must_manage(&actor)?;
    let channel = super::find(&app, None, id).await?;
    super::delete(&app, &actor, &channel).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a message now and says what the receiver answered.
#[utoipa::path(
    post,
    path = "/notices/channels/{id}/test",
    operation_id = "test_channel",
    tag = "notices",
    params(("id" = ChannelId, Path)),
    responses((status = 200, body = NoticeTest, description = "As it is now")),
)]
pub async fn test(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ChannelId>,
) -> Result<axum::Json<NoticeTest>, AppError> {
    must_manage(&actor)?;
    let channel = super::find(&app, None, id).await?;
    let tested = super::test(&app, &actor, &channel).await?;
    Ok(axum::Json(NoticeTest::new(&tested, ctx.locale)))
}

/// How many messages are tried again.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AgainAnswer {
    messages: u64,
}

/// Tries again what was given up.
#[utoipa::path(
    post,
    path = "/notices/channels/{id}/again",
    operation_id = "send_again",
    tag = "notices",
    params(("id" = ChannelId, Path)),
    responses((status = 200, body = AgainAnswer, description = "As it is now")),
)]
pub async fn again(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<ChannelId>,
) -> Result<axum::Json<AgainAnswer>, AppError> {
    must_manage(&actor)?;
    let channel = super::find(&app, None, id).await?;
    let messages = super::again(&app, &actor, &channel).await?;
    Ok(axum::Json(AgainAnswer { messages }))
}

/// The last messages on this way, and what became of each.
#[utoipa::path(
    get,
    path = "/notices/channels/{id}/deliveries",
    operation_id = "list_deliveries",
    tag = "notices",
    params(("id" = ChannelId, Path)),
    responses((status = 200, body = List<DeliveryAnswer>, description = "As it is now")),
)]
pub async fn deliveries(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ChannelId>,
) -> Result<axum::Json<List<DeliveryAnswer>>, AppError> {
    must_see(&actor)?;
    let channel = super::find(&app, None, id).await?;
    let found = super::last(&app, channel.id).await?.into_iter();
    let items = found.map(|s| DeliveryAnswer::new(s, ctx.locale));
    Ok(axum::Json(items.collect::<Vec<_>>().into()))
}

/// A project's own robots.
#[utoipa::path(
    get,
    path = "/projects/{key}/notices",
    operation_id = "list_project_channels",
    tag = "notices",
    params(("key" = String, Path, description = "The project's key")),
    responses((status = 200, body = List<ChannelAnswer>, description = "As it is now")),
)]
pub async fn of_project(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
) -> Result<axum::Json<List<ChannelAnswer>>, AppError> {
    let project = Some(access.project.id);
    Ok(answers(super::list(&app, project).await?, ctx.locale))
}

/// Adds a robot of the project's own.
#[utoipa::path(
    post,
    path = "/projects/{key}/notices",
    operation_id = "create_project_channel",
    tag = "notices",
    params(("key" = String, Path, description = "The project's key")),
    request_body = ChannelBody,
    responses((status = 201, body = ChannelAnswer, description = "Done")),
)]
pub async fn create_in_project(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Json(body): Json<ChannelBody>,
) -> Result<Response, AppError> {
    access.must(Permission::EditProject)?;
    let project = Some(access.project.id);
    let id = super::create(&app, &access.actor, project, &body.into()).await?;
    let made = super::find(&app, project, id).await?;
    let answer = axum::Json(ChannelAnswer::new(made, ctx.locale));
    Ok((StatusCode::CREATED, answer).into_response())
}

#[derive(Deserialize)]
pub struct OfProject {
    id: ChannelId,
}

/// Removes a robot of the project's own.
#[utoipa::path(
    delete,
    path = "/projects/{key}/notices/{id}",
    operation_id = "delete_project_channel",
    tag = "notices",
    params(("key" = String, Path, description = "The project's key"), ("id" = ChannelId, Path)),
    responses((status = 204, description = "Done")),
)]
pub async fn delete_in_project(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    Path(path): Path<OfProject>,
) -> Result<StatusCode, AppError> {
    access.must(Permission::EditProject)?;
    let channel = super::find(&app, Some(access.project.id), path.id).await?;
    super::delete(&app, &access.actor, &channel).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a message to a project's robot now and says what it answered.
#[utoipa::path(
    post,
    path = "/projects/{key}/notices/{id}/test",
    operation_id = "test_project_channel",
    tag = "notices",
    params(("key" = String, Path, description = "The project's key"), ("id" = ChannelId, Path)),
    responses((status = 200, body = NoticeTest, description = "As it is now")),
)]
pub async fn test_in_project(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<OfProject>,
) -> Result<axum::Json<NoticeTest>, AppError> {
    access.must(Permission::EditProject)?;
    let channel = super::find(&app, Some(access.project.id), path.id).await?;
    let tested = super::test(&app, &access.actor, &channel).await?;
    Ok(axum::Json(NoticeTest::new(&tested, ctx.locale)))
}

/// What somebody wants, with the password where the address is another one.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WishesBody {
    address: String,
    #[serde(default)]
    events: Vec<Happening>,
    #[serde(default)]
    quiet_from: Option<String>,
    #[serde(default)]
    quiet_to: Option<String>,
    #[serde(default = "utc")]
    time_zone: String,
    #[serde(default)]
    breaks_through: bool,
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    current: Option<SecretString>,
}

/// What I am told by mail, where and when; null until I asked for something.
#[utoipa::path(
    get,
    path = "/me/notices",
    operation_id = "my_notices",
    tag = "notices",
    responses((status = 200, body = Option<Wishes>, description = "As it is now")),
)]
pub async fn mine(
    Shared(app): Shared<App>,
    actor: Actor,
) -> Result<axum::Json<Option<Wishes>>, AppError> {
    let found = people::mine(&app, &actor).await?;
    Ok(axum::Json(found.map(|(_, wishes)| wishes)))
}

/// Says what I am told by mail; a new address takes the password.
#[utoipa::path(
    put,
    path = "/me/notices",
    operation_id = "set_my_notices",
    tag = "notices",
    request_body = WishesBody,
    responses((status = 200, body = Option<Wishes>, description = "As it is now")),
)]
pub async fn put_mine(
    Shared(app): Shared<App>,
    actor: Actor,
    Json(body): Json<WishesBody>,
) -> Result<axum::Json<Option<Wishes>>, AppError> {
    let wishes = Wishes {
        address: body.address,
        events: body.events,
        quiet_from: body.quiet_from,
        quiet_to: body.quiet_to,
        time_zone: body.time_zone,
        breaks_through: body.breaks_through,
    };
    people::put(&app, &actor, &wishes, body.current.as_ref()).await?;
    mine(Shared(app), actor).await
}
