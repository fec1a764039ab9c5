//! Standards: layers over what a service says itself, their locks, their versions.

use reqwest::Method;
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::support::browser::Answer;
use crate::support::company::{Company, approve};

/// A newest revision of a layer, as if it had been approved.
async fn layer(company: &Company, kind: &str, key: &str, document: Value, locks: Value) {
    let owner = &company.portal.db.owner;
    sqlx::query(
        "INSERT INTO layer (kind, key) VALUES ($1, $2)
         ON CONFLICT (kind, key) DO UPDATE SET revision = layer.revision + 1",
    )
    .bind(kind)
    .bind(key)
    .execute(owner)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO layer_revision (layer_id, number, schema_version, document, locks)
         SELECT id, revision, 1, $3, $4 FROM layer WHERE kind = $1 AND key = $2",
    )
    .bind(kind)
    .bind(key)
    .bind(document)
    .bind(locks)
    .execute(owner)
    .await
    .unwrap();
}

fn delay(seconds: i64) -> Value {
    json!({ "probes": { "liveness": { "delay_seconds": seconds } } })
}

fn lock(pointer: &str, kind: &str, bound: Option<i64>) -> Value {
    let mut lock = json!({ "pointer": pointer, "kind": kind, "reason": "It starts slowly" });
    if let Some(bound) = bound {
        lock["bound"] = json!(bound);
    }
    lock
}

const DELAY: &str = "/probes/liveness/delay_seconds";

async fn ask(company: &mut Company, parameters: Value) -> (u16, Value) {
    let body = json!({ "kind": "containers", "project": "pay", "environment": "test",
        "parameters": { "parameters": parameters }, "note": "" });
    let answer = company
        .developer
        .api(Method::POST, "/requests", &body)
        .await;
    (answer.status, answer.json())
}

/// What a form would send: the names and values of its inputs.
fn inputs(page: &str) -> Vec<(String, String)> {
    let page = Html::parse_document(page);
    let all =
        Selector::parse("form.cols input, form.cols select option[selected], form.cols textarea")
            .unwrap();
    let mut found = Vec::new();
    for input in page.select(&all) {
        let value = input.value();
        let is_box = matches!(value.attr("type"), Some("radio" | "checkbox"));
        if is_box && value.attr("checked").is_none() {
            continue;
        }
        let select = input.parent().and_then(scraper::ElementRef::wrap);
        let (name, text) = match value.name() {
            "option" => (
                select.and_then(|s| s.value().attr("name")),
                value
                    .attr("value")
                    .map_or_else(|| input.text().collect(), str::to_owned),
            ),
            "textarea" => (value.attr("name"), input.text().collect()),
            _ => (
                value.attr("name"),
                value.attr("value").unwrap_or_default().to_owned(),
            ),
        };
        found.push((name.unwrap().to_owned(), text));
    }
    found
}

fn set(form: &mut Vec<(String, String)>, name: &str, value: &str) {
    form.retain(|(n, _)| n != name);
    form.push((name.to_owned(), value.to_owned()));
}

async fn send(company: &mut Company, form: &[(String, String)]) -> Answer {
    let pairs: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let path = "/projects/pay/containers/new";
    company.developer.post(path, &pairs).await
}

#[tokio::test]
async fn a_form_as_it_comes_asks_for_nothing_of_its_own() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let variable = json!({"env": [{"name": "TZ", "value": "UTC"}]});
    layer(&company, "language", "go", delay(33), json!([])).await;
    layer(&company, "environment", "test", variable, json!([])).await;
    let page = company.developer.get("/projects/pay/containers/new").await;
    let text = page.text("form.cols");
    for from in ["from the platform", "from language go", "from this project"] {
        assert!(text.contains(from), "{from}: {text}");
    }
    assert!(text.contains("TZ=UTC from environment test"), "{text}");
    let form = inputs(&page.body);
    let answer = send(&mut company, &form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let number: i64 = answer
        .header("location")
        .rsplit('/')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let path = format!("/requests/{number}");
    let request = company.developer.api_get(&path).await.json();
    assert_eq!(request["parameters"]["parameters"], json!({}));
    let versions = json!({"platform": 1, "language:go": 1, "environment:test": 1});
    assert_eq!(request["computed"]["layer_versions"], versions);
    let holds = &request["computed"]["clusters"][0]["parameters"];
    assert_eq!(holds["probes"]["liveness"]["delay_seconds"], 33);
    assert_eq!(holds["probes"]["liveness"]["path"], "/health");
    assert_eq!(holds["env"][0]["name"], "TZ");

    approve(&mut company.ops, number).await;
    company.settle().await;
    let all = company
        .developer
        .api_get("/projects/pay/workloads")
        .await
        .json();
    let workload = &all["items"][0];
    assert_eq!(workload["own"], json!({}));
    assert_eq!(workload["layer_versions"], versions);
    company.commit("pay", "A first word");
    company.open("pay").await;
    company.settle().await;
    let recorded: Value = sqlx::query_scalar("SELECT layer_versions FROM deployment")
        .fetch_one(&company.portal.db.owner)
        .await
        .unwrap();
    assert_eq!(recorded, versions);
    company.check().await;
}

