//! A build in words, and its log.

use super::*;

#[tokio::test]
async fn a_build_says_how_many_are_ahead_of_it_and_that_jenkins_restarts() {
    let mut company = company().await;
    company.project_with_places("shop").await;
    company.commit("shop", "Wallets");
    company.world.jenkins().executors = 0;
    let first = company.open("pay").await;
    let waits = |story: &Value| story["steps"].to_string().contains("waits-executor-free");
    company.settle_until(&first, waits).await;
    let second = company.open("shop").await;
    let waits = |story: &Value| story["steps"].to_string().contains("waits-in-line");
    company.settle_until(&second, waits).await;
    let shown = page(&mut company.developer, "/projects/shop/releases/1").await;
    assert!(shown.contains("one build is ahead of it"), "{shown}");

    company.world.jenkins().executors = 2;
    company.settle().await;
    company.check().await;
}

#[tokio::test]
async fn a_jenkins_that_restarts_says_so_and_builds_on() {
    let mut company = company().await;
    let id = company.open("pay").await;
    let built = |story: &Value| story["builds"][0]["number"].is_i64();
    company.settle_until(&id, built).await;
    let now = company.world.clock().now();
    // Shorter than it takes until a target is left alone, which goes by real time.
    company.world.jenkins().pace.boot = std::time::Duration::from_secs(3);
    company.world.jenkins().restart(now);
    let starts = |story: &Value| story["steps"].to_string().contains("waits-jenkins-starts");
    company.settle_until(&id, starts).await;
    let shown = page(&mut company.developer, "/projects/pay/releases/1").await;
    assert!(shown.contains("Jenkins is restarting"), "{shown}");
    company.settle().await;
    let story = company.release(&id).await;
    let state = &story["state"];
    assert_eq!(state, "awaiting_confirmation", "{}", company.runs().await);
    company.check().await;
}

#[tokio::test]
async fn a_log_is_read_searched_and_downloaded() {
    let (mut company, id) = tested().await;
    let path = format!("/releases/{id}/log");
    let all = company.developer.api_get(&path).await.json();
    let lines = all["lines"].as_array().unwrap().len();
    assert!(lines > 10 && all["complete"] == true, "{all}");
    let some = company
        .developer
        .api_get(&format!("{path}?q=PUSH"))
        .await
        .json();
    let found = some["lines"].as_array().unwrap();
    assert!(!found.is_empty() && found.len() < lines, "{some}");
    let text = |l: &Value| l["text"].as_str().unwrap().to_lowercase();
    assert!(found.iter().all(|l| text(l).contains("push")), "{some}");

    company
        .developer
        .headers
        .push(("accept", "text/plain".to_owned()));
    let whole = company.developer.api_get(&path).await;
    company.developer.headers.clear();
    assert_eq!(whole.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(whole.body.lines().count(), lines);
    let file = company.developer.get("/projects/pay/releases/1/log").await;
    assert_eq!(file.body, whole.body);
    let here = "/projects/pay/releases/1/log/lines";
    let shown = page(&mut company.developer, &format!("{here}?q=push")).await;
    assert!(shown.contains("Build log of release 1"), "{shown}");
    let none = page(&mut company.developer, &format!("{here}?q=no-such-word")).await;
    assert!(none.contains("No line holds “no-such-word”"), "{none}");
}

#[tokio::test]
async fn a_log_is_followed_while_it_grows_and_folded_by_stage_afterwards() {
    let mut company = company().await;
    let id = company.open("pay").await;
    let writing = |story: &Value| story["builds"][0]["log_lines"].as_i64() > Some(5);
    let story = company.settle_until(&id, writing).await;
    assert_eq!(story["builds"][0]["log_complete"], false, "{story}");
    let here = "/projects/pay/releases/1/log/lines";
    let end = company.developer.get(here).await.body;
    let live = format!("data-part-url=\"{here}\"");
    assert!(end.contains(&live) && end.contains("data-follow"), "{end}");
    let start = company.developer.get(&format!("{here}?from=0")).await.body;
    assert!(!start.contains(&live), "{start}");
    assert!(start.contains("Follow the end"), "{start}");

    company.settle().await;
    let whole = company.developer.get(here).await.body;
    assert!(!whole.contains(&live), "{whole}");
    let folds = whole.matches("<details class=\"fold\" id=\"stage-").count();
    let story = company.release(&id).await;
    let stages = story["builds"][0]["stages"].as_array().unwrap().len();
    assert!(
        stages > 1 && folds == stages,
        "{folds} of {stages}: {whole}"
    );
    assert!(!whole.contains("stage-1\" open"), "{whole}");
    let lines = story["builds"][0]["log_lines"].as_i64().unwrap();
    for line in 1..=lines {
        assert!(
            whole.contains(&format!("id=\"L{line}\"")),
            "{line}: {whole}"
        );
    }
    let found = company.developer.get(&format!("{here}?q=push")).await.body;
    assert!(
        found.contains(&format!("href=\"{here}?from=0#L")),
        "{found}"
    );
    let rest = company.developer.get(&format!("{here}?from=10")).await.body;
    assert!(
        rest.contains("Earlier lines") && !rest.contains("id=\"L10\""),
        "{rest}"
    );
    company.check().await;
}
