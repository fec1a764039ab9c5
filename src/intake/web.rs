//! The pages of taking over: what runs in a cluster as a table that is corrected, its CSV, and
//! what came of a request.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::look::{Item, Looked};
use super::propose::Proposal;
use super::{Row, TOPIC};
use crate::app::App;
use crate::error::{AppError, FieldError, Words};
use crate::identity::Actor;
use crate::requests::{self, Filing};
use crate::web::csv;
use crate::web::extract::{Ctx, Form, IsPart, Path, Query};
use crate::web::form::{Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page, see_other};
use crate::web::parts::{self, Tone};
use crate::web::problem::shown;

/// A form sends all that it lists: five thousand rows of half a kilobyte, as no look finds more.
pub const MAX_TABLE_BYTES: usize = 4 * 1024 * 1024;

/// The columns of the CSV, and the fields of a row in the form.
const COLUMNS: [&str; 10] = [
    "namespace",
    "deployment",
    "uid",
    "container",
    "project",
    "component",
    "environment",
    "language",
    "repository",
    "owner",
];

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
}

/// A row as it is drawn.
struct Line {
    n: usize,
    row: Row,
    containers: Vec<String>,
    is_chosen: bool,
    is_guess: bool,
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
    /// Positions in the form of the rows that were sent, in their order.
    sent: Vec<usize>,
}

/// `GET /clusters/{key}/intake`
pub async fn table(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let looked = super::look(&app, &actor, &key).await?;
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
    let looked = super::look(&app, &actor, &key).await?;
    let mut text = csv::line(&COLUMNS.map(str::to_owned));
    let is_wanted = |p: &&Proposal| is_in(&p.row, &wanted.namespace) && p.refused.is_none();
    for proposal in looked.proposals.iter().filter(is_wanted) {
        text.push_str(&csv::line(
            &COLUMNS.map(|column| cell(&proposal.row, column).to_owned()),
        ));
    }
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
    let looked = super::look(&app, &actor, &key).await?;
    let text = typed.get("csv").map_or("", |t| t.trim());
    let (rows, sent) = match text {
        "" => chosen(&typed),
        text => match of_csv(text) {
            Ok(rows) => (rows, Vec::new()),
            Err(error) => return again(&ctx, looked, (typed, Vec::new()), error),
        },
    };
    let parameters = json!({ "cluster": looked.cluster.key, "rows": rows });
    let note = typed.get("note").cloned().unwrap_or_default();
    let filing = Filing {
        note,
        ..Filing::of("intake", parameters)
    };
    match requests::file(&app, &actor, filing).await {
        Ok(number) => Ok(see_other(&format!("/requests/{number}"))),
        Err(error) => again(&ctx, looked, (typed, sent), error),
    }
}

/// The same table with everything that was typed, and what is wrong in which row.
fn again(
    ctx: &Ctx,
    looked: Looked,
    (typed, sent): (Typed, Vec<usize>),
    error: AppError,
) -> Result<Response, AppError> {
    let (errors, sentence) = shown_by_form(&error, "parameters.")?;
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

fn cell<'a>(row: &'a Row, column: &str) -> &'a str {
    match column {
        "namespace" => &row.namespace,
        "deployment" => &row.deployment,
        "uid" => &row.uid,
        "container" => &row.container,
        "project" => &row.project,
        "component" => &row.component,
        "environment" => &row.environment,
        "language" => &row.language,
        "repository" => &row.repository,
        _ => &row.owner,
    }
}

fn of_cells(of: impl Fn(&str) -> String) -> Row {
    Row {
        namespace: of("namespace"),
        deployment: of("deployment"),
        uid: of("uid"),
        container: of("container"),
        project: of("project"),
        component: of("component"),
        environment: of("environment"),
        language: of("language"),
        repository: of("repository"),
        owner: of("owner"),
    }
}

fn typed_row(typed: &Typed, n: usize) -> Row {
    of_cells(|column| {
        let value = typed.get(&format!("rows.{n}.{column}"));
        value.map_or("", |v| v.trim()).to_owned()
    })
}

/// The rows whose box is ticked, with their places in the form.
fn chosen(typed: &Typed) -> (Vec<Row>, Vec<usize>) {
    let number = |name: &String| {
        name.strip_prefix("rows.")?
            .strip_suffix(".take")?
            .parse()
            .ok()
    };
    let mut sent: Vec<usize> = typed.keys().filter_map(number).collect();
    sent.sort_unstable();
    (sent.iter().map(|n| typed_row(typed, *n)).collect(), sent)
}

/// The rows of a CSV with a head of our columns, in any order.
fn of_csv(text: &str) -> Result<Vec<Row>, AppError> {
    let lines = csv::read(text);
    let (head, rest) = lines.split_first().unwrap_or((const { &Vec::new() }, &[]));
    let at: BTreeMap<&str, usize> = head.iter().map(String::as_str).zip(0..).collect();
    let unknown = head.iter().find(|name| !COLUMNS.contains(&name.as_str()));
    let missing = COLUMNS.iter().find(|name| !at.contains_key(**name));
    let wrong = unknown.map(String::as_str).or(missing.copied());
    if let Some(column) = wrong {
        let words = Words::new("intake-csv-column").with("column", column);
        let field = "parameters.csv".to_owned();
        return Err(AppError::Invalid(vec![FieldError { field, words }]));
    }
    let row = |cells: &Vec<String>| {
        of_cells(|column| {
            at.get(column)
                .and_then(|n| cells.get(*n))
                .cloned()
                .unwrap_or_default()
        })
    };
    Ok(rest.iter().map(row).collect())
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
    let summary = match &filled.sentence {
        Some(words) => Some(Summary::sentence(&c, words)),
        None => Summary::of(&c, &[], &filled.errors),
    };
    let of = |name: &str| filled.typed.get(name).cloned().unwrap_or_default();
    TablePage {
        summary,
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

fn line(c: &Chrome, n: usize, proposal: Proposal, filled: &Filled) -> Line {
    let typed = typed_row(&filled.typed, n);
    let is_typed = typed.uid == proposal.row.uid && !typed.uid.is_empty();
    let place = filled.sent.iter().position(|sent| *sent == n);
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
        is_guess: proposal.is_guess && !is_typed,
        containers: proposal.containers,
        refused: proposal.refused,
        count: proposal.notes.len(),
        notes: proposal.notes,
        row: if is_typed { typed } else { proposal.row },
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
    let request = requests::get(&app, &actor, number).await?;
    if request.kind != "intake" {
        return Err(AppError::NotFound);
    }
    let items = super::items(&app, &actor, &request).await?;
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
