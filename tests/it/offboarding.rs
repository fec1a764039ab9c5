//! Taking away: one workload, and a whole project, by a yes to exactly what was shown.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::browser::{Answer, Browser};
use crate::support::company::{Company, approve};

async fn released() -> Company {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    let id = company.open("pay").await;
    company.settle().await;
    company.confirm(&id).await;
    company.send_to_production(&id).await;
    company
}

/// Kinds of a namespace's objects that are there under the workload's name.
fn there(company: &Company, cluster: &str, namespace: &str) -> Vec<&'static str> {
    let mut kubernetes = company.world.kubernetes();
    let cluster = kubernetes.cluster(cluster).unwrap();
    const KINDS: [&str; 3] = ["Deployment", "HorizontalPodAutoscaler", "Service"];
    let mut kinds: Vec<_> = KINDS.to_vec();
    kinds.retain(|kind| cluster.object(kind, namespace, "pay").is_some());
    kinds
}

fn has_namespace(company: &Company, cluster: &str, namespace: &str) -> bool {
    let mut kubernetes = company.world.kubernetes();
    let cluster = kubernetes.cluster(cluster).unwrap();
    cluster.object("Namespace", "", namespace).is_some()
}

fn has_pull_secret(company: &Company) -> bool {
    let mut kubernetes = company.world.kubernetes();
    let cluster = kubernetes.cluster("sh-test").expect("a cluster");
    let found = cluster.object("Secret", "pay-test", "slipway-pull");
    found.is_some()
}

fn location(answer: &Answer) -> String {
    answer.headers["location"].to_str().unwrap().to_owned()
}

async fn workload(who: &mut Browser, environment: &str) -> Option<Value> {
    let all = who.api_get("/projects/pay/workloads").await.json();
    let all = all["items"].as_array().unwrap().clone();
    all.into_iter().find(|w| w["environment"] == environment)
}

async fn ask(who: &mut Browser, kind: &str, environment: Value, parameters: Value) -> (u16, Value) {
    let body = json!({ "kind": kind, "project": "pay", "environment": environment,
        "parameters": parameters, "note": "Its last caller moved away" });
    let answer = who.api(Method::POST, "/requests", &body).await;
    (answer.status, answer.json())
}

async fn state(who: &mut Browser, number: i64) -> Value {
    let request = who.api_get(&format!("/requests/{number}")).await;
    request.json()["state"].clone()
}

#[tokio::test]
async fn one_workload_goes_and_the_rest_stays() {
    let mut company = released().await;
    let test = workload(&mut company.developer, "test").await.unwrap();
    let path = format!(
        "/projects/pay/workloads/{}/removal",
        test["id"].as_str().unwrap()
    );
    let form = company.developer.get(&path).await;
    assert_eq!(form.status, 200, "{}", form.body);
    assert!(form.body.contains("pay-test/pay"), "{}", form.body);
    assert_eq!(company.tester.get(&path).await.status, 403);
    let why = [("note", " ")];
    let refused = company.developer.post(&path, &why).await;
    assert_eq!(refused.status, 400);
    let filed = company
        .developer
        .post(&path, &[("note", "Test moved to another cluster")])
        .await;
    assert_eq!(filed.status, 303, "{}", filed.body);
    let page = location(&filed);
    let number: i64 = page.trim_start_matches("/requests/").parse().unwrap();
    // Nothing goes before the yes.
    company.settle().await;
    assert_eq!(there(&company, "sh-test", "pay-test").len(), 3);
    approve(&mut company.ops, number).await;
    assert!(workload(&mut company.developer, "test").await.is_none());
    company.settle().await;
    assert_eq!(
        state(&mut company.developer, number).await,
        "done",
        "{}",
        company.runs().await
    );
    assert!(there(&company, "sh-test", "pay-test").is_empty());
    assert!(has_namespace(&company, "sh-test", "pay-test"));
    assert_eq!(there(&company, "sh-prod", "pay-prod").len(), 3);
    assert!(workload(&mut company.developer, "prod").await.is_some());
    // The same place may be asked for again, and is made like the first one.
    company.containers("pay", "test").await;
    assert_eq!(there(&company, "sh-test", "pay-test").len(), 3);
    let again = workload(&mut company.developer, "test").await.unwrap();
    assert_ne!(again["id"], test["id"]);
    company.check().await;
}

