//! A host and path of an Ingress are of one service on a cluster.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::company::{Company, parameters};

fn at(host: &str, path: &str) -> Value {
    let rule = json!({ "host": host, "path": path });
    json!({ "access": "ingress", "ingress": rule })
}

/// Asks for containers of a project; the answer's status and body.
async fn ask(company: &mut Company, project: &str, kind: &str, changes: &Value) -> (u16, Value) {
    let mut document = parameters();
    json_patch::merge(&mut document, changes);
    let body = json!({ "kind": kind, "project": project, "environment": "test",
        "parameters": { "component": "main", "parameters": document },
        "note": "Partners call it" });
    let answer = company
        .developer
        .api(Method::POST, "/requests", &body)
        .await;
    (answer.status, answer.json())
}

async fn decide(company: &mut Company, number: &Value, verdict: &str) -> (u16, Value) {
    let path = format!("/requests/{number}");
    let shown = company.ops.api_get(&path).await.json();
    let body = json!({ "verdict": verdict, "hash": shown["hash"], "comment": "So" });
    let answer = company
        .ops
        .api(Method::POST, &format!("{path}/decisions"), &body)
        .await;
    (answer.status, answer.json())
}

/// Why an open request cannot be carried out, once whatever comes round has come round.
async fn stuck(company: &mut Company, number: &Value) -> Value {
    company.run_timers().await;
    let request = company.ops.api_get(&format!("/requests/{number}")).await;
    request.json()["stuck"]["code"].clone()
}

const HOST: &str = "parameters.parameters.ingress.host";

#[tokio::test]
async fn nobody_takes_the_calls_of_another_service() {
    let mut company = Company::start().await;
    for key in ["pay", "shop", "bill"] {
        company.project(key).await;
    }
    let same = at("api.example.com", "/pay");
    // Two ask while neither is there: who is decided second is told.
    let (status, first) = ask(&mut company, "pay", "containers", &same).await;
    assert_eq!(status, 201, "{first}");
    let (status, second) = ask(&mut company, "shop", "containers", &same).await;
    assert_eq!(status, 201, "{second}");
    let (status, answer) = decide(&mut company, &first["number"], "approve").await;
    assert_eq!(status, 201, "{answer}");
    let (status, answer) = decide(&mut company, &second["number"], "approve").await;
    assert_eq!(
        (status, &answer["fields"][0]["field"]),
        (400, &json!(HOST)),
        "{answer}"
    );
    let (status, answer) = decide(&mut company, &second["number"], "reject").await;
    assert_eq!(status, 201, "{answer}");
    company.settle().await;

    // Once it is there, the form says so; nobody is told whose it is.
    let (status, answer) = ask(&mut company, "bill", "containers", &same).await;
    assert_eq!(
        (status, &answer["fields"][0]["field"]),
        (400, &json!(HOST)),
        "{answer}"
    );
    let words = answer["fields"][0]["detail"].as_str().expect("words");
    assert!(
        words.contains("api.example.com/pay") && !words.contains("shop"),
        "{words}"
    );
    // Beneath the same host there is room.
    company
        .containers_with("bill", "test", &at("api.example.com", "/bill"))
        .await;
    let (status, answer) = ask(&mut company, "bill", "parameters", &same).await;
    assert_eq!(
        (status, &answer["fields"][0]["field"]),
        (400, &json!(HOST)),
        "{answer}"
    );
    // A slash at the end matches the same calls.
    let slash = at("api.example.com", "/pay/");
    let (status, answer) = ask(&mut company, "bill", "parameters", &slash).await;
    assert_eq!(
        (status, &answer["fields"][0]["field"]),
        (400, &json!(HOST)),
        "{answer}"
    );
    let moved = at("api.example.com", "/invoices");
    let (status, answer) = ask(&mut company, "bill", "parameters", &moved).await;
    assert_eq!(status, 201, "{answer}");
    company.check().await;
}

