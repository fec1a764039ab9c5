//! What ran in Frankfurt before there was a portal: one of it is taken over, the others wait to be.

use anyhow::Context as _;
use serde_json::{Value, json};

use super::systems::FAR;
use crate::outside::Outside;
use crate::portal::Person;
use crate::portal::acts;
use crate::world::World;

/// The repository of what is taken over.
pub const REPOSITORY: &str = "finance/billing";
/// The repository of what waits to be taken over, which is found by its name.
pub const WAITING: &str = "finance/invoice-mailer";
/// A job that fetches it, and that the portal did not make.
const JOB: &str = "slipway/send-invoices";
const NAMESPACE: &str = "billing-prod";

/// Three Deployments that their teams applied with `kubectl`.
pub fn seed(world: &World, outside: &Outside) {
    let image = |name: &str| {
        world.registry().put_image(name, "3.2", &[("by", "hand")]);
        format!("{}/{name}:3.2", outside.image_host())
    };
    let billing = deployment(
        NAMESPACE,
        "billing",
        json!([container("app", &image("legacy/billing"))]),
    );
    let mailer = container("mailer", &image("legacy/invoice-mailer"));
    let mailer = deployment(NAMESPACE, "invoice-mailer", json!([mailer]));
    let wiki = [
        container("wiki", &image("legacy/wiki")),
        container("backup", &image("legacy/backup")),
    ];
    let wiki = deployment("tools", "wiki", json!(wiki));
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "billing", "namespace": NAMESPACE },
        "spec": { "selector": { "app": "billing" },
            "ports": [{ "port": 8000, "targetPort": "web" }] },
    });
    world.jenkins().add_item(JOB, &job(outside));
    let managed = json!({ "slipway/managed": "true" });
    let now = world.clock().now();
    let mut kubernetes = world.kubernetes();
    let Some(cluster) = kubernetes.cluster(FAR) else {
        return;
    };
    for (kind, object) in [
        ("Namespace", namespace(NAMESPACE, &managed)),
        ("Namespace", namespace("tools", &json!({}))),
        ("Deployment", billing),
        ("Deployment", mailer),
        ("Deployment", wiki),
        ("Service", service),
    ] {
        cluster.make_by_hand(kind, object, now);
    }
}

fn job(outside: &Outside) -> String {
    let url = format!("{}/{WAITING}.git", outside.gitlab.base_url());
    format!(
        "<project><description>Made by He Lan in 2021</description>\
         <scm class=\"hudson.plugins.git.GitSCM\"><userRemoteConfigs>\
         <hudson.plugins.git.UserRemoteConfig><url>{url}</url>\
         </hudson.plugins.git.UserRemoteConfig></userRemoteConfigs></scm>\
         <disabled>false</disabled></project>"
    )
}

fn namespace(name: &str, labels: &Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": name, "labels": labels } })
}

fn container(name: &str, image: &str) -> Value {
    json!({
        "name": name, "image": image,
        "ports": [{ "name": "web", "containerPort": 9000 }],
        "env": [{ "name": "JAVA_OPTS", "value": "-XX:MaxRAMPercentage=60" }],
        "resources": { "requests": { "cpu": "250m", "memory": "512Mi" } },
        "readinessProbe": { "httpGet": { "path": "/ready", "port": "web" } },
    })
}

fn deployment(namespace: &str, name: &str, containers: Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name, "namespace": namespace },
        "spec": {
            "replicas": 2, "selector": { "matchLabels": { "app": name } },
            "template": {
                "metadata": { "labels": { "app": name } },
                "spec": { "containers": containers },
            },
        },
    })
}

/// One of operations asks for `billing`, and another one says yes.
///
/// # Errors
/// What the portal refuses.
pub async fn take_over(world: &World, (asks, decides): (&Person, &Person)) -> anyhow::Result<()> {
    let known = asks.list("/requests?for=all").await?;
    let mut found = known.into_iter().find(|one| one["kind"] == "intake");
    if found.is_none() {
        let body = json!({
            "kind": "intake", "note": "It ran before the portal",
            "parameters": { "cluster": FAR, "rows": [row(world)?] },
        });
        found = Some(asks.post("/requests", &body).await?.expect(201)?);
    }
    let request = found.context("no request")?;
    let number = request["number"].as_i64();
    let number = number.context("a request without a number")?;
    if request["state"] == "open" {
        acts::approve(decides, number).await?;
    }
    acts::await_done(decides, number).await
}

fn row(world: &World) -> anyhow::Result<Value> {
    let mut kubernetes = world.kubernetes();
    let cluster = kubernetes.cluster(FAR).context("no such cluster")?;
    let found = cluster.object("Deployment", NAMESPACE, "billing");
    let uid = found.context("nothing runs there")?["metadata"]["uid"].clone();
    Ok(json!({
        "namespace": NAMESPACE, "deployment": "billing", "uid": uid, "container": "app",
        "project": "billing", "environment": "prod", "language": "java",
        "repository": REPOSITORY, "owner": "lin",
    }))
}
