//! Forms that start from a request, to change it while it is open or to ask for the same again, and
//! from a draft of themselves.

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::requests::{self, Filing, Request, Revising, State, draft};
use crate::web::extract::Context;
use crate::web::form::Typed;
use crate::web::layout::Chrome;

/// The hidden fields of a form that changes a request: which, and what its author saw of it.
pub const REVISES: &str = "revises";
pub const SEEN: &str = "seen";
/// The address that a form was opened at, which its draft belongs to.
const DRAFT: &str = "draft";
/// When the draft was kept that a form was filled from; never sent.
const KEPT_AT: &str = "draft.kept_at";
/// The button that keeps a draft.
const KEEP: &str = "draft.keep";
/// All fields of a form that are none of what it asks for.
pub const NOT_ASKED: [&str; 4] = [REVISES, SEEN, DRAFT, KEEP];

/// The request that a form starts from, in its address.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Again {
    #[serde(default)]
    pub revise: Option<i64>,
    #[serde(default)]
    pub copy: Option<i64>,
}

/// What the form holds then; `None` for a form that starts from nothing.
///
/// # Errors
/// 404 for a request of another kind or that one may not see, 403 for others than the author, 409
/// for a change of what is decided.
pub async fn begin(
    app: &App,
    actor: &Actor,
    kind: &str,
    again: Again,
) -> Result<Option<(Request, Typed)>, AppError> {
    let Some(number) = again.revise.or(again.copy) else {
        return Ok(None);
    };
    let request = requests::get(app, actor, number).await?;
    if request.kind != kind {
        return Err(AppError::NotFound);
    }
    let typed = filled(actor, &request, again)?;
    Ok(Some((request, typed)))
}

/// What a form holds that starts from this request.
///
/// # Errors
/// 403 for others than the author, 409 for a change of what is decided.
pub fn filled(actor: &Actor, request: &Request, again: Again) -> Result<Typed, AppError> {
    let mut typed = Typed::new();
    flatten("", &request.parameters, &mut typed);
    typed.insert("note".to_owned(), request.note.clone());
    if let Some(environment) = &request.environment {
        typed.insert("environment".to_owned(), environment.clone());
    }
    if again.revise.is_some() {
        if actor.responsible.0 != request.author_id {
            return Err(AppError::forbidden("request-revise-own"));
        }
        if request.state != State::Open {
            return Err(AppError::Conflict(requests::decided_words(request)));
        }
        typed.insert(REVISES.to_owned(), request.number.to_string());
        typed.insert(SEEN.to_owned(), request.hash.clone());
    }
    Ok(typed)
}

/// A document as a form has it: names with dots, lists of names in one line.
fn flatten(path: &str, value: &Value, typed: &mut Typed) {
    let mut put = |text: String| typed.insert(path.to_owned(), text);
    match value {
        Value::Null | Value::Bool(false) => {}
        Value::Bool(true) => drop(put("true".to_owned())),
        Value::Number(number) => drop(put(number.to_string())),
        Value::String(text) => drop(put(text.clone())),
        Value::Array(list) => {
            let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            put(texts.join(", "));
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = match path {
                    "" => name.clone(),
                    above => format!("{above}.{name}"),
                };
                flatten(&path, value, typed);
            }
        }
    }
}

/// The form as its reader left it, if they kept a draft at this address; else as it begins.
///
/// # Errors
/// No answer from the database.
pub async fn open(
    app: &App,
    actor: &Actor,
    ctx: &Context,
    begins: Typed,
) -> Result<Typed, AppError> {
    let path = place(ctx, &ctx.full_path);
    let (mut typed, kept_at) = match draft::find(app, actor, path).await? {
        Some(draft) => (draft.fields, Some(draft.kept_at)),
        None => (begins, None),
    };
    typed.insert(DRAFT.to_owned(), path.to_owned());
    typed.extend(kept_at.map(|at| (KEPT_AT.to_owned(), at.to_string())));
    Ok(typed)
}

/// Whether the button was pressed that keeps a draft.
#[must_use]
pub fn keeps(typed: &Typed) -> bool {
    typed.contains_key(KEEP)
}

/// Whether a form holds a draft.
#[must_use]
pub fn is_draft(typed: &Typed) -> bool {
    typed.contains_key(KEPT_AT)
}

