//! Projects: asked for, decided on, seen by their members.

use reqwest::Method;
use serde_json::json;
use slipway::identity::PlatformRole;

use crate::support::{Browser, Portal, seed};

async fn company() -> Portal {
    let portal = Portal::start().await;
    for name in ["dev", "tess", "stranger"] {
        portal.account(name, &[]).await;
    }
    portal.account("ops", &[PlatformRole::Ops]).await;
    seed::outside(&portal).await;
    seed::project(&portal, "pay-gateway", "dev", "developer").await;
    portal
}

const FORM: &[(&str, &str)] = &[
    ("key", "search-api"),
    ("description", "Finds things"),
    ("language", "java"),
    ("repository", "shop/search-api"),
    ("port", "8080"),
    ("health_path", "/healthz"),
    ("deploy_path", "/opt/search"),
    ("log_path", "/var/log/search"),
    ("start_command", "bin/start"),
    ("stop_command", "bin/stop"),
    ("owners", "dev, ops"),
    ("testers", "tess"),
    ("note", "Before spring"),
];

async fn approve(ops: &mut Browser, number: i64) {
    let request = ops.api_get(&format!("/requests/{number}")).await;
    let hash = request.json()["hash"].clone();
    let path = format!("/requests/{number}/decisions");
    let body = json!({"verdict": "approve", "hash": hash});
    let answer = ops.api(Method::POST, &path, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[tokio::test]
async fn a_project_is_asked_for_by_a_form_and_seen_by_its_members() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let mut ops = portal.signed_in("ops").await;
    let form = dev.get("/projects/new").await;
    assert!(
        form.body.contains(r#"name="owners" value="dev""#),
        "the asker is an owner"
    );

    let answer = dev.post("/projects/new", FORM).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, "/requests/1")
    );
    let gone = dev.get("/projects/search-api").await;
    assert_eq!(gone.status, 404, "not before it is approved");
    approve(&mut ops, 1).await;

    let page = dev.get("/projects/search-api").await;
    assert_eq!(page.text("h1"), "search-api");
    assert_eq!(page.text(".tabs [aria-current]"), "Overview");
    assert!(
        page.text("aside")
            .contains("Owners de dev the tester op ops the tester")
    );
    assert!(page.text("main").contains("No containers yet"));
    assert!(
        page.text(".notice")
            .contains("shop/search-api in GitLab yet")
    );
    let request = dev.get("/requests/1").await;
    assert!(
        request
            .text(".story")
            .contains("Find the repository in GitLab")
    );

    let mut tester = portal.signed_in("tess").await;
    let seen = tester.get("/projects/search-api").await;
    let why = "Only owners and developers of the project, and operations, may ask for this.";
    assert_eq!(seen.text("#request-why"), why);
    let mut stranger = portal.signed_in("stranger").await;
    assert_eq!(stranger.get("/projects/search-api").await.status, 404);
    let answer = stranger.api_get("/projects/search-api");
    assert_eq!(answer.await.status, 404);
}

