//! The form that asks for containers. It files a request and keeps what was typed.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::also::{self, Also, Reach};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::projects::web::{Frame, Tab};
use crate::requests::web::again::{self, Again};
use crate::requests::{Filing, Request};
use crate::standards;
use crate::standards::layers::{Effective, Place};
use crate::standards::outline::{self, Leaf, outline};
use crate::standards::web::as_json;
use crate::standards::web::document::{EnvRow, env_rows, typed_again, typed_of};
use crate::standards::web::fields::field;
use crate::standards::web::lists::{ListView, Whose, lists};
use crate::standards::web::standing::{Given, given, stand};
use crate::web::extract::{Ctx, Form, Query};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;
use crate::workloads;

/// The parameters' differences by cluster.
pub(super) const PATCHES: &str = "per_cluster";

/// What the form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// Containers where there are none.
    New,
    /// Other parameters for those that are there.
    Change,
}

impl Aim {
    const fn kind(self) -> &'static str {
        match self {
            Self::New => "containers",
            Self::Change => "parameters",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::New => "containers/new",
            Self::Change => "containers/change",
        }
    }
}

#[derive(Template)]
#[template(path = "workloads/new.html")]
pub(super) struct NewPage {
    c: Chrome,
    aim: Aim,
    f: Frame,
    environment: String,
    environments: Vec<String>,
    /// The environment's clusters, and whether each is chosen.
    clusters: Vec<(String, bool)>,
    /// Other environments that may be named beside it.
    also: Vec<Also>,
    component: Field,
    /// Other components that may be named beside it: those that are there, or a line for new ones.
    beside: Vec<Also>,
    beside_line: Option<Field>,
    /// Each with whether it is folded away, because hardly anybody needs it.
    sections: Vec<(Section, bool)>,
    /// Files, rooms and node labels.
    lists: Vec<ListView>,
    env: Vec<EnvRow>,
    /// Variables that the layers give already.
    env_given: Vec<Given>,
    env_errors: Vec<String>,
    /// The document, where it stands instead of the fields.
    json: Option<Field>,
    why: Section,
    summary: Option<Summary>,
    /// Which request the form changes, and what its author saw of it.
    kept: Vec<(&'static str, String)>,
    draft: again::Draft,
}

impl NewPage {
    fn changes(&self) -> bool {
        self.aim == Aim::Change
    }

    fn title(&self) -> &'static str {
        match self.aim {
            Aim::New => "project-request-containers",
            Aim::Change => "change-title",
        }
    }
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
    let aim = Aim::New;
    let begun = again::begin(&app, &access.actor, aim.kind(), from).await?;
    let is_begun = begun.is_some();
    let typed = match begun {
        Some((request, typed)) => {
            if request.project_id != Some(access.project.id) {
                return Err(AppError::NotFound);
            }
            started(&app, &access, &request, typed).await?
        }
        None => Typed::from([
            (
                "environment".to_owned(),
                query.environment.unwrap_or_default(),
            ),
            ("component".to_owned(), "main".to_owned()),
        ]),
    };
    let typed = again::open(&app, &access.actor, &ctx, typed).await?;
    let filled = Refusal {
        is_filled: is_begun || again::is_draft(&typed),
        ..Refusal::default()
    };
    page(&new_page(&app, &access, &ctx, (aim, typed), &filled).await?)
}

/// The form of a request that is there: what it asks for, over what the layers give today.
pub(super) async fn started(
    app: &App,
    access: &ProjectAccess,
    request: &Request,
    flat: Typed,
) -> Result<Typed, AppError> {
    let environment = text(&flat, "environment");
    let place = Place::of(&access.project, &environment);
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
    access.must(Permission::FileRequest)?;
    send(&app, &access, &ctx, (Aim::New, typed)).await
}

/// Files what was typed, or shows it again with what is wrong.
pub(super) async fn send(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    (aim, typed): (Aim, Typed),
) -> Result<Response, AppError> {
    if typed.contains_key(as_json::VIEW) {
        match turned(app, access, &typed).await {
            Ok(turned) => {
                let filled = Refusal::none_of_what_was();
                return page(&new_page(app, access, ctx, (aim, turned), &filled).await?);
            }
            Err(error) => return refused(app, access, ctx, (aim, typed), &error).await,
        }
    }
    match asked(app, access, ctx, (aim, &typed))
        .await
        .map_err(also::of_form)
    {
        Ok(address) => Ok(see_other(&address)),
        Err(error) => refused(app, access, ctx, (aim, typed), &error).await,
    }
}

