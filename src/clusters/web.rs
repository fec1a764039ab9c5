//! The pages of clusters.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use secrecy::SecretString;
use serde::Deserialize;

use super::change_web::DeleteForm;
use super::{Cluster, ClusterDraft, Environment, Language, TOPIC, Tier};
use crate::app::App;
use crate::connections::{self, Subject};
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::{Ctx, Form, Path, is_part};
use crate::web::layout::{Chrome, Errors, Nav, page, page_with, see_other};
use crate::web::strip::Strip;

#[derive(Template)]
#[template(path = "clusters/list.html")]
struct ListPage {
    c: Chrome,
    part: ListPart,
}

#[derive(Template)]
#[template(path = "clusters/list_part.html")]
struct ListPart {
    c: Chrome,
    clusters: Vec<Cluster>,
    environments: Vec<Environment>,
    languages: Vec<Language>,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "clusters/new.html")]
struct NewPage {
    c: Chrome,
    form: ClusterForm,
    kubeconfig_help: String,
    errors: Errors,
}

#[derive(Template)]
#[template(path = "clusters/show.html")]
struct ShowPage {
    c: Chrome,
    cluster: Cluster,
    path: String,
    form: ClusterForm,
    kubeconfig_help: String,
    strip: Strip,
    errors: Errors,
    may_change: bool,
    may_take_over: bool,
}

/// What was typed; a kubeconfig is taken and never given back.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct ClusterForm {
    #[serde(default)]
    key: String,
    #[serde(default)]
    site: String,
    #[serde(default)]
    kubeconfig: Option<SecretString>,
    #[serde(default)]
    registry_host: String,
    /// There if the box is ticked.
    #[serde(default)]
    makes_namespaces: Option<String>,
}

impl ClusterForm {
    fn draft(&self) -> ClusterDraft {
        ClusterDraft {
            key: self.key.clone(),
            site: self.site.clone(),
            kubeconfig: self.kubeconfig.clone(),
            registry_host: self.registry_host.clone(),
            makes_namespaces: self.makes_namespaces.is_some(),
        }
    }
}

impl From<&Cluster> for ClusterForm {
    fn from(cluster: &Cluster) -> Self {
        Self {
            key: cluster.key.clone(),
            site: cluster.site.clone(),
            kubeconfig: None,
            registry_host: cluster.registry_host.clone(),
            makes_namespaces: cluster.makes_namespaces.then(|| "on".to_owned()),
        }
    }
}

impl Tier {
    /// The message code of its name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Test => "tier-test",
            Self::Production => "tier-production",
        }
    }

    /// The message code of what it means.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Test => "tier-test-help",
            Self::Production => "tier-production-help",
        }
    }
}

pub async fn list(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let topics = [TOPIC.to_owned(), connections::TOPIC.to_owned()];
    let c = Chrome::new(&ctx, Nav::Clusters).listening(&app.events, &topics);
    let part = ListPart {
        c: c.clone(),
        clusters: super::list(&app).await?,
        environments: super::environments(&app).await?,
        languages: super::languages(&app).await?,
        may_change: may_change(&actor),
    };
    if is_part(&headers) {
        page(&part)
    } else {
        page(&ListPage { c, part })
    }
}

pub async fn new(actor: Actor, ctx: Ctx) -> Result<Response, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    let form = ClusterForm {
        makes_namespaces: Some("on".to_owned()),
        ..ClusterForm::default()
    };
    new_page(&ctx, form, Errors::default(), StatusCode::OK)
}

fn new_page(
    ctx: &Ctx,
    form: ClusterForm,
    errors: Errors,
    status: StatusCode,
) -> Result<Response, AppError> {
    let c = Chrome::new(ctx, Nav::Clusters);
    let kubeconfig_help = c.t("cluster-kubeconfig-help");
    let new = NewPage {
        c,
        form,
        kubeconfig_help,
        errors,
    };
    page_with(status, &new)
}

pub async fn create(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Form(form): Form<ClusterForm>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    match super::create(&app, &form.draft(), &ctx.origin()).await {
        Ok(_) => Ok(see_other(&format!("/clusters/{}", form.key.trim()))),
        Err(error) => {
            let (status, errors) = Errors::of_refusal(error, "key")?;
            new_page(&ctx, form, errors, status)
        }
    }
}

pub async fn show(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
) -> Result<Response, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let cluster = by_key(&app, &key).await?;
    let shown = Shown {
        actor: &actor,
        form: ClusterForm::from(&cluster),
        cluster,
        errors: Errors::default(),
    };
    show_page(&app, &ctx, shown, StatusCode::OK).await
}

/// What the page of a cluster is made of.
struct Shown<'a> {
    actor: &'a Actor,
    cluster: Cluster,
    form: ClusterForm,
    errors: Errors,
}

async fn show_page(
    app: &App,
    ctx: &Ctx,
    shown: Shown<'_>,
    status: StatusCode,
) -> Result<Response, AppError> {
    let Shown {
        actor,
        cluster,
        form,
        errors,
    } = shown;
    let c = Chrome::new(ctx, Nav::Clusters);
    let kubeconfig_help = c.t("cluster-kubeconfig-keep");
    let day = connections::day(app, Subject::Cluster, cluster.id.0).await?;
    let show = ShowPage {
        strip: connections::strip(&c, &day),
        c,
        path: format!("/clusters/{}", cluster.key),
        cluster,
        form,
        kubeconfig_help,
        errors,
        may_change: may_change(actor),
        may_take_over: actor.may(Permission::HandleRequests, Scope::Platform),
    };
    page_with(status, &show)
}

pub async fn update(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
    Form(form): Form<ClusterForm>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    let cluster = by_key(&app, &key).await?;
    match super::update(&app, cluster.id, &form.draft(), &ctx.origin()).await {
        Ok(()) => Ok(see_other(&format!("/clusters/{}", cluster.key))),
        Err(error) => {
            let (status, errors) = Errors::of_refusal(error, "key")?;
            let shown = Shown {
                actor: &actor,
                cluster,
                form,
                errors,
            };
            show_page(&app, &ctx, shown, status).await
        }
    }
}

pub async fn delete(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
    Form(form): Form<DeleteForm>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    let cluster = by_key(&app, &key).await?;
    let done = match form.must_name(&cluster.key) {
        Ok(()) => super::delete_cluster(&app, cluster.id, &ctx.origin()).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(see_other("/clusters")),
        Err(error) => {
            let (status, errors) = Errors::of_refusal(error, "confirm")?;
            let shown = Shown {
                actor: &actor,
                form: ClusterForm::from(&cluster),
                cluster,
                errors,
            };
            show_page(&app, &ctx, shown, status).await
        }
    }
}

pub async fn test(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    let cluster = by_key(&app, &key).await?;
    super::test(&app, cluster.id, &ctx.origin()).await?;
    Ok(see_other(&format!("/clusters/{}", cluster.key)))
}

async fn by_key(app: &App, key: &str) -> Result<Cluster, AppError> {
    let found = super::find_by_key(app, key).await?;
    found.ok_or(AppError::NotFound)
}

fn may_change(actor: &Actor) -> bool {
    actor.may(Permission::ManageClusters, Scope::Platform)
}
