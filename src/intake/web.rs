//! The pages of taking over: what runs in a cluster as a table that is corrected, its CSV, and
//! what came of a request.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::look::{Item, Looked};
use super::propose::Proposal;
use super::{Row, TOPIC, sheet};
use crate::app::App;
use crate::error::{AppError, FieldError, Words};
use crate::identity::Actor;
use crate::requests::{self, Filing};
use crate::web::extract::{Ctx, Form, IsPart, Path, Query};
use crate::web::form::{Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::parts::{self, Tone};
use crate::web::problem::shown;

/// A form sends all that it lists: five thousand rows of half a kilobyte, as no look finds more.
pub const MAX_TABLE_BYTES: usize = 4 * 1024 * 1024;

#[derive(Template)]
#[template(path = "intake/table.html")]
struct TablePage {
    c: Chrome,
    cluster: String,
    namespaces: Vec<String>,
    namespace: String,
    lines: Vec<Line>,
    environments: Vec<String>,
    languages: Vec<String>,
    note: String,
    csv: String,
    summary: Option<Summary>,
    /// What could not be proposed.
    notes: Vec<Words>,
}

/// A row as it is drawn.
struct Line {
    n: usize,
    row: Row,
    containers: Vec<String>,
    is_chosen: bool,
    /// What stands under a column, in words.
    language_said: Option<&'static str>,
    repository_said: Option<Words>,
    job_said: Option<Words>,
    repositories: Vec<String>,
    jobs: Vec<String>,
    refused: Option<Words>,
    notes: Vec<Words>,
    count: usize,
    errors: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(default)]
    namespace: String,
}

/// What was typed so far, and what is wrong with it.
#[derive(Default)]
struct Filled {
    typed: Typed,
    errors: Errors,
    sentence: Option<Words>,
    sent: Sent,
}

/// Where the rows that were sent stand, in their order.
enum Sent {
    /// In the form, at these places.
    Table(Vec<usize>),
    /// In the CSV, in these lines.
    Csv(Vec<usize>),
}

impl Default for Sent {
    fn default() -> Self {
        Self::Table(Vec::new())
    }
}

/// `GET /clusters/{key}/intake`
pub async fn table(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let looked = super::look(&app, &actor, &key, None).await?;
    page(&table_page(
        &ctx,
        looked,
        &wanted.namespace,
        &Filled::default(),
    ))
}

/// `GET /clusters/{key}/intake.csv`
pub async fn download(
    State(app): State<App>,
    actor: Actor,
    Path(key): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let looked = super::look(&app, &actor, &key, None).await?;
    let is_wanted = |p: &&Proposal| is_in(&p.row, &wanted.namespace) && p.refused.is_none();
    let wanted = looked.proposals.iter().filter(is_wanted);
    let text = sheet::write(wanted.map(|proposal| &proposal.row));
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"intake.csv\""),
    ];
    Ok((headers, text).into_response())
}

/// `POST /clusters/{key}/intake`
pub async fn ask(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let (rows, sent) = match typed.get("csv").filter(|text| !text.trim().is_empty()) {
        None => chosen(&typed),
        Some(text) => match sheet::read(text) {
            Ok(lines) => {
                let (lines, rows) = lines.into_iter().unzip();
                (rows, Sent::Csv(lines))
            }
            Err(errors) => {
                let sent = (typed, Sent::default());
                return again((&app, &actor, &ctx), &key, sent, AppError::Invalid(errors)).await;
            }
        },
    };
    let parameters = json!({ "cluster": key, "rows": rows });
    let note = typed.get("note").cloned().unwrap_or_default();
    let filing = Filing {
        note,
        ..Filing::of("intake", parameters)
    };
    match requests::file(&app, &actor, filing).await {
        Ok(number) => Ok(see_other(&format!("/requests/{number}"))),
        Err(error) => again((&app, &actor, &ctx), &key, (typed, sent), error).await,
    }
}

/// The same table with everything that was typed, and what is wrong in which row.
async fn again(
    (app, actor, ctx): (&App, &Actor, &Ctx),
    key: &str,
    (typed, sent): (Typed, Sent),
    error: AppError,
) -> Result<Response, AppError> {
    let (errors, sentence) = shown_by_form(&error, "parameters.")?;
    let looked = super::look(app, actor, key, None).await?;
    let namespace = typed.get("namespace").cloned().unwrap_or_default();
    let filled = Filled {
        typed,
        errors,
        sentence,
        sent,
    };
    Ok(shown(
        page(&table_page(ctx, looked, &namespace, &filled))?,
        &error,
    ))
}

fn is_in(row: &Row, namespace: &str) -> bool {
    namespace.is_empty() || row.namespace == namespace
}

fn typed_row(typed: &Typed, n: usize) -> Row {
    sheet::of_cells(|column| {
        let value = typed.get(&format!("rows.{n}.{column}"));
        value.map_or("", |v| v.trim()).to_owned()
    })
}

/// The rows whose box is ticked, with their places in the form.
fn chosen(typed: &Typed) -> (Vec<Row>, Sent) {
    let number = |name: &String| {
        name.strip_prefix("rows.")?
            .strip_suffix(".take")?
            .parse()
            .ok()
    };
    let mut sent: Vec<usize> = typed.keys().filter_map(number).collect();
    sent.sort_unstable();
    let rows = sent.iter().map(|n| typed_row(typed, *n)).collect();
    (rows, Sent::Table(sent))
}

