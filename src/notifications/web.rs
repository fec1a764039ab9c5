//! The pages of channels, as operations see them.

pub mod form;
pub mod me;
pub mod project;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;

use super::message::Told;
use super::{Channel, Health, Kind, Shown, State};
use crate::app::App;
use crate::cron::Cron;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::{Ctx, Form, IsPart, Path, Query};
use crate::web::form::{Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::parts::{self, Tone};
use crate::web::problem::shown;
use crate::web::text::Locale;
use form::{ChannelForm, Filled};

#[derive(Template)]
#[template(path = "notifications/list.html")]
struct ListPage {
    c: Chrome,
    part: ListPart,
}

#[derive(Template)]
#[template(path = "notifications/list_part.html")]
struct ListPart {
    c: Chrome,
    rows: Vec<Channel>,
    shut: Option<String>,
}

#[derive(Template)]
#[template(path = "notifications/new.html")]
struct NewPage {
    c: Chrome,
    kind: Kind,
    form: ChannelForm,
}

#[derive(Template)]
#[template(path = "notifications/show.html")]
struct ShowPage {
    c: Chrome,
    channel: Channel,
    form: ChannelForm,
    part: HealthPart,
    shut: Option<String>,
}

/// How a channel does, and the last messages on it: what moves on its page.
#[derive(Template)]
#[template(path = "notifications/health_part.html")]
struct HealthPart {
    c: Chrome,
    channel: Channel,
    /// When it is told what waits: in words, and the next few times.
    cron: Option<Words>,
    next: Vec<String>,
    last: Vec<Shown>,
    shut: Option<String>,
}

impl HtmlSafe for ListPart {}
impl HtmlSafe for HealthPart {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewQuery {
    kind: Option<Kind>,
}

impl Kind {
    /// The message code of its name.
    #[must_use]
    pub fn code(self) -> String {
        format!("notice-kind-{self}")
    }

    /// The message code of what is good to know of it.
    #[must_use]
    pub fn hint(self) -> String {
        format!("notice-hint-{self}")
    }
}

impl Chrome {
    /// How a way of telling does, in words with a time.
    #[must_use]
    pub fn notice_state(&self, health: &Health) -> parts::State {
        match (health.failures > 0, health.succeeded_at.as_ref()) {
            (true, _) => {
                let word = self.t("notice-state-fails");
                self.state(Tone::Fail, word, health.failed_at.as_ref())
            }
            (false, Some(_)) => self.state(Tone::Ok, self.t("notice-state-works"), None),
            (false, None) => self.state(Tone::Idle, self.t("notice-state-unused"), None),
        }
    }

    /// What a message is about, in one line.
    #[must_use]
    pub fn told(&self, told: &Told) -> String {
        told.headline(self.locale)
    }

    /// What became of one message.
    #[must_use]
    pub fn delivery_state(&self, shown: &Shown) -> parts::State {
        let tone = match shown.state {
            State::Sent => Tone::Ok,
            State::GivenUp => Tone::Fail,
            State::Waiting => Tone::Wait,
        };
        let word = self.t(&format!("notice-delivery-{}", shown.state));
        let at = shown.ended_at.unwrap_or(shown.created_at);
        self.state(tone, word, Some(&at))
    }
}

fn shut(c: &Chrome, actor: &Actor) -> Option<String> {
    let may = actor.must(Permission::ManageNotices, Scope::Platform);
    may.err().map(|e| c.w(&e.words()))
}

fn must_manage(actor: &Actor) -> Result<(), AppError> {
    actor.must(Permission::ManageNotices, Scope::Platform)
}

/// `GET /notices`
pub async fn list(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    IsPart(is_part): IsPart,
) -> Result<Response, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let c = Chrome::new(&ctx, Nav::Notices).listening(&app.events, &[super::TOPIC.to_owned()]);
    let part = ListPart {
        rows: super::list(&app, None).await?,
        shut: shut(&c, &actor),
        c: c.clone(),
    };
    if is_part {
        page(&part)
    } else {
        page(&ListPage { c, part })
    }
}

/// `GET /notices/new`
pub async fn new(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Query(query): Query<NewQuery>,
) -> Result<Response, AppError> {
    must_manage(&actor)?;
    let kind = query.kind.unwrap_or(Kind::Mail);
    let filled = Filled::fresh(&app, ctx.locale);
    new_page(&ctx, kind, &filled)
}

fn new_page(ctx: &Ctx, kind: Kind, filled: &Filled) -> Result<Response, AppError> {
    let c = Chrome::new(ctx, Nav::Notices);
    let form = ChannelForm::new(&c, kind, None, filled);
    page(&NewPage { c, kind, form })
}

/// `POST /notices`
pub async fn create(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    must_manage(&actor)?;
    let kind = form::kind(&typed)?;
    let draft = form::draft(kind, &typed)?;
    match super::create(&app, &actor, None, &draft).await {
        Ok(_) => Ok(see_other(&format!("/notices/{}", draft.key.trim()))),
        Err(error) => {
            let filled = refused(typed, &error)?;
            Ok(shown(new_page(&ctx, kind, &filled)?, &error))
        }
    }
}

fn refused(typed: Typed, error: &AppError) -> Result<Filled, AppError> {
    let (errors, sentence) = shown_by_form(error, "")?;
    Ok(Filled {
        typed,
        errors,
        sentence,
    })
}

/// `GET /notices/{key}`
pub async fn show(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    IsPart(is_part): IsPart,
    Path(key): Path<String>,
) -> Result<Response, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let channel = super::find_by_key(&app, &key).await?;
    if is_part {
        let c = Chrome::new(&ctx, Nav::Notices);
        return page(&health_part(&app, &actor, c, channel).await?);
    }
    let filled = Filled {
        typed: form::typed(&channel),
        errors: Errors::default(),
        sentence: None,
    };
    show_page(&app, &actor, &ctx, channel, &filled).await
}

