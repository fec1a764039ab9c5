//! Several environments and components asked for by one form: a request for each, all or none.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Browser;
use crate::support::browser::Answer;
use crate::support::company::{Company, approve};

const NEW: &str = "/projects/pay/containers/new";
const CHANGE: &str = "/projects/pay/containers/change";

/// Sends a form as it came, with some fields changed.
async fn send(browser: &mut Browser, at: &str, changes: &[(&str, &str)]) -> Answer {
    let page = browser.get(at).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let mut fields = page.fields();
    fields.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let mut form: Vec<(&str, &str)> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    form.extend(changes);
    browser.post(at.split('?').next().unwrap(), &form).await
}

fn number_of(sent: &Answer) -> i64 {
    assert_eq!(sent.status, 303, "{}", sent.body);
    let path = sent.header("location");
    path.rsplit('/').next().unwrap().parse().unwrap()
}

async fn request(browser: &mut Browser, number: i64) -> Value {
    browser.api_get(&format!("/requests/{number}")).await.json()
}

async fn count(company: &Company) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM request")
        .fetch_one(&company.portal.db.owner)
        .await
        .unwrap()
}

const BOTH: &[(&str, &str)] = &[
    ("parameters.replicas.min", "2"),
    // More than the platform gives, so that it is asked for everywhere.
    ("parameters.replicas.max", "6"),
    ("env.0.name", "TOKEN"),
    ("env.0.value", "canary-of-both"),
    ("env.0.secret", "true"),
    ("also.prod", "true"),
    ("note", "both at once"),
];

#[tokio::test]
async fn two_environments_in_one_form_are_two_requests_each_with_its_own_policy() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let policy = json!({ "kind": "containers", "environment": "prod", "note": "two of us",
        "quorum": [{ "permission": "handle-requests", "needed": 2 }] });
    let made = company.admin.api(Method::POST, "/policies", &policy).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let here = format!("{NEW}?environment=test");
    let first = number_of(&send(&mut company.developer, &here, BOTH).await);
    let second = first + 1;
    assert_eq!(count(&company).await, second, "one for each");
    let (test, prod) = (
        request(&mut company.ops, first).await,
        request(&mut company.ops, second).await,
    );
    for (told, environment, cluster) in [(&test, "test", "sh-test"), (&prod, "prod", "sh-prod")] {
        assert_eq!(told["environment"], environment);
        assert_eq!(told["note"], "both at once");
        let clusters = told["computed"]["clusters"].as_array().unwrap();
        assert_eq!(clusters[0]["cluster"], cluster);
        assert_eq!(clusters[0]["parameters"]["replicas"]["max"], 6);
        assert!(!told.to_string().contains("canary"));
    }
    let token = |told: &Value| told["parameters"]["parameters"]["env"][0]["secret"]["id"].clone();
    assert!(
        token(&test).is_string() && token(&test) != token(&prod),
        "each has its own secret"
    );

    let page = company.ops.get(&format!("/requests/{first}")).await;
    let together = page.text("#together");
    assert!(together.contains(&format!("#{second} prod")), "{together}");
    assert!(!together.contains(&format!("#{first} ")), "{together}");

    // One yes is enough for test, and production waits for another.
    approve(&mut company.ops, first).await;
    approve(&mut company.ops, second).await;
    company.settle().await;
    assert_eq!(request(&mut company.ops, first).await["state"], "done");
    assert_eq!(request(&mut company.ops, second).await["state"], "open");
    let page = company.ops.get(&format!("/requests/{second}")).await;
    let together = page.text("#together");
    assert!(together.contains(&format!("#{first} test")), "{together}");
    assert!(together.contains("Done"), "{together}");
    let mut sun = company.portal.signed_in("sun").await;
    approve(&mut sun, second).await;
    company.settle().await;
    assert_eq!(request(&mut company.ops, second).await["state"], "done");
    // The form that changes one of them is of that one alone.
    let form = format!("{NEW}?copy={first}");
    assert!(
        company
            .developer
            .get(&form)
            .await
            .body
            .contains("also.prod")
    );
    company.check().await;
}

