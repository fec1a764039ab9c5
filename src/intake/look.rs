//! What runs in a cluster and is not the portal's, for a page: three seconds, three lists.

use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Service;
use serde::Serialize;

use super::propose::{Proposal, propose};
use super::{Asked, Row, store};
use crate::app::App;
use crate::clusters::{self, Cluster};
use crate::connections::{ConnectionError, within};
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::requests::Request;

const LIMIT: Duration = Duration::from_secs(3);

/// What a table of Deployments chooses from.
pub struct Looked {
    pub cluster: Cluster,
    pub proposals: Vec<Proposal>,
    pub environments: Vec<String>,
    pub languages: Vec<String>,
}

/// Asks the cluster for everything that it runs.
///
/// # Errors
/// 403 without the right, 404 for no such cluster, 503 when it does not answer in time.
pub async fn look(app: &App, actor: &Actor, key: &str) -> Result<Looked, AppError> {
    actor.must(Permission::HandleRequests, Scope::Platform)?;
    let cluster = clusters::find_by_key(app, key).await?;
    let cluster = cluster.ok_or(AppError::NotFound)?;
    let asked = within(&cluster.key, LIMIT, ask(app, &cluster));
    let (deployments, services, autoscalers) = asked.await?;
    let mut connection = app.db.begin().await?;
    let known = store::known(connection.connection(), cluster.id, (None, None)).await?;
    Ok(Looked {
        proposals: propose(&deployments, &services, &autoscalers, &known),
        cluster,
        environments: known.environments,
        languages: known.languages,
    })
}

type Everything = (Vec<Deployment>, Vec<Service>, Vec<HorizontalPodAutoscaler>);

async fn ask(app: &App, cluster: &Cluster) -> Result<Everything, ConnectionError> {
    let kubernetes = clusters::kubernetes(app, cluster.id).await?;
    let found = tokio::try_join!(
        kubernetes.all::<Deployment>(),
        kubernetes.all::<Service>(),
        kubernetes.all::<HorizontalPodAutoscaler>(),
    )?;
    Ok(found)
}

/// One Deployment of a request, with what came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    pub row: Row,
    /// Whether it became a workload; `None` while nobody has got to it.
    pub adopted: Option<bool>,
    pub trouble: Option<Words>,
    pub notes: Vec<Words>,
}

/// The rows of a request in their order, before and after its yes.
///
/// # Errors
/// 403 without the right, no answer from the database.
pub async fn items(app: &App, actor: &Actor, request: &Request) -> Result<Vec<Item>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let kept = store::items(app.db.pool(), request.id).await?;
    if !kept.is_empty() {
        return Ok(kept);
    }
    let asked: Asked = crate::parse::value(&request.parameters, "parameters")?;
    let waits = |row| Item {
        row,
        adopted: None,
        trouble: None,
        notes: Vec::new(),
    };
    Ok(asked.rows.into_iter().map(waits).collect())
}
