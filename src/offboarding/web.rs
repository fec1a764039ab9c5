//! The two forms that ask for something to be taken away, each with everything that would go.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::{request, whole};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::projects::web::{Frame, Tab};
use crate::requests::web::{again, fact};
use crate::requests::{Fact, Filing};
use crate::web::extract::{Ctx, Form, Path};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;
use crate::workloads::{self, Workload, WorkloadId};

#[derive(Template)]
#[template(path = "offboarding/form.html")]
struct GoingPage {
    c: Chrome,
    f: Frame,
    title: String,
    lede: String,
    /// What a yes starts.
    next: String,
    /// Where it is asked from, and its name there.
    from: (String, String),
    action: String,
    button: String,
    /// What goes and what stays, line by line.
    facts: Vec<(String, String, bool)>,
    sections: Vec<Section>,
    summary: Option<Summary>,
    /// What has to be settled before it can be asked for.
    in_the_way: Option<String>,
    draft: again::Draft,
}

type Wrong = (Errors, Option<Words>);

fn typed_line(typed: &Typed, name: &str) -> String {
    typed
        .get(name)
        .map(|t| t.trim().to_owned())
        .unwrap_or_default()
}

fn filled(c: &Chrome, fields: Vec<Field>, typed: &Typed, errors: &Errors) -> Vec<Section> {
    let fields = fields.into_iter().map(|f| f.filled(c, typed, errors));
    vec![Section {
        legend: c.t("removal-asked"),
        fields: fields.collect(),
    }]
}

fn summary(c: &Chrome, sections: &[Section], wrong: &Wrong) -> Option<Summary> {
    match &wrong.1 {
        Some(words) => Some(Summary::sentence(c, words)),
        None => Summary::of(c, sections, &wrong.0),
    }
}

fn lines(c: &Chrome, facts: Vec<Fact>) -> Vec<(String, String, bool)> {
    let said = facts.into_iter().filter(|f| !f.is_empty());
    said.map(|f| fact(c, f)).collect()
}

#[derive(Deserialize)]
pub struct OfWorkload {
    id: WorkloadId,
}

/// A workload of this very project that is not leaving yet.
async fn mine(app: &App, access: &ProjectAccess, id: WorkloadId) -> Result<Workload, AppError> {
    let all = workloads::list(app.db.pool(), access.project.id, None, None).await?;
    let found = all.into_iter().find(|w| w.id == id);
    found.ok_or(AppError::NotFound)
}

/// `GET /projects/{key}/workloads/{id}/removal`
pub async fn removal_form(
    State(app): State<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<OfWorkload>,
) -> Result<Response, AppError> {
    let workload = mine(&app, &access, path.id).await?;
    access.must(Permission::FileRequest)?;
    let typed = again::open(&app, &access.actor, &ctx, Typed::new()).await?;
    let nothing = (typed, (Errors::default(), None));
    page(&removal_page(&app, &access, &ctx, &workload, nothing).await?)
}

/// `POST /projects/{key}/workloads/{id}/removal`
pub async fn ask_removal(
    State(app): State<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<OfWorkload>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let workload = mine(&app, &access, path.id).await?;
    access.must(Permission::FileRequest)?;
    let parameters =
        json!({ "component": workload.component, "clusters": [workload.cluster.clone()] });
    let filing = Filing {
        project: Some(access.project.key.clone()),
        environment: Some(workload.environment.clone()),
        note: typed_line(&typed, "note"),
        ..Filing::of("removal", parameters)
    };
    match again::send(&app, &access.actor, &ctx, &typed, filing).await {
        Ok(address) => Ok(see_other(&address)),
        Err(error) => {
            let wrong = shown_by_form(&error, "parameters.")?;
            let again = removal_page(&app, &access, &ctx, &workload, (typed, wrong)).await?;
            Ok(shown(page(&again)?, &error))
        }
    }
}

async fn removal_page(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    workload: &Workload,
    (typed, wrong): (Typed, Wrong),
) -> Result<GoingPage, AppError> {
    let c = Chrome::new(ctx, Nav::Projects);
    let key = &access.project.key;
    let facts = request::outlook(app, workload).await?;
    let why = Field::new(&c, "note", "removal-why", Control::Text);
    let sections = filled(&c, vec![why], &typed, &wrong.0);
    let here = format!(
        "/projects/{key}/containers?environment={}",
        workload.environment
    );
    Ok(GoingPage {
        summary: summary(&c, &sections, &wrong),
        f: Frame::new(&access.project, Tab::Containers),
        title: c.t1("removal-title", "cluster", &workload.cluster),
        lede: c.t("removal-lede"),
        next: c.t("removal-next"),
        from: (here, c.t("project-tab-containers")),
        action: format!("/projects/{key}/workloads/{}/removal", workload.id),
        button: c.t("removal-ask"),
        facts: lines(&c, facts),
        sections,
        in_the_way: None,
        draft: again::Draft::of(&c, &typed),
        c,
    })
}

/// `GET /projects/{key}/offboarding`
pub async fn offboarding_form(
    State(app): State<App>,
    access: ProjectAccess,
    ctx: Ctx,
) -> Result<Response, AppError> {
    access.must(Permission::EditProject)?;
    let typed = again::open(&app, &access.actor, &ctx, Typed::new()).await?;
    let nothing = (typed, (Errors::default(), None));
    page(&offboarding_page(&app, &access, &ctx, nothing).await?)
}

/// `POST /projects/{key}/offboarding`
pub async fn ask_offboarding(
    State(app): State<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    access.must(Permission::EditProject)?;
    let filing = Filing {
        project: Some(access.project.key.clone()),
        note: typed_line(&typed, "note"),
        ..Filing::of("offboarding", json!({ "key": typed_line(&typed, "key") }))
    };
    match again::send(&app, &access.actor, &ctx, &typed, filing).await {
        Ok(address) => Ok(see_other(&address)),
        Err(error) => {
            let wrong = shown_by_form(&error, "parameters.")?;
            let again = offboarding_page(&app, &access, &ctx, (typed, wrong)).await?;
            Ok(shown(page(&again)?, &error))
        }
    }
}

async fn offboarding_page(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    (typed, wrong): (Typed, Wrong),
) -> Result<GoingPage, AppError> {
    let c = Chrome::new(ctx, Nav::Projects);
    let key = &access.project.key;
    let (facts, in_the_way) = whole::outlook(app, access.project.id).await?;
    let fields = vec![
        Field::new(&c, "key", "offboarding-key", Control::Line),
        Field::new(&c, "note", "removal-why", Control::Text),
    ];
    let sections = filled(&c, fields, &typed, &wrong.0);
    Ok(GoingPage {
        summary: summary(&c, &sections, &wrong),
        f: Frame::new(&access.project, Tab::Settings),
        title: c.t1("offboarding-title", "key", key),
        lede: c.t("offboarding-lede"),
        next: c.t("offboarding-next"),
        from: (
            format!("/projects/{key}/settings"),
            c.t("project-tab-settings"),
        ),
        action: format!("/projects/{key}/offboarding"),
        button: c.t("offboarding-ask"),
        facts: lines(&c, facts),
        sections,
        in_the_way: in_the_way.map(|e| c.w(&e.words())),
        draft: again::Draft::of(&c, &typed),
        c,
    })
}
