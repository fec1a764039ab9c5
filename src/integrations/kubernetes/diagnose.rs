//! What keeps pods from running, read from pods and events.
//!
//! Invariant: pure, and never a sentence of ours: a code with arguments, of which `detail` is the
//! cluster's own words.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus, Event, Pod};
use serde::{Deserialize, Serialize};

/// Enough to tell which probe or which quota; events can be a page long.
const MAX_DETAIL_CHARS: usize = 300;

/// One reason why pods do not run, the one to tell people first.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Trouble {
    /// The container's settings name something that is not there, such as a Secret.
    ContainerConfig {
        pod: String,
        container: String,
        detail: String,
    },
    /// `reason` is Kubernetes' word, such as `ImagePullBackOff` or `InvalidImageName`.
    ImagePull {
        pod: String,
        container: String,
        image: String,
        reason: String,
        detail: String,
    },
    /// The container used more memory than its limit.
    OutOfMemory {
        pod: String,
        container: String,
        restarts: i32,
    },
    /// The process ends by itself, again and again.
    CrashLoop {
        pod: String,
        container: String,
        exit_code: i32,
        restarts: i32,
    },
    /// The controller may not make pods; `quota` where a quota is why.
    CannotCreatePods { quota: bool, detail: String },
    /// No node has room, or none is allowed.
    Unschedulable { pod: String, detail: String },
    /// The process runs and does not answer.
    ProbeFailing {
        pod: String,
        probe: Probe,
        detail: String,
    },
}

impl Trouble {
    /// The pod that is in it.
    #[must_use]
    pub fn pod(&self) -> Option<&str> {
        match self {
            Self::ContainerConfig { pod, .. }
            | Self::ImagePull { pod, .. }
            | Self::OutOfMemory { pod, .. }
            | Self::CrashLoop { pod, .. }
            | Self::Unschedulable { pod, .. }
            | Self::ProbeFailing { pod, .. } => Some(pod),
            Self::CannotCreatePods { .. } => None,
        }
    }
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = FailedProbe)]
pub enum Probe {
    Startup,
    Liveness,
    Readiness,
}

/// The gravest trouble among `pods`, those that are being deleted left out; `events` are about
/// these pods and their ReplicaSet. `None` where all is well or only slow.
pub fn diagnose(pods: &[Pod], events: &[Event]) -> Option<Trouble> {
    let alive = || {
        pods.iter()
            .filter(|pod| pod.metadata.deletion_timestamp.is_none())
    };
    let of_containers = alive().flat_map(container_troubles);
    let of_pods = alive().filter_map(unschedulable);
    let of_probes = alive().filter_map(|pod| failing_probe(pod, events));
    let of_events = events.iter().filter_map(creation_refused);
    of_containers
        .chain(of_pods)
        .chain(of_probes)
        .chain(of_events)
        .min()
}

/// What the Deployment itself says of pods that could not be made. kubectl waits on regardless.
pub fn replica_failure(deployment: &Deployment) -> Option<Trouble> {
    let conditions = deployment.status.as_ref()?.conditions.as_ref()?;
    let failure = conditions
        .iter()
        .find(|condition| condition.type_ == "ReplicaFailure" && condition.status == "True")?;
    Some(cannot_create(failure.message.as_deref()))
}

fn container_troubles(pod: &Pod) -> impl Iterator<Item = Trouble> {
    let status = pod.status.as_ref();
    let first = status.and_then(|status| status.init_container_statuses.as_ref());
    let main = status.and_then(|status| status.container_statuses.as_ref());
    let all = first.into_iter().chain(main).flatten();
    all.filter_map(|container| container_trouble(&pod_name(pod), container))
}

