//! How many containers there are, by load and while nodes are looked after.

use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehavior, HorizontalPodAutoscalerSpec, MetricSpec, MetricTarget,
    ResourceMetricSource,
};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{meta, more_than_none};
use crate::standards::{Parameters, Scaling};
use crate::workloads::Workload;

const MINUTE: i32 = 60;

pub(super) fn autoscaler(
    workload: &Workload,
    parameters: &Parameters,
) -> Option<HorizontalPodAutoscaler> {
    if parameters.replicas.max <= parameters.replicas.min {
        return None;
    }
    let scaling = &parameters.scaling;
    let by = [
        ("cpu", scaling.cpu_percent),
        ("memory", scaling.memory_percent),
    ];
    let metrics = by.into_iter().filter(|(_, percent)| *percent > 0);
    let mut metadata = meta(workload);
    metadata.name = Some(workload.autoscaler().to_owned());
    Some(HorizontalPodAutoscaler {
        metadata,
        spec: Some(HorizontalPodAutoscalerSpec {
            min_replicas: Some(parameters.replicas.min),
            max_replicas: parameters.replicas.max,
            metrics: Some(metrics.map(|(name, p)| utilization(name, p)).collect()),
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some("apps/v1".to_owned()),
                kind: "Deployment".to_owned(),
                name: workload.object_name.clone(),
            },
            behavior: behavior(scaling),
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

/// Only what is said otherwise than Kubernetes itself would have it.
fn behavior(scaling: &Scaling) -> Option<HorizontalPodAutoscalerBehavior> {
    let usual = Scaling::default();
    let rules = |seconds: i32, usual: i32, most: i32| {
        (seconds != usual || most > 0).then(|| HPAScalingRules {
            stabilization_window_seconds: Some(seconds),
            policies: more_than_none(most).map(|value| vec![by_minute(value)]),
            ..HPAScalingRules::default()
        })
    };
    let up = rules(scaling.up_seconds, usual.up_seconds, scaling.up_most);
    let down = rules(scaling.down_seconds, usual.down_seconds, scaling.down_most);
    (up.is_some() || down.is_some()).then_some(HorizontalPodAutoscalerBehavior {
        scale_up: up,
        scale_down: down,
    })
}

fn by_minute(value: i32) -> HPAScalingPolicy {
    HPAScalingPolicy {
        type_: "Pods".to_owned(),
        value,
        period_seconds: MINUTE,
    }
}

/// How many may be taken away at once while nodes are looked after.
pub(super) fn budget(workload: &Workload, parameters: &Parameters) -> Option<PodDisruptionBudget> {
    let most_away = more_than_none(parameters.disruption.most_away)?;
    Some(PodDisruptionBudget {
        metadata: meta(workload),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(most_away)),
            selector: Some(LabelSelector {
                match_labels: Some(workload.selector.clone()),
                ..LabelSelector::default()
            }),
            ..PodDisruptionBudgetSpec::default()
        }),
        status: None,
    })
}
