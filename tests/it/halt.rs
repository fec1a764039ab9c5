//! The switch that stops production: what it refuses, what it holds, what it leaves alone.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::company::{Company, approve};

const SWITCH: &str = "/production-stop";

/// A company with a release that is confirmed, and its id.
async fn confirmed() -> (Company, String) {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    let id = another(&mut company).await;
    (company, id)
}

async fn another(company: &mut Company) -> String {
    company.commit("pay", "Read a capture back after 409");
    let id = company.open("pay").await;
    company.settle().await;
    company.confirm(&id).await;
    id
}

async fn stop(company: &mut Company, holds_rollbacks: bool) {
    let body = json!({ "reason": "The bank is down.", "holds_rollbacks": holds_rollbacks });
    let answer = company.ops.api(Method::PUT, SWITCH, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["stopped"], true);
}

async fn lift(company: &mut Company) {
    let answer = company.ops.api(Method::DELETE, SWITCH, &Value::Null).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
}

async fn press(company: &mut Company, id: &str) -> (u16, Value) {
    let path = format!("/releases/{id}/deployments");
    let body = json!({ "environment": "prod" });
    let answer = company.developer.api(Method::POST, &path, &body).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_press_is_refused_with_who_and_why() {
    let (mut company, id) = confirmed().await;
    stop(&mut company, false).await;
    let (status, said) = press(&mut company, &id).await;
    assert_eq!(status, 409, "{said}");
    assert_eq!(said["code"], "production-stopped");
    let detail = said["detail"].as_str().unwrap();
    assert!(detail.contains("zhao the tester") && detail.contains("The bank is down."));
    let page = company.developer.get("/projects/pay/releases/1").await;
    let why = page.text("#next-why");
    assert!(why.contains("The bank is down."), "{}", page.body);
    lift(&mut company).await;
    let page = company.developer.get("/projects/pay/releases/1").await;
    assert_eq!(page.text("#next-why"), "");
    company.send_to_production(&id).await;
    assert_eq!(company.release(&id).await["state"], "released");
    company.check().await;
}

#[tokio::test]
async fn what_was_asked_before_waits_and_then_goes_on_by_itself() {
    let (mut company, id) = confirmed().await;
    let (status, said) = press(&mut company, &id).await;
    assert_eq!(status, 202, "{said}");
    stop(&mut company, false).await;
    approve(&mut company.ops, said["request"].as_i64().unwrap()).await;
    company.run_for(std::time::Duration::from_secs(600)).await;
    assert_eq!(
        company.image("sh-prod", "pay-prod", "pay"),
        "slipway.invalid/placeholder:none"
    );
    let shown = company.ops.api_get(SWITCH).await.json();
    assert_eq!(shown["waiting"][0]["kind"], "rollout", "{shown}");
    assert_eq!(shown["waiting"][0]["project"], "pay", "{shown}");
    let page = company.ops.get(SWITCH).await;
    assert!(page.text(".inbox").contains("Rollout · pay"));
    lift(&mut company).await;
    company.settle().await;
    assert_eq!(company.release(&id).await["state"], "released");
    company.check().await;
}

#[tokio::test]
async fn a_cluster_that_comes_back_too_late_gets_nothing() {
    let (mut company, id) = confirmed().await;
    let (_, said) = press(&mut company, &id).await;
    approve(&mut company.ops, said["request"].as_i64().unwrap()).await;
    // The rollout has begun and its deployment is stored; then the switch is set.
    assert!(company.engine.tick().await.unwrap() > 0);
    stop(&mut company, false).await;
    company.run_for(std::time::Duration::from_secs(600)).await;
    assert_eq!(
        company.image("sh-prod", "pay-prod", "pay"),
        "slipway.invalid/placeholder:none"
    );
    let shown = company.ops.api_get(SWITCH).await.json();
    assert_eq!(shown["waiting"][0]["kind"], "deployment", "{shown}");
    lift(&mut company).await;
    company.settle().await;
    assert_eq!(company.release(&id).await["state"], "released");
}

#[tokio::test]
async fn the_way_back_stays_open_unless_it_is_held_too() {
    let (mut company, id) = confirmed().await;
    company.send_to_production(&id).await;
    let second = another(&mut company).await;
    company.send_to_production(&second).await;
    let path = "/projects/pay/environments/prod/rollbacks";
    let first = company.release(&id).await["artifact"]["id"].clone();
    let body = json!({ "artifact": first, "reason": "the till is silent" });
    stop(&mut company, true).await;
    let refused = company.developer.api(Method::POST, path, &body).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    stop(&mut company, false).await;
    let done = company.developer.api(Method::POST, path, &body).await;
    assert_eq!(done.status, 201, "{}", done.body);
    company.settle().await;
    let digest = company.release(&id).await["artifact"]["digest"].clone();
    let runs = company.image("sh-prod", "pay-prod", "pay");
    assert!(runs.ends_with(digest.as_str().unwrap()), "{runs}");
}

#[tokio::test]
async fn test_goes_on_as_always() {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    stop(&mut company, true).await;
    let id = another(&mut company).await;
    assert_eq!(company.release(&id).await["state"], "confirmed");
}

#[tokio::test]
async fn it_is_set_by_hand_with_a_word_typed_and_everybody_reads_it() {
    let mut company = Company::start().await;
    let form = [("reason", "Incident 7"), ("confirm", "prod")];
    let refused = company.ops.post(SWITCH, &form).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("Incident 7"));
    let empty = [("reason", " "), ("confirm", "production")];
    assert_eq!(company.ops.post(SWITCH, &empty).await.status, 400);
    let form = [("reason", "Incident 7"), ("confirm", "production")];
    assert_eq!(company.ops.post(SWITCH, &form).await.status, 303);
    let home = company.developer.get("/").await;
    assert!(home.text(".banner").contains("zhao the tester: Incident 7"));
    let part = company.developer.get("/production-stop/banner").await;
    assert!(part.text(".banner").contains("Incident 7"));
    let lifted = company.ops.post("/production-stop/end", &[]).await;
    assert_eq!(lifted.status, 303);
    let again = company.ops.post("/production-stop/end", &[]).await;
    assert_eq!(again.status, 409);
    assert!(company.developer.get("/").await.text(".banner").is_empty());
    for action in ["production.stop", "production.resume"] {
        let trail = company
            .ops
            .api_get(&format!("/audit?action={action}"))
            .await;
        assert_eq!(
            trail.json()["items"].as_array().unwrap().len(),
            1,
            "{action}"
        );
    }
}
