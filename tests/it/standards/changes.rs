//! A change of a layer is a request: who may, what it shows, what refuses it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{DELAY, delay, layer, lock};
use crate::support::company::{Company, approve, parameters};

/// A service that runs in test.
pub async fn running() -> Company {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    company.commit("pay", "A first word");
    company.open("pay").await;
    company.settle().await;
    company
}

/// Files a change of a layer, and gives the answer.
pub async fn propose(
    company: &mut Company,
    kind: &str,
    key: &str,
    document: Value,
    locks: Value,
) -> (u16, Value) {
    let parameters = json!({ "layer": { "kind": kind, "key": key }, "document": document,
        "locks": locks, "waves": { "size": 10, "pause_seconds": 30 } });
    let body = json!({ "kind": "layer", "parameters": parameters, "note": "Learned the hard way" });
    let answer = company.ops.api(Method::POST, "/requests", &body).await;
    (answer.status, answer.json())
}

/// A change that somebody else of operations has approved; the request's number.
pub async fn change(
    company: &mut Company,
    kind: &str,
    key: &str,
    document: Value,
    locks: Value,
) -> i64 {
    let (status, answer) = propose(company, kind, key, document, locks).await;
    assert_eq!(status, 201, "{answer}");
    let number = answer["number"].as_i64().unwrap();
    let mut other = company.portal.signed_in("sun").await;
    approve(&mut other, number).await;
    number
}

#[tokio::test]
async fn a_layer_changes_by_the_yes_of_somebody_else_of_operations() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let (status, answer) = propose(&mut company, "language", "go", delay(40), json!([])).await;
    assert_eq!(status, 201, "{answer}");
    let path = format!("/requests/{}", answer["number"]);
    let page = company.ops.get(&path).await;
    let text = page.text("main");
    assert!(text.contains("Standard language:go"), "{text}");
    assert!(
        text.contains("/probes/liveness/delay_seconds: – → 40"),
        "{text}"
    );
    assert!(!page.body.contains('⟦'), "{}", page.body);

    let shown = company.ops.api_get(&path).await.json();
    let yes = json!({ "verdict": "approve", "hash": shown["hash"] });
    let path = format!("{path}/decisions");
    let own = company.ops.api(Method::POST, &path, &yes).await;
    assert_eq!(own.status, 403, "{}", own.body);
    assert_eq!(
        company
            .developer
            .api(Method::POST, &path, &yes)
            .await
            .status,
        404
    );
    let mut other = company.portal.signed_in("sun").await;
    let done = other.api(Method::POST, &path, &yes).await;
    assert_eq!(done.status, 201, "{}", done.body);
    // Nobody stands under it yet, so there is nothing to roll out.
    assert_eq!(done.json()["state"], "done");

    let layer = company.ops.api_get("/layers/language/go").await.json();
    assert_eq!(
        (&layer["revision"], &layer["document"]),
        (&json!(1), &delay(40))
    );
    assert_eq!(layer["revisions"][0]["note"], "Learned the hard way");
    let holds = company
        .developer
        .api_get("/projects/pay/parameters?environment=test")
        .await;
    assert_eq!(holds.json()["document"].pointer(DELAY), Some(&json!(40)));
    assert_eq!(holds.json()["provenance"][DELAY]["kind"], "language");
    for path in [
        "/standards",
        "/standards/language/go",
        "/standards/platform/all",
        "/waves",
    ] {
        let page = company.ops.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.body.contains('⟦'), "{path}: {}", page.body);
    }
    company.check().await;
}

#[tokio::test]
async fn only_operations_change_a_layer() {
    let mut company = Company::start().await;
    let parameters = json!({ "layer": { "kind": "platform", "key": "" }, "document": {} });
    let body = json!({ "kind": "layer", "parameters": parameters, "note": "Why not" });
    for browser in [&mut company.developer, &mut company.admin] {
        let answer = browser.api(Method::POST, "/requests", &body).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
    }
    let form = [("document", "{}"), ("note", "Why not")];
    let page = company
        .developer
        .post("/standards/platform/all", &form)
        .await;
    assert_eq!(page.status, 403);
    company.check().await;
}

