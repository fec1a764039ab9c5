//! Outside systems are registered, tested, changed and taken out.

use reqwest::Method;
use serde_json::{Value, json};
use slipway::connections::{self, ConnectionId};
use slipway::identity::PlatformRole;
use slipway::integrations::CallError;
use slipway_sim::outside::{Outside, PORTAL, Ports, TOKEN};
use slipway_sim::{Fault, System, World};

use crate::support::logs::Logs;
use crate::support::{Browser, Portal};

const CANARY: &str = "glpat-canary-7f3a";

async fn admin(portal: &Portal) -> Browser {
    portal.account("root", &[PlatformRole::Admin]).await;
    portal.signed_in("root").await
}

fn gitlab(url: &str, token: &str) -> Value {
    json!({"key": "code", "kind": "gitlab", "url": url, "config": {}, "credential": token})
}

fn jenkins(url: &str) -> Value {
    json!({"key": "builds", "kind": "jenkins", "url": url, "credential": TOKEN,
        "config": {"user": PORTAL, "folder": "portal"}})
}

fn registry(url: &str) -> Value {
    json!({"key": "images", "kind": "registry", "url": url, "config": {"prefix": "apps"}})
}

async fn connect(browser: &mut Browser, body: &Value) -> String {
    let answer = browser.api(Method::POST, "/connections", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn test(browser: &mut Browser, id: &str) -> Value {
    let path = format!("/connections/{id}/test");
    let answer = browser.api(Method::POST, &path, &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn an_administrator_connects_each_kind_and_sees_what_it_answers() {
    let portal = Portal::start().await;
    let world = World::explicit();
    let outside = Outside::start(&world, Ports::default()).await.unwrap();
    let mut browser = admin(&portal).await;

    let answer = browser.get("/connections").await;
    assert!(
        answer
            .text(".nothing")
            .starts_with("No system is connected yet")
    );
    let answer = browser.get("/connections/new?kind=gitlab").await;
    assert_eq!(answer.text("h1"), "Connect a GitLab");

    let url = format!("{}/", outside.gitlab.base_url());
    let form = [
        ("kind", "gitlab"),
        ("key", "code"),
        ("url", &url),
        ("credential", TOKEN),
    ];
    let answer = browser.post("/connections", &form).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, "/connections/code")
    );
    let answer = browser.get("/connections/code").await;
    assert_eq!(answer.text(".state-pill"), "Not tested yet");

    assert_eq!(
        browser.post("/connections/code/test", &[]).await.status,
        303
    );
    let answer = browser.get("/connections/code").await;
    assert!(
        answer.text(".state-pill").starts_with("Answers"),
        "{}",
        answer.body
    );
    assert!(answer.text(".aside").contains("with portal signed in"));
    assert!(answer.text(".aside").contains("Set, version 1"));

    let id = connect(&mut browser, &jenkins(outside.jenkins.base_url())).await;
    let said = test(&mut browser, &id).await;
    assert_eq!(
        (&said["ok"], &said["code"], &said["id"]),
        (&json!(true), &json!("test-good"), &json!(id))
    );
    assert!(
        said["version"].as_str().unwrap().starts_with("2."),
        "{said}"
    );
    let id = connect(&mut browser, &registry(outside.registry.base_url())).await;
    let said = test(&mut browser, &id).await;
    assert_eq!(said["text"], "Answers; no credential is set", "{said}");

    let list = browser
        .api(Method::GET, "/connections", &json!(null))
        .await
        .json();
    let keys: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["key"])
        .collect();
    assert_eq!(keys, ["code", "builds", "images"]);
    assert_eq!(list["next"], Value::Null);
    assert_eq!(list["items"][0]["credential"]["version"], 1);
    assert_eq!(list["items"][2]["credential"], Value::Null);
    let page = browser.get("/connections").await;
    assert!(page.text("tbody").contains("builds") && page.text("tbody").contains("Image registry"));
    browser.post("/language", &[("language", "zh-CN")]).await;
    for path in [
        "/connections",
        "/connections/code",
        "/connections/new?kind=jenkins",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200);
        assert!(
            !page.body.contains('⟦'),
            "{path} lacks words: {}",
            page.body
        );
    }
    world.transcript().check().unwrap();
}

