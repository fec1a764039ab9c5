//! Reading: version, pods, events, logs.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Pod};
use kube::api::{ListParams, LogParams};

use super::{Kind, Kubernetes, called, name};
use crate::integrations::CallError;

const PAGE: u32 = 500;
/// Ten thousand objects; more in one list is a selector that selects nothing.
const MAX_PAGES: usize = 20;
/// Five thousand objects of a whole cluster.
const MAX_PAGES_OF_ALL: usize = 10;
/// A tail for a page; a whole log is not read through here.
const MAX_LOG_BYTES: i64 = 256 * 1024;

/// What the API server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerVersion {
    pub major: String,
    /// May end in a sign, as in `33+`.
    pub minor: String,
    /// Such as `v1.33.2`.
    pub git_version: String,
}

/// Which of a container's lives to read the log of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogOf {
    Current,
    /// The one that ended before the last restart.
    Previous,
}

impl Kubernetes {
    pub async fn version(&self) -> Result<ServerVersion, CallError> {
        let info = called(self.client.apiserver_version()).await?;
        Ok(ServerVersion {
            major: info.major,
            minor: info.minor,
            git_version: info.git_version,
        })
    }

    /// Pods that carry all of the labels.
    pub async fn pods(
        &self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> Result<Vec<Pod>, CallError> {
        self.list(namespace, ListParams::default().labels(&selector(labels)))
            .await
    }

    /// ConfigMaps that carry all of the labels.
    pub async fn config_maps(
        &self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> Result<Vec<ConfigMap>, CallError> {
        self.list(namespace, ListParams::default().labels(&selector(labels)))
            .await
    }

    /// ReplicaSets that carry all of the labels.
    pub async fn replica_sets(
        &self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> Result<Vec<ReplicaSet>, CallError> {
        self.list(namespace, ListParams::default().labels(&selector(labels)))
            .await
    }

    /// Events about one object, in no order. Clusters forget them after about an hour.
    pub async fn events(
        &self,
        namespace: &str,
        kind: &str,
        object: &str,
    ) -> Result<Vec<Event>, CallError> {
        let object = name(object)?;
        let fields = format!("involvedObject.kind={kind},involvedObject.name={object}");
        self.list(namespace, ListParams::default().fields(&fields))
            .await
    }

    /// The last `lines` of a container's log, at most 256 KiB of them. `Refused` while the
    /// container has not started, or has no previous life.
    pub async fn log_tail(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        lines: u16,
        of: LogOf,
    ) -> Result<String, CallError> {
        let params = LogParams {
            container: Some(container.to_owned()),
            limit_bytes: Some(MAX_LOG_BYTES),
            tail_lines: Some(lines.into()),
            previous: of == LogOf::Previous,
            ..LogParams::default()
        };
        let api = self.api::<Pod>(namespace)?;
        called(api.logs(name(pod)?, &params)).await
    }

    /// All objects of one kind in a namespace.
    pub async fn all_in<K: Kind>(&self, namespace: &str) -> Result<Vec<K>, CallError> {
        self.list(namespace, ListParams::default()).await
    }

    /// All objects of one kind in the whole cluster, five thousand at most.
    pub async fn all<K: Kind>(&self) -> Result<Vec<K>, CallError> {
        let api = kube::Api::<K>::all(self.client.clone());
        pages(&api, ListParams::default(), MAX_PAGES_OF_ALL).await
    }

    async fn list<K: Kind>(
        &self,
        namespace: &str,
        params: ListParams,
    ) -> Result<Vec<K>, CallError> {
        pages(&self.api::<K>(namespace)?, params, MAX_PAGES).await
    }
}

async fn pages<K: Kind>(
    api: &kube::Api<K>,
    params: ListParams,
    most: usize,
) -> Result<Vec<K>, CallError> {
    let mut params = params.limit(PAGE);
    let mut items = Vec::new();
    for _ in 0..most {
        let page = called(api.list(&params)).await?;
        items.extend(page.items);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(items),
        }
    }
    let detail = format!("a list of more than {}", items.len());
    Err(CallError::Unexpected { detail })
}

fn selector(labels: &BTreeMap<String, String>) -> String {
    let terms: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    terms.join(",")
}
