//! Changes of containers that are there: shown field by field, and rolled out by a yes.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use slipway_sim::{Fault, System};

use crate::support::Browser;
use crate::support::browser::Answer;
use crate::support::company::{Company, approve};

async fn file(who: &mut Browser, kind: &str, environment: &str, parameters: Value) -> Answer {
    let body = json!({ "kind": kind, "project": "pay", "environment": environment,
        "parameters": parameters, "note": "the sale begins at eight" });
    who.api(Method::POST, "/requests", &body).await
}

async fn filed(company: &mut Company, kind: &str, environment: &str, parameters: Value) -> i64 {
    let answer = file(&mut company.developer, kind, environment, parameters).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["number"].as_i64().unwrap()
}

async fn request(company: &mut Company, number: i64) -> Value {
    let path = format!("/requests/{number}");
    company.ops.api_get(&path).await.json()
}

/// Of the request that a form was sent on to.
fn number_of(sent: &Answer) -> i64 {
    let path = sent.header("location");
    path.rsplit('/').next().unwrap().parse().unwrap()
}

/// With a release in test and in production.
async fn company() -> Company {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    let release = company.open("pay").await;
    company.settle().await;
    company.confirm(&release).await;
    company.send_to_production(&release).await;
    company
}

fn container(company: &Company, cluster: &str, namespace: &str) -> Value {
    let deployment = company.deployment(cluster, namespace, "pay");
    deployment["spec"]["template"]["spec"]["containers"][0].clone()
}

fn scaler(company: &Company, cluster: &str, namespace: &str) -> Value {
    let mut kubernetes = company.world.kubernetes();
    let cluster = kubernetes.cluster(cluster).unwrap();
    let found = cluster.object("HorizontalPodAutoscaler", namespace, "pay");
    found.cloned().unwrap_or_default()["spec"].clone()
}

#[tokio::test]
async fn more_containers_are_there_after_one_yes() {
    let mut company = company().await;
    let before = company.deployment("sh-prod", "pay-prod", "pay");
    let asked = json!({ "min": 3, "max": 8 });
    let number = filed(&mut company, "scale", "prod", asked.clone()).await;
    let shown = request(&mut company, number).await;
    let said = &shown["computed"]["clusters"][0]["said"];
    assert_eq!(said.as_array().unwrap().len(), 2, "{said}");
    assert_eq!(said[0]["field"], "replicas.max");
    assert_eq!((&said[0]["from"], &said[0]["to"]), (&json!(4), &json!(8)));
    let page = company.ops.get(&format!("/requests/{number}")).await;
    assert!(page.body.contains("replicas.max: 4 → 8"), "{}", page.body);
    approve(&mut company.ops, number).await;
    company.settle().await;
    let done = request(&mut company, number).await;
    assert_eq!(done["state"], "done", "{}", company.runs().await);
    let spec = scaler(&company, "sh-prod", "pay-prod");
    assert_eq!(
        (&spec["minReplicas"], &spec["maxReplicas"]),
        (&json!(3), &json!(8))
    );
    let after = company.deployment("sh-prod", "pay-prod", "pay");
    assert_eq!(before["metadata"]["uid"], after["metadata"]["uid"]);
    let image = |d: &Value| d["spec"]["template"]["spec"]["containers"][0]["image"].clone();
    assert_eq!(image(&before), image(&after));
    // Test was not asked for, and the same once more changes nothing.
    assert_eq!(scaler(&company, "sh-test", "pay-test")["maxReplicas"], 4);
    let again = file(&mut company.developer, "scale", "prod", asked).await;
    assert_eq!(again.status, 400, "{}", again.body);
    assert_eq!(again.json()["fields"][0]["code"], "change-nothing");
    company.check().await;
}

