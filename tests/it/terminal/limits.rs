//! What ends a terminal besides its shell, and how many there may be.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use sqlx::Executor as _;

use super::stage::{Stage, open};
use crate::support::seed;

/// Whoever may no longer be in a terminal is out of it within this.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn nobody_has_more_than_is_allowed() {
    let mut stage = Stage::start_with(&[("TERMINALS_EACH", "2"), ("TERMINALS_IN_ALL", "3")]).await;
    let first = stage.open().await;
    stage.open().await;
    let asked = stage.asked();
    let form = format!(
        "/terminals/new?workload={}&pod={}",
        asked["workload"].as_str().unwrap(),
        stage.pod
    );
    let form = stage.company.developer.get(&form).await;
    let limits = "You have 2 of 2 open; 2 of 3 are open in all.";
    assert!(form.text("main").contains(limits), "{}", form.text("main"));
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
    terminal.type_in("touch before; echo re''ady\n").await;
    terminal.until("ready").await;
    let began = std::time::Instant::now();
    let out = stage
        .company
        .developer
        .bare(Method::DELETE, "/api/v1/session")
        .await;
    assert_eq!(out.status, 204);
    assert_eq!(terminal.hear("ended").await["ending"], "signed-out");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    // Its page may not know yet; the shell, which would have written a file, hears nothing.
    let marker = stage.folder().join("marker");
    for _ in 0..20 {
        let _ = terminal.try_type("touch marker; echo un''seen\n").await;
    }
    terminal.until_closed().await;
    assert_eq!(stage.ending(&way.id).await, "signed-out");
    assert!(stage.folder().join("before").exists() && !marker.exists());
    let cast = stage.cast(&way.id).await;
    assert!(!super::stage::shown(&cast).contains("unseen"), "{cast:?}");
    assert_eq!(cast.last().unwrap()[2], "signed-out");
}

#[tokio::test]
async fn it_ends_when_the_session_that_it_was_opened_in_is_over() {
    let mut stage = Stage::start().await;
    let (way, mut terminal) = stage.enter().await;
    let over = "UPDATE session SET expires_at = slipway_now() - interval '1 second'
        WHERE account_id = (SELECT id FROM account WHERE name = 'lin')";
    let began = std::time::Instant::now();
    let owner = stage.company.portal.db.owner.clone();
    owner.execute(over).await.unwrap();
    assert_eq!(terminal.hear("ended").await["ending"], "signed-out");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert_eq!(stage.last_word(&way.id).await, "signed-out");
}

#[tokio::test]
async fn whoever_is_put_out_is_out_of_the_terminal_too() {
    let mut stage = Stage::start().await;
    let (way, mut terminal) = stage.enter().await;
    let began = std::time::Instant::now();
    let disabled = json!({ "disabled": true });
    let answer = stage
        .company
        .admin
        .api(Method::PUT, "/people/lin", &disabled)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(terminal.hear("ended").await["ending"], "signed-out");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert_eq!(stage.last_word(&way.id).await, "signed-out");
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
    let began = std::time::Instant::now();
    let answer = stage.company.developer.bare(Method::DELETE, path).await;
    assert!(answer.status < 300, "{}", answer.body);
    assert_eq!(terminal.hear("ended").await["ending"], "right-lost");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert_eq!(stage.last_word(&way.id).await, "right-lost");
}
