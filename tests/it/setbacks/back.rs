//! The way back leads back alone.

use super::*;

const BACK: &str = "/projects/pay/environments/prod/rollbacks";

async fn go_back(company: &mut Company, artifact: &Value) -> (u16, String) {
    let body = json!({ "artifact": artifact["id"], "reason": "Captures fail" });
    let answer = company.developer.api(Method::POST, BACK, &body).await;
    (answer.status, answer.body)
}

/// What an approval is asked for is not had by going back and forth.
#[tokio::test]
async fn what_came_later_is_no_way_back() {
    let (mut company, first) = tested().await;
    company.confirm(&first).await;
    company.send_to_production(&first).await;
    let old = company.release(&first).await["artifact"].clone();
    company.commit("pay", "Capture twice");
    let second = company.open("pay").await;
    company.settle().await;
    company.confirm(&second).await;
    let number = ask_for_production(&mut company, &second).await;
    crate::support::company::approve(&mut company.ops, number).await;
    let rolling = |story: &Value| {
        let mut all = story["deployments"].as_array().expect("some").iter();
        all.any(|d| d["cluster"] == "sh-prod" && d["state"] == "rolling")
    };
    company.settle_until(&second, rolling).await;
    let new = company.release(&second).await["artifact"].clone();
    let (status, body) = go_back(&mut company, &old).await;
    assert_eq!(status, 201, "{body}");
    company.settle().await;

    let number = company.release(&second).await["number"].clone();
    let page = company
        .developer
        .get(&format!("/projects/pay/releases/{number}"))
        .await;
    let text = page.text("main");
    for said in ["Rolled back", "Captures fail", "It can be released again"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("Roll back to release 2"), "{text}");
    let ways = company.developer.api_get(BACK).await.json();
    let ways = ways["items"].as_array().expect("ways");
    assert!(ways.iter().all(|w| w["artifact"]["id"] != new["id"]));
    let (status, body) = go_back(&mut company, &new).await;
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("rollback-never-ran"), "{body}");

    // Forward it goes by its own button, and somebody is asked again.
    company.send_to_production(&second).await;
    let image = company.image("sh-prod", "pay-prod", "pay");
    assert!(image.ends_with(new["digest"].as_str().expect("a digest")));
    let (status, body) = go_back(&mut company, &old).await;
    assert_eq!(status, 201, "{body}");
    company.settle().await;
    let (status, body) = go_back(&mut company, &new).await;
    assert_eq!(status, 400, "{body}");
    company.check().await;
}

/// A busy service is not starved: what is newer is told of, and what was asked stays decidable.
#[tokio::test]
async fn a_newer_confirmed_release_is_told_of_beside() {
    let (mut company, first) = tested().await;
    company.confirm(&first).await;
    let number = ask_for_production(&mut company, &first).await;
    let path = format!("/requests/{number}");
    let text = company.ops.get(&path).await.text("main");
    assert!(!text.contains("is confirmed as well"), "{text}");
    company.commit("pay", "Capture twice");
    let second = company.open("pay").await;
    company.settle().await;
    company.confirm(&second).await;
    let text = company.ops.get(&path).await.text("main");
    assert!(text.contains("Release 2 ("), "{text}");
    assert!(text.contains("is confirmed as well"), "{text}");
    crate::support::company::approve(&mut company.ops, number).await;
    company.settle().await;
    assert_eq!(company.release(&first).await["state"], "released");
    company.check().await;
}