#[tokio::test]
async fn a_refused_token_and_a_dead_system_are_told_in_words_with_since_when() {
    let portal = Portal::start().await;
    let world = World::explicit();
    let outside = Outside::start(&world, Ports::default()).await.unwrap();
    let mut browser = admin(&portal).await;
    let id = connect(&mut browser, &gitlab(outside.gitlab.base_url(), "wrong")).await;
    let said = test(&mut browser, &id).await;
    assert_eq!(
        (&said["ok"], &said["text"]),
        (&json!(false), &json!("Refuses the credential"))
    );

    world.fault(Fault::on(System::GITLAB).answer(503, "GitLab is not ready"));
    let said = test(&mut browser, &id).await;
    assert_eq!(said["code"], "test-away", "{said}");

    outside.gitlab.kill().await;
    portal.db.set_clock_offset(600.0).await;
    let later = test(&mut browser, &id).await;
    assert_eq!(later["text"], "Does not answer");
    assert_eq!(
        later["since"], said["since"],
        "it has failed since the first failure"
    );
    assert_ne!(later["at"], said["at"]);
    let page = browser.get("/connections/code").await;
    assert!(page.text(".state-pill").starts_with("Needs attention"));
    assert!(
        page.text("#said").contains("refused"),
        "{}",
        page.text("#said")
    );
    let page = browser.get("/connections").await;
    assert!(page.text(".state").contains("Does not answer"));
    assert!(page.text("td .sub").contains("First seen"));
}

#[tokio::test]
async fn operations_look_and_only_administrators_change() {
    let portal = Portal::start().await;
    let mut root = admin(&portal).await;
    let id = connect(&mut root, &gitlab("http://127.0.0.1:9", TOKEN)).await;
    portal.account("lin", &[PlatformRole::Ops]).await;
    portal.account("dev", &[]).await;
    let one = format!("/connections/{id}");
    let test = format!("{one}/test");

    let mut ops = portal.signed_in("lin").await;
    for path in ["/connections", "/connections/code"] {
        assert_eq!(ops.get(path).await.status, 200);
    }
    let page = ops.get("/connections/code").await;
    assert_eq!(
        page.text("#why-not"),
        "Only administrators may change connections."
    );
    assert_eq!(ops.api(Method::GET, &one, &json!(null)).await.status, 200);
    let mut developer = portal.signed_in("dev").await;
    for path in ["/connections", "/connections/code", "/connections/new"] {
        assert_eq!(developer.get(path).await.status, 403, "{path}");
    }
    assert_eq!(
        developer.api(Method::GET, &one, &json!(null)).await.status,
        403
    );
    for browser in [&mut ops, &mut developer] {
        for path in [
            "/connections",
            "/connections/code",
            "/connections/code/test",
        ] {
            let form = [
                ("kind", "gitlab"),
                ("key", "x"),
                ("url", "http://x.example"),
            ];
            assert_eq!(browser.post(path, &form).await.status, 403, "{path}");
        }
        let form = [("confirm", "code")];
        assert_eq!(
            browser.post("/connections/code/delete", &form).await.status,
            403
        );
        for (method, path) in [
            (Method::POST, "/connections"),
            (Method::PUT, &one),
            (Method::DELETE, &one),
            (Method::POST, &test),
        ] {
            let body = gitlab("http://x.example", "x");
            assert_eq!(
                browser.api(method.clone(), path, &body).await.status,
                403,
                "{method} {path}"
            );
        }
    }
    assert_eq!(
        portal
            .browser()
            .api(Method::GET, &one, &json!(null))
            .await
            .status,
        401
    );
    assert_eq!(
        root.api(Method::GET, &one, &json!(null)).await.json()["key"],
        "code"
    );
}

