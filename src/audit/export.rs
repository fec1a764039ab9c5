//! The trail as CSV (RFC 4180), streamed page by page and bounded.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};

use super::{Entry, Filter, Origin, Row, Wanted, record, store};
use crate::app::App;
use crate::db::DbError;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::web::csv;
use crate::web::extract::Query;

/// Entries of one export; whoever needs more asks for shorter times.
const MOST: i64 = 100_000;
/// Entries read at once.
const PAGE: i64 = 1000;
const HEAD: &str = "seq,at,user,address,action,target_kind,target_id,project,result,reason,\
    before,after\r\n";

/// The audit trail as CSV (RFC 4180); the export itself goes on record.
#[utoipa::path(
    get,
    path = "/audit.csv",
    operation_id = "export_audit",
    tag = "audit",
    params(Wanted),
    responses(
        (status = 200, body = String, content_type = "text/csv",
            description = "At most 100,000 entries")
    ),
)]
pub async fn download(
    State(app): State<App>,
    actor: Actor,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    actor.must(Permission::ViewAudit, Scope::Platform)?;
    let filter = wanted.filter()?;
    let told: serde_json::Map<_, _> = wanted
        .pairs()
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| ((*name).to_owned(), (*value).into()))
        .collect();
    let mut tx = app.db.begin().await?;
    let entry = Entry::done("audit.export", "platform", "audit").after(told.into());
    record(&mut tx, &entry, &Origin::from(&actor)).await?;
    tx.commit().await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\""),
    ];
    Ok((headers, Body::from_stream(lines(app, filter))).into_response())
}

/// The head, then a page of entries at a time, each read when the one before has gone out.
fn lines(app: App, filter: Filter) -> impl Stream<Item = Result<Bytes, DbError>> {
    let begin = (app, Some(filter), 0i64, true);
    stream::try_unfold(begin, |(app, filter, sent, is_first)| async move {
        let Some(filter) = filter.filter(|_| sent < MOST) else {
            return Ok(None);
        };
        let page = Filter {
            limit: PAGE.min(MOST - sent),
            ..filter
        };
        let rows = store::list(app.db.pool(), &page).await?;
        let mut text = if is_first {
            HEAD.to_owned()
        } else {
            String::new()
        };
        for row in &rows {
            text.push_str(&line(row));
        }
        let count = i64::try_from(rows.len()).unwrap_or(PAGE);
        let next = rows
            .last()
            .filter(|_| count == page.limit)
            .map(|last| Filter {
                before: Some(last.seq),
                ..page.clone()
            });
        Ok(Some((Bytes::from(text), (app, next, sent + count, false))))
    })
}

fn line(row: &Row) -> String {
    let json = |value: &Option<serde_json::Value>| {
        value.as_ref().map_or_else(String::new, ToString::to_string)
    };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let cells = [
        row.seq.to_string(),
        row.at.to_string(),
        row.account.clone(),
        text(&row.address),
        row.action.clone(),
        row.target_kind.clone(),
        row.target_id.clone(),
        text(&row.project),
        row.result.clone(),
        text(&row.reason),
        json(&row.before),
        json(&row.after),
    ];
    csv::line(&cells)
}
