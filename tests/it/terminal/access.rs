//! Shells that are given for a while: asked for, said yes to, ended, and over by themselves.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Knock, Stage, Terminal, Way, open};
use crate::support::Browser;
use crate::support::browser::Answer;
use crate::support::company::approve;
use crate::support::seed;

fn asking(environment: &str, hours: i32, files: bool) -> Value {
    json!({ "kind": "shell", "project": "pay", "environment": environment,
        "parameters": { "hours": hours, "files": files, "reason": "killed for memory at 9" } })
}

async fn ask(who: &mut Browser, asked: &Value) -> i64 {
    let answer = who.api(Method::POST, "/requests", asked).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["number"].as_i64().unwrap()
}

/// Asked for by somebody, with a yes of operations.
async fn given(stage: &mut Stage, asked: &Value) {
    let number = ask(&mut stage.company.tester, asked).await;
    approve(&mut stage.company.ops, number).await;
    let path = format!("/requests/{number}");
    let request = stage.company.ops.api_get(&path).await.json();
    assert_eq!(request["state"], "done", "{request}");
}

async fn try_open(who: &mut Browser, asked: &Value) -> Answer {
    who.api(Method::POST, "/terminals", asked).await
}

async fn come(stage: &mut Stage) -> (Way, Terminal) {
    let asked = stage.asked();
    let way = open(&mut stage.company.tester, &asked).await;
    let knock = Knock::of(&stage.company.tester, &way);
    (way, knock.enter().await.expect("a terminal"))
}

async fn fetch(stage: &Stage, id: &str) -> u16 {
    let path = format!("/api/v1/terminals/{id}/file?path=/proc/version");
    let request = stage.company.tester.request(Method::GET, &path);
    request.send().await.unwrap().status().as_u16()
}

async fn listed(stage: &mut Stage) -> Vec<Value> {
    let path = "/projects/pay/shell-access";
    let list = stage.company.ops.api_get(path).await.json();
    list["items"].as_array().unwrap().clone()
}

/// The environment's rule, set by an administrator.
async fn by_request(stage: &mut Stage, key: &str) {
    let admin = &mut stage.company.admin;
    let all = admin.api_get("/environments").await.json();
    let items = all["items"].as_array().unwrap();
    let found = items.iter().find(|e| e["key"] == key).unwrap();
    let clusters = found["clusters"].as_array().unwrap().iter();
    let clusters: Vec<&Value> = clusters.map(|c| &c["key"]).collect();
    let body = json!({ "key": key, "tier": found["tier"], "rank": found["rank"],
        "approvals": found["approvals"], "clusters": clusters, "shell_by_request": true });
    let path = format!("/environments/{}", found["id"].as_str().unwrap());
    let answer = admin.api(Method::PUT, &path, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["shell_by_request"], true);
    // Whoever does not speak of it does not lift it.
    let mut silent = body;
    silent.as_object_mut().unwrap().remove("shell_by_request");
    let answer = admin.api(Method::PUT, &path, &silent).await;
    assert_eq!(answer.json()["shell_by_request"], true, "{}", answer.body);
}