/// What nobody decides on is shown beside: it may be otherwise a moment later.
#[tokio::test]
async fn deciders_see_how_it_is_there_right_now() {
    let mut company = company().await;
    let number = filed(&mut company, "scale", "prod", json!({ "min": 4, "max": 8 })).await;
    approve(&mut company.ops, number).await;
    company.settle().await;
    let number = filed(&mut company, "scale", "prod", json!({ "min": 2, "max": 3 })).await;
    let path = format!("/requests/{number}");
    let text = company.ops.get(&path).await.text("main");
    let fewer = "sh-prod: 4 containers run, and a yes leaves 3 at most.";
    assert!(text.contains(fewer), "{text}");

    // A cluster tells by the second who wrote.
    company.advance(Duration::from_secs(2)).await;
    company
        .set_image_by_hand(("sh-prod", "pay-prod", "pay"), "registry/other:1")
        .await;
    let text = company.ops.get(&path).await.text("main");
    let other = "sh-prod runs registry/other:1, which is not what was deployed";
    assert!(text.contains(other), "{text}");
    let hand = "has written to the Deployment of sh-prod since it was deployed";
    assert!(text.contains(hand), "{text}");

    let away = Fault::on(System::named("sh-prod")).always();
    company.world.fault(away);
    let page = company.ops.get(&path).await;
    let text = page.text("main");
    assert!(text.contains("sh-prod does not answer"), "{text}");
    assert!(
        page.body.contains(r#"name="verdict""#),
        "it can be decided on"
    );
}

#[tokio::test]
async fn what_is_typed_wrong_is_named() {
    let mut company = company().await;
    let lin = &mut company.developer;
    for (kind, environment, parameters, field) in [
        (
            "scale",
            "prod",
            json!({ "min": 9, "max": 1 }),
            "parameters.max",
        ),
        (
            "scale",
            "moon",
            json!({ "min": 2, "max": 3 }),
            "environment",
        ),
        (
            "scale",
            "prod",
            json!({ "min": 2, "max": 3, "component": "other" }),
            "environment",
        ),
        (
            "scale",
            "prod",
            json!({ "min": 2, "max": 3, "clusters": ["x"] }),
            "parameters.clusters",
        ),
        (
            "parameters",
            "prod",
            json!({ "parameters": {}, "per_cluster": { "moon": { "port": 1 } } }),
            "parameters.per_cluster",
        ),
        (
            "parameters",
            "prod",
            json!({ "parameters": { "cpu": { "limit": "many" } } }),
            "parameters.cpu.limit",
        ),
    ] {
        let answer = file(lin, kind, environment, parameters).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        let first = answer.json()["fields"][0]["field"].clone();
        assert!(
            first.as_str().unwrap().contains(field),
            "{first} for {field}"
        );
    }
    let chen = file(
        &mut company.tester,
        "scale",
        "prod",
        json!({ "min": 2, "max": 3 }),
    )
    .await;
    assert_eq!(chen.status, 403, "{}", chen.body);
}

fn field(fields: &[(String, String)], name: &str) -> String {
    let found = fields.iter().find(|(n, _)| n == name);
    found.map(|(_, v)| v.clone()).unwrap_or_default()
}

async fn sent(company: &mut Company, fields: &[(String, String)], more: &[(&str, &str)]) -> Answer {
    let named = |name: &str| more.iter().any(|(n, _)| *n == name);
    let kept = fields.iter().filter(|(n, _)| !named(n));
    let mut pairs: Vec<(&str, &str)> = kept.map(|(n, v)| (&**n, &**v)).collect();
    pairs.extend(more.iter().filter(|(_, v)| !v.is_empty()));
    let path = "/projects/pay/containers/change";
    company.developer.post(path, &pairs).await
}

/// The same form as a document: turned there and back nothing is lost, and it is read by the same
/// rules.
#[tokio::test]
async fn a_change_is_written_as_json() {
    let mut company = company().await;
    let here = "/projects/pay/containers/change?environment=test&component=main";
    let form = company.developer.get(here).await.fields();
    let shown = sent(&mut company, &form, &[("view", "json")]).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    let as_json = shown.fields();
    assert!(as_json.iter().all(|(n, _)| !n.starts_with("parameters.")));
    let text = field(&as_json, "json");
    let mut document: Value = serde_json::from_str(&text).expect("a document");
    assert_eq!(document["port"], 8080, "{text}");

    let back = sent(&mut company, &as_json, &[("view", "form")]).await;
    let again: Vec<_> = back
        .fields()
        .into_iter()
        .filter(|(n, _)| n != "draft")
        .collect();
    let first: Vec<_> = form.into_iter().filter(|(n, _)| n != "draft").collect();
    assert_eq!(again, first);

    let broken = sent(&mut company, &as_json, &[("json", "{\n \"port\": }")]).await;
    assert_eq!(broken.status, 400, "{}", broken.body);
    assert!(
        broken.body.contains("from line 2, column 10 on"),
        "{}",
        broken.body
    );
    assert_eq!(field(&broken.fields(), "json"), "{\n \"port\": }");

    document["memory"]["limit"] = json!("much");
    let wrong = document.to_string();
    let wrong = sent(&mut company, &as_json, &[("json", &wrong)]).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.body.contains("memory.limit: "), "{}", wrong.body);

    document["memory"]["limit"] = json!("512Mi");
    let right = document.to_string();
    let right = sent(&mut company, &as_json, &[("json", &right)]).await;
    assert_eq!(right.status, 303, "{}", right.body);
    let number = number_of(&right);
    let shown = request(&mut company, number).await;
    let said = shown["computed"]["clusters"][0]["said"].as_array().unwrap();
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0]["field"], "memory.limit");
}

