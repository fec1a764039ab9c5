//! Tokens of a project's programs on a page, for its owners and operations.

use askama::Template;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::SecretString;
use serde::Deserialize;

use super::{Frame, Tab};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::web::token::{self, MadeToken, TokenRows};
use crate::identity::{Permission, ProjectRole, TokenId, tokens};
use crate::projects::ProjectAccess;
use crate::projects::tokens::make;
use crate::web::extract::{Ctx, Form, Path};
use crate::web::form::{Control, Field, Section, Summary, Typed};
use crate::web::layout::{Chrome, Errors, Nav, page, page_with, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "projects/programs.html")]
struct ProgramsPage {
    c: Chrome,
    f: Frame,
    rows: TokenRows,
    made: Option<MadeToken>,
    summary: Option<Summary>,
    form: Section,
}

#[derive(Default)]
struct Filled<'a> {
    typed: Typed,
    errors: Errors,
    sentence: Option<Words>,
    made: Option<&'a SecretString>,
}

impl Filled<'_> {
    fn fresh() -> Self {
        let mut typed = token::fresh();
        typed.insert("role".to_owned(), ProjectRole::Developer.to_string());
        Self {
            typed,
            ..Self::default()
        }
    }
}

/// `GET /projects/{key}/programs`
pub async fn show(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
) -> Result<Response, AppError> {
    access.must(Permission::ManageProjectTokens)?;
    page(&programs_page(&app, &access, &ctx, Filled::fresh()).await?)
}

async fn programs_page(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    filled: Filled<'_>,
) -> Result<ProgramsPage, AppError> {
    let c = Chrome::new(ctx, Nav::Projects);
    let form = form(&c, &filled);
    Ok(ProgramsPage {
        f: Frame::new(&access.project, Tab::Settings),
        rows: TokenRows {
            c: c.clone(),
            tokens: tokens::of_project(app, access.project.id).await?,
            base: place(access),
            of_programs: true,
        },
        made: filled.made.map(|t| MadeToken::of(&c, t)),
        summary: match &filled.sentence {
            Some(words) => Some(Summary::sentence(&c, words)),
            None => Summary::of(&c, std::slice::from_ref(&form), &filled.errors),
        },
        form,
        c,
    })
}

fn form(c: &Chrome, filled: &Filled<'_>) -> Section {
    let roles = [
        ProjectRole::Viewer,
        ProjectRole::Developer,
        ProjectRole::Tester,
    ];
    let role = |r: ProjectRole| {
        let (word, may) = (format!("role-{r}"), format!("role-{r}-may"));
        (r.to_string(), c.t(&word), c.t(&may))
    };
    let role = Control::Radio(roles.map(role).into());
    let role = Field::new(c, "role", "program-role", role);
    let fields = token::fields(c).into_iter().chain([role]);
    Section {
        legend: c.t("program-new"),
        fields: fields
            .map(|f| f.filled(c, &filled.typed, &filled.errors))
            .collect(),
    }
}

/// `POST /projects/{key}/programs`: the answer is the one page that shows the token.
pub async fn create(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    access.must(Permission::ManageProjectTokens)?;
    let role = typed.get("role").and_then(|r| ProjectRole::parse(r));
    let made = match role {
        Some(role) => make(&app, &access, role, &token::wanted(&typed)).await,
        None => Err(AppError::field("role", "field-required")),
    };
    match made {
        Ok((_, made)) => {
            let filled = Filled {
                made: Some(&made),
                ..Filled::fresh()
            };
            let page = programs_page(&app, &access, &ctx, filled).await?;
            page_with(StatusCode::CREATED, &page)
        }
        Err(error) => {
            let (errors, sentence) = token::wrong(&error)?;
            let filled = Filled {
                typed,
                errors,
                sentence,
                made: None,
            };
            let page = page(&programs_page(&app, &access, &ctx, filled).await?)?;
            Ok(shown(page, &error))
        }
    }
}

fn place(access: &ProjectAccess) -> String {
    format!("/projects/{}/programs", access.project.key)
}

#[derive(Deserialize)]
pub struct Which {
    id: TokenId,
}

/// `POST /projects/{key}/programs/{id}/revocation`
pub async fn revoke(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    Path(which): Path<Which>,
) -> Result<Response, AppError> {
    access.must(Permission::ManageProjectTokens)?;
    tokens::revoke_of_project(&app, &access.actor, access.project.id, which.id).await?;
    Ok(see_other(&place(&access)))
}
