//! What ends a terminal besides its shell, and how many there may be.

use reqwest::Method;
use serde_json::json;

use super::stage::{Stage, open};
use crate::support::seed;

#[tokio::test]
async fn nobody_has_more_than_is_allowed() {
    let mut stage = Stage::start_with(&[("TERMINALS_EACH", "2"), ("TERMINALS_IN_ALL", "3")]).await;
    let first = stage.open().await;
    stage.open().await;
    let asked = stage.asked();
    let third = stage
        .company
        .developer
        .api(Method::POST, "/terminals", &asked)
        .await;
    assert_eq!(
        (third.status, &third.json()["code"]),
        (409, &json!("terminal-too-many-mine"))
    );
    open(&mut stage.company.ops, &asked).await;
    let fourth = stage
        .company
        .ops
        .api(Method::POST, "/terminals", &asked)
        .await;
    assert_eq!(
        (fourth.status, &fourth.json()["code"]),
        (409, &json!("terminal-too-many"))
    );
    let path = format!("/terminals/{}", first.id);
    let done = stage
        .company
        .developer
        .api(Method::DELETE, &path, &json!(null))
        .await;
    assert_eq!(done.status, 204);
    stage.open().await;
    assert_eq!(stage.ending(&first.id).await, "closed");
}

#[tokio::test]
async fn what_nobody_came_to_is_over_and_counts_no_longer() {
    let mut stage = Stage::start_with(&[("TERMINALS_EACH", "1")]).await;
    let way = stage.open().await;
    stage
        .company
        .advance(std::time::Duration::from_secs(60))
        .await;
    stage.open().await;
    assert_eq!(stage.ending(&way.id).await, "unused");
}

#[tokio::test]
async fn without_a_key_it_ends() {
    let mut stage = Stage::start_with(&[("TERMINAL_IDLE_SECONDS", "0.5")]).await;
    let (way, mut terminal) = stage.enter().await;
    assert_eq!(terminal.hear("ended").await["ending"], "idle");
    assert_eq!(stage.ending(&way.id).await, "idle");
}

#[tokio::test]
async fn it_ends_when_its_time_is_up() {
    let mut stage = Stage::start_with(&[("TERMINAL_LENGTH_SECONDS", "0.5")]).await;
    let (way, mut terminal) = stage.enter().await;
    assert_eq!(terminal.hear("ended").await["ending"], "too-long");
    assert_eq!(stage.ending(&way.id).await, "too-long");
}

#[tokio::test]
async fn what_nobody_comes_back_to_ends() {
    let mut stage = Stage::start_with(&[("TERMINAL_GRACE_SECONDS", "0.5")]).await;
    let (way, terminal) = stage.enter().await;
    drop(terminal);
    assert_eq!(stage.ending(&way.id).await, "abandoned");
    let events = stage.cast(&way.id).await;
    let marks: Vec<_> = events
        .iter()
        .filter(|e| e[1] == "m")
        .map(|e| &e[2])
        .collect();
    assert_eq!(marks, ["attached", "left", "abandoned"]);
}

#[tokio::test]
async fn signing_out_ends_it_and_no_key_counts_any_more() {
    let mut stage = Stage::start().await;
    let (way, mut terminal) = stage.enter().await;
    terminal.type_in("echo re''ady\n").await;
    terminal.until("ready").await;
    let began = std::time::Instant::now();
    let out = stage
        .company
        .developer
        .bare(Method::DELETE, "/api/v1/session")
        .await;
    assert_eq!(out.status, 204);
    assert_eq!(terminal.hear("ended").await["ending"], "signed-out");
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    assert!(terminal.is_closed().await);
    assert_eq!(stage.ending(&way.id).await, "signed-out");
}

#[tokio::test]
async fn whoever_is_put_out_is_out_of_the_terminal_too() {
    let mut stage = Stage::start().await;
    let (_, mut terminal) = stage.enter().await;
    let disabled = json!({ "disabled": true });
    let answer = stage
        .company
        .admin
        .api(Method::PUT, "/people/lin", &disabled)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(terminal.hear("ended").await["ending"], "signed-out");
}

#[tokio::test]
async fn a_role_that_is_taken_ends_it() {
    let mut stage = Stage::start().await;
    seed::member(&stage.company.portal, "pay", "chen", "developer").await;
    let asked = stage.asked();
    let way = open(&mut stage.company.tester, &asked).await;
    let knock = super::stage::Knock::of(&stage.company.tester, &way);
    let mut terminal = knock.enter().await.unwrap();
    let path = "/api/v1/projects/pay/members/chen/developer";
    let answer = stage.company.developer.bare(Method::DELETE, path).await;
    assert!(answer.status < 300, "{}", answer.body);
    assert_eq!(terminal.hear("ended").await["ending"], "right-lost");
    assert_eq!(stage.ending(&way.id).await, "right-lost");
}