#[tokio::test]
async fn a_change_is_made_by_the_form_that_is_filled_with_today() {
    let mut company = company().await;
    let here = "/projects/pay/containers/change?environment=test&component=main";
    let form = company.developer.get(here).await;
    assert_eq!(form.status, 200, "{}", form.body);
    let mut fields = form.fields();
    let sends = |fields: &[(String, String)]| -> Vec<(String, String)> { fields.to_vec() };
    let unchanged = sends(&fields);
    let pairs: Vec<(&str, &str)> = unchanged.iter().map(|(n, v)| (&**n, &**v)).collect();
    let same = company
        .developer
        .post("/projects/pay/containers/change", &pairs)
        .await;
    let path = same.header("location").to_owned();
    let shown = company.ops.api_get(&path).await;
    assert_eq!(same.status, 400, "{}", shown.body);
    assert!(
        same.body.contains("Nothing would be otherwise"),
        "{}",
        same.body
    );
    let memory = fields
        .iter_mut()
        .find(|(n, _)| n == "parameters.memory.limit");
    memory.unwrap().1 = "512Mi".to_owned();
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (&**n, &**v)).collect();
    let sent = company
        .developer
        .post("/projects/pay/containers/change", &pairs)
        .await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let number = number_of(&sent);
    let shown = request(&mut company, number).await;
    let said = shown["computed"]["clusters"][0]["said"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0]["field"], "memory.limit");
    approve(&mut company.ops, number).await;
    company.settle().await;
    let done = request(&mut company, number).await;
    assert_eq!(done["state"], "done", "{}", company.runs().await);
    let container = container(&company, "sh-test", "pay-test");
    assert_eq!(container["resources"]["limits"]["memory"], "512Mi");
    // The secret that the form never shows is still the same one.
    let env = container["env"].as_array().unwrap();
    let token = env.iter().find(|v| v["name"] == "TOKEN").unwrap();
    assert!(token["valueFrom"]["secretKeyRef"].is_object(), "{token}");
}

#[tokio::test]
async fn a_yes_to_what_has_moved_is_refused() {
    let mut company = company().await;
    let first = filed(&mut company, "scale", "prod", json!({ "min": 3, "max": 8 })).await;
    let second = filed(&mut company, "scale", "prod", json!({ "min": 2, "max": 6 })).await;
    let hash = request(&mut company, second).await["hash"].clone();
    approve(&mut company.ops, first).await;
    let decide = |hash: Value| json!({ "verdict": "approve", "hash": hash });
    let path = format!("/requests/{second}/decisions");
    let late = company.ops.api(Method::POST, &path, &decide(hash)).await;
    assert_eq!(late.status, 409, "{}", late.body);
    assert_eq!(request(&mut company, second).await["state"], "open");
    company.settle().await;
    let spec = scaler(&company, "sh-prod", "pay-prod");
    assert_eq!(spec["maxReplicas"], 8);
}

#[tokio::test]
async fn nothing_is_decided_while_something_is_on_its_way_there() {
    let mut company = company().await;
    let first = filed(&mut company, "scale", "prod", json!({ "min": 3, "max": 8 })).await;
    approve(&mut company.ops, first).await;
    let second = filed(&mut company, "scale", "prod", json!({ "min": 2, "max": 6 })).await;
    let hash = request(&mut company, second).await["hash"].clone();
    let path = format!("/requests/{second}/decisions");
    let yes = json!({ "verdict": "approve", "hash": hash });
    let busy = company.ops.api(Method::POST, &path, &yes).await;
    assert_eq!(busy.status, 409, "{}", busy.body);
    assert_eq!(busy.json()["code"], "change-busy");
    company.settle().await;
    approve(&mut company.ops, second).await;
    company.settle().await;
    assert_eq!(scaler(&company, "sh-prod", "pay-prod")["maxReplicas"], 6);
}