fn table_page(ctx: &Ctx, looked: Looked, namespace: &str, filled: &Filled) -> TablePage {
    let c = Chrome::new(ctx, Nav::Clusters);
    let mut namespaces: Vec<String> = looked
        .proposals
        .iter()
        .map(|p| p.row.namespace.clone())
        .collect();
    namespaces.dedup();
    let wanted = looked
        .proposals
        .into_iter()
        .filter(|p| is_in(&p.row, namespace));
    let lines: Vec<Line> = wanted
        .enumerate()
        .map(|(n, p)| line(&c, n, p, filled))
        .collect();
    let summary = summary(&c, filled);
    let of = |name: &str| filled.typed.get(name).cloned().unwrap_or_default();
    TablePage {
        summary,
        notes: looked.notes,
        cluster: looked.cluster.key,
        namespaces,
        namespace: namespace.to_owned(),
        lines,
        environments: looked.environments,
        languages: looked.languages,
        note: of("note"),
        csv: of("csv"),
        c,
    }
}

/// What is wrong, by row of the table or by line of the CSV.
fn summary(c: &Chrome, filled: &Filled) -> Option<Summary> {
    if let Some(words) = &filled.sentence {
        return Some(Summary::sentence(c, words));
    }
    let Sent::Csv(lines) = &filled.sent else {
        return Summary::of(c, &[], &filled.errors);
    };
    let place = |e: &FieldError| {
        let (n, column) = e.field.strip_prefix("rows.")?.split_once('.')?;
        let line = lines.get(n.parse::<usize>().ok()?)?;
        let column = c.t(&format!("intake-column-{column}"));
        Some(c.t2("intake-csv-place", ("line", line), ("column", &column)))
    };
    let told = |e: &FieldError| {
        let place = place(e).unwrap_or_else(|| c.locale.named(&e.field));
        ("f-csv".to_owned(), format!("{place}: {}", c.w(&e.words)))
    };
    Summary::lines(c, filled.errors.0.iter().map(told).collect())
}

fn line(c: &Chrome, n: usize, proposal: Proposal, filled: &Filled) -> Line {
    let typed = typed_row(&filled.typed, n);
    let is_typed = typed.uid == proposal.row.uid && !typed.uid.is_empty();
    let place = match &filled.sent {
        Sent::Table(sent) => sent.iter().position(|sent| *sent == n),
        Sent::Csv(_) => None,
    };
    let of_row = place.map(|at| format!("rows.{at}."));
    let mine = |e: &&FieldError| of_row.as_ref().is_some_and(|of| e.field.starts_with(of));
    let errors = filled.errors.0.iter().filter(mine);
    let told = |e: &FieldError| {
        let column = e.field.rsplit('.').next().unwrap_or_default();
        format!(
            "{}: {}",
            c.t(&format!("intake-column-{column}")),
            c.w(&e.words)
        )
    };
    Line {
        n,
        errors: errors.map(told).collect(),
        is_chosen: place.is_some(),
        language_said: (proposal.language_guessed && !is_typed).then_some("intake-guessed"),
        repository_said: said_of_repository(&proposal).filter(|_| !is_typed),
        job_said: said_of_job(&proposal).filter(|_| !is_typed),
        repositories: proposal.repositories,
        jobs: proposal.jobs,
        containers: proposal.containers,
        refused: proposal.refused,
        count: proposal.notes.len(),
        notes: proposal.notes,
        row: if is_typed { typed } else { proposal.row },
    }
}

/// Who told of it, or how many there are to choose from.
fn said_of_repository(proposal: &Proposal) -> Option<Words> {
    match (proposal.repository_by, proposal.repositories.len()) {
        (Some(by), _) => Some(Words::new(&format!("intake-repository-by-{by}"))),
        (None, 0) => None,
        (None, n) => Some(Words::new("intake-repositories-fit").with("n", n)),
    }
}

/// That the first release asks about a job which is there, or how many there are to choose from.
fn said_of_job(proposal: &Proposal) -> Option<Words> {
    match (proposal.job_by, proposal.jobs.len()) {
        (Some(by), _) => Some(Words::new(&format!("intake-job-by-{by}"))),
        (None, 0) => None,
        (None, n) => Some(Words::new("intake-jobs-fit").with("n", n)),
    }
}

#[derive(Template)]
#[template(path = "intake/show.html")]
struct ShowPage {
    c: Chrome,
    part: ShowPart,
}

#[derive(Template)]
#[template(path = "intake/show_part.html")]
struct ShowPart {
    c: Chrome,
    number: i64,
    cluster: String,
    through: String,
    items: Vec<Item>,
}

impl HtmlSafe for ShowPart {}

impl ShowPart {
    fn state(&self, item: &Item) -> parts::State {
        let (tone, code) = match item.adopted {
            None => (Tone::Wait, "intake-item-waiting"),
            Some(true) => (Tone::Ok, "intake-item-adopted"),
            Some(false) => (Tone::Fail, "intake-item-failed"),
        };
        self.c.state(tone, self.c.t(code), None)
    }
}

/// `GET /intakes/{number}`
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    IsPart(is_part): IsPart,
    Path(number): Path<i64>,
) -> Result<Response, AppError> {
    let (request, items) = super::story(&app, &actor, number).await?;
    let c = Chrome::new(&ctx, Nav::Requests).listening(&app.events, &[TOPIC.to_owned()]);
    let through = items.iter().filter(|i| i.adopted.is_some()).count();
    let part = ShowPart {
        through: c.t2("wave-through", ("through", &through), ("all", &items.len())),
        number,
        cluster: request.subject,
        items,
        c,
    };
    if is_part {
        return page(&part);
    }
    page(&ShowPage {
        c: part.c.clone(),
        part,
    })
}
