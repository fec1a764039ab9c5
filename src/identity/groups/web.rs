//! The pages of groups of people.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;

use super::{Draft, Group};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::{Ctx, Form, Path};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "groups/list.html")]
struct ListPage {
    c: Chrome,
    groups: Vec<Group>,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "groups/form.html")]
struct FormPage {
    c: Chrome,
    /// The group's key; empty for a new one.
    key: String,
    summary: Option<Summary>,
    form: Section,
}

pub async fn list(Shared(app): Shared<App>, actor: Actor, ctx: Ctx) -> Result<Response, AppError> {
    page(&ListPage {
        groups: super::list(&app, &actor).await?,
        may_change: actor.may(Permission::ManagePeople, Scope::Platform),
        c: Chrome::new(&ctx, Nav::People),
    })
}

/// A form that is opened, or shown again with what is wrong.
#[derive(Default)]
struct Filled<'a> {
    key: &'a str,
    typed: Typed,
    errors: Errors,
    sentence: Option<Words>,
}

fn form_page(ctx: &Ctx, filled: Filled<'_>) -> FormPage {
    let c = Chrome::new(ctx, Nav::People);
    let field = |name: &str, control| {
        Field::new(&c, name, &format!("group-{name}"), control).filled(
            &c,
            &filled.typed,
            &filled.errors,
        )
    };
    let mut fields = vec![
        field("name", Control::Line),
        field("members", Control::Text),
    ];
    if filled.key.is_empty() {
        fields.insert(0, field("key", Control::Line));
    }
    let form = Section {
        legend: c.t("group"),
        fields,
    };
    FormPage {
        summary: match &filled.sentence {
            Some(words) => Some(Summary::sentence(&c, words)),
            None => Summary::of(&c, std::slice::from_ref(&form), &filled.errors),
        },
        key: filled.key.to_owned(),
        form,
        c,
    }
}

pub async fn new(actor: Actor, ctx: Ctx) -> Result<Response, AppError> {
    actor.must(Permission::ManagePeople, Scope::Platform)?;
    page(&form_page(&ctx, Filled::default()))
}

pub async fn create(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let key = typed.get("key").map(|k| k.trim().to_owned());
    let draft = draft(&typed, key.unwrap_or_default());
    match super::put(&app, &actor, &draft, None).await {
        Ok(()) => Ok(see_other("/people/groups")),
        Err(error) => again(&ctx, "", typed, &error),
    }
}

/// One on each line, or with commas between.
fn draft(typed: &Typed, key: String) -> Draft {
    let text = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let names = text("members");
    let names = names.split([',', '\n', ' ', '，', '、']);
    Draft {
        key,
        name: text("name"),
        members: names.map(|n| n.trim().to_owned()).collect(),
    }
}

fn again(ctx: &Ctx, key: &str, typed: Typed, error: &AppError) -> Result<Response, AppError> {
    let (errors, sentence) = shown_by_form(error, "")?;
    let filled = Filled {
        key,
        typed,
        errors,
        sentence,
    };
    Ok(shown(page(&form_page(ctx, filled))?, error))
}

pub async fn show(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManagePeople, Scope::Platform)?;
    let group = super::get(&app, &actor, &key).await?;
    let names: Vec<String> = group.members.into_iter().map(|m| m.name).collect();
    let typed = [("name", group.name), ("members", names.join("\n"))];
    let filled = Filled {
        key: &key,
        typed: typed.map(|(k, v)| (k.to_owned(), v)).into(),
        ..Filled::default()
    };
    page(&form_page(&ctx, filled))
}

pub async fn update(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    match super::put(&app, &actor, &draft(&typed, key.clone()), Some(&key)).await {
        Ok(()) => Ok(see_other("/people/groups")),
        Err(error) => again(&ctx, &key, typed, &error),
    }
}

pub async fn delete(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
) -> Result<Response, AppError> {
    match super::delete(&app, &actor, &key).await {
        Ok(()) => Ok(see_other("/people/groups")),
        Err(error) => {
            shown_by_form(&error, "")?;
            let group = super::get(&app, &actor, &key).await?;
            let names: Vec<String> = group.members.into_iter().map(|m| m.name).collect();
            let typed = [("name", group.name), ("members", names.join("\n"))];
            again(
                &ctx,
                &key,
                typed.map(|(k, v)| (k.to_owned(), v)).into(),
                &error,
            )
        }
    }
}