#[tokio::test]
async fn what_moved_or_is_moving_is_not_taken_away_by_an_older_yes() {
    let mut company = released().await;
    let main = json!({ "component": "main" });
    let (status, filed) = ask(
        &mut company.developer,
        "removal",
        json!("prod"),
        main.clone(),
    )
    .await;
    assert_eq!(status, 201, "{filed}");
    let number = filed["number"].as_i64().unwrap();
    let path = format!("/requests/{number}");
    let hash = company.ops.api_get(&path).await.json()["hash"].clone();
    let yes = json!({ "verdict": "approve", "hash": hash });
    let path = format!("{path}/decisions");
    let prod = workload(&mut company.developer, "prod").await.unwrap();
    let restart = format!("/workloads/{}/restart", prod["id"].as_str().unwrap());
    let restarted = company
        .ops
        .api(Method::POST, &restart, &json!({ "reason": "stale" }))
        .await;
    assert_eq!(restarted.status, 201, "{}", restarted.body);
    let early = company.ops.api(Method::POST, &path, &yes).await;
    assert_eq!(early.status, 409, "{}", early.body);
    company.settle().await;
    let late = company.ops.api(Method::POST, &path, &yes).await;
    assert_eq!(late.status, 409, "{}", late.body);
    assert_eq!(there(&company, "sh-prod", "pay-prod").len(), 3);
    // Of what is not there nothing can be asked for.
    let other = json!({ "component": "worker" });
    let (status, told) = ask(&mut company.developer, "removal", json!("prod"), other).await;
    assert_eq!(
        (status, &told["fields"][0]["field"]),
        (400, &json!("parameters.component"))
    );
    company.check().await;
}

#[tokio::test]
async fn while_it_rolls_nobody_takes_it_away() {
    let mut company = released().await;
    let prod = workload(&mut company.developer, "prod").await.unwrap();
    let restart = format!("/workloads/{}/restart", prod["id"].as_str().unwrap());
    let restarted = company
        .ops
        .api(Method::POST, &restart, &json!({ "reason": "stale" }))
        .await;
    assert_eq!(restarted.status, 201, "{}", restarted.body);
    let main = json!({ "component": "main" });
    let (status, filed) = ask(&mut company.developer, "removal", json!("prod"), main).await;
    assert_eq!(status, 201, "{filed}");
    let path = format!("/requests/{}", filed["number"]);
    let hash = company.ops.api_get(&path).await.json()["hash"].clone();
    let yes = json!({ "verdict": "approve", "hash": hash });
    let path = format!("{path}/decisions");
    let busy = company.ops.api(Method::POST, &path, &yes).await;
    assert_eq!(
        (busy.status, &busy.json()["code"]),
        (409, &json!("removal-under-way"))
    );
    assert!(workload(&mut company.developer, "prod").await.is_some());
    company.settle().await;
    company.check().await;
}

#[tokio::test]
async fn a_project_goes_with_what_was_made_for_it_and_its_history_stays() {
    let mut company = released().await;
    let mut owner = company.portal.signed_in("lin").await;
    let page = owner.get("/projects/pay/offboarding").await;
    assert_eq!(page.status, 200, "{}", page.body);
    for said in [
        "pay-test/pay",
        "pay-prod/pay",
        "slipway/pay",
        "sh-prod · pay-prod",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert_eq!(
        company.tester.get("/projects/pay/offboarding").await.status,
        403
    );
    let wrong = [("key", "pya"), ("note", "Replaced")];
    let refused = owner.post("/projects/pay/offboarding", &wrong).await;
    assert_eq!(refused.status, 400);
    let right = [("key", "pay"), ("note", "Replaced by another service")];
    let filed = owner.post("/projects/pay/offboarding", &right).await;
    assert_eq!(filed.status, 303, "{}", filed.body);
    let number = location(&filed);
    let number: i64 = number.trim_start_matches("/requests/").parse().unwrap();
    let path = format!("/requests/{number}/decisions");
    let hash = owner.api_get(&format!("/requests/{number}")).await.json()["hash"].clone();
    let own = json!({ "verdict": "approve", "hash": hash });
    assert_eq!(owner.api(Method::POST, &path, &own).await.status, 403);
    approve(&mut company.ops, number).await;
    // From the yes on nothing new begins, by whoever.
    let release = json!({ "ref": "main", "note": "One more" });
    for who in [&mut owner, &mut company.ops] {
        let opened = who
            .api(Method::POST, "/projects/pay/releases", &release)
            .await;
        assert!([403, 409].contains(&opened.status), "{}", opened.body);
    }
    let (status, told) = ask(
        &mut owner,
        "containers",
        json!("test"),
        json!({
        "component": "other", "parameters": crate::support::company::parameters() }),
    )
    .await;
    assert_eq!((status, &told["code"]), (409, &json!("project-leaving")));
    company.settle().await;
    assert_eq!(
        state(&mut company.ops, number).await,
        "done",
        "{}",
        company.runs().await
    );
    for (cluster, namespace) in [("sh-test", "pay-test"), ("sh-prod", "pay-prod")] {
        assert!(!has_namespace(&company, cluster, namespace));
        assert!(there(&company, cluster, namespace).is_empty());
    }
    assert!(company.world.jenkins().config("slipway/pay").is_none());
    let runs = company.ops.get("/runs").await;
    for said in ["Off-boarding of pay", "Removal of pay from prod on sh-prod"] {
        assert!(runs.body.contains(said), "{said}: {}", runs.body);
    }
    // Who was in it is no more; who sees everything finds it among those that left.
    assert_eq!(owner.get("/projects/pay").await.status, 404);
    let there = company.ops.api_get("/projects").await.json();
    assert_eq!(there["items"], json!([]));
    let left = company.ops.api_get("/projects?left=true").await.json();
    assert_eq!(left["items"][0]["key"], "pay");
    let kept = company.ops.get("/projects/pay/releases").await;
    assert_eq!(kept.status, 200);
    assert!(kept.body.contains("was off-boarded"), "{}", kept.body);
    let listed = company.ops.get("/projects?left=true").await;
    assert!(listed.body.contains("/projects/pay"), "{}", listed.body);
    company.check().await;
}

/// Somebody takes the portal's label from a namespace: it is theirs from then on.
#[expect(
    clippy::disallowed_methods,
    reason = "somebody's own client, not the product's"
)]
async fn takes_the_label_away(company: &Company, namespace: &str) {
    let base = company.test.server.base_url();
    let patch = json!({ "metadata": { "labels": { "slipway/managed": null } } });
    let request = reqwest::Client::new()
        .patch(format!("{base}/api/v1/namespaces/{namespace}"))
        .bearer_auth("simulated-sh-test-admin")
        .header("content-type", "application/merge-patch+json")
        .body(patch.to_string());
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success());
}

