//! The page after a sign-in with a temporary password: nobody is in until they chose their own.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use secrecy::SecretString;
use serde::Deserialize;
use tower_sessions::Session;

use crate::app::App;
use crate::error::AppError;
use crate::identity::{Temporary, web};
use crate::web::extract::{Ctx, Form, session_error};
use crate::web::form::shown_by_form;
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

/// Who has shown a temporary password; with this alone nobody is signed in.
pub const CHOOSING: &str = "choosing";

#[derive(Template)]
#[template(path = "people/choose.html")]
struct ChoosePage {
    c: Chrome,
    errors: Errors,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChooseForm {
    password: SecretString,
}

async fn who(session: &Session) -> Result<Temporary, AppError> {
    let id: Option<Temporary> = session.get(CHOOSING).await.map_err(session_error)?;
    id.ok_or(AppError::Unauthorized)
}

fn choose_page(ctx: &Ctx, errors: Errors) -> Result<Response, AppError> {
    let c = Chrome::new(ctx, Nav::Nowhere);
    page(&ChoosePage { c, errors })
}

pub async fn form(ctx: Ctx, session: Session) -> Result<Response, AppError> {
    who(&session).await?;
    choose_page(&ctx, Errors::default())
}

pub async fn choose(
    Shared(app): Shared<App>,
    ctx: Ctx,
    session: Session,
    Form(form): Form<ChooseForm>,
) -> Result<Response, AppError> {
    let shown_before = who(&session).await?;
    match super::choose_password(&app, &shown_before, &form.password, &ctx.origin()).await {
        Ok(()) => {
            session
                .remove::<Temporary>(CHOOSING)
                .await
                .map_err(session_error)?;
            web::open_session(&session, shown_before.account).await?;
            Ok(see_other("/"))
        }
        Err(error) => {
            let (errors, _) = shown_by_form(&error, "")?;
            Ok(shown(choose_page(&ctx, errors)?, &error))
        }
    }
}
