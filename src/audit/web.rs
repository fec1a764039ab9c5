//! The page of the audit trail.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::{Row, Wanted};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::web::extract::{Ctx, Query};
use crate::web::layout::{Chrome, Nav, page};
use crate::web::paging::{List, link};
use crate::web::parts::{State as Mark, Tone};

#[derive(Template)]
#[template(path = "audit/trail.html")]
struct TrailPage {
    c: Chrome,
    wanted: Wanted,
    rows: List<Row>,
    older: Option<String>,
    /// The address of the same as CSV.
    csv: String,
}

impl TrailPage {
    fn result(&self, row: &Row) -> Mark {
        let (tone, code) = if row.result == "done" {
            (Tone::Ok, "audit-done")
        } else {
            (Tone::Fail, "audit-refused")
        };
        self.c.state(tone, self.c.t(code), None)
    }

    /// What was done in words; what a newer version wrote keeps its code.
    fn did(&self, row: &Row) -> String {
        let code = format!("audit-did-{}", row.action.replace(['.', '_'], "-"));
        let words = self.c.t(&code);
        if words.contains(&code) {
            row.action.clone()
        } else {
            words
        }
    }

    /// Before and after as text; nothing where an entry has neither.
    fn details(&self, row: &Row) -> Vec<(String, String)> {
        let pairs = [("audit-before", &row.before), ("audit-after", &row.after)];
        let text = |(code, value): (&str, &Option<serde_json::Value>)| {
            let value = value.as_ref()?;
            Some((self.c.t(code), format!("{value:#}")))
        };
        pairs.into_iter().filter_map(text).collect()
    }
}

pub async fn trail(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let rows = super::read(&app, &actor, wanted.filter()?).await?;
    let older = |next: &String| {
        let mut pairs = wanted.pairs().to_vec();
        pairs.push(("after", next));
        link("/audit", &pairs)
    };
    page(&TrailPage {
        c: Chrome::new(&ctx, Nav::Audit),
        older: rows.next.as_ref().map(older),
        csv: link("/audit.csv", &wanted.pairs()),
        wanted,
        rows,
    })
}
