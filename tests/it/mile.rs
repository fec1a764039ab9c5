//! The mile: one commit travels from a form to production and back.

use reqwest::Method;
use serde_json::json;

use crate::support::company::Company;

#[tokio::test]
async fn one_commit_travels_to_production_and_back() {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    assert_eq!(
        company.deployment("sh-prod", "pay-prod", "pay")["spec"]["replicas"],
        0,
        "the place waits, and runs nothing"
    );

    company.commit("pay", "Read a capture back after 409");
    let first = company.open("pay").await;
    company.settle().await;
    let story = company.release(&first).await;
    assert_eq!(
        story["state"],
        "awaiting_confirmation",
        "{}",
        company.runs().await
    );
    let digest = story["artifact"]["digest"].as_str().unwrap().to_owned();
    assert!(
        company
            .image("sh-test", "pay-test", "pay")
            .ends_with(&digest)
    );
    assert_eq!(
        company.deployment("sh-test", "pay-test", "pay")["spec"]["replicas"],
        2
    );

    let body = json!({ "digest": digest });
    let path = format!("/releases/{first}/confirmation");
    let own = company.developer.api(Method::POST, &path, &body).await;
    assert_eq!(own.status, 403, "{}", own.body);
    company.confirm(&first).await;
    company.send_to_production(&first).await;
    let story = company.release(&first).await;
    assert_eq!(story["state"], "released", "{}", company.runs().await);
    assert!(
        company
            .image("sh-prod", "pay-prod", "pay")
            .ends_with(&digest)
    );

    company.commit("pay", "Log the idempotency key");
    let second = company.open("pay").await;
    company.settle().await;
    company.confirm(&second).await;
    company.send_to_production(&second).await;
    let newer = company.release(&second).await["artifact"]["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(newer, digest);
    assert!(
        company
            .image("sh-prod", "pay-prod", "pay")
            .ends_with(&newer)
    );

    let artifact = story["artifact"]["id"].clone();
    let body = json!({ "artifact": artifact, "reason": "captures fail" });
    let path = "/projects/pay/environments/prod/rollbacks";
    let answer = company.developer.api(Method::POST, path, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    company.settle().await;
    assert!(
        company
            .image("sh-prod", "pay-prod", "pay")
            .ends_with(&digest)
    );
    company.check().await;
}