#[tokio::test]
async fn a_shell_is_given_for_hours_and_ends_when_it_is_taken() {
    let mut stage = Stage::start_in_production().await;
    seed::member(&stage.company.portal, "pay", "chen", "developer").await;
    let asked = stage.asked();
    let refused = try_open(&mut stage.company.tester, &asked).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let number = ask(&mut stage.company.tester, &asking("prod", 2, false)).await;
    // Whoever asks does not say yes, and nothing is given before somebody did.
    let path = format!("/requests/{number}");
    let shown = stage.company.tester.api_get(&path).await.json();
    let yes = json!({ "verdict": "approve", "hash": shown["hash"] });
    let path = format!("{path}/decisions");
    let own = stage.company.tester.api(Method::POST, &path, &yes).await;
    assert_eq!(own.status, 403, "{}", own.body);
    let refused = try_open(&mut stage.company.tester, &asked).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    approve(&mut stage.company.developer, number).await;

    let (way, mut terminal) = come(&mut stage).await;
    // Files are another matter, and so is any other environment.
    assert_eq!(fetch(&stage, &way.id).await, 403);
    let given = listed(&mut stage).await;
    assert_eq!(given.len(), 1, "{given:?}");
    assert_eq!(given[0]["person"]["user"], "chen");
    assert_eq!(given[0]["counts"], true);
    let id = given[0]["id"].as_str().unwrap();
    let path = format!("/projects/pay/shell-access/{id}");
    let answer = stage
        .company
        .developer
        .api(Method::DELETE, &path, &json!(null))
        .await;
    assert_eq!(answer.status, 204, "{}", answer.body);
    assert_eq!(terminal.hear("ended").await["ending"], "right-lost");
    assert_eq!(stage.ending(&way.id).await, "right-lost");
    let refused = try_open(&mut stage.company.tester, &asked).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let given = listed(&mut stage).await;
    assert_eq!(given[0]["counts"], false);
    assert_eq!(given[0]["ended_by"]["user"], "lin");
    assert_eq!(stage.trail("shell.give").await.len(), 1);
    assert_eq!(stage.trail("shell.end").await.len(), 1);
}

#[tokio::test]
async fn it_is_over_by_itself_and_takes_its_terminal_with_it() {
    let mut stage = Stage::start_in_production().await;
    seed::member(&stage.company.portal, "pay", "chen", "developer").await;
    given(&mut stage, &asking("prod", 1, true)).await;
    let (way, mut terminal) = come(&mut stage).await;
    let status = fetch(&stage, &way.id).await;
    assert_ne!(status, 403);
    stage.company.advance(Duration::from_mins(61)).await;
    assert_eq!(terminal.hear("ended").await["ending"], "right-lost");
    let asked = stage.asked();
    let refused = try_open(&mut stage.company.tester, &asked).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
}

#[tokio::test]
async fn an_environment_may_ask_for_a_yes_of_everybody() {
    let mut stage = Stage::start_in_production().await;
    by_request(&mut stage, "prod").await;
    let asked = stage.asked();
    // Neither an owner nor operations get round it.
    for who in [&mut stage.company.developer, &mut stage.company.ops] {
        let refused = try_open(who, &asked).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        assert_eq!(refused.json()["code"], "shell-access-needed");
    }
    let here = "/projects/pay/containers?environment=prod";
    let page = stage.company.developer.get(here).await;
    assert!(
        page.body.contains("/projects/pay/shell-access"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("/terminals/new"), "{}", page.body);
    let number = ask(&mut stage.company.developer, &asking("prod", 4, false)).await;
    approve(&mut stage.company.ops, number).await;
    open(&mut stage.company.developer, &asked).await;
}

#[tokio::test]
async fn it_is_asked_for_by_a_form_that_says_what_is_wrong() {
    let mut stage = Stage::start().await;
    let path = "/projects/pay/shell-access";
    let lin = &mut stage.company.developer;
    let wrong = [("environment", "test"), ("hours", "3"), ("reason", " ")];
    let again = lin.post(path, &wrong).await;
    assert_eq!(again.status, 400, "{}", again.body);
    for id in ["e-hours", "e-reason"] {
        assert!(
            again.body.contains(&format!("id=\"{id}\"")),
            "{}",
            again.body
        );
    }
    let answer = lin
        .api(Method::POST, "/requests", &asking("moon", 2, false))
        .await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(answer.json()["fields"][0]["field"], "environment");
    let right = [
        ("environment", "test"),
        ("hours", "24"),
        ("files", "true"),
        ("reason", "a dump of the heap"),
    ];
    let sent = lin.post(path, &right).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let request = lin.get(sent.header("location")).await;
    assert!(
        request.body.contains("a dump of the heap"),
        "{}",
        request.body
    );
    let page = lin.get(path).await;
    assert_eq!(page.status, 200, "{}", page.body);
}
