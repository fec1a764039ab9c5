//! The form that asks for a resource: one form, its fields by the schema of the kind.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::edit::{size_fields, text};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::projects::web::{Frame, Tab};
use crate::requests::Filing;
use crate::requests::web::again::{self, Again};
use crate::resources::{self, Kind, size};
use crate::web::extract::{Ctx, Form, Query};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "resources/ask.html")]
struct AskPage {
    c: Chrome,
    f: Frame,
    kind: Kind,
    sections: Vec<Section>,
    summary: Option<Summary>,
    revises: Option<i64>,
    kept: Vec<(&'static str, String)>,
    draft: again::Draft,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskQuery {
    kind: Option<Kind>,
    revise: Option<i64>,
    copy: Option<i64>,
}

/// `GET /projects/{key}/resources/new`
pub async fn ask_form(
    State(app): State<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Query(query): Query<AskQuery>,
) -> Result<Response, AppError> {
    access.must(Permission::FileRequest)?;
    let from = Again {
        revise: query.revise,
        copy: query.copy,
    };
    let begun = again::begin(&app, &access.actor, "resource", from).await?;
    let typed = begun.map(|(_, typed)| typed).unwrap_or_default();
    let typed = again::open(&app, &access.actor, &ctx, typed).await?;
    let held = typed.get("kind").and_then(|kind| Kind::parse(kind));
    let kind = query.kind.or(held).unwrap_or(Kind::Database);
    let nothing = (Errors::default(), None);
    page(&ask_page(&app, &access, &ctx, (kind, &typed), nothing).await?)
}

/// `POST /projects/{key}/resources/new`
pub async fn ask(
    State(app): State<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    access.must(Permission::FileRequest)?;
    let wrong = || AppError::field("kind", "query-wrong");
    let kind = Kind::parse(&text(&typed, "kind")).ok_or_else(wrong)?;
    let filing = filing(&access, kind, &typed);
    match again::send(&app, &access.actor, &ctx, &typed, filing).await {
        Ok(address) => Ok(see_other(&address)),
        Err(error) => {
            let wrong = shown_by_form(&error, "parameters.")?;
            let again = ask_page(&app, &access, &ctx, (kind, &typed), wrong).await?;
            Ok(shown(page(&again)?, &error))
        }
    }
}

fn filing(access: &ProjectAccess, kind: Kind, typed: &Typed) -> Filing {
    let parameters = json!({
        "kind": kind, "name": text(typed, "name"), "purpose": text(typed, "purpose"),
        "size": size::typed(kind, |name| text(typed, &format!("size.{name}"))),
    });
    Filing {
        project: Some(access.project.key.clone()),
        environment: Some(text(typed, "environment")).filter(|e| !e.is_empty()),
        ..Filing::of("resource", parameters)
    }
}

async fn ask_page(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    (kind, typed): (Kind, &Typed),
    (errors, sentence): (Errors, Option<Words>),
) -> Result<AskPage, AppError> {
    let c = Chrome::new(ctx, Nav::Projects);
    let (environments, _) = resources::choices(app).await?;
    let none = std::iter::once(String::new());
    let environments = Control::Select(none.chain(environments).collect());
    let field = |name: &str, control| Field::new(&c, name, &format!("resource-{name}"), control);
    let section = |legend: &str, fields: Vec<Field>| Section {
        legend: c.t(legend),
        fields: fields
            .into_iter()
            .map(|f| f.filled(&c, typed, &errors))
            .collect(),
    };
    let mut what = vec![field("name", Control::Line)];
    // Where it is asked for stays, once it was.
    if again::revises(typed).is_none() {
        what.push(field("environment", environments).optional(&c));
    }
    what.push(field("purpose", Control::Text));
    let sections = vec![
        section("resource-what", what),
        section("resource-size", size_fields(&c, kind, "size.")),
    ];
    Ok(AskPage {
        summary: match &sentence {
            Some(words) => Some(Summary::sentence(&c, words)),
            None => Summary::of(&c, &sections, &errors),
        },
        f: Frame::new(&access.project, Tab::Resources),
        revises: again::revises(typed),
        kept: again::kept(typed),
        draft: again::Draft::of(&c, typed),
        kind,
        sections,
        c,
    })
}
