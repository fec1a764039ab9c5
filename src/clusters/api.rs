//! Clusters, environments and languages over the API.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{
    Cluster, ClusterDraft, ClusterId, Environment, EnvironmentCluster, EnvironmentDraft,
    EnvironmentId, Language, LanguageDraft, LanguageId, Tier,
};
use crate::app::App;
use crate::connections::api::{HealthAnswer, List, TestAnswer};
use crate::connections::{self, Day, Subject};
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::{Ctx, Json, Path};
use crate::web::text::Locale;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterBody {
    key: String,
    site: String,
    /// Left out of a change, the one that is stored stays.
    #[serde(default)]
    kubeconfig: Option<SecretString>,
    registry_host: String,
    #[serde(default = "yes")]
    makes_namespaces: bool,
}

const fn yes() -> bool {
    true
}

impl From<ClusterBody> for ClusterDraft {
    fn from(body: ClusterBody) -> Self {
        Self {
            key: body.key,
            site: body.site,
            kubeconfig: body.kubeconfig,
            registry_host: body.registry_host,
            makes_namespaces: body.makes_namespaces,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentBody {
    key: String,
    tier: Tier,
    rank: i32,
    #[serde(default)]
    approvals: i32,
    clusters: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageBody {
    key: String,
    jenkins: String,
    template_job: String,
}

impl From<EnvironmentBody> for EnvironmentDraft {
    fn from(body: EnvironmentBody) -> Self {
        Self {
            key: body.key,
            tier: body.tier,
            rank: body.rank,
            approvals: body.approvals,
            clusters: body.clusters,
        }
    }
}

impl From<LanguageBody> for LanguageDraft {
    fn from(body: LanguageBody) -> Self {
        Self {
            key: body.key,
            jenkins: body.jenkins,
            template_job: body.template_job,
        }
    }
}

#[derive(Serialize)]
pub struct ClusterAnswer {
    id: ClusterId,
    key: String,
    site: String,
    server: String,
    registry_host: String,
    makes_namespaces: bool,
    environments: Vec<String>,
    health: Option<HealthAnswer>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl ClusterAnswer {
    fn new(cluster: Cluster, locale: Locale) -> Self {
        Self {
            id: cluster.id,
            server: cluster.address().to_owned(),
            key: cluster.key,
            site: cluster.site,
            registry_host: cluster.registry_host,
            makes_namespaces: cluster.makes_namespaces,
            environments: cluster.environments,
            health: cluster.health.map(|o| HealthAnswer::new(&o, locale)),
            created_at: cluster.created_at,
            updated_at: cluster.updated_at,
        }
    }
}

#[derive(Serialize)]
pub struct EnvironmentAnswer {
    id: EnvironmentId,
    key: String,
    tier: Tier,
    rank: i32,
    approvals: i32,
    clusters: Vec<EnvironmentCluster>,
    created_at: Timestamp,
}

impl From<Environment> for EnvironmentAnswer {
    fn from(environment: Environment) -> Self {
        let Environment {
            id,
            key,
            tier,
            rank,
            approvals,
            clusters,
            created_at,
        } = environment;
        Self {
            id,
            key,
            tier,
            rank,
            approvals,
            clusters,
            created_at,
        }
    }
}

#[derive(Serialize)]
pub struct LanguageAnswer {
    id: LanguageId,
    key: String,
    jenkins: String,
    template_job: String,
    created_at: Timestamp,
}

impl From<Language> for LanguageAnswer {
    fn from(language: Language) -> Self {
        Self {
            id: language.id,
            key: language.key,
            jenkins: language.jenkins,
            template_job: language.template_job.to_string(),
            created_at: language.created_at,
        }
    }
}

pub async fn list(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
) -> Result<axum::Json<List<ClusterAnswer>>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let found = super::list(&app).await?.into_iter();
    let items: Vec<_> = found.map(|c| ClusterAnswer::new(c, ctx.locale)).collect();
    Ok(axum::Json(items.into()))
}

pub async fn create(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Json(body): Json<ClusterBody>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    let id = super::create(&app, &body.into(), &ctx.origin()).await?;
    let answer = one(&app, id, ctx.locale).await?;
    Ok((StatusCode::CREATED, answer).into_response())
}

pub async fn show(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ClusterId>,
) -> Result<axum::Json<ClusterAnswer>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    one(&app, id, ctx.locale).await
}

/// `GET /api/v1/clusters/{id}/health`: the last day in slots of half an hour.
pub async fn health(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<ClusterId>,
) -> Result<axum::Json<Day>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    super::find(&app, id).await?.ok_or(AppError::NotFound)?;
    let day = connections::day(&app, Subject::Cluster, id.0).await?;
    Ok(axum::Json(day))
}

/// `PUT /api/v1/clusters/{id}`
pub async fn update(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ClusterId>,
    Json(body): Json<ClusterBody>,
) -> Result<axum::Json<ClusterAnswer>, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    super::update(&app, id, &body.into(), &ctx.origin()).await?;
    one(&app, id, ctx.locale).await
}

/// `DELETE /api/v1/clusters/{id}`
pub async fn delete(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ClusterId>,
) -> Result<StatusCode, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    super::delete_cluster(&app, id, &ctx.origin()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn test(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ClusterId>,
) -> Result<axum::Json<TestAnswer<ClusterId>>, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    let observed = super::test(&app, id, &ctx.origin()).await?;
    let health = HealthAnswer::new(&observed, ctx.locale);
    Ok(axum::Json(TestAnswer { id, health }))
}

/// For everybody who is signed in, because forms offer environments.
pub async fn environments(
    State(app): State<App>,
    _actor: Actor,
) -> Result<axum::Json<List<EnvironmentAnswer>>, AppError> {
    let found = super::environments(&app).await?.into_iter();
    let items: Vec<EnvironmentAnswer> = found.map(Into::into).collect();
    Ok(axum::Json(items.into()))
}

pub async fn create_environment(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Json(body): Json<EnvironmentBody>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    let made = super::create_environment(&app, &body.into(), &ctx.origin()).await?;
    let answer = axum::Json(EnvironmentAnswer::from(made));
    Ok((StatusCode::CREATED, answer).into_response())
}

/// `PUT /api/v1/environments/{id}`
pub async fn update_environment(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<EnvironmentId>,
    Json(body): Json<EnvironmentBody>,
) -> Result<axum::Json<EnvironmentAnswer>, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    let changed = super::update_environment(&app, id, &body.into(), &ctx.origin()).await?;
    Ok(axum::Json(changed.into()))
}

