//! The page of what images may be.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;

use super::{Bounding, Bounds, PACKAGES_LABEL, Row};
use crate::app::App;
use crate::clusters;
use crate::error::{AppError, FieldError};
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::{Ctx, Form, Query};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

const PATH: &str = "/standards/images";

#[derive(Template)]
#[template(path = "standards/images.html")]
struct ImagesPage {
    c: Chrome,
    rows: Vec<Row>,
    form: Section,
    /// Why this person may only look.
    shut: Option<String>,
    summary: Option<Summary>,
}

impl ImagesPage {
    /// What a row says, one sentence a rule.
    fn says(&self, bounds: &Bounds) -> Vec<String> {
        let c = &self.c;
        let any = |code: &str, list: &str| match list {
            "" => c.t(&format!("{code}-none")),
            list => c.t1(code, "list", &list),
        };
        let ports: Vec<String> = bounds.ports.iter().map(i32::to_string).collect();
        let root = match bounds.root_allowed {
            true => "image-bounds-root-yes",
            false => "image-bounds-root-no",
        };
        vec![
            any("image-bounds-says-bases", &bounds.bases.join(", ")),
            any("image-bounds-says-ports", &ports.join(", ")),
            c.t(root),
            c.t1("image-bounds-says-size", "most", &bounds.most_mib),
            any("image-bounds-says-packages", &bounds.packages.join(", ")),
        ]
    }
}

#[derive(Deserialize)]
pub struct Wanted {
    /// Whose bounds the form begins with; everybody's where it is empty.
    #[serde(default)]
    language: String,
}

/// `GET /standards/images`
pub async fn show(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let rows = super::all(&app, &actor).await?;
    let mine = rows
        .iter()
        .find(|r| r.language.as_deref().unwrap_or_default() == wanted.language);
    let bounds = mine.map_or_else(Bounds::proposed, |r| r.bounds.clone());
    let typed = typed(&wanted.language, &bounds);
    page(&images_page(&app, &actor, &ctx, rows, &typed, &Errors::default()).await?)
}

/// `POST /standards/images`
pub async fn set(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    actor.must(Permission::HandleRequests, Scope::Platform)?;
    let done = match asked(&typed) {
        Ok(asked) => super::set(&app, &actor, &asked).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(see_other(PATH)),
        Err(error) => {
            let (errors, _) = shown_by_form(&error, "bounds.")?;
            let rows = super::all(&app, &actor).await?;
            let again = images_page(&app, &actor, &ctx, rows, &typed, &errors).await?;
            Ok(shown(page(&again)?, &error))
        }
    }
}

fn typed(language: &str, bounds: &Bounds) -> Typed {
    let ports: Vec<String> = bounds.ports.iter().map(i32::to_string).collect();
    let root = if bounds.root_allowed { "true" } else { "" };
    [
        ("language", language.to_owned()),
        ("bases", bounds.bases.join("\n")),
        ("ports", ports.join(", ")),
        ("root_allowed", root.to_owned()),
        ("most_mib", bounds.most_mib.to_string()),
        ("packages", bounds.packages.join("\n")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Lists are typed with commas, spaces or lines between their parts.
fn asked(typed: &Typed) -> Result<Bounding, AppError> {
    let text = |name: &str| typed.get(name).map_or("", |t| t.trim());
    let list = |name: &str| {
        let parts = text(name).split(|c: char| c == ',' || c.is_whitespace());
        let parts = parts.filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect::<Vec<String>>()
    };
    let number = |field: &str, code: &str, text: &str| {
        text.parse::<i32>().map_err(|_| {
            let mut error = FieldError::new(field, code);
            error.words = error.words.with("is", text);
            AppError::Invalid(vec![error])
        })
    };
    let port = |text: &String| number("ports", "image-bounds-port-wrong", text);
    let most = text("most_mib");
    Ok(Bounding {
        language: Some(text("language").to_owned()),
        bounds: Bounds {
            bases: list("bases"),
            ports: list("ports").iter().map(port).collect::<Result<_, _>>()?,
            root_allowed: text("root_allowed") == "true",
            most_mib: number("most_mib", "image-bounds-size-wrong", most)?,
            packages: list("packages"),
        },
        reason: text("reason").to_owned(),
    })
}

async fn images_page(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    rows: Vec<Row>,
    typed: &Typed,
    errors: &Errors,
) -> Result<ImagesPage, AppError> {
    let c = Chrome::new(ctx, Nav::Standards);
    let mut languages = vec![(String::new(), c.t("image-bounds-everybody"))];
    let all = clusters::languages(app).await?;
    languages.extend(all.into_iter().map(|l| (l.key.clone(), l.key)));
    let fields = [
        ("language", Control::Choose(languages)),
        ("bases", Control::Text),
        ("ports", Control::Line),
        ("root_allowed", Control::Check),
        ("most_mib", Control::Unit("MiB".to_owned())),
        ("packages", Control::Text),
        ("reason", Control::Text),
    ];
    let field = |(name, control): (&str, Control)| {
        let code = format!("image-bounds-{}", name.replace('_', "-"));
        Field::new(&c, name, &code, control).filled(&c, typed, errors)
    };
    let mut form = Section {
        legend: c.t("image-bounds-set"),
        fields: fields.map(field).into(),
    };
    for field in &mut form.fields {
        match field.name.as_str() {
            "packages" => field.help = c.t1("image-bounds-packages-help", "label", &PACKAGES_LABEL),
            "bases" | "ports" => field.from = c.t("form-optional"),
            _ => {}
        }
    }
    let may = actor.must(Permission::HandleRequests, Scope::Platform);
    Ok(ImagesPage {
        summary: Summary::of(&c, std::slice::from_ref(&form), errors),
        shut: may.err().map(|e| c.w(&e.words())),
        rows,
        form,
        c,
    })
}
