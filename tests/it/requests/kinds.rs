//! Each kind says what it wants to know, and takes what fits that.

use std::collections::BTreeMap;

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};

use super::again::{ask, company, first_artifact};

/// Kinds with a document that holds, and one that does not.
fn documents() -> Vec<(&'static str, Value, Value)> {
    let lock = json!({ "pointer": "/port", "kind": "fixed", "reason": "The balancer knows it" });
    let layer = json!({ "layer": { "kind": "platform", "key": "" }, "document": { "port": 80 },
        "locks": [lock] });
    let row = json!({ "namespace": "old", "deployment": "till", "uid": "1", "container": "till",
        "project": "till", "environment": "prod" });
    vec![
        (
            "layer",
            layer,
            json!({ "layer": "platform", "document": {} }),
        ),
        (
            "intake",
            json!({ "cluster": "sh-prod", "rows": [row] }),
            json!({ "cluster": "sh-prod" }),
        ),
        (
            "scale",
            json!({ "min": 1, "max": 2 }),
            json!({ "min": "1", "max": 2 }),
        ),
        (
            "removal",
            json!({ "component": "main" }),
            json!({ "name": "main" }),
        ),
        ("offboarding", json!({ "key": "pay" }), json!({})),
        (
            "shell",
            json!({ "hours": 4, "reason": "It hangs" }),
            json!({ "hours": 4 }),
        ),
        (
            "membership",
            json!({ "user": "chen", "role": "tester" }),
            json!({ "user": "chen" }),
        ),
        (
            "retirement",
            json!({ "resource": 1, "reason": "Empty" }),
            json!({ "resource": "one" }),
        ),
        (
            "resource",
            json!({ "kind": "server", "name": "till-1", "purpose": "Tills" }),
            json!({ "kind": "palace", "name": "till-1", "purpose": "Tills" }),
        ),
    ]
}

#[tokio::test]
async fn what_a_kind_takes_fits_its_schema() {
    let mut company = company().await;
    let listed = company.developer.api_get("/schemas/requests").await.json();
    let schemas: BTreeMap<String, Validator> = listed
        .as_array()
        .expect("kinds")
        .iter()
        .map(|kind| {
            let name = kind["kind"].as_str().expect("a name");
            let schema = jsonschema::validator_for(&kind["schema"]);
            (
                name.to_owned(),
                schema.unwrap_or_else(|e| panic!("{name}: {e}")),
            )
        })
        .collect();
    assert_eq!(schemas.len(), 14, "{listed}");
    for (kind, good, bad) in documents() {
        let schema = &schemas[kind];
        assert!(
            schema.is_valid(&good),
            "{kind}: {:?}",
            schema.validate(&good)
        );
        assert!(!schema.is_valid(&bad), "{kind}: {bad}");
        let body = json!({ "kind": kind, "project": "pay", "environment": "prod",
            "note": "x", "parameters": bad });
        let answer = company.ops.api(Method::POST, "/requests", &body).await;
        assert!(
            [400, 403].contains(&answer.status),
            "{kind}: {}",
            answer.body
        );
    }
    let back = json!({ "kind": "rollback", "project": "pay", "environment": "prod",
        "note": "Captures fail", "parameters": {
            "artifact": first_artifact(&mut company).await, "reason": "Captures fail" } });
    ask(&mut company, &back).await;
    // What was filed by forms and buttons so far fits too.
    let all = company.ops.api_get("/requests?limit=100").await.json();
    let mut seen = Vec::new();
    for line in all["items"].as_array().expect("requests") {
        let path = format!("/requests/{}", line["number"]);
        let request = company.ops.api_get(&path).await.json();
        let kind = request["kind"].as_str().expect("a kind").to_owned();
        let fits = schemas[&kind].validate(&request["parameters"]);
        assert!(fits.is_ok(), "{kind}: {fits:?}");
        seen.push(kind);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, ["containers", "onboarding", "production", "rollback"]);
}
