//! A layer is changed by a form: a field for what it may say, a row for each lock, or JSON.

use serde_json::{Value, json};

use super::{delay, layer, lock};
use crate::support::browser::Answer;
use crate::support::company::{Company, approve};

const GO: &str = "/standards/language/go";
const DELAY: &str = "parameters.probes.liveness.delay_seconds";

type Fields = Vec<(String, String)>;

fn value(fields: &Fields, name: &str) -> Option<String> {
    let found = fields.iter().find(|(n, _)| n == name);
    found.map(|(_, value)| value.clone())
}

async fn send(company: &mut Company, fields: &Fields, typed: &[(&str, &str)]) -> Answer {
    let is_typed = |name: &str| typed.iter().any(|(n, _)| *n == name);
    let kept = fields.iter().filter(|(name, _)| !is_typed(name));
    let mut pairs: Vec<(&str, &str)> = kept.map(|(n, v)| (&**n, &**v)).collect();
    pairs.extend(typed);
    company.ops.post(GO, &pairs).await
}

async fn filed(company: &mut Company, answer: &Answer) -> Value {
    assert_eq!(answer.status, 303, "{}", answer.body);
    let path = answer.header("location").to_owned();
    let request = company.ops.api_get(&path).await.json();
    request["parameters"].clone()
}

