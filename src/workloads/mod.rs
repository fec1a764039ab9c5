//! Workloads: one component of a project in one environment on one cluster, and the Kubernetes
//! objects that are computed from its parameters.
//!
//! Invariant: objects are typed values from [`objects`]; no text ever becomes an object, and no
//! image comes from a person.

mod adopt;
mod around;
pub mod diff;
mod facts;
mod found;
mod hosts;
mod now;
pub mod objects;
mod outside;
mod prepare;
mod request;
mod secrets;
mod start;
mod store;
pub mod web;

use std::collections::BTreeMap;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

pub use adopt::{Adopting, adopt};
pub use around::{clear_all_files, clear_beside, clear_files, put_beside, put_files, take_away};
pub use found::{Found, FoundService};
pub use hosts::{callers_come_at, claim, moved, taken};
pub use now::now;
pub use outside::{Live, Pod, live};
pub use prepare::{Namespace, Objects as ObjectsStep, StepError, settle};
pub use request::{Asked, Containers, inner, seal, settled};
pub use secrets::{PULL_SECRET, apply as apply_secrets, secret_name};
pub use start::{Slow, slow};
pub use store::{
    Current, Revised, all, before, current, environments, find, hold, list, lock_for_deployment,
    parameters, revise,
};

use crate::app::App;
use crate::clusters::{self, ClusterId, EnvironmentId, Tier};
use crate::connections::Observed;
use crate::db::DbError;
use crate::error::AppError;
use crate::error::Words;
use crate::identity::ProjectId;
use crate::standards;
use crate::standards::Parameters;
use crate::standards::layers::Place;
use crate::standards::rails::Subject;

crate::id! { WorkloadId }

/// A workload with the document that it is computed from.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Workload {
    pub id: WorkloadId,
    #[serde(skip)]
    pub project_id: ProjectId,
    pub project: String,
    pub language: String,
    /// What the project says of itself, beneath its layers.
    #[serde(skip)]
    pub project_port: i32,
    #[serde(skip)]
    pub project_health_path: String,
    #[serde(skip)]
    pub project_log_path: String,
    #[serde(skip)]
    pub environment_id: EnvironmentId,
    pub environment: String,
    pub tier: Tier,
    #[serde(skip)]
    pub cluster_id: ClusterId,
    pub cluster: String,
    pub site: String,
    #[serde(skip)]
    pub makes_namespaces: bool,
    pub registry_host: String,
    pub component: String,
    pub namespace: String,
    pub object_name: String,
    #[serde(skip)]
    pub selector: BTreeMap<String, String>,
    /// What is kept of an object that ran before the portal knew it.
    pub found: Option<Found>,
    pub sequence: i64,
    pub parameters_revision: i32,
    pub parameters: Parameters,
    /// What it says itself; the rest is its layers'.
    #[schema(value_type = Object)]
    pub own: Value,
    /// The revision of each layer that the parameters were computed from.
    pub layer_versions: BTreeMap<String, i32>,
    pub prepared_at: Option<Timestamp>,
}

impl Workload {
    /// Where it stands, for its layers.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            language: self.language.clone(),
            environment: self.environment.clone(),
            project: self.project.clone(),
            port: self.project_port,
            health_path: self.project_health_path.clone(),
        }
    }

    /// What guard rails look at, with parameters that may not be its own yet, and what whoever
    /// asks for them says.
    #[must_use]
    pub fn judged<'a>(&'a self, parameters: &'a Parameters, why: &'a str) -> Subject<'a> {
        Subject {
            parameters,
            language: &self.language,
            tier: self.tier,
            log_path: &self.project_log_path,
            why,
        }
    }

    /// The lane of everything that is done on its cluster.
    #[must_use]
    pub fn lane(&self) -> String {
        format!("cluster:{}", self.cluster_id)
    }
}

/// The names that a workload's objects get.
#[must_use]
pub fn object_name(project: &str, component: &str) -> String {
    if component == "main" {
        project.to_owned()
    } else {
        format!("{project}-{component}")
    }
}

/// The namespace of a project in an environment.
#[must_use]
pub fn namespace(project: &str, environment: &str) -> String {
    format!("{project}-{environment}")
}

/// The labels that its Deployment selects pods by; they never change.
#[must_use]
pub fn selector(project: &str, component: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        (
            "app.kubernetes.io/component".to_owned(),
            component.to_owned(),
        ),
        ("app.kubernetes.io/name".to_owned(), project.to_owned()),
    ])
}

/// A workload by id.
///
/// # Errors
/// No answer from the database.
pub async fn get(app: &App, id: WorkloadId) -> Result<Option<Workload>, DbError> {
    store::find(app.db.pool(), id).await
}

/// A project's workloads in order, each with what it runs by our record: two statements.
///
/// # Errors
/// No answer from the database.
pub async fn with_current(
    app: &App,
    project: ProjectId,
) -> Result<Vec<(Workload, Option<Current>)>, DbError> {
    let workloads = store::list(app.db.pool(), project, None, None).await?;
    let current = store::current(app.db.pool(), project).await?;
    let of = |w: &Workload| current.iter().find(|c| c.workload == w.id).cloned();
    Ok(workloads
        .into_iter()
        .map(|w| {
            let c = of(&w);
            (w, c)
        })
        .collect())
}

/// A workload with our record of it and its cluster's own word, or why there is none.
pub struct Seen {
    pub workload: Workload,
    pub current: Option<Current>,
    pub live: Result<Live, AppError>,
    /// How the cluster was when it was last tested.
    pub health: Option<Observed>,
}

/// A project's workloads in one environment, every cluster asked at the same time.
///
/// # Errors
/// No answer from the database.
pub async fn seen(app: &App, project: ProjectId, environment: &str) -> Result<Vec<Seen>, AppError> {
    let mut all = with_current(app, project).await?;
    all.retain(|(w, _)| w.environment == environment);
    let clusters = clusters::list(app).await?;
    let asked = all.into_iter().map(|(workload, current)| async {
        let live = live(app, &workload).await;
        let mine = clusters.iter().find(|c| c.id == workload.cluster_id);
        Seen {
            health: mine.and_then(|c| c.health.clone()),
            workload,
            current,
            live,
        }
    });
    Ok(join_all(asked).await)
}

/// Environments in order, each with how many of a project's workloads it has.
///
/// # Errors
/// No answer from the database.
pub async fn places(
    app: &App,
    project: ProjectId,
) -> Result<Vec<(String, Vec<String>, usize)>, AppError> {
    let all = store::list(app.db.pool(), project, None, None).await?;
    let environments = store::environments(app.db.pool()).await?;
    let count = |key: &str| all.iter().filter(|w| w.environment == key).count();
    Ok(environments
        .into_iter()
        .map(|(key, _, clusters)| {
            let n = count(&key);
            (key, clusters, n)
        })
        .collect())
}

/// Cores that are promised and allowed, as people say them.
#[must_use]
pub fn cpu(request: &str, limit: &str) -> Words {
    let cores = |text: &str| {
        let millis = standards::cpu_millis(text);
        let decimals = format!("{}.{:03}", millis / 1000, millis % 1000);
        decimals
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    };
    Words::new("cpu-shares")
        .with("request", cores(request))
        .with("limit", cores(limit))
}

/// Mebibytes that are promised and allowed.
#[must_use]
pub fn memory(request: &str, limit: &str) -> Words {
    let mebibytes = standards::memory_mebibytes;
    Words::new("memory-shares")
        .with("request", mebibytes(request))
        .with("limit", mebibytes(limit))
}
