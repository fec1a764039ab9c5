//! From parameters to Service, Deployment and HorizontalPodAutoscaler, as typed structs.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment,
};
use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec, MetricSpec,
    MetricTarget, ResourceMetricSource,
};
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EnvVar, EnvVarSource, HTTPGetAction, LocalObjectReference, PodSpec,
    PodTemplateSpec, Probe as K8sProbe, ResourceRequirements, SecretKeySelector, Service,
    ServicePort, ServiceSpec, TCPSocketAction,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::Workload;
use super::secrets::{PULL_SECRET, SECRET_KEY, secret_name};
use crate::standards::{Access, Parameters, Probe, ProbeKind, Variable};

/// Which deployment an object's content is from.
pub const DEPLOYMENT: &str = "slipway/deployment";
/// The number of that deployment among its workload's; a smaller one never overwrites.
pub const SEQUENCE: &str = "slipway/sequence";
/// When somebody last restarted the workload; on its pods, so that a new time makes new ones.
pub const RESTARTED_AT: &str = "slipway/restarted-at";
/// Which workload an object belongs to.
pub const WORKLOAD: &str = "slipway/workload";

/// A Deployment without progress for this long has failed.
const PROGRESS_DEADLINE_SECONDS: i32 = 600;
const CPU_TARGET_PERCENT: i32 = 70;
const MEMORY_TARGET_PERCENT: i32 = 80;
/// Inside a cluster every service answers on this port.
const SERVICE_PORT: i32 = 80;
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

/// The objects of a workload. The autoscaler is there only where the range leaves it room.
#[derive(Debug, Clone)]
pub struct Objects {
    pub service: Service,
    pub deployment: Deployment,
    pub autoscaler: Option<HorizontalPodAutoscaler>,
}