#[tokio::test]
async fn what_cannot_be_a_layer_is_refused_by_its_field() {
    let mut company = Company::start().await;
    let field = |answer: &Value| answer["fields"][0]["field"].as_str().unwrap().to_owned();
    let none = || json!([]);
    let bad = json!({ "replicas": { "min": 0 } });
    let (status, answer) = propose(&mut company, "language", "go", bad, none()).await;
    assert_eq!(
        (status, field(&answer).as_str()),
        (400, "parameters.document.replicas.min")
    );
    let nowhere = json!([lock("/nowhere", "fixed", None)]);
    let (_, answer) = propose(&mut company, "language", "go", json!({}), nowhere).await;
    assert_eq!(field(&answer), "parameters.locks.0.pointer");
    let (_, answer) = propose(&mut company, "language", "cobol", delay(9), none()).await;
    assert_eq!(field(&answer), "parameters.layer.key");
    let (_, answer) = propose(&mut company, "language", "go", json!({}), none()).await;
    assert_eq!(field(&answer), "parameters.document");

    // A layer breaks no lock above it.
    let locks = json!([lock(DELAY, "min", Some(20))]);
    layer(&company, "platform", "", delay(20), locks).await;
    let (status, answer) = propose(&mut company, "language", "go", delay(19), none()).await;
    let refused = field(&answer);
    assert_eq!(status, 400);
    assert_eq!(refused, "parameters.document.probes.liveness.delay_seconds");

    let form = [("document", "{"), ("locks", "[]"), ("note", "So")];
    let page = company.ops.post("/standards/language/go", &form).await;
    assert_eq!(page.status, 400);
    assert!(
        page.text("main").contains("Values from now on"),
        "{}",
        page.body
    );
    company.check().await;
}

#[tokio::test]
async fn of_two_changes_the_second_must_be_looked_at_again() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    let none = || json!([]);
    let (_, first) = propose(&mut company, "language", "go", delay(40), none()).await;
    let (_, second) = propose(&mut company, "language", "go", delay(50), none()).await;
    let mut other = company.portal.signed_in("sun").await;
    approve(&mut other, first["number"].as_i64().unwrap()).await;
    let path = format!("/requests/{}", second["number"]);
    let shown = other.api_get(&path).await.json();
    let yes = json!({ "verdict": "approve", "hash": shown["hash"] });
    let path = format!("{path}/decisions");
    let answer = other.api(Method::POST, &path, &yes).await;
    assert_eq!(answer.json()["code"], "request-moved", "{}", answer.body);
    company.settle().await;
    company.check().await;
}

