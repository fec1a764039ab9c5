//! Reading: who we are to the cluster, logs, and whether `kubectl` sees what we see.

use std::collections::BTreeMap;
use std::process::Command;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::{Value, json};
use slipway::integrations::CallError;
use slipway::integrations::kubernetes::{IN_NAMESPACE, LogOf};

use super::objects::{deployment, read};
use super::target::{Target, client};
use crate::contract::setting;

/// Names a kubectl other than the one on the path.
pub const KUBECTL: &str = "SLIPWAY_CONTRACT_KUBECTL";

pub async fn the_version_is_told(target: &Target) {
    let version = target.kubernetes.version().await.expect("a version");
    assert_eq!(version.major, "1");
    assert!(
        version.git_version.starts_with("v1."),
        "{}",
        version.git_version
    );
}

pub async fn rights_that_are_missing_are_told(target: &Target) {
    let namespace = Some(target.namespace.as_str());
    let missing = target
        .kubernetes
        .missing_rights(namespace)
        .await
        .expect("an answer");
    assert_eq!(missing, Vec::new());
    let missing = target
        .kubernetes
        .missing_rights(None)
        .await
        .expect("an answer");
    assert_eq!(missing, Vec::new());
    let Some(limited) = &target.limited else {
        println!("unconfirmed: kubernetes rights_that_are_missing_are_told (nobody is limited)");
        return;
    };
    let limited = client(limited).await;
    let missing = limited.missing_rights(namespace).await.expect("an answer");
    let creates = missing
        .iter()
        .any(|right| (right.resource, right.subresource, right.verb) == ("pods", "exec", "create"));
    let all: usize = IN_NAMESPACE.iter().map(|needed| needed.3.len()).sum();
    assert!(creates, "{missing:?}");
    assert_eq!(missing.len(), all, "{missing:?}");
    let refused = limited.scale(&target.namespace, "shop").await;
    assert!(
        matches!(refused, Err(CallError::Denied { .. })),
        "{refused:?}"
    );
}

pub async fn a_wrong_token_is_denied(target: &Target) {
    let stolen: String = target
        .kubeconfig
        .lines()
        .map(|line| match line.split_once("token:") {
            Some((before, _)) => format!("{before}token: stolen\n"),
            None => format!("{line}\n"),
        })
        .collect();
    let refused = client(&stolen).await.scale(&target.namespace, "shop").await;
    assert!(
        matches!(refused, Err(CallError::Denied { .. })),
        "{refused:?}"
    );
}

/// Name of the one pod, once it runs, or has got as far as it will.
pub async fn pod(target: &Target, image: &str) -> String {
    pod_of(target, &deployment(target, image)).await
}

/// The pod of a Deployment that is applied now.
pub async fn pod_of(target: &Target, deployment: &Deployment) -> String {
    let applied = target.kubernetes.apply(deployment).await;
    applied.expect("an apply");
    let labels = BTreeMap::from([("app.kubernetes.io/name".to_owned(), "shop".to_owned())]);
    target
        .until("a pod with a state", async || {
            let pods = target
                .kubernetes
                .pods(&target.namespace, &labels)
                .await
                .expect("pods");
            let pod = pods.into_iter().next()?;
            let state = pod.status?.container_statuses?.into_iter().next()?.state?;
            let starting = state.waiting.and_then(|waiting| waiting.reason);
            (starting.as_deref() != Some("ContainerCreating")).then_some(pod.metadata.name?)
        })
        .await
}

pub async fn logs_end_with_what_was_asked_for(target: &Target) {
    let pod = pod(target, "r/shop:1").await;
    let namespace = &target.namespace;
    let tail = async |lines| {
        let log = target
            .kubernetes
            .log_tail(namespace, &pod, "app", lines, LogOf::Current);
        log.await.expect("a log")
    };
    let (all, last) = (tail(100).await, tail(1).await);
    assert!(!last.is_empty() && all.ends_with(&last));
    assert_eq!(last.trim_end().lines().count(), 1);
    let absent = target
        .kubernetes
        .log_tail(namespace, "absent", "app", 1, LogOf::Current)
        .await;
    assert!(
        matches!(absent, Err(CallError::NotFound { .. })),
        "{absent:?}"
    );
    let other = target
        .kubernetes
        .log_tail(namespace, &pod, "other", 1, LogOf::Current)
        .await;
    assert!(matches!(other, Err(CallError::Refused { .. })), "{other:?}");
}

/// The pretended nodes of a plane have a log for everything, so only a kubelet could confirm it.
pub async fn a_container_that_waits_has_no_log(target: &Target) {
    if !target.is_simulated() {
        println!("unconfirmed: kubernetes a_container_that_waits_has_no_log");
        return;
    }
    let pod = pod(target, "r/missing:1").await;
    for of in [LogOf::Current, LogOf::Previous] {
        let log = target
            .kubernetes
            .log_tail(&target.namespace, &pod, "app", 1, of)
            .await;
        assert!(matches!(log, Err(CallError::Refused { .. })), "{log:?}");
    }
}