#[tokio::test]
async fn the_button_beside_the_containers_files_it() {
    let mut company = company().await;
    let all = company.ops.api_get("/projects/pay/workloads").await.json();
    let items = all["items"].as_array().unwrap();
    let here = items.iter().find(|w| w["environment"] == "test").unwrap();
    let path = format!(
        "/projects/pay/workloads/{}/scale",
        here["id"].as_str().unwrap()
    );
    let lin = &mut company.developer;
    let typed = [("min", "many"), ("max", "3"), ("note", "The sale")];
    let wrong = lin.post(&path, &typed).await;
    assert_eq!(wrong.status, 400, "{}", wrong.body);
    for kept in [
        r#"value="many""#,
        r#"value="The sale""#,
        "At least: Must be 1 or more.",
    ] {
        assert!(wrong.body.contains(kept), "{kept}: {}", wrong.body);
    }
    let page = lin.get("/projects/pay/containers?environment=test").await;
    assert!(page.body.contains(&path), "{}", page.body);
    let sent = lin.post(&path, &[("min", "1"), ("max", "")]).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let number = number_of(&sent);
    approve(&mut company.ops, number).await;
    company.settle().await;
    let done = request(&mut company, number).await;
    assert_eq!(done["state"], "done", "{}", company.runs().await);
    let deployment = company.deployment("sh-test", "pay-test", "pay");
    assert_eq!(deployment["spec"]["replicas"], 1, "{deployment}");
}

#[tokio::test]
async fn what_was_before_is_asked_for_from_the_request_that_changed_it() {
    let mut company = company().await;
    let number = filed(&mut company, "scale", "prod", json!({ "min": 3, "max": 8 })).await;
    let here = format!("/projects/pay/containers/change?before={number}");
    let page = company.developer.get(&format!("/requests/{number}")).await;
    assert!(!page.body.contains(&here), "nothing was made yet");
    approve(&mut company.ops, number).await;
    company.settle().await;
    let page = company.developer.get(&format!("/requests/{number}")).await;
    assert!(page.body.contains(&here), "{}", page.body);
    let form = company.developer.get(&here).await;
    let fields = form.fields();
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (&**n, &**v)).collect();
    let change = "/projects/pay/containers/change";
    let sent = company.developer.post(change, &pairs).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let back = number_of(&sent);
    let said = request(&mut company, back).await["computed"]["clusters"][0]["said"].clone();
    assert_eq!(said.as_array().unwrap().len(), 2, "{said}");
    assert_eq!((&said[0]["from"], &said[0]["to"]), (&json!(8), &json!(4)));
    approve(&mut company.ops, back).await;
    company.settle().await;
    assert_eq!(scaler(&company, "sh-prod", "pay-prod")["maxReplicas"], 4);
}

#[tokio::test]
async fn a_start_that_was_slower_than_allowed_proposes_its_number() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    {
        let mut kubernetes = company.world.kubernetes();
        let settings = &mut kubernetes.cluster("sh-test").unwrap().settings;
        let slow = Duration::from_secs(45);
        settings.boots.insert("pay-test".to_owned(), slow);
    }
    company.commit("pay", "Read a capture back after 409");
    company.open("pay").await;
    company.settle().await;
    let page = company
        .developer
        .get("/projects/pay/containers?environment=test")
        .await;
    assert!(page.body.contains("measured=true"), "{}", page.body);
    let here = "/projects/pay/containers/change?environment=test&component=main&measured=true";
    let form = company.developer.get(here).await;
    let fields = form.fields();
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (&**n, &**v)).collect();
    let sent = company
        .developer
        .post("/projects/pay/containers/change", &pairs)
        .await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let number = number_of(&sent);
    let asked = request(&mut company, number).await;
    let said = asked["computed"]["clusters"][0]["said"].clone();
    assert_eq!(said.as_array().unwrap().len(), 1, "{said}");
    assert_eq!(said[0]["field"], "probes.liveness.delay_seconds");
    assert_eq!((&said[0]["from"], &said[0]["to"]), (&json!(15), &json!(60)));
    assert!(
        asked["note"].as_str().unwrap().contains("60 would do"),
        "{asked}"
    );
}

