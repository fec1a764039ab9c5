//! Importing an image and waiving its test: the form, and both over the API.

use askama::Template;
use axum::Json;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::clusters::Tier;
use crate::error::AppError;
use crate::identity::{Actor, Permission};
use crate::projects::ProjectAccess;
use crate::projects::web::{Frame, Tab};
use crate::releases::{self, Confirming, Importing, ReleaseId, Story};
use crate::web::extract::{Ctx, Form, Json as Body, Path};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "releases/import.html")]
struct ImportPage {
    c: Chrome,
    f: Frame,
    section: Section,
    summary: Option<Summary>,
}

/// `GET /projects/{key}/images/new`
pub async fn import_form(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
) -> Result<Response, AppError> {
    access.must(Permission::ImportImages)?;
    let nothing = (Typed::new(), Errors::default());
    page(&import_page(&app, &access, &ctx, nothing).await?)
}

async fn import_page(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    (mut typed, errors): (Typed, Errors),
) -> Result<ImportPage, AppError> {
    let c = Chrome::new(ctx, Nav::Projects);
    let lanes = releases::lanes(app, access.project.id).await?;
    let keys = releases::environments(&lanes, Tier::Production);
    let mut choices = vec![(String::new(), c.t("import-baseline-no"), String::new())];
    choices.extend(keys.into_iter().map(|k| (k.clone(), k, String::new())));
    typed.entry("baseline".to_owned()).or_default();
    let field = |name: &str, control| Field::new(&c, name, &format!("import-{name}"), control);
    let fields = [
        field("image", Control::Line),
        field("note", Control::Text),
        field("baseline", Control::Radio(choices)),
    ];
    let section = Section {
        legend: c.t("import-what"),
        fields: fields
            .into_iter()
            .map(|f| f.filled(&c, &typed, &errors))
            .collect(),
    };
    Ok(ImportPage {
        summary: Summary::of(&c, std::slice::from_ref(&section), &errors),
        f: Frame::new(&access.project, Tab::Releases),
        section,
        c,
    })
}

/// `POST /projects/{key}/images/new`
pub async fn import(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let proof = access.must(Permission::ImportImages)?;
    let text = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let asked = Importing {
        image: text("image"),
        note: text("note"),
        baseline: Some(text("baseline")),
    };
    match releases::import(&app, &proof, &asked).await {
        Ok(id) => {
            let release = releases::get(&app, &access.actor, id).await?;
            let key = &access.project.key;
            Ok(see_other(&format!(
                "/projects/{key}/releases/{}",
                release.number
            )))
        }
        Err(error) => {
            let (errors, sentence) = match &error {
                // A registry that is down is no reason to lose what was typed.
                AppError::Unavailable(words) => (Errors::default(), Some(words.clone())),
                error => shown_by_form(error, "")?,
            };
            let mut again = import_page(&app, &access, &ctx, (typed, errors)).await?;
            if let Some(words) = sentence {
                again.summary = Some(Summary::sentence(&again.c, &words));
            }
            Ok(shown(page(&again)?, &error))
        }
    }
}

/// Takes an image by name into a project, as the digest that it is now.
#[utoipa::path(
    post,
    path = "/projects/{key}/images",
    operation_id = "import_image",
    tag = "releases",
    params(("key" = String, Path, description = "The project's key")),
    request_body = Importing,
    responses((status = 201, body = Story, description = "Done")),
)]
pub async fn api_import(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    Body(asked): Body<Importing>,
) -> Result<Response, AppError> {
    let proof = access.must(Permission::ImportImages)?;
    let id = releases::import(&app, &proof, &asked).await?;
    told(&app, &access.actor, id).await
}

/// Lets an imported digest into production without a test, with a reason.
#[utoipa::path(
    post,
    path = "/releases/{id}/waiver",
    operation_id = "waive_test",
    tag = "releases",
    params(("id" = ReleaseId, Path)),
    request_body = Confirming,
    responses((status = 201, body = Story, description = "Done")),
)]
pub async fn api_waive(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
    Body(asked): Body<Confirming>,
) -> Result<Response, AppError> {
    releases::waive(&app, &actor, id, &asked).await?;
    told(&app, &actor, id).await
}

async fn told(app: &App, actor: &Actor, id: ReleaseId) -> Result<Response, AppError> {
    let release = releases::get(app, actor, id).await?;
    let story = releases::story(app, release).await?;
    Ok((StatusCode::CREATED, Json(story)).into_response())
}
