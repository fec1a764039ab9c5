//! Who did what, when, from where, with what result.
//!
//! Invariant: an entry is written in the transaction of what it tells of; the application's
//! database role can add entries and never change one.

pub mod api;
pub mod export;
mod store;
mod wanted;
pub mod web;

use std::net::IpAddr;

use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::db::{DbError, Tx};
use crate::error::AppError;
use crate::identity::{AccountId, Actor, Permission, ProjectId, Scope};
use crate::web::paging::List;

pub use store::{Filter, Row};
pub use wanted::Wanted;

/// Who is behind an entry: a person, or the portal itself.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub account: Option<(AccountId, String)>,
    pub address: Option<IpAddr>,
    pub operation: Option<Uuid>,
    /// The token that was used, if one was.
    pub token: Option<Uuid>,
}

impl From<&Actor> for Origin {
    fn from(actor: &Actor) -> Self {
        Self {
            account: Some((actor.id, actor.name.clone())),
            address: actor.address,
            operation: Some(actor.operation),
            token: actor.token.as_ref().map(|(id, _)| id.0),
        }
    }
}

/// One thing that was done or refused. Values hold no secrets: a secret is its version.
#[derive(Debug, Clone)]
pub struct Entry {
    pub action: &'static str,
    pub target_kind: &'static str,
    pub target_id: String,
    pub project: Option<ProjectId>,
    pub before: Option<Value>,
    pub after: Option<Value>,
    /// The message code of why it was refused; `None` means that it was done.
    pub refused: Option<String>,
}

impl Entry {
    #[must_use]
    pub fn done(action: &'static str, target_kind: &'static str, target: impl ToString) -> Self {
        Self {
            action,
            target_kind,
            target_id: target.to_string().chars().take(200).collect(),
            project: None,
            before: None,
            after: None,
            refused: None,
        }
    }

    #[must_use]
    pub fn refused(action: &'static str, target_kind: &'static str, target: impl ToString) -> Self {
        let done = Self::done(action, target_kind, target);
        Self {
            refused: Some("refused".to_owned()),
            ..done
        }
    }

    #[must_use]
    pub fn in_project(mut self, project: ProjectId) -> Self {
        self.project = Some(project);
        self
    }

    #[must_use]
    pub fn after(mut self, after: Value) -> Self {
        self.after = Some(after);
        self
    }

    #[must_use]
    pub fn before(mut self, before: Value) -> Self {
        self.before = Some(before);
        self
    }

    #[must_use]
    pub fn because(mut self, code: &str) -> Self {
        self.refused = Some(code.to_owned());
        self
    }
}

/// Writes an entry into the transaction of what it tells of.
///
/// # Errors
/// No answer from the database.
pub async fn record(tx: &mut Tx, entry: &Entry, origin: &Origin) -> Result<(), DbError> {
    store::insert(tx.connection(), entry, origin).await
}

/// One page of the trail, newest first.
///
/// # Errors
/// 403 without the right to read it.
pub async fn read(app: &App, actor: &Actor, filter: Filter) -> Result<List<Row>, AppError> {
    actor.must(Permission::ViewAudit, Scope::Platform)?;
    let limit = filter.limit;
    let more = Filter {
        limit: limit + 1,
        ..filter
    };
    let rows = store::list(app.db.pool(), &more).await?;
    Ok(List::cut(rows, limit, |row| row.seq.to_string()))
}

/// The newest entries of one thing, whose id is its own alone. Whoever sees the thing sees them.
///
/// # Errors
/// No answer from the database.
pub async fn history(app: &App, target: Uuid, limit: i64) -> Result<Vec<Row>, DbError> {
    let filter = Filter {
        target: Some(target.to_string()),
        limit,
        ..Filter::default()
    };
    store::list(app.db.pool(), &filter).await
}