#[tokio::test]
async fn a_rollback_ends_a_change_that_is_on_its_way() {
    let mut company = company().await;
    company.commit("pay", "Log in JSON");
    company.open("pay").await;
    company.settle().await;
    let number = filed(&mut company, "scale", "test", json!({ "min": 3, "max": 8 })).await;
    approve(&mut company.ops, number).await;
    let path = "/projects/pay/environments/test/rollbacks";
    let known = company.developer.api_get(path).await.json();
    let artifact = known["items"][0]["artifact"]["id"].clone();
    let back = json!({ "artifact": artifact, "reason": "the log is unreadable" });
    let answer = company.developer.api(Method::POST, path, &back).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    company.settle().await;
    // Its rollout never came to its end; what it said stays wanted, and came with the rollback.
    let ended = request(&mut company, number).await;
    assert_eq!(ended["state"], "failed", "{}", company.runs().await);
    assert_eq!(scaler(&company, "sh-test", "pay-test")["maxReplicas"], 8);
}

#[tokio::test]
async fn a_policy_may_ask_before_anybody_goes_back() {
    let mut company = company().await;
    let digest = |image: String| image.rsplit_once('@').unwrap().1.to_owned();
    let first = digest(company.image("sh-prod", "pay-prod", "pay"));
    company.commit("pay", "Log in JSON");
    let release = company.open("pay").await;
    company.settle().await;
    company.confirm(&release).await;
    company.send_to_production(&release).await;
    let second = digest(company.image("sh-prod", "pay-prod", "pay"));
    let policy = json!({ "kind": "rollback", "environment": "prod", "note": "customers notice",
        "excludes": ["builder", "confirmer"],
        "quorum": [{ "permission": "approve-production", "needed": 1 }] });
    let made = company.admin.api(Method::POST, "/policies", &policy).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = "/projects/pay/environments/prod/rollbacks";
    let known = company.developer.api_get(path).await.json();
    let mut items = known["items"].as_array().unwrap().iter();
    let to = items.find(|c| c["artifact"]["digest"] == first.as_str());
    let back = json!({ "artifact": to.unwrap()["artifact"]["id"], "reason": "captures fail" });
    let asked = company.developer.api(Method::POST, path, &back).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let number = asked.json()["request"].as_i64().unwrap();
    company.settle().await;
    assert_eq!(digest(company.image("sh-prod", "pay-prod", "pay")), second);
    let page = company.ops.get(&format!("/requests/{number}")).await;
    assert!(page.body.contains("captures fail"), "{}", page.body);
    // Whoever made or tested what it goes back to is left out, as the policy wants.
    let left_out = request(&mut company, number).await["excluded"].clone();
    let mut left_out: Vec<(&str, &str)> = left_out
        .as_array()
        .unwrap()
        .iter()
        .map(|x| (x["user"].as_str().unwrap(), x["because"].as_str().unwrap()))
        .collect();
    left_out.sort_unstable();
    assert_eq!(left_out, [("chen", "confirmer"), ("lin", "builder")]);
    approve(&mut company.ops, number).await;
    company.settle().await;
    assert_eq!(digest(company.image("sh-prod", "pay-prod", "pay")), first);
    let done = request(&mut company, number).await;
    assert_eq!(done["state"], "done", "{}", company.runs().await);
    // In test no policy asks.
    let path = "/projects/pay/environments/test/rollbacks";
    let known = company.developer.api_get(path).await.json();
    let back = json!({ "artifact": known["items"][0]["artifact"]["id"], "reason": "" });
    let begun = company.developer.api(Method::POST, path, &back).await;
    assert_eq!(begun.status, 201, "{}", begun.body);
}

#[tokio::test]
async fn what_runs_nothing_yet_gets_it_with_its_first_release() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    let number = filed(&mut company, "scale", "test", json!({ "min": 1, "max": 1 })).await;
    let page = company.ops.get(&format!("/requests/{number}")).await;
    assert!(
        page.body.contains("with the first release"),
        "{}",
        page.body
    );
    approve(&mut company.ops, number).await;
    assert_eq!(request(&mut company, number).await["state"], "done");
    company.commit("pay", "Read a capture back after 409");
    company.open("pay").await;
    company.settle().await;
    let deployment = company.deployment("sh-test", "pay-test", "pay");
    assert_eq!(deployment["spec"]["replicas"], 1, "{deployment}");
}
