//! What parameters ask for beside the containers: made with them, and removed when they no longer
//! ask for it; and the command that runs before they are replaced.

use reqwest::Method;
use serde_json::{Value, json};

use super::changes::change;
use crate::support::company::Company;

fn object(company: &Company, kind: &str, name: &str) -> Value {
    let mut kubernetes = company.world.kubernetes();
    let cluster = kubernetes.cluster("sh-test").unwrap();
    let found = cluster.object(kind, "pay-test", name).cloned();
    found.unwrap_or_default()
}

/// The ConfigMap that the pods of now mount.
fn mounted(company: &Company) -> String {
    let deployment = company.deployment("sh-test", "pay-test", "pay");
    let volumes = &deployment["spec"]["template"]["spec"]["volumes"];
    volumes[0]["configMap"]["name"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

async fn release(company: &mut Company, message: &str) -> Value {
    company.commit("pay", message);
    let id = company.open("pay").await;
    company.settle().await;
    company.release(&id).await
}

#[tokio::test]
async fn what_is_no_longer_wanted_is_removed_and_nothing_else() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    release(&mut company, "A first word").await;
    let file = |text: &str| json!([{ "path": "/etc/pay.conf", "text": text }]);
    let says = |text: &str| {
        json!({ "files": file(text), "disruption": { "most_away": 1 },
            "ingress": { "host": "pay.example.com" }, "access": "ingress" })
    };
    change(&mut company, "project", "pay", says("a=1"), json!([])).await;
    company.settle().await;
    // The workload said `internal` itself, so only a lock lets the layer speak.
    let own = "UPDATE parameters_revision SET own = own - 'access'";
    sqlx::query(own)
        .execute(&company.portal.db.owner)
        .await
        .unwrap();
    change(&mut company, "project", "pay", says("a=2"), json!([])).await;
    company.settle().await;
    for kind in ["PodDisruptionBudget", "Ingress", "HorizontalPodAutoscaler"] {
        assert_eq!(object(&company, kind, "pay")["kind"], kind);
    }
    let second = mounted(&company);
    assert_eq!(
        object(&company, "ConfigMap", &second)["data"],
        json!({ "file-0": "a=2" })
    );

    // Two texts later the first is gone, and the one of a moment ago is not.
    change(&mut company, "project", "pay", says("a=3"), json!([])).await;
    company.settle().await;
    let third = mounted(&company);
    assert_ne!(second, third);
    assert_eq!(object(&company, "ConfigMap", &second)["kind"], "ConfigMap");
    sqlx::query("UPDATE parameters_revision SET own = own - 'replicas'")
        .execute(&company.portal.db.owner)
        .await
        .unwrap();
    let fixed = json!({ "replicas": { "min": 2, "max": 2 } });
    change(&mut company, "project", "pay", fixed, json!([])).await;
    company.settle().await;
    for kind in ["PodDisruptionBudget", "Ingress", "HorizontalPodAutoscaler"] {
        assert_eq!(object(&company, kind, "pay"), Value::Null, "{kind}");
    }
    assert_eq!(mounted(&company), "");
    assert_eq!(object(&company, "ConfigMap", &second), Value::Null);
    assert_eq!(object(&company, "Service", "pay")["kind"], "Service");
    company.check().await;
}

fn command(word: &str) -> Value {
    json!({ "before_deploy": { "kind": "exec", "command": [word], "timeout_seconds": 60 } })
}

#[tokio::test]
async fn a_command_that_fails_keeps_the_containers_as_they_are() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company
        .containers_with("pay", "test", &command("migrate"))
        .await;
    let story = release(&mut company, "A first word").await;
    assert_eq!(story["state"], "awaiting_confirmation", "{story:#}");
    let run = &story["deployments"][0]["before_run"];
    assert_eq!(
        (&run["state"], &run["exit_code"]),
        (&json!("succeeded"), &json!(0))
    );
    let ran = company.image("sh-test", "pay-test", "pay");
    let page = company.developer.get("/projects/pay/releases/1").await;
    assert!(
        page.text("main")
            .contains("Command before the deployment · done · exit code 0")
    );

    sqlx::query("UPDATE parameters_revision SET document = document || $1")
        .bind(command("false"))
        .execute(&company.portal.db.owner)
        .await
        .unwrap();
    let story = release(&mut company, "A second word").await;
    assert_eq!(story["state"], "failed", "{story:#}");
    let failed = &story["deployments"][0];
    assert_eq!(failed["failure"]["code"], "before-failed");
    assert_eq!(failed["before_run"]["exit_code"], 1);
    assert!(
        failed["before_run"]["log"]
            .as_array()
            .is_some_and(|l| !l.is_empty())
    );
    assert_eq!(
        company.image("sh-test", "pay-test", "pay"),
        ran,
        "nothing was replaced"
    );
    let page = company.developer.get("/projects/pay/releases/2").await;
    let text = page.text("main");
    assert!(text.contains("ended with exit code 1"), "{text}");
    assert!(!page.body.contains('⟦'), "{}", page.body);
    company.check().await;
}

#[tokio::test]
async fn only_a_new_image_runs_the_command() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company
        .containers_with("pay", "test", &command("migrate"))
        .await;
    release(&mut company, "A first word").await;
    let all = company
        .developer
        .api_get("/projects/pay/workloads")
        .await
        .json();
    let id = all["items"][0]["id"].as_str().unwrap();
    let path = format!("/workloads/{id}/restart");
    let answer = company.developer.api(Method::POST, &path, &json!({})).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    company.settle().await;
    let jobs = company.created("sh-test", "/apis/batch/v1/namespaces/*/jobs*");
    assert_eq!(jobs, 1);
    company.check().await;
}
