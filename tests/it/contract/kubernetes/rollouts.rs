//! Rollouts: when they are done, and what is told when they are not.

use std::collections::BTreeMap;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use serde_json::{Value, json};
use slipway::integrations::kubernetes::{
    Rollout, Trouble, WaitingFor, diagnose, replica_failure, rollout_status,
};

use super::objects::{deployment, read, replicas, scale_to, with};
use super::target::Target;

fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([("app.kubernetes.io/name".to_owned(), "shop".to_owned())])
}

/// Applies and gives the generation that the answer has.
async fn roll_out(target: &Target, container: &Value) -> i64 {
    let applied = target
        .kubernetes
        .apply(&with(target, container))
        .await
        .expect("an apply");
    applied.metadata.generation.expect("a generation")
}

async fn until_done(target: &Target, generation: i64) {
    target
        .until("a rollout that is done", async || {
            let status = rollout_status(&read(target).await, generation);
            (status == Rollout::Done).then_some(())
        })
        .await;
}

async fn trouble(target: &Target) -> Trouble {
    target
        .until("a trouble", async || {
            let kubernetes = &target.kubernetes;
            let pods = kubernetes
                .pods(&target.namespace, &labels())
                .await
                .expect("pods");
            let mut events = Vec::new();
            for pod in &pods {
                let name = pod.metadata.name.as_deref().unwrap_or_default();
                let about = kubernetes.events(&target.namespace, "Pod", name).await;
                events.extend(about.expect("events"));
            }
            diagnose(&pods, &events)
        })
        .await
}

pub async fn a_rollout_is_done_when_the_cluster_says_so(target: &Target) {
    let first = roll_out(target, &json!({"name": "app", "image": "r/shop:1"})).await;
    scale_to(target, 3).await;
    until_done(target, first).await;
    let second = roll_out(target, &json!({"name": "app", "image": "r/shop:2"})).await;
    assert!(second > first);
    until_done(target, second).await;
    let seen = read(target).await;
    assert_eq!(replica_failure(&seen), None);
    let status = seen.status.expect("a status");
    assert_eq!(
        (status.updated_replicas, status.available_replicas),
        (Some(3), Some(3))
    );
    let pods = target
        .kubernetes
        .pods(&target.namespace, &labels())
        .await
        .expect("pods");
    let new = pods.iter().filter(|pod| {
        let image = pod
            .spec
            .as_ref()
            .and_then(|spec| spec.containers[0].image.as_deref());
        image == Some("r/shop:2") && pod.metadata.deletion_timestamp.is_none()
    });
    assert_eq!(new.count(), 3);
    let sets = target
        .kubernetes
        .replica_sets(&target.namespace, &labels())
        .await;
    assert_eq!(sets.expect("sets").len(), 2);
}

pub async fn nothing_wanted_is_never_done(target: &Target) {
    let placeholder = deployment(target, "r/placeholder:1");
    let made = target
        .kubernetes
        .create_deployment_placeholder(&placeholder)
        .await;
    let generation = made
        .expect("a placeholder")
        .metadata
        .generation
        .expect("a generation");
    target
        .until("an observed placeholder", async || {
            let status = rollout_status(&read(target).await, generation);
            let Rollout::Waiting { why, .. } = status else {
                panic!("nothing is wanted, so {status:?} cannot be");
            };
            (why == WaitingFor::Replicas).then_some(())
        })
        .await;
}

pub async fn a_missing_image_fails_and_recovers(target: &Target) {
    let generation = roll_out(target, &json!({"name": "app", "image": "r/missing:1"})).await;
    let Trouble::ImagePull {
        container, image, ..
    } = trouble(target).await
    else {
        panic!("the image cannot be pulled");
    };
    assert_eq!((container.as_str(), image.as_str()), ("app", "r/missing:1"));
    target
        .until("an exceeded deadline", async || {
            let status = rollout_status(&read(target).await, generation);
            matches!(status, Rollout::Failed { .. }).then_some(())
        })
        .await;
    let generation = roll_out(target, &json!({"name": "app", "image": "r/shop:1"})).await;
    until_done(target, generation).await;
}

fn behaving(how: &str) -> Value {
    let env = json!([{"name": "SLIPWAY_SIM", "value": how}]);
    json!({"name": "app", "image": "r/shop:1", "env": env})
}

pub async fn a_crash_is_told_with_its_exit_code(target: &Target) {
    roll_out(target, &behaving("crash")).await;
    let Trouble::CrashLoop {
        exit_code,
        restarts,
        ..
    } = trouble(target).await
    else {
        panic!("the process ends");
    };
    assert_eq!(exit_code, 1);
    assert!(restarts >= 1);
}

pub async fn a_failing_probe_is_told(target: &Target) {
    roll_out(target, &behaving("unready")).await;
    let told = trouble(target).await;
    assert!(matches!(told, Trouble::ProbeFailing { .. }), "{told:?}");
}

/// The pretended nodes of a plane look at no Secrets, so this one stays with the simulator.
pub async fn a_missing_secret_does_not_start(target: &Target) {
    if !target.is_simulated() {
        println!("unconfirmed: kubernetes a_missing_secret_does_not_start");
        return;
    }
    let from = json!([{"secretRef": {"name": "absent"}}]);
    roll_out(
        target,
        &json!({"name": "app", "image": "r/shop:1", "envFrom": from}),
    )
    .await;
    let told = trouble(target).await;
    assert!(matches!(told, Trouble::ContainerConfig { .. }), "{told:?}");
}

pub async fn an_autoscaler_owns_the_count(target: &Target) {
    let kubernetes = &target.kubernetes;
    let placeholder = deployment(target, "r/placeholder:1");
    kubernetes
        .create_deployment_placeholder(&placeholder)
        .await
        .expect("a placeholder");
    let scaler: HorizontalPodAutoscaler = serde_json::from_value(json!({
        "metadata": {"name": "shop", "namespace": target.namespace},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"},
            "minReplicas": 2, "maxReplicas": 4,
        },
    }))
    .expect("an autoscaler");
    kubernetes.apply(&scaler).await.expect("an autoscaler");
    let asleep = target
        .until("an autoscaler that is switched off", async || {
            let found = kubernetes
                .get::<HorizontalPodAutoscaler>(&target.namespace, "shop")
                .await
                .expect("an answer");
            let conditions = found?.status?.conditions?;
            conditions
                .into_iter()
                .find(|one| one.type_ == "ScalingActive")
        })
        .await;
    assert_eq!(asleep.reason.as_deref(), Some("ScalingDisabled"));
    kubernetes
        .apply(&deployment(target, "r/shop:1"))
        .await
        .expect("an apply");
    scale_to(target, 1).await;
    target
        .until("the least that the autoscaler allows", async || {
            (replicas(&read(target).await) == Some(2)).then_some(())
        })
        .await;
    let applied = kubernetes
        .apply(&deployment(target, "r/shop:2"))
        .await
        .expect("an apply");
    assert_eq!(replicas(&applied), Some(2));
}
