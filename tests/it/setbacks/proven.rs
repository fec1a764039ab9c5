//! The evidence beneath a failure's sentence.

use super::*;
use crate::support::company::{approve, parameters};

#[tokio::test]
async fn a_crash_leaves_its_events_its_last_lines_and_its_exit_code() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let mut document = parameters();
    document["env"] = json!([{ "name": "SLIPWAY_SIM", "value": "crash" }]);
    let body = json!({ "kind": "containers", "project": "pay", "environment": "test",
        "parameters": { "parameters": document } });
    let asked = company
        .developer
        .api(Method::POST, "/requests", &body)
        .await;
    let number = asked.json()["number"].as_i64().unwrap();
    approve(&mut company.ops, number).await;
    company.settle().await;
    company.commit("pay", "Read a capture back after 409");
    let id = company.open("pay").await;
    company.settle().await;
    let story = company.release(&id).await;
    assert_eq!(story["state"], "failed", "{story}");
    assert_eq!(story["failure"]["code"], "trouble-crash-loop");
    let evidence = &story["deployments"][0]["observed"]["evidence"];
    assert_eq!(evidence["exit_code"], 1, "{evidence}");
    assert!(
        !evidence["events"].as_array().unwrap().is_empty(),
        "{evidence}"
    );
    let shown = page(&mut company.developer, "/projects/pay/releases/1").await;
    for words in [
        "Evidence",
        "ended with exit code 1",
        "fatal: ending",
        "BackOff",
        "env",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    company.check().await;
}
