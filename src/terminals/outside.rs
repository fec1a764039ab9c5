//! Whether a container is there to open a shell in, by its cluster's own word: three seconds.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;

use super::Opening;
use crate::app::App;
use crate::clusters;
use crate::connections::{ConnectionError, within};
use crate::error::{AppError, Words};
use crate::workloads::Workload;

const LIMIT: Duration = Duration::from_secs(3);

/// Kubernetes keeps what was put into a pod for as long as the pod is there.
const MOST_BESIDE: usize = 20;

/// Where a shell may be opened.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    pub container: String,
    pub pod_uid: Option<String>,
}

/// The container that was asked for, else the workload's own, and its pod.
///
/// # Errors
/// 404 for a pod that is not the workload's and for a container that is none of its own, 409 for
/// one that does not run and where no more can be put beside it, 503 when the cluster does not
/// answer.
pub async fn container(app: &App, workload: &Workload, asked: &Opening) -> Result<Found, AppError> {
    let pods = within(&workload.cluster, LIMIT, ask(app, workload)).await?;
    // Asked for by the workload's labels, so another's pod is not among them.
    let named = |p: &&Pod| p.metadata.name.as_deref() == Some(&asked.pod);
    let found = pods.iter().find(named).ok_or(AppError::NotFound)?;
    let usual = workload.found.as_ref().map(|f| f.container.as_str());
    if asked.debug_image.is_some() {
        has_room(found)?;
    }
    Ok(Found {
        container: choose(found, asked.container.as_deref().or(usual))?,
        pod_uid: found.metadata.uid.clone(),
    })
}

/// Whether one more container may be put beside those of a pod.
fn has_room(pod: &Pod) -> Result<(), AppError> {
    let spec = pod.spec.as_ref();
    let beside = spec.and_then(|spec| spec.ephemeral_containers.as_ref());
    if beside.map_or(0, Vec::len) < MOST_BESIDE {
        return Ok(());
    }
    let words = Words::new("debug-too-many").with("n", MOST_BESIDE);
    Err(AppError::Conflict(words))
}

async fn ask(app: &App, workload: &Workload) -> Result<Vec<Pod>, ConnectionError> {
    let kubernetes = clusters::kubernetes(app, workload.cluster_id).await?;
    Ok(kubernetes
        .pods(&workload.namespace, &workload.selector)
        .await?)
}

/// Only a pod's ordinary containers: none that prepared it, none that was put beside it.
fn choose(pod: &Pod, wanted: Option<&str>) -> Result<String, AppError> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let mut fitting = containers.filter(|c| wanted.is_none_or(|name| c.name == name));
    let name = &fitting.next().ok_or(AppError::NotFound)?.name;
    let statuses = pod
        .status
        .iter()
        .filter_map(|s| s.container_statuses.as_ref());
    let mut mine = statuses.flatten().filter(|s| s.name == *name);
    let state = mine.next().and_then(|s| s.state.as_ref());
    let runs = state.is_some_and(|s| s.running.is_some());
    if !runs || pod.metadata.deletion_timestamp.is_some() {
        return Err(AppError::conflict("terminal-not-running"));
    }
    Ok(name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(leaving: bool) -> Pod {
        let deleted = if leaving { "2026-11-21T08:00:00Z" } else { "" };
        let mut pod = serde_json::json!({
            "metadata": { "name": "pay-1" },
            "spec": {
                "containers": [{ "name": "pay" }, { "name": "proxy" }, { "name": "slow" }],
                "initContainers": [{ "name": "prepare" }],
                "ephemeralContainers": [{ "name": "debugger" }],
            },
            "status": { "containerStatuses": [
                { "name": "proxy", "image": "", "imageID": "", "ready": true, "restartCount": 0,
                  "state": { "running": {} } },
                { "name": "pay", "image": "", "imageID": "", "ready": false, "restartCount": 0,
                  "state": { "running": {} } },
                { "name": "slow", "image": "", "imageID": "", "ready": false, "restartCount": 0,
                  "state": { "waiting": { "reason": "CrashLoopBackOff" } } },
            ], "initContainerStatuses": [
                { "name": "prepare", "image": "", "imageID": "", "ready": true,
                  "restartCount": 0, "state": { "running": {} } },
            ] },
        });
        if leaving {
            pod["metadata"]["deletionTimestamp"] = deleted.into();
        }
        serde_json::from_value(pod).expect("a pod")
    }

    #[test]
    fn a_shell_opens_in_ordinary_containers_that_run() {
        let choose = |leaving, wanted| choose(&pod(leaving), wanted);
        assert_eq!(choose(false, None).expect("the first"), "pay");
        assert_eq!(choose(false, Some("proxy")).expect("this one"), "proxy");
        for absent in ["prepare", "debugger", "other", ""] {
            let refused = choose(false, Some(absent));
            assert!(matches!(refused, Err(AppError::NotFound)), "{absent}");
        }
        for (leaving, wanted) in [(false, "slow"), (true, "pay")] {
            let refused = choose(leaving, Some(wanted));
            assert!(matches!(refused, Err(AppError::Conflict(_))), "{wanted}");
        }
    }

    #[test]
    fn a_pod_takes_so_many_debug_containers_and_no_more() {
        let with = |count: usize| {
            let mut pod = pod(false);
            let spec = pod.spec.as_mut().expect("what it is to be");
            let one = spec.ephemeral_containers.take().expect("one").remove(0);
            spec.ephemeral_containers = Some(vec![one; count]);
            has_room(&pod)
        };
        assert!(with(0).is_ok() && with(MOST_BESIDE - 1).is_ok());
        assert!(matches!(with(MOST_BESIDE), Err(AppError::Conflict(_))));
    }
}
