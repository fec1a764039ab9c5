//! Guard rails in the help, for everybody, and what is overruled, for operations.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;

use super::{Override, Overriding, RAILS, Rail, Severity};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::{Ctx, Form, Path};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "standards/rails_help.html")]
struct HelpPage {
    c: Chrome,
    rails: &'static [Rail],
}

#[derive(Template)]
#[template(path = "standards/rail.html")]
struct RailPage {
    c: Chrome,
    rail: &'static Rail,
}

/// `GET /help/rails`
pub async fn help(_: Actor, ctx: Ctx) -> Result<Response, AppError> {
    page(&HelpPage {
        c: Chrome::new(&ctx, Nav::Nowhere),
        rails: RAILS,
    })
}

#[derive(Deserialize)]
pub struct RailPath {
    rail: String,
}

/// `GET /help/rails/{rail}`
pub async fn explain(_: Actor, ctx: Ctx, Path(path): Path<RailPath>) -> Result<Response, AppError> {
    let rail = Rail::find(&path.rail).ok_or(AppError::NotFound)?;
    page(&RailPage {
        c: Chrome::new(&ctx, Nav::Nowhere),
        rail,
    })
}

#[derive(Template)]
#[template(path = "standards/overrides.html")]
struct OverridesPage {
    c: Chrome,
    overrides: Vec<Override>,
    form: Section,
    /// Why this person may only look.
    shut: Option<String>,
    summary: Option<Summary>,
}

impl OverridesPage {
    fn title(&self, rail: &str) -> String {
        Rail::find(rail).map_or_else(|| rail.to_owned(), |r| self.c.t(&r.code("")))
    }
}

/// `GET /standards/rails`
pub async fn overrides(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
) -> Result<Response, AppError> {
    let typed = Typed::from([("component".to_owned(), "main".to_owned())]);
    page(&overrides_page(&app, &actor, &ctx, &typed, &Errors::default(), None).await?)
}

/// `POST /standards/rails`
pub async fn overrule(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let text = |name: &str| typed.get(name).map_or("", |t| t.trim()).to_owned();
    let asked = Overriding {
        rail: text("rail"),
        project: text("project"),
        environment: text("environment"),
        component: text("component"),
        reason: text("reason"),
    };
    match super::overrule(&app, &actor, &asked).await {
        Ok(_) => Ok(see_other("/standards/rails")),
        Err(error) => {
            let (errors, words) = shown_by_form(&error, "")?;
            let again = overrides_page(&app, &actor, &ctx, &typed, &errors, words.as_ref());
            Ok(shown(page(&again.await?)?, &error))
        }
    }
}

#[derive(Deserialize)]
pub struct OverridePath {
    id: super::overrides::OverrideId,
}

/// `POST /standards/rails/{id}/end`
pub async fn end(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(path): Path<OverridePath>,
) -> Result<Response, AppError> {
    super::end(&app, &actor, path.id).await?;
    Ok(see_other("/standards/rails"))
}

async fn overrides_page(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    typed: &Typed,
    errors: &Errors,
    sentence: Option<&Words>,
) -> Result<OverridesPage, AppError> {
    let overrides = super::live(app, actor).await?;
    let c = Chrome::new(ctx, Nav::Standards);
    let rails = RAILS.iter().filter(|r| r.can_be_overruled());
    let rails = rails.map(|r| (r.id.to_owned(), c.t(&r.code(""))));
    let fields = [
        ("rail", "override-rail", Control::Choose(rails.collect())),
        ("project", "override-project", Control::Line),
        ("environment", "override-environment", Control::Line),
        ("component", "override-component", Control::Line),
        ("reason", "override-reason", Control::Text),
    ];
    let field =
        |(name, code, control)| Field::new(&c, name, code, control).filled(&c, typed, errors);
    let form = Section {
        legend: c.t("override-new"),
        fields: fields.map(field).into(),
    };
    let may = actor.must(Permission::HandleRequests, Scope::Platform);
    Ok(OverridesPage {
        summary: match sentence {
            Some(words) => Some(Summary::sentence(&c, words)),
            None => Summary::of(&c, std::slice::from_ref(&form), errors),
        },
        shut: may.err().map(|e| c.w(&e.words())),
        overrides,
        form,
        c,
    })
}
