//! The pages of people.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State as Shared;
use axum::response::Response;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::{Account, Change, Joining, TOPIC, Wanted};
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, PlatformRole, Scope};
use crate::web::extract::{Ctx, Form, IsPart, Path, Query};
use crate::web::form::shown_by_form;
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::paging::{List, link};
use crate::web::parts::{State, Tone};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "people/list.html")]
struct ListPage {
    c: Chrome,
    part: ListPart,
}

#[derive(Template)]
#[template(path = "people/list_part.html")]
struct ListPart {
    c: Chrome,
    here: String,
    wanted: Wanted,
    people: List<Account>,
    more: Option<String>,
    may_change: bool,
}

impl HtmlSafe for ListPart {}

impl ListPart {
    fn state(&self, account: &Account) -> State {
        state(&self.c, account)
    }

    fn roles(&self, account: &Account) -> String {
        roles(&self.c, &account.roles)
    }

    fn is_role(&self, role: &PlatformRole) -> bool {
        self.wanted.role == role.as_str()
    }

    fn is_narrowed(&self) -> bool {
        let texts = [&self.wanted.q, &self.wanted.role, &self.wanted.state];
        texts.iter().any(|t| !t.is_empty())
    }
}

fn state(c: &Chrome, account: &Account) -> State {
    let (code, since) = super::state(account);
    let tone = match (account.disabled_at, account.password_until) {
        (Some(_), _) => Tone::Hold,
        (None, Some(_)) => Tone::Wait,
        (None, None) => Tone::Ok,
    };
    c.state(tone, c.t(code), since.as_ref())
}

fn roles(c: &Chrome, roles: &[PlatformRole]) -> String {
    let words: Vec<String> = roles.iter().map(|r| c.t(&format!("role-{r}"))).collect();
    words.join(" · ")
}

pub async fn list(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    IsPart(is_part): IsPart,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let people = super::list(&app, &actor, &wanted).await?;
    let address = |after: &str| {
        let pairs = [
            ("q", wanted.q.as_str()),
            ("role", &wanted.role),
            ("state", &wanted.state),
            ("after", after),
        ];
        link("/people", &pairs)
    };
    let part = ListPart {
        c: Chrome::new(&ctx, Nav::People).listening(&app.events, &[TOPIC.to_owned()]),
        here: address(wanted.after.as_deref().unwrap_or_default()),
        more: people.next.as_deref().map(address),
        may_change: may_change(&actor),
        people,
        wanted,
    };
    if is_part {
        return page(&part);
    }
    page(&ListPage {
        c: part.c.clone(),
        part,
    })
}

fn may_change(actor: &Actor) -> bool {
    actor.may(Permission::ManagePeople, Scope::Platform)
}

/// What was typed of somebody; boxes that are ticked are there.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct PersonForm {
    #[serde(default)]
    user: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    roles: Vec<PlatformRole>,
}

#[derive(Template)]
#[template(path = "people/new.html")]
struct NewPage {
    c: Chrome,
    form: PersonForm,
    errors: Errors,
}

#[derive(Template)]
#[template(path = "people/made.html")]
struct MadePage {
    c: Chrome,
    user: String,
    password: String,
    is_new: bool,
}

#[derive(Template)]
#[template(path = "people/show.html")]
struct ShowPage {
    c: Chrome,
    account: Account,
    state: State,
    form: PersonForm,
    errors: Errors,
    may_change: bool,
    /// Nobody changes what they themselves may.
    is_me: bool,
}

pub async fn new(actor: Actor, ctx: Ctx) -> Result<Response, AppError> {
    actor.must(Permission::ManagePeople, Scope::Platform)?;
    page(&NewPage {
        c: Chrome::new(&ctx, Nav::People),
        form: PersonForm::default(),
        errors: Errors::default(),
    })
}

/// The answer is the page with the password itself: it is stored nowhere to be shown again.
pub async fn create(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Form(form): Form<PersonForm>,
) -> Result<Response, AppError> {
    let joining = Joining {
        user: form.user.clone(),
        display_name: form.display_name.clone(),
        roles: form.roles.clone(),
        password: None,
    };
    let c = Chrome::new(&ctx, Nav::People);
    match super::create(&app, &actor, &joining).await {
        Ok(made) => page(&MadePage {
            c,
            user: form.user.trim().to_owned(),
            password: made.map_or_else(String::new, |p| p.expose_secret().to_owned()),
            is_new: true,
        }),
        Err(error) => {
            let (_, errors) = Errors::of_refusal(error.clone(), "user")?;
            Ok(shown(page(&NewPage { c, form, errors })?, &error))
        }
    }
}

pub async fn show(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(user): Path<String>,
) -> Result<Response, AppError> {
    page(&show_page(&app, &actor, &ctx, &user, Errors::default()).await?)
}

async fn show_page(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    user: &str,
    errors: Errors,
) -> Result<ShowPage, AppError> {
    let account = super::get(app, actor, user).await?;
    let c = Chrome::new(ctx, Nav::People);
    Ok(ShowPage {
        state: state(&c, &account).pill(),
        form: PersonForm {
            user: account.user.clone(),
            display_name: account.display_name.clone(),
            roles: account.roles.clone(),
        },
        may_change: may_change(actor),
        is_me: actor.name == account.user,
        account,
        errors,
        c,
    })
}

/// Does it and shows the person, or the form again with what is wrong.
async fn press(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    user: &str,
    change: &Change,
) -> Result<Response, AppError> {
    match super::change(app, actor, user, change).await {
        Ok(_) => Ok(see_other(&format!("/people/{user}"))),
        Err(error) => {
            let (mut errors, sentence) = shown_by_form(&error, "")?;
            if let Some(words) = sentence {
                let field = "roles".to_owned();
                errors.0.push(crate::error::FieldError { field, words });
            }
            let shown_again = show_page(app, actor, ctx, user, errors).await?;
            Ok(shown(page(&shown_again)?, &error))
        }
    }
}

pub async fn update(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(user): Path<String>,
    Form(form): Form<PersonForm>,
) -> Result<Response, AppError> {
    let is_me = actor.name == user;
    let change = Change {
        display_name: Some(form.display_name),
        // One's own boxes are not on the form, which must not read as none.
        roles: (!is_me).then_some(form.roles),
        disabled: None,
    };
    press(&app, &actor, &ctx, &user, &change).await
}

pub async fn disable(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(user): Path<String>,
) -> Result<Response, AppError> {
    let change = Change {
        disabled: Some(true),
        ..Change::default()
    };
    press(&app, &actor, &ctx, &user, &change).await
}

pub async fn enable(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(user): Path<String>,
) -> Result<Response, AppError> {
    let change = Change {
        disabled: Some(false),
        ..Change::default()
    };
    press(&app, &actor, &ctx, &user, &change).await
}

pub async fn reset_password(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(user): Path<String>,
) -> Result<Response, AppError> {
    let made = super::reset_password(&app, &actor, &user).await?;
    page(&MadePage {
        c: Chrome::new(&ctx, Nav::People),
        password: made.expose_secret().to_owned(),
        user,
        is_new: false,
    })
}