pub(super) fn container_trouble(pod: &str, status: &ContainerStatus) -> Option<Trouble> {
    let (pod, container) = (pod.to_owned(), status.name.clone());
    let state = status.state.as_ref();
    let waiting = state.and_then(|state| state.waiting.as_ref());
    let detail = cut(waiting.and_then(|waiting| waiting.message.as_deref()));
    match waiting.and_then(|waiting| waiting.reason.as_deref()) {
        Some("CreateContainerConfigError" | "CreateContainerError" | "RunContainerError") => {
            Some(Trouble::ContainerConfig {
                pod,
                container,
                detail,
            })
        }
        Some(
            reason @ ("ErrImagePull"
            | "ImagePullBackOff"
            | "InvalidImageName"
            | "ErrImageNeverPull"
            | "ImageInspectError"
            | "RegistryUnavailable"),
        ) => Some(Trouble::ImagePull {
            pod,
            container,
            image: status.image.clone(),
            reason: reason.to_owned(),
            detail,
        }),
        Some("CrashLoopBackOff") => Some(crashed(pod, status, ended_before(status))),
        _ => {
            let ended = state.and_then(|state| state.terminated.as_ref());
            let failed = ended.filter(|ended| ended.exit_code != 0)?;
            Some(crashed(pod, status, Some(failed)))
        }
    }
}

fn crashed(
    pod: String,
    status: &ContainerStatus,
    ended: Option<&ContainerStateTerminated>,
) -> Trouble {
    let container = status.name.clone();
    let restarts = status.restart_count;
    if ended.and_then(|ended| ended.reason.as_deref()) == Some("OOMKilled") {
        return Trouble::OutOfMemory {
            pod,
            container,
            restarts,
        };
    }
    let exit_code = ended.map(|ended| ended.exit_code).unwrap_or_default();
    Trouble::CrashLoop {
        pod,
        container,
        exit_code,
        restarts,
    }
}

fn ended_before(status: &ContainerStatus) -> Option<&ContainerStateTerminated> {
    status.last_state.as_ref()?.terminated.as_ref()
}

fn unschedulable(pod: &Pod) -> Option<Trouble> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let refused = conditions.iter().find(|condition| {
        condition.type_ == "PodScheduled"
            && condition.status == "False"
            && condition.reason.as_deref() == Some("Unschedulable")
    })?;
    Some(Trouble::Unschedulable {
        pod: pod_name(pod),
        detail: cut(refused.message.as_deref()),
    })
}

/// A probe that failed once while starting is no trouble when the pod is ready by now.
fn failing_probe(pod: &Pod, events: &[Event]) -> Option<Trouble> {
    if is_ready(pod) {
        return None;
    }
    let about = |event: &&Event| {
        event.reason.as_deref() == Some("Unhealthy")
            && event.involved_object.name == pod.metadata.name
    };
    let newest = events
        .iter()
        .filter(about)
        .max_by_key(|event| event.last_timestamp.clone())?;
    let message = newest.message.as_deref().unwrap_or_default();
    let probe = [
        ("Startup", Probe::Startup),
        ("Liveness", Probe::Liveness),
        ("Readiness", Probe::Readiness),
    ];
    let (_, probe) = probe
        .into_iter()
        .find(|(word, _)| message.starts_with(word))?;
    Some(Trouble::ProbeFailing {
        pod: pod_name(pod),
        probe,
        detail: cut(Some(message)),
    })
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    conditions
        .into_iter()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

fn creation_refused(event: &Event) -> Option<Trouble> {
    let about = event.involved_object.kind.as_deref() == Some("ReplicaSet");
    (about && event.reason.as_deref() == Some("FailedCreate"))
        .then(|| cannot_create(event.message.as_deref()))
}

fn cannot_create(message: Option<&str>) -> Trouble {
    Trouble::CannotCreatePods {
        quota: message.is_some_and(|message| message.contains("exceeded quota")),
        detail: cut(message),
    }
}

fn pod_name(pod: &Pod) -> String {
    pod.metadata.name.clone().unwrap_or_default()
}

fn cut(text: Option<&str>) -> String {
    text.unwrap_or_default()
        .chars()
        .take(MAX_DETAIL_CHARS)
        .collect()
}

#[cfg(test)]
#[path = "diagnose_tests.rs"]
mod tests;
