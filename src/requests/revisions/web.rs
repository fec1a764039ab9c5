//! The page of one revision of a request, and of what the newest says otherwise.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use serde_json::Value;

use super::Compared;
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::requests::web::{fact, objects, title};
use crate::requests::{Decision, Request};
use crate::web::extract::{Ctx, Path};
use crate::web::layout::{Chrome, Nav, page};

/// Longest list of changes on a page; the API gives all.
const MOST: usize = 100;
/// Longest value on a page, in characters.
const LONGEST: usize = 160;

/// One field that differs, as people read it.
pub struct Line {
    pub field: String,
    pub from: String,
    pub to: String,
}

/// The first lines, and how many more there are.
pub struct Changes {
    pub lines: Vec<Line>,
    pub more: usize,
}

#[must_use]
pub fn shown(compared: &Compared) -> Changes {
    let line = |change: &crate::diff::Change| Line {
        field: change.field.clone(),
        from: short(&change.from),
        to: short(&change.to),
    };
    let all = &compared.changes;
    Changes {
        lines: all.iter().take(MOST).map(line).collect(),
        more: all.len().saturating_sub(MOST),
    }
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[derive(Template)]
#[template(path = "requests/revision.html")]
struct RevisionPage {
    c: Chrome,
    title: String,
    request: Request,
    was: Compared,
    /// The revisions next to it.
    before: Option<i32>,
    after: Option<i32>,
    /// What it said, and whether that is read letter by letter.
    facts: Vec<(String, String, bool)>,
    objects: Vec<objects::Object>,
    decisions: Vec<Decision>,
    changes: Changes,
}

/// `GET /requests/{number}/revisions/{revision}`
///
/// # Errors
/// 404 for a request or revision that there is none of.
pub async fn show(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path((number, revision)): Path<(i64, i32)>,
) -> Result<Response, AppError> {
    let (request, was) = super::compared(&app, &actor, number, revision).await?;
    let c = Chrome::new(&ctx, Nav::Requests);
    let then = Request {
        revision,
        parameters: was.revision.parameters.clone(),
        computed: was.revision.computed.clone(),
        note: was.revision.note.clone(),
        ..request.clone()
    };
    let kind = app.kinds.get(&request.kind);
    let facts = kind.map(|k| k.facts(&then)).unwrap_or_default();
    let said = facts.into_iter().filter(|f| !f.is_empty());
    let on_it = |d: &&Decision| d.revision == revision;
    page(&RevisionPage {
        title: c.w(&title(&request)),
        facts: said.map(|f| fact(&c, f)).collect(),
        objects: objects::objects(&then.computed),
        decisions: request.decisions.iter().filter(on_it).cloned().collect(),
        before: (revision > 1).then(|| revision - 1),
        after: (revision < was.newest).then(|| revision + 1),
        changes: shown(&was),
        was,
        request,
        c,
    })
}
