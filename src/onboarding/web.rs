//! The page of what a project has outside of the portal, and the buttons that set it right.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;

use super::{Again, JobState, Place, again, outside, place};
use crate::app::App;
use crate::builds::{Drift, Standing};
use crate::error::{AppError, Words};
use crate::identity::{Permission, Scope};
use crate::projects::web::{Frame, Tab};
use crate::projects::{Project, ProjectAccess};
use crate::releases::web::job::{ChangeView, told};
use crate::web::extract::{Ctx, Form, Json as Body};
use crate::web::form::shown_by_form;
use crate::web::layout::{Chrome, Nav, page, see_other};
use crate::web::problem::shown;

#[derive(Template)]
#[template(path = "onboarding/setup.html")]
struct SetupPage {
    c: Chrome,
    f: Frame,
    lines: Vec<Line>,
    job: Option<JobView>,
    /// Why it cannot be gone through again, for whom it cannot.
    shut: Option<String>,
    error: Option<String>,
    busy: bool,
}

/// One thing outside.
struct Line {
    what: String,
    /// What there is, as the other system calls it.
    name: Option<String>,
    link: Option<String>,
    /// `ok`, `warn` or `none`, with its icon and words.
    look: Look,
    said: String,
    at: Option<Timestamp>,
}

#[derive(Clone, Copy)]
struct Look {
    class: &'static str,
    icon: &'static str,
}

const OK: Look = Look {
    class: "is-ok",
    icon: "circle-check",
};
const WARN: Look = Look {
    class: "is-wait",
    icon: "alert-triangle",
};
const NONE: Look = Look {
    class: "is-idle",
    icon: "circle-minus",
};

/// What differs between the job and its template.
struct JobView {
    said: String,
    changes: Vec<ChangeView>,
    can_restore: bool,
    /// The template's versions: the one it was made from, and the one that is there.
    versions: Option<String>,
    /// The content that operations may say is to stay.
    may_stay: Option<String>,
}

/// `GET /projects/{key}/setup`
pub async fn show(
    State(app): State<App>,
    access: ProjectAccess,
    ctx: Ctx,
) -> Result<Response, AppError> {
    page(&setup_page(&app, &access, &ctx, None).await?)
}

/// `POST /projects/{key}/setup`
pub async fn repeat(
    State(app): State<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Form(wanted): Form<Again>,
) -> Result<Response, AppError> {
    match again(&app, &access.actor, &access.project, &wanted).await {
        Ok(()) => {
            let here = format!("/projects/{}/setup", access.project.key);
            Ok(see_other(&here))
        }
        Err(error) => {
            let (errors, sentence) = shown_by_form(&error, "")?;
            let first = errors.0.first().map(|e| e.words.clone());
            let told = setup_page(&app, &access, &ctx, sentence.or(first)).await?;
            Ok(shown(page(&told)?, &error))
        }
    }
}

/// What a project has outside of the portal.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ProjectSetup)]
pub struct Setup {
    /// GitLab's number of the webhook; none where GitLab lets us make none.
    webhook: Option<i64>,
    last_push: Option<Timestamp>,
    job: Option<String>,
    /// `ready` or `foreign`.
    job_state: Option<String>,
    image: Option<String>,
    /// Whether our own account may push there; Jenkins uses its own.
    image_writable: Option<bool>,
    /// How the job stands to its template: `missing`, `no-template`, `same`, `behind`, `edited`,
    /// `kept`, `foreign`; none where Jenkins does not answer within three seconds.
    job_drift: Option<&'static str>,
    /// Of a job that is behind or edited: what `keep` takes, to let it stay so.
    job_content_sha256: Option<String>,
    /// Version of the template that it was made from; none where we did not make it.
    job_made_from: Option<String>,
    /// Version of the template as it is.
    template_version: Option<String>,
}

/// What a project has outside of the portal: webhook, job, path of its images.
#[utoipa::path(
    get,
    path = "/projects/{key}/setup",
    operation_id = "show_setup",
    tag = "projects",
    params(("key" = String, Path, description = "The project's key")),
    responses((status = 200, body = Setup, description = "As it was made or found last")),
)]
pub async fn read(State(app): State<App>, access: ProjectAccess) -> Result<Json<Setup>, AppError> {
    let found = place(&app, access.project.id).await?;
    let found = found.ok_or(AppError::NotFound)?;
    let drift = outside::drift(&app, &access.project, &found).await;
    Ok(Json(Setup {
        job_drift: drift.as_ref().map(|d| d.drift.as_str()),
        job_content_sha256: drift.as_ref().and_then(|d| d.may_stay().cloned()),
        job_made_from: drift.as_ref().and_then(|d| d.made_from.clone()),
        template_version: drift.and_then(|d| d.template),
        webhook: found.hook,
        last_push: found.pushed_at,
        job: found.job,
        job_state: found.job_state.map(|s| s.to_string()),
        image: found.image,
        image_writable: found.image_writable,
    }))
}

