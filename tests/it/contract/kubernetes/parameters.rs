//! Parameters as a cluster takes them: every accepted document becomes objects that the server
//! accepts, and new parameters leave the count to whoever owns it.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use slipway::drift::{Wanted, compared};
use slipway::integrations::kubernetes::{ApplyError, Kind};
use slipway::standards::Parameters;
use slipway::workloads::Workload;
use slipway::workloads::objects::{Objects, before, objects};

use super::objects::replicas;
use super::target::Target;
use crate::support::documents::{all_objects, any_document, denied, judged, stamp, workload};

const HOW_MANY: usize = 500;

/// Accepted documents, the same in every run, no two alike.
fn accepted() -> Vec<Parameters> {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let documents = any_document();
    let mut found: Vec<Parameters> = Vec::new();
    while found.len() < HOW_MANY {
        let document = documents.new_tree(&mut runner).unwrap().current();
        if let Ok(parameters) = judged(&document)
            && !found.contains(&parameters)
        {
            found.push(parameters);
        }
    }
    found
}

/// What is compared a moment after it was applied is what was applied: defaults, amounts in other
/// words and what controllers write are no drift.
pub async fn what_was_just_applied_has_not_drifted(target: &Target) {
    let (workload, made) = with(
        target,
        &json!({
            "cpu": {"request": "0.1", "limit": "1.5"}, "memory": {"limit": "1024Mi"},
            "files": [{"path": "/etc/app/a.toml", "text": "a = 1"}],
            "scratch": [{"path": "/tmp/work", "size": "64Mi"}],
            "access": "ingress", "ingress": {"host": "pay.example.com"},
            "disruption": {"most_away": 1}, "spread": {"hosts": "prefer", "zones": "prefer"},
            "before_stop": {"kind": "sleep", "seconds": 5}, "scaling": {"down_most": 1},
            "env": [{"name": "A", "value": "b"}], "args": ["x"],
            "probes": {"startup": {"kind": "http", "path": "/up"}},
        }),
    );
    let kubernetes = &target.kubernetes;
    let placeholder = kubernetes.create_deployment_placeholder(&made.deployment);
    placeholder.await.expect("a placeholder");
    put(target, &made).await;
    let (budget, ingress) = (made.budget.as_ref(), made.ingress.as_ref());
    let files = made.files.as_ref().expect("files");
    kubernetes
        .apply(budget.expect("a budget"))
        .await
        .expect("a budget");
    kubernetes
        .apply(ingress.expect("an Ingress"))
        .await
        .expect("an Ingress");
    kubernetes.apply(files).await.expect("files");
    let scale = format!(
        "/apis/apps/v1/namespaces/{}/deployments/pay/scale",
        target.namespace
    );
    let (status, _) = target
        .other()
        .patch(&scale, &json!({"spec": {"replicas": 2}}))
        .await;
    assert_eq!(status, 200);
    let wanted = Wanted {
        workload: &workload,
        objects: &made,
        since: None,
    };
    let found = compared(kubernetes, &wanted).await.expect("an answer");
    assert!(
        found.lines.is_empty() && found.refused.is_empty(),
        "{found:#?}"
    );
    // One hand more, and exactly that is seen.
    let path = format!(
        "/apis/apps/v1/namespaces/{}/deployments/pay",
        target.namespace
    );
    let container = json!({"name": "pay", "env": [{"name": "A", "value": "c"}],
        "readinessProbe": {"periodSeconds": 7}});
    let spec = json!({"template": {"spec": {"containers": [container]}}});
    let (status, _) = target.other().patch(&path, &json!({"spec": spec})).await;
    assert_eq!(status, 200);
    let found = compared(kubernetes, &wanted).await.expect("an answer");
    let fields: Vec<&str> = found.lines.iter().map(|l| l.field.as_str()).collect();
    let container = "spec.template.spec.containers[pay]";
    let expected = [
        format!("{container}.env[A].value"),
        format!("{container}.readinessProbe.periodSeconds"),
    ];
    assert_eq!(fields, expected, "{found:#?}");
    assert!(found.lines.iter().all(|l| l.by.is_some()), "{found:#?}");
}

/// A dry run; what the server does not accept is told.
async fn tried<K: Kind>(target: &Target, object: &K) {
    let answer = target.kubernetes.what_apply_would_overwrite(object).await;
    let told = || serde_json::to_string(object).unwrap();
    assert!(answer.is_ok(), "{answer:?}: {}", told());
}

