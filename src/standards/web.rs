//! The pages of standards: all layers, and one layer with the form that proposes a change.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use serde_json::{Value, json};

use super::layers::{Lock, Name, Pace, Revision, Row, leaves, text};
use crate::app::App;
use crate::error::{AppError, FieldError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::requests::Filing;
use crate::requests::web::again;
use crate::web::extract::{Ctx, Form, Path};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "standards/list.html")]
struct ListPage {
    c: Chrome,
    rows: Vec<Row>,
}

impl ListPage {
    fn name(&self, row: &Row) -> String {
        self.c.w(&row.name.words())
    }

    fn sets(&self, row: &Row) -> usize {
        leaves(&row.document).iter().count()
    }
}

/// `GET /standards`
pub async fn list(Shared(app): Shared<App>, actor: Actor, ctx: Ctx) -> Result<Response, AppError> {
    let rows = super::all_layers(&app, &actor).await?;
    page(&ListPage {
        c: Chrome::new(&ctx, Nav::Standards),
        rows,
    })
}

#[derive(Template)]
#[template(path = "standards/layer.html")]
struct LayerPage {
    c: Chrome,
    layer: Row,
    title: String,
    says: Vec<Said>,
    locks: Vec<(String, String)>,
    revisions: Vec<Revised>,
    form: Section,
    may_propose: Option<String>,
    summary: Option<Summary>,
    draft: again::Draft,
}

/// A value that the layer gives.
struct Said {
    pointer: String,
    value: String,
}

/// A revision with what it said otherwise than the one before.
struct Revised {
    revision: Revision,
    changes: Vec<(String, String, String)>,
}

/// `GET /standards/{kind}/{key}`
pub async fn layer(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path((kind, key)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let name = Name::of_path(&kind, &key).ok_or(AppError::NotFound)?;
    let typed = again::open(&app, &actor, &ctx, Typed::new()).await?;
    page(&layer_page(&app, &actor, &ctx, &name, typed, &Refusal::default()).await?)
}

/// `POST /standards/{kind}/{key}`: files the change as a request.
pub async fn propose(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path((kind, key)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let name = Name::of_path(&kind, &key).ok_or(AppError::NotFound)?;
    actor.must(Permission::HandleRequests, Scope::Platform)?;
    let filing = match filing(&name, &typed) {
        // Half a document is none, and may be kept all the same.
        Err(_) if again::keeps(&typed) => Ok(Filing::of("layer", Value::Null)),
        filing => filing,
    };
    let filed = match filing {
        Ok(filing) => again::send(&app, &actor, &ctx, &typed, filing).await,
        Err(error) => Err(error),
    };
    match filed {
        Ok(address) => Ok(see_other(&address)),
        Err(error) => {
            let (errors, sentence) = shown_by_form(&error, "parameters.")?;
            let refusal = Refusal { errors, sentence };
            let again = layer_page(&app, &actor, &ctx, &name, typed, &refusal).await?;
            Ok(shown(page(&again)?, &error))
        }
    }
}

#[derive(Default)]
struct Refusal {
    errors: Errors,
    sentence: Option<Words>,
}

/// What was typed as a filing of the kind `layer`.
fn filing(name: &Name, typed: &Typed) -> Result<Filing, AppError> {
    let text = |field: &str| typed.get(field).map_or("", |t| t.trim());
    let mut wrong = Vec::new();
    let mut json_of = |field: &str, empty: Value| match text(field) {
        "" => empty,
        text => serde_json::from_str(text).unwrap_or_else(|_| {
            wrong.push(FieldError::new(field, "field-not-json"));
            Value::Null
        }),
    };
    let document = json_of("document", json!({}));
    let locks = json_of("locks", json!([]));
    let number = |field: &str| {
        let text = text(field);
        text.parse::<i64>()
            .map_or_else(|_| json!(text), |n| json!(n))
    };
    if !wrong.is_empty() {
        return Err(AppError::Invalid(wrong));
    }
    let waves = json!({
        "size": number("waves.size"), "pause_seconds": number("waves.pause_seconds"),
    });
    let parameters = json!({
        "layer": name, "document": document, "locks": locks, "waves": waves,
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
    let (layer, revisions) = super::layer(app, actor, name).await?;
    let c = Chrome::new(ctx, Nav::Standards);
    let mut filled = usual(&layer);
    filled.extend(typed);
    let form = form(&c, &filled, &refusal.errors);
    let may = actor.must(Permission::HandleRequests, Scope::Platform);
    Ok(LayerPage {
        title: c.w(&name.words()),
        summary: match &refusal.sentence {
            Some(words) => Some(Summary::sentence(&c, words)),
            None => Summary::of(&c, std::slice::from_ref(&form), &refusal.errors),
        },
        says: leaves(&layer.document)
            .iter()
            .map(|(pointer, value)| Said {
                pointer: pointer.to_owned(),
                value: text(value),
            })
            .collect(),
        locks: layer.locks.iter().map(|l| lock_of(&c, &layer, l)).collect(),
        revisions: revised(revisions),
        may_propose: may.err().map(|e| c.w(&e.words())),
        draft: again::Draft::of(&c, &filled),
        form,
        layer,
        c,
    })
}

fn lock_of(c: &Chrome, layer: &Row, lock: &Lock) -> (String, String) {
    let held = super::layers::Held {
        layer: layer.name.clone(),
        revision: layer.revision,
        lock: lock.clone(),
    };
    (lock.pointer.clone(), c.w(&held.words()))
}

fn usual(layer: &Row) -> Typed {
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
    let pace = Pace::default();
    [
        ("document", pretty(&layer.document)),
        ("locks", pretty(&json!(layer.locks))),
        ("waves.size", pace.size.to_string()),
        ("waves.pause_seconds", pace.pause_seconds.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn form(c: &Chrome, typed: &Typed, errors: &Errors) -> Section {
    let unit = |code: &str| Control::Unit(c.t(code));
    let fields = [
        ("document", "layer-document", Control::Code),
        ("locks", "layer-locks", Control::Code),
        ("waves.size", "layer-wave-size", unit("unit-workloads")),
        (
            "waves.pause_seconds",
            "layer-wave-pause",
            unit("unit-seconds"),
        ),
        ("note", "layer-note", Control::Text),
    ];
    let field = |(name, code, control)| Field::new(c, name, code, control).filled(c, typed, errors);
    Section {
        legend: c.t("layer-propose"),
        fields: fields.map(field).into(),
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
