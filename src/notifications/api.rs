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
use crate::connections::api::List;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::news::Happening;
use crate::projects::ProjectAccess;
use crate::web::extract::{Ctx, Json, Path};
use crate::web::text::Locale;

/// A channel as it is sent; `url` and `secret` are taken and never given back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
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
    url: Option<SecretString>,
    #[serde(default)]
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

impl From<Body> for Draft {
    fn from(body: Body) -> Self {
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

#[derive(Serialize)]
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
    health: HealthAnswer,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize)]
struct HealthAnswer {
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
            health: HealthAnswer {
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
#[derive(Serialize)]
pub struct TestAnswer {
    ok: bool,
    code: String,
    text: String,
    at: Timestamp,
}

impl TestAnswer {
    fn new(tested: &Tested, locale: Locale) -> Self {
        Self {
            ok: tested.ok,
            code: tested.words.code.clone(),
            text: locale.words(&tested.words),
            at: tested.at,
        }
    }
}

#[derive(Serialize)]
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

/// `GET /notices/channels`
pub async fn list(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
) -> Result<axum::Json<List<ChannelAnswer>>, AppError> {
    must_see(&actor)?;
    Ok(answers(super::list(&app, None).await?, ctx.locale))
}

/// `POST /notices/channels`
pub async fn create(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Json(body): Json<Body>,
) -> Result<Response, AppError> {
    must_manage(&actor)?;
    let id = super::create(&app, &actor, None, &body.into()).await?;
    let made = super::find(&app, None, id).await?;
    let answer = axum::Json(ChannelAnswer::new(made, ctx.locale));
    Ok((StatusCode::CREATED, answer).into_response())
}

/// `GET /notices/channels/{id}`
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

/// `PUT /notices/channels/{id}`
pub async fn update(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ChannelId>,
    Json(body): Json<Body>,
) -> Result<axum::Json<ChannelAnswer>, AppError> {
    must_manage(&actor)?;
    let before = super::find(&app, None, id).await?;
    super::update(&app, &actor, &before, &body.into()).await?;
    let after = super::find(&app, None, id).await?;
    Ok(axum::Json(ChannelAnswer::new(after, ctx.locale)))
}

/// `DELETE /notices/channels/{id}`
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

/// `POST /notices/channels/{id}/test`
pub async fn test(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ChannelId>,
) -> Result<axum::Json<TestAnswer>, AppError> {
    must_manage(&actor)?;
    let channel = super::find(&app, None, id).await?;
    let tested = super::test(&app, &actor, &channel).await?;
    Ok(axum::Json(TestAnswer::new(&tested, ctx.locale)))
}

/// How many messages are tried again.
#[derive(Serialize)]
pub struct AgainAnswer {
    messages: u64,
}

/// `POST /notices/channels/{id}/again`
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

/// `GET /notices/channels/{id}/deliveries`
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

/// `GET /projects/{key}/notices`: the project's own robots.
pub async fn of_project(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
) -> Result<axum::Json<List<ChannelAnswer>>, AppError> {
    let project = Some(access.project.id);
    Ok(answers(super::list(&app, project).await?, ctx.locale))
}

/// `POST /projects/{key}/notices`
pub async fn create_in_project(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Json(body): Json<Body>,
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

/// `DELETE /projects/{key}/notices/{id}`
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

/// `POST /projects/{key}/notices/{id}/test`
pub async fn test_in_project(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<OfProject>,
) -> Result<axum::Json<TestAnswer>, AppError> {
    access.must(Permission::EditProject)?;
    let channel = super::find(&app, Some(access.project.id), path.id).await?;
    let tested = super::test(&app, &access.actor, &channel).await?;
    Ok(axum::Json(TestAnswer::new(&tested, ctx.locale)))
}

/// What somebody wants, with the password where the address is another one.
#[derive(Deserialize)]
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
    current: Option<SecretString>,
}

/// `GET /me/notices`
pub async fn mine(
    Shared(app): Shared<App>,
    actor: Actor,
) -> Result<axum::Json<Option<Wishes>>, AppError> {
    let found = people::mine(&app, &actor).await?;
    Ok(axum::Json(found.map(|(_, wishes)| wishes)))
}

/// `PUT /me/notices`
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
