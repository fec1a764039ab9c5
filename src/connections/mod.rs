//! Connections: registered outside systems with their addresses and credentials.
//!
//! Invariant: a credential goes in and is used, and never comes out: pages, answers, audit and
//! logs know its version alone, and it is sent only to the machine that it was given for.

mod address;
pub mod api;
mod clients;
mod config;
mod draft;
mod health;
mod history;
mod images;
mod outside;
mod store;
mod strip;
mod watch;
pub mod web;

use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

pub use address::is_forbidden;
pub use clients::{Cache, Clients, ConnectionError, Stamp, gitlab, jenkins, registry, within};
pub use config::{Config, Fields, JenkinsConfig, Kind, RegistryConfig};
pub use draft::{Draft, check_key};
pub use health::{Observed, Report, Subject, forget, record, tell};
pub use history::{Day, KEPT_DAYS, Slot, Way, day};
pub use images::{push_host, registry_account};
pub use outside::{LIMIT, test};
pub use store::StoredReport;
pub use strip::strip;
pub use watch::{AT_ONCE as WATCH_AT_ONCE, EVERY as WATCH_EVERY, timers};

use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{DbError, Tx};
use crate::error::AppError;
use draft::{Checked, CredentialChange};

crate::id! { ConnectionId }

/// What pages that show connections listen to.
pub const TOPIC: &str = "connections";

/// A registered system, without its credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub id: ConnectionId,
    pub key: String,
    pub url: Url,
    pub config: Config,
    pub credential: Credential,
    /// `None` until it is tested, and again after a change.
    pub health: Option<Observed>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Connection {
    /// The address without the slash that ends it.
    #[must_use]
    pub fn address(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }
}

/// What may be known of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    Unset,
    Set { version: i32, changed_at: Timestamp },
}

impl Credential {
    /// 0 where there is none.
    #[must_use]
    pub const fn version(self) -> i32 {
        match self {
            Self::Unset => 0,
            Self::Set { version, .. } => version,
        }
    }
}

/// All connections, by kind and key.
///
/// # Errors
/// No database.
pub async fn list(app: &App) -> Result<Vec<Connection>, DbError> {
    store::select(app.db.pool(), store::Which::default()).await
}

/// # Errors
/// No database.
pub async fn find(app: &App, id: ConnectionId) -> Result<Option<Connection>, DbError> {
    let which = store::Which {
        id: Some(id),
        key: None,
    };
    Ok(store::select(app.db.pool(), which).await?.pop())
}

/// # Errors
/// No database.
pub async fn find_by_key(app: &App, key: &str) -> Result<Option<Connection>, DbError> {
    let which = store::Which {
        id: None,
        key: Some(key),
    };
    Ok(store::select(app.db.pool(), which).await?.pop())
}

/// Registers a system.
///
/// # Errors
/// Fields that are wrong, a key that is taken.
pub async fn create(app: &App, draft: &Draft, origin: &Origin) -> Result<ConnectionId, AppError> {
    let checked = draft.check()?;
    let change = checked.first_credential()?;
    let id = ConnectionId::new();
    let mut tx = app.db.begin().await?;
    store::insert(tx.connection(), id, &checked)
        .await
        .map_err(refused)?;
    set_credential(app, &mut tx, id, change).await?;
    let after = known(&mut tx, id).await?;
    let entry = Entry::done("connection.create", "connection", &checked.key);
    finish(tx, &entry.after(after), origin).await?;
    Ok(id)
}

/// Changes a connection; what was seen of it before no longer counts.
///
/// # Errors
/// Fields that are wrong, another kind, a key that is taken, no such connection.
pub async fn update(
    app: &App,
    id: ConnectionId,
    draft: &Draft,
    origin: &Origin,
) -> Result<(), AppError> {
    let before = find(app, id).await?.ok_or(AppError::NotFound)?;
    if before.config.kind() != draft.kind {
        return Err(AppError::field("kind", "connection-kind-stays"));
    }
    let checked: Checked = draft.check()?;
    let change = checked.next_credential(&before)?;
    let mut tx = app.db.begin().await?;
    let found = store::update(tx.connection(), id, &checked).await;
    if !found.map_err(refused)? {
        return Err(AppError::NotFound);
    }
    set_credential(app, &mut tx, id, change).await?;
    forget(&mut tx, Subject::Connection, id.0).await?;
    let after = known(&mut tx, id).await?;
    let entry = Entry::done("connection.update", "connection", &before.key);
    let entry = entry.before(facts(&before)).after(after);
    finish(tx, &entry, origin).await
}

/// Takes a connection out, unless something builds on it.
///
/// # Errors
/// 409 with what uses it; no such connection.
pub async fn delete(app: &App, id: ConnectionId, origin: &Origin) -> Result<(), AppError> {
    let before = find(app, id).await?.ok_or(AppError::NotFound)?;
    let mut tx = app.db.begin().await?;
    let found = store::delete(tx.connection(), id).await;
    if !found.map_err(refused)? {
        return Err(AppError::NotFound);
    }
    forget(&mut tx, Subject::Connection, id.0).await?;
    let entry = Entry::done("connection.delete", "connection", &before.key);
    finish(tx, &entry.before(facts(&before)), origin).await
}

async fn set_credential(
    app: &App,
    tx: &mut Tx,
    id: ConnectionId,
    change: CredentialChange,
) -> Result<(), AppError> {
    let sealed = match change {
        CredentialChange::Keep => return Ok(()),
        CredentialChange::Clear => None,
        CredentialChange::Set(secret) => {
            let sealed = app.settings.keys.seal(clients::place(id), &secret);
            Some(sealed.map_err(|e| AppError::Internal(e.to_string()))?)
        }
    };
    store::set_credential(tx.connection(), id, sealed.as_ref()).await?;
    Ok(())
}

/// The row as this transaction left it, for the record.
async fn known(tx: &mut Tx, id: ConnectionId) -> Result<Value, DbError> {
    let which = store::Which {
        id: Some(id),
        key: None,
    };
    let rows = store::select(tx.connection(), which).await?;
    Ok(rows.first().map_or(Value::Null, facts))
}

fn facts(connection: &Connection) -> Value {
    json!({
        "key": connection.key,
        "kind": connection.config.kind(),
        "url": connection.url.as_str(),
        "config": connection.config.fields(),
        "credential_version": connection.credential.version(),
    })
}

async fn finish(mut tx: Tx, entry: &Entry, origin: &Origin) -> Result<(), AppError> {
    audit::record(&mut tx, entry, origin).await?;
    tx.event(TOPIC, None).await?;
    tx.commit().await?;
    Ok(())
}

fn refused(error: DbError) -> AppError {
    match error.constraint() {
        Some("connection_key_key") => AppError::conflict("key-taken"),
        Some("connection_key_grammar") => AppError::field("key", "key-grammar"),
        Some("connection_url_size") => AppError::field("url", "address-malformed"),
        Some("language_jenkins_id_fkey") => AppError::conflict("connection-used-by-language"),
        Some("project_gitlab_id_fkey" | "project_registry_id_fkey") => {
            AppError::conflict("connection-used-by-project")
        }
        Some(other) if other.ends_with("_fkey") => AppError::conflict("connection-used"),
        Some(_) | None => error.into(),
    }
}
