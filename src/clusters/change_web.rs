//! The forms that change environments and languages, and the typed word that deletes.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::environments_web::{EnvironmentForm, LanguageForm, environment_page, language_page};
use super::{Environment, Language};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::{Ctx, Form, Path};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

/// The name of what is to go, typed once more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteForm {
    #[serde(default)]
    confirm: String,
}

impl DeleteForm {
    /// # Errors
    /// Another word than the name.
    pub fn must_name(&self, key: &str) -> Result<(), AppError> {
        if self.confirm.trim() == key {
            Ok(())
        } else {
            Err(AppError::field("confirm", "delete-confirm-wrong"))
        }
    }
}

async fn environment(app: &App, actor: &Actor, key: &str) -> Result<Environment, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    let found = super::environment_by_key(app, key).await?;
    found.ok_or(AppError::NotFound)
}

pub async fn show_environment(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
) -> Result<Response, AppError> {
    let found = environment(&app, &actor, &key).await?;
    let form = EnvironmentForm::from(&found);
    let c = Chrome::new(&ctx, Nav::Clusters);
    page(&environment_page(&app, c, form, Errors::default(), Some(found.key)).await?)
}

async fn refused_environment(
    app: &App,
    ctx: &Ctx,
    (found, form): (Environment, EnvironmentForm),
    error: AppError,
    field: &str,
) -> Result<Response, AppError> {
    let (_, errors) = Errors::of_refusal(error.clone(), field)?;
    let c = Chrome::new(ctx, Nav::Clusters);
    let again = environment_page(app, c, form, errors, Some(found.key)).await?;
    Ok(shown(page(&again)?, &error))
}

pub async fn update_environment(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
    Form(form): Form<EnvironmentForm>,
) -> Result<Response, AppError> {
    let found = environment(&app, &actor, &key).await?;
    let draft = form.draft();
    match super::update_environment(&app, found.id, &draft, &ctx.origin()).await {
        Ok(_) => Ok(see_other("/clusters")),
        Err(error) => refused_environment(&app, &ctx, (found, form), error, "clusters").await,
    }
}

pub async fn delete_environment(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
    Form(form): Form<DeleteForm>,
) -> Result<Response, AppError> {
    let found = environment(&app, &actor, &key).await?;
    let done = match form.must_name(&found.key) {
        Ok(()) => super::delete_environment(&app, found.id, &ctx.origin()).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(see_other("/clusters")),
        Err(error) => {
            let form = EnvironmentForm::from(&found);
            refused_environment(&app, &ctx, (found, form), error, "confirm").await
        }
    }
}

async fn language(app: &App, actor: &Actor, key: &str) -> Result<Language, AppError> {
    actor.must(Permission::ManageClusters, Scope::Platform)?;
    let found = super::language_by_key(app, key).await?;
    found.ok_or(AppError::NotFound)
}

pub async fn show_language(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
) -> Result<Response, AppError> {
    let found = language(&app, &actor, &key).await?;
    let form = LanguageForm::from(&found);
    let c = Chrome::new(&ctx, Nav::Clusters);
    page(&language_page(&app, c, form, Errors::default(), Some(found.key)).await?)
}

async fn refused_language(
    app: &App,
    ctx: &Ctx,
    (found, form): (Language, LanguageForm),
    error: AppError,
    field: &str,
) -> Result<Response, AppError> {
    let (_, errors) = Errors::of_refusal(error.clone(), field)?;
    let c = Chrome::new(ctx, Nav::Clusters);
    let again = language_page(app, c, form, errors, Some(found.key)).await?;
    Ok(shown(page(&again)?, &error))
}

pub async fn update_language(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
    Form(form): Form<LanguageForm>,
) -> Result<Response, AppError> {
    let found = language(&app, &actor, &key).await?;
    match super::update_language(&app, found.id, &form.draft(), &ctx.origin()).await {
        Ok(_) => Ok(see_other("/clusters")),
        Err(error) => refused_language(&app, &ctx, (found, form), error, "key").await,
    }
}

pub async fn delete_language(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
    Form(form): Form<DeleteForm>,
) -> Result<Response, AppError> {
    let found = language(&app, &actor, &key).await?;
    let done = match form.must_name(&found.key) {
        Ok(()) => super::delete_language(&app, found.id, &ctx.origin()).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(see_other("/clusters")),
        Err(error) => {
            let form = LanguageForm::from(&found);
            refused_language(&app, &ctx, (found, form), error, "confirm").await
        }
    }
}
