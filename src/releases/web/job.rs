//! The page on which operations decide about a job in Jenkins that the portal did not make.

use askama::Template;
use axum::Json;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::press::address;
use super::show::NumberPath;
use crate::app::App;
use crate::builds::Question;
use crate::error::{AppError, FieldError};
use crate::identity::Actor;
use crate::integrations::jenkins::job_diff::{Change, How, Part};
use crate::projects::ProjectAccess;
use crate::projects::web::{Frame, Tab};
use crate::releases::{self, JobDeciding, ReleaseId, Story, Verdict};
use crate::web::extract::{Ctx, Form, Json as Body, Path};
use crate::web::form::shown_by_form;
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "releases/job.html")]
struct JobPage {
    c: Chrome,
    f: Frame,
    number: i32,
    question: Question,
    /// Each way, and why it is shut.
    ways: Vec<(Verdict, Option<String>)>,
    changes: Vec<ChangeView>,
    name: String,
    errors: Errors,
}

pub struct ChangeView {
    pub said: String,
    pub from: String,
    pub to: String,
}

impl JobPage {
    fn missing(&self) -> String {
        match self.question.missing.is_empty() {
            true => self.c.t("job-missing-none"),
            false => self.question.missing.join(", "),
        }
    }
}

/// `GET /projects/{key}/releases/{n}/job`
pub async fn job(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<NumberPath>,
) -> Result<Response, AppError> {
    let nothing = (String::new(), Errors::default());
    page(&job_page(&app, &access, &ctx, path.n, nothing).await?)
}

async fn job_page(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    number: i32,
    (name, errors): (String, Errors),
) -> Result<JobPage, AppError> {
    let release = releases::by_number(app, access.project.id, number).await?;
    let asked = releases::asked(app, &access.actor, release).await?;
    let c = Chrome::new(ctx, Nav::Projects);
    let question = asked.question;
    let way = |v: &Verdict| {
        let shut = releases::takable(&question, *v).err();
        (*v, shut.map(|e| c.w(&e.words())))
    };
    Ok(JobPage {
        f: Frame::new(&access.project, Tab::Releases),
        number,
        ways: Verdict::ALL.iter().map(way).collect(),
        changes: question.changes.iter().map(|ch| told(&c, ch)).collect(),
        question,
        name,
        errors,
        c,
    })
}

/// Parts that have words of their own.
const KNOWN: &[&str] = &[
    "scm",
    "triggers",
    "builders",
    "publishers",
    "definition",
    "properties",
    "buildWrappers",
    "assignedNode",
    "concurrentBuild",
];

/// One difference between two jobs, for people.
#[must_use]
pub fn told(c: &Chrome, change: &Change) -> ChangeView {
    let what = match &change.part {
        Part::Parameter(name) => c.t1("job-part-parameter", "name", name),
        Part::Element(name) if KNOWN.contains(&name.as_str()) => c.t(&format!("job-part-{name}")),
        Part::Element(name) => c.t1("job-part-other", "name", name),
    };
    let code = match change.how {
        How::Added => "job-change-added",
        How::Removed => "job-change-removed",
        How::Changed => "job-change-changed",
    };
    let text = |text: &String| match change.part {
        Part::Parameter(_) => String::new(),
        Part::Element(_) => text.clone(),
    };
    ChangeView {
        said: c.t1(code, "what", &what),
        from: text(&change.from),
        to: text(&change.to),
    }
}

/// `POST /projects/{key}/releases/{n}/job`
pub async fn decide_job(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Path(path): Path<NumberPath>,
    Form(form): Form<JobDeciding>,
) -> Result<Response, AppError> {
    let release = releases::by_number(&app, access.project.id, path.n).await?;
    let Err(error) = releases::adopt(&app, &access.actor, release.id, &form).await else {
        return Ok(see_other(&address(&access, path.n)));
    };
    let (mut errors, sentence) = shown_by_form(&error, "")?;
    if let Some(words) = sentence {
        let field = "name".to_owned();
        errors.0.push(FieldError { field, words });
    }
    let again = job_page(&app, &access, &ctx, path.n, (form.name, errors)).await?;
    Ok(shown(page(&again)?, &error))
}

/// A job that somebody else made, and what can be done about it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct JobAnswer {
    job: String,
    /// What a decision must name.
    content_sha256: String,
    owner: Option<String>,
    /// Parameters that it lacks.
    missing: Vec<String>,
    builds: u64,
    can_keep: bool,
    can_renew: bool,
    /// What the template would change.
    changes: Vec<ChangeAnswer>,
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = JobChange)]
struct ChangeAnswer {
    /// `parameter` or `element`.
    part: &'static str,
    name: String,
    /// `added`, `removed` or `changed`.
    how: &'static str,
    from: String,
    to: String,
}

impl From<&Change> for ChangeAnswer {
    fn from(change: &Change) -> Self {
        let (part, name) = match &change.part {
            Part::Parameter(name) => ("parameter", name),
            Part::Element(name) => ("element", name),
        };
        let how = match change.how {
            How::Added => "added",
            How::Removed => "removed",
            How::Changed => "changed",
        };
        Self {
            part,
            name: name.clone(),
            how,
            from: change.from.clone(),
            to: change.to.clone(),
        }
    }
}

/// The job in Jenkins that somebody else made and the release waits for.
#[utoipa::path(
    get,
    path = "/releases/{id}/job",
    operation_id = "show_foreign_job",
    tag = "releases",
    params(("id" = ReleaseId, Path)),
    responses((status = 200, body = JobAnswer, description = "As it is now")),
)]
pub async fn api_job(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
) -> Result<Json<JobAnswer>, AppError> {
    let release = releases::get(&app, &actor, id).await?;
    let question = releases::asked(&app, &actor, release).await?.question;
    let changes = question.changes.iter().map(ChangeAnswer::from);
    Ok(Json(JobAnswer {
        can_keep: question.can_keep(),
        changes: changes.collect(),
        job: question.job,
        content_sha256: question.content_sha256,
        owner: question.owner,
        missing: question.missing,
        builds: question.history,
        can_renew: question.can_renew,
    }))
}

/// Decides on a job that somebody else made, as it was shown.
#[utoipa::path(
    post,
    path = "/releases/{id}/job",
    operation_id = "decide_on_job",
    tag = "releases",
    params(("id" = ReleaseId, Path)),
    request_body = JobDeciding,
    responses((status = 201, body = Story, description = "Done")),
)]
pub async fn api_decide_job(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(id): Path<ReleaseId>,
    Body(deciding): Body<JobDeciding>,
) -> Result<Response, AppError> {
    releases::adopt(&app, &actor, id, &deciding).await?;
    let release = releases::get(&app, &actor, id).await?;
    let story = releases::story(&app, release).await?;
    Ok((StatusCode::CREATED, Json(story)).into_response())
}