/// Goes through all of it once more.
#[utoipa::path(
    post,
    path = "/projects/{key}/setup",
    operation_id = "set_up_again",
    tag = "projects",
    params(("key" = String, Path, description = "The project's key")),
    request_body = Again,
    responses((status = 202, description = "Begun")),
)]
pub async fn set_up(
    State(app): State<App>,
    access: ProjectAccess,
    Body(wanted): Body<Again>,
) -> Result<Response, AppError> {
    again(&app, &access.actor, &access.project, &wanted).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

async fn setup_page(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    error: Option<Words>,
) -> Result<SetupPage, AppError> {
    let c = Chrome::new(ctx, Nav::Projects);
    let project = &access.project;
    let found = place(app, project.id).await?;
    let drift = match &found {
        Some(found) => outside::drift(app, project, found).await,
        None => None,
    };
    let may = access.actor.must(Permission::OperateRuns, Scope::Platform);
    let unbound = project.bound.is_none();
    let shut = match (may, unbound) {
        (Err(refused), _) => Some(c.w(&refused.words())),
        (Ok(()), true) => Some(c.t("release-project-unbound")),
        (Ok(()), false) => None,
    };
    let busy = super::is_busy(app, project.id).await?;
    Ok(SetupPage {
        f: Frame::new(project, Tab::Settings),
        lines: lines(&c, project, found.as_ref()),
        job: drift.as_ref().map(|d| job_view(&c, d)),
        shut,
        error: error.map(|words| c.w(&words)),
        busy,
        c,
    })
}

fn lines(c: &Chrome, project: &Project, place: Option<&Place>) -> Vec<Line> {
    let mut lines = vec![repository(c, project)];
    match place {
        Some(place) => lines.extend([hook(c, place), job(c, place), image(c, place)]),
        None => {
            lines.extend(["setup-hook", "setup-job", "setup-image"].map(|what| not_yet(c, what)));
        }
    }
    lines
}

fn not_yet(c: &Chrome, what: &str) -> Line {
    Line {
        what: c.t(what),
        name: None,
        link: None,
        look: NONE,
        said: c.t("setup-not-yet"),
        at: None,
    }
}

fn repository(c: &Chrome, project: &Project) -> Line {
    let is_there = project.bound.is_some();
    Line {
        what: c.t("setup-repository"),
        name: Some(project.repository.clone()),
        link: project.web_url.clone(),
        look: if is_there { OK } else { NONE },
        said: c.t(if is_there {
            "setup-repository-found"
        } else {
            "setup-repository-missing"
        }),
        at: None,
    }
}

fn hook(c: &Chrome, place: &Place) -> Line {
    let line = not_yet(c, "setup-hook");
    match (&place.hook_trouble, place.hook, place.pushed_at) {
        (Some(why), ..) => Line {
            look: WARN,
            said: c.w(why),
            at: place.hook_at,
            ..line
        },
        (None, Some(_), Some(at)) => Line {
            name: place.pushed_ref.as_deref().map(short_ref),
            look: OK,
            said: c.t("setup-hook-heard"),
            at: Some(at),
            ..line
        },
        (None, Some(_), None) => Line {
            look: OK,
            said: c.t("setup-hook-silent"),
            at: place.hook_at,
            ..line
        },
        (None, None, _) => line,
    }
}

/// `main` of `refs/heads/main`.
fn short_ref(full: &str) -> String {
    let tails = ["refs/heads/", "refs/tags/"];
    let tail = tails.iter().find_map(|head| full.strip_prefix(head));
    tail.unwrap_or(full).to_owned()
}

fn job(c: &Chrome, place: &Place) -> Line {
    let line = not_yet(c, "setup-job");
    let (look, said) = match place.job_state {
        Some(JobState::Ready) => (OK, "setup-job-ready"),
        Some(JobState::Foreign) => (WARN, "setup-job-foreign"),
        None => return line,
    };
    Line {
        name: place.job.clone(),
        look,
        said: c.t(said),
        at: place.job_at,
        ..line
    }
}

fn image(c: &Chrome, place: &Place) -> Line {
    let line = not_yet(c, "setup-image");
    let (look, said) = match place.image_writable {
        Some(true) => (OK, "setup-image-writable"),
        Some(false) => (WARN, "setup-image-read-only"),
        None => return line,
    };
    Line {
        name: place.image.clone(),
        look,
        said: c.t(said),
        at: place.image_at,
        ..line
    }
}

fn job_view(c: &Chrome, found: &Standing) -> JobView {
    let (said, changes) = match &found.drift {
        Drift::Missing => ("setup-drift-missing", None),
        Drift::NoTemplate => ("setup-drift-no-template", None),
        Drift::Same => ("setup-drift-same", None),
        Drift::Foreign => ("setup-drift-foreign", None),
        Drift::Behind(changes, _) => ("setup-drift-behind", Some(changes)),
        Drift::Edited(changes, _) => ("setup-drift-edited", Some(changes)),
        Drift::Kept(changes) => ("setup-drift-kept", Some(changes)),
    };
    let versions = match (&found.made_from, &found.template) {
        (Some(from), Some(now)) if from == now => Some(c.t1("setup-version", "version", now)),
        (Some(from), Some(now)) => {
            Some(c.t2("setup-versions", ("from", from as _), ("now", now as _)))
        }
        _ => None,
    };
    JobView {
        said: c.t(said),
        changes: changes
            .into_iter()
            .flatten()
            .map(|change| told(c, change))
            .collect(),
        can_restore: matches!(found.drift, Drift::Edited(..) | Drift::Kept(_)),
        versions,
        may_stay: found.may_stay().cloned(),
    }
}
