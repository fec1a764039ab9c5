//! The common form: by it a request is changed or asked again whose kind has no form that holds
//! all of it. It shows what would be done now, and lets be typed what the kind names and why.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::again::{self, Again};
use super::{fact, title};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Actor;
use crate::parse;
use crate::requests::{self, Asking, Filing, Request, RequestKind, Typing, in_the_way, outlook};
use crate::web::extract::{Ctx, Form, Path};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

/// What becomes of what is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The request asks for it instead.
    Revision,
    /// A new request asks for it.
    Copy,
}

impl Way {
    fn of(self, number: i64) -> Again {
        match self {
            Self::Revision => Again {
                revise: Some(number),
                copy: None,
            },
            Self::Copy => Again {
                revise: None,
                copy: Some(number),
            },
        }
    }
}

/// Where a request is changed or asked again: at its kind's own form, or at the common one.
#[must_use]
pub fn address(kind: &dyn RequestKind, request: &Request, way: Way) -> String {
    let number = request.number;
    match (kind.form(request), way) {
        (Some(form), Way::Revision) => format!("{form}?revise={number}"),
        (Some(form), Way::Copy) => format!("{form}?copy={number}"),
        (None, Way::Revision) => format!("/requests/{number}/revision"),
        (None, Way::Copy) => format!("/requests/{number}/copy"),
    }
}

/// A request that the form starts from.
struct Start {
    way: Way,
    kind: Arc<dyn RequestKind>,
    request: Request,
    typed: Typed,
}

async fn start(app: &App, actor: &Actor, number: i64, way: Way) -> Result<Start, AppError> {
    let request = requests::get(app, actor, number).await?;
    let kind = app.kinds.get(&request.kind).ok_or(AppError::NotFound)?;
    let mut typed = again::filled(actor, &request, way.of(number))?;
    if way == Way::Copy {
        actor.must(kind.right(), request.scope())?;
    }
    for asking in kind.asks() {
        let value = request.parameters.get(asking.name);
        typed.insert(asking.name.to_owned(), written(&asking.typing, value));
    }
    Ok(Start {
        way,
        kind: Arc::clone(kind),
        request,
        typed,
    })
}

/// A parameter as its field has it.
fn written(typing: &Typing, value: Option<&Value>) -> String {
    let text = match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    match typing {
        Typing::Line | Typing::Number | Typing::Choice(_) | Typing::Reason => text,
        Typing::Anew => String::new(),
        Typing::LastDay => text.parse().map(last_day).unwrap_or_default(),
    }
}

/// The day that ends at this midnight in UTC.
fn last_day(end: Timestamp) -> String {
    let day = end.to_zoned(TimeZone::UTC).date();
    day.yesterday().unwrap_or(day).to_string()
}

/// A field as the parameter has it.
fn read(asking: &Asking, typed: &str) -> Result<Value, AppError> {
    let wrong = |code| AppError::field(&format!("parameters.{}", asking.name), code);
    match &asking.typing {
        Typing::Line | Typing::Anew | Typing::Choice(_) | Typing::Reason => Ok(json!(typed)),
        Typing::Number => {
            let number: i64 = typed.parse().map_err(|_| wrong("field-whole-number"))?;
            Ok(json!(number))
        }
        Typing::LastDay if typed.is_empty() => Ok(Value::Null),
        Typing::LastDay => {
            let end = parse::midnight(typed, 1).ok_or_else(|| wrong("members-day"))?;
            Ok(json!(end))
        }
    }
}

fn line<'a>(typed: &'a Typed, name: &str) -> &'a str {
    typed.get(name).map_or("", |text| text.trim())
}

/// What is filed: the request's own parameters, with what was typed of them.
fn filing(start: &Start, typed: &Typed) -> Result<Filing, AppError> {
    let request = &start.request;
    let mut parameters = request.parameters.clone();
    let mut note = line(typed, "note").to_owned();
    for asking in start.kind.asks() {
        let value = read(&asking, line(typed, asking.name))?;
        if matches!(asking.typing, Typing::Reason) {
            // The note goes on saying the same as the reason, where it did.
            let follows = parameters.get(asking.name) == Some(&json!(request.note));
            let said = value.as_str().filter(|_| follows);
            note = said.unwrap_or(&request.note).to_owned();
        }
        if let Some(fields) = parameters.as_object_mut() {
            fields.insert(asking.name.to_owned(), value);
        }
    }
    Ok(Filing {
        project: request.project.clone(),
        environment: request.environment.clone(),
        note,
        ..Filing::of(&request.kind, parameters)
    })
}

/// `GET /requests/{number}/revision`
pub async fn revision(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(number): Path<i64>,
) -> Result<Response, AppError> {
    let start = start(&app, &actor, number, Way::Revision).await?;
    open(&app, &actor, &ctx, start).await
}

/// `GET /requests/{number}/copy`
pub async fn copy(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(number): Path<i64>,
) -> Result<Response, AppError> {
    let start = start(&app, &actor, number, Way::Copy).await?;
    open(&app, &actor, &ctx, start).await
}

/// `POST /requests/{number}/revision`
pub async fn revise(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(number): Path<i64>,
    Form(mut typed): Form<Typed>,
) -> Result<Response, AppError> {
    let start = start(&app, &actor, number, Way::Revision).await?;
    typed.insert(again::REVISES.to_owned(), number.to_string());
    send(&app, &actor, &ctx, start, typed).await
}

