//! The form by which operations write a resource down.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::show::nav;
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::resources::{self, Draft, Kind, Property, Resource, Sort, properties, size};
use crate::web::extract::{Ctx, Form, Path, Query};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, page, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "resources/edit.html")]
struct EditPage {
    c: Chrome,
    kind: Kind,
    /// What is changed; none for a new one.
    number: Option<i64>,
    title: String,
    sections: Vec<Section>,
    summary: Option<Summary>,
}

/// What is filled in, and what is wrong with it.
struct Filled {
    kind: Kind,
    number: Option<i64>,
    typed: Typed,
    errors: Errors,
    sentence: Option<Words>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewQuery {
    kind: Option<Kind>,
    #[serde(default)]
    project: String,
    #[serde(default)]
    address: String,
}

/// `GET /resources/new`
pub async fn form(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Query(query): Query<NewQuery>,
) -> Result<Response, AppError> {
    actor.must(Permission::KeepResources, Scope::Platform)?;
    let typed = [("project", query.project), ("addresses", query.address)];
    let filled = Filled {
        kind: query.kind.unwrap_or(Kind::Server),
        number: None,
        typed: typed.map(|(n, v)| (n.to_owned(), v)).into(),
        errors: Errors::default(),
        sentence: None,
    };
    page(&edit_page(&app, &actor, &ctx, filled).await?)
}

/// `POST /resources`
pub async fn register(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    actor.must(Permission::KeepResources, Scope::Platform)?;
    let wrong = || AppError::field("kind", "query-wrong");
    let kind = Kind::parse(&text(&typed, "kind")).ok_or_else(wrong)?;
    let done = match draft(kind, &typed) {
        Ok(draft) => resources::register(&app, &actor, &draft).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(number) => Ok(see_other(&format!("/resources/{number}"))),
        Err(error) => refused(&app, &actor, &ctx, (kind, None, typed), error).await,
    }
}

/// `GET /resources/{n}/edit`
pub async fn edit(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(number): Path<i64>,
) -> Result<Response, AppError> {
    let resource = resources::by_number(&app, &actor, number).await?;
    actor.must(Permission::KeepResources, Scope::Platform)?;
    let filled = Filled {
        kind: resource.kind,
        number: Some(number),
        typed: typed_of(&resource),
        errors: Errors::default(),
        sentence: None,
    };
    page(&edit_page(&app, &actor, &ctx, filled).await?)
}

/// `POST /resources/{n}/edit`
pub async fn save(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(number): Path<i64>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let resource = resources::by_number(&app, &actor, number).await?;
    actor.must(Permission::KeepResources, Scope::Platform)?;
    let done = match draft(resource.kind, &typed) {
        Ok(draft) => resources::change(&app, &actor, &resource, &draft).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(see_other(&format!("/resources/{number}"))),
        Err(error) => {
            let what = (resource.kind, Some(number), typed);
            refused(&app, &actor, &ctx, what, error).await
        }
    }
}

async fn refused(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    (kind, number, typed): (Kind, Option<i64>, Typed),
    error: AppError,
) -> Result<Response, AppError> {
    let (errors, sentence) = shown_by_form(&error, "")?;
    let filled = Filled {
        kind,
        number,
        typed,
        errors,
        sentence,
    };
    let again = edit_page(app, actor, ctx, filled).await?;
    Ok(shown(page(&again)?, &error))
}

async fn edit_page(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    filled: Filled,
) -> Result<EditPage, AppError> {
    let c = Chrome::new(ctx, nav(actor));
    let (environments, _) = resources::choices(app).await?;
    let fill = |f: Field| f.filled(&c, &filled.typed, &filled.errors);
    let section = |legend: &str, fields: Vec<Field>| Section {
        legend: c.t(legend),
        fields: fields.into_iter().map(fill).collect(),
    };
    let line = |name: &str| field(&c, name, Control::Line);
    let maybe = |name: &str| line(name).optional(&c);
    let none = std::iter::once(String::new());
    let environments = Control::Select(none.chain(environments).collect());
    let mut place = vec![
        field(&c, "addresses", Control::Text),
        field(&c, "environment", environments).optional(&c),
        maybe("site"),
    ];
    if filled.number.is_none() {
        place.push(maybe("since"));
    }
    let about = vec![
        maybe("keeper"),
        maybe("labels"),
        field(&c, "note", Control::Text).optional(&c),
    ];
    let owners = vec![line("name"), line("project"), maybe("used_by")];
    let sections = vec![
        section("resource-whose", owners),
        section("resource-where", place),
        section("resource-size", size_fields(&c, filled.kind, "size.")),
        section("resource-about", about),
    ];
    let title = match filled.number {
        None => c.t(&format!("resource-new-{}", filled.kind)),
        Some(_) => c.t1("resource-edit-name", "name", &text(&filled.typed, "name")),
    };
    Ok(EditPage {
        summary: match &filled.sentence {
            Some(words) => Some(Summary::sentence(&c, words)),
            None => Summary::of(&c, &sections, &filled.errors),
        },
        kind: filled.kind,
        number: filled.number,
        title,
        sections,
        c,
    })
}

fn field(c: &Chrome, name: &str, control: Control) -> Field {
    let code = format!("resource-{}", name.replace('_', "-"));
    Field::new(c, name, &code, control)
}

/// The fields of a kind, as its schema has them.
pub fn size_fields(c: &Chrome, kind: Kind, prefix: &str) -> Vec<Field> {
    let field = |property: &Property| {
        let name = &property.name;
        let control = match (&property.sort, name.as_str()) {
            (_, "reach") => Control::Radio(vec![reach(c, "internal"), reach(c, "public")]),
            (Sort::OneOf(words), _) => Control::Select(words.clone()),
            (Sort::Number, name) if name.ends_with("_gib") => Control::Unit("GiB".to_owned()),
            (Sort::Number, _) => Control::Number,
            (Sort::Text, _) => Control::Line,
        };
        let mut field = Field::new(c, &format!("{prefix}{name}"), "resource-size", control);
        field.label = c.t(&format!("resource-size-{name}"));
        field.help = String::new();
        match property.needed {
            true => field,
            false => field.optional(c),
        }
    };
    properties(kind).iter().map(field).collect()
}

fn reach(c: &Chrome, value: &str) -> (String, String, String) {
    let code = format!("resource-reach-{value}");
    (value.to_owned(), c.t(&code), c.t(&format!("{code}-means")))
}

/// What stands in a field, trimmed.
pub fn text(typed: &Typed, name: &str) -> String {
    typed.get(name).map_or("", |t| t.trim()).to_owned()
}

/// One a line, or parted by commas or spaces.
pub fn lines(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '，' | '、' | ';'));
    let parts = parts.filter(|p| !p.is_empty());
    parts.map(str::to_owned).collect()
}