#[tokio::test]
async fn what_a_lock_forbids_is_refused_by_page_and_api() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let locks = json!([
        lock(DELAY, "min", Some(60)),
        lock("/access", "fixed", None),
        lock("/probes/liveness/failures", "fixed", None),
    ]);
    layer(&company, "language", "go", delay(60), locks).await;
    let page = company.developer.get("/projects/pay/containers/new").await;
    let text = page.text("form.cols");
    assert!(
        text.contains("Locked for every go service: It starts slowly"),
        "{text}"
    );
    assert!(text.contains("At least 60 for every go service"), "{text}");
    assert!(page.body.contains(r#"min="60""#), "{}", page.body);
    assert!(!page.body.contains(r#"type="radio""#));

    let mut form = inputs(&page.body);
    set(&mut form, "parameters.probes.liveness.delay_seconds", "45");
    set(&mut form, "parameters.access", "public");
    let refused = send(&mut company, &form).await;
    assert_eq!(refused.status, 400);
    let text = refused.text("main");
    assert!(
        text.contains("First alive check after: At least 60 for every go service"),
        "{text}"
    );
    assert!(
        text.contains("Who calls it: Locked for every go service"),
        "{text}"
    );
    assert!(
        refused.body.contains(r#"value="45""#),
        "what was typed is kept"
    );

    let (status, answer) = ask(&mut company, delay(59)).await;
    assert_eq!(status, 400, "{answer}");
    let field = &answer["fields"][0];
    assert_eq!(
        field["field"],
        "parameters.parameters.probes.liveness.delay_seconds"
    );
    let (status, answer) = ask(&mut company, delay(61)).await;
    assert_eq!(status, 201, "{answer}");
    let more = json!({"per_cluster": {"sh-test": delay(1)}, "parameters": {}});
    let body = json!({ "kind": "containers", "project": "pay", "environment": "test",
        "parameters": more, "note": "" });
    let answer = company
        .developer
        .api(Method::POST, "/requests", &body)
        .await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    company.check().await;
}

#[tokio::test]
async fn an_approval_is_void_once_a_layer_has_moved() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let policy = json!({ "kind": "containers", "note": "Two pairs of eyes",
        "quorum": [{ "permission": "handle-requests", "needed": 2 }] });
    let answer = company.admin.api(Method::POST, "/policies", &policy).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let (status, answer) = ask(&mut company, json!({})).await;
    assert_eq!(status, 201, "{answer}");
    let number = answer["number"].as_i64().unwrap();
    let path = format!("/requests/{number}");
    let decisions = format!("{path}/decisions");
    let shown = company.ops.api_get(&path).await.json();
    let yes = |hash: &Value| json!({ "verdict": "approve", "hash": hash });
    let answer = company
        .ops
        .api(Method::POST, &decisions, &yes(&shown["hash"]))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);

    // The same document, but the layer has spoken again.
    layer(&company, "language", "go", json!({}), json!([])).await;
    let mut other = company.portal.signed_in("sun").await;
    let hash = shown["hash"].as_str().unwrap();
    let pressed = [("verdict", "approve"), ("hash", hash), ("comment", "")];
    let page = other.post(&decisions, &pressed).await;
    assert_eq!(page.status, 409, "by the page");
    let said = page.text("main");
    assert!(
        said.contains("What this request would do has changed"),
        "{said}"
    );
    let answer = other
        .api(Method::POST, &decisions, &yes(&shown["hash"]))
        .await;
    assert_eq!(answer.status, 409, "by the API");

    // What is true now asks for both again.
    let fresh = other.api_get(&path).await.json();
    assert_eq!(
        (&fresh["revision"], &fresh["because"]),
        (&json!(2), &json!("moved"))
    );
    for (who, state) in [(&mut other, "open"), (&mut company.ops, "approved")] {
        let answer = who
            .api(Method::POST, &decisions, &yes(&fresh["hash"]))
            .await;
        assert_eq!(answer.json()["state"], state, "{}", answer.body);
    }
    company.settle().await;
    let all = company.developer.api_get("/projects/pay/workloads").await;
    let versions = all.json()["items"][0]["layer_versions"].clone();
    assert_eq!(versions["language:go"], 1, "{versions}");
    company.check().await;
}

#[tokio::test]
async fn a_workload_of_before_keeps_its_whole_document() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    let owner = &company.portal.db.owner;
    sqlx::query("UPDATE parameters_revision SET own = NULL, layer_versions = '{}'")
        .execute(owner)
        .await
        .unwrap();
    layer(&company, "language", "go", delay(99), json!([])).await;
    let all = company
        .developer
        .api_get("/projects/pay/workloads")
        .await
        .json();
    let workload = &all["items"][0];
    assert_eq!(workload["own"], workload["parameters"]);
    assert_eq!(workload["layer_versions"], json!({}));
    company.check().await;
}

mod beside;
mod changes;
mod form;
mod images;
mod rails;
mod versions;
mod waves;