/// Computes the objects; without a stamp, those that wait for the first deployment.
#[must_use]
pub fn objects(workload: &Workload, parameters: &Parameters, stamp: Option<&Stamp>) -> Objects {
    Objects {
        service: service(workload, parameters),
        deployment: deployment(workload, parameters, stamp),
        autoscaler: autoscaler(workload, parameters),
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

fn service(workload: &Workload, parameters: &Parameters) -> Service {
    let kind = match parameters.access {
        Access::Internal => "ClusterIP",
        Access::Public => "LoadBalancer",
    };
    let port = ServicePort {
        name: Some("http".to_owned()),
        port: SERVICE_PORT,
        protocol: Some("TCP".to_owned()),
        target_port: Some(IntOrString::Int(i32::from(parameters.port))),
        ..ServicePort::default()
    };
    Service {
        metadata: meta(workload),
        spec: Some(ServiceSpec {
            selector: Some(workload.selector.clone()),
            ports: Some(vec![port]),
            type_: Some(kind.to_owned()),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

fn deployment(workload: &Workload, parameters: &Parameters, stamp: Option<&Stamp>) -> Deployment {
    let mut metadata = meta(workload);
    if let Some(stamp) = stamp {
        let annotations = metadata.annotations.get_or_insert_default();
        annotations.insert(DEPLOYMENT.to_owned(), stamp.deployment.clone());
        annotations.insert(SEQUENCE.to_owned(), stamp.sequence.to_string());
    }
    let rolling = RollingUpdateDeployment {
        max_surge: Some(IntOrString::Int(1)),
        max_unavailable: Some(IntOrString::Int(0)),
    };
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
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(rolling),
            }),
            template: template(workload, parameters, stamp),
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

fn template(
    workload: &Workload,
    parameters: &Parameters,
    stamp: Option<&Stamp>,
) -> PodTemplateSpec {
    let image = stamp.map_or(PLACEHOLDER, |s| s.image.as_str());
    let restarted = stamp.and_then(|s| s.restarted_at.clone());
    let annotations = restarted.map(|at| BTreeMap::from([(RESTARTED_AT.to_owned(), at)]));
    let pod = PodSpec {
        containers: vec![container(workload, parameters, image)],
        automount_service_account_token: Some(false),
        image_pull_secrets: Some(vec![LocalObjectReference {
            name: PULL_SECRET.to_owned(),
        }]),
        termination_grace_period_seconds: Some(i64::from(parameters.grace_seconds)),
        ..PodSpec::default()
    };
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(workload.selector.clone()),
            annotations,
            ..ObjectMeta::default()
        }),
        spec: Some(pod),
    }
}

fn container(workload: &Workload, parameters: &Parameters, image: &str) -> Container {
    let quantities = |cpu: &str, memory: &str| {
        Some(BTreeMap::from([
            ("cpu".to_owned(), Quantity(cpu.to_owned())),
            ("memory".to_owned(), Quantity(memory.to_owned())),
        ]))
    };
    let port = ContainerPort {
        name: Some("http".to_owned()),
        container_port: i32::from(parameters.port),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    };
    Container {
        name: workload.project.clone(),
        image: Some(image.to_owned()),
        args: (!parameters.args.is_empty()).then(|| parameters.args.clone()),
        env: (!parameters.env.is_empty()).then(|| parameters.env.iter().map(variable).collect()),
        ports: Some(vec![port]),
        resources: Some(ResourceRequirements {
            requests: quantities(&parameters.cpu.request, &parameters.memory.request),
            limits: quantities(&parameters.cpu.limit, &parameters.memory.limit),
            ..ResourceRequirements::default()
        }),
        readiness_probe: Some(probe(&parameters.probes.readiness, parameters.port)),
        liveness_probe: Some(probe(&parameters.probes.liveness, parameters.port)),
        ..Container::default()
    }
}

fn variable(variable: &Variable) -> EnvVar {
    let from_secret = variable.secret.map(|secret| EnvVarSource {
        secret_key_ref: Some(SecretKeySelector {
            name: secret_name(&secret),
            key: SECRET_KEY.to_owned(),
            optional: Some(false),
        }),
        ..EnvVarSource::default()
    });
    EnvVar {
        name: variable.name.clone(),
        value: variable.value.clone(),
        value_from: from_secret,
    }
}

fn probe(probe: &Probe, port: u16) -> K8sProbe {
    let port = IntOrString::Int(i32::from(port));
    let (http_get, tcp_socket) = match probe.kind {
        ProbeKind::Http => {
            let path = probe.path.clone();
            let get = HTTPGetAction {
                path,
                port,
                scheme: Some("HTTP".to_owned()),
                ..HTTPGetAction::default()
            };
            (Some(get), None)
        }
        ProbeKind::Tcp => (None, Some(TCPSocketAction { port, host: None })),
    };
    K8sProbe {
        http_get,
        tcp_socket,
        initial_delay_seconds: Some(probe.delay_seconds),
        period_seconds: Some(probe.period_seconds),
        timeout_seconds: Some(probe.timeout_seconds),
        failure_threshold: Some(probe.failures),
        ..K8sProbe::default()
    }
}

fn autoscaler(workload: &Workload, parameters: &Parameters) -> Option<HorizontalPodAutoscaler> {
    if parameters.replicas.max <= parameters.replicas.min {
        return None;
    }
    let mut metrics = vec![utilization("cpu", CPU_TARGET_PERCENT)];
    // A Java heap never shrinks, so its memory says nothing about the load.
    if workload.language != "java" {
        metrics.push(utilization("memory", MEMORY_TARGET_PERCENT));
    }
    Some(HorizontalPodAutoscaler {
        metadata: meta(workload),
        spec: Some(HorizontalPodAutoscalerSpec {
            min_replicas: Some(parameters.replicas.min),
            max_replicas: parameters.replicas.max,
            metrics: Some(metrics),
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some("apps/v1".to_owned()),
                kind: "Deployment".to_owned(),
                name: workload.object_name.clone(),
            },
            behavior: None,
        }),
        status: None,
    })
}

fn utilization(name: &str, percent: i32) -> MetricSpec {
    MetricSpec {
        type_: "Resource".to_owned(),
        resource: Some(ResourceMetricSource {
            name: name.to_owned(),
            target: MetricTarget {
                type_: "Utilization".to_owned(),
                average_utilization: Some(percent),
                ..MetricTarget::default()
            },
        }),
        ..MetricSpec::default()
    }
}
