//! From parameters to the objects of a workload, as typed structs.

mod files;
mod job;
mod pod;
mod scaling;
#[cfg(test)]
mod tests;
mod traffic;

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment,
};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{ConfigMap, Service};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

pub use job::{before, labels as before_labels};

use super::Workload;
use crate::error::AppError;
use crate::standards::{Parameters, RolloutKind};

/// Which deployment an object's content is from.
pub const DEPLOYMENT: &str = "slipway/deployment";
/// The number of that deployment among its workload's; a smaller one never overwrites.
pub const SEQUENCE: &str = "slipway/sequence";
/// When somebody last restarted the workload; on its pods, so that a new time makes new ones.
pub const RESTARTED_AT: &str = "slipway/restarted-at";
/// Which workload an object belongs to.
pub const WORKLOAD: &str = "slipway/workload";

/// How pods are replaced, in the parameters.
const ROLLOUT: &str = "/rollout";
/// A Deployment without progress for this long has failed.
const PROGRESS_DEADLINE_SECONDS: i32 = 600;
/// Stands in until the first deployment; nothing runs it, because nothing is scaled up.
const PLACEHOLDER: &str = "slipway.invalid/placeholder:none";

/// What one deployment puts into its objects.
#[derive(Debug, Clone)]
pub struct Stamp {
    pub deployment: String,
    pub sequence: i64,
    /// `host/repository:tag@digest`, from an artifact.
    pub image: String,
    /// Kept by later deployments, so that it does not come and go.
    pub restarted_at: Option<String>,
}

/// The objects of a workload. The autoscaler is there only where the range leaves it room, the
/// others only where the parameters ask for them.
#[derive(Debug, Clone)]
pub struct Objects {
    /// Not there where what was found has none of its own.
    pub service: Option<Service>,
    pub deployment: Deployment,
    pub autoscaler: Option<HorizontalPodAutoscaler>,
    pub budget: Option<PodDisruptionBudget>,
    pub ingress: Option<Ingress>,
    pub files: Option<ConfigMap>,
}

impl Objects {
    /// As JSON, in the order in which people are shown them.
    #[must_use]
    pub fn listed(&self) -> Vec<Value> {
        let mut list: Vec<Value> = self.service.iter().map(|o| json!(o)).collect();
        list.push(json!(self.deployment));
        list.extend(self.autoscaler.as_ref().map(|o| json!(o)));
        list.extend(self.budget.as_ref().map(|o| json!(o)));
        list.extend(self.ingress.as_ref().map(|o| json!(o)));
        list.extend(self.files.as_ref().map(|o| json!(o)));
        list
    }
}

/// SHA-256, in hex, of a workload's objects as they would be applied now, but for the image and
/// what names the deployment: RFC 8785 JSON of the list. Whoever decides on a digest decides on
/// what is made around it too, also when the portal itself has learned to make it otherwise.
///
/// # Errors
/// A number that JSON cannot hold.
pub fn sum(workload: &Workload) -> Result<String, AppError> {
    let made = objects(workload, &workload.parameters, None).listed();
    let text = serde_jcs::to_vec(&made)
        .map_err(|e| AppError::Internal(format!("cannot canonicalise objects: {e}")))?;
    Ok(hex::encode(digest(&SHA256, &text)))
}

/// Computes the objects; without a stamp, those that wait for the first deployment.
#[must_use]
pub fn objects(workload: &Workload, parameters: &Parameters, stamp: Option<&Stamp>) -> Objects {
    Objects {
        service: traffic::service(workload, parameters),
        deployment: deployment(workload, parameters, stamp),
        autoscaler: scaling::autoscaler(workload, parameters),
        budget: scaling::budget(workload, parameters),
        ingress: traffic::ingress(workload, parameters),
        files: files::kept(workload, parameters),
    }
}

fn meta(workload: &Workload) -> ObjectMeta {
    let mut labels = workload.selector.clone();
    labels.insert(
        "app.kubernetes.io/managed-by".to_owned(),
        "slipway".to_owned(),
    );
    let annotations = BTreeMap::from([(WORKLOAD.to_owned(), workload.id.to_string())]);
    ObjectMeta {
        name: Some(workload.object_name.clone()),
        namespace: Some(workload.namespace.clone()),
        labels: Some(labels),
        annotations: Some(annotations),
        ..ObjectMeta::default()
    }
}

fn deployment(workload: &Workload, parameters: &Parameters, stamp: Option<&Stamp>) -> Deployment {
    let mut metadata = meta(workload);
    if let Some(stamp) = stamp {
        let annotations = metadata.annotations.get_or_insert_default();
        annotations.insert(DEPLOYMENT.to_owned(), stamp.deployment.clone());
        annotations.insert(SEQUENCE.to_owned(), stamp.sequence.to_string());
    }
    Deployment {
        metadata,
        spec: Some(DeploymentSpec {
            // Never `replicas`: the scale has its own door.
            replicas: None,
            progress_deadline_seconds: Some(PROGRESS_DEADLINE_SECONDS),
            revision_history_limit: Some(10),
            selector: LabelSelector {
                match_labels: Some(workload.selector.clone()),
                ..LabelSelector::default()
            },
            strategy: (!workload.leaves(parameters, ROLLOUT)).then(|| strategy(parameters)),
            min_ready_seconds: more_than_none(parameters.rollout.warm_seconds),
            template: pod::template(workload, parameters, stamp),
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

fn strategy(parameters: &Parameters) -> DeploymentStrategy {
    let rollout = &parameters.rollout;
    match rollout.kind {
        RolloutKind::Rolling => DeploymentStrategy {
            type_: Some("RollingUpdate".to_owned()),
            rolling_update: Some(RollingUpdateDeployment {
                max_surge: Some(IntOrString::Int(rollout.surge)),
                max_unavailable: Some(IntOrString::Int(rollout.unavailable)),
            }),
        },
        RolloutKind::Recreate => DeploymentStrategy {
            type_: Some("Recreate".to_owned()),
            rolling_update: None,
        },
    }
}

/// Zero is what nobody says, so that objects of before stay as they are.
fn more_than_none(number: i32) -> Option<i32> {
    (number > 0).then_some(number)
}
