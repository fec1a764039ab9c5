//! A client of one Kubernetes API server, and pure readings of what it answers.
//!
//! Invariant: every call ends within [`CALL_TIMEOUT`], and nothing is repeated in here: a caller
//! that wants a second try decides so from the error.

mod beside;
mod connect;
mod diagnose;
mod error;
mod exec;
mod expiry;
mod kubeconfig;
mod namespaces;
pub mod path;
mod read;
mod rights;
mod rollout;
mod scale;
mod write;

use std::time::Duration;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Pod, Secret, Service};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::core::NamespaceResourceScope;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::integrations::CallError;

pub use beside::{Beside, Standing};
pub use diagnose::{Probe, Trouble, diagnose, replica_failure};
pub use error::{ApplyError, FieldError, OwnedField};
pub use exec::{End, Ended, Input, Output, Place, Running, Size, ended};
pub use kubeconfig::{Kubeconfig, KubeconfigError, MAX_KUBECONFIG_BYTES};
pub use namespaces::{MANAGED_LABEL, NamespaceError};
pub use read::{LogOf, ServerVersion};
pub use rights::{IN_NAMESPACE, Needed, OF_CLUSTER, Right};
pub use rollout::{Cause, Rollout, WaitingFor, rollout_status};
pub use scale::Scale;
pub use write::{CREATING_MANAGER, FIELD_MANAGER};

/// One whole call, connecting included. A step of the engine has thirty seconds for several.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(12);
/// The longest name that Kubernetes gives any object.
const MAX_NAME_BYTES: usize = 253;

/// A handle on one cluster; cheap to clone, safe to share.
#[derive(Clone)]
pub struct Kubernetes {
    client: kube::Client,
    /// For commands, which may be silent for ever.
    patient: kube::Client,
}

/// The kinds of object that this client reads and writes, all of them in a namespace.
pub trait Kind:
    kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>
    + Clone
    + std::fmt::Debug
    + Serialize
    + DeserializeOwned
{
}

impl Kind for ConfigMap {}
impl Kind for Deployment {}
impl Kind for Event {}
impl Kind for HorizontalPodAutoscaler {}
impl Kind for Ingress {}
impl Kind for Job {}
impl Kind for Pod {}
impl Kind for PodDisruptionBudget {}
impl Kind for ReplicaSet {}
impl Kind for Secret {}
impl Kind for Service {}

impl Kubernetes {
    /// Prepares a client; nothing is called yet. Fails where certificate or key data are no PEM.
    pub async fn new(kubeconfig: &Kubeconfig) -> Result<Self, KubeconfigError> {
        let config = connect::config(kubeconfig).await?;
        Self::of(config).map_err(|_| KubeconfigError::BadField {
            field: "client-certificate-data".to_owned(),
        })
    }

    fn of(config: kube::Config) -> Result<Self, kube::Error> {
        let patient = connect::patient(&config)?;
        let client = kube::Client::try_from(config)?;
        Ok(Self { client, patient })
    }

    fn api<K: Kind>(&self, namespace: &str) -> Result<kube::Api<K>, CallError> {
        Ok(kube::Api::namespaced(self.client.clone(), name(namespace)?))
    }
}

/// Names go into paths as they are, so nothing may pass that would lead to another path.
fn name(text: &str) -> Result<&str, CallError> {
    let legal =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:".contains(&byte);
    let ok = !text.is_empty()
        && text.len() <= MAX_NAME_BYTES
        && text.bytes().all(legal)
        && !text.starts_with('.');
    if !ok {
        let detail = "not a name of a Kubernetes object".to_owned();
        return Err(CallError::Refused { detail });
    }
    Ok(text)
}

async fn within<T>(
    call: impl Future<Output = Result<T, kube::Error>>,
) -> Result<Result<T, kube::Error>, CallError> {
    tokio::time::timeout(CALL_TIMEOUT, call)
        .await
        .map_err(|_| CallError::Unavailable {
            detail: format!("no answer within {} s", CALL_TIMEOUT.as_secs()),
            retry_after: None,
        })
}

async fn called<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, CallError> {
    within(call).await?.map_err(error::call_error)
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names_cannot_leave_their_place_in_a_path() {
        for good in ["shop", "shop-test", "kube-root-ca.crt", "system:node"] {
            assert_eq!(name(good).expect("a name"), good);
        }
        for bad in ["", "..", "a/b", "a?b", "a%2fb", "A", "a b", "a#b"] {
            name(bad).expect_err(bad);
        }
    }
}
