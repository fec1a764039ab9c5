//! A project's own robots, for its owners.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;

use super::form::{self, Choice, Filled};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Permission;
use crate::notifications::{self, Channel, ChannelId, Kind};
use crate::projects::ProjectAccess;
use crate::projects::web::{Frame, Tab};
use crate::web::extract::{Ctx, Form, Path};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Nav, page, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "notifications/project.html")]
struct RobotsPage {
    c: Chrome,
    f: Frame,
    rows: Vec<Channel>,
    robot: Section,
    choices: Vec<Choice>,
    summary: Option<Summary>,
    /// Why this person may only read.
    shut: Option<String>,
}

/// `GET /projects/{key}/notices`
pub async fn show(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
) -> Result<Response, AppError> {
    let mut filled = Filled::fresh(&app, ctx.locale);
    filled
        .typed
        .insert("kind".to_owned(), Kind::Dingtalk.to_string());
    page(&robots_page(&app, &access, &ctx, &filled).await?)
}

async fn robots_page(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    filled: &Filled,
) -> Result<RobotsPage, AppError> {
    let c = Chrome::new(ctx, Nav::Projects);
    let robot = robot_form(&c, filled);
    let refused = access.must(Permission::EditProject).err();
    Ok(RobotsPage {
        f: Frame::new(&access.project, Tab::Settings),
        rows: notifications::list(app, Some(access.project.id)).await?,
        summary: match &filled.sentence {
            Some(words) => Some(Summary::sentence(&c, words)),
            None => Summary::of(&c, std::slice::from_ref(&robot), &filled.errors),
        },
        choices: form::choices(&c, &form::of_projects(), &filled.typed),
        robot,
        shut: refused.map(|e| c.w(&e.words())),
        c,
    })
}

fn robot_form(c: &Chrome, filled: &Filled) -> Section {
    let kinds = Kind::ALL.iter().filter(|k| k.is_for_projects());
    let kinds = kinds.map(|k| (k.to_string(), c.t(&k.code()), String::new()));
    let kinds = Control::Radio(kinds.collect());
    let fields = vec![
        Field::new(c, "kind", "notice-kind", kinds),
        Field::new(c, "key", "notice-key", Control::Line),
        Field::new(c, "url", "notice-url-robot", Control::Password),
        Field::new(c, "secret", "notice-secret", Control::Password).optional(c),
        Field::new(c, "language", "notice-language", form::languages()),
    ];
    let fill = |f: Field| f.filled(c, &filled.typed, &filled.errors);
    Section {
        legend: c.t("notice-robot-new"),
        fields: fields.into_iter().map(fill).collect(),
    }
}

/// `POST /projects/{key}/notices`
pub async fn create(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Form(mut typed): Form<Typed>,
) -> Result<Response, AppError> {
    access.must(Permission::EditProject)?;
    typed.insert("time_zone".to_owned(), form::home_zone(&app).to_owned());
    let draft = form::draft(form::kind(&typed)?, &typed)?;
    let project = Some(access.project.id);
    match notifications::create(&app, &access.actor, project, &draft).await {
        Ok(_) => Ok(see_other(&place(&access))),
        Err(error) => {
            let (errors, sentence) = shown_by_form(&error, "")?;
            let filled = Filled {
                typed,
                errors,
                sentence,
            };
            let page = page(&robots_page(&app, &access, &ctx, &filled).await?)?;
            Ok(shown(page, &error))
        }
    }
}

fn place(access: &ProjectAccess) -> String {
    format!("/projects/{}/notices", access.project.key)
}

#[derive(Deserialize)]
pub struct OfProject {
    id: ChannelId,
}

/// `POST /projects/{key}/notices/{id}/test`
pub async fn test(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    Path(path): Path<OfProject>,
) -> Result<Response, AppError> {
    access.must(Permission::EditProject)?;
    let project = Some(access.project.id);
    let channel = notifications::find(&app, project, path.id).await?;
    notifications::test(&app, &access.actor, &channel).await?;
    Ok(see_other(&place(&access)))
}

/// `POST /projects/{key}/notices/{id}/delete`
pub async fn delete(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    Path(path): Path<OfProject>,
) -> Result<Response, AppError> {
    access.must(Permission::EditProject)?;
    let project = Some(access.project.id);
    let channel = notifications::find(&app, project, path.id).await?;
    notifications::delete(&app, &access.actor, &channel).await?;
    Ok(see_other(&place(&access)))
}
