//! What I want to be told by mail.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use secrecy::SecretString;
use serde::Deserialize;

use super::form::{Choice, choices, chosen, home_zone, of_projects};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Actor;
use crate::news::Happening;
use crate::notifications::people::{self, Wishes};
use crate::notifications::reaches_people;
use crate::web::extract::{Ctx, Form, Query};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "notifications/me.html")]
struct MePage {
    c: Chrome,
    /// Whether operations have set up a server for this.
    reaches: bool,
    saved: bool,
    choices: Vec<Choice>,
    way: Section,
    quiet: Section,
    summary: Option<Summary>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    #[serde(default)]
    saved: bool,
}

/// `GET /me/notices`
pub async fn show(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Query(query): Query<Saved>,
) -> Result<Response, AppError> {
    let typed = match people::mine(&app, &actor).await? {
        Some((_, wishes)) => typed(&wishes),
        None => [("time_zone".to_owned(), home_zone(&app).to_owned())].into(),
    };
    let me = me_page(&app, &ctx, &typed, &Errors::default(), None).await?;
    page(&MePage {
        saved: query.saved,
        ..me
    })
}

async fn me_page(
    app: &App,
    ctx: &Ctx,
    typed: &Typed,
    errors: &Errors,
    sentence: Option<&Words>,
) -> Result<MePage, AppError> {
    let c = Chrome::new(ctx, Nav::Nowhere);
    let field = |name: &str, code: &str, control: Control| {
        Field::new(&c, name, code, control).filled(&c, typed, errors)
    };
    let way = Section {
        legend: c.t("my-notices-way"),
        fields: vec![
            field("address", "my-notices-address", Control::Line),
            field("current", "my-notices-password", Control::Password),
        ],
    };
    let through = "my-notices-breaks-through";
    let quiet = Section {
        legend: c.t("my-notices-quiet"),
        fields: vec![
            field("quiet_from", "my-notices-from", Control::Line).optional(&c),
            field("quiet_to", "my-notices-to", Control::Line).optional(&c),
            field("time_zone", "notice-time-zone", Control::Line),
            field("breaks_through", through, Control::Check),
        ],
    };
    let sections = [way, quiet];
    let summary = match sentence {
        Some(words) => Some(Summary::sentence(&c, words)),
        None => Summary::of(&c, &sections, errors),
    };
    let [way, quiet] = sections;
    let offered = match c.me.as_ref().is_some_and(|me| !me.roles.is_empty()) {
        true => Happening::ALL.to_vec(),
        false => of_projects(),
    };
    Ok(MePage {
        reaches: reaches_people(app).await?,
        saved: false,
        choices: choices(&c, &offered, typed),
        way,
        quiet,
        summary,
        c,
    })
}

fn typed(wishes: &Wishes) -> Typed {
    let on = |h: &Happening| (format!("event-{h}"), "true".to_owned());
    let mut typed: Typed = wishes.events.iter().map(on).collect();
    let through = wishes.breaks_through.then(|| "true".to_owned());
    let fields = [
        ("address", Some(wishes.address.clone())),
        ("quiet_from", wishes.quiet_from.clone()),
        ("quiet_to", wishes.quiet_to.clone()),
        ("time_zone", Some(wishes.time_zone.clone())),
        ("breaks_through", through),
    ];
    let filled = fields.into_iter().filter_map(|(k, v)| Some((k, v?)));
    typed.extend(filled.map(|(k, v)| (k.to_owned(), v)));
    typed
}

/// `POST /me/notices`
pub async fn save(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Form(mut typed): Form<Typed>,
) -> Result<Response, AppError> {
    let password = typed.remove("current").filter(|p| !p.is_empty());
    let password = password.map(SecretString::from);
    let text = |name: &str| typed.get(name).cloned();
    let wishes = Wishes {
        address: text("address").unwrap_or_default(),
        events: chosen(&typed),
        quiet_from: text("quiet_from").filter(|t| !t.trim().is_empty()),
        quiet_to: text("quiet_to").filter(|t| !t.trim().is_empty()),
        time_zone: text("time_zone").unwrap_or_default(),
        breaks_through: typed.contains_key("breaks_through"),
    };
    match people::put(&app, &actor, &wishes, password.as_ref()).await {
        Ok(()) => Ok(see_other("/me/notices?saved=true")),
        Err(error) => {
            let (errors, sentence) = shown_by_form(&error, "")?;
            let me = me_page(&app, &ctx, &typed, &errors, sentence.as_ref()).await?;
            Ok(shown(page(&me)?, &error))
        }
    }
}