#[tokio::test]
async fn a_credential_goes_in_and_never_comes_out() {
    let (logs, _guard) = Logs::listen();
    let portal = Portal::start().await;
    let world = World::explicit();
    let outside = Outside::start(&world, Ports::default()).await.unwrap();
    let mut browser = admin(&portal).await;
    let id = connect(&mut browser, &gitlab(outside.gitlab.base_url(), CANARY)).await;
    let echo = format!(r#"{{"message": "bad token {CANARY}"}}"#);
    world.fault(Fault::on(System::GITLAB).answer(401, &echo).always());
    let said = test(&mut browser, &id).await;
    assert!(
        said["detail"].as_str().unwrap().contains("bad token …"),
        "{said}"
    );

    let wrong = [
        ("kind", "gitlab"),
        ("key", "Wrong"),
        ("url", "x"),
        ("credential", CANARY),
    ];
    let refused = browser.post("/connections", &wrong).await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.body.contains(r#"value="Wrong""#),
        "what is no secret is kept"
    );
    let mut seen = vec![refused.body, said.to_string()];
    for path in ["/connections", "/connections/code"] {
        seen.push(browser.get(path).await.body);
    }
    let one = format!("/connections/{id}");
    seen.push(browser.api(Method::GET, &one, &json!(null)).await.body);
    seen.push(logs.text());
    let sql = "SELECT 'a' || e::text FROM audit_entry e UNION ALL SELECT o::text FROM observation o
        UNION ALL SELECT c::text FROM connection c UNION ALL SELECT v::text FROM event v";
    let rows: Vec<String> = sqlx::query_scalar(sql)
        .fetch_all(&portal.db.owner)
        .await
        .unwrap();
    assert!(rows.iter().any(|row| row.contains("connection.create")));
    seen.extend(rows);
    let as_hex = hex::encode(CANARY);
    for text in seen {
        assert!(
            !text.contains(CANARY) && !text.contains(&as_hex),
            "it came out: {text}"
        );
    }
    assert!(!logs.text().is_empty());
}

#[tokio::test]
async fn a_stored_credential_is_not_sent_to_another_machine() {
    let portal = Portal::start().await;
    let mut browser = admin(&portal).await;
    let id = connect(&mut browser, &gitlab("http://code.example", TOKEN)).await;
    let path = format!("/connections/{id}");
    let mut body = gitlab("http://code.example/gitlab", "");
    let answer = browser.api(Method::PUT, &path, &body).await.json();
    assert_eq!(answer["url"], "http://code.example/gitlab");
    assert_eq!(answer["credential"]["version"], 1, "kept: {answer}");

    body["url"] = json!("http://thief.example");
    let answer = browser.api(Method::PUT, &path, &body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["fields"][0]["code"],
        "connection-credential-again"
    );
    body["credential"] = json!("new-token");
    let answer = browser.api(Method::PUT, &path, &body).await.json();
    assert_eq!(answer["credential"]["version"], 2, "{answer}");

    body["kind"] = json!("registry");
    body["config"] = json!({"prefix": "apps"});
    let answer = browser.api(Method::PUT, &path, &body).await.json();
    assert_eq!(answer["fields"][0]["code"], "connection-kind-stays");
    let entries: Vec<(String, Option<Value>)> = sqlx::query_as(
        "SELECT action, after -> 'credential_version' FROM audit_entry
         WHERE target_kind = 'connection' ORDER BY seq",
    )
    .fetch_all(&portal.db.owner)
    .await
    .unwrap();
    let expected = [
        ("connection.create", 1),
        ("connection.update", 1),
        ("connection.update", 2),
    ];
    let expected = expected.map(|(action, version)| (action.to_owned(), Some(json!(version))));
    assert_eq!(entries, expected);
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_what_was_typed_stays() {
    let portal = Portal::start().await;
    let mut browser = admin(&portal).await;
    for (change, field, code) in [
        (
            json!({"url": "ftp://x.example"}),
            "url",
            "address-malformed",
        ),
        (
            json!({"url": "http://u:p@x.example"}),
            "url",
            "address-user-info",
        ),
        (
            json!({"url": "http://x.example/?a"}),
            "url",
            "address-query",
        ),
        (
            json!({"url": "http://169.254.169.254"}),
            "url",
            "address-forbidden",
        ),
        (json!({"key": "Builds"}), "key", "key-grammar"),
        (json!({"key": "new"}), "key", "key-reserved"),
        (json!({"credential": ""}), "credential", "field-required"),
        (
            json!({"credential": "a\nb"}),
            "credential",
            "connection-credential-grammar",
        ),
        (
            json!({"config": {"user": "x"}}),
            "config.folder",
            "field-required",
        ),
        (
            json!({"config": {"user": "x", "folder": "../x"}}),
            "config.folder",
            "connection-folder-grammar",
        ),
        (
            json!({"config": {"user": "x", "folder": "x", "prefix": "p"}}),
            "config.prefix",
            "field-unknown",
        ),
        (
            json!({"config": {"color": "red"}}),
            "config.color",
            "field-unknown",
        ),
        (json!({"color": "red"}), "color", "field-unknown"),
        (json!({"kind": "svn"}), "kind", "field-wrong-type"),
    ] {
        let mut body = jenkins("http://builds.example");
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let answer = browser.api(Method::POST, "/connections", &body).await;
        assert_eq!(answer.status, 400, "{body}");
        let fields = answer.json()["fields"].clone();
        assert_eq!(
            (&fields[0]["field"], &fields[0]["code"]),
            (&json!(field), &json!(code)),
            "{body}"
        );
    }
    let form = [
        ("kind", "jenkins"),
        ("key", "builds"),
        ("url", "builds.example"),
        ("config.user", "portal"),
        ("credential", "secret"),
    ];
    let page = browser.post("/connections", &form).await;
    assert_eq!(page.status, 400);
    assert!(
        page.text("[role=alert]")
            .contains("An address with http or https")
    );
    assert!(
        page.body.contains(r##"href="#f-config.folder""##)
            && page.body.contains(r#"id="f-config.folder""#)
    );
    assert_eq!(page.text("#e-config\\.folder"), "This is needed.");
    assert!(page.body.contains(r#"value="builds.example""#) && !page.body.contains("secret\""));

    connect(&mut browser, &jenkins("http://builds.example")).await;
    let again = browser
        .api(Method::POST, "/connections", &jenkins("http://b.example"))
        .await;
    assert_eq!(
        (again.status, &again.json()["code"]),
        (409, &json!("key-taken"))
    );
}

#[tokio::test]
async fn what_is_in_use_stays_and_what_is_not_goes() {
    let portal = Portal::start().await;
    let mut browser = admin(&portal).await;
    let id = connect(&mut browser, &jenkins("http://builds.example")).await;
    let language = json!({"key": "java", "jenkins": "builds", "template_job": "templates/java"});
    let answer = browser.api(Method::POST, "/languages", &language).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let path = format!("/connections/{id}");
    let answer = browser.api(Method::DELETE, &path, &json!(null)).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (409, &json!("connection-used-by-language"))
    );
    let page = browser
        .post("/connections/builds/delete", &[("confirm", "builds")])
        .await;
    assert_eq!(page.status, 409);
    assert!(
        page.text("#e-confirm")
            .contains("A language makes its jobs")
    );

    sqlx::query("DELETE FROM language")
        .execute(&portal.db.owner)
        .await
        .unwrap();
    let page = browser
        .post("/connections/builds/delete", &[("confirm", "build")])
        .await;
    assert_eq!(
        (page.status, page.text("#e-confirm").as_str()),
        (400, "This is not its name.")
    );
    let page = browser
        .post("/connections/builds/delete", &[("confirm", "builds")])
        .await;
    assert_eq!(
        (page.status, page.header("location")),
        (303, "/connections")
    );
    assert_eq!(browser.get("/connections/builds").await.status, 404);
    assert_eq!(
        browser
            .api(Method::DELETE, &path, &json!(null))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_client_and_its_breaker_last_as_long_as_the_row_is_as_it_was() {
    let portal = Portal::start().await;
    let mut browser = admin(&portal).await;
    let id = connect(&mut browser, &gitlab("http://127.0.0.1:9", TOKEN)).await;
    let typed: ConnectionId = id.parse().unwrap();
    assert!(
        connections::jenkins(&portal.app, typed).await.is_err(),
        "it is no Jenkins"
    );
    let call = async || {
        let client = connections::gitlab(&portal.app, typed).await.unwrap();
        match client.version().await.unwrap_err() {
            CallError::Unavailable { detail, .. } => detail,
            other => panic!("{other}"),
        }
    };
    for _ in 0..5 {
        assert!(call().await.starts_with("cannot connect"));
    }
    assert!(
        call().await.starts_with("left alone"),
        "each call got the same client"
    );
    let said = test(&mut browser, &id).await;
    assert!(
        said["detail"]
            .as_str()
            .unwrap()
            .starts_with("cannot connect"),
        "a person asks anew"
    );
    let body = gitlab("http://127.0.0.1:9/moved", "");
    let answer = browser
        .api(Method::PUT, &format!("/connections/{id}"), &body)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(
        call().await.starts_with("cannot connect"),
        "a changed row has a client of its own"
    );
}
