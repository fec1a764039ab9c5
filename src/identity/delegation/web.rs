//! The page on which one says that one is away.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;

use super::{Delegation, DelegationId, Leaving};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::parse;
use crate::web::extract::{Ctx, Form, Path};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "delegation/away.html")]
struct AwayPage {
    c: Chrome,
    all: Vec<Delegation>,
    me: String,
    summary: Option<Summary>,
    form: Section,
}

async fn away_page(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    typed: &Typed,
    errors: &Errors,
) -> Result<AwayPage, AppError> {
    let c = Chrome::new(ctx, Nav::Nowhere);
    let field = |name: &str, code: &str, control| {
        Field::new(&c, name, code, control).filled(&c, typed, errors)
    };
    let form = Section {
        legend: c.t("delegation-new"),
        fields: vec![
            field("deputy", "delegation-deputy", Control::Line),
            field("begins_at", "delegation-begins", Control::Day).optional(&c),
            field("ends_at", "delegation-ends", Control::Day),
        ],
    };
    Ok(AwayPage {
        all: super::mine(app, actor).await?,
        me: actor.name.clone(),
        summary: Summary::of(&c, std::slice::from_ref(&form), errors),
        form,
        c,
    })
}

pub async fn show(Shared(app): Shared<App>, actor: Actor, ctx: Ctx) -> Result<Response, AppError> {
    page(&away_page(&app, &actor, &ctx, &Typed::new(), &Errors::default()).await?)
}

pub async fn begin(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let done = match leaving(&typed) {
        Ok(leaving) => super::begin(&app, &actor, &leaving).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(see_other("/me/away")),
        Err(error) => {
            let (errors, _) = shown_by_form(&error, "")?;
            let again = away_page(&app, &actor, &ctx, &typed, &errors).await?;
            Ok(shown(page(&again)?, &error))
        }
    }
}

/// Days as they are typed, in UTC: from the beginning of the first to the end of the last.
fn leaving(typed: &Typed) -> Result<Leaving, AppError> {
    let text = |name: &str| typed.get(name).map_or("", |t| t.trim());
    let last = parse::midnight(text("ends_at"), 1);
    Ok(Leaving {
        deputy: text("deputy").to_owned(),
        begins_at: parse::time("begins_at", text("begins_at"), 0)?,
        ends_at: last.ok_or_else(|| AppError::field("ends_at", "members-day"))?,
    })
}

pub async fn end(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<DelegationId>,
) -> Result<Response, AppError> {
    super::end(&app, &actor, id).await?;
    Ok(see_other("/me/away"))
}