pub async fn every_accepted_document_becomes_objects_that_are_accepted(target: &Target) {
    for parameters in accepted() {
        for object in all_objects(&workload("pay-test", parameters.clone())) {
            assert_eq!(denied(&object), Vec::<String>::new(), "{object}");
        }
        let workload = workload(&target.namespace, parameters);
        let made = objects(&workload, &workload.parameters, Some(&stamp(1)));
        tried(target, made.service.as_ref().expect("a Service")).await;
        tried(target, &made.deployment).await;
        if let Some(autoscaler) = &made.autoscaler {
            tried(target, autoscaler).await;
        }
        if let Some(budget) = &made.budget {
            tried(target, budget).await;
        }
        if let Some(ingress) = &made.ingress {
            tried(target, ingress).await;
        }
        if let Some(files) = &made.files {
            tried(target, files).await;
        }
        if let Some(job) = before(&workload, &workload.parameters, &stamp(1)) {
            tried(target, &job).await;
        }
    }
}

fn with(target: &Target, changes: &Value) -> (Workload, Objects) {
    let probe = json!({"kind": "tcp"});
    let mut document = json!({
        "replicas": {"min": 2, "max": 6}, "cpu": {"request": "100m", "limit": "1"},
        "memory": {"request": "64Mi", "limit": "128Mi"}, "access": "internal", "port": 8080,
        "probes": {"readiness": probe, "liveness": probe},
    });
    json_patch::merge(&mut document, changes);
    let parameters = judged(&document).expect("a right document");
    let workload = workload(&target.namespace, parameters);
    let made = objects(&workload, &workload.parameters, Some(&stamp(1)));
    (workload, made)
}

async fn put(target: &Target, made: &Objects) {
    let kubernetes = &target.kubernetes;
    let service = made.service.as_ref().expect("a Service");
    kubernetes.apply(service).await.expect("a Service");
    // The cluster's own controllers write to it too; who reads again gets through.
    loop {
        let found = kubernetes.get::<Deployment>(&target.namespace, "pay");
        let found = found.await.expect("an answer").expect("a Deployment");
        match kubernetes.make_way(found, &made.deployment).await {
            Err(ApplyError::Stale) => {}
            way => break way.map(drop).expect("a Deployment that can be written"),
        }
    }
    kubernetes
        .apply(&made.deployment)
        .await
        .expect("a Deployment");
    let autoscaler = made.autoscaler.as_ref().expect("an autoscaler");
    kubernetes.apply(autoscaler).await.expect("an autoscaler");
}

async fn count(target: &Target) -> Option<i32> {
    let found = target
        .kubernetes
        .get::<Deployment>(&target.namespace, "pay");
    replicas(&found.await.expect("an answer").expect("a Deployment"))
}

pub async fn new_parameters_leave_the_count_to_the_autoscaler(target: &Target) {
    let (_, made) = with(target, &json!({}));
    let placeholder = target
        .kubernetes
        .create_deployment_placeholder(&made.deployment);
    placeholder.await.expect("a placeholder");
    put(target, &made).await;
    // Another hand scales, as an autoscaler would, and raises the fewest meanwhile.
    let base = format!(
        "/apis/apps/v1/namespaces/{}/deployments/pay/scale",
        target.namespace
    );
    let (status, _) = target
        .other()
        .patch(&base, &json!({"spec": {"replicas": 5}}))
        .await;
    assert_eq!(status, 200);
    let scaler = format!(
        "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers/pay",
        target.namespace
    );
    let (status, _) = target
        .other()
        .patch(&scaler, &json!({"spec": {"minReplicas": 3}}))
        .await;
    assert_eq!(status, 200);
    for (changes, fewest) in [
        (json!({"env": [{"name": "A", "value": "b"}]}), 2),
        (
            json!({"replicas": {"min": 4, "max": 8}, "grace_seconds": 45}),
            4,
        ),
        (
            json!({"rollout": {"kind": "recreate"}, "scaling": {"down_most": 1}}),
            2,
        ),
        (json!({"rollout": {"kind": "rolling", "surge": 2}}), 2),
    ] {
        let (workload, made) = with(target, &changes);
        put(target, &made).await;
        assert_eq!(count(target).await, Some(5), "{changes}");
        let found = target
            .kubernetes
            .get::<HorizontalPodAutoscaler>(&workload.namespace, "pay");
        let spec = found.await.expect("an answer").and_then(|a| a.spec);
        assert_eq!(spec.and_then(|s| s.min_replicas), Some(fewest));
    }
}
