use serde_json::{Value, json};

use super::*;

fn pod(name: &str, container: &Value, conditions: &Value) -> Pod {
    let mut status = json!({"name": "shop", "image": "r/shop:1", "imageID": "", "ready": false,
        "restartCount": 2});
    for (key, value) in container.as_object().expect("an object") {
        status[key] = value.clone();
    }
    serde_json::from_value(json!({
        "metadata": {"name": name},
        "status": {"containerStatuses": [status], "conditions": conditions},
    }))
    .expect("a pod")
}

fn waiting(reason: &str) -> Value {
    json!({"state": {"waiting": {"reason": reason, "message": "as the kubelet says"}}})
}

fn event(kind: &str, name: &str, reason: &str, message: &str) -> Event {
    serde_json::from_value(json!({
        "metadata": {"name": "e"}, "reason": reason, "message": message,
        "involvedObject": {"kind": kind, "name": name},
        "lastTimestamp": "2026-05-04T10:00:00Z",
    }))
    .expect("an event")
}

fn of_container(container: &Value) -> Option<Trouble> {
    diagnose(&[pod("p", container, &json!([]))], &[])
}

#[test]
fn all_well_and_merely_slow_are_no_trouble() {
    assert_eq!(diagnose(&[], &[]), None);
    assert_eq!(of_container(&waiting("ContainerCreating")), None);
    assert_eq!(of_container(&json!({"state": {"running": {}}})), None);
    let finished = json!({"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}});
    assert_eq!(of_container(&finished), None);
}

#[test]
fn an_image_that_cannot_be_pulled() {
    for reason in ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"] {
        let expected = Trouble::ImagePull {
            pod: "p".to_owned(),
            container: "shop".to_owned(),
            image: "r/shop:1".to_owned(),
            reason: reason.to_owned(),
            detail: "as the kubelet says".to_owned(),
        };
        assert_eq!(of_container(&waiting(reason)), Some(expected));
    }
}

#[test]
fn settings_that_name_what_is_missing() {
    for reason in [
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    ] {
        let trouble = of_container(&waiting(reason));
        assert!(
            matches!(trouble, Some(Trouble::ContainerConfig { .. })),
            "{reason}"
        );
    }
}

#[test]
fn a_crash_carries_its_exit_code_whether_or_not_it_backs_off() {
    let expected = Trouble::CrashLoop {
        pod: "p".to_owned(),
        container: "shop".to_owned(),
        exit_code: 3,
        restarts: 2,
    };
    let ended = json!({"terminated": {"exitCode": 3, "reason": "Error"}});
    let mut backing_off = waiting("CrashLoopBackOff");
    backing_off["lastState"] = ended.clone();
    assert_eq!(of_container(&backing_off), Some(expected.clone()));
    assert_eq!(of_container(&json!({"state": ended})), Some(expected));
}

#[test]
fn killed_for_memory_is_not_a_mere_crash() {
    let expected = Trouble::OutOfMemory {
        pod: "p".to_owned(),
        container: "shop".to_owned(),
        restarts: 2,
    };
    let ended = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
    let mut backing_off = waiting("CrashLoopBackOff");
    backing_off["lastState"] = ended.clone();
    assert_eq!(of_container(&backing_off), Some(expected.clone()));
    assert_eq!(of_container(&json!({"state": ended})), Some(expected));
}

#[test]
fn a_pod_without_a_node() {
    let conditions = json!([{"type": "PodScheduled", "status": "False",
        "reason": "Unschedulable", "message": "0/3 nodes"}]);
    let expected = Trouble::Unschedulable {
        pod: "p".to_owned(),
        detail: "0/3 nodes".to_owned(),
    };
    assert_eq!(
        diagnose(&[pod("p", &json!({}), &conditions)], &[]),
        Some(expected)
    );
}

#[test]
fn a_failing_probe_counts_while_the_pod_is_not_ready() {
    let message = "Readiness probe failed: HTTP probe failed with statuscode: 503";
    let events = [event("Pod", "p", "Unhealthy", message)];
    let running = json!({"state": {"running": {}}});
    let ready = |status: &str| json!([{"type": "Ready", "status": status}]);
    let expected = Trouble::ProbeFailing {
        pod: "p".to_owned(),
        probe: Probe::Readiness,
        detail: message.to_owned(),
    };
    let troubled = diagnose(&[pod("p", &running, &ready("False"))], &events);
    assert_eq!(troubled, Some(expected));
    assert_eq!(
        diagnose(&[pod("p", &running, &ready("True"))], &events),
        None
    );
    assert_eq!(
        diagnose(&[pod("other", &running, &ready("False"))], &events),
        None
    );
    let liveness = [event("Pod", "p", "Unhealthy", "Liveness probe failed: x")];
    let Some(Trouble::ProbeFailing { probe, .. }) =
        diagnose(&[pod("p", &running, &ready("False"))], &liveness)
    else {
        panic!("a liveness probe fails");
    };
    assert_eq!(probe, Probe::Liveness);
}

#[test]
fn pods_that_may_not_be_made() {
    let message = "pods \"p\" is forbidden: exceeded quota: small, requested: pods=1";
    let expected = Trouble::CannotCreatePods {
        quota: true,
        detail: message.to_owned(),
    };
    let events = [event("ReplicaSet", "shop-1", "FailedCreate", message)];
    assert_eq!(diagnose(&[], &events), Some(expected.clone()));
    let deployment = |status: &str| -> Deployment {
        serde_json::from_value(json!({"metadata": {}, "status": {"conditions": [
            {"type": "ReplicaFailure", "status": status, "reason": "FailedCreate",
             "message": message},
        ]}}))
        .expect("a Deployment")
    };
    assert_eq!(replica_failure(&deployment("True")), Some(expected));
    assert_eq!(replica_failure(&deployment("False")), None);
}

#[test]
fn a_pod_on_its_way_out_is_not_looked_at() {
    let mut broken = pod("p", &waiting("ImagePullBackOff"), &json!([]));
    broken.metadata.deletion_timestamp =
        serde_json::from_value(json!("2026-05-04T10:00:00Z")).expect("a time");
    assert_eq!(diagnose(&[broken], &[]), None);
}

#[test]
fn the_gravest_comes_first_and_init_containers_count() {
    let pull = pod("a", &waiting("ImagePullBackOff"), &json!([]));
    let config = pod("b", &waiting("CreateContainerConfigError"), &json!([]));
    let gravest = diagnose(&[pull.clone(), config], &[]);
    assert!(matches!(gravest, Some(Trouble::ContainerConfig { .. })));
    let mut init = pull;
    let status = init.status.as_mut().expect("a status");
    status.init_container_statuses = status.container_statuses.take();
    assert!(matches!(
        diagnose(&[init], &[]),
        Some(Trouble::ImagePull { .. })
    ));
}

#[test]
fn troubles_are_codes_with_arguments() {
    let trouble = Trouble::OutOfMemory {
        pod: "p".to_owned(),
        container: "c".to_owned(),
        restarts: 1,
    };
    let code = serde_json::to_value(trouble).expect("as JSON");
    let expected = json!({"code": "out_of_memory", "pod": "p", "container": "c", "restarts": 1});
    assert_eq!(code, expected);
}
