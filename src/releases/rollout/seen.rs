//! Pods by their address, as they were when their deployment was done.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;

use super::store;
use crate::app::App;
use crate::db::DbError;
use crate::identity::Actor;

/// One that had the address, itself or its node.
#[derive(Debug, Clone, Serialize)]
pub struct SeenPod {
    pub project: String,
    pub environment: String,
    pub cluster: String,
    pub name: String,
    pub node: String,
    /// Whether the address is the node's rather than its own.
    pub by_node: bool,
    pub at: Timestamp,
}

/// Pods of projects that this person may see, by what is on record; no cluster is asked.
///
/// # Errors
/// No answer from the database.
pub async fn pods_at(app: &App, actor: &Actor, host: IpAddr) -> Result<Vec<SeenPod>, DbError> {
    let visible = (!actor.sees_all_projects()).then(|| actor.project_ids());
    store::seen_at(app.db.pool(), visible.as_deref(), &host.to_string()).await
}
