//! The page of a project's shells for a while: who has one, and the form that asks for one.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::request::HOURS;
use super::{ShellAccess, ShellAccessId, may_end};
use crate::app::App;
use crate::clusters;
use crate::error::{AppError, Words};
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::projects::web::{Frame, Tab};
use crate::requests::Filing;
use crate::requests::web::again::{self, Again};
use crate::web::extract::{Ctx, Form, Path, Query};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "terminals/access.html")]
struct AccessPage {
    c: Chrome,
    f: Frame,
    /// What was given, each with whether this reader may end it.
    given: Vec<(ShellAccess, bool)>,
    section: Section,
    summary: Option<Summary>,
    revises: Option<i64>,
    kept: Vec<(&'static str, String)>,
    draft: again::Draft,
    /// Why this reader cannot ask; `None` for those who may.
    shut: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessQuery {
    environment: Option<String>,
    revise: Option<i64>,
    copy: Option<i64>,
}

/// `GET /projects/{key}/shell-access`
pub async fn show(
    State(app): State<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Query(query): Query<AccessQuery>,
) -> Result<Response, AppError> {
    let from = Again {
        revise: query.revise,
        copy: query.copy,
    };
    let begun = again::begin(&app, &access.actor, "shell", from).await?;
    let mut typed = begun.map(|(_, typed)| typed).unwrap_or_default();
    if let Some(environment) = query.environment {
        typed.insert("environment".to_owned(), environment);
    }
    let typed = again::open(&app, &access.actor, &ctx, typed).await?;
    let nothing = (Errors::default(), None);
    page(&access_page(&app, &access, &ctx, &typed, nothing).await?)
}

/// `POST /projects/{key}/shell-access`
pub async fn ask(
    State(app): State<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    access.must(Permission::FileRequest)?;
    let text = |name: &str| typed.get(name).map(String::as_str).unwrap_or_default();
    let filing = Filing {
        project: Some(access.project.key.clone()),
        environment: Some(text("environment").to_owned()).filter(|e| !e.is_empty()),
        ..Filing::of(
            "shell",
            json!({
                // What is no number is none of the choices, and is refused as that.
                "hours": text("hours").parse().unwrap_or(0),
                "files": text("files") == "true",
                "reason": text("reason"),
            }),
        )
    };
    match again::send(&app, &access.actor, &ctx, &typed, filing).await {
        Ok(address) => Ok(see_other(&address)),
        Err(error) => {
            let wrong = shown_by_form(&error, "parameters.")?;
            let again = access_page(&app, &access, &ctx, &typed, wrong).await?;
            Ok(shown(page(&again)?, &error))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndForm {}

#[derive(Deserialize)]
pub struct Which {
    id: ShellAccessId,
}

/// `POST /projects/{key}/shell-access/{id}/end`
pub async fn end(
    State(app): State<App>,
    access: ProjectAccess,
    Path(which): Path<Which>,
    Form(_): Form<EndForm>,
) -> Result<Response, AppError> {
    super::end(&app, &access.actor, access.project.id, which.id).await?;
    let key = &access.project.key;
    Ok(see_other(&format!("/projects/{key}/shell-access")))
}

async fn access_page(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    typed: &Typed,
    (errors, sentence): (Errors, Option<Words>),
) -> Result<AccessPage, AppError> {
    let project = &access.project;
    let c = Chrome::new(ctx, Nav::Projects);
    let given = super::list(app, project.id).await?;
    let given = given.into_iter().map(|one| {
        let may = may_end(&access.actor, project.id, &one);
        (one, may)
    });
    let section = Section {
        legend: c.t("shell-access-ask"),
        fields: fields(app, &c, typed, &errors).await?,
    };
    let sections = std::slice::from_ref(&section);
    Ok(AccessPage {
        f: Frame::new(project, Tab::Containers),
        given: given.collect(),
        summary: match &sentence {
            Some(words) => Some(Summary::sentence(&c, words)),
            None => Summary::of(&c, sections, &errors),
        },
        section,
        revises: again::revises(typed),
        kept: again::kept(typed),
        draft: again::Draft::of(&c, typed),
        shut: access
            .must(Permission::FileRequest)
            .err()
            .map(|e| c.w(&e.words())),
        c,
    })
}

async fn fields(
    app: &App,
    c: &Chrome,
    typed: &Typed,
    errors: &Errors,
) -> Result<Vec<Field>, AppError> {
    let environments = clusters::environments(app).await?.into_iter();
    let environments = Control::Select(environments.map(|e| e.key).collect());
    let hours = HOURS.iter().map(|n| {
        let words = c.t1("shell-access-n-hours", "n", n);
        (n.to_string(), words)
    });
    let field = |name: &str, control| Field::new(c, name, &format!("shell-access-{name}"), control);
    let mut fields = Vec::new();
    // Where it is asked for stays, once it was.
    if again::revises(typed).is_none() {
        fields.push(field("environment", environments));
    }
    fields.push(field("hours", Control::Choose(hours.collect())));
    fields.push(field("files", Control::Check));
    fields.push(field("reason", Control::Text));
    let filled = fields.into_iter().map(|f| f.filled(c, typed, errors));
    Ok(filled.collect())
}
