//! Namespaces: made where they are missing, and never taken from somebody else.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DeleteParams, ObjectMeta, PostParams};

use super::{CREATING_MANAGER, Kubernetes, called, name};
use crate::integrations::CallError;

/// Carried, with the value `true`, by every namespace that may be written to.
pub const MANAGED_LABEL: &str = "slipway/managed";

#[derive(Debug, Clone, thiserror::Error)]
pub enum NamespaceError {
    /// It is there without our label: somebody else's, until they label it.
    #[error("the namespace belongs to somebody else")]
    Foreign,
    /// It is being deleted; it can be made again once it is gone.
    #[error("the namespace is being deleted")]
    Terminating,
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Kubernetes {
    /// Makes the namespace unless it is there with our label. Safe to repeat.
    pub async fn ensure_namespace(&self, namespace: &str) -> Result<(), NamespaceError> {
        match self.managed_namespace(namespace).await {
            Err(NamespaceError::Call(CallError::NotFound { .. })) => {}
            other => return other,
        }
        match self.create_namespace(namespace).await {
            // Somebody was faster: whose it is says its label.
            Err(CallError::Conflict { .. }) => self.managed_namespace(namespace).await,
            Err(error) => Err(error.into()),
            Ok(()) => Ok(()),
        }
    }

    /// Says whether the namespace is there and ours; `NotFound` inside `Call` where it is not.
    pub async fn managed_namespace(&self, namespace: &str) -> Result<(), NamespaceError> {
        let api = kube::Api::<Namespace>::all(self.client.clone());
        let found = called(api.get(name(namespace)?)).await?;
        let labels = found.metadata.labels.unwrap_or_default();
        if labels.get(MANAGED_LABEL).map(String::as_str) != Some("true") {
            return Err(NamespaceError::Foreign);
        }
        if found.metadata.deletion_timestamp.is_some() {
            return Err(NamespaceError::Terminating);
        }
        Ok(())
    }

    /// Deletes the namespace with everything in it, if it carries our label. `NotFound` inside
    /// `Call` once it is gone, which takes its time: until then it is `Terminating`.
    pub async fn delete_namespace(&self, namespace: &str) -> Result<(), NamespaceError> {
        self.managed_namespace(namespace).await?;
        let api = kube::Api::<Namespace>::all(self.client.clone());
        let params = DeleteParams::background();
        Ok(called(api.delete(name(namespace)?, &params))
            .await
            .map(drop)?)
    }

    async fn create_namespace(&self, namespace: &str) -> Result<(), CallError> {
        let labels = BTreeMap::from([(MANAGED_LABEL.to_owned(), "true".to_owned())]);
        let object = Namespace {
            metadata: ObjectMeta {
                name: Some(name(namespace)?.to_owned()),
                labels: Some(labels),
                ..ObjectMeta::default()
            },
            ..Namespace::default()
        };
        let params = PostParams {
            field_manager: Some(CREATING_MANAGER.to_owned()),
            ..PostParams::default()
        };
        let api = kube::Api::<Namespace>::all(self.client.clone());
        called(api.create(&params, &object)).await.map(drop)
    }
}
