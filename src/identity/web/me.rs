//! One's own page: who I am, tokens, sessions, password.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tower_sessions::Session;

use super::open_session;
use super::token::{self, MadeToken, TokenRows};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::error::{AppError, Words};
use crate::identity::tokens;
use crate::identity::{Actor, TokenId, change_password};
use crate::web::extract::{Ctx, Form, Path};
use crate::web::form::{Control, Field, Section, Summary, Typed};
use crate::web::layout::{Chrome, Errors, Nav, page, page_with, see_other};
use crate::web::problem::shown;
use crate::web::session::{self, Open};

#[derive(Template)]
#[template(path = "identity/me.html")]
struct MePage {
    c: Chrome,
    me: Actor,
    roles: String,
    tokens: TokenRows,
    sessions: Vec<(Open, bool)>,
    made: Option<MadeToken>,
    summary: Option<Summary>,
    token: Section,
    password: Section,
}

/// What a form was filled with, and what is wrong with it.
#[derive(Default)]
struct Filled<'a> {
    typed: Typed,
    errors: Errors,
    sentence: Option<&'a Words>,
    made: Option<&'a SecretString>,
}

impl Filled<'_> {
    fn fresh() -> Self {
        Self {
            typed: token::fresh(),
            ..Self::default()
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordForm {
    current: SecretString,
    password: SecretString,
}

/// `GET /me`
pub async fn me(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    session: Session,
) -> Result<Response, AppError> {
    page(&me_page(&app, &actor, &ctx, &session, Filled::fresh()).await?)
}

async fn me_page(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    session: &Session,
    filled: Filled<'_>,
) -> Result<MePage, AppError> {
    let c = Chrome::new(ctx, Nav::Nowhere);
    let here = session.id().map(session::key);
    let open = session::of_account(&app.db, actor.id.0).await?;
    let is_here = |o: &Open| here.as_ref() == Some(&o.key);
    let (token, password) = (token_form(&c, &filled), password_form(&c, &filled));
    let both = [token.clone(), password.clone()];
    Ok(MePage {
        roles: roles(&c, actor),
        tokens: TokenRows {
            c: c.clone(),
            tokens: tokens::mine(app, actor).await?,
            base: "/me/tokens".to_owned(),
            of_programs: false,
        },
        sessions: open.into_iter().map(|o| (o.clone(), is_here(&o))).collect(),
        made: filled.made.map(|t| MadeToken::of(&c, t)),
        summary: match filled.sentence {
            Some(words) => Some(Summary::sentence(&c, words)),
            None => Summary::of(&c, &both, &filled.errors),
        },
        me: actor.clone(),
        token,
        password,
        c,
    })
}

fn roles(c: &Chrome, actor: &Actor) -> String {
    let words = actor.roles.iter().map(|r| c.t(&format!("role-{r}")));
    words.collect::<Vec<_>>().join(" · ")
}

fn token_form(c: &Chrome, filled: &Filled<'_>) -> Section {
    let fill = |f: Field| f.filled(c, &filled.typed, &filled.errors);
    Section {
        legend: c.t("token-new"),
        fields: token::fields(c).into_iter().map(fill).collect(),
    }
}

fn password_form(c: &Chrome, filled: &Filled<'_>) -> Section {
    let field = |name: &str, code: &str| {
        let field = Field::new(c, name, code, Control::Password);
        field.filled(c, &filled.typed, &filled.errors)
    };
    Section {
        legend: c.t("password-change"),
        fields: vec![
            field("current", "password-current"),
            field("password", "password-new"),
        ],
    }
}

/// `POST /me/tokens`: the answer is the one page that shows the token.
pub async fn create_token(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    session: Session,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    match tokens::create(&app, &actor, &token::wanted(&typed)).await {
        Ok((_, made)) => {
            let made = Filled {
                made: Some(&made),
                ..Filled::fresh()
            };
            let me = me_page(&app, &actor, &ctx, &session, made).await?;
            page_with(StatusCode::CREATED, &me)
        }
        Err(error) => refuse(&app, &actor, &ctx, &session, typed, error).await,
    }
}

/// `POST /me/tokens/{id}/revocation`
pub async fn revoke_token(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<TokenId>,
) -> Result<Response, AppError> {
    tokens::revoke(&app, &actor, id).await?;
    Ok(see_other("/me"))
}

/// `POST /me/sessions/{key}/revocation`
pub async fn revoke_session(
    State(app): State<App>,
    actor: Actor,
    Path(key): Path<String>,
) -> Result<Response, AppError> {
    actor.must_be_signed_in()?;
    let mut tx = app.db.begin().await?;
    if !session::revoke(tx.connection(), actor.id.0, &key).await? {
        return Err(AppError::NotFound);
    }
    let entry = Entry::done("session.delete", "account", &actor.name);
    audit::record(&mut tx, &entry, &Origin::from(&actor)).await?;
    tx.commit().await?;
    Ok(see_other("/me"))
}

/// `POST /me/password`: every other session ends.
pub async fn set_password(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    session: Session,
    Form(form): Form<PasswordForm>,
) -> Result<Response, AppError> {
    match change_password(&app, &actor, &form.current, &form.password).await {
        Ok(()) => {
            open_session(&session, actor.id).await?;
            Ok(see_other("/me"))
        }
        Err(error) => {
            // What was typed is not repeated, only that something was.
            let typed = [("current", &form.current), ("password", &form.password)];
            let typed = typed.map(|(name, value)| {
                let some = !value.expose_secret().is_empty();
                (name.to_owned(), if some { "•" } else { "" }.to_owned())
            });
            refuse(&app, &actor, &ctx, &session, BTreeMap::from(typed), error).await
        }
    }
}

async fn refuse(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    session: &Session,
    typed: Typed,
    error: AppError,
) -> Result<Response, AppError> {
    let (errors, sentence) = token::wrong(&error)?;
    let filled = Filled {
        typed,
        errors,
        sentence: sentence.as_ref(),
        made: None,
    };
    let me = me_page(app, actor, ctx, session, filled).await?;
    Ok(shown(page(&me)?, &error))
}
