//! What a cluster says of a workload right now, for a page: at most three seconds, no effect.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Pod as K8sPod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use serde::Serialize;

use super::Workload;
use super::objects::{DEPLOYMENT, SEQUENCE};
use crate::app::App;
use crate::clusters;
use crate::connections::{ConnectionError, within};
use crate::error::AppError;
use crate::integrations::kubernetes::{
    CREATING_MANAGER, FIELD_MANAGER, Kubernetes, Trouble, diagnose,
};

const LIMIT: Duration = Duration::from_secs(3);

/// A workload by its cluster's own word.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = LivePods)]
pub struct Live {
    pub image: Option<String>,
    pub desired: i32,
    pub ready: i32,
    pub updated: i32,
    /// Whether the controller has seen the newest change.
    pub observed: bool,
    pub deployment: Option<String>,
    pub sequence: Option<i64>,
    pub autoscaler: Option<(i32, i32)>,
    /// The load by which it scales, as its autoscaler last saw it: of the CPU that is promised.
    pub load_percent: Option<i32>,
    /// Who wrote to the Deployment itself after the portal did, by the cluster's own record.
    #[serde(skip)]
    pub hands: Vec<String>,
    pub pods: Vec<Pod>,
    pub trouble: Option<Trouble>,
}

/// One container's pod.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Pod {
    pub name: String,
    pub phase: String,
    pub ready: bool,
    pub leaving: bool,
    pub restarts: i32,
    pub node: Option<String>,
    pub started_at: Option<Timestamp>,
    pub digest: Option<String>,
}

/// Asks the cluster.
///
/// # Errors
/// 503 with the cluster's name when it does not answer in time.
pub async fn live(app: &App, workload: &Workload) -> Result<Live, AppError> {
    within(&workload.cluster, LIMIT, ask(app, workload)).await
}

async fn ask(app: &App, workload: &Workload) -> Result<Live, ConnectionError> {
    let kubernetes: Kubernetes = clusters::kubernetes(app, workload.cluster_id).await?;
    let (namespace, name) = (workload.namespace.as_str(), workload.object_name.as_str());
    let container = workload.container();
    let (deployment, autoscaler, pods) = tokio::try_join!(
        kubernetes.get::<Deployment>(namespace, name),
        kubernetes.get::<HorizontalPodAutoscaler>(namespace, workload.autoscaler()),
        kubernetes.pods(namespace, &workload.selector),
    )?;
    let deployment = deployment.unwrap_or_default();
    Ok(read(deployment, container, autoscaler.as_ref(), &pods))
}

/// What its autoscaler says of the CPU.
fn load(autoscaler: &HorizontalPodAutoscaler) -> Option<i32> {
    let metrics = autoscaler.status.as_ref()?.current_metrics.as_ref()?;
    let mut of_resources = metrics.iter().filter_map(|m| m.resource.as_ref());
    let cpu = of_resources.find(|r| r.name == "cpu")?;
    cpu.current.average_utilization
}

fn read(
    deployment: Deployment,
    container: &str,
    autoscaler: Option<&HorizontalPodAutoscaler>,
    pods: &[K8sPod],
) -> Live {
    let hands = deployment.metadata.managed_fields.as_deref();
    let hands = others(hands.unwrap_or_default());
    let range = autoscaler.and_then(|a| a.spec.as_ref());
    let annotations = deployment.metadata.annotations.unwrap_or_default();
    let status = deployment.status.unwrap_or_default();
    let generation = deployment.metadata.generation.unwrap_or(0);
    let spec = deployment.spec.unwrap_or_default();
    let image = spec.template.spec.and_then(|s| {
        s.containers
            .into_iter()
            .find(|c| c.name == container)?
            .image
    });
    Live {
        image,
        desired: spec.replicas.unwrap_or(0),
        ready: status.ready_replicas.unwrap_or(0),
        updated: status.updated_replicas.unwrap_or(0),
        observed: status.observed_generation.unwrap_or(0) >= generation,
        deployment: annotations.get(DEPLOYMENT).cloned(),
        sequence: annotations.get(SEQUENCE).and_then(|s| s.parse().ok()),
        autoscaler: range.map(|s| (s.min_replicas.unwrap_or(1), s.max_replicas)),
        load_percent: autoscaler.and_then(load),
        hands,
        pods: pods.iter().map(|p| pod(p, container)).collect(),
        trouble: diagnose(pods, &[]),
    }
}

/// Who wrote what a Deployment is to be after the portal last did, by the cluster's own clock:
/// neither its controllers, nor whoever scales it by the door that is there for that.
fn others(entries: &[ManagedFieldsEntry]) -> Vec<String> {
    let is_of_spec = |entry: &&ManagedFieldsEntry| {
        let fields = entry.fields_v1.as_ref();
        let is_beside = entry.subresource.as_ref().is_some_and(|s| !s.is_empty());
        !is_beside && fields.is_some_and(|f| f.0.get("f:spec").is_some())
    };
    let wrote = |entry: &ManagedFieldsEntry| {
        let at = entry.time.as_ref()?.0;
        Some((entry.manager.clone()?, at))
    };
    let all = entries.iter().filter(is_of_spec).filter_map(wrote);
    let is_ours = |(who, _): &(String, _)| [FIELD_MANAGER, CREATING_MANAGER].contains(&&**who);
    let (ours, others): (Vec<_>, Vec<_>) = all.partition(is_ours);
    let last = ours.into_iter().map(|(_, at)| at).max();
    let later = others.into_iter().filter(|(who, at)| {
        let is_clusters = who.starts_with("kube-");
        !is_clusters && last.is_some_and(|last| *at > last)
    });
    later.map(|(who, _)| who).collect()
}

fn pod(pod: &K8sPod, container: &str) -> Pod {
    let status = pod.status.clone().unwrap_or_default();
    let containers = status.container_statuses.unwrap_or_default();
    let main = containers.iter().find(|c| c.name == container);
    let digest = main.map(|c| c.image_id.clone()).unwrap_or_default();
    Pod {
        name: pod.metadata.name.clone().unwrap_or_default(),
        phase: status.phase.unwrap_or_default(),
        ready: main.is_some_and(|c| c.ready),
        leaving: pod.metadata.deletion_timestamp.is_some(),
        restarts: containers.iter().map(|c| c.restart_count).sum(),
        node: pod.spec.as_ref().and_then(|s| s.node_name.clone()),
        started_at: status.start_time.map(|t| t.0),
        digest: digest.split_once('@').map(|(_, d)| d.to_owned()),
    }
}
