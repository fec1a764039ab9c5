//! Kinds without a form of their own: each is changed and asked again from its request's page.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::browser::Answer;
use crate::support::company::Company;

/// With two releases that went to production and a third one that may.
pub async fn company() -> Company {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    for message in ["Read a capture back after 409", "Log in JSON"] {
        company.commit("pay", message);
        let release = company.open("pay").await;
        company.settle().await;
        company.confirm(&release).await;
        company.send_to_production(&release).await;
    }
    company
}

/// What Lin asks for over the API; its number.
pub async fn ask(company: &mut Company, body: &Value) -> i64 {
    let lin = &mut company.developer;
    let answer = lin.api(Method::POST, "/requests", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["number"].as_i64().expect("a number")
}

pub async fn asked(company: &mut Company, number: i64) -> Value {
    let path = format!("/requests/{number}");
    company.developer.api_get(&path).await.json()
}

/// The earliest artifact that production can go back to.
pub async fn first_artifact(company: &mut Company) -> Value {
    let path = "/projects/pay/environments/prod/rollbacks";
    let known = company.developer.api_get(path).await.json();
    let all = known["items"].as_array().expect("candidates");
    all.last().expect("one to go back to")["artifact"]["id"].clone()
}

/// The question whether a new release may go to production.
async fn production(company: &mut Company) -> i64 {
    company.commit("pay", "Round to cents");
    let release = company.open("pay").await;
    company.settle().await;
    company.confirm(&release).await;
    let path = format!("/releases/{release}/deployments");
    let to = json!({ "environment": "prod" });
    let answer = company.developer.api(Method::POST, &path, &to).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.json()["request"].as_i64().expect("a number")
}

async fn retirement(company: &mut Company) -> Value {
    let server = json!({ "kind": "server", "name": "till-1", "project": "pay",
        "size": { "cores": 4, "memory_gib": 8, "disk_gib": 100 }, "addresses": ["10.2.3.4"] });
    let answer = company.ops.api(Method::POST, "/resources", &server).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    json!({ "kind": "retirement", "parameters": {
        "resource": answer.json()["number"], "reason": "Tills are gone" } })
}

async fn send(company: &mut Company, path: &str, form: &Answer, typed: &[(&str, &str)]) -> Answer {
    let mut fields = form.fields();
    for (name, value) in typed {
        let field = fields.iter_mut().find(|(n, _)| n == name);
        field.unwrap_or_else(|| panic!("no {name}")).1 = (*value).to_owned();
    }
    let pairs: Vec<_> = fields.iter().map(|(n, v)| (&**n, &**v)).collect();
    company.developer.post(path, &pairs).await
}

/// Changes an open request by its page, and asks again for what was taken back; the new request.
async fn change_and_copy(
    company: &mut Company,
    number: i64,
    change: &[(&str, &str)],
    copy: &[(&str, &str)],
) -> (Value, Value) {
    let page = format!("/requests/{number}");
    let revision = format!("{page}/revision");
    let shown = company.developer.get(&page).await;
    assert!(shown.body.contains(&revision), "{}", shown.body);
    assert_eq!(company.ops.get(&revision).await.status, 403);
    let before = asked(company, number).await;
    let form = company.developer.get(&revision).await;
    assert_eq!(form.status, 200, "{}", form.body);
    assert!(!form.body.contains('⟦'), "{}", form.body);
    assert_eq!(form.text("h1"), shown.text("h1"));
    assert_eq!(form.text("table.facts"), shown.text("table.facts"));
    let sent = send(company, &revision, &form, change).await;
    assert_eq!(sent.status, 303, "{before} {}", sent.body);
    let changed = asked(company, number).await;
    assert_eq!(changed["revision"], 2, "{changed}");
    // Who saw the first revision decides on nothing.
    let old = json!({ "verdict": "approve", "hash": before["hash"] });
    let path = format!("{page}/decisions");
    let late = company.admin.api(Method::POST, &path, &old).await;
    let late = match late.status {
        403 => company.ops.api(Method::POST, &path, &old).await,
        _ => late,
    };
    assert_eq!(late.status, 409, "{}", late.body);
    // A second tab that still shows it overwrites nothing.
    let stale = send(company, &revision, &form, change).await;
    assert_eq!(stale.status, 409, "{}", stale.body);

    let taken = company
        .developer
        .post(&format!("{page}/withdrawal"), &[])
        .await;
    assert_eq!(taken.status, 303);
    let decided = company.developer.get(&revision).await;
    assert_eq!(decided.status, 409, "it is decided");
    let again = format!("{page}/copy");
    let shown = company.developer.get(&page).await;
    assert!(shown.body.contains(&again), "{}", shown.body);
    let form = company.developer.get(&again).await;
    assert_eq!(form.status, 200, "{}", form.body);
    assert!(!form.body.contains(r#"name="revises""#));
    let sent = send(company, &again, &form, copy).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let new = sent.header("location").rsplit('/').next().map(str::parse);
    let new: i64 = new.expect("an address").expect("a number");
    assert_ne!(new, number);
    let new = asked(company, new).await;
    assert_eq!(new["state"], "open", "{new}");
    assert_eq!(
        (&new["kind"], &new["subject"]),
        (&changed["kind"], &changed["subject"])
    );
    let path = format!("/requests/{}/withdrawal", new["number"]);
    assert_eq!(company.developer.post(&path, &[]).await.status, 303);
    (changed, new)
}

#[tokio::test]
async fn what_is_asked_with_values_is_changed_and_asked_again_by_its_page() {
    let mut company = company().await;
    let number = ask(
        &mut company,
        &json!({ "kind": "scale", "project": "pay", "environment": "prod", "note": "The sale",
            "parameters": { "clusters": ["sh-prod"], "min": 3, "max": 8 } }),
    )
    .await;
    let path = format!("/requests/{number}/revision");
    let form = company.developer.get(&path).await;
    let values = form.fields();
    let of = |name: &str| values.iter().find(|(n, _)| n == name).map(|(_, v)| &**v);
    assert_eq!((of("min"), of("max")), (Some("3"), Some("8")));
    assert_eq!(of("note"), Some("The sale"));
    let refused = send(&mut company, &path, &form, &[("max", "many")]).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(refused.text("main").contains("At most: A whole number."));
    assert!(refused.body.contains(r#"value="many""#), "it is kept");
    let (changed, new) =
        change_and_copy(&mut company, number, &[("max", "6")], &[("min", "4")]).await;
    assert_eq!(changed["parameters"]["max"], 6, "{changed}");
    assert_eq!(changed["parameters"]["clusters"], json!(["sh-prod"]));
    let numbers = (&new["parameters"]["min"], &new["parameters"]["max"]);
    assert_eq!(numbers, (&json!(4), &json!(6)), "{new}");
    assert_eq!(new["note"], "The sale");

    let number = ask(
        &mut company,
        &json!({ "kind": "membership", "project": "pay", "note": "Helps out",
            "parameters": { "user": "stranger", "role": "viewer" } }),
    )
    .await;
    let change = [("role", "developer"), ("expires_at", "2099-12-31")];
    let (changed, new) =
        change_and_copy(&mut company, number, &change, &[("expires_at", "")]).await;
    let asked = &changed["parameters"];
    assert_eq!(asked["role"], "developer", "{changed}");
    assert_eq!(asked["expires_at"], "2100-01-01T00:00:00Z");
    assert_eq!(new["parameters"]["expires_at"], Value::Null, "{new}");
    company.check().await;
}

#[tokio::test]
async fn what_has_little_but_its_reason_is_changed_and_asked_again_by_its_page() {
    let mut company = company().await;
    company.project("till").await;
    let other = [("note", "Nobody calls it")];
    let back = json!({ "kind": "rollback", "project": "pay", "environment": "prod",
        "note": "Captures fail", "parameters": {
            "artifact": first_artifact(&mut company).await, "reason": "Captures fail" } });
    let retire = retirement(&mut company).await;
    let removal = json!({ "kind": "removal", "project": "pay", "environment": "prod",
        "note": "Not needed", "parameters": { "component": "main" } });
    let number = ask(&mut company, &removal).await;
    let (changed, new) = change_and_copy(&mut company, number, &other, &[]).await;
    assert_eq!(changed["note"], "Nobody calls it");
    assert_eq!(new["note"], "Nobody calls it");
    assert_eq!(new["computed"], changed["computed"]);

    let reason = [("reason", "It is unreadable")];
    for body in [back, retire] {
        let number = ask(&mut company, &body).await;
        let (changed, new) = change_and_copy(&mut company, number, &reason, &[]).await;
        for request in [changed, new] {
            assert_eq!(request["parameters"]["reason"], "It is unreadable");
            // The note says the same where it did, and stays what it was where it did not.
            let follows = body["note"].is_string();
            let note = if follows { "It is unreadable" } else { "" };
            assert_eq!(request["note"], note, "{request}");
        }
    }

    let going = json!({ "kind": "offboarding", "project": "till", "note": "Replaced",
        "parameters": { "key": "till" } });
    let number = ask(&mut company, &going).await;
    let path = format!("/requests/{number}/revision");
    let form = company.developer.get(&path).await;
    let unsigned = send(&mut company, &path, &form, &other).await;
    assert_eq!(unsigned.status, 400, "the key is typed anew");
    let typed = [("note", "Nobody calls it"), ("key", "till")];
    let (changed, new) = change_and_copy(&mut company, number, &typed, &[("key", "till")]).await;
    assert_eq!(changed["note"], "Nobody calls it");
    assert_eq!(new["parameters"]["key"], "till");
    company.check().await;
}

#[tokio::test]
async fn a_release_is_asked_for_again_while_it_may_go_and_refused_in_words_after() {
    let mut company = company().await;
    let number = production(&mut company).await;
    // A request stays about its release.
    let shown = asked(&mut company, number).await;
    let workload = &shown["computed"]["workloads"][0];
    let sum = workload["objects"]
        .as_str()
        .expect("the sum of its objects");
    assert!(sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit()));
    assert!(workload["schema_version"].is_number(), "{workload}");
    let other = json!({ "parameters": { "release": 1 }, "note": "", "hash": shown["hash"] });
    let path = format!("/requests/{number}");
    let answer = company.developer.api(Method::PUT, &path, &other).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert_eq!(answer.json()["fields"][0]["code"], "production-another");
    let note = [("note", "Before the sale")];
    let (changed, new) = change_and_copy(&mut company, number, &note, &[]).await;
    assert_eq!(changed["note"], "Before the sale");
    assert_eq!(new["computed"]["digest"], changed["computed"]["digest"]);
    // Asked again it waits as if its button had been pressed, and is there once.
    let twice = json!({ "kind": "production", "project": "pay", "environment": "prod",
        "parameters": { "release": 3 } });
    let number = ask(&mut company, &twice).await;
    let story = company.developer.get("/projects/pay/releases/3").await;
    assert!(
        story.text(".title").contains("pproval"),
        "{}",
        story.text(".title")
    );
    let lin = &mut company.developer;
    let answer = lin.api(Method::POST, "/requests", &twice).await;
    assert_eq!(answer.json()["code"], "request-release-twice");
    let mut into_test = twice.clone();
    into_test["environment"] = json!("test");
    let path = format!("/requests/{number}/withdrawal");
    assert_eq!(lin.post(&path, &[]).await.status, 303);
    let answer = lin.api(Method::POST, "/requests", &into_test).await;
    assert_eq!(answer.json()["code"], "production-by-button");
    // Only who releases asks.
    let answer = company.tester.api(Method::POST, "/requests", &twice).await;
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert_eq!(
        company
            .tester
            .get(&format!("/requests/{number}/copy"))
            .await
            .status,
        403
    );

    let path = "/projects/pay/releases/3/withdrawal";
    let why = [("reason", "It rounds wrongly")];
    let taken = company.tester.post(path, &why).await;
    assert_eq!(taken.status, 303, "{}", taken.body);
    let path = format!("/requests/{number}/copy");
    let form = company.developer.get(&path).await;
    assert_eq!(form.status, 200);
    let refused = send(&mut company, &path, &form, &[("note", "Once more")]).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    let said = refused.text("[role=alert]");
    assert!(said.contains("Nobody has confirmed this digest"), "{said}");
    assert_eq!(
        refused.text("#f-note"),
        "Once more",
        "what was typed is kept"
    );
}

#[tokio::test]
async fn what_the_world_no_longer_has_is_said_on_the_form_that_asks_again() {
    let mut company = company().await;
    let removal = json!({ "kind": "removal", "project": "pay", "environment": "test",
        "note": "Not needed", "parameters": { "component": "main" } });
    let number = ask(&mut company, &removal).await;
    crate::support::company::approve(&mut company.ops, number).await;
    company.settle().await;
    let path = format!("/requests/{number}/copy");
    let form = company.developer.get(&path).await;
    assert_eq!(form.status, 200, "{}", form.body);
    let said = form.text("#way-why");
    assert!(said.contains("no containers of this component"), "{said}");
    let refused = send(&mut company, &path, &form, &[]).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(
        refused
            .text("main")
            .contains("no containers of this component")
    );
}