#[tokio::test]
async fn a_new_lock_overrules_what_a_workload_said_and_says_so() {
    let mut company = running().await;
    // The workload has said so itself.
    let own = json!({ "probes": { "readiness": { "delay_seconds": 7 } } });
    sqlx::query("UPDATE parameters_revision SET own = own || $1")
        .bind(own)
        .execute(&company.portal.db.owner)
        .await
        .unwrap();
    let pointer = "/probes/readiness/delay_seconds";
    let locks = json!([lock(pointer, "min", Some(25))]);
    let number = change(&mut company, "platform", "", whole(), locks).await;
    let path = format!("/requests/{number}");
    let request = company.ops.api_get(&path).await.json();
    let one = &request["computed"]["clusters"][0];
    assert_eq!(one["overruled"][0], format!("workload {pointer}: 7"));
    company.settle().await;
    let all = company
        .developer
        .api_get("/projects/pay/workloads")
        .await
        .json();
    let workload = &all["items"][0];
    assert_eq!(workload["parameters"].pointer(pointer), Some(&json!(25)));
    assert_eq!(workload["layer_versions"]["platform"], 2);
    assert_eq!(
        workload["own"].pointer(pointer),
        Some(&json!(7)),
        "its word is kept"
    );
    let deployed = company.deployment("sh-test", "pay-test", "pay");
    let container = &deployed["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["readinessProbe"]["initialDelaySeconds"], 25);
    let kinds: Vec<String> = sqlx::query_scalar("SELECT kind FROM deployment ORDER BY sequence")
        .fetch_all(&company.portal.db.owner)
        .await
        .unwrap();
    assert_eq!(kinds, ["deploy", "parameters"]);
    company.check().await;
}

/// What the platform says from the beginning.
pub fn whole() -> Value {
    let probe = |delay: i64| {
        json!({ "kind": "http", "delay_seconds": delay, "period_seconds": 10,
            "timeout_seconds": 3, "failures": 3 })
    };
    json!({
        "replicas": { "min": 2, "max": 4 }, "cpu": { "request": "250m", "limit": "1" },
        "memory": { "request": "256Mi", "limit": "512Mi" }, "access": "internal",
        "probes": { "readiness": probe(5), "liveness": probe(15) }, "grace_seconds": 30,
    })
}

/// How often something was told of requests: `moved`, `stuck`, `free`.
async fn told(company: &Company, what: &str) -> i64 {
    let sql =
        "SELECT count(*) FROM outbox WHERE payload->'what'->>'code' = 'notice-request-' || $1";
    let count = sqlx::query_scalar(sql).bind(what);
    let count = count.fetch_one(&company.portal.db.owner);
    count.await.expect("a count")
}

/// The number of an open request for containers.
async fn asks_for_a_place(company: &mut Company, environment: &str) -> i64 {
    let body = json!({ "kind": "containers", "project": "pay", "environment": environment,
        "parameters": { "parameters": parameters() }, "note": "A place" });
    let lin = &mut company.developer;
    let filed = lin.api(Method::POST, "/requests", &body).await;
    assert_eq!(filed.status, 201, "{}", filed.body);
    filed.json()["number"].as_i64().expect("a number")
}

/// Whoever said yes is told that it counts no longer, before anybody comes to decide.
#[tokio::test]
async fn a_yes_that_a_moved_layer_voids_is_told_to_who_gave_it() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let two = json!({ "kind": "containers", "quorum":
        [{ "permission": "handle-requests", "needed": 2 }], "note": "Two pairs of eyes" });
    let policy = company.admin.api(Method::POST, "/policies", &two).await;
    assert_eq!(policy.status, 201, "{}", policy.body);
    let mut numbers = Vec::new();
    for environment in ["test", "prod"] {
        numbers.push(asks_for_a_place(&mut company, environment).await);
    }
    approve(&mut company.ops, numbers[0]).await;
    company.run_timers().await;
    assert_eq!(told(&company, "moved").await, 0);

    let mut document = whole();
    json_patch::merge(&mut document, &delay(45));
    change(&mut company, "platform", "", document, json!([])).await;
    company.run_timers().await;
    for number in numbers {
        let now = company.ops.api_get(&format!("/requests/{number}")).await;
        let now = now.json();
        assert_eq!(
            (&now["revision"], &now["because"], &now["state"]),
            (&json!(2), &json!("moved"), &json!("open"))
        );
    }
    assert_eq!(
        told(&company, "moved").await,
        1,
        "nobody had decided on the other"
    );
    company.run_timers().await;
    assert_eq!(told(&company, "moved").await, 1);
    company.check().await;
}

/// What a lock made impossible is told once to all, and once that it can be done again.
#[tokio::test]
async fn a_request_that_a_lock_made_impossible_says_so_until_it_can_be_done_again() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let number = asks_for_a_place(&mut company, "test").await;
    let path = format!("/requests/{number}");

    let locks = json!([lock("/port", "min", Some(9000))]);
    change(&mut company, "platform", "", whole(), locks).await;
    for _ in 0..2 {
        company.run_timers().await;
        assert_eq!(told(&company, "stuck").await, 1);
    }
    let now = company.ops.api_get(&path).await.json();
    assert_eq!(
        (&now["state"], &now["revision"]),
        (&json!("open"), &json!(1))
    );
    assert_eq!(now["stuck"]["code"], "lock-min", "{now}");
    let page = company.ops.get(&path).await;
    let said = page.text("main .notice");
    assert!(said.contains("cannot be carried out"), "{said}");
    assert!(said.contains("It starts slowly"), "{said}");
    assert!(!page.body.contains("/renewal"), "{said}");
    let listed = company.developer.get("/requests?for=mine").await;
    let listed = listed.text("main table");
    assert!(listed.contains("Cannot be carried out"), "{listed}");

    change(&mut company, "platform", "", whole(), json!([])).await;
    for _ in 0..2 {
        company.run_timers().await;
        assert_eq!(told(&company, "free").await, 1);
    }
    let now = company.ops.api_get(&path).await.json();
    assert_eq!(now["stuck"], json!(null), "{now}");
    approve(&mut company.ops, number).await;
    company.settle().await;
    company.check().await;
}