#[tokio::test]
async fn what_is_refused_in_one_place_is_filed_in_none() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let floor = json!([{ "kind": "max", "pointer": "/replicas/max", "bound": 3,
        "reason": "the till is small" }]);
    let layer = json!({ "kind": "layer", "note": "small", "parameters": {
        "layer": { "kind": "environment", "key": "prod" }, "document": {}, "locks": floor,
        "waves": { "size": 1, "pause_seconds": 0 } } });
    let filed = company.ops.api(Method::POST, "/requests", &layer).await;
    assert_eq!(filed.status, 201, "{}", filed.body);
    let mut sun = company.portal.signed_in("sun").await;
    approve(&mut sun, filed.json()["number"].as_i64().unwrap()).await;
    company.settle().await;
    let before = count(&company).await;
    let here = format!("{NEW}?environment=test");
    let answer = send(&mut company.developer, &here, BOTH).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    let said = answer.text("#f-also-prod-replicas-max");
    assert!(
        said.contains("prod: replicas.max: ") && said.contains("the till is small"),
        "{said}"
    );
    assert!(
        answer
            .text("[role=alert]")
            .contains("Also in prod Containers most")
    );
    assert!(
        answer
            .body
            .contains(r#"name="also.prod" value="true" checked"#)
    );
    assert_eq!(count(&company).await, before, "nothing was filed");

    company
        .containers_with("pay", "prod", &json!({ "replicas": { "max": 3 } }))
        .await;
    let before = count(&company).await;
    let answer = send(&mut company.developer, &here, BOTH).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(
        !answer.text("#f-also-prod-e").is_empty(),
        "{}",
        answer.text(".form-section")
    );
    let mut form = BOTH.to_vec();
    form.push(("also.moon", "true"));
    let answer = send(&mut company.developer, &here, &form).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text("[role=alert]").contains("Also in moon"));
    // Who may not ask for one may not ask for two.
    for (who, status) in [("chen", 403), ("stranger", 404)] {
        let mut who = company.portal.signed_in(who).await;
        let both = [
            ("environment", "test"),
            ("component", "main"),
            ("also.prod", "true"),
        ];
        assert_eq!(who.post(NEW, &both).await.status, status);
    }
    assert_eq!(count(&company).await, before, "nothing was filed");
}

#[tokio::test]
async fn only_what_was_changed_is_changed_elsewhere() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    let other = json!({ "replicas": { "min": 3, "max": 9 }, "memory": { "limit": "512Mi" } });
    company.containers_with("pay", "prod", &other).await;
    let here = format!("{CHANGE}?environment=test&component=main");
    let page = company.developer.get(&here).await;
    let place = |name: &str| {
        let named = page.fields().into_iter().find(|(_, value)| value == name);
        named.unwrap().0.replace(".name", ".value")
    };
    let mode = place("MODE");
    let changes = [
        ("parameters.cpu.limit", "0.75"),
        (mode.as_str(), "paper"),
        ("also.prod", "true"),
    ];
    let first = number_of(&send(&mut company.developer, &here, &changes).await);
    for (number, cluster) in [(first, "sh-test"), (first + 1, "sh-prod")] {
        let told = request(&mut company.ops, number).await;
        let clusters = told["computed"]["clusters"].as_array().unwrap();
        assert_eq!(clusters[0]["cluster"], cluster);
        let said = clusters[0]["said"].as_array().unwrap();
        let mut fields: Vec<&str> = said.iter().filter_map(|s| s["field"].as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields.len(), 2, "{cluster}: {said:?}");
        assert!(fields.contains(&"cpu.limit"), "{fields:?}");
        approve(&mut company.ops, number).await;
        company.settle().await;
    }
    let workloads = company
        .developer
        .api_get("/projects/pay/workloads")
        .await
        .json();
    let prod = workloads["items"].as_array().unwrap().iter();
    let prod = prod.clone().find(|w| w["environment"] == "prod").unwrap();
    let holds = &prod["parameters"];
    assert_eq!(
        holds["replicas"],
        json!({ "min": 3, "max": 9 }),
        "as it was"
    );
    assert_eq!(holds["memory"]["limit"], "512Mi", "as it was");
    let env = holds["env"].as_array().unwrap();
    assert!(
        env.contains(&json!({ "name": "MODE", "value": "paper" })),
        "{env:?}"
    );
    assert!(
        env.iter()
            .any(|v| v["name"] == "TOKEN" && v["secret"].is_object()),
        "{env:?}"
    );
    company.check().await;
}

