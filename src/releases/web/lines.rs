//! A build's log on a page: at its end while it grows, from a line on, or the lines that hold a
//! text, each with the way to where it stands.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;

use super::fold::{Section, sections};
use super::log::{MOST_SEARCHED, newest};
use super::show::NumberPath;
use super::words;
use crate::app::App;
use crate::builds::{self, Build, Line};
use crate::error::AppError;
use crate::projects::ProjectAccess;
use crate::projects::web::{Frame, Tab};
use crate::releases::{self, Release};
use crate::web::extract::{Ctx, IsPart, Path, Query};
use crate::web::layout::{Chrome, Nav, page};
use crate::web::paging::link;
use crate::web::parts::State;

/// Lines on one page.
const ON_A_PAGE: usize = 1000;
/// Lines of a log's end that is followed: the part is fetched anew whenever it grows.
const FOLLOWED: usize = 300;
/// Lines found at once.
const MOST_FOUND: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinesQuery {
    /// Without it: the end while the build runs, the beginning afterwards.
    from: Option<i64>,
    #[serde(default)]
    q: String,
}

/// What a visitor asked to see.
#[derive(Debug, PartialEq, Eq)]
enum View {
    End,
    From(i64),
    Found(String, i64),
}

impl LinesQuery {
    fn view(&self, build: &Build) -> Result<View, AppError> {
        if self.q.chars().count() > MOST_SEARCHED {
            return Err(AppError::field("q", "field-too-long"));
        }
        let from = self.from.map(|f| f.max(0));
        Ok(match (self.q.trim(), from) {
            ("", None) if !build.log_complete => View::End,
            ("", from) => View::From(from.unwrap_or(0)),
            (q, from) => View::Found(q.to_owned(), from.unwrap_or(0)),
        })
    }
}

#[derive(Template)]
#[template(path = "releases/log.html")]
struct LogPage {
    c: Chrome,
    f: Frame,
    part: LogPart,
}

#[derive(Template)]
#[template(path = "releases/log_part.html")]
struct LogPart {
    c: Chrome,
    f: Frame,
    topic: String,
    release: Release,
    build: Build,
    q: String,
    sections: Vec<Section>,
    follows: bool,
    here: String,
    before: Option<String>,
    more: Option<String>,
}

impl HtmlSafe for LogPart {}

impl LogPart {
    fn part_url(&self) -> &str {
        &self.here
    }

    fn state_of(&self, section: &Section) -> Option<State> {
        let stage = section.known.as_ref()?;
        Some(words::stage(&self.c, stage, self.build.result.is_none()))
    }

    /// Where a line stands among its neighbours.
    fn place(&self, line: &Line) -> String {
        let size = i64::try_from(ON_A_PAGE).unwrap_or(i64::MAX);
        let from = line.number / size * size;
        format!("{}?from={from}#L{}", self.here, line.number + 1)
    }

    /// Whether the line itself says that something is wrong.
    fn is_bad(line: &Line) -> bool {
        let mut words = line
            .text
            .split([' ', ':', '[', ']'])
            .filter(|w| !w.is_empty());
        words.next().is_some_and(|w| w == "ERROR" || w == "FATAL")
    }
}

/// `GET /projects/{key}/releases/{n}/log/lines?from=&q=`
pub async fn lines(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    IsPart(is_part): IsPart,
    Path(path): Path<NumberPath>,
    Query(query): Query<LinesQuery>,
) -> Result<Response, AppError> {
    let release = releases::by_number(&app, access.project.id, path.n).await?;
    let build = newest(&app, release.id).await?;
    let view = query.view(&build)?;
    let (lines, next) = read(&app, &build, &view).await?;
    let key = &access.project.key;
    let here = format!("/projects/{key}/releases/{}/log/lines", path.n);
    let follows = view == View::End;
    let topic = releases::topic(release.id);
    let c = Chrome::new(&ctx, Nav::Projects);
    let part = LogPart {
        c: match follows {
            true => c.listening(&app.events, std::slice::from_ref(&topic)),
            false => c,
        },
        f: Frame::new(&access.project, Tab::Releases),
        before: before(&view, &lines, &here),
        more: next.map(|n| link(&here, &[("q", query.q.trim()), ("from", &n.to_string())])),
        q: query.q.trim().to_owned(),
        sections: match view {
            View::Found(..) if lines.is_empty() => Vec::new(),
            View::Found(..) => vec![Section::plain(lines)],
            View::End | View::From(_) => sections(lines, &build.stages),
        },
        topic,
        release,
        build,
        follows,
        here,
    };
    if is_part {
        return page(&part);
    }
    let (c, f) = (part.c.clone(), part.f.clone());
    page(&LogPage { c, f, part })
}

/// The lines that a view shows, and where those after them begin.
async fn read(app: &App, build: &Build, view: &View) -> Result<(Vec<Line>, Option<i64>), AppError> {
    let (mut lines, next) = match view {
        View::End => {
            let lines = builds::last_lines(app.db.pool(), build.id, FOLLOWED).await?;
            return Ok((lines, None));
        }
        View::From(from) => {
            let piece = builds::piece(&app.db, build, *from).await?;
            (piece.lines, Some(piece.next))
        }
        View::Found(text, from) => {
            let found = builds::search(&app.db, build, text, *from, MOST_FOUND).await?;
            return Ok((found.lines, found.next));
        }
    };
    let cut = lines.len() > ON_A_PAGE;
    lines.truncate(ON_A_PAGE);
    let next = match cut {
        true => lines.last().map(|l| l.number + 1),
        false => next,
    };
    Ok((lines, next.filter(|n| *n < build.log_lines)))
}

/// The way to the lines before those that are shown.
fn before(view: &View, lines: &[Line], here: &str) -> Option<String> {
    let first = lines.first().map(|l| l.number).filter(|n| *n > 0)?;
    let size = i64::try_from(ON_A_PAGE).unwrap_or(i64::MAX);
    match view {
        View::Found(..) => None,
        View::End | View::From(_) => {
            let from = (first - size).max(0);
            Some(format!("{here}?from={from}"))
        }
    }
}
