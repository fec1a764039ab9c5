//! The list of resources as CSV, streamed page by page and bounded.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};

use super::{Resource, Wanted};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::csv;
use crate::web::extract::Query;

/// Lines of one export.
const MOST: usize = 50_000;
/// Lines read at once.
const PAGE: i64 = 200;
const HEAD: &str = "number,kind,name,project,used_by,environment,site,state,addresses,size,\
    labels,keeper,since,note\r\n";

/// The same as CSV (RFC 4180); the export itself goes on record.
#[utoipa::path(
    get,
    path = "/resources.csv",
    operation_id = "export_resources",
    tag = "resources",
    params(Wanted),
    responses(
        (status = 200, body = String, content_type = "text/csv",
            description = "At most 50,000 lines")
    ),
)]
pub async fn download(
    State(app): State<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    wanted.filter()?;
    let pairs = wanted.pairs().into_iter().filter(|(_, v)| !v.is_empty());
    let told: serde_json::Map<_, _> = pairs.map(|(n, v)| (n.to_owned(), v.into())).collect();
    let mut tx = app.db.begin().await?;
    let entry = Entry::done("resource.export", "platform", "resources").after(told.into());
    audit::record(&mut tx, &entry, &Origin::from(&actor)).await?;
    tx.commit().await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"resources.csv\"",
        ),
    ];
    let body = Body::from_stream(lines(app, actor, wanted));
    Ok((headers, body).into_response())
}

/// The head, then a page at a time, each read when the one before has gone out.
fn lines(app: App, actor: Actor, wanted: Wanted) -> impl Stream<Item = Result<Bytes, AppError>> {
    let first = Wanted {
        limit: Some(PAGE),
        after: None,
        ..wanted
    };
    let begin = (app, actor, Some(first), 0, HEAD.to_owned());
    stream::try_unfold(begin, |(app, actor, wanted, sent, mut text)| async move {
        let Some(wanted) = wanted.filter(|_| sent < MOST) else {
            return Ok(None);
        };
        let page = super::list(&app, &actor, &wanted).await?;
        page.items.iter().for_each(|r| text.push_str(&line(r)));
        let sent = sent + page.items.len();
        let next = page.next.map(|after| Wanted {
            after: Some(after),
            ..wanted
        });
        Ok(Some((
            Bytes::from(text),
            (app, actor, next, sent, String::new()),
        )))
    })
}

fn line(row: &Resource) -> String {
    let addresses: Vec<String> = row.addresses.iter().map(ToString::to_string).collect();
    let since = row.active_at.map(|at| at.to_string());
    csv::line(&[
        row.number.to_string(),
        row.kind.to_string(),
        row.name.clone(),
        row.project.clone(),
        row.used_by.join(" "),
        row.environment.clone().unwrap_or_default(),
        row.site.clone(),
        row.state.to_string(),
        addresses.join(" "),
        row.size.to_string(),
        row.labels.join(" "),
        row.keeper.clone(),
        since.unwrap_or_default(),
        row.note.clone(),
    ])
}
