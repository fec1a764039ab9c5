//! The forms of environments and languages.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{Cluster, Environment, EnvironmentDraft, Language, LanguageDraft, MAX_CLUSTERS, Tier};
use crate::app::App;
use crate::connections::{self, Kind};
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::{Ctx, Form};
use crate::web::layout::{Chrome, Errors, Nav, page_with, see_other};

#[derive(Template)]
#[template(path = "clusters/new_environment.html")]
pub(super) struct EnvironmentPage {
    c: Chrome,
    form: EnvironmentForm,
    clusters: Vec<Cluster>,
    /// As many places as there are clusters, each with what was chosen for it.
    places: Vec<(usize, String)>,
    errors: Errors,
    /// The key of the one that is changed; `None` for a new one.
    existing: Option<String>,
}

#[derive(Template)]
#[template(path = "clusters/new_language.html")]
pub(super) struct LanguagePage {
    c: Chrome,
    form: LanguageForm,
    /// Keys of the connections to choose from.
    jenkins: Vec<String>,
    errors: Errors,
    /// The key of the one that is changed; `None` for a new one.
    existing: Option<String>,
}

/// Numbers are kept as typed, also those that are none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentForm {
    #[serde(default)]
    key: String,
    tier: Tier,
    #[serde(default)]
    rank: String,
    #[serde(default)]
    approvals: String,
    #[serde(default)]
    shell_by_request: bool,
    #[serde(default)]
    clusters: Vec<String>,
}

impl EnvironmentForm {
    pub(super) fn draft(&self) -> EnvironmentDraft {
        // What is no number is out of every range, and is refused as that.
        let number = |text: &str| text.trim().parse().unwrap_or(-1);
        let chosen = self.clusters.iter().filter(|key| !key.is_empty());
        EnvironmentDraft {
            key: self.key.clone(),
            tier: self.tier,
            rank: number(&self.rank),
            approvals: number(&self.approvals),
            shell_by_request: Some(self.shell_by_request),
            clusters: chosen.cloned().collect(),
        }
    }
}

impl From<&Environment> for EnvironmentForm {
    fn from(environment: &Environment) -> Self {
        let keys = environment.clusters.iter().map(|c| c.key.clone());
        Self {
            key: environment.key.clone(),
            tier: environment.tier,
            rank: environment.rank.to_string(),
            approvals: environment.approvals.to_string(),
            shell_by_request: environment.shell_by_request,
            clusters: keys.collect(),
        }
    }
}

impl From<&Language> for LanguageForm {
    fn from(language: &Language) -> Self {
        Self {
            key: language.key.clone(),
            jenkins: language.jenkins.clone(),
            template_job: language.template_job.to_string(),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct LanguageForm {
    #[serde(default)]
    key: String,
    #[serde(default)]
    jenkins: String,
    #[serde(default)]
    template_job: String,
}

impl LanguageForm {
    pub(super) fn draft(&self) -> LanguageDraft {
        LanguageDraft {
            key: self.key.clone(),
            jenkins: self.jenkins.clone(),
            template_job: self.template_job.clone(),
        }
    }
}

pub async fn new_environment(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    let form = EnvironmentForm {
        key: String::new(),
        tier: Tier::Test,
        rank: "1".to_owned(),
        approvals: "0".to_owned(),
        shell_by_request: false,
        clusters: Vec::new(),
    };
    let c = Chrome::new(&ctx, Nav::Clusters);
    let page = environment_page(&app, c, form, Errors::default(), None).await?;
    page_with(StatusCode::OK, &page)
}

pub async fn create_environment(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Form(form): Form<EnvironmentForm>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    match super::create_environment(&app, &form.draft(), &ctx.origin()).await {
        Ok(_) => Ok(see_other("/clusters")),
        Err(error) => {
            let (status, errors) = Errors::of_refusal(error, "key")?;
            let c = Chrome::new(&ctx, Nav::Clusters);
            page_with(
                status,
                &environment_page(&app, c, form, errors, None).await?,
            )
        }
    }
}

pub(super) async fn environment_page(
    app: &App,
    c: Chrome,
    form: EnvironmentForm,
    errors: Errors,
    existing: Option<String>,
) -> Result<EnvironmentPage, AppError> {
    let clusters = super::list(app).await?;
    let chosen = |n: usize| form.clusters.get(n).cloned().unwrap_or_default();
    let places = 0..clusters.len().min(MAX_CLUSTERS);
    Ok(EnvironmentPage {
        c,
        places: places.map(|n| (n + 1, chosen(n))).collect(),
        form,
        clusters,
        errors,
        existing,
    })
}

pub async fn new_language(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    let c = Chrome::new(&ctx, Nav::Clusters);
    let page = language_page(&app, c, LanguageForm::default(), Errors::default(), None).await?;
    page_with(StatusCode::OK, &page)
}

pub async fn create_language(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Form(form): Form<LanguageForm>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    match super::create_language(&app, &form.draft(), &ctx.origin()).await {
        Ok(_) => Ok(see_other("/clusters")),
        Err(error) => {
            let (status, errors) = Errors::of_refusal(error, "key")?;
            let c = Chrome::new(&ctx, Nav::Clusters);
            page_with(status, &language_page(&app, c, form, errors, None).await?)
        }
    }
}

pub(super) async fn language_page(
    app: &App,
    c: Chrome,
    form: LanguageForm,
    errors: Errors,
    existing: Option<String>,
) -> Result<LanguagePage, AppError> {
    let found = connections::list(app).await?.into_iter();
    let jenkins = found.filter(|c| c.config.kind() == Kind::Jenkins);
    Ok(LanguagePage {
        c,
        form,
        jenkins: jenkins.map(|c| c.key).collect(),
        errors,
        existing,
    })
}
