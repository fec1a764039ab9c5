//! What a release would bring, before and after it is opened.

use super::*;

const NEW: &str = "/projects/pay/releases/new";

#[tokio::test]
async fn a_release_tells_which_commits_it_brings() {
    let (mut company, first) = tested().await;
    company.confirm(&first).await;
    company.send_to_production(&first).await;
    company.commit("pay", "Log the idempotency key");
    company.commit("pay", "Bump the pool to 5.1");
    let form = company.developer.get(NEW).await;
    assert_eq!(form.status, 200, "{}", form.body);
    let text = form.text("main");
    for words in [
        "Since release 1 · 2 commits",
        "Bump the pool to 5.1",
        "newest tags",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("has built this commit"), "{text}");
    let tag = company.release(&first).await["tag"].clone();
    let tag = tag.as_str().unwrap();
    assert!(text.contains(tag), "the tag can be chosen: {text}");

    let second = company.open("pay").await;
    company.settle().await;
    let story = company.release(&second).await;
    assert_eq!(story["since"]["release"], 1);
    assert_eq!(story["since"]["count"], 2);
    assert_eq!(
        story["since"]["commits"][0]["title"],
        "Bump the pool to 5.1"
    );
    let shown = page(&mut company.developer, "/projects/pay/releases/2").await;
    assert!(shown.contains("Compare with release 1"), "{shown}");
    company.confirm(&second).await;
    let shown = page(&mut company.developer, "/projects/pay").await;
    for words in ["2 since release 1 by Lin", "Parameters unchanged"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    company.check().await;
}

#[tokio::test]
async fn a_commit_that_was_built_is_not_built_again_unasked() {
    let (mut company, first) = tested().await;
    let commit = company.release(&first).await["commit"].clone();
    let commit = commit.as_str().unwrap().to_owned();
    let form = company.developer.get(NEW).await;
    let text = form.text("main");
    assert!(text.contains("Release 1 has built this commit"), "{text}");
    let main = [("choice", "main"), ("ref", ""), ("note", "once more")];
    let refused = company.developer.post(NEW, &main).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    let text = refused.text("main");
    assert!(text.contains("Put its image to test again"), "{text}");
    assert!(refused.body.contains("once more"), "what was typed is kept");
    let anyway = [
        ("choice", "main"),
        ("ref", ""),
        ("note", ""),
        ("anyway", &commit),
    ];
    let opened = company.developer.post(NEW, &anyway).await;
    assert_eq!(opened.header("location"), "/projects/pay/releases/2");
    company.settle().await;
    company.check().await;
}

#[tokio::test]
async fn a_release_is_opened_without_its_commits_while_gitlab_cannot_compare() {
    let (mut company, _) = tested().await;
    company.commit("pay", "Log the idempotency key");
    let fault = slipway_sim::Fault::on(slipway_sim::System::GITLAB);
    let fault = fault.get("*/repository/compare").answer(500, "");
    company.world.fault(fault);
    let second = company.open("pay").await;
    company.settle().await;
    let story = company.release(&second).await;
    assert_eq!(story["since"], json!(null));
    assert_eq!(story["state"], "awaiting_confirmation");
    company.check().await;
}
