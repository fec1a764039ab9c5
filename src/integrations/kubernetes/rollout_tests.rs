use serde_json::{Value, json};

use super::*;

/// A Deployment of three pods that are all new and available, changed as a case wants it.
fn deployment(spec: &Value, status: &Value) -> Deployment {
    let mut value = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "shop", "generation": 4},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"a": "b"}},
            "template": {},
        },
        "status": {
            "observedGeneration": 4, "replicas": 3, "updatedReplicas": 3,
            "readyReplicas": 3, "availableReplicas": 3,
        },
    });
    merge(&mut value["spec"], spec);
    merge(&mut value["status"], status);
    serde_json::from_value(value).expect("a Deployment")
}

fn merge(into: &mut Value, from: &Value) {
    for (key, value) in from.as_object().expect("an object") {
        into[key] = value.clone();
    }
}

fn why(spec: &Value, status: &Value) -> Option<WaitingFor> {
    match rollout_status(&deployment(spec, status), 4) {
        Rollout::Waiting { why, .. } => Some(why),
        Rollout::Failed { .. } => panic!("not failed"),
        Rollout::Done => None,
    }
}

#[test]
fn all_new_and_available_is_done() {
    assert_eq!(why(&json!({}), &json!({})), None);
}

#[test]
fn each_shortfall_has_its_name() {
    let none = json!({});
    let cases = [
        (json!({"observedGeneration": 3}), WaitingFor::Observation),
        (json!({"observedGeneration": null}), WaitingFor::Observation),
        (json!({"updatedReplicas": 2}), WaitingFor::NewPods),
        (json!({"updatedReplicas": null}), WaitingFor::NewPods),
        (json!({"replicas": 4}), WaitingFor::OldPods),
        (json!({"availableReplicas": 2}), WaitingFor::Availability),
        (json!({"availableReplicas": null}), WaitingFor::Availability),
    ];
    for (status, expected) in cases {
        assert_eq!(why(&none, &status), Some(expected), "{status}");
    }
}

#[test]
fn the_earlier_shortfall_is_told() {
    let status = json!({"observedGeneration": 3, "updatedReplicas": 1, "replicas": 5});
    assert_eq!(why(&json!({}), &status), Some(WaitingFor::Observation));
    let status = json!({"updatedReplicas": 1, "replicas": 5, "availableReplicas": 0});
    assert_eq!(why(&json!({}), &status), Some(WaitingFor::NewPods));
    let status = json!({"replicas": 5, "availableReplicas": 0});
    assert_eq!(why(&json!({}), &status), Some(WaitingFor::OldPods));
}

#[test]
fn an_answer_older_than_our_write_is_not_taken() {
    let seen = deployment(&json!({}), &json!({}));
    assert_eq!(rollout_status(&seen, 4), Rollout::Done);
    let Rollout::Waiting { why, .. } = rollout_status(&seen, 5) else {
        panic!("our write was number five");
    };
    assert_eq!(why, WaitingFor::Observation);
}

#[test]
fn nothing_wanted_is_never_done() {
    let idle = json!({
        "replicas": 0, "updatedReplicas": 0, "readyReplicas": 0, "availableReplicas": 0,
    });
    assert_eq!(
        why(&json!({"replicas": 0}), &idle),
        Some(WaitingFor::Replicas)
    );
}

#[test]
fn a_paused_one_that_has_not_rolled_says_so() {
    let paused = json!({"paused": true});
    assert_eq!(
        why(&paused, &json!({"updatedReplicas": 0})),
        Some(WaitingFor::Resuming)
    );
    assert_eq!(why(&paused, &json!({})), None);
}

#[test]
fn an_exceeded_deadline_fails_until_it_recovers() {
    let conditions = |reason: &str| {
        json!({"availableReplicas": 1, "conditions": [
            {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"},
            {"type": "Progressing", "status": "False", "reason": reason, "message": "timed out"},
        ]})
    };
    let failed = deployment(&json!({}), &conditions("ProgressDeadlineExceeded"));
    let expected = Rollout::Failed {
        cause: Cause::ProgressDeadline,
        detail: "timed out".to_owned(),
    };
    assert_eq!(rollout_status(&failed, 4), expected);
    let again = why(&json!({}), &conditions("ReplicaSetUpdated"));
    assert_eq!(again, Some(WaitingFor::Availability));
}

#[test]
fn an_exceeded_deadline_of_an_older_generation_does_not_count() {
    let status = json!({"observedGeneration": 3, "conditions": [
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"},
    ]});
    assert_eq!(why(&json!({}), &status), Some(WaitingFor::Observation));
}

#[test]
fn waiting_carries_the_counts() {
    let status = json!({"updatedReplicas": 2, "readyReplicas": 3, "availableReplicas": 1});
    let expected = Rollout::Waiting {
        updated: 2,
        ready: 3,
        available: 1,
        desired: 3,
        why: WaitingFor::NewPods,
    };
    assert_eq!(
        rollout_status(&deployment(&json!({}), &status), 4),
        expected
    );
    let absent = Deployment::default();
    let Rollout::Waiting { desired, .. } = rollout_status(&absent, 0) else {
        panic!("an empty object is not done");
    };
    assert_eq!(desired, 1);
}

/// Every combination of small counters: done exactly when kubectl's rule says so and something
/// is wanted.
#[test]
fn the_whole_grid_agrees_with_the_rule() {
    for n in 0..4_i32.pow(4) {
        let [desired, updated, replicas, available] = [n % 4, n / 4 % 4, n / 16 % 4, n / 64 % 4];
        let status = json!({
            "updatedReplicas": updated, "replicas": replicas, "availableReplicas": available,
        });
        let done = why(&json!({"replicas": desired}), &status).is_none();
        let rule = updated >= desired && replicas <= updated && available >= updated;
        assert_eq!(done, rule && desired > 0, "{desired} {status}");
    }
}
