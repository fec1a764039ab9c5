//! Clusters, the environments that they serve, and the languages that are built for them.
//!
//! Invariant: a kubeconfig is stored sealed and never shown; what is kept beside it is the
//! server's address. An environment has its clusters in the order in which they are rolled out.

pub mod api;
mod change;
pub mod change_web;
mod draft;
mod environments;
pub mod environments_web;
mod outside;
mod store;
mod watch;
pub mod web;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

pub use change::{
    delete_cluster, delete_environment, delete_language, update_environment, update_language,
};
pub use draft::{ClusterDraft, EnvironmentDraft, LanguageDraft, MAX_CLUSTERS};
pub use environments::{
    Environment, EnvironmentCluster, Language, create_environment, create_language,
    environment_by_key, environments, language_by_key, languages,
};
pub use outside::test;
pub use watch::timers;

use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::connections::{self, ConnectionError, Observed, Stamp, Subject};
use crate::db::{DbError, Tx};
use crate::error::AppError;
use crate::integrations::CallError;
use crate::integrations::kubernetes::{Kubeconfig, KubeconfigError, Kubernetes};
use crate::secrets::{Place, Sealed};

crate::id! { ClusterId, EnvironmentId, LanguageId }

crate::words! {
    /// Whether real customers are served there.
    pub enum Tier { Test = "test", Production = "production" }
}

/// What pages that show clusters listen to.
pub const TOPIC: &str = "clusters";

/// A registered cluster, without its kubeconfig.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    pub id: ClusterId,
    pub key: String,
    pub site: String,
    pub server: Url,
    /// The registry as this cluster's nodes reach it.
    pub registry_host: String,
    /// Whether the portal makes namespaces there, or is given them.
    pub makes_namespaces: bool,
    /// Keys of the environments that it serves.
    pub environments: Vec<String>,
    pub health: Option<Observed>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Cluster {
    /// The server's address without the slash that ends it.
    #[must_use]
    pub fn address(&self) -> &str {
        self.server.as_str().trim_end_matches('/')
    }
}

/// All clusters, by site and key.
///
/// # Errors
/// No database.
pub async fn list(app: &App) -> Result<Vec<Cluster>, DbError> {
    store::select(app.db.pool(), store::Which::default()).await
}

/// # Errors
/// No database.
pub async fn find(app: &App, id: ClusterId) -> Result<Option<Cluster>, DbError> {
    let which = store::Which {
        id: Some(id),
        ..store::Which::default()
    };
    Ok(store::select(app.db.pool(), which).await?.pop())
}

/// # Errors
/// No database.
pub async fn find_by_key(app: &App, key: &str) -> Result<Option<Cluster>, DbError> {
    let which = store::Which {
        key: Some(key),
        ..store::Which::default()
    };
    Ok(store::select(app.db.pool(), which).await?.pop())
}

/// An environment's clusters, in the order in which they are rolled out.
///
/// # Errors
/// No database.
pub async fn clusters_of(app: &App, id: EnvironmentId) -> Result<Vec<Cluster>, DbError> {
    let which = store::Which {
        environment: Some(id),
        ..store::Which::default()
    };
    store::select(app.db.pool(), which).await
}

/// Registers a cluster.
///
/// # Errors
/// Fields that are wrong, a key that is taken.
pub async fn create(
    app: &App,
    draft: &ClusterDraft,
    origin: &Origin,
) -> Result<ClusterId, AppError> {
    let checked = draft.check().await?;
    let (text, parsed) = checked
        .kubeconfig
        .as_ref()
        .ok_or_else(|| AppError::field("kubeconfig", "field-required"))?;
    let id = ClusterId::new();
    let new = store::NewCluster {
        id,
        checked: &checked,
        server: parsed.server().as_str(),
        kubeconfig: &seal(app, id, text)?,
    };
    let mut tx = app.db.begin().await?;
    store::insert(tx.connection(), new).await.map_err(refused)?;
    let entry = Entry::done("cluster.create", "cluster", &checked.key);
    let entry = entry.after(facts(&mut tx, id).await?);
    finish(tx, &entry, origin).await?;
    Ok(id)
}