/// The place of each request that there is: environment and component.
async fn places(company: &mut Company, numbers: std::ops::Range<i64>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for number in numbers {
        let told = request(&mut company.ops, number).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let component = text(&told["parameters"]["component"]);
        found.push((text(&told["environment"]), component));
    }
    found
}

#[tokio::test]
async fn several_components_in_one_form_are_as_many_requests() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let here = format!("{NEW}?environment=test");
    let before = count(&company).await;
    for (names, said) in [
        ("worker, 9lives", "beginning with a letter"),
        ("a b c d e f g h i j k l m n o p q r s t u v w x y z", "50"),
    ] {
        let mut form = BOTH.to_vec();
        form.push(("beside", names));
        let answer = send(&mut company.developer, &here, &form).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        let wrong = answer.text("#e-beside");
        assert!(wrong.contains(said), "{wrong}");
        assert!(answer.body.contains(names), "what was typed stays");
    }
    assert_eq!(count(&company).await, before, "nothing was filed");

    let mut form = BOTH.to_vec();
    form.push(("beside", "worker，cron main"));
    let first = number_of(&send(&mut company.developer, &here, &form).await);
    let mut asked = places(&mut company, first..first + 6).await;
    assert_eq!(asked[0], ("test".to_owned(), "main".to_owned()));
    asked.sort();
    let wanted = ["prod", "test"].map(|key| ["cron", "main", "worker"].map(|name| (key, name)));
    let wanted = wanted.into_iter().flatten();
    let wanted = wanted.map(|(key, name)| (key.to_owned(), name.to_owned()));
    assert_eq!(asked, wanted.collect::<Vec<_>>());
    assert_eq!(count(&company).await, first + 5);
    let page = company.ops.get(&format!("/requests/{first}")).await;
    let together = page.text("#together");
    assert!(together.contains("test worker"), "{together}");
    assert!(together.contains("prod cron"), "{together}");

    // One that is there already costs all of them.
    for number in first..first + 6 {
        approve(&mut company.ops, number).await;
    }
    company.settle().await;
    let before = count(&company).await;
    let form = [("component", "newer"), ("beside", "latest worker")];
    let answer = send(&mut company.developer, &here, &form).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    let wrong = answer.text("#f-beside-worker-e");
    assert!(wrong.starts_with("worker: "), "{wrong}");
    assert_eq!(count(&company).await, before, "nothing was filed");

    let here = format!("{CHANGE}?environment=test&component=main");
    let changes = [("parameters.cpu.limit", "0.75"), ("beside.worker", "true")];
    let first = number_of(&send(&mut company.developer, &here, &changes).await);
    let wanted = ["main", "worker"].map(|name| ("test".to_owned(), name.to_owned()));
    assert_eq!(places(&mut company, first..first + 2).await, wanted);
    for number in first..first + 2 {
        let told = request(&mut company.ops, number).await;
        let said = told["computed"]["clusters"][0]["said"].as_array().cloned();
        let said = said.unwrap_or_default();
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(said[0]["field"], "cpu.limit");
        approve(&mut company.ops, number).await;
        company.settle().await;
    }
    let form = [("beside.moon", "true"), ("parameters.cpu.limit", "0.8")];
    let answer = send(&mut company.developer, &here, &form).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    let alert = answer.text("[role=alert]");
    assert!(alert.contains("Also component moon"), "{alert}");
    company.check().await;
}
