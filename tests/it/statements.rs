//! What a page costs the database: a number of statements that does not grow with rows, and no
//! write but the session's touch.

use reqwest::Method;
use serde_json::json;

use crate::support::Browser;
use crate::support::company::Company;
use crate::support::logs::Logs;

/// Statements that every page of somebody who is signed in costs: the session, the person, and
/// the number in the menu. A page of a project asks for the project besides.
const SESSION_AND_ACCESS: usize = 4;

/// The statements of one GET, in their order, but for what one of many visits pays: the session's
/// touch once a minute, and the look at the switch that stops production after something happened.
async fn statements(browser: &mut Browser, path: &str) -> Vec<String> {
    assert_eq!(browser.get(path).await.status, 200, "{path}");
    let (logs, listening) = Logs::listen();
    let answer = browser.get(path).await;
    drop(listening);
    assert_eq!(answer.status, 200, "{path}");
    let text = logs.text();
    // Others' polls on the same thread are outside of any call.
    let lines = text
        .lines()
        .filter(|l| l.contains("DEBUG call") && l.contains("sqlx::query"));
    let summary = |l: &str| {
        l.split("db.statement=")
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let statements = lines.map(summary);
    let seldom = [
        "INSERT INTO session",
        "UPDATE session",
        "SELECT s.reason, s.holds_rollbacks",
    ];
    let is_seldom = |s: &String| seldom.iter().any(|part| s.contains(part));
    statements.filter(|s| !is_seldom(s)).collect()
}

const PAGES: &[&str] = &[
    "/",
    "/me",
    "/projects",
    "/projects/new",
    "/projects/pay",
    "/projects/pay/releases",
    "/projects/pay/releases/1",
    "/projects/pay/containers",
    "/projects/pay/containers/new",
    "/projects/pay/resources",
    "/projects/pay/resources/new",
    "/resources",
    "/resources?q=10.2.3.4",
    "/resources/1",
    "/projects?q=10.2.3.4",
    "/requests",
    "/requests?for=all",
    "/requests/2",
    "/audit",
    "/clusters",
    "/clusters/sh-test",
    "/clusters/sh-test/intake",
    "/connections",
    "/connections/gitlab",
    "/notices",
    "/notices/hook",
    "/projects/pay/notices",
    "/me/notices",
];

/// The statements of every page, as operations who see everything.
async fn all(company: &mut Company) -> Vec<(&'static str, Vec<String>)> {
    let mut found = Vec::new();
    for path in PAGES {
        found.push((*path, statements(&mut company.ops, path).await));
    }
    found
}

async fn release(company: &mut Company, key: &str) {
    company.commit(key, "Read a capture back after 409");
    company.open(key).await;
    company.settle().await;
}

async fn resource(company: &mut Company, project: &str, address: &str) {
    let server = json!({ "kind": "other", "name": format!("{project}-{address}"),
        "project": project, "size": { "what": "a till" }, "addresses": [address] });
    let answer = company.ops.api(Method::POST, "/resources", &server).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[tokio::test]
async fn pages_cost_the_same_however_many_rows_there_are() {
    let mut company = Company::start().await;
    let hook = json!({ "key": "hook", "kind": "webhook", "url": "http://127.0.0.1:9/",
        "secret": "a secret", "events": ["request-waits"], "digest": "0 9 * * *" });
    let path = "/notices/channels";
    let answer = company.admin.api(Method::POST, path, &hook).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    company.project_with_places("pay").await;
    release(&mut company, "pay").await;
    resource(&mut company, "pay", "10.2.3.4").await;
    let few = all(&mut company).await;
    for key in ["ledger", "shop", "till"] {
        company.project_with_places(key).await;
        release(&mut company, key).await;
        release(&mut company, "pay").await;
        resource(&mut company, key, "10.2.3.0/24").await;
    }
    let many = all(&mut company).await;
    for ((path, few), (_, many)) in few.iter().zip(&many) {
        assert_eq!(few.len(), many.len(), "{path}: {few:#?} {many:#?}");
        let project = if *path == "/projects/pay" { 4 } else { 12 };
        let most = SESSION_AND_ACCESS + project;
        assert!(many.len() <= most, "{path} takes {}: {many:#?}", many.len());
        for statement in many {
            let writes = ["INSERT", "UPDATE", "DELETE"];
            let writes = writes
                .iter()
                .any(|w| statement.contains(&format!("summary=\"{w}")));
            assert!(!writes, "{path} writes: {statement}");
        }
    }
}