/// The next few times on the channel's own clock.
fn next_times(c: &Chrome, cron: &Cron) -> Vec<String> {
    let format = match c.locale {
        Locale::En => "%a %-d %b, %H:%M",
        Locale::ZhCn => "%-m月%-d日 %H:%M",
    };
    let times = cron.next(c.now, 3).into_iter();
    let shown = times.map(|at| cron.clock(at).strftime(format).to_string());
    shown.collect()
}

async fn health_part(
    app: &App,
    actor: &Actor,
    c: Chrome,
    channel: Channel,
) -> Result<HealthPart, AppError> {
    let cron = channel.cron();
    Ok(HealthPart {
        cron: cron.as_ref().map(Cron::words),
        next: cron.map_or_else(Vec::new, |cron| next_times(&c, &cron)),
        last: super::last(app, channel.id).await?,
        shut: shut(&c, actor),
        channel,
        c,
    })
}

async fn show_page(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    channel: Channel,
    filled: &Filled,
) -> Result<Response, AppError> {
    let c = Chrome::new(ctx, Nav::Notices).listening(&app.events, &[super::TOPIC.to_owned()]);
    let part = health_part(app, actor, c.clone(), channel.clone()).await?;
    page(&ShowPage {
        form: ChannelForm::new(&c, channel.kind, Some(&channel), filled),
        shut: shut(&c, actor),
        part,
        channel,
        c,
    })
}

/// `POST /notices/{key}`
pub async fn update(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    must_manage(&actor)?;
    let before = super::find_by_key(&app, &key).await?;
    let draft = form::draft(before.kind, &typed)?;
    match super::update(&app, &actor, &before, &draft).await {
        Ok(()) => Ok(see_other(&format!("/notices/{}", draft.key.trim()))),
        Err(error) => {
            let filled = refused(typed, &error)?;
            let page = show_page(&app, &actor, &ctx, before, &filled).await?;
            Ok(shown(page, &error))
        }
    }
}

/// `POST /notices/{key}/test`
pub async fn test(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(key): Path<String>,
) -> Result<Response, AppError> {
    must_manage(&actor)?;
    let channel = super::find_by_key(&app, &key).await?;
    super::test(&app, &actor, &channel).await?;
    Ok(see_other(&format!("/notices/{key}")))
}

/// `POST /notices/{key}/again`
pub async fn again(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(key): Path<String>,
) -> Result<Response, AppError> {
    must_manage(&actor)?;
    let channel = super::find_by_key(&app, &key).await?;
    super::again(&app, &actor, &channel).await?;
    Ok(see_other(&format!("/notices/{key}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteForm {
    confirm: String,
}

/// `POST /notices/{key}/delete`: the name must be typed, because what waits goes too.
pub async fn delete(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
    Form(typed): Form<DeleteForm>,
) -> Result<Response, AppError> {
    must_manage(&actor)?;
    let channel = super::find_by_key(&app, &key).await?;
    if typed.confirm.trim() == channel.key {
        super::delete(&app, &actor, &channel).await?;
        return Ok(see_other("/notices"));
    }
    let error = AppError::field("confirm", "delete-confirm-wrong");
    let filled = Filled {
        typed: form::typed(&channel),
        errors: Errors::default(),
        sentence: Some(Words::new("delete-confirm-wrong")),
    };
    let page = show_page(&app, &actor, &ctx, channel, &filled).await?;
    Ok(shown(page, &error))
}