fn draft(kind: Kind, typed: &Typed) -> Result<Draft, AppError> {
    let since = text(typed, "since");
    let day = || {
        let day = since.parse::<Date>().ok()?;
        day.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp())
    };
    let wrong = || AppError::field("since", "query-day");
    Ok(Draft {
        kind,
        name: text(typed, "name"),
        project: text(typed, "project"),
        environment: Some(text(typed, "environment")).filter(|e| !e.is_empty()),
        site: text(typed, "site"),
        size: size::typed(kind, |name| text(typed, &format!("size.{name}"))),
        addresses: lines(&text(typed, "addresses")),
        used_by: lines(&text(typed, "used_by")),
        labels: lines(&text(typed, "labels")),
        keeper: text(typed, "keeper"),
        note: text(typed, "note"),
        since: match since.is_empty() {
            true => None,
            false => Some(day().ok_or_else(wrong)?),
        },
    })
}

fn typed_of(resource: &Resource) -> Typed {
    let addresses: Vec<String> = resource.addresses.iter().map(ToString::to_string).collect();
    let fields = [
        ("name", resource.name.clone()),
        ("project", resource.project.clone()),
        (
            "environment",
            resource.environment.clone().unwrap_or_default(),
        ),
        ("site", resource.site.clone()),
        ("addresses", addresses.join("\n")),
        ("used_by", resource.used_by.join(", ")),
        ("labels", resource.labels.join(" ")),
        ("keeper", resource.keeper.clone()),
        ("note", resource.note.clone()),
    ];
    let mut typed: Typed = fields.map(|(n, v)| (n.to_owned(), v)).into();
    for (name, value) in resource.size.as_object().into_iter().flatten() {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        typed.insert(format!("size.{name}"), value);
    }
    typed
}
