//! What runs in a cluster and is not the portal's, and what came of a request to take it over.

use serde::Serialize;

use super::propose::{Proposal, propose};
use super::{Asked, Row, outside, store};
use crate::app::App;
use crate::clusters::{self, Cluster};
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::requests::{self, Request};

/// What a table of Deployments chooses from.
pub struct Looked {
    pub cluster: Cluster,
    pub proposals: Vec<Proposal>,
    pub environments: Vec<String>,
    pub languages: Vec<String>,
    /// Why some of it could not be proposed.
    pub notes: Vec<Words>,
}

/// Asks the cluster for everything that it runs, and GitLab and Jenkins where it may come from.
/// `gitlab` is the key of a connection; it may be left out while there is one.
///
/// # Errors
/// 403 without the right, 404 for no such cluster, 503 when it does not answer in time.
pub async fn look(
    app: &App,
    actor: &Actor,
    key: &str,
    gitlab: Option<&str>,
) -> Result<Looked, AppError> {
    actor.must(Permission::HandleRequests, Scope::Platform)?;
    let cluster = clusters::find_by_key(app, key).await?;
    let cluster = cluster.ok_or(AppError::NotFound)?;
    let mut tx = app.db.begin().await?;
    let known = store::known(tx.connection(), cluster.id, (gitlab, None)).await?;
    // Nothing is held while others are asked.
    drop(tx);
    let (running, sources, notes) = outside::ask(app, &cluster, &known).await?;
    let mut proposals = propose(
        &running.deployments,
        &running.services,
        &running.autoscalers,
        &known,
    );
    sources.guess(&mut proposals, &known);
    Ok(Looked {
        proposals,
        cluster,
        environments: known.environments,
        languages: known.languages,
        notes,
    })
}

/// One Deployment of a request, with what came of it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = IntakeItem)]
pub struct Item {
    pub row: Row,
    /// Whether it became a workload; nothing while nobody has got to it.
    pub adopted: Option<bool>,
    pub trouble: Option<Words>,
    pub notes: Vec<Words>,
}

/// A request to take over, and its rows in their order, before and after its yes.
///
/// # Errors
/// 403 without the right, 404 for a request of another kind, no answer from the database.
pub async fn story(
    app: &App,
    actor: &Actor,
    number: i64,
) -> Result<(Request, Vec<Item>), AppError> {
    let request = requests::get(app, actor, number).await?;
    if request.kind != "intake" {
        return Err(AppError::NotFound);
    }
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let kept = store::items(app.db.pool(), request.id).await?;
    if !kept.is_empty() {
        return Ok((request, kept));
    }
    let asked: Asked = crate::parse::value(&request.parameters, "parameters")?;
    let waits = |row| Item {
        row,
        adopted: None,
        trouble: None,
        notes: Vec::new(),
    };
    Ok((request, asked.rows.into_iter().map(waits).collect()))
}