/// `DELETE /api/v1/environments/{id}`
pub async fn delete_environment(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<EnvironmentId>,
) -> Result<StatusCode, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    super::delete_environment(&app, id, &ctx.origin()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /api/v1/languages/{id}`
pub async fn update_language(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<LanguageId>,
    Json(body): Json<LanguageBody>,
) -> Result<axum::Json<LanguageAnswer>, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    let changed = super::update_language(&app, id, &body.into(), &ctx.origin()).await?;
    Ok(axum::Json(changed.into()))
}

/// `DELETE /api/v1/languages/{id}`
pub async fn delete_language(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<LanguageId>,
) -> Result<StatusCode, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    super::delete_language(&app, id, &ctx.origin()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn languages(
    State(app): State<App>,
    actor: Actor,
) -> Result<axum::Json<List<LanguageAnswer>>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let found = super::languages(&app).await?.into_iter();
    let items: Vec<LanguageAnswer> = found.map(Into::into).collect();
    Ok(axum::Json(items.into()))
}

pub async fn create_language(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Json(body): Json<LanguageBody>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    let made = super::create_language(&app, &body.into(), &ctx.origin()).await?;
    let answer = axum::Json(LanguageAnswer::from(made));
    Ok((StatusCode::CREATED, answer).into_response())
}

async fn one(
    app: &App,
    id: ClusterId,
    locale: Locale,
) -> Result<axum::Json<ClusterAnswer>, AppError> {
    let found = super::find(app, id).await?.ok_or(AppError::NotFound)?;
    Ok(axum::Json(ClusterAnswer::new(found, locale)))
}
