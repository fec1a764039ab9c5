//! The command that runs once, with the new image, before the containers are replaced.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{DEPLOYMENT, SEQUENCE, Stamp, meta, pod};
use crate::standards::Parameters;
use crate::workloads::Workload;

/// The deployment that a pod runs before; its label, so that no Service finds the pod.
pub const BEFORE: &str = "slipway/before";
/// A finished one stays so long for whoever wants to look at it in the cluster.
const KEPT_SECONDS: i32 = 86_400;

/// The Job of one deployment; `None` where none is asked for.
#[must_use]
pub fn before(workload: &Workload, parameters: &Parameters, stamp: &Stamp) -> Option<Job> {
    let wanted = parameters.before_deploy.as_ref()?;
    let mut spec = pod::spec(workload, parameters, &stamp.image);
    spec.restart_policy = Some("Never".to_owned());
    spec.topology_spread_constraints = None;
    for container in &mut spec.containers {
        container.command = Some(wanted.command.clone());
        container.args = None;
        container.ports = None;
        container.lifecycle = None;
        container.startup_probe = None;
        container.readiness_probe = None;
        container.liveness_probe = None;
    }
    let mut metadata = meta(workload);
    metadata.name = Some(format!("{}-b{}", workload.object_name, stamp.sequence));
    let annotations = metadata.annotations.get_or_insert_default();
    annotations.insert(DEPLOYMENT.to_owned(), stamp.deployment.clone());
    annotations.insert(SEQUENCE.to_owned(), stamp.sequence.to_string());
    Some(Job {
        metadata,
        spec: Some(JobSpec {
            active_deadline_seconds: Some(i64::from(wanted.timeout_seconds)),
            // Nobody but its author knows whether it may run a second time.
            backoff_limit: Some(0),
            ttl_seconds_after_finished: Some(KEPT_SECONDS),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(labels(&stamp.deployment)),
                    ..ObjectMeta::default()
                }),
                spec: Some(spec),
            },
            ..JobSpec::default()
        }),
        status: None,
    })
}

/// What the Job's pod is found by.
#[must_use]
pub fn labels(deployment: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(BEFORE.to_owned(), deployment.to_owned())])
}