/// The registry's credential, as a registry with an account would have had it put there.
#[expect(
    clippy::disallowed_methods,
    reason = "somebody's own client, not the product's"
)]
async fn has_a_pull_secret(company: &Company, namespace: &str) {
    let base = company.test.server.base_url();
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": { "name": "slipway-pull", "namespace": namespace }, "data": {} });
    let request = reqwest::Client::new()
        .post(format!("{base}/api/v1/namespaces/{namespace}/secrets"))
        .bearer_auth("simulated-sh-test-admin")
        .header("content-type", "application/json")
        .body(secret.to_string());
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{answer:?}");
}

#[tokio::test]
async fn what_is_somebody_elses_stays() {
    let mut company = released().await;
    let edit = |xml: &str| {
        xml.replace("\"pay\"", "\"other\"")
            .replace("&quot;pay&quot;", "&quot;other&quot;")
    };
    company.world.jenkins().edit_config("slipway/pay", edit);
    takes_the_label_away(&company, "pay-test").await;
    has_a_pull_secret(&company, "pay-test").await;
    assert!(has_pull_secret(&company));
    let key = json!({ "key": "pay" });
    let (status, filed) = ask(&mut company.ops, "offboarding", Value::Null, key).await;
    assert_eq!(status, 201, "{filed}");
    let mut other = company.portal.signed_in("sun").await;
    approve(&mut other, filed["number"].as_i64().unwrap()).await;
    company.settle().await;
    company.advance(Duration::from_secs(60)).await;
    assert!(company.world.jenkins().config("slipway/pay").is_some());
    assert!(has_namespace(&company, "sh-test", "pay-test"));
    assert!(!has_namespace(&company, "sh-prod", "pay-prod"));
    // What is ours in a namespace that stays goes nevertheless.
    assert!(!has_pull_secret(&company));
    company.check().await;
}

/// Gives up the unfinished step of the newest run of a kind.
async fn gives_up(company: &mut Company, kind: &str) {
    let path = format!("/runs?name={kind}&state=active");
    let runs = company.ops.api_get(&path).await.json();
    let run = runs["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/runs/{run}");
    let story = company.ops.api_get(&path).await.json();
    let step = story["story"].as_array().unwrap().last().unwrap()["id"].clone();
    let path = format!("/steps/{}/abandonment", step.as_str().unwrap());
    let reason = [("reason", "It is needed after all")];
    let done = company.ops.post(&path, &reason).await;
    assert_eq!(done.status, 303, "{}", done.body);
}