/// Two that share a place from before are not kept from changing anything else, and a layer gives
/// no two services the same.
#[tokio::test]
async fn what_is_shared_already_holds_nothing_up_and_a_layer_shares_nothing() {
    let mut company = Company::start().await;
    for key in ["pay", "shop"] {
        company.project(key).await;
    }
    company
        .containers_with("pay", "test", &at("api.example.com", "/"))
        .await;
    company.containers_with("shop", "test", &json!({})).await;
    let rule = json!({ "host": "api.example.com", "path": "/" });
    let document = json!({ "access": "ingress", "ingress": rule });
    let layer = json!({ "kind": "project", "key": "shop" });
    let body = json!({ "kind": "layer", "note": "Why not",
        "parameters": { "layer": layer, "document": document } });
    let answer = company.ops.api(Method::POST, "/requests", &body).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(
        answer.body.contains("host and path of another service"),
        "{}",
        answer.body
    );

    sqlx::query(
        "UPDATE parameters_revision p SET document = document || $1, own = own || $1
         FROM workload w, project j
         WHERE w.id = p.workload_id AND j.id = w.project_id AND j.key = 'shop'",
    )
    .bind(&document)
    .execute(&company.portal.db.owner)
    .await
    .expect("an update");
    let mut more = document.clone();
    more["replicas"] = json!({ "min": 3, "max": 5 });
    let (status, answer) = ask(&mut company, "shop", "parameters", &more).await;
    assert_eq!(status, 201, "{answer}");
    company.check().await;
}

/// Whoever waits for a place that somebody in another project was given is told, and once more when
/// it is free again.
#[tokio::test]
async fn who_asked_for_the_same_host_is_told_when_it_is_taken_and_when_it_is_free() {
    let mut company = Company::start().await;
    for key in ["pay", "shop"] {
        company.project(key).await;
    }
    let same = at("api.example.com", "/pay");
    let (status, first) = ask(&mut company, "pay", "containers", &same).await;
    assert_eq!(status, 201, "{first}");
    let (status, second) = ask(&mut company, "shop", "containers", &same).await;
    assert_eq!(status, 201, "{second}");
    let (status, answer) = decide(&mut company, &first["number"], "approve").await;
    assert_eq!(status, 201, "{answer}");
    company.settle().await;
    let why = stuck(&mut company, &second["number"]).await;
    assert_eq!(why, "containers-host-taken");

    let away = json!({ "kind": "removal", "project": "pay", "environment": "test",
        "parameters": { "component": "main" }, "note": "Its callers moved" });
    let filed = company
        .developer
        .api(Method::POST, "/requests", &away)
        .await;
    assert_eq!(filed.status, 201, "{}", filed.body);
    let number = &filed.json()["number"];
    let (status, answer) = decide(&mut company, number, "approve").await;
    assert_eq!(status, 201, "{answer}");
    company.settle().await;
    assert_eq!(stuck(&mut company, &second["number"]).await, json!(null));
    let (status, answer) = decide(&mut company, &second["number"], "approve").await;
    assert_eq!(status, 201, "{answer}");
    company.settle().await;
    company.check().await;
}

/// What a service moves away from is free once nothing of it runs there any more.
#[tokio::test]
async fn a_host_is_free_when_what_had_it_runs_elsewhere() {
    let mut company = Company::start().await;
    for key in ["pay", "shop"] {
        company.project(key).await;
    }
    company.commit("pay", "Read a capture back after 409");
    let same = at("api.example.com", "/pay");
    let (status, waiting) = ask(&mut company, "shop", "containers", &same).await;
    assert_eq!(status, 201, "{waiting}");
    company.containers_with("pay", "test", &same).await;
    company.open("pay").await;
    company.settle().await;
    let why = stuck(&mut company, &waiting["number"]).await;
    assert_eq!(why, "containers-host-taken");

    let away = at("pay.example.com", "/");
    let (status, moving) = ask(&mut company, "pay", "parameters", &away).await;
    assert_eq!(status, 201, "{moving}");
    let (status, answer) = decide(&mut company, &moving["number"], "approve").await;
    assert_eq!(status, 201, "{answer}");
    let why = stuck(&mut company, &waiting["number"]).await;
    assert_eq!(why, "containers-host-taken");
    company.settle().await;
    assert_eq!(stuck(&mut company, &waiting["number"]).await, json!(null));
    company.check().await;
}