/// The form in its other view: as a document, or as fields over what the layers give.
async fn turned(app: &App, access: &ProjectAccess, typed: &Typed) -> Result<Typed, AppError> {
    if text(typed, as_json::VIEW) == as_json::NAME {
        return as_json::written(typed);
    }
    let place = Place::of(&access.project, &text(typed, "environment"));
    let usual = typed_of(&standards::over(app, &place).await?.document);
    let mut fields = as_json::filled(typed, &usual)?;
    begin(&mut fields, &access.project.health_path);
    Ok(fields)
}

/// The form as it was sent, with what is wrong.
async fn refused(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    (aim, typed): (Aim, Typed),
    error: &AppError,
) -> Result<Response, AppError> {
    let (errors, sentence) = shown_by_form(error, "parameters.")?;
    let refusal = Refusal {
        errors,
        sentence,
        is_filled: true,
    };
    // What is no document holds no secret that could be found; its author sent it a moment ago.
    let typed = as_json::without_secrets(&typed).unwrap_or(typed);
    let new = new_page(app, access, ctx, (aim, typed), &refusal).await?;
    Ok(shown(page(&new)?, error))
}

async fn asked(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    (aim, typed): (Aim, &Typed),
) -> Result<String, AppError> {
    let own = filing(access, aim, typed)?;
    // A draft holds no secret, and neither does its document.
    let stored;
    let typed = if again::keeps(typed) {
        stored = as_json::without_secrets(typed)?;
        &stored
    } else {
        typed
    };
    // A draft asks for nothing, and a change is of one request.
    let others = if again::keeps(typed) || again::revises(typed).is_some() {
        Vec::new()
    } else {
        also::filings(app, access, (aim, typed), &own).await?
    };
    again::send_with(app, &access.actor, ctx, typed, (own, others)).await
}

/// What was wrong with what was filed.
#[derive(Default)]
pub(super) struct Refusal {
    errors: Errors,
    sentence: Option<Words>,
    /// Whether the form holds what somebody filled in, and not what it begins with.
    is_filled: bool,
}

impl Refusal {
    pub(super) fn none_of_what_was() -> Self {
        Self {
            is_filled: true,
            ..Self::default()
        }
    }
}

pub(super) fn text(typed: &Typed, name: &str) -> String {
    typed.get(name).map_or("", |t| t.trim()).to_owned()
}

fn filing(access: &ProjectAccess, aim: Aim, typed: &Typed) -> Result<Filing, AppError> {
    let chosen = typed.keys().filter_map(|k| k.strip_prefix("cluster."));
    let clusters: Vec<&str> = chosen.collect();
    let mut parameters = json!({
        "component": text(typed, "component"),
        "clusters": clusters,
        "parameters": as_json::said(typed)?,
    });
    // The form has no fields for them; what a program asked for goes through as it was.
    let patches = typed
        .get(PATCHES)
        .and_then(|t| serde_json::from_str(t).ok());
    if let Some(patches) = patches {
        parameters[PATCHES] = patches;
    }
    Ok(Filing {
        project: Some(access.project.key.clone()),
        environment: Some(text(typed, "environment")),
        note: text(typed, "note"),
        ..Filing::of(aim.kind(), parameters)
    })
}

/// What the form sends back without showing it.
fn kept(typed: &Typed) -> Vec<(&'static str, String)> {
    let patches = typed.get(PATCHES).map(|text| (PATCHES, text.clone()));
    again::kept(typed).into_iter().chain(patches).collect()
}

/// What fields hold that nobody gave anything, until somebody chooses what they belong to.
pub(super) fn begin(typed: &mut Typed, health_path: &str) {
    let path = (
        "parameters.probes.startup.path".to_owned(),
        health_path.to_owned(),
    );
    let begins = |leaf: &Leaf| Some((format!("parameters.{}", leaf.name), leaf.begins.clone()?));
    for (name, text) in outline().leaves().filter_map(begins).chain([path]) {
        typed.entry(name).or_insert(text);
    }
}

