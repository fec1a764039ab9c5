//! Guard rails: refused by every door, let past by operations alone, explained in the help.

use reqwest::Method;
use serde_json::{Value, json};

use super::changes::propose;
use super::{inputs, send, set};
use crate::support::company::{Company, approve};

async fn ask(company: &mut Company, environment: &str, parameters: &Value, note: &str) -> Value {
    let body = json!({ "kind": "containers", "project": "pay", "environment": environment,
        "parameters": { "parameters": parameters }, "note": note });
    company
        .developer
        .api(Method::POST, "/requests", &body)
        .await
        .json()
}

fn refusal(answer: &Value) -> String {
    answer["fields"][0]["field"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_page_and_api_and_layer() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let page = company.developer.get("/projects/pay/containers/new").await;
    let mut form = inputs(&page.body);
    set(&mut form, "parameters.probes.liveness.failures", "1");
    let refused = send(&mut company, &form).await;
    assert_eq!(refused.status, 400);
    let text = refused.text("main");
    assert!(
        text.contains("at least 3 checks must be missed in a row"),
        "{text}"
    );
    assert!(
        refused
            .body
            .contains(r#"href="/help/rails/probe-failures""#),
        "{}",
        refused.body
    );

    let one = json!({ "replicas": { "min": 1 } });
    let answer = ask(&mut company, "prod", &one, "").await;
    assert_eq!(
        refusal(&answer),
        "parameters.parameters.replicas.min",
        "{answer}"
    );
    let answer = ask(&mut company, "test", &one, "").await;
    assert!(answer["number"].is_i64(), "test may be alone: {answer}");
    let public = json!({ "access": "public" });
    let answer = ask(&mut company, "test", &public, " ").await;
    assert_eq!(refusal(&answer), "parameters.parameters.access", "{answer}");
    let answer = ask(&mut company, "test", &public, "The shop's door").await;
    assert!(answer["number"].is_i64(), "{answer}");

    company.containers("pay", "prod").await;
    let layer = json!({ "replicas": { "min": 1, "max": 1 } });
    let (status, answer) = propose(&mut company, "environment", "prod", layer, json!([])).await;
    assert_eq!(
        (status, refusal(&answer).as_str()),
        (400, "parameters.document.replicas.min")
    );
    company.check().await;
}

#[tokio::test]
async fn operations_let_one_component_pass_with_a_reason_that_is_shown() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let path = "/rails/overrides";
    let mut asked = json!({ "rail": "production-two", "project": "pay", "environment": "prod" });
    let silent = company.ops.api(Method::POST, path, &asked).await;
    assert_eq!(refusal(&silent.json()), "reason");
    asked["reason"] = json!("It elects a leader by itself");
    for held in ["request-fits", "readiness"] {
        let beyond = json!({ "rail": held, "project": "pay", "environment": "prod",
            "reason": "It needs more than it may use" });
        let refused = company.ops.api(Method::POST, path, &beyond).await;
        assert_eq!(
            (refused.status, refusal(&refused.json()).as_str()),
            (400, "rail")
        );
    }
    let developer = company.developer.api(Method::POST, path, &asked).await;
    assert_eq!(developer.status, 403);
    assert_eq!(
        company.ops.api(Method::POST, path, &asked).await.status,
        204
    );
    assert_eq!(
        company.ops.api(Method::POST, path, &asked).await.status,
        409
    );
    let page = company.ops.get("/standards/rails").await;
    assert!(page.text("main").contains("It elects a leader by itself"));

    let one = json!({ "replicas": { "min": 1 }, "grace_seconds": 5 });
    let answer = ask(&mut company, "prod", &one, "").await;
    let number = answer["number"]
        .as_i64()
        .unwrap_or_else(|| panic!("{answer}"));
    let text = company
        .ops
        .get(&format!("/requests/{number}"))
        .await
        .text("main");
    assert!(
        text.contains("replicas.min: 1 — It elects a leader by itself"),
        "{text}"
    );
    assert!(
        text.contains("Ten seconds to stop grace_seconds: 5"),
        "{text}"
    );

    // Once the rule counts again, what was asked under the override is asked anew.
    let overrides = company.ops.api_get(path).await.json();
    let id = overrides["items"][0]["id"].as_str().unwrap().to_owned();
    let one_path = format!("{path}/{id}");
    let ended = company
        .ops
        .api(Method::DELETE, &one_path, &Value::Null)
        .await;
    assert_eq!(ended.status, 204, "{}", ended.body);
    let request = format!("/requests/{number}");
    let shown = company.ops.api_get(&request).await.json();
    let yes = json!({ "verdict": "approve", "hash": shown["hash"] });
    let decided = company
        .ops
        .api(Method::POST, &format!("{request}/decisions"), &yes)
        .await;
    assert_eq!(decided.status, 400, "{}", decided.body);
    let actions: Vec<String> =
        sqlx::query_scalar("SELECT action FROM audit_entry WHERE target_kind = 'rail' ORDER BY at")
            .fetch_all(&company.portal.db.owner)
            .await
            .unwrap();
    assert_eq!(actions, ["rail.overrule", "rail.restore"]);
    company.check().await;
}

#[tokio::test]
async fn every_rule_has_a_page_in_both_languages() {
    let mut company = Company::start().await;
    company.project("pay").await;
    for language in ["en", "zh-CN"] {
        company.developer.headers = vec![("accept-language", language.to_owned())];
        let list = company.developer.get("/help/rails").await;
        assert_eq!(list.status, 200);
        for rail in slipway::standards::rails::RAILS {
            let path = format!("/help/rails/{}", rail.id);
            assert!(list.body.contains(&path), "{path}");
            let page = company.developer.get(&path).await;
            assert_eq!(page.status, 200, "{path}");
            assert!(page.body.contains(rail.source) && !page.body.contains('⟦'));
        }
    }
    assert_eq!(company.developer.get("/help/rails/none").await.status, 404);
    company.check().await;
}

#[tokio::test]
async fn a_workload_that_broke_a_rule_before_holds_up_no_other_change() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    sqlx::query(
        "UPDATE parameters_revision
         SET document = jsonb_set(document, '{probes,liveness,failures}', '1'),
            own = jsonb_set(own, '{probes,liveness,failures}', '1')",
    )
    .execute(&company.portal.db.owner)
    .await
    .unwrap();
    let layer = json!({ "grace_seconds": 60 });
    let (status, answer) = propose(&mut company, "language", "go", layer, json!([])).await;
    assert_eq!(status, 201, "{answer}");
    let number = answer["number"].as_i64().unwrap();
    let mut other = company.portal.signed_in("sun").await;
    approve(&mut other, number).await;
    company.settle().await;
    company.check().await;
}
