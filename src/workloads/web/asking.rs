//! The form that asks for containers. It files a request and keeps what was typed.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::document::{EnvRow, document, env_rows, typed_again, typed_of};
use super::fields::{self, BEGINNINGS, RARE, SECTIONS, field};
use super::lists::{ListView, lists};
use super::standing::{Given, given, stand};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::projects::web::{Frame, Tab};
use crate::requests::web::again::{self, Again};
use crate::requests::{Filing, Request};
use crate::standards;
use crate::web::extract::{Ctx, Form, Query};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;
use crate::workloads;

/// The parameters' differences by cluster.
const PATCHES: &str = "per_cluster";

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
    /// Each with whether it is folded away, because hardly anybody needs it.
    sections: Vec<(Section, bool)>,
    /// Files, rooms and node labels.
    lists: Vec<ListView>,
    env: Vec<EnvRow>,
    /// Variables that the layers give already.
    env_given: Vec<Given>,
    env_errors: Vec<String>,
    why: Section,
    summary: Option<Summary>,
    /// Which request the form changes, and what its author saw of it.
    kept: Vec<(&'static str, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewQuery {
    environment: Option<String>,
    revise: Option<i64>,
    copy: Option<i64>,
}

/// `GET /projects/{key}/containers/new`
pub async fn form(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Query(query): Query<NewQuery>,
) -> Result<Response, AppError> {
    access.must(Permission::FileRequest)?;
    let from = Again {
        revise: query.revise,
        copy: query.copy,
    };
    if let Some((request, typed)) = again::begin(&app, &access.actor, "containers", from).await? {
        if request.project_id != Some(access.project.id) {
            return Err(AppError::NotFound);
        }
        let typed = started(&app, &access, &request, typed).await?;
        return page(&new_page(&app, &access, &ctx, typed, &Refusal::none_of_what_was()).await?);
    }
    let mut typed = Typed::new();
    let environment = query.environment.unwrap_or_default();
    typed.insert("environment".to_owned(), environment);
    typed.insert("component".to_owned(), "main".to_owned());
    page(&new_page(&app, &access, &ctx, typed, &Refusal::default()).await?)
}

/// The form of a request that is there: what it asks for, over what the layers give today.
async fn started(
    app: &App,
    access: &ProjectAccess,
    request: &Request,
    flat: Typed,
) -> Result<Typed, AppError> {
    let environment = text(&flat, "environment");
    let place = workloads::place_of(&access.project, &environment);
    let usual = typed_of(&standards::over(app, &place).await?.document);
    let asked = &request.parameters;
    let revises = again::revises(&flat).is_some();
    let mut typed = typed_again(&usual, &asked["parameters"], revises);
    let of_form = |(name, _): &(String, String)| !name.contains('.');
    typed.extend(flat.into_iter().filter(of_form));
    let places = workloads::places(app, access.project.id).await?;
    let all = places.into_iter().find(|(key, _, _)| *key == environment);
    let all = all.map(|(_, clusters, _)| clusters).unwrap_or_default();
    let named = asked["clusters"].as_array();
    for cluster in all {
        if named.is_none_or(|names| names.iter().any(|n| *n == cluster)) {
            typed.insert(format!("cluster.{cluster}"), "true".to_owned());
        }
    }
    if asked[PATCHES].as_object().is_some_and(|p| !p.is_empty()) {
        typed.insert(PATCHES.to_owned(), asked[PATCHES].to_string());
    }
    begin(&mut typed, &access.project.health_path);
    Ok(typed)
}

/// `POST /projects/{key}/containers/new`
pub async fn ask(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let filing = filing(&access, &typed);
    match again::send(&app, &access.actor, &typed, filing).await {
        Ok(number) => Ok(see_other(&format!("/requests/{number}"))),
        Err(error) => {
            let (errors, sentence) = shown_by_form(&error, "parameters.")?;
            let refusal = Refusal {
                errors,
                sentence,
                is_filled: true,
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
    /// Whether the form holds what somebody filled in, and not what it begins with.
    is_filled: bool,
}

impl Refusal {
    fn none_of_what_was() -> Self {
        Self {
            is_filled: true,
            ..Self::default()
        }
    }
}

fn text(typed: &Typed, name: &str) -> String {
    typed.get(name).map_or("", |t| t.trim()).to_owned()
}

fn filing(access: &ProjectAccess, typed: &Typed) -> Filing {
    let chosen = typed.keys().filter_map(|k| k.strip_prefix("cluster."));
    let clusters: Vec<&str> = chosen.collect();
    let mut parameters = json!({
        "component": text(typed, "component"),
        "clusters": clusters,
        "parameters": document(typed),
    });
    // The form has no fields for them; what a program asked for goes through as it was.
    let patches = typed
        .get(PATCHES)
        .and_then(|t| serde_json::from_str(t).ok());
    if let Some(patches) = patches {
        parameters[PATCHES] = patches;
    }
    Filing {
        project: Some(access.project.key.clone()),
        environment: Some(text(typed, "environment")),
        note: text(typed, "note"),
        ..Filing::of("containers", parameters)
    }
}

/// What the form sends back without showing it.
fn kept(typed: &Typed) -> Vec<(&'static str, String)> {
    let patches = typed.get(PATCHES).map(|text| (PATCHES, text.clone()));
    again::kept(typed).into_iter().chain(patches).collect()
}

/// What fields hold that nobody gave anything, until somebody chooses what they belong to.
fn begin(typed: &mut Typed, health_path: &str) {
    let path = (
        "parameters.probes.startup.path".to_owned(),
        health_path.to_owned(),
    );
    let named = |(name, text): &(&str, &str)| (format!("parameters.{name}"), (*text).to_owned());
    for (name, text) in BEGINNINGS.iter().map(named).chain([path]) {
        typed.entry(name).or_insert(text);
    }
}

/// Whether a section holds no more than the layers give anyway.
fn says_nothing(section: &Section, usual: &Typed) -> bool {
    section.fields.iter().all(|field| {
        let given = usual.get(&field.name).map_or("", String::as_str);
        field.error.is_none() && (field.value == given || field.value.is_empty())
    })
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
    if !refusal.is_filled {
        typed.extend(usual.clone());
        begin(&mut typed, &access.project.health_path);
    }
    let is_chosen =
        |key: &String| !refusal.is_filled || typed.contains_key(&format!("cluster.{key}"));
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
    let folded: Vec<bool> = SECTIONS
        .iter()
        .zip(&sections)
        .map(|((legend, _), section)| RARE.contains(legend) && says_nothing(section, &usual))
        .collect();
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
        sections: sections.into_iter().zip(folded).collect(),
        kept: kept(&typed),
        environment,
        c,
    })
}
