//! The form that asks for a project. It files an onboarding request and keeps what was typed.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Actor;
use crate::projects::{Choices, choices, must_ask};
use crate::requests::Filing;
use crate::requests::web::again::{self, Again};
use crate::web::extract::{Ctx, Form, Query};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "projects/new.html")]
struct NewPage {
    c: Chrome,
    sections: Vec<Section>,
    summary: Option<Summary>,
    /// The request that it changes, and the fields that say so.
    revises: Option<i64>,
    kept: Vec<(&'static str, String)>,
    draft: again::Draft,
}

/// Sections with their fields; a field's label and help are `onboarding-{field}` and `…-help`.
const SECTIONS: &[(&str, &[&str])] = &[
    ("onboarding-basics", &["key", "description", "language"]),
    ("onboarding-source", &["repository", "gitlab", "registry"]),
    (
        "onboarding-running",
        &[
            "port",
            "health_path",
            "deploy_path",
            "log_path",
            "start_command",
            "stop_command",
            "callbacks.before",
            "callbacks.after",
        ],
    ),
    (
        "onboarding-people",
        &["owners", "developers", "testers", "may_confirm_own"],
    ),
    ("onboarding-why", &["note"]),
];

const OPTIONAL: &[&str] = &[
    "description",
    "callbacks.before",
    "callbacks.after",
    "developers",
    "testers",
    "note",
];

pub async fn form(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Query(from): Query<Again>,
) -> Result<Response, AppError> {
    must_ask(&actor)?;
    let typed = match again::begin(&app, &actor, "onboarding", from).await? {
        Some((_, typed)) => typed,
        None => Typed::from([("owners".to_owned(), actor.name.clone())]),
    };
    let typed = again::open(&app, &actor, &ctx, typed).await?;
    page(&new_page(&app, &ctx, &typed, &Errors::default(), None).await?)
}

pub async fn ask(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    must_ask(&actor)?;
    refuse_unknown(&typed)?;
    let filing = Filing {
        note: text(&typed, "note"),
        ..Filing::of("onboarding", parameters(&typed))
    };
    match again::send(&app, &actor, &ctx, &typed, filing).await {
        Ok(address) => Ok(see_other(&address)),
        Err(error) => {
            let (errors, sentence) = shown_by_form(&error, "parameters.")?;
            let new = new_page(&app, &ctx, &typed, &errors, sentence.as_ref()).await?;
            Ok(shown(page(&new)?, &error))
        }
    }
}

async fn new_page(
    app: &App,
    ctx: &Ctx,
    typed: &Typed,
    errors: &Errors,
    sentence: Option<&Words>,
) -> Result<NewPage, AppError> {
    let choices = choices(app).await?;
    let c = Chrome::new(ctx, Nav::Projects);
    let section = |(legend, names): &(&str, &[&str])| Section {
        legend: c.t(legend),
        fields: names
            .iter()
            .filter_map(|name| field(&c, name, &choices))
            .map(|f| f.filled(&c, typed, errors))
            .collect(),
    };
    let sections: Vec<Section> = SECTIONS.iter().map(section).collect();
    let summary = match sentence {
        Some(words) => Some(Summary::sentence(&c, words)),
        None => Summary::of(&c, &sections, errors),
    };
    Ok(NewPage {
        revises: again::revises(typed),
        kept: again::kept(typed),
        draft: again::Draft::of(&c, typed),
        c,
        sections,
        summary,
    })
}

/// A field, unless there is nothing to choose.
fn field(c: &Chrome, name: &str, choices: &Choices) -> Option<Field> {
    let several = |keys: &Vec<String>| (keys.len() > 1).then(|| Control::Select(keys.clone()));
    let control = match name {
        "language" => Control::Select(choices.languages.clone()),
        "gitlab" => several(&choices.gitlabs)?,
        "registry" => several(&choices.registries)?,
        "port" => Control::Number,
        "may_confirm_own" => Control::Check,
        "note" => Control::Text,
        _ => Control::Line,
    };
    let code = format!("onboarding-{}", name.replace('.', "-"));
    let field = Field::new(c, name, &code, control);
    Some(if OPTIONAL.contains(&name) {
        field.optional(c)
    } else {
        field
    })
}

fn refuse_unknown(typed: &Typed) -> Result<(), AppError> {
    let known = |name: &String| {
        let mut names = SECTIONS.iter().flat_map(|(_, names)| names.iter());
        names.any(|n| n == name) || again::NOT_ASKED.contains(&name.as_str())
    };
    match typed.keys().find(|name| !known(name)) {
        Some(name) => Err(AppError::field(name, "field-unknown")),
        None => Ok(()),
    }
}

fn text(typed: &Typed, name: &str) -> String {
    typed.get(name).map_or("", |t| t.trim()).to_owned()
}

/// User names, parted by commas or white space of any language.
fn names(typed: &Typed, name: &str) -> Vec<String> {
    let parts = text(typed, name);
    parts
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '，' | '、' | ';'))
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn parameters(typed: &Typed) -> Value {
    let text = |name| text(typed, name);
    let some = |name| Some(text(name)).filter(|t| !t.is_empty());
    json!({
        "key": text("key"),
        "description": text("description"),
        "language": text("language"),
        "repository": text("repository"),
        "gitlab": some("gitlab"),
        "registry": some("registry"),
        "owners": names(typed, "owners"),
        "developers": names(typed, "developers"),
        "testers": names(typed, "testers"),
        "deploy_path": text("deploy_path"),
        "log_path": text("log_path"),
        "start_command": text("start_command"),
        "stop_command": text("stop_command"),
        "health_path": text("health_path"),
        // No port is 0, so what is no number is refused by the port's own rule.
        "port": text("port").parse::<u16>().unwrap_or(0),
        "callbacks": {"before": text("callbacks.before"), "after": text("callbacks.after")},
        "may_confirm_own": text("may_confirm_own") == "true",
    })
}

#[cfg(test)]
mod tests {
    use super::{Typed, names, parameters};

    fn typed(name: &str, value: &str) -> Typed {
        Typed::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn people_are_parted_by_commas_and_spaces() {
        let typed = typed("owners", " lin, wang\tzhao，chen、 li ");
        let expected = ["lin", "wang", "zhao", "chen", "li"];
        assert_eq!(names(&typed, "owners"), expected);
    }

    #[test]
    fn what_is_no_port_is_left_to_the_ports_rule() {
        assert_eq!(parameters(&typed("port", "80 80"))["port"], 0);
        assert_eq!(parameters(&typed("port", " 8080 "))["port"], 8080);
    }
}