/// `POST /requests/{number}/copy`
pub async fn file_copy(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(number): Path<i64>,
    Form(mut typed): Form<Typed>,
) -> Result<Response, AppError> {
    let start = start(&app, &actor, number, Way::Copy).await?;
    typed.remove(again::REVISES);
    send(&app, &actor, &ctx, start, typed).await
}

async fn open(app: &App, actor: &Actor, ctx: &Ctx, start: Start) -> Result<Response, AppError> {
    if start.kind.form(&start.request).is_some() {
        let own = address(start.kind.as_ref(), &start.request, start.way);
        return Ok(see_other(&own));
    }
    let typed = again::open(app, actor, ctx, start.typed.clone()).await?;
    let nothing = (Errors::default(), None);
    page(&form_page(app, ctx, &start, (&typed, nothing)).await?)
}

async fn send(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    start: Start,
    typed: Typed,
) -> Result<Response, AppError> {
    if start.kind.form(&start.request).is_some() {
        return open(app, actor, ctx, start).await;
    }
    let sent = match filing(&start, &typed) {
        Ok(filing) => again::send(app, actor, ctx, &typed, filing).await,
        Err(error) => Err(error),
    };
    match sent.map_err(gone) {
        Ok(address) => Ok(see_other(&address)),
        Err(error) => {
            let wrong = shown_by_form(&error, "parameters.")?;
            let again = form_page(app, ctx, &start, (&typed, wrong)).await?;
            Ok(shown(page(&again)?, &error))
        }
    }
}

/// Who sees the request is told in words that what it was about is not there any more.
fn gone(error: AppError) -> AppError {
    match error {
        AppError::NotFound => AppError::conflict("request-again-gone"),
        other => other,
    }
}

#[derive(Template)]
#[template(path = "requests/form.html")]
struct FormPage {
    c: Chrome,
    number: i64,
    way: Way,
    title: String,
    /// What would be done now, line by line, and which of it is read letter by letter.
    facts: Vec<(String, String, bool)>,
    /// Why what was asked could not be done any more as it was.
    in_the_way: Option<String>,
    sections: Vec<Section>,
    kept: Vec<(&'static str, String)>,
    summary: Option<Summary>,
    draft: again::Draft,
}

async fn form_page(
    app: &App,
    ctx: &Ctx,
    start: &Start,
    (typed, (errors, sentence)): (&Typed, (Errors, Option<Words>)),
) -> Result<FormPage, AppError> {
    let c = Chrome::new(ctx, Nav::Requests);
    let (now, in_the_way) = match outlook(app, &start.request).await {
        Ok(now) => (now, None),
        Err(error) => {
            let words = in_the_way(&error).ok_or(error)?;
            (start.request.clone(), Some(c.w(&words)))
        }
    };
    let facts = start.kind.facts(&now).into_iter();
    let sections = vec![Section {
        legend: c.t("request-again-asked"),
        fields: fields(&c, start.kind.asks())
            .into_iter()
            .map(|field| field.filled(&c, typed, &errors))
            .collect(),
    }];
    Ok(FormPage {
        number: start.request.number,
        way: start.way,
        title: c.w(&title(&start.request)),
        facts: facts
            .filter(|f| !f.is_empty())
            .map(|f| fact(&c, f))
            .collect(),
        in_the_way,
        summary: match &sentence {
            Some(words) => Some(Summary::sentence(&c, words)),
            None => Summary::of(&c, &sections, &errors),
        },
        kept: again::kept(typed),
        draft: again::Draft::of(&c, typed),
        sections,
        c,
    })
}

/// What the kind names, and why; kinds that keep their reason elsewhere are not asked twice.
fn fields(c: &Chrome, asks: Vec<Asking>) -> Vec<Field> {
    let says_why = asks.iter().any(|a| matches!(a.typing, Typing::Reason));
    let mut fields: Vec<Field> = asks.into_iter().map(|asking| field(c, asking)).collect();
    if !says_why {
        fields.push(Field::new(c, "note", "request-note", Control::Text));
    }
    fields
}

fn field(c: &Chrome, asking: Asking) -> Field {
    let control = match asking.typing {
        Typing::Line | Typing::Anew => Control::Line,
        Typing::Number => Control::Number,
        Typing::LastDay => Control::Day,
        Typing::Reason => Control::Text,
        Typing::Choice(options) => {
            let options = options.into_iter();
            Control::Choose(options.map(|(value, code)| (value, c.t(&code))).collect())
        }
    };
    Field::new(c, asking.name, asking.code, control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_day_is_the_one_before_its_midnight_and_back() {
        let asking = Asking::new("expires_at", "membership-until", Typing::LastDay);
        let end = json!("2026-12-01T00:00:00Z");
        assert_eq!(written(&asking.typing, Some(&end)), "2026-11-30");
        assert_eq!(read(&asking, "2026-11-30").expect("a day"), end);
        assert_eq!(read(&asking, "").expect("no end"), Value::Null);
        assert!(read(&asking, "30.11.2026").is_err());
    }

    #[test]
    fn what_is_typed_anew_is_never_carried_over() {
        assert_eq!(written(&Typing::Anew, Some(&json!("pay"))), "");
        assert_eq!(written(&Typing::Line, Some(&json!("pay"))), "pay");
        assert_eq!(written(&Typing::Number, Some(&json!(3))), "3");
    }
}
