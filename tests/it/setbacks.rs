//! What goes wrong on a release's way, and what people do about it: cancel, reject, build again,
//! withdraw a word, abort, test again.

mod back;
mod judged;
mod opened;
mod proven;
mod restarted;
mod stopped;
mod told;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Browser;
use crate::support::company::Company;

/// A company whose project has places, and a commit to release.
async fn company() -> Company {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    company
}

/// A release that runs in test and waits for a word.
async fn tested() -> (Company, String) {
    let mut company = company().await;
    let id = company.open("pay").await;
    company.settle().await;
    (company, id)
}

/// A release that is rolling out to production, half-way.
async fn rolling_in_production() -> (Company, String) {
    let (mut company, id) = tested().await;
    company.confirm(&id).await;
    let number = ask_for_production(&mut company, &id).await;
    crate::support::company::approve(&mut company.ops, number).await;
    let rolling = |story: &Value| {
        let mut all = story["deployments"].as_array().unwrap().iter();
        all.any(|d| d["cluster"] == "sh-prod" && d["state"] == "rolling")
    };
    company.settle_until(&id, rolling).await;
    (company, id)
}

async fn ask_for_production(company: &mut Company, id: &str) -> i64 {
    let path = format!("/releases/{id}/deployments");
    let body = json!({ "environment": "prod" });
    let asked = company.developer.api(Method::POST, &path, &body).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    asked.json()["request"].as_i64().unwrap()
}

/// Does something to a release: the answer's status and its code, or the release's state.
async fn press(who: &mut Browser, method: Method, path: &str, body: Value) -> (u16, String) {
    let answer = who.api(method, path, &body).await;
    let told = answer.json();
    let text = told["code"].as_str().or(told["state"].as_str());
    (answer.status, text.unwrap_or_default().to_owned())
}

fn deployment<'a>(story: &'a Value, cluster: &str) -> &'a Value {
    let all = story["deployments"].as_array().unwrap();
    all.iter().rfind(|d| d["cluster"] == cluster).unwrap()
}

async fn page(who: &mut Browser, path: &str) -> String {
    let answer = who.get(path).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.text("main")
}
