//! What somebody changed by hand is taken into the parameters, as far as it is chosen.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::company::Company;

use super::{
    CONTAINER, DEPLOYMENT, by_hand, decided, drift, edit_container, everything, line, lines,
    released,
};

#[tokio::test]
async fn what_is_adopted_is_in_the_parameters_and_differs_no_more() {
    let mut company = released(&everything()).await;
    edit_container(
        &mut company,
        json!({
            "livenessProbe": { "initialDelaySeconds": 77 },
            "env": [{ "name": "EXTRA", "value": "yes" }],
            "workingDir": "/srv",
        }),
    )
    .await;
    let seen = drift(&mut company).await;
    let none = line(&seen, &format!("{CONTAINER}.workingDir"));
    assert_eq!(none["said"], json!([]));
    let path = super::path(&mut company).await;
    let page = company.developer.get(&path).await;
    assert!(
        page.body.contains("probes.liveness.delay_seconds: 15 → 77"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("Parameters cannot say it"),
        "{}",
        page.body
    );
    let adopt = format!("{path}/adopt");
    // As the page sends it: every box is ticked.
    let chosen = [
        ("reason", "it starts slowly"),
        ("parameters", "/probes/liveness/delay_seconds"),
        ("parameters", "/env/EXTRA"),
    ];
    let sent = company.developer.post(&adopt, &chosen).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let number = sent
        .header("location")
        .rsplit('/')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let shown = company
        .ops
        .api_get(&format!("/requests/{number}"))
        .await
        .json();
    let said = shown["computed"]["clusters"][0]["said"]
        .as_array()
        .unwrap()
        .clone();
    let mut fields: Vec<&str> = said.iter().map(|s| s["field"].as_str().unwrap()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["env", "probes.liveness.delay_seconds"], "{said:?}");
    assert_eq!(shown["note"], "it starts slowly");
    let template = |company: &Company| {
        let deployment = company.deployment("sh-test", "pay-test", "pay");
        deployment["spec"]["template"].clone()
    };
    let before = template(&company);
    decided(&mut company, number).await;
    // Nothing in the containers became otherwise, so none was replaced.
    assert_eq!(template(&company), before);
    let seen = drift(&mut company).await;
    let left = ("Deployment".to_owned(), format!("{CONTAINER}.workingDir"));
    assert_eq!(lines(&seen), [left], "{seen:#}");
    let all = company.ops.api_get("/projects/pay/workloads").await.json();
    let parameters = &all["items"][0]["parameters"];
    assert_eq!(parameters["probes"]["liveness"]["delay_seconds"], 77);
    let names: Vec<&str> = parameters["env"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["MODE", "TOKEN", "EXTRA"]);
    let again = company.developer.post(&adopt, &chosen).await;
    assert_eq!(again.status, 409, "{}", again.body);
    assert!(again.text("main").contains("Nothing of what differs"));
    company.check().await;
}

/// What stands beside the container, and beside the Deployment, is told in parameters too, and
/// only what is chosen is taken in.
#[tokio::test]
async fn whoever_takes_it_in_chooses_what() {
    let mut wanted = everything();
    wanted["ports"] = json!([{ "name": "admin", "port": 9000 }]);
    wanted["nodes"] = json!([{ "label": "disk", "value": "ssd" }]);
    wanted["replicas"] = json!({ "min": 2, "max": 4 });
    let mut company = released(&wanted).await;
    assert_eq!(drift(&mut company).await["lines"], json!([]));
    let spec = json!({ "nodeSelector": { "disk": "nvme" }, "priorityClassName": "urgent",
        "volumes": [{ "name": "scratch-0", "emptyDir": { "sizeLimit": "128Mi" } }] });
    let deployment = json!({ "spec": { "template": { "spec": spec } } });
    let policies = json!([{ "type": "Pods", "value": 3, "periodSeconds": 60 }]);
    let scaler = json!({ "spec": { "behavior": { "scaleDown": { "policies": policies } } } });
    let budget = json!({ "spec": { "maxUnavailable": 2 } });
    let backend = json!({ "service": { "name": "pay", "port": { "number": 80 } } });
    let paths = json!([{ "path": "/pay", "pathType": "Prefix", "backend": backend }]);
    let rules = json!([{ "host": "pay.example.com", "http": { "paths": paths } }]);
    let ingress = json!({ "spec": { "rules": rules } });
    let of = |path: &str| format!("{path}/namespaces/pay-test");
    let edits = [
        (DEPLOYMENT.to_owned(), deployment),
        (
            of("/apis/autoscaling/v2") + "/horizontalpodautoscalers/pay",
            scaler,
        ),
        (of("/apis/policy/v1") + "/poddisruptionbudgets/pay", budget),
        (of("/apis/networking.k8s.io/v1") + "/ingresses/pay", ingress),
    ];
    for (path, patch) in &edits {
        by_hand(&company, Method::PATCH, path, patch).await;
    }
    company.advance(Duration::from_secs(60)).await;
    let seen = drift(&mut company).await;
    let adopts = seen["adopts"].as_array().unwrap().iter();
    let mut adopts: Vec<(String, Value)> = adopts
        .map(|said| {
            (
                said["parameter"].as_str().unwrap().to_owned(),
                said["live"].clone(),
            )
        })
        .collect();
    adopts.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        ("/disruption/most_away", json!(2)),
        ("/ingress/path", json!("/pay")),
        ("/nodes/disk", json!({ "label": "disk", "value": "nvme" })),
        ("/priority", json!("urgent")),
        ("/scaling/down_most", json!(3)),
        (
            "/scratch/~1tmp~1work",
            json!({ "path": "/tmp/work", "size": "128Mi" }),
        ),
    ];
    assert_eq!(
        adopts,
        expected.map(|(name, live)| (name.to_owned(), live)),
        "{seen:#}"
    );
    let path = super::path(&mut company).await;
    let page = company.developer.get(&path).await;
    assert!(
        page.text("main")
            .contains("scratch./tmp/work: 64Mi → 128Mi"),
        "{}",
        page.body
    );

    let adopt = format!("{path}/adopt");
    let none = company
        .developer
        .post(&adopt, &[("reason", "measured")])
        .await;
    assert_eq!(none.status, 400, "{}", none.body);
    assert!(
        none.text("main").contains("Choose at least one"),
        "{}",
        none.body
    );
    assert!(none.body.contains("value=\"measured\""), "{}", none.body);
    let unknown = json!({ "parameters": ["/port"] });
    let unknown = company.developer.api(Method::POST, &adopt, &unknown).await;
    assert_eq!(unknown.status, 409, "{}", unknown.body);
    let chosen = json!({ "reason": "customers come here",
        "parameters": ["/priority", "/scratch/~1tmp~1work"] });
    let filed = company.developer.api(Method::POST, &adopt, &chosen).await;
    assert_eq!(filed.status, 201, "{}", filed.body);
    let number = filed.json()["request"].as_i64().unwrap();
    let shown = company
        .ops
        .api_get(&format!("/requests/{number}"))
        .await
        .json();
    let said = shown["computed"]["clusters"][0]["said"]
        .as_array()
        .unwrap()
        .clone();
    let mut fields: Vec<&str> = said.iter().map(|s| s["field"].as_str().unwrap()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["priority", "scratch[0].size"], "{said:?}");
}

/// Two autoscalers of one Deployment never come to rest, and neither has a field of the other.
#[tokio::test]
async fn another_autoscaler_of_the_same_containers_is_told() {
    let mut company = released(&everything()).await;
    let target = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "pay" });
    let scaler = json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": "by-hand", "namespace": "pay-test" },
        "spec": { "minReplicas": 3, "maxReplicas": 9, "scaleTargetRef": target } });
    let path = "/apis/autoscaling/v2/namespaces/pay-test/horizontalpodautoscalers";
    by_hand(&company, Method::POST, path, &scaler).await;
    let seen = drift(&mut company).await;
    assert_eq!(
        seen["notes"][0]["code"], "drift-other-autoscaler",
        "{seen:#}"
    );
    let here = super::path(&mut company).await;
    let page = company.developer.get(&here).await;
    let said = page.text("main");
    assert!(
        said.contains("by-hand moves these containers between 3 and 9"),
        "{said}"
    );
}