#[tokio::test]
async fn what_is_given_up_in_time_stays_and_can_go_later() {
    let mut company = released().await;
    let (whole, main) = (json!({ "key": "pay" }), json!({ "component": "main" }));
    let nowhere = Value::Null;
    let (_, filed) = ask(
        &mut company.developer,
        "offboarding",
        nowhere.clone(),
        whole.clone(),
    )
    .await;
    let number = filed["number"].as_i64().unwrap();
    approve(&mut company.ops, number).await;
    gives_up(&mut company, "offboarding").await;
    company.settle().await;
    assert_eq!(state(&mut company.ops, number).await, "failed");
    for (cluster, namespace) in [("sh-test", "pay-test"), ("sh-prod", "pay-prod")] {
        assert_eq!(there(&company, cluster, namespace).len(), 3);
    }
    let id = company.open("pay").await;
    company.settle().await;
    assert_eq!(company.release(&id).await["state"], "awaiting_confirmation");
    // The same for one workload; then it goes for good, and what is left with the project.
    let (_, filed) = ask(
        &mut company.developer,
        "removal",
        json!("test"),
        main.clone(),
    )
    .await;
    let number = filed["number"].as_i64().unwrap();
    approve(&mut company.ops, number).await;
    gives_up(&mut company, "removal").await;
    company.settle().await;
    assert_eq!(state(&mut company.ops, number).await, "failed");
    assert_eq!(there(&company, "sh-test", "pay-test").len(), 3);
    let (_, filed) = ask(&mut company.developer, "removal", json!("test"), main).await;
    approve(&mut company.ops, filed["number"].as_i64().unwrap()).await;
    company.settle().await;
    assert!(there(&company, "sh-test", "pay-test").is_empty());
    assert!(has_namespace(&company, "sh-test", "pay-test"));
    let (_, filed) = ask(&mut company.developer, "offboarding", nowhere, whole).await;
    let number = filed["number"].as_i64().unwrap();
    approve(&mut company.ops, number).await;
    company.settle().await;
    let ended = state(&mut company.ops, number).await;
    assert_eq!(ended, "done", "{}", company.runs().await);
    assert!(!has_namespace(&company, "sh-test", "pay-test"));
    assert!(!has_namespace(&company, "sh-prod", "pay-prod"));
    company.check().await;
}

#[tokio::test]
async fn what_is_still_being_made_is_not_taken_away_meanwhile() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let parameters = json!({ "parameters": crate::support::company::parameters() });
    let (status, filed) = ask(
        &mut company.developer,
        "containers",
        json!("test"),
        parameters,
    )
    .await;
    assert_eq!(status, 201, "{filed}");
    approve(&mut company.ops, filed["number"].as_i64().unwrap()).await;
    let main = json!({ "component": "main" });
    let (_, filed) = ask(&mut company.developer, "removal", json!("test"), main).await;
    let number = filed["number"].as_i64().unwrap();
    let path = format!("/requests/{number}");
    let hash = company.ops.api_get(&path).await.json()["hash"].clone();
    let yes = json!({ "verdict": "approve", "hash": hash });
    let path = format!("{path}/decisions");
    let early = company.ops.api(Method::POST, &path, &yes).await;
    let told = (early.status, early.json()["code"].clone());
    assert_eq!(told, (409, json!("removal-being-made")));
    company.settle().await;
    let test = workload(&mut company.developer, "test").await.unwrap();
    let done = company.ops.api(Method::POST, &path, &yes).await;
    assert!(done.status < 300, "{}", done.body);
    // Somebody who still has its page open starts nothing on it.
    let restart = format!("/workloads/{}/restart", test["id"].as_str().unwrap());
    let late = company.ops.api(Method::POST, &restart, &json!({})).await;
    assert_eq!(late.status, 409, "{}", late.body);
    company.settle().await;
    assert!(there(&company, "sh-test", "pay-test").is_empty());
    company.check().await;
}

#[tokio::test]
async fn a_project_whose_repository_never_came_goes_too() {
    let mut company = Company::start().await;
    let asked = crate::support::company::onboarding("pay");
    let filed = company
        .developer
        .api(Method::POST, "/projects", &asked)
        .await;
    let onboarding = filed.json()["request"].as_i64().unwrap();
    approve(&mut company.ops, onboarding).await;
    company.run_for(Duration::from_secs(5)).await;
    let key = json!({ "key": "pay" });
    let (status, filed) = ask(&mut company.developer, "offboarding", Value::Null, key).await;
    assert_eq!(status, 201, "{filed}");
    let number = filed["number"].as_i64().unwrap();
    approve(&mut company.ops, number).await;
    company.settle().await;
    assert_eq!(state(&mut company.ops, number).await, "done");
    assert_eq!(state(&mut company.ops, onboarding).await, "failed");
    company.check().await;
}
