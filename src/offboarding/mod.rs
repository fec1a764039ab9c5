//! Taking away: one workload, or a project with everything that the portal made for it.
//!
//! Invariant: only what carries the portal's own mark is taken away, in the reverse order of its
//! making, and no row of what happened goes with it.

mod jobs_away;
mod objects_away;
mod request;
mod shown;
mod store;
pub mod web;
mod webhook_away;
mod whole;

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

pub use request::Removal;
pub use whole::Offboarding;

use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::Tx;
use crate::error::{AppError, Words};
use crate::jobs::{self, NewEffect, NewRun, NewStep, Step};
use crate::projects;
use crate::requests::RequestId;
use crate::workloads::{Workload, WorkloadId};

crate::id! { RemovalId }

/// One workload on its way out.
struct Leaving {
    id: RemovalId,
    workload: WorkloadId,
    request: RequestId,
    /// Whether its project goes too, and the namespace with it.
    whole: bool,
}

#[must_use]
pub fn steps(app: &App) -> Vec<Arc<dyn Step>> {
    vec![
        Arc::new(objects_away::Objects(app.clone())),
        Arc::new(objects_away::Namespace(app.clone())),
        Arc::new(whole::Workloads(app.clone())),
        Arc::new(jobs_away::Jobs(app.clone())),
        Arc::new(webhook_away::Webhook(app.clone())),
    ]
}

/// Lets nothing new begin on a workload, in the transaction of the yes.
async fn mark(tx: &mut Tx, workload: &Workload, origin: &Origin) -> Result<(), AppError> {
    if !store::mark(tx.connection(), workload.id).await? {
        return Err(AppError::conflict("workload-leaving"));
    }
    let entry = Entry::done("workload.remove", "workload", workload.id)
        .in_project(workload.project_id)
        .before(
            json!({ "cluster": workload.cluster, "environment": workload.environment,
            "component": workload.component }),
        );
    audit::record(tx, &entry, origin).await?;
    Ok(())
}

/// Starts the work of taking one workload away.
async fn begin(
    tx: &mut Tx,
    workload: &Workload,
    request: RequestId,
    whole: bool,
) -> Result<(), AppError> {
    let id = RemovalId::new();
    store::insert(tx.connection(), id, workload.id, request, whole).await?;
    let run = NewRun {
        kind: "removal",
        subject: id.0,
        project: Some(workload.project_id.0),
        parent: None,
    };
    let place = json!({ "namespace": workload.namespace, "name": workload.object_name });
    let effect = NewEffect {
        kind: "removal",
        target: workload.cluster.clone(),
        name: format!("{}/{}", workload.namespace, workload.object_name),
        intent: place.clone(),
    };
    let input = json!({ "request": request, "cluster": workload.cluster });
    let step = NewStep::new("removal.objects", workload.lane(), input);
    jobs::start_run(tx, &run, &step.with_effect(effect)).await?;
    let topic = projects::topic(workload.project_id);
    tx.event(&topic, Some(workload.project_id.0)).await?;
    Ok(())
}

/// Nothing is taken away from under what is on its way. The workloads' rows are held by now, so
/// that nothing begins between this look and the yes.
async fn must_rest(tx: &mut Tx, project: Uuid, going: &[Workload]) -> Result<(), AppError> {
    let ids: Vec<_> = going.iter().map(|w| w.id.0).collect();
    if store::being_made(tx.connection(), &ids).await? {
        return Err(AppError::conflict("removal-being-made"));
    }
    let environments: Vec<_> = going.iter().map(|w| w.environment_id.0).collect();
    let busy = store::under_way(tx.connection(), project, &environments).await?;
    match busy {
        None => Ok(()),
        Some(who) => Err(AppError::Conflict(
            Words::new("removal-under-way").with("who", who),
        )),
    }
}
