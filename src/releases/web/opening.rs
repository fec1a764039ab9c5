//! The form that opens a release: a branch or commit, a note, and what will happen.

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;

use super::brings::{self, Brings, Preview};
use crate::app::App;
use crate::clusters::Tier;
use crate::error::{AppError, Words};
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::projects::web::{Frame, Tab};
use crate::releases::since::Built;
use crate::releases::{self, Lane, Opening, Sources, environments, since};
use crate::web::extract::{Ctx, Form, Query};
use crate::web::form::{Control, Field, Section, Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::marks::short_commit;
use crate::web::problem::shown;

/// More branches than this are found by typing their name.
const MOST_BRANCHES: usize = 12;

#[derive(Template)]
#[template(path = "releases/new.html")]
struct NewPage {
    c: Chrome,
    f: Frame,
    section: Section,
    summary: Option<Summary>,
    sources: Sources,
    /// Why there is nothing to choose from.
    away: Option<String>,
    chosen: String,
    /// Why nothing can be opened yet.
    shut: Option<String>,
    what_follows: Vec<String>,
    /// What the chosen reference stands for.
    preview: Option<Preview>,
    /// Where an image that is there already can be tested.
    test: Option<String>,
}

impl NewPage {
    fn short<'a>(&self, commit: &'a str) -> &'a str {
        short_commit(commit)
    }

    /// The button that tests what is built already.
    fn again(&self, built: &Built, test: &str) -> String {
        self.c.t2(
            "deed-retest-button",
            ("n", &built.release),
            ("environment", &test),
        )
    }

    fn brings_head(&self, brings: &Brings) -> String {
        brings::head(&self.c, brings)
    }
}

/// `GET /projects/{key}/releases/new`
pub async fn form(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Query(typed): Query<Typed>,
) -> Result<Response, AppError> {
    access.must(Permission::OpenRelease)?;
    let errors = Errors::default();
    page(&new_page(&app, &access, &ctx, &typed, &errors, None).await?)
}

/// `POST /projects/{key}/releases/new`
pub async fn open(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let opening = opening(&typed);
    let proof = access.must(Permission::OpenRelease)?;
    let done = match built_before(&app, &access, &typed, &opening).await {
        Some(words) => Err(AppError::Conflict(words)),
        None => releases::open(&app, &proof, &opening).await,
    };
    match done {
        Ok(id) => {
            let release = releases::get(&app, &access.actor, id).await?;
            let to = format!("/projects/{}/releases/{}", release.project, release.number);
            Ok(see_other(&to))
        }
        Err(error) => {
            let (errors, sentence) = refusal(&error)?;
            let new = new_page(&app, &access, &ctx, &typed, &errors, sentence.as_ref()).await?;
            Ok(shown(page(&new)?, &error))
        }
    }
}

/// Why a commit is not simply built once more: its image is there. Who has read that and wants a
/// new one says so with the commit.
async fn built_before(
    app: &App,
    access: &ProjectAccess,
    typed: &Typed,
    opening: &Opening,
) -> Option<Words> {
    // Whatever keeps us from knowing is told by the opening itself.
    let found = since::built_of(app, &access.project, &opening.reference).await;
    let (commit, built) = found.ok()?;
    let built = built?;
    if typed.get("anyway") == Some(&commit.id) {
        return None;
    }
    Some(Words::new("release-built-before").with("n", built.release))
}

/// The typed reference outranks the chosen one: whoever types means it.
fn opening(typed: &Typed) -> Opening {
    let text = |name: &str| typed.get(name).map_or("", |t| t.trim()).to_owned();
    let reference = match text("ref") {
        typed if typed.is_empty() => text("choice"),
        typed => typed,
    };
    Opening {
        reference,
        note: text("note"),
    }
}