async fn make_config_maps(target: &Target, names: &[&str]) {
    for name in names {
        let map: ConfigMap = serde_json::from_value(json!({
            "metadata": {"name": name, "namespace": target.namespace, "labels": {"of": "ours"}},
            "data": {"a": "1"},
        }))
        .expect("a ConfigMap");
        target.kubernetes.apply(&map).await.expect("a ConfigMap");
    }
}

fn config_maps(target: &Target) -> String {
    format!(
        "/api/v1/namespaces/{}/configmaps?labelSelector=of%3Dours",
        target.namespace
    )
}

pub async fn a_list_comes_in_pages(target: &Target) {
    make_config_maps(target, &["a", "b", "c"]).await;
    let (other, path) = (target.other(), config_maps(target));
    let (_, first) = other.get(&format!("{path}&limit=2")).await;
    assert_eq!(first["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        first["metadata"]["remainingItemCount"],
        Value::Null,
        "not for a selection"
    );
    let token = first["metadata"]["continue"]
        .as_str()
        .expect("more to come");
    let (_, second) = other.get(&format!("{path}&limit=2&continue={token}")).await;
    assert_eq!(second["items"][0]["metadata"]["name"], json!("c"));
    assert!(
        second["metadata"]["continue"]
            .as_str()
            .is_none_or(str::is_empty)
    );
}

pub async fn a_watch_tells_what_happens(target: &Target) {
    make_config_maps(target, &["a"]).await;
    let (other, path) = (target.other(), config_maps(target));
    let (_, list) = other.get(&path).await;
    let from = list["metadata"]["resourceVersion"]
        .as_str()
        .expect("a version")
        .to_owned();
    make_config_maps(target, &["b"]).await;
    let labels = json!({"metadata": {"labels": {"of": "nobody"}}});
    let object = |name| format!("/api/v1/namespaces/{}/configmaps/{name}", target.namespace);
    other
        .patch(&object("b"), &json!({"data": {"a": "2"}}))
        .await;
    other.patch(&object("a"), &labels).await;
    let watch = format!("{path}&watch=true&resourceVersion={from}&timeoutSeconds=1");
    let told = other.lines(&watch).await;
    let told: Vec<(String, String)> = told
        .iter()
        .map(|line| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (
                text(&line["type"]),
                text(&line["object"]["metadata"]["name"]),
            )
        })
        .collect();
    // What no longer fits the selection is gone for who watches the selection.
    let expected = [("ADDED", "b"), ("MODIFIED", "b"), ("DELETED", "a")];
    assert_eq!(
        told,
        expected.map(|(kind, name)| (kind.to_owned(), name.to_owned()))
    );
}

pub async fn a_watch_from_long_ago_is_told_to_list_again(target: &Target) {
    let path = format!(
        "{}&watch=true&resourceVersion=1&timeoutSeconds=1",
        config_maps(target)
    );
    let told = target.other().lines(&path).await;
    if told.is_empty() && !target.is_simulated() {
        // A young cluster still remembers everything.
        println!("unconfirmed: kubernetes a_watch_from_long_ago_is_told_to_list_again");
        return;
    }
    let [only] = told.as_slice() else {
        panic!("one line, not {told:?}");
    };
    assert_eq!(only["type"], json!("ERROR"));
    assert_eq!(
        (&only["object"]["code"], &only["object"]["reason"]),
        (&json!(410), &json!("Expired"))
    );
}

/// What kubectl prints; `None` where this machine has none.
async fn run(target: &Target, arguments: &[&str]) -> Option<String> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &target.kubeconfig).expect("a kubeconfig");
    let mut command = Command::new(setting(KUBECTL).unwrap_or_else(|| "kubectl".to_owned()));
    command
        .arg("--kubeconfig")
        .arg(file.path())
        .args(["-n", &target.namespace])
        .args(arguments);
    let home = tempfile::tempdir().expect("a folder");
    command.env("HOME", home.path());
    let ran = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("a thread");
    let output = match ran {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("{error}"),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "kubectl {arguments:?}: {said}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

pub async fn kubectl_reads_what_is_there(target: &Target) {
    let pod = pod(target, "r/shop:1").await;
    let Some(pods) = run(target, &["get", "pods"]).await else {
        println!("unconfirmed: kubernetes kubectl_reads_what_is_there (no kubectl)");
        return;
    };
    assert!(pods.contains("STATUS") && pods.contains(&pod), "{pods}");
    target
        .until("an available pod", async || {
            read(target).await.status?.available_replicas
        })
        .await;
    let said = run(
        target,
        &["rollout", "status", "deployment/shop", "--timeout=20s"],
    )
    .await;
    assert!(said.is_some_and(|said| said.contains("successfully rolled out")));
    for arguments in [
        vec!["get", "all", "-A"],
        vec!["get", "deploy,rs,svc,hpa,events,ns,secrets,cm,nodes"],
        vec!["get", "deployment", "shop", "-o", "yaml"],
        vec!["describe", "deployment", "shop"],
        vec!["describe", "pod", &pod],
        vec!["logs", &pod],
        vec!["version"],
    ] {
        let said = run(target, &arguments).await;
        assert!(said.is_some_and(|said| !said.is_empty()), "{arguments:?}");
    }
}
