//! Whether the pods that shells were opened in are still there.
//!
//! Invariant: a cluster's own word alone ends a shell: one that does not answer ends none. Each
//! namespace is asked once in a look, however many shells are in it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, future, stream};
use k8s_openapi::api::core::v1::Pod as Found;
use tokio::time::timeout;

use super::Ending;
use super::session::Session;
use crate::app::App;
use crate::clusters::{self, ClusterId};
use crate::connections::ConnectionError;
use crate::integrations::kubernetes::Kubernetes;

/// With the time between two looks, far less than the five seconds after which a shell whose pod
/// goes is closed. A slow cluster is asked for the rest of its namespaces the next time.
const ASKED_WITHIN: Duration = Duration::from_secs(2);
/// Namespaces of one cluster that are asked for at once.
const AT_ONCE: usize = 8;

/// The pod that a shell was opened in.
#[derive(Debug, Clone)]
pub struct Pod {
    pub cluster: ClusterId,
    pub namespace: String,
    pub name: String,
    /// Tells it from another one of its name; unknown of what was opened long ago.
    pub uid: Option<String>,
}

type Sessions = Vec<Arc<Session>>;

/// Ends the shells whose pods were replaced or are on their way out.
pub async fn look(app: &App) {
    let mut clusters: HashMap<ClusterId, HashMap<String, Sessions>> = HashMap::new();
    for session in app.terminals.all() {
        let pod = &session.opened.pod;
        let cluster = clusters.entry(pod.cluster).or_default();
        let here = cluster.entry(pod.namespace.clone()).or_default();
        here.push(session);
    }
    let looks = clusters.into_iter().map(async |(cluster, namespaces)| {
        let look = look_at(app, cluster, namespaces);
        match timeout(ASKED_WITHIN, look).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "could not look after pods of shells"),
            Err(_) => tracing::debug!("could not look after all pods of shells in time"),
        }
    });
    future::join_all(looks).await;
}

async fn look_at(
    app: &App,
    cluster: ClusterId,
    namespaces: HashMap<String, Sessions>,
) -> Result<(), ConnectionError> {
    let kubernetes = &clusters::kubernetes(app, cluster).await?;
    let looks = namespaces.into_iter().map(async |(namespace, sessions)| {
        look_in(kubernetes, &namespace, &sessions).await;
    });
    let mut looks = stream::iter(looks).buffer_unordered(AT_ONCE);
    while looks.next().await.is_some() {}
    Ok(())
}

async fn look_in(kubernetes: &Kubernetes, namespace: &str, sessions: &[Arc<Session>]) {
    let found = match kubernetes.all_in::<Found>(namespace).await {
        Ok(found) => found,
        Err(error) => return tracing::debug!(%error, namespace, "could not ask for pods"),
    };
    let gone = sessions.iter().filter(|s| !stays(&s.opened.pod, &found));
    gone.for_each(|session| session.end(Ending::PodReplaced));
}

/// Whether a pod is among those of its namespace, the same as it was, and not on its way out.
fn stays(pod: &Pod, found: &[Found]) -> bool {
    found.iter().map(|found| &found.metadata).any(|found| {
        let is_same = pod.uid.is_none() || found.uid == pod.uid;
        found.name.as_ref() == Some(&pod.name) && is_same && found.deletion_timestamp.is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_stays_until_it_is_told_to_go_is_gone_or_is_another() {
        let found = |name: &str, uid: &str, leaving: bool| -> Found {
            let mut pod = serde_json::json!({ "metadata": { "name": name, "uid": uid } });
            if leaving {
                pod["metadata"]["deletionTimestamp"] = "2026-11-21T08:00:00Z".into();
            }
            serde_json::from_value(pod).expect("a pod")
        };
        let pod = |uid: Option<&str>| Pod {
            cluster: ClusterId::new(),
            namespace: "pay-test".to_owned(),
            name: "pay-1".to_owned(),
            uid: uid.map(ToOwned::to_owned),
        };
        let other = found("pay-2", "b", false);
        for (uid, there, expected) in [
            (Some("a"), vec![found("pay-1", "a", false)], true),
            (None, vec![found("pay-1", "a", false)], true),
            (Some("a"), vec![found("pay-1", "c", false)], false),
            (Some("a"), vec![found("pay-1", "a", true)], false),
            (Some("a"), vec![], false),
            (None, vec![], false),
        ] {
            let all = [there.clone(), vec![other.clone()]].concat();
            assert_eq!(stays(&pod(uid), &all), expected, "{uid:?} {there:?}");
        }
    }
}