/// The parameters, with what the layers say of each; and which sections are folded away.
fn sections(
    c: &Chrome,
    (typed, usual): (&Typed, &Typed),
    errors: &Errors,
    made: &Effective,
) -> (Vec<Section>, Vec<bool>) {
    let filled = |leaf: &Leaf| stand(c, made, usual, field(c, leaf).filled(c, typed, errors));
    let section = |section: &outline::Section| Section {
        legend: c.t(&section.code()),
        fields: section.leaves.iter().map(filled).collect(),
    };
    let outlined = &outline().sections;
    let sections: Vec<Section> = outlined.iter().map(section).collect();
    let folded = outlined.iter().zip(&sections);
    let folded = folded.map(|(outlined, s)| outlined.is_folded && says_nothing(s, usual));
    let folded = folded.collect();
    (sections, folded)
}

/// Whether a section holds no more than the layers give anyway.
fn says_nothing(section: &Section, usual: &Typed) -> bool {
    section.fields.iter().all(|field| {
        let given = usual.get(&field.name).map_or("", String::as_str);
        field.error.is_none() && (field.value == given || field.value.is_empty())
    })
}

pub(super) async fn new_page(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    (aim, mut typed): (Aim, Typed),
    refusal: &Refusal,
) -> Result<NewPage, AppError> {
    let c = Chrome::new(ctx, Nav::Projects);
    let places = workloads::places(app, access.project.id).await?;
    let wanted = text(&typed, "environment");
    let place = places.iter().find(|(key, _, _)| *key == wanted);
    // Nobody chose one: the first without containers is what is missing.
    let empty = || places.iter().find(|(_, _, n)| *n == 0);
    let place = place.or_else(empty).or(places.first());
    let environment = place.map(|(key, _, _)| key.clone()).unwrap_or_default();
    let place = Place::of(&access.project, &environment);
    let made = standards::over(app, &place).await?;
    let usual = typed_of(&made.document);
    if !refusal.is_filled {
        typed.extend(usual.clone());
        begin(&mut typed, &access.project.health_path);
    }
    let chosen = |key: &String| {
        let is_chosen = !refusal.is_filled || typed.contains_key(&format!("cluster.{key}"));
        (key.clone(), is_chosen)
    };
    let seen = (aim, &typed, &refusal.errors);
    let all = places.iter().map(|(key, at, _)| (key.clone(), at.clone()));
    let reach = Reach::of(app, access, &c, seen, (&environment, all.collect())).await?;
    let component = match aim {
        Aim::New => Control::Line,
        Aim::Change => Control::Shown(text(&typed, "component")),
    };
    let filled = |f: Field| f.filled(&c, &typed, &refusal.errors);
    let (sections, folded) = sections(&c, (&typed, &usual), &refusal.errors, &made);
    let note = Field::new(&c, "note", "form-note", Control::Text).optional(&c);
    let wrong = refusal.errors.0.iter();
    let of_env = wrong.filter(|e| e.field.starts_with("parameters.env"));
    let json = as_json::is_json(&typed)
        .then(|| filled(Field::new(&c, as_json::NAME, "form-json", Control::Code)));
    Ok(NewPage {
        summary: match (&refusal.sentence, &json) {
            (Some(words), _) => Some(Summary::sentence(&c, words)),
            (None, Some(field)) => Summary::at(&c, field, &refusal.errors),
            (None, None) => Summary::of(&c, &sections, &refusal.errors),
        },
        json,
        clusters: reach.clusters.iter().map(chosen).collect(),
        also: reach.also,
        beside: reach.beside,
        beside_line: reach.line,
        lists: lists(&c, &typed, &refusal.errors, (&made, Whose::Workload)),
        env_errors: of_env.map(|e| c.w(&e.words)).collect(),
        env: env_rows(&typed),
        env_given: given(&c, &made),
        component: filled(Field::new(&c, "component", "form-component", component)),
        why: Section {
            legend: c.t("form-why"),
            fields: vec![filled(note)],
        },
        environments: places.into_iter().map(|(key, _, _)| key).collect(),
        f: Frame::new(&access.project, Tab::Containers),
        sections: sections.into_iter().zip(folded).collect(),
        kept: kept(&typed),
        draft: again::Draft::of(&c, &typed),
        aim,
        environment,
        c,
    })
}
