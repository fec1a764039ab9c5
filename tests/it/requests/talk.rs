//! What people say about a request.

use reqwest::Method;
use serde_json::json;

use super::{company, filed};

#[tokio::test]
async fn people_talk_about_a_request_and_attach_texts() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let mut ops = portal.signed_in("ops").await;
    let (number, _) = filed(&mut dev, "search-api").await;
    let (page, path) = (
        format!("/requests/{number}"),
        format!("/requests/{number}/comments"),
    );
    assert!(
        dev.get(&page)
            .await
            .text("main")
            .contains("Nobody has said anything yet")
    );
    let body = json!({ "text": "Which index?", "attachment":
        { "name": "plan.sql", "text": "CREATE INDEX <b>\nON t (x);" } });
    let answer = ops.api(Method::POST, &path, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let form = [
        ("text", "The one on x."),
        ("attachment.name", ""),
        ("attachment.text", ""),
    ];
    assert_eq!(dev.post(&path, &form).await.status, 303);
    let shown = dev.get(&page).await;
    let said = shown.text("ol.feed");
    assert!(
        said.contains("Which index?") && said.contains("The one on x."),
        "{said}"
    );
    assert!(
        said.contains("plan.sql 2 lines CREATE INDEX <b> ON t (x);"),
        "{said}"
    );
    assert!(
        !shown.body.contains("INDEX <b>"),
        "what is typed is never markup"
    );
    let all = ops.api_get(&path).await.json();
    assert_eq!(all["items"][1]["author"]["user"], "dev");

    let form = [
        ("text", " "),
        ("attachment.name", ""),
        ("attachment.text", "left alone"),
    ];
    let answer = dev.post(&path, &form).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.text("main").contains("left alone"),
        "what was typed is kept"
    );
    let large = json!({ "text": "x", "attachment": { "name": "big", "text": "x".repeat(65_537) } });
    let answer = ops.api(Method::POST, &path, &large).await;
    assert_eq!(
        answer.json()["fields"][0]["field"],
        "attachment.text",
        "{}",
        answer.body
    );
    let mut stranger = portal.signed_in("stranger").await;
    assert_eq!(stranger.api_get(&path).await.status, 404);
    assert_eq!(stranger.api(Method::POST, &path, &body).await.status, 404);
}