/// Changes what a cluster is reached by; its key stays, because names in it may hold that.
///
/// # Errors
/// Fields that are wrong, another key, no such cluster.
pub async fn update(
    app: &App,
    id: ClusterId,
    draft: &ClusterDraft,
    origin: &Origin,
) -> Result<(), AppError> {
    let checked = draft.check().await?;
    let mut tx = app.db.begin().await?;
    let before = facts(&mut tx, id).await?;
    if before["key"] != checked.key {
        return Err(AppError::field("key", "cluster-key-stays"));
    }
    if !store::update(tx.connection(), id, &checked)
        .await
        .map_err(refused)?
    {
        return Err(AppError::NotFound);
    }
    if let Some((text, parsed)) = &checked.kubeconfig {
        let sealed = seal(app, id, text)?;
        let server = parsed.server().as_str();
        store::set_kubeconfig(tx.connection(), id, server, &sealed).await?;
    }
    connections::forget(&mut tx, Subject::Cluster, id.0).await?;
    let mut after = facts(&mut tx, id).await?;
    after["kubeconfig_replaced"] = json!(checked.kubeconfig.is_some());
    let entry = Entry::done("cluster.update", "cluster", &checked.key);
    finish(tx, &entry.before(before).after(after), origin).await
}

/// The client of a registered cluster.
///
/// # Errors
/// No such cluster, a kubeconfig that cannot be read, no database.
pub async fn kubernetes(app: &App, id: ClusterId) -> Result<Kubernetes, ConnectionError> {
    let cluster = find(app, id).await?.ok_or(ConnectionError::NotFound)?;
    let stamp = Stamp {
        version: 0,
        updated_at: cluster.updated_at,
    };
    if let Some(client) = app.clients.clusters.get(id.0, stamp) {
        return Ok(client);
    }
    let kubeconfig = kubeconfig(app, id).await?;
    let made = Kubernetes::new(&kubeconfig)
        .await
        .map_err(|e| unusable(&e))?;
    Ok(app.clients.clusters.keep(id.0, stamp, made))
}

async fn kubeconfig(app: &App, id: ClusterId) -> Result<Kubeconfig, ConnectionError> {
    let sealed = store::kubeconfig(app.db.pool(), id).await?;
    let sealed = sealed.ok_or(ConnectionError::NotFound)?;
    let text = app.settings.keys.open(place(id), &sealed)?;
    Kubeconfig::parse(text.expose_secret()).map_err(|e| unusable(&e))
}

/// Only a stricter version of this program meets one that was once let in.
fn unusable(error: &KubeconfigError) -> ConnectionError {
    let detail = error.to_string();
    ConnectionError::Call(CallError::Refused { detail })
}

fn seal(app: &App, id: ClusterId, text: &SecretString) -> Result<Sealed, AppError> {
    let sealed = app.settings.keys.seal(place(id), text);
    sealed.map_err(|e| AppError::Internal(e.to_string()))
}

const fn place(id: ClusterId) -> Place<'static> {
    Place {
        table: "cluster",
        column: "kubeconfig",
        row: id.0,
    }
}

/// The row as this transaction sees it, for the record.
async fn facts(tx: &mut Tx, id: ClusterId) -> Result<Value, AppError> {
    let which = store::Which {
        id: Some(id),
        ..store::Which::default()
    };
    let found = store::select(tx.connection(), which).await?.pop();
    let cluster = found.ok_or(AppError::NotFound)?;
    Ok(json!({
        "key": cluster.key, "site": cluster.site, "server": cluster.server.as_str(),
        "registry_host": cluster.registry_host, "makes_namespaces": cluster.makes_namespaces,
    }))
}

async fn finish(mut tx: Tx, entry: &Entry, origin: &Origin) -> Result<(), AppError> {
    audit::record(&mut tx, entry, origin).await?;
    tx.event(TOPIC, None).await?;
    tx.commit().await?;
    Ok(())
}

fn refused(error: DbError) -> AppError {
    match error.constraint() {
        Some("cluster_key_key" | "environment_key_key" | "language_pkey") => {
            AppError::conflict("key-taken")
        }
        Some("cluster_key_grammar") => AppError::field("key", "key-grammar"),
        Some("cluster_site_grammar") => AppError::field("site", "key-grammar"),
        Some("cluster_registry_host_grammar") => {
            AppError::field("registry_host", "cluster-registry-host")
        }
        Some("environment_key_grammar" | "language_key_grammar") => {
            AppError::field("key", "short-key-grammar")
        }
        Some("environment_cluster_pkey") => {
            AppError::field("clusters", "environment-cluster-twice")
        }
        Some("environment_cluster_cluster_id_fkey") => {
            AppError::field("clusters", "environment-no-cluster")
        }
        Some("language_template_job_size") => {
            AppError::field("template_job", "language-template-grammar")
        }
        Some(_) | None => error.into(),
    }
}
