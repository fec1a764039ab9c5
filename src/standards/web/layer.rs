//! One layer: what it says, its locks, its revisions, and the form that proposes a change.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::as_json::VIEW;
use super::layer_form::{self, DOCUMENT, LOCKS};
use super::lists::{ListView, Whose, lists};
use super::{fields, locks};
use crate::app::App;
use crate::error::{AppError, FieldError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::requests::Filing;
use crate::requests::web::again::{self, Again};
use crate::standards;
use crate::standards::layers::{
    Effective, Held, Lock, Name, Pace, Proposal, Revision, Row, leaves, text,
};
use crate::standards::outline::{Leaf, outline};
use crate::web::extract::{Ctx, Form, Path, Query};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "standards/layer.html")]
struct LayerPage {
    c: Chrome,
    layer: Row,
    title: String,
    says: Vec<Said>,
    locks: Vec<(String, String)>,
    revisions: Vec<Revised>,
    form: LayerForm,
    may_propose: Option<String>,
    summary: Option<Summary>,
    draft: again::Draft,
    /// Which request the form changes, and what its author saw of it.
    kept: Vec<(&'static str, String)>,
}

/// A value that the layer gives.
struct Said {
    pointer: String,
    label: Option<String>,
    value: String,
}

/// A revision with what it said otherwise than the one before.
struct Revised {
    revision: Revision,
    changes: Vec<(String, String, String)>,
}

/// What is filled in: the layer's fields, or its JSON; then how the change goes out, and why.
struct LayerForm {
    /// Nothing where JSON stands instead, as with the lists and locks.
    sections: Vec<(Section, bool)>,
    lists: Vec<ListView>,
    locks: Vec<(Section, bool)>,
    /// What may be locked: pointer and label.
    pointers: Vec<(String, String)>,
    json: Option<Section>,
    pace: Section,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerQuery {
    revise: Option<i64>,
    copy: Option<i64>,
    /// The revision that the form starts from, to ask for what was before; 0 for none.
    before: Option<i32>,
}

/// What a form that changes a request keeps of it besides the layer.
const OF_REQUEST: [&str; 3] = ["note", again::REVISES, again::SEEN];

#[derive(Default)]
struct Refusal {
    errors: Errors,
    sentence: Option<Words>,
}

/// `GET /standards/{kind}/{key}`
pub async fn layer(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path((kind, key)): Path<(String, String)>,
    Query(query): Query<LayerQuery>,
) -> Result<Response, AppError> {
    let name = Name::of_path(&kind, &key).ok_or(AppError::NotFound)?;
    let begins = begins(&app, &actor, &name, &query).await?;
    let typed = again::open(&app, &actor, &ctx, begins).await?;
    page(&layer_page(&app, &actor, &ctx, &name, typed, &Refusal::default()).await?)
}

/// What the form starts from, where it does not start from what the layer says today: a request,
/// or a revision of before.
async fn begins(
    app: &App,
    actor: &Actor,
    name: &Name,
    query: &LayerQuery,
) -> Result<Typed, AppError> {
    let from = Again {
        revise: query.revise,
        copy: query.copy,
    };
    if let Some((request, flat)) = again::begin(app, actor, "layer", from).await? {
        let asked: Proposal = crate::parse::value(&request.parameters, "parameters")?;
        if asked.layer != *name {
            return Err(AppError::NotFound);
        }
        let mut typed = shown_as(asked.document, json!(asked.locks), asked.waves);
        typed.extend(
            flat.into_iter()
                .filter(|(n, _)| OF_REQUEST.contains(&n.as_str())),
        );
        return Ok(typed);
    }
    let Some(before) = query.before else {
        return Ok(Typed::new());
    };
    let (_, revisions) = standards::layer(app, actor, name).await?;
    let was = revisions.into_iter().find(|r| r.number == before);
    match was {
        Some(was) => Ok(shown_as(was.document, json!(was.locks), Pace::default())),
        // Before its first word a layer said nothing.
        None if before == 0 => Ok(shown_as(json!({}), json!([]), Pace::default())),
        None => Err(AppError::NotFound),
    }
}

/// `POST /standards/{kind}/{key}`: files the change as a request, or shows the form's other view.
pub async fn propose(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path((kind, key)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let name = Name::of_path(&kind, &key).ok_or(AppError::NotFound)?;
    actor.must(Permission::HandleRequests, Scope::Platform)?;
    let sent = if typed.contains_key(VIEW) {
        match layer_form::turned(&typed) {
            Ok(turned) => {
                let none = Refusal::default();
                return page(&layer_page(&app, &actor, &ctx, &name, turned, &none).await?);
            }
            Err(error) => Err(error),
        }
    } else {
        file(&app, &actor, &ctx, &name, &typed).await
    };
    match sent {
        Ok(address) => Ok(see_other(&address)),
        Err(error) => {
            let (errors, sentence) = shown_by_form(&error, "parameters.")?;
            let (errors, sentence) = match layer_form::is_json(&typed) {
                true => (errors, sentence),
                false => of_fields(errors, sentence),
            };
            let refusal = Refusal { errors, sentence };
            let again = layer_page(&app, &actor, &ctx, &name, typed, &refusal).await?;
            Ok(shown(page(&again)?, &error))
        }
    }
}

/// What is wrong with a document, at the fields that it came from; or of all of it, in a sentence.
fn of_fields(errors: Errors, sentence: Option<Words>) -> (Errors, Option<Words>) {
    let whole = errors.of(DOCUMENT).cloned();
    let field = |error: FieldError| FieldError {
        field: match error.field.strip_prefix("document.") {
            Some(rest) => format!("parameters.{rest}"),
            None => error.field.replace(".options", ".bound"),
        },
        ..error
    };
    let errors = errors.0.into_iter().map(field).collect();
    (Errors(errors), sentence.or(whole))
}

async fn file(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    name: &Name,
    typed: &Typed,
) -> Result<String, AppError> {
    let filing = match filing(name, typed) {
        // Half a document is none, and may be kept all the same.
        Err(_) if again::keeps(typed) => Filing::of("layer", Value::Null),
        filing => filing?,
    };
    let mut typed = typed.clone();
    if again::keeps(&typed) {
        layer_form::blank(&mut typed)?;
    }
    again::send(app, actor, ctx, &typed, filing).await
}

/// What was typed as a filing of the kind `layer`.
fn filing(name: &Name, typed: &Typed) -> Result<Filing, AppError> {
    let text = |field: &str| typed.get(field).map_or("", |t| t.trim());
    let said = layer_form::said(typed)?;
    let number = |field: &str| {
        let text = text(field);
        text.parse::<i64>()
            .map_or_else(|_| json!(text), |n| json!(n))
    };
    let waves = json!({
        "size": number("waves.size"), "pause_seconds": number("waves.pause_seconds"),
    });
    let parameters = json!({
        "layer": name, "document": said.document, "locks": said.locks, "waves": waves,
    });
    Ok(Filing {
        note: text("note").to_owned(),
        ..Filing::of("layer", parameters)
    })
}

async fn layer_page(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    name: &Name,
    typed: Typed,
    refusal: &Refusal,
) -> Result<LayerPage, AppError> {
    let (layer, revisions) = standards::layer(app, actor, name).await?;
    let above = standards::above(app, name).await?;
    let c = Chrome::new(ctx, Nav::Standards);
    // A form that was sent, or kept, holds all of its fields.
    let filled = match typed.contains_key("waves.size") {
        true => typed,
        false => {
            let today = shown_as(layer.document.clone(), json!(layer.locks), Pace::default());
            today.into_iter().chain(typed).collect()
        }
    };
    let form = form(&c, (name, &above), &filled, &refusal.errors);
    let may = actor.must(Permission::HandleRequests, Scope::Platform);
    Ok(LayerPage {
        title: c.w(&name.words()),
        summary: match &refusal.sentence {
            Some(words) => Some(Summary::sentence(&c, words)),
            None => Summary::of(&c, &form.all(), &refusal.errors),
        },
        says: leaves(&layer.document)
            .iter()
            .map(|(pointer, value)| Said {
                label: fields::label(&c, pointer),
                pointer: pointer.to_owned(),
                value: text(value),
            })
            .collect(),
        locks: layer.locks.iter().map(|l| lock_of(&c, &layer, l)).collect(),
        revisions: revised(revisions),
        may_propose: may.err().map(|e| c.w(&e.words())),
        draft: again::Draft::of(&c, &filled),
        kept: again::kept(&filled),
        form,
        layer,
        c,
    })
}

fn lock_of(c: &Chrome, layer: &Row, lock: &Lock) -> (String, String) {
    let held = Held {
        layer: layer.name.clone(),
        revision: layer.revision,
        lock: lock.clone(),
    };
    (lock.pointer.clone(), c.w(&held.words()))
}

/// A form that holds what a layer says: in fields, unless it says what they cannot hold.
fn shown_as(document: Value, locks: Value, pace: Pace) -> Typed {
    let said = layer_form::Said { document, locks };
    let mut typed = layer_form::filled(&said).unwrap_or_else(|_| layer_form::written(&said));
    typed.insert("waves.size".to_owned(), pace.size.to_string());
    typed.insert(
        "waves.pause_seconds".to_owned(),
        pace.pause_seconds.to_string(),
    );
    typed
}

fn form(c: &Chrome, of: (&Name, &Effective), typed: &Typed, errors: &Errors) -> LayerForm {
    let section = |legend: &str, fields: &[(&str, &str, Control)]| {
        let field = |(name, code, control): &(&str, &str, Control)| {
            Field::new(c, name, code, control.clone()).filled(c, typed, errors)
        };
        Section {
            legend: c.t(legend),
            fields: fields.iter().map(field).collect(),
        }
    };
    let unit = |code: &str| Control::Unit(c.t(code));
    let pace = section(
        "layer-goes-out",
        &[
            ("waves.size", "layer-wave-size", unit("unit-workloads")),
            (
                "waves.pause_seconds",
                "layer-wave-pause",
                unit("unit-seconds"),
            ),
            ("note", "layer-note", Control::Text),
        ],
    );
    if layer_form::is_json(typed) {
        let json = section(
            "layer-as-json",
            &[
                (DOCUMENT, "layer-document", Control::Code),
                (LOCKS, "layer-locks", Control::Code),
            ],
        );
        return LayerForm {
            sections: Vec::new(),
            lists: Vec::new(),
            locks: Vec::new(),
            pointers: Vec::new(),
            json: Some(json),
            pace,
        };
    }
    let pointer = |leaf: &Leaf| {
        let pointer = leaf.pointer.clone();
        Some((pointer.clone(), fields::label(c, &pointer)?))
    };
    LayerForm {
        sections: layer_form::sections(c, of, typed, errors),
        lists: lists(c, typed, errors, (of.1, Whose::Layer)),
        locks: locks::sections(c, typed, errors),
        pointers: outline().leaves().filter_map(pointer).collect(),
        json: None,
        pace,
    }
}

impl LayerForm {
    /// Every field, in the order of the page.
    fn all(&self) -> Vec<Section> {
        let folded = self.sections.iter().chain(&self.locks);
        let folded = folded.map(|(section, _)| section.clone());
        folded
            .chain(self.json.clone())
            .chain([self.pace.clone()])
            .collect()
    }
}

/// Each revision beside the one before it; the list is newest first.
fn revised(revisions: Vec<Revision>) -> Vec<Revised> {
    let before: Vec<Option<Revision>> = revisions.iter().skip(1).cloned().map(Some).collect();
    let before = before.into_iter().chain([None]);
    revisions
        .into_iter()
        .zip(before)
        .map(|(revision, before)| Revised {
            changes: changes(before.as_ref(), &revision),
            revision,
        })
        .collect()
}

/// What each value and lock was and is, for those that differ.
fn changes(before: Option<&Revision>, after: &Revision) -> Vec<(String, String, String)> {
    let whole = |r: &Revision| {
        let mut found: Vec<(String, String)> = leaves(&r.document)
            .iter()
            .map(|(p, v)| (p.to_owned(), text(v)))
            .collect();
        found.extend(
            r.locks
                .iter()
                .map(|l| (format!("lock {}", l.pointer), l.brief())),
        );
        found
    };
    let old = before.map(whole).unwrap_or_default();
    let new = whole(after);
    let in_old = |p: &str| old.iter().find(|(q, _)| q == p).map(|(_, v)| v.clone());
    let none = || "–".to_owned();
    let there = new.iter().filter_map(|(p, v)| {
        let was = in_old(p);
        (was.as_ref() != Some(v)).then(|| (p.clone(), was.unwrap_or_else(none), v.clone()))
    });
    let gone = old
        .iter()
        .filter(|(p, _)| !new.iter().any(|(q, _)| q == p))
        .map(|(p, v)| (p.clone(), v.clone(), none()));
    there.chain(gone).collect()
}
