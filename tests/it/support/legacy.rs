//! What runs in a cluster from the time before the portal, applied by its teams' own hands.

use reqwest::Method;
use serde_json::{Value, json};

use super::Browser;
use super::company::{Company, approve};

/// A Deployment as its team applied it before there was a portal.
pub fn legacy(name: &str, namespace: &str, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name, "namespace": namespace, "labels": { "team": "pay" } },
        "spec": {
            "replicas": 2, "selector": { "matchLabels": { "app": name } },
            "strategy": { "type": "RollingUpdate",
                "rollingUpdate": { "maxSurge": "25%", "maxUnavailable": "25%" } },
            "template": {
                "metadata": { "labels": { "app": name, "tier": "back" } },
                "spec": {
                    "serviceAccountName": "payer",
                    "containers": [{
                        "name": "app", "image": image,
                        "ports": [{ "name": "web", "containerPort": 9000 }],
                        "env": [{ "name": "MODE", "value": "live" },
                            { "name": "DB_PASSWORD", "value": "not-for-documents" }],
                        "resources": { "requests": { "cpu": "250m", "memory": "300Mi" } },
                        "readinessProbe": { "httpGet": { "path": "/ready", "port": "web" } },
                    }],
                },
            },
        },
    })
}

pub fn service(name: &str, namespace: &str, app: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": name, "namespace": namespace },
        "spec": { "selector": { "app": app }, "ports": [{ "port": 8000, "targetPort": "web" }] },
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a team's own client, not the product's"
)]
pub async fn apply_by_hand(company: &Company, group: &str, plural: &str, object: &Value) {
    let base = company.test.server.base_url();
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let place = match namespace {
        "" => String::new(),
        namespace => format!("/namespaces/{namespace}"),
    };
    let request = reqwest::Client::new()
        .post(format!(
            "{base}{group}{place}/{plural}?fieldManager=kubectl"
        ))
        .bearer_auth("simulated-sh-test-admin")
        .header("content-type", "application/json")
        .body(object.to_string());
    let answer = request.send().await.unwrap();
    let status = answer.status();
    assert!(status.is_success(), "{}", answer.text().await.unwrap());
}

pub async fn namespace(company: &Company, name: &str) {
    let object = json!({ "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": name, "labels": { "slipway/managed": "true" } } });
    apply_by_hand(company, "/api/v1", "namespaces", &object).await;
}

pub async fn deploy_by_hand(company: &Company, object: &Value) {
    apply_by_hand(company, "/apis/apps/v1", "deployments", object).await;
}

/// An object of the test cluster as it is now.
pub fn object(company: &Company, kind: &str, namespace: &str, name: &str) -> Option<Value> {
    let mut kubernetes = company.world.kubernetes();
    let cluster = kubernetes.cluster("sh-test").unwrap();
    cluster.object(kind, namespace, name).cloned()
}

/// Uids of a namespace's pods.
pub fn pods(company: &Company, namespace: &str) -> Vec<String> {
    let mut kubernetes = company.world.kubernetes();
    let cluster = kubernetes.cluster("sh-test").unwrap();
    let mut uids: Vec<String> = cluster
        .objects("Pod", namespace)
        .map(|pod| pod["metadata"]["uid"].as_str().unwrap().to_owned())
        .collect();
    uids.sort();
    uids
}

pub fn row(company: &Company, (namespace, name): (&str, &str), project: &str) -> Value {
    let found = company.deployment("sh-test", namespace, name);
    json!({ "namespace": namespace, "deployment": name, "uid": found["metadata"]["uid"],
        "container": "app", "project": project, "environment": "test", "language": "go",
        "repository": format!("apps/{project}"), "owner": "lin" })
}

pub fn filing(rows: &[Value]) -> Value {
    json!({ "kind": "intake", "note": "These ran before the portal",
        "parameters": { "cluster": "sh-test", "rows": rows } })
}

pub async fn ask(who: &mut Browser, rows: &[Value]) -> i64 {
    let answer = who.api(Method::POST, "/requests", &filing(rows)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["number"].as_i64().unwrap()
}

/// Asked for by one of operations and approved by another.
pub async fn take_over(company: &mut Company, rows: &[Value]) -> i64 {
    let number = ask(&mut company.ops, rows).await;
    let mut other = company.portal.signed_in("sun").await;
    approve(&mut other, number).await;
    company.settle().await;
    number
}
