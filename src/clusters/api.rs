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
use crate::connections::api::{HealthAnswer, TestAnswer};
use crate::connections::{self, Day, Subject};
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::{Ctx, Json, Path};
use crate::web::paging::List;
use crate::web::text::Locale;

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterBody {
    key: String,
    site: String,
    /// Left out of a change, the one that is stored stays.
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
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

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentBody {
    key: String,
    tier: Tier,
    rank: i32,
    #[serde(default)]
    approvals: i32,
    /// Whether a shell there takes a yes for some hours, whatever somebody's role. As it was if
    /// left out; no for a new one.
    #[serde(default)]
    shell_by_request: Option<bool>,
    clusters: Vec<String>,
}

#[derive(Deserialize, utoipa::ToSchema)]
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
            shell_by_request: body.shell_by_request,
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

#[derive(Serialize, utoipa::ToSchema)]
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

#[derive(Serialize, utoipa::ToSchema)]
pub struct EnvironmentAnswer {
    id: EnvironmentId,
    key: String,
    tier: Tier,
    rank: i32,
    approvals: i32,
    shell_by_request: bool,
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
            shell_by_request,
            clusters,
            created_at,
        } = environment;
        Self {
            id,
            key,
            tier,
            rank,
            approvals,
            shell_by_request,
            clusters,
            created_at,
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
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

/// Registered clusters.
#[utoipa::path(
    get,
    path = "/clusters",
    operation_id = "list_clusters",
    tag = "clusters",
    responses((status = 200, body = List<ClusterAnswer>, description = "As it is now")),
)]
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

/// Registers a cluster.
#[utoipa::path(
    post,
    path = "/clusters",
    operation_id = "create_cluster",
    tag = "clusters",
    request_body = ClusterBody,
    responses((status = 201, body = ClusterAnswer, description = "Done")),
)]
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

/// One cluster, without its credential.
#[utoipa::path(
    get,
    path = "/clusters/{id}",
    operation_id = "show_cluster",
    tag = "clusters",
    params(("id" = ClusterId, Path)),
    responses((status = 200, body = ClusterAnswer, description = "As it is now")),
)]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(id): Path<ClusterId>,
) -> Result<axum::Json<ClusterAnswer>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    one(&app, id, ctx.locale).await
}

/// The last day in slots of half an hour.
#[utoipa::path(
    get,
    path = "/clusters/{id}/health",
    operation_id = "cluster_health",
    tag = "clusters",
    params(("id" = ClusterId, Path)),
    responses((status = 200, body = Day, description = "As it is now")),
)]
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

/// Changes a cluster; a credential that is left out stays.
#[utoipa::path(
    put,
    path = "/clusters/{id}",
    operation_id = "update_cluster",
    tag = "clusters",
    params(("id" = ClusterId, Path)),
    request_body = ClusterBody,
    responses((status = 200, body = ClusterAnswer, description = "As it is now")),
)]
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

/// Removes a cluster that nothing uses.
#[utoipa::path(
    delete,
    path = "/clusters/{id}",
    operation_id = "delete_cluster",
    tag = "clusters",
    params(("id" = ClusterId, Path)),
    responses((status = 204, description = "Done")),
)]
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

/// Asks the cluster now and says what it answered.
#[utoipa::path(
    post,
    path = "/clusters/{id}/test",
    operation_id = "test_cluster",
    tag = "clusters",
    params(("id" = ClusterId, Path)),
    responses((status = 200, body = TestAnswer<ClusterId>, description = "As it is now")),
)]
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

/// Environments, in the order in which a release goes through them.
#[utoipa::path(
    get,
    path = "/environments",
    operation_id = "list_environments",
    tag = "environments",
    responses((status = 200, body = List<EnvironmentAnswer>, description = "As it is now")),
)]
pub async fn environments(
    State(app): State<App>,
    _actor: Actor,
) -> Result<axum::Json<List<EnvironmentAnswer>>, AppError> {
    let found = super::environments(&app).await?.into_iter();
    let items: Vec<EnvironmentAnswer> = found.map(Into::into).collect();
    Ok(axum::Json(items.into()))
}

/// Registers an environment.
#[utoipa::path(
    post,
    path = "/environments",
    operation_id = "create_environment",
    tag = "environments",
    request_body = EnvironmentBody,
    responses((status = 201, body = EnvironmentAnswer, description = "Done")),
)]
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

/// Changes an environment.
#[utoipa::path(
    put,
    path = "/environments/{id}",
    operation_id = "update_environment",
    tag = "environments",
    params(("id" = EnvironmentId, Path)),
    request_body = EnvironmentBody,
    responses((status = 200, body = EnvironmentAnswer, description = "As it is now")),
)]
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

/// Removes an environment that nothing uses.
#[utoipa::path(
    delete,
    path = "/environments/{id}",
    operation_id = "delete_environment",
    tag = "environments",
    params(("id" = EnvironmentId, Path)),
    responses((status = 204, description = "Done")),
)]
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

/// Changes a language.
#[utoipa::path(
    put,
    path = "/languages/{id}",
    operation_id = "update_language",
    tag = "languages",
    params(("id" = LanguageId, Path)),
    request_body = LanguageBody,
    responses((status = 200, body = LanguageAnswer, description = "As it is now")),
)]
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

/// Removes a language that nothing uses.
#[utoipa::path(
    delete,
    path = "/languages/{id}",
    operation_id = "delete_language",
    tag = "languages",
    params(("id" = LanguageId, Path)),
    responses((status = 204, description = "Done")),
)]
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

/// Languages with their template jobs.
#[utoipa::path(
    get,
    path = "/languages",
    operation_id = "list_languages",
    tag = "languages",
    responses((status = 200, body = List<LanguageAnswer>, description = "As it is now")),
)]
pub async fn languages(
    State(app): State<App>,
    actor: Actor,
) -> Result<axum::Json<List<LanguageAnswer>>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let found = super::languages(&app).await?.into_iter();
    let items: Vec<LanguageAnswer> = found.map(Into::into).collect();
    Ok(axum::Json(items.into()))
}

/// Registers a language.
#[utoipa::path(
    post,
    path = "/languages",
    operation_id = "create_language",
    tag = "languages",
    request_body = LanguageBody,
    responses((status = 201, body = LanguageAnswer, description = "Done")),
)]
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
