//! Containers that are put beside those of a running pod.

use std::time::Duration;

use serde_json::{Value, json};
use slipway::integrations::CallError;
use slipway::integrations::kubernetes::{Beside, Place, Size, Standing};
use slipway_sim::kubernetes::Exec;

use super::objects::with;
use super::reading::{pod, pod_of};
use super::target::{Target, client};

const NAME: &str = "slipway-debug-1";

fn place<'a>(target: &'a Target, pod: &'a str) -> Place<'a> {
    Place {
        namespace: &target.namespace,
        pod,
        container: NAME,
    }
}

const TOOLS: &Beside<'_> = &Beside {
    image: "r/tools:1",
    target: "app",
    lives: Duration::from_secs(60),
};

/// The pod's ephemeral containers, as somebody else reads them.
async fn all(target: &Target, pod: &str) -> Vec<Value> {
    let path = format!("/api/v1/namespaces/{}/pods/{pod}", target.namespace);
    let (_, read) = target.other().get(&path).await;
    let list = read["spec"]["ephemeralContainers"].as_array().cloned();
    list.unwrap_or_default()
}

async fn stands(target: &Target, place: Place<'_>, beside: &Beside<'_>) -> Standing {
    target
        .until("a container that has come", async || {
            let standing = target.kubernetes.put_beside(place, beside).await;
            let standing = standing.expect("an answer");
            (standing != Standing::Coming).then_some(standing)
        })
        .await
}

pub async fn a_container_is_put_beside_others_once(target: &Target) {
    target.simulate(|settings| settings.exec = Exec::HoldsNothing);
    let pod = pod(target, "r/shop:1").await;
    let place = place(target, &pod);
    let kubernetes = &target.kubernetes;
    for _ in 0..2 {
        let put = kubernetes.put_beside(place, TOOLS).await;
        put.expect("a container beside it");
    }
    let found = all(target, &pod).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let (one, rules) = (&found[0], &found[0]["securityContext"]);
    assert_eq!(one["targetContainerName"], "app");
    assert_eq!(one["command"], json!(["sleep", "60"]));
    assert_eq!(rules["runAsUser"], 65532);
    assert_eq!(rules["capabilities"]["drop"], json!(["ALL"]));

    if !target.is_simulated() {
        println!(
            "unconfirmed: kubernetes a_container_is_put_beside_others (its nodes run nothing)"
        );
        return;
    }
    assert_eq!(stands(target, place, TOOLS).await, Standing::Runs);
    let size = Size {
        columns: 80,
        rows: 24,
    };
    let shell = kubernetes.exec_shell(place, size).await;
    let mut shell = shell.expect("a shell in it");
    shell.input.write("exit 7\n").await.expect("a shell");
    let end = shell.output.end().await;
    assert!(format!("{end:?}").contains("code: 7"), "{end:?}");
    target
        .until("a container that ends by itself", async || {
            let standing = kubernetes.put_beside(place, TOOLS).await;
            matches!(standing, Ok(Standing::Ended { .. })).then_some(())
        })
        .await;

    let missing = Place {
        container: "slipway-debug-2",
        ..place
    };
    let none = Beside {
        image: "r/missing:1",
        ..*TOOLS
    };
    let standing = stands(target, missing, &none).await;
    assert!(matches!(standing, Standing::NoImage { .. }), "{standing:?}");
}

pub async fn what_is_beside_others_is_never_changed(target: &Target) {
    let pod = pod(target, "r/shop:1").await;
    let put = target.kubernetes.put_beside(place(target, &pod), TOOLS);
    put.await.expect("a container beside it");
    let path = format!(
        "/api/v1/namespaces/{}/pods/{pod}/ephemeralcontainers",
        target.namespace
    );
    for wrong in [
        json!({ "name": NAME, "image": "r/tools:2" }),
        json!({ "name": "b", "image": "r/t:1", "ports": [{ "containerPort": 80 }] }),
        json!({ "name": "b", "image": "r/t:1", "resources": { "limits": { "cpu": "1" } } }),
        json!({ "name": "b", "image": "r/t:1", "targetContainerName": "other" }),
    ] {
        let patch = json!({ "spec": { "ephemeralContainers": [wrong] } });
        let (status, answer) = target.other().patch(&path, &patch).await;
        assert_eq!(status, 422, "{patch} {answer}");
    }
    let (status, read) = target.other().get(&path).await;
    assert_eq!(
        (status, &read["spec"]["ephemeralContainers"][0]["name"]),
        (200, &json!(NAME))
    );
    assert_eq!(all(target, &pod).await.len(), 1);

    let kubernetes = &target.kubernetes;
    let absent = kubernetes.put_beside(place(target, "absent"), TOOLS);
    let absent = absent.await;
    assert!(
        matches!(absent, Err(CallError::NotFound { .. })),
        "{absent:?}"
    );
    if let Some(limited) = &target.limited {
        let limited = client(limited).await;
        let denied = limited.put_beside(place(target, &pod), TOOLS);
        let denied = denied.await;
        assert!(
            matches!(denied, Err(CallError::Denied { .. })),
            "{denied:?}"
        );
    }
}

/// Source: kubernetes.io/docs/concepts/security/pod-security-standards, *Restricted*.
pub async fn the_strictest_profile_admits_what_is_put_beside(target: &Target) {
    let rules = json!({
        "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] },
        "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" },
    });
    let app = json!({ "name": "app", "image": "r/shop:1", "securityContext": rules });
    let pod = pod_of(target, &with(target, &app)).await;
    let namespace = format!("/api/v1/namespaces/{}", target.namespace);
    let enforced = json!({ "pod-security.kubernetes.io/enforce": "restricted" });
    let labels = json!({ "metadata": { "labels": enforced } });
    let (status, answer) = target.other().patch(&namespace, &labels).await;
    assert_eq!(status, 200, "{answer}");

    let put = target.kubernetes.put_beside(place(target, &pod), TOOLS);
    put.await.expect("a container beside it");
    assert_eq!(all(target, &pod).await.len(), 1);
    if target.is_simulated() {
        // What is too free is refused by a real cluster alone.
        return;
    }
    let path = format!("{namespace}/pods/{pod}/ephemeralcontainers");
    let free = json!({ "name": "free", "image": "r/tools:1" });
    let patch = json!({ "spec": { "ephemeralContainers": [free] } });
    let (status, answer) = target.other().patch(&path, &patch).await;
    let why = answer["message"].as_str().unwrap_or_default();
    assert_eq!(status, 403, "{answer}");
    assert!(why.contains("PodSecurity"), "{answer}");
}