#[tokio::test]
async fn a_layer_is_changed_by_filling_in_fields() {
    let mut company = Company::start().await;
    let locks = json!([
        lock("/replicas/min", "fixed", None),
        lock("/grace_seconds", "min", Some(20))
    ]);
    layer(
        &company,
        "platform",
        "",
        json!({"grace_seconds": 40, "replicas": {"min": 2}}),
        locks,
    )
    .await;
    layer(
        &company,
        "language",
        "go",
        delay(40),
        json!([lock("/port", "min", Some(1024))]),
    )
    .await;
    let page = company.ops.get(GO).await;
    assert!(!page.body.contains('⟦'), "{}", page.body);
    let text = page.text("form.panel");
    for shown in [
        "from the platform: 40",
        "Locked for every service",
        "Port: at least 1024",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    let form = page.fields();
    assert_eq!(value(&form, DELAY).as_deref(), Some("40"));
    assert_eq!(value(&form, "parameters.access").as_deref(), Some(""));

    let typed = [
        (DELAY, "60"),
        ("parameters.memory.limit", "512"),
        ("parameters.access", "internal"),
        ("env.0.name", "GOMAXPROCS"),
        ("env.0.value", "2"),
        ("locks.1.pointer", "memory.limit"),
        ("locks.1.kind", "max"),
        ("locks.1.bound", "1024"),
        ("locks.1.reason", "Nodes are small"),
        ("note", "Measured"),
    ];
    let answer = send(&mut company, &form, &typed).await;
    let asked = filed(&mut company, &answer).await;
    assert_eq!(
        asked["document"],
        json!({
            "probes": {"liveness": {"delay_seconds": 60}}, "memory": {"limit": "512Mi"},
            "access": "internal", "env": [{"name": "GOMAXPROCS", "value": "2"}],
        })
    );
    let bound = json!({"pointer": "/memory/limit", "kind": "max", "bound": "1024Mi",
        "reason": "Nodes are small"});
    assert_eq!(
        asked["locks"],
        json!([lock("/port", "min", Some(1024)), bound])
    );
    assert_eq!(asked["waves"], json!({"size": 10, "pause_seconds": 60}));
    company.check().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_layer_stands_at_its_field() {
    let mut company = Company::start().await;
    let form = company.ops.get(GO).await.fields();
    let typed = [
        ("parameters.grace_seconds", "soon"),
        ("scratch.0.path", "tmp"),
        ("scratch.0.size", "1Gi"),
        ("locks.0.pointer", "/nowhere"),
        ("locks.0.reason", "So"),
        ("locks.1.pointer", "/access"),
        ("locks.1.kind", "one_of"),
        ("locks.1.bound", "internal, root"),
        ("locks.1.reason", "So"),
        ("note", "So"),
    ];
    let wrong = send(&mut company, &form, &typed).await;
    assert_eq!(wrong.status, 400, "{}", wrong.body);
    for id in [
        "f-parameters-grace_seconds",
        "f-parameters-scratch-0-path",
        "f-locks-0-pointer",
        "f-locks-1-bound",
    ] {
        assert!(
            wrong.body.contains(&format!("href=\"#{id}\"")),
            "{id}: {}",
            wrong.body
        );
        assert!(
            wrong.body.contains(&format!(" id=\"{id}\"")),
            "{id}: {}",
            wrong.body
        );
    }
    assert!(!wrong.body.contains('⟦'), "{}", wrong.body);
    let again = wrong.fields();
    assert_eq!(
        value(&again, "locks.1.bound").as_deref(),
        Some("internal, root")
    );

    let same = send(&mut company, &form, &[("note", "So")]).await;
    assert_eq!(same.status, 400);
    assert!(
        same.text("main").contains("says exactly this already"),
        "{}",
        same.body
    );
    let meant = [
        ("locks.0.pointer", "/access"),
        ("locks.0.kind", "fixed"),
        ("locks.0.bound", "public"),
        ("locks.0.reason", "So"),
    ];
    let meant = send(&mut company, &form, &meant).await;
    assert!(meant.body.contains("has no bound"), "{}", meant.body);
    company.check().await;
}

#[tokio::test]
async fn a_layer_is_the_same_in_json() {
    let mut company = Company::start().await;
    let locks = json!([lock("/port", "min", Some(1024))]);
    layer(&company, "language", "go", delay(40), locks.clone()).await;
    let form = company.ops.get(GO).await.fields();
    let typed = [(DELAY, "60"), ("note", "Half a thought"), ("view", "json")];
    let shown = send(&mut company, &form, &typed).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    let written = shown.fields();
    assert_eq!(value(&written, DELAY), None);
    let read = |name: &str| -> Value {
        let text = value(&written, name).expect("a text");
        serde_json::from_str(&text).expect("JSON")
    };
    assert_eq!((read("document"), read("locks")), (delay(60), locks));

    let back = send(&mut company, &written, &[("view", "form")]).await;
    let back = back.fields();
    assert_eq!(value(&back, DELAY).as_deref(), Some("60"));
    assert_eq!(value(&back, "locks.0.bound").as_deref(), Some("1024"));
    assert_eq!(value(&back, "note").as_deref(), Some("Half a thought"));

    // What no field can hold stays JSON, and is named.
    let empty = [("document", r#"{"args": []}"#), ("view", "form")];
    let kept = send(&mut company, &written, &empty).await;
    assert_eq!(kept.status, 400);
    assert!(
        kept.text("main").contains("no field for /args"),
        "{}",
        kept.body
    );
    layer(&company, "language", "go", json!({"args": []}), json!([])).await;
    let opened = company.ops.get(GO).await.fields();
    assert!(value(&opened, "document").expect("JSON").contains("args"));
    company.check().await;
}

#[tokio::test]
async fn a_request_for_a_layer_is_changed_copied_and_undone_by_its_form() {
    let mut company = Company::start().await;
    layer(&company, "language", "go", delay(40), json!([])).await;
    let form = company.ops.get(GO).await.fields();
    let typed = [(DELAY, "60"), ("note", "Measured"), ("waves.size", "5")];
    let answer = send(&mut company, &form, &typed).await;
    let path = answer.header("location").to_owned();
    let number = path.trim_start_matches("/requests/").to_owned();

    let revise = format!("{GO}?revise={number}");
    let page = company.ops.get(&path).await;
    assert!(page.body.contains(&revise), "{}", page.body);
    let form = company.ops.get(&revise).await.fields();
    assert_eq!(value(&form, DELAY).as_deref(), Some("60"));
    assert_eq!(value(&form, "waves.size").as_deref(), Some("5"));
    assert_eq!(value(&form, "note").as_deref(), Some("Measured"));
    let changed = send(&mut company, &form, &[(DELAY, "70")]).await;
    assert_eq!(changed.header("location"), path, "{}", changed.body);
    let asked = company.ops.api_get(&path).await.json();
    assert_eq!(
        (&asked["revision"], &asked["parameters"]["document"]),
        (&json!(2), &delay(70))
    );

    let mut other = company.portal.signed_in("sun").await;
    approve(&mut other, number.parse().expect("a number")).await;
    let page = company.ops.get(&path).await;
    let before = format!("{GO}?before=1");
    assert!(page.body.contains(&before), "{}", page.body);
    assert_eq!(
        value(&company.ops.get(GO).await.fields(), DELAY).as_deref(),
        Some("70")
    );
    let form = company.ops.get(&before).await.fields();
    assert_eq!(value(&form, DELAY).as_deref(), Some("40"));
    let copy = company
        .ops
        .get(&format!("{GO}?copy={number}"))
        .await
        .fields();
    assert_eq!(value(&copy, DELAY).as_deref(), Some("70"));
    let silent = company.ops.get(&format!("{GO}?before=0")).await.fields();
    assert_eq!(value(&silent, DELAY).as_deref(), Some(""));
    for wrong in ["before=9", "copy=999", "revise=x"] {
        let answer = company.ops.get(&format!("{GO}?{wrong}")).await;
        assert!(
            [400, 404].contains(&answer.status),
            "{wrong}: {}",
            answer.status
        );
    }
    let elsewhere = format!("/standards/platform/all?copy={number}");
    assert_eq!(company.ops.get(&elsewhere).await.status, 404);
    company.check().await;
}

/// What the schema says is what the help shows, in both languages, to everybody.
#[tokio::test]
async fn the_help_has_every_parameter_of_the_schema() {
    let mut company = Company::start().await;
    let lin = &mut company.developer;
    let schema = lin.api_get("/schemas/parameters/2").await;
    assert_eq!(schema.status, 200, "{}", schema.body);
    let schema = schema.json();
    let properties = schema["properties"].as_object().expect("properties");
    for language in ["en", "zh-CN"] {
        lin.headers = vec![("accept-language", language.to_owned())];
        let page = lin.get("/help/parameters").await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains('⟦'), "{}", page.body);
        for name in properties.keys() {
            let (whole, below) = (format!("id=\"{name}\""), format!("id=\"{name}."));
            let is_there = page.body.contains(&whole) || page.body.contains(&below);
            assert!(is_there, "{name}");
        }
        let text = page.text("main");
        assert!(
            text.contains("probes.startup.kind = http / tcp / exec"),
            "{text}"
        );
    }
    let first = lin.api_get("/schemas/parameters/1").await.json();
    assert_eq!(first["$id"], "urn:slipway:parameters:v1");
    assert_eq!(lin.api_get("/schemas/parameters/9").await.status, 404);
}
