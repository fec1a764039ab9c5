//! The page of the switch, and the banner that every page shows while it is set.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Request, State as Shared};
use axum::middleware::Next;
use axum::response::Response;
use serde::Deserialize;

use super::{Halt, Held, Stopping};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::{Ctx, Form};
use crate::web::form::shown_by_form;
use crate::web::layout::{Banner, Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

/// What has to be typed before production stands still.
const CONFIRM: &str = "production";

#[derive(Template)]
#[template(path = "halt/halt.html")]
struct HaltPage {
    c: Chrome,
    halt: Option<Halt>,
    waiting: Vec<Held>,
    form: StopForm,
    errors: Errors,
    /// Why this reader cannot press; `None` for those who may.
    shut: Option<String>,
}

#[derive(Template)]
#[template(path = "web/banner_part.html")]
struct BannerPart {
    c: Chrome,
}

impl HtmlSafe for BannerPart {}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct StopForm {
    #[serde(default)]
    reason: String,
    /// There if the box is ticked.
    #[serde(default)]
    holds_rollbacks: Option<String>,
    #[serde(default)]
    confirm: String,
}

pub async fn show(Shared(app): Shared<App>, actor: Actor, ctx: Ctx) -> Result<Response, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let halt = super::now(&app.db).await?;
    let form = halt.as_ref().map_or_else(StopForm::default, |h| StopForm {
        reason: h.reason.clone(),
        holds_rollbacks: h.holds_rollbacks.then(|| "on".to_owned()),
        confirm: String::new(),
    });
    page(&halt_page(&app, &actor, &ctx, form, Errors::default()).await?)
}

async fn halt_page(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    form: StopForm,
    errors: Errors,
) -> Result<HaltPage, AppError> {
    let c = Chrome::new(ctx, Nav::ProductionStop).listening(&app.events, &[]);
    let may = actor.must(Permission::StopProduction, Scope::Platform);
    Ok(HaltPage {
        halt: super::now(&app.db).await?,
        waiting: super::waiting(app).await?,
        shut: may.err().map(|e| c.w(&e.words())),
        form,
        errors,
        c,
    })
}

/// The confirmation is asked of those who may press at all.
pub async fn stop(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Form(form): Form<StopForm>,
) -> Result<Response, AppError> {
    actor.must(Permission::StopProduction, Scope::Platform)?;
    let is_new = super::now(&app.db).await?.is_none();
    let stopping = Stopping {
        reason: form.reason.clone(),
        holds_rollbacks: form.holds_rollbacks.is_some(),
    };
    let pressed = if is_new && form.confirm.trim() != CONFIRM {
        Err(AppError::field("confirm", "delete-confirm-wrong"))
    } else {
        super::stop(&app, &actor, &stopping).await
    };
    match pressed {
        Ok(()) => Ok(see_other("/production-stop")),
        Err(error) => {
            let (errors, _) = shown_by_form(&error, "")?;
            let part = halt_page(&app, &actor, &ctx, form, errors).await?;
            Ok(shown(page(&part)?, &error))
        }
    }
}

pub async fn lift(Shared(app): Shared<App>, actor: Actor) -> Result<Response, AppError> {
    super::lift(&app, &actor).await?;
    Ok(see_other("/production-stop"))
}

/// The banner alone, which open pages fetch when the switch moves.
pub async fn banner(
    Shared(app): Shared<App>,
    _actor: Actor,
    ctx: Ctx,
) -> Result<Response, AppError> {
    let mut c = Chrome::new(&ctx, Nav::Nowhere);
    c.banner = super::now(&app.db).await?.map(|h| banner_of(&h));
    page(&BannerPart { c })
}

/// Looks whether production stands still: for the banner, and for buttons that are shut by it.
pub async fn look_for_banner(
    Shared(app): Shared<App>,
    ctx: Ctx,
    request: Request,
    next: Next,
) -> Response {
    match super::shown(&app).await {
        Ok(Some(halt)) => drop(ctx.banner.set(banner_of(&halt))),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "cannot look whether production is stopped"),
    }
    next.run(request).await
}

fn banner_of(halt: &Halt) -> Banner {
    Banner {
        words: halt.words("production-stop-banner"),
        since: halt.since,
    }
}