/// Where a draft belongs: the address at which the form was opened, if it is of this very form.
fn place<'a>(ctx: &'a Context, opened: &'a str) -> &'a str {
    let path = opened.split('?').next().unwrap_or_default();
    let is_plain = opened.bytes().all(|b| b.is_ascii_graphic());
    if path == ctx.path && is_plain && opened.len() <= draft::MAX_PATH {
        opened
    } else {
        &ctx.path
    }
}

/// Keeps what was typed as a draft, files it, or changes the request that the form started from,
/// whichever button was pressed. Returns the address to go to.
///
/// # Errors
/// As [`draft::keep`], [`requests::file`] and [`requests::revise`].
pub async fn send(
    app: &App,
    actor: &Actor,
    ctx: &Context,
    typed: &Typed,
    filing: Filing,
) -> Result<String, AppError> {
    send_with(app, actor, ctx, typed, (filing, Vec::new())).await
}

/// The same of a form that may ask for several things at once; a draft and a change are of the
/// first alone.
///
/// # Errors
/// As [`send`], and as [`requests::file_together`].
pub async fn send_with(
    app: &App,
    actor: &Actor,
    ctx: &Context,
    typed: &Typed,
    (filing, others): (Filing, Vec<Filing>),
) -> Result<String, AppError> {
    let path = place(ctx, typed.get(DRAFT).map_or("", String::as_str));
    if keeps(typed) {
        let key = typed.get("key").map_or("", String::as_str);
        let subject = filing.project.as_deref().unwrap_or(key);
        let of = draft::Place {
            path,
            kind: &filing.kind,
            subject: &draft::subject(subject),
        };
        let mut fields = typed.clone();
        fields.retain(|name, _| ![DRAFT, KEPT_AT, KEEP].contains(&name.as_str()));
        draft::keep(app, actor, &of, &fields).await?;
        return Ok(path.to_owned());
    }
    let draft = Some(path.to_owned());
    let number = match revises(typed) {
        None => {
            let first = Filing { draft, ..filing };
            requests::file_together(app, actor, &first, &others).await?
        }
        Some(number) => {
            let revising = Revising {
                parameters: filing.parameters,
                note: filing.note,
                hash: typed.get(SEEN).cloned().unwrap_or_default(),
                draft,
            };
            requests::revise(app, actor, number, &revising).await?;
            number
        }
    };
    Ok(format!("/requests/{number}"))
}

/// What a form says of its draft, above it.
#[derive(Template)]
#[template(path = "requests/draft_part.html")]
pub struct Draft {
    c: Chrome,
    path: String,
    kept_at: Option<Timestamp>,
}

/// The button that keeps one, after the form's own.
#[derive(Template)]
#[template(path = "requests/draft_button_part.html")]
pub struct KeepButton<'a> {
    c: &'a Chrome,
    path: &'a str,
}

impl HtmlSafe for Draft {}
impl HtmlSafe for KeepButton<'_> {}

impl Draft {
    /// Of a form that holds what [`open`] gave, or what its reader sent.
    #[must_use]
    pub fn of(c: &Chrome, typed: &Typed) -> Self {
        Self {
            path: typed.get(DRAFT).unwrap_or(&c.path).clone(),
            kept_at: typed.get(KEPT_AT).and_then(|at| at.parse().ok()),
            c: c.clone(),
        }
    }

    #[must_use]
    pub fn button(&self) -> KeepButton<'_> {
        KeepButton {
            c: &self.c,
            path: &self.path,
        }
    }
}

/// The number of the request that a form changes.
#[must_use]
pub fn revises(typed: &Typed) -> Option<i64> {
    typed.get(REVISES)?.parse().ok()
}

/// The hidden fields that a form must send back.
#[must_use]
pub fn kept(typed: &Typed) -> Vec<(&'static str, String)> {
    let kept = [REVISES, SEEN].map(|name| Some((name, typed.get(name)?.clone())));
    kept.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_becomes_what_its_form_would_hold() {
        let mut typed = Typed::new();
        let document = json!({ "key": "pay", "port": 80, "owners": ["lin", "chen"], "no": false,
            "yes": true, "callbacks": { "before": "x", "after": null } });
        flatten("", &document, &mut typed);
        let held: Vec<(&str, &str)> = typed
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        assert_eq!(
            held,
            [
                ("callbacks.before", "x"),
                ("key", "pay"),
                ("owners", "lin, chen"),
                ("port", "80"),
                ("yes", "true"),
            ]
        );
    }
}
