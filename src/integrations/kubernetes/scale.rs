//! How many pods a Deployment shall have, through its `scale` subresource only.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v1::{Scale as WireScale, ScaleSpec};
use kube::api::{ObjectMeta, PostParams};

use super::error::{ApplyError, apply_error};
use super::{FIELD_MANAGER, Kubernetes, called, name, within};
use crate::integrations::CallError;

/// The scale of a Deployment as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scale {
    /// Pods wanted.
    pub desired: i32,
    /// Pods that the controller counted last, terminating ones not among them.
    pub current: i32,
    resource_version: Option<String>,
}

impl Kubernetes {
    pub async fn scale(&self, namespace: &str, deployment: &str) -> Result<Scale, CallError> {
        let api = self.api::<Deployment>(namespace)?;
        called(api.get_scale(name(deployment)?))
            .await
            .map(|scale| read(&scale))
    }

    /// Sets the wanted number of pods; `Stale` where the Deployment moved since `seen` was read.
    pub async fn set_scale(
        &self,
        namespace: &str,
        deployment: &str,
        seen: &Scale,
        replicas: i32,
    ) -> Result<Scale, ApplyError> {
        let object = WireScale {
            metadata: ObjectMeta {
                name: Some(name(deployment)?.to_owned()),
                namespace: Some(name(namespace)?.to_owned()),
                resource_version: seen.resource_version.clone(),
                ..ObjectMeta::default()
            },
            spec: Some(ScaleSpec {
                replicas: Some(replicas),
            }),
            status: None,
        };
        let params = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        let api = self.api::<Deployment>(namespace)?;
        let answer = within(api.replace_scale(deployment, &params, &object)).await?;
        answer.map(|scale| read(&scale)).map_err(apply_error)
    }
}

fn read(scale: &WireScale) -> Scale {
    let desired = scale.spec.as_ref().and_then(|spec| spec.replicas);
    let current = scale.status.as_ref().map(|status| status.replicas);
    Scale {
        desired: desired.unwrap_or_default(),
        current: current.unwrap_or_default(),
        resource_version: scale.metadata.resource_version.clone(),
    }
}
