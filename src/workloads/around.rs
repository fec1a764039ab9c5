//! What stands around a workload's Deployment: files that its pods read, and beside it what its
//! parameters ask for or no longer ask for.
//!
//! Invariant: an object is removed only where it carries this workload's own mark.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::objects::{Objects, WORKLOAD};
use super::prepare::StepError;
use super::{Workload, WorkloadId};
use crate::integrations::CallError;
use crate::integrations::kubernetes::{Kind, Kubernetes};

/// Puts the files there before any pod asks for them.
///
/// # Errors
/// The cluster's.
pub async fn put_files(kubernetes: &Kubernetes, objects: &Objects) -> Result<(), StepError> {
    if let Some(files) = &objects.files {
        kubernetes.apply(files).await?;
    }
    Ok(())
}

/// Applies what is wanted beside the Deployment and removes what a former revision made.
///
/// # Errors
/// The cluster's.
pub async fn put_beside(
    kubernetes: &Kubernetes,
    workload: &Workload,
    objects: &Objects,
) -> Result<(), StepError> {
    let place = (workload, workload.object_name.as_str());
    let autoscaler = (workload, workload.autoscaler());
    keep(kubernetes, autoscaler, objects.autoscaler.as_ref()).await?;
    keep(kubernetes, place, objects.budget.as_ref()).await?;
    keep(kubernetes, place, objects.ingress.as_ref()).await
}

async fn keep<K: Kind>(
    kubernetes: &Kubernetes,
    (workload, name): (&Workload, &str),
    wanted: Option<&K>,
) -> Result<(), StepError> {
    if let Some(object) = wanted {
        kubernetes.apply(object).await?;
        return Ok(());
    }
    match take_away::<K>(kubernetes, workload, name).await {
        // Who may not even look has made none.
        Ok(_) | Err(CallError::Denied { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Removes an object of a workload by its name. False where it is somebody else's: then it stays.
///
/// # Errors
/// The cluster's.
pub async fn take_away<K: Kind>(
    kubernetes: &Kubernetes,
    workload: &Workload,
    name: &str,
) -> Result<bool, CallError> {
    let namespace = &workload.namespace;
    let Some(found) = kubernetes.get::<K>(namespace, name).await? else {
        return Ok(true);
    };
    let is_ours = is_of(workload.id, &found);
    if is_ours {
        kubernetes.delete_this(namespace, &found).await?;
    }
    Ok(is_ours)
}

/// Removes what stands beside a Deployment that goes.
///
/// # Errors
/// The cluster's.
pub async fn clear_beside(kubernetes: &Kubernetes, workload: &Workload) -> Result<(), StepError> {
    let place = (workload, workload.object_name.as_str());
    let autoscaler = (workload, workload.autoscaler());
    keep::<Ingress>(kubernetes, place, None).await?;
    keep::<PodDisruptionBudget>(kubernetes, place, None).await?;
    keep::<HorizontalPodAutoscaler>(kubernetes, autoscaler, None).await
}

/// Removes all of a workload's files; nothing reads them any more.
///
/// # Errors
/// The cluster's.
pub async fn clear_all_files(
    kubernetes: &Kubernetes,
    workload: &Workload,
) -> Result<(), StepError> {
    clear(kubernetes, workload, &[]).await
}

/// Removes files that neither the pods of now nor those of a moment ago read.
///
/// # Errors
/// The cluster's.
pub async fn clear_files(
    kubernetes: &Kubernetes,
    workload: &Workload,
    objects: &Objects,
    before: &Deployment,
) -> Result<(), StepError> {
    let mut stay = read_by(before);
    stay.extend(objects.files.as_ref().and_then(|f| f.metadata.name.clone()));
    clear(kubernetes, workload, &stay).await
}

async fn clear(
    kubernetes: &Kubernetes,
    workload: &Workload,
    stay: &[String],
) -> Result<(), StepError> {
    let found = kubernetes.config_maps(&workload.namespace, &workload.selector);
    let found: Vec<ConfigMap> = match found.await {
        Ok(found) => found,
        Err(CallError::Denied { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for file in found.iter().filter(|f| is_of(workload.id, *f)) {
        let name = file.metadata.name.as_ref();
        if !name.is_some_and(|n| stay.contains(n)) {
            kubernetes.delete_this(&workload.namespace, file).await?;
        }
    }
    Ok(())
}

/// The files that a Deployment's pods mount.
fn read_by(deployment: &Deployment) -> Vec<String> {
    let pod = deployment
        .spec
        .as_ref()
        .and_then(|s| s.template.spec.as_ref());
    let volumes = pod.and_then(|p| p.volumes.as_ref()).into_iter().flatten();
    let maps = volumes.filter_map(|v| v.config_map.as_ref());
    maps.map(|m| m.name.clone()).collect()
}

fn is_of<K: Kind>(id: WorkloadId, object: &K) -> bool {
    let annotations = object.meta().annotations.as_ref();
    annotations.and_then(|a| a.get(WORKLOAD)) == Some(&id.to_string())
}
