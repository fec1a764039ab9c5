//! The form that asks for containers. It files a request and keeps what was typed.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::document::{EnvRow, document, env_rows, typed_of};
use super::fields::{self, BEGINNINGS, SECTIONS, field};
use super::lists::{ListView, lists};
use super::standing::{Given, given, stand};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::projects::web::{Frame, Tab};
use crate::requests::{self, Filing};
use crate::standards;
use crate::web::extract::{Ctx, Form, Query};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;
use crate::workloads;

#[derive(Template)]
#[template(path = "workloads/new.html")]
struct NewPage {
    c: Chrome,
    f: Frame,
    environment: String,
    environments: Vec<String>,
    /// The environment's clusters, and whether each is chosen.
    clusters: Vec<(String, bool)>,
    component: Field,
    sections: Vec<Section>,
    /// Files, rooms and node labels.
    lists: Vec<ListView>,
    env: Vec<EnvRow>,
    /// Variables that the layers give already.
    env_given: Vec<Given>,
    env_errors: Vec<String>,
    why: Section,
    summary: Option<Summary>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewQuery {
    environment: Option<String>,
}

/// `GET /projects/{key}/containers/new`
pub async fn form(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Query(query): Query<NewQuery>,
) -> Result<Response, AppError> {
    access.must(Permission::FileRequest)?;
    let mut typed = Typed::new();
    let environment = query.environment.unwrap_or_default();
    typed.insert("environment".to_owned(), environment);
    typed.insert("component".to_owned(), "main".to_owned());
    page(&new_page(&app, &access, &ctx, typed, &Refusal::default()).await?)
}

/// `POST /projects/{key}/containers/new`
pub async fn ask(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    match requests::file(&app, &access.actor, filing(&access, &typed)).await {
        Ok(number) => Ok(see_other(&format!("/requests/{number}"))),
        Err(error) => {
            let (errors, sentence) = shown_by_form(&error, "parameters.")?;
            let refusal = Refusal {
                errors,
                sentence,
                after_filing: true,
            };
            let new = new_page(&app, &access, &ctx, typed, &refusal).await?;
            Ok(shown(page(&new)?, &error))
        }
    }
}

/// What was wrong with what was filed.
#[derive(Default)]
struct Refusal {
    errors: Errors,
    sentence: Option<Words>,
    after_filing: bool,
}

fn text(typed: &Typed, name: &str) -> String {
    typed.get(name).map_or("", |t| t.trim()).to_owned()
}

fn filing(access: &ProjectAccess, typed: &Typed) -> Filing {
    let chosen = typed.keys().filter_map(|k| k.strip_prefix("cluster."));
    let clusters: Vec<&str> = chosen.collect();
    let parameters = json!({
        "component": text(typed, "component"),
        "clusters": clusters,
        "parameters": document(typed),
    });
    Filing {
        project: Some(access.project.key.clone()),
        environment: Some(text(typed, "environment")),
        note: text(typed, "note"),
        ..Filing::of("containers", parameters)
    }
}

async fn new_page(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    mut typed: Typed,
    refusal: &Refusal,
) -> Result<NewPage, AppError> {
    let c = Chrome::new(ctx, Nav::Projects);
    let places = workloads::places(app, access.project.id).await?;
    let wanted = text(&typed, "environment");
    let place = places.iter().find(|(key, _, _)| *key == wanted);
    // Nobody chose one: the first without containers is what is missing.
    let empty = || places.iter().find(|(_, _, n)| *n == 0);
    let place = place.or_else(empty).or(places.first());
    let (environment, keys) = place.map_or_else(Default::default, |(key, clusters, _)| {
        (key.clone(), clusters.clone())
    });
    let place = workloads::place_of(&access.project, &environment);
    let made = standards::over(app, &place).await?;
    let usual = typed_of(&made.document);
    if !refusal.after_filing {
        typed.extend(usual.clone());
        let health = access.project.health_path.clone();
        let path = ("parameters.probes.startup.path".to_owned(), health);
        let beginnings = BEGINNINGS.iter();
        let named =
            |(name, text): &(&str, &str)| (format!("parameters.{name}"), (*text).to_owned());
        for (name, text) in beginnings.map(named).chain([path]) {
            typed.entry(name).or_insert(text);
        }
    }
    let is_chosen =
        |key: &String| !refusal.after_filing || typed.contains_key(&format!("cluster.{key}"));
    let filled = |f: Field| f.filled(&c, &typed, &refusal.errors);
    let section = |(legend, rows): &(&str, &'static [fields::Row])| Section {
        legend: c.t(legend),
        fields: rows.iter().map(|row| filled(field(&c, row))).collect(),
    };
    let mut sections: Vec<Section> = SECTIONS.iter().map(section).collect();
    for section in &mut sections {
        let fields = std::mem::take(&mut section.fields).into_iter();
        section.fields = fields.map(|f| stand(&c, &made, &usual, f)).collect();
    }
    let note = Field::new(&c, "note", "form-note", Control::Text).optional(&c);
    let wrong = refusal.errors.0.iter();
    let of_env = wrong.filter(|e| e.field.starts_with("parameters.env"));
    Ok(NewPage {
        summary: match &refusal.sentence {
            Some(words) => Some(Summary::sentence(&c, words)),
            None => Summary::of(&c, &sections, &refusal.errors),
        },
        clusters: keys.iter().map(|k| (k.clone(), is_chosen(k))).collect(),
        lists: lists(&c, &typed, &refusal.errors, &made),
        env_errors: of_env.map(|e| c.w(&e.words)).collect(),
        env: env_rows(&typed),
        env_given: given(&c, &made),
        component: filled(Field::new(&c, "component", "form-component", Control::Line)),
        why: Section {
            legend: c.t("form-why"),
            fields: vec![filled(note)],
        },
        environments: places.into_iter().map(|(key, _, _)| key).collect(),
        f: Frame::new(&access.project, Tab::Containers),
        sections,
        environment,
        c,
    })
}