#[tokio::test]
async fn the_form_keeps_what_was_typed_and_links_to_what_is_wrong() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let mut form = FORM.to_vec();
    form[0] = ("key", "Search API");
    form[4] = ("port", "http");
    let answer = dev.post("/projects/new", &form).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.text("[role=alert] h2"), "2 values need another look");
    assert!(answer.body.contains(r##"<a href="#f-key">Key: 2 to 40"##));
    assert!(answer.body.contains(r#"name="key" value="Search API""#));
    assert_eq!(answer.text("#e-port"), "A port is 1 to 65535.");

    form[0] = ("key", "pay-gateway");
    form[4] = ("port", "80");
    let answer = dev.post("/projects/new", &form).await;
    assert_eq!(answer.status, 409);
    assert_eq!(
        answer.text("[role=alert]"),
        "There is already a project of this key."
    );
    form.push(("root", "1"));
    assert_eq!(dev.post("/projects/new", &form).await.status, 400);
}

#[tokio::test]
async fn who_is_here_to_read_may_not_ask_and_is_told_so() {
    let portal = company().await;
    let mut stranger = portal.signed_in("stranger").await;
    assert_eq!(
        stranger.get("/projects/new").await.status,
        200,
        "a first project"
    );
    portal.account("wei", &[PlatformRole::Auditor]).await;
    let mut auditor = portal.signed_in("wei").await;
    assert_eq!(auditor.get("/projects/new").await.status, 403);
    let list = auditor.get("/projects").await;
    assert_eq!(list.text("#ask-why"), "You may not ask for a new project.");
    let body = seed::onboarding("search-api");
    let answer = auditor.api(Method::POST, "/projects", &body).await;
    assert_eq!(answer.json()["code"], "may-not-file-onboarding");
}

#[tokio::test]
async fn bad_fields_are_named() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let long = "a".repeat(64);
    let keys = [
        "Pay", &long, "pay😀", "pay\nx", "..", "-x", "$(id)", "", "pay-",
    ];
    for key in keys {
        let body = seed::onboarding(key);
        let answer = dev.api(Method::POST, "/projects", &body).await;
        assert_eq!(answer.status, 400, "{key:?}");
        let field = &answer.json()["fields"][0];
        assert_eq!(
            (&field["field"], &field["code"]),
            (&json!("key"), &json!("project-key-grammar"))
        );
    }
    let cases = [
        (
            "repository",
            json!("no-group"),
            "onboarding-repository-grammar",
        ),
        (
            "repository",
            json!("a/../b"),
            "onboarding-repository-grammar",
        ),
        (
            "deploy_path",
            json!("/opt/$(id)"),
            "onboarding-path-grammar",
        ),
        ("health_path", json!("healthz"), "onboarding-path-grammar"),
        ("start_command", json!("a\nb"), "onboarding-line-grammar"),
        ("port", json!(70000), "field-wrong-type"),
        ("port", json!(0), "field-port"),
        ("owners", json!([]), "onboarding-owner-needed"),
        ("owners", json!(["nobody"]), "onboarding-person-unknown"),
        ("language", json!("cobol"), "onboarding-language-unknown"),
        ("gitlab", json!("other"), "onboarding-connection-unknown"),
        ("colour", json!("red"), "field-unknown"),
    ];
    for (field, value, code) in cases {
        let mut body = seed::onboarding("search-api");
        body[field] = value.clone();
        let answer = dev.api(Method::POST, "/projects", &body).await;
        assert_eq!(answer.status, 400, "{field} {value}");
        let found = answer.json()["fields"][0].clone();
        assert_eq!(
            (&found["field"], &found["code"]),
            (&json!(field), &json!(code))
        );
        let filing = json!({"kind": "onboarding", "parameters": body});
        let answer = dev.api(Method::POST, "/requests", &filing).await;
        assert_eq!(
            answer.json()["fields"][0]["field"],
            format!("parameters.{field}")
        );
    }
    let wish = json!({"kind": "wish", "parameters": {}});
    let answer = dev.api(Method::POST, "/requests", &wish);
    assert_eq!(answer.await.json()["fields"][0]["field"], "kind");
}

#[tokio::test]
async fn the_list_finds_and_pages() {
    let portal = company().await;
    for key in ["ledger", "pricing", "web-shop"] {
        seed::project(&portal, key, "dev", "owner").await;
    }
    let mut ops = portal.signed_in("ops").await;
    let list = ops.api_get("/projects?limit=2").await.json();
    assert_eq!(
        (&list["items"][0]["key"], &list["next"]),
        (&json!("ledger"), &json!("pay-gateway"))
    );
    let list = ops.api_get("/projects?after=pay-gateway&q=PAYMENTS/");
    assert_eq!(list.await.json()["items"].as_array().unwrap().len(), 2);
    let page = ops.get("/projects?q=dev").await;
    assert!(page.text("table").contains("web-shop") && !page.text("table").contains("pay-gateway"));
    assert!(
        ops.get("/projects?q=%3Cx")
            .await
            .text(".nothing")
            .contains("No project matches “<x”")
    );

    let mut stranger = portal.signed_in("stranger").await;
    let list = stranger.get("/projects").await;
    assert_eq!(list.text(".nothing strong"), "No projects yet");
    let mut dev = portal.signed_in("dev").await;
    assert!(
        dev.get("/")
            .await
            .text("table")
            .contains("pay-gateway java · Developer No containers yet")
    );
}

#[tokio::test]
async fn what_was_done_and_refused_is_on_record_for_those_who_may_read() {
    let portal = company().await;
    portal.account("aud", &[PlatformRole::Auditor]).await;
    let mut dev = portal.signed_in("dev").await;
    let mut ops = portal.signed_in("ops").await;
    let answer = dev
        .api(Method::POST, "/projects", &seed::onboarding("search-api"))
        .await;
    assert_eq!((answer.status, answer.json()), (201, json!({"request": 1})));
    let own = json!({"verdict": "approve", "hash": ""});
    let refused = dev.api(Method::POST, "/requests/1/decisions", &own);
    assert_eq!(refused.await.status, 403);
    approve(&mut ops, 1).await;

    assert_eq!(dev.get("/audit").await.status, 403);
    let mut auditor = portal.signed_in("aud").await;
    let trail = auditor.api_get("/audit?user=ops&limit=2").await.json();
    let action = |n: usize| trail["items"][n]["action"].as_str().unwrap().to_owned();
    assert_eq!(
        (action(0), action(1)),
        ("request.approve".to_owned(), "project.create".to_owned())
    );
    let page = auditor.get("/audit?action=request.refuse").await;
    assert!(
        page.text("table").contains("Refused request-own"),
        "{}",
        page.text("table")
    );
    assert!(
        page.text("table")
            .contains("path /api/v1/requests/1/decisions")
    );
    assert_eq!(
        auditor
            .get("/audit?project=search-api")
            .await
            .text("tbody th .mono"),
        "project.create"
    );
    assert_eq!(
        auditor
            .get("/audit?user=nobody")
            .await
            .text(".nothing strong"),
        "No entries"
    );
}
