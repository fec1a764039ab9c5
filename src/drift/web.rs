//! The page that holds what lives against what was deployed.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::{Adopting, Deployed, Drift, Line, Restoring, Said, Sort};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::projects::web::{Frame, Tab};
use crate::releases;
use crate::web::extract::{Ctx, Form, Path};
use crate::web::form::{Summary, shown_by_form};
use crate::web::layout::{Chrome, Nav, page, see_other};
use crate::web::paging::link;
use crate::web::parts::Time;
use crate::web::problem::shown;
use crate::workloads::{Workload, WorkloadId};

/// Longer values are cut; the API has them whole.
const MOST_LETTERS: usize = 300;

#[derive(Deserialize)]
pub struct Of {
    id: WorkloadId,
}

#[derive(Template)]
#[template(path = "drift/show.html")]
struct DriftPage {
    c: Chrome,
    f: Frame,
    workload: Workload,
    /// What was seen, or why the cluster says nothing.
    seen: Result<Drift, String>,
    lines: Vec<LineView>,
    /// What a request would ask for.
    adopts: Vec<Choice>,
    /// Why this person may not ask for it, or not restore.
    may_not_adopt: Option<String>,
    may_not_restore: Option<String>,
    summary: Option<Summary>,
    /// What was typed for a request that was refused.
    reason: String,
}

/// A parameter that may be taken in, by its pointer and in words.
struct Choice {
    parameter: String,
    said: String,
    chosen: bool,
}

/// The boxes that were ticked.
#[derive(Deserialize)]
pub struct Chosen {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    parameters: Vec<String>,
}

struct LineView {
    object: String,
    field: String,
    sort: Sort,
    wanted: String,
    live: String,
    by: Option<String>,
    at: Option<Time>,
    said: Vec<String>,
}

impl DriftPage {
    /// What the cluster was held against.
    fn against(&self, deployed: &Deployed) -> String {
        let revision = &deployed.parameters_revision;
        let (n, revision) = (("n", &deployed.sequence as _), ("revision", revision as _));
        self.c.t2("drift-against", n, revision)
    }

    /// Whether a deployment would put anything back.
    fn is_ours(&self) -> bool {
        self.lines.iter().any(|l| l.sort != Sort::Beside)
    }
}

/// `GET /projects/{key}/workloads/{id}/drift`
pub async fn show(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(of): Path<Of>,
) -> Result<Response, AppError> {
    let workload = super::workload_of(&app, access.project.id, of.id).await?;
    page(&drift_page(&app, &access, &ctx, workload).await?)
}

async fn drift_page(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    workload: Workload,
) -> Result<DriftPage, AppError> {
    let c = Chrome::new(ctx, Nav::Projects);
    let seen = match super::look(app, &workload).await {
        Ok(drift) => Ok(drift),
        Err(AppError::Unavailable(words)) => Err(c.w(&words)),
        Err(error) => return Err(error),
    };
    let drift = seen.as_ref().ok();
    let lines = drift.iter().flat_map(|d| &d.lines).map(|l| line(&c, l));
    let refused = |right| access.must(right).err().map(|e| c.w(&e.words()));
    Ok(DriftPage {
        lines: lines.collect(),
        adopts: drift.iter().flat_map(|d| &d.adopts).map(choice).collect(),
        may_not_adopt: refused(Permission::FileRequest),
        may_not_restore: refused(releases::right_to_restart(workload.tier)),
        summary: None,
        reason: String::new(),
        f: Frame::new(&access.project, Tab::Containers),
        seen,
        workload,
        c,
    })
}

/// `POST /projects/{key}/workloads/{id}/drift/adopt`
pub async fn adopt(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(of): Path<Of>,
    Form(form): Form<Chosen>,
) -> Result<Response, AppError> {
    let workload = super::workload_of(&app, access.project.id, of.id).await?;
    access.must(Permission::FileRequest)?;
    let asked = Adopting {
        reason: form.reason.clone(),
        parameters: Some(form.parameters.clone()),
    };
    match super::adopt(&app, &access.actor, &workload, asked).await {
        Ok(number) => Ok(see_other(&format!("/requests/{number}"))),
        Err(error) => {
            let mut again = refused(&app, &access, &ctx, workload, &error).await?;
            again.reason = form.reason;
            for choice in &mut again.adopts {
                choice.chosen = form.parameters.contains(&choice.parameter);
            }
            Ok(shown(page(&again)?, &error))
        }
    }
}

/// `POST /projects/{key}/workloads/{id}/drift/restore`
pub async fn restore(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(of): Path<Of>,
    Form(asked): Form<Restoring>,
) -> Result<Response, AppError> {
    let workload = super::workload_of(&app, access.project.id, of.id).await?;
    access.must(releases::right_to_restart(workload.tier))?;
    match super::restore(&app, &access.actor, &workload, asked).await {
        Ok(_) => {
            let page = format!("/projects/{}/containers", access.project.key);
            let place = [("environment", workload.environment.as_str())];
            Ok(see_other(&link(&page, &place)))
        }
        Err(error) => {
            let again = refused(&app, &access, &ctx, workload, &error).await?;
            Ok(shown(page(&again)?, &error))
        }
    }
}

/// The page once more, with why something was refused.
async fn refused(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    workload: Workload,
    error: &AppError,
) -> Result<DriftPage, AppError> {
    let (errors, sentence) = shown_by_form(error, "")?;
    let words = sentence.or_else(|| errors.0.first().map(|e| e.words.clone()));
    let mut again = drift_page(app, access, ctx, workload).await?;
    again.summary = words.map(|words| Summary::sentence(&again.c, &words));
    Ok(again)
}

fn line(c: &Chrome, line: &Line) -> LineView {
    LineView {
        object: format!("{} {}", line.kind, line.name),
        field: line.field.clone(),
        sort: line.sort,
        wanted: short(&line.wanted),
        live: short(&line.live),
        by: line.by.clone(),
        at: line.at.as_ref().map(|at| c.time(at)),
        said: line.said.iter().map(said).collect(),
    }
}

fn choice(one: &Said) -> Choice {
    Choice {
        parameter: one.parameter.clone(),
        said: said(one),
        chosen: true,
    }
}

fn said(said: &Said) -> String {
    let name = said.parameter.trim_start_matches('/').replace('/', ".");
    let name = name.replace("~1", "/").replace("~0", "~");
    // One of a list is told by what it holds.
    let plain = |value: &Value| {
        let held = ["value", "size", "port"]
            .iter()
            .find_map(|of| value.get(of));
        short(held.unwrap_or(value))
    };
    format!("{name}: {} → {}", plain(&said.wanted), plain(&said.live))
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => return "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.chars().count() > MOST_LETTERS {
        true => text.chars().take(MOST_LETTERS).chain(['…']).collect(),
        false => text,
    }
}