/// GitLab away is no reason to lose what was typed.
fn refusal(error: &AppError) -> Result<(Errors, Option<Words>), AppError> {
    match error {
        AppError::Unavailable(words) => Ok((Errors::default(), Some(words.clone()))),
        AppError::Unauthorized
        | AppError::NotFound
        | AppError::Forbidden(_)
        | AppError::Invalid(_)
        | AppError::Conflict(_)
        | AppError::TooMany { .. }
        | AppError::TooLarge
        | AppError::Internal(_) => shown_by_form(error, ""),
    }
}

async fn new_page(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    typed: &Typed,
    errors: &Errors,
    sentence: Option<&Words>,
) -> Result<NewPage, AppError> {
    let c = Chrome::new(ctx, Nav::Projects);
    let lanes = releases::lanes(app, access.project.id).await?;
    let shut = shut(&c, access, &lanes);
    let (sources, away) = match releases::sources(app, &access.project).await {
        Ok(sources) => (sources, None),
        Err(_) if shut.is_some() => (Sources::default(), None),
        Err(AppError::Unavailable(words)) => (Sources::default(), Some(c.w(&words))),
        Err(_) => {
            let words = Words::new("step-connection-broken").with("system", "GitLab");
            (Sources::default(), Some(c.w(&words)))
        }
    };
    let opening = opening(typed);
    let chosen = chosen(typed, &sources);
    let reference = match opening.reference.as_str() {
        "" => chosen.as_str(),
        typed => typed,
    };
    // A reference that nobody knows is told when it is sent.
    let preview = match (reference, &away) {
        ("", _) | (_, Some(_)) => None,
        (reference, None) => brings::preview(app, &access.project, reference).await.ok(),
    };
    let field = |name, code, control| {
        let field = Field::new(&c, name, code, control);
        field.optional(&c).filled(&c, typed, errors)
    };
    let section = Section {
        legend: c.t("release-source"),
        fields: vec![
            field("ref", "release-ref", Control::Line),
            field("note", "release-note", Control::Text),
        ],
    };
    let sections = std::slice::from_ref(&section);
    Ok(NewPage {
        summary: match sentence {
            Some(words) => Some(Summary::sentence(&c, words)),
            None => Summary::of(&c, sections, errors),
        },
        preview,
        test: environments(&lanes, Tier::Test).into_iter().next(),
        chosen,
        what_follows: what_follows(&c, &lanes),
        sources: cut(sources),
        f: Frame::new(&access.project, Tab::Releases),
        section,
        away,
        shut,
        c,
    })
}

/// What is missing before anything can be released.
fn shut(c: &Chrome, access: &ProjectAccess, lanes: &[Lane]) -> Option<String> {
    if access.project.bound.is_none() {
        return Some(c.t("release-project-unbound"));
    }
    let nowhere = environments(lanes, Tier::Test).is_empty();
    nowhere.then(|| c.t("release-no-test-place"))
}

/// The default branch first, then those that moved last.
fn cut(mut sources: Sources) -> Sources {
    sources
        .branches
        .sort_by_key(|b| (!b.default, std::cmp::Reverse(b.commit.committed_date)));
    sources.branches.truncate(MOST_BRANCHES);
    sources
}

fn chosen(typed: &Typed, sources: &Sources) -> String {
    let default = sources.branches.iter().find(|b| b.default);
    let usual = || default.map(|b| b.name.clone()).unwrap_or_default();
    typed.get("choice").cloned().unwrap_or_else(usual)
}

/// The way ahead in words, one sentence for each step.
fn what_follows(c: &Chrome, lanes: &[Lane]) -> Vec<String> {
    let names = |tier| environments(lanes, tier).join(", ");
    let (test, production) = (names(Tier::Test), names(Tier::Production));
    let mut lines = vec![c.t("release-follows-tag"), c.t("release-follows-build")];
    if !test.is_empty() {
        lines.push(c.t1("release-follows-test", "environments", &test));
    }
    lines.push(c.t("release-follows-confirm"));
    if !production.is_empty() {
        lines.push(c.t1("release-follows-production", "environments", &production));
    }
    lines
}
