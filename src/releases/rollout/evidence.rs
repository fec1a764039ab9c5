//! Evidence of a rollout's trouble: the pod's last events, the last lines that its container
//! wrote, how it ended. Gathered as soon as a trouble shows, because clusters forget.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, Pod};
use serde::{Deserialize, Serialize};

use super::Facts;
use crate::integrations::kubernetes::{Kubernetes, LogOf, Trouble};

const EVENTS_KEPT: usize = 8;
const LINES_KEPT: u16 = 20;
const MAX_CHARS: usize = 300;

/// What one pod in trouble has left behind, in the cluster's and the container's own words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub pod: String,
    pub exit_code: Option<i32>,
    /// Newest first.
    pub events: Vec<Happened>,
    pub log: Vec<String>,
}

/// One event of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    pub at: Option<Timestamp>,
    pub reason: String,
    pub message: String,
    pub count: i32,
}

/// Reads it from the cluster. What it does not tell is left out: evidence holds nothing up.
pub(super) async fn gather(
    kubernetes: &Kubernetes,
    facts: &Facts,
    trouble: &Trouble,
    pods: &[Pod],
) -> Option<Evidence> {
    let name = trouble.pod()?;
    let pod = pods
        .iter()
        .find(|p| p.metadata.name.as_deref() == Some(name))?;
    let namespace = &facts.workload.namespace;
    let events = kubernetes.events(namespace, "Pod", name).await;
    let (restarts, exit_code) = ended(pod);
    let of = if restarts > 0 {
        LogOf::Previous
    } else {
        LogOf::Current
    };
    let container = facts.workload.container();
    let log = kubernetes.log_tail(namespace, name, container, LINES_KEPT, of);
    Some(Evidence {
        pod: name.to_owned(),
        exit_code,
        events: happened(events.unwrap_or_default()),
        log: log.await.unwrap_or_default().lines().map(cut).collect(),
    })
}

/// How often the container was started again, and the exit code of its last end.
fn ended(pod: &Pod) -> (i32, Option<i32>) {
    let status = pod.status.as_ref();
    let containers = status.and_then(|s| s.container_statuses.as_ref());
    let Some(first) = containers.and_then(|c| c.first()) else {
        return (0, None);
    };
    let of = |state: &Option<k8s_openapi::api::core::v1::ContainerState>| {
        state.as_ref()?.terminated.as_ref().map(|t| t.exit_code)
    };
    let code = of(&first.state).or_else(|| of(&first.last_state));
    (first.restart_count, code)
}

fn happened(mut events: Vec<Event>) -> Vec<Happened> {
    let at = |e: &Event| {
        let last = e.last_timestamp.as_ref().map(|t| t.0);
        last.or_else(|| e.event_time.as_ref().map(|t| t.0))
    };
    events.sort_by_key(|e| std::cmp::Reverse(at(e)));
    let one = |e: &Event| Happened {
        at: at(e),
        reason: e.reason.clone().unwrap_or_default(),
        message: cut(e.message.as_deref().unwrap_or_default()),
        count: e.count.unwrap_or(1),
    };
    events.iter().take(EVENTS_KEPT).map(one).collect()
}

/// PostgreSQL holds no NUL, and a page no endless line.
fn cut(text: &str) -> String {
    let clean = text.chars().filter(|c| *c != '\0');
    clean.take(MAX_CHARS).collect()
}
