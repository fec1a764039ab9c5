//! Clients of registered systems, kept so that breakers and limits last longer than one request.
//!
//! Invariant: a client is used only while its row is as it was when the client was made: the row
//! is read each time, which is also how another replica's change is noticed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use super::{Config, Connection, ConnectionId, JenkinsConfig, RegistryConfig, store};
use crate::app::App;
use crate::db::DbError;
use crate::error::{AppError, Words, outside};
use crate::integrations::CallError;
use crate::integrations::gitlab::GitLab;
use crate::integrations::jenkins::Jenkins;
use crate::integrations::kubernetes::Kubernetes;
use crate::integrations::registry::Registry;
use crate::secrets::{Place, SecretError};

/// Deleted rows leave their client behind; beyond this many all are made anew.
const KEPT_MAX: usize = 500;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// No row of this kind with this id.
    #[error("there is no such connection")]
    NotFound,
    /// The stored credential cannot be read: its key left the ring, or the row was tampered with.
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Db(#[from] DbError),
    /// The settings make no client, or the system failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl From<ConnectionError> for AppError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::NotFound => Self::NotFound,
            ConnectionError::Db(error) => error.into(),
            ConnectionError::Secret(_) => Self::Unavailable(Words::new("test-secret-lost")),
            ConnectionError::Call(_) => Self::Unavailable(Words::new("connection-unusable")),
        }
    }
}

/// A read of an outside system for somebody who waits; its failure names the system.
///
/// # Errors
/// 503 when the system fails or takes longer, else as of the connection.
pub async fn within<T>(
    system: &str,
    limit: Duration,
    read: impl Future<Output = Result<T, ConnectionError>>,
) -> Result<T, AppError> {
    let slow = || {
        ConnectionError::Call(CallError::Unavailable {
            detail: "slow".to_owned(),
            retry_after: None,
        })
    };
    let read = tokio::time::timeout(limit, read).await;
    read.unwrap_or_else(|_| Err(slow())).map_err(|error| {
        tracing::info!(system, %error, "a read for somebody who waits failed");
        match error {
            ConnectionError::Call(error) => outside(system, &error),
            ConnectionError::NotFound | ConnectionError::Secret(_) | ConnectionError::Db(_) => {
                error.into()
            }
        }
    })
}

/// What a row was when its client was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub version: i32,
    pub updated_at: Timestamp,
}

/// Clients of one sort by their row.
pub struct Cache<T>(Mutex<HashMap<Uuid, (Stamp, T)>>);

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Cache<T> {
    pub fn get(&self, id: Uuid, stamp: Stamp) -> Option<T> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, client) = kept.get(&id)?;
        (*known == stamp).then(|| client.clone())
    }

    /// Keeps a client, unless another one was kept for the same row meanwhile; gives that which
    /// is kept.
    pub fn keep(&self, id: Uuid, stamp: Stamp, made: T) -> T {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, client)) = kept.get(&id)
            && *known == stamp
        {
            return client.clone();
        }
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(id, (stamp, made.clone()));
        made
    }
}

/// All clients of this process.
#[derive(Default)]
pub struct Clients {
    pub(super) connections: Cache<Client>,
    pub clusters: Cache<Kubernetes>,
}

/// A client of any kind, with what belongs to its calls.
#[derive(Clone)]
pub(super) enum Client {
    Gitlab(GitLab),
    Jenkins(Jenkins, JenkinsConfig),
    Registry(Registry, RegistryConfig),
}

/// The client of a registered GitLab.
///
/// # Errors
/// No GitLab with this id, a credential that cannot be read, no database.
pub async fn gitlab(app: &App, id: ConnectionId) -> Result<GitLab, ConnectionError> {
    match client(app, id).await? {
        Client::Gitlab(gitlab) => Ok(gitlab),
        Client::Jenkins(..) | Client::Registry(..) => Err(ConnectionError::NotFound),
    }
}

/// The client of a registered Jenkins, and where in it we work.
///
/// # Errors
/// No Jenkins with this id, a credential that cannot be read, no database.
pub async fn jenkins(
    app: &App,
    id: ConnectionId,
) -> Result<(Jenkins, JenkinsConfig), ConnectionError> {
    match client(app, id).await? {
        Client::Jenkins(jenkins, config) => Ok((jenkins, config)),
        Client::Gitlab(_) | Client::Registry(..) => Err(ConnectionError::NotFound),
    }
}

/// The client of a registered registry, and where in it our images lie.
///
/// # Errors
/// No registry with this id, a credential that cannot be read, no database.
pub async fn registry(
    app: &App,
    id: ConnectionId,
) -> Result<(Registry, RegistryConfig), ConnectionError> {
    match client(app, id).await? {
        Client::Registry(registry, config) => Ok((registry, config)),
        Client::Gitlab(_) | Client::Jenkins(..) => Err(ConnectionError::NotFound),
    }
}

async fn client(app: &App, id: ConnectionId) -> Result<Client, ConnectionError> {
    let connection = super::find(app, id).await?;
    let connection = connection.ok_or(ConnectionError::NotFound)?;
    let stamp = Stamp {
        version: connection.credential.version(),
        updated_at: connection.updated_at,
    };
    if let Some(client) = app.clients.connections.get(id.0, stamp) {
        return Ok(client);
    }
    let secret = secret(app, id).await?;
    let made = make(&connection, secret)?;
    Ok(app.clients.connections.keep(id.0, stamp, made))
}

/// The stored credential, opened.
pub(super) async fn secret(
    app: &App,
    id: ConnectionId,
) -> Result<Option<SecretString>, ConnectionError> {
    let sealed = store::credential(app.db.pool(), id).await?;
    let opened = sealed.map(|s| app.settings.keys.open(place(id), &s));
    Ok(opened.transpose()?)
}

pub(super) const fn place(id: ConnectionId) -> Place<'static> {
    Place {
        table: "connection",
        column: "credential",
        row: id.0,
    }
}

/// A client that nobody else uses.
pub(super) fn make(
    connection: &Connection,
    secret: Option<SecretString>,
) -> Result<Client, ConnectionError> {
    let base: Url = connection.url.clone();
    // A row without its credential could only have been made by hand.
    let needed = || secret.clone().ok_or(ConnectionError::NotFound);
    Ok(match &connection.config {
        Config::Gitlab => Client::Gitlab(GitLab::new(base, &needed()?)?),
        Config::Jenkins(config) => {
            let jenkins = Jenkins::new(base, &config.user, needed()?)?;
            Client::Jenkins(jenkins, config.clone())
        }
        Config::Registry(config) => {
            let account = config.user.clone().zip(secret);
            Client::Registry(Registry::new(base, account)?, config.clone())
        }
    })
}
