//! One resource: what it is, where it is, whose, what became of it.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::edit::lines;
use super::{icon, sizes, state};
use crate::app::App;
use crate::audit;
use crate::error::{AppError, FieldError};
use crate::identity::{Actor, Permission, Scope};
use crate::requests::{self, Filing};
use crate::resources::{self, Making, Resource, State};
use crate::web::extract::{Ctx, Form, Path};
use crate::web::form::{Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::parts;
use crate::web::problem::shown;

/// Entries of its history; the trail has the rest.
const HISTORY: i64 = 50;

#[derive(Template)]
#[template(path = "resources/show.html")]
struct ShowPage {
    c: Chrome,
    resource: Resource,
    title: parts::State,
    sizes: Vec<(String, String)>,
    history: Vec<audit::Row>,
    /// Whether the reader keeps resources.
    keeps: bool,
    /// Whether the reader may ask that it be retired.
    may_ask: bool,
    typed: Typed,
    errors: Errors,
}

impl ShowPage {
    fn icon(&self) -> parts::Icon {
        self.c.i(icon(self.resource.kind))
    }

    fn is_asked(&self) -> bool {
        self.resource.state == State::Asked
    }

    fn is_over(&self) -> bool {
        self.resource.state == State::Retired
    }

    fn typed(&self, name: &str) -> &str {
        self.typed.get(name).map_or("", String::as_str)
    }

    fn did(&self, row: &audit::Row) -> String {
        self.c.t(&row.action.replace('.', "-did-"))
    }
}

/// `GET /resources/{n}`
pub async fn show(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(number): Path<i64>,
) -> Result<Response, AppError> {
    let resource = resources::by_number(&app, &actor, number).await?;
    let none = (Typed::new(), Errors::default());
    page(&show_page(&app, &actor, &ctx, resource, none).await?)
}

async fn show_page(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    resource: Resource,
    (typed, errors): (Typed, Errors),
) -> Result<ShowPage, AppError> {
    let c = Chrome::new(ctx, nav(actor));
    Ok(ShowPage {
        title: state(&c, &resource).pill(),
        sizes: sizes(&c, &resource),
        history: audit::history(app, resource.id.0, HISTORY).await?,
        keeps: actor.may(Permission::KeepResources, Scope::Platform),
        may_ask: actor.may(Permission::FileRequest, Scope::Project(resource.project_id)),
        resource,
        typed,
        errors,
        c,
    })
}

/// Who looks after the platform finds resources there, everybody else beside their projects.
#[must_use]
pub fn nav(actor: &Actor) -> Nav {
    match actor.may(Permission::ViewPlatform, Scope::Platform) {
        true => Nav::Resources,
        false => Nav::Projects,
    }
}

/// `POST /resources/{n}/making`
pub async fn make(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(number): Path<i64>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let resource = resources::by_number(&app, &actor, number).await?;
    actor.must(Permission::KeepResources, Scope::Platform)?;
    let text = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let making = Making {
        addresses: lines(&text("addresses")),
        site: text("site"),
        keeper: text("keeper"),
    };
    let done = resources::make(&app, &actor, &resource, &making).await;
    answer(&app, &actor, &ctx, resource, (typed, done)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhyForm {
    #[serde(default)]
    reason: String,
}

impl WhyForm {
    fn typed(&self) -> Typed {
        Typed::from([("reason".to_owned(), self.reason.clone())])
    }
}

/// `POST /resources/{n}/retirement`
pub async fn retire(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(number): Path<i64>,
    Form(why): Form<WhyForm>,
) -> Result<Response, AppError> {
    let resource = resources::by_number(&app, &actor, number).await?;
    actor.must(Permission::KeepResources, Scope::Platform)?;
    let done = resources::retire(&app, &actor, &resource, &why.reason).await;
    answer(&app, &actor, &ctx, resource, (why.typed(), done)).await
}

/// `POST /resources/{n}/retirement-request`: members ask, operations decide.
pub async fn ask_retirement(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(number): Path<i64>,
    Form(why): Form<WhyForm>,
) -> Result<Response, AppError> {
    let resource = resources::by_number(&app, &actor, number).await?;
    let parameters = json!({ "resource": number, "reason": why.reason });
    match requests::file(&app, &actor, Filing::of("retirement", parameters)).await {
        Ok(request) => Ok(see_other(&format!("/requests/{request}"))),
        Err(error) => {
            let done = Err(error);
            answer(&app, &actor, &ctx, resource, (why.typed(), done)).await
        }
    }
}

async fn answer(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    resource: Resource,
    (typed, done): (Typed, Result<(), AppError>),
) -> Result<Response, AppError> {
    let Err(error) = done else {
        return Ok(see_other(&format!("/resources/{}", resource.number)));
    };
    let (mut errors, sentence) = shown_by_form(&error, "parameters.")?;
    if let Some(words) = sentence {
        let field = "reason".to_owned();
        errors.0.push(FieldError { field, words });
    }
    let again = show_page(app, actor, ctx, resource, (typed, errors)).await?;
    Ok(shown(page(&again)?, &error))
}
