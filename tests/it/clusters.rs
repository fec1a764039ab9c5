//! Clusters are registered and tested; environments and languages are made of what is there.

use reqwest::Method;
use serde_json::{Value, json};
use slipway::clusters::{self, ClusterId};
use slipway::identity::PlatformRole;
use slipway_sim::World;

use crate::support::cluster::{self, TOKEN, VERSION, kubeconfig};
use crate::support::company::Company;
use crate::support::{Browser, Portal};

async fn admin(portal: &Portal) -> Browser {
    portal.account("root", &[PlatformRole::Admin]).await;
    portal.signed_in("root").await
}

fn body(key: &str, kubeconfig: &str) -> Value {
    json!({"key": key, "site": "shanghai", "kubeconfig": kubeconfig,
        "registry_host": "registry.example:5000", "makes_namespaces": true})
}

async fn register(browser: &mut Browser, key: &str, server: &str, token: &str) -> String {
    let body = body(key, &kubeconfig(server, token));
    let answer = browser.api(Method::POST, "/clusters", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn test(browser: &mut Browser, id: &str) -> Value {
    let path = format!("/clusters/{id}/test");
    let answer = browser.api(Method::POST, &path, &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn a_cluster_is_registered_and_says_what_it_is_and_what_is_missing() {
    let portal = Portal::start().await;
    let world = World::explicit();
    let good = cluster::serve(&world, "sh-test", &[]).await;
    let refused = &[
        ("deployments", "create"),
        ("deployments", "patch"),
        ("secrets", "get"),
    ];
    let poor = cluster::serve(&world, "sh-prod", refused).await;
    let mut browser = admin(&portal).await;
    let page = browser.get("/clusters").await;
    assert!(
        page.text(".nothing")
            .starts_with("No cluster is registered yet")
    );

    let text = kubeconfig(good.base_url(), TOKEN);
    let form = [
        ("key", "sh-test"),
        ("site", "shanghai"),
        ("kubeconfig", text.as_str()),
        ("registry_host", "registry.example"),
        ("makes_namespaces", "on"),
    ];
    let answer = browser.post("/clusters", &form).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, "/clusters/sh-test"),
        "{}",
        answer.body
    );
    assert_eq!(
        browser.post("/clusters/sh-test/test", &[]).await.status,
        303
    );
    let page = browser.get("/clusters/sh-test").await;
    assert!(
        page.text(".state-pill").starts_with("Answers"),
        "{}",
        page.body
    );
    assert!(page.text(".aside").contains(VERSION));

    let id = register(&mut browser, "sh-prod", poor.base_url(), TOKEN).await;
    let said = test(&mut browser, &id).await;
    assert_eq!(
        said["text"],
        format!("Answers as {VERSION}, but 2 rights are missing")
    );
    let page = browser.get("/clusters/sh-prod").await;
    assert!(
        page.text(".aside")
            .contains("deployments.apps: may not create, patch")
    );

    let id = register(&mut browser, "bj-prod", poor.base_url(), "wrong").await;
    assert_eq!(test(&mut browser, &id).await["code"], "test-denied");
    poor.kill().await;
    assert_eq!(test(&mut browser, &id).await["code"], "test-away");
    let page = browser.get("/clusters").await;
    assert!(
        page.text("tbody").contains("Does not answer"),
        "{}",
        page.text("tbody")
    );
    assert!(page.text("tbody").contains("no environment yet"));
    world.transcript().check().unwrap();
}

#[tokio::test]
async fn a_kubeconfig_that_runs_a_command_is_refused_at_its_field_in_both_languages() {
    let portal = Portal::start().await;
    let mut browser = admin(&portal).await;
    let exec = kubeconfig("https://10.0.0.1:6443", "x").replace("token: x", "exec: {command: sh}");
    let form = [
        ("key", "sh-test"),
        ("site", "shanghai"),
        ("kubeconfig", &exec),
        ("registry_host", "r.example"),
    ];
    let page = browser.post("/clusters", &form).await;
    assert_eq!(page.status, 400);
    assert!(
        page.text("#e-kubeconfig").contains("runs a command (exec)"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains(r##"href="#f-kubeconfig""##)
            && page.body.contains(r#"value="shanghai""#)
    );
    assert!(
        !page.body.contains("10.0.0.1"),
        "a kubeconfig is not given back"
    );
    browser.post("/language", &[("language", "zh-CN")]).await;
    let page = browser.post("/clusters", &form).await;
    assert!(
        page.text("#e-kubeconfig").contains("执行命令"),
        "{}",
        page.body
    );

    let link_local = kubeconfig("https://169.254.169.254", "x");
    for (change, field, code) in [
        (json!({"kubeconfig": exec}), "kubeconfig", "kubeconfig_exec"),
        (
            json!({"kubeconfig": "nothing"}),
            "kubeconfig",
            "kubeconfig_malformed",
        ),
        (json!({"kubeconfig": ""}), "kubeconfig", "field-required"),
        (
            json!({"kubeconfig": link_local}),
            "kubeconfig",
            "address-forbidden",
        ),
        (
            json!({"registry_host": "registry"}),
            "registry_host",
            "cluster-registry-host",
        ),
        (json!({"site": "Shanghai"}), "site", "key-grammar"),
        (json!({"color": "red"}), "color", "field-unknown"),
    ] {
        let mut body = body("sh-test", &kubeconfig("https://10.0.0.1", "x"));
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let answer = browser.api(Method::POST, "/clusters", &body).await;
        let fields = answer.json()["fields"].clone();
        assert_eq!(
            (&fields[0]["field"], &fields[0]["code"]),
            (&json!(field), &json!(code)),
            "{fields}"
        );
    }
}

#[tokio::test]
async fn environments_have_their_clusters_in_order_and_everybody_may_ask_for_them() {
    let portal = Portal::start().await;
    let mut browser = admin(&portal).await;
    for key in ["a1", "b2", "c3"] {
        register(&mut browser, key, "https://10.0.0.1", "x").await;
    }
    let prod = json!({"key": "prod", "tier": "production", "rank": 2, "approvals": 1,
        "clusters": ["c3", "a1"]});
    let answer = browser.api(Method::POST, "/environments", &prod).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let page = browser.get("/environments/new").await;
    assert!(
        page.text("main form").contains("Lower-case") || page.text("h1") == "Add an environment"
    );
    let form = [
        ("key", "test"),
        ("tier", "test"),
        ("rank", "1"),
        ("approvals", "0"),
        ("clusters", "b2"),
        ("clusters", ""),
        ("clusters", "a1"),
    ];
    let answer = browser.post("/environments/new", &form).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, "/clusters"),
        "{}",
        answer.body
    );

    portal.account("dev", &[]).await;
    let mut developer = portal.signed_in("dev").await;
    let list = developer
        .api(Method::GET, "/environments", &json!(null))
        .await
        .json();
    let shown = |n: usize| {
        let keys = list["items"][n]["clusters"].as_array().unwrap().iter();
        (
            list["items"][n]["key"].clone(),
            keys.map(|c| c["key"].clone()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(shown(0), (json!("test"), vec![json!("b2"), json!("a1")]));
    assert_eq!(shown(1), (json!("prod"), vec![json!("c3"), json!("a1")]));
    assert_eq!(
        developer
            .api(Method::GET, "/clusters", &json!(null))
            .await
            .status,
        403
    );
    assert_eq!(
        developer
            .api(Method::GET, "/languages", &json!(null))
            .await
            .status,
        403
    );
    assert_eq!(
        developer
            .api(Method::POST, "/environments", &prod)
            .await
            .status,
        403
    );

    let found = clusters::environment_by_key(&portal.app, "prod")
        .await
        .unwrap()
        .unwrap();
    let ordered = clusters::clusters_of(&portal.app, found.id).await.unwrap();
    assert_eq!(
        ordered.iter().map(|c| c.key.as_str()).collect::<Vec<_>>(),
        ["c3", "a1"]
    );
    for (change, field, code) in [
        (
            json!({"clusters": []}),
            "clusters",
            "environment-no-cluster",
        ),
        (
            json!({"clusters": ["a1", "a1"]}),
            "clusters",
            "environment-cluster-twice",
        ),
        (
            json!({"clusters": ["nope"]}),
            "clusters",
            "environment-cluster-unknown",
        ),
        (
            json!({"approvals": 10}),
            "approvals",
            "environment-approvals-range",
        ),
        (json!({"key": "pre-prod"}), "key", "short-key-grammar"),
    ] {
        let mut body = prod.clone();
        body["key"] = json!("stage");
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let answer = browser.api(Method::POST, "/environments", &body).await;
        assert_eq!(answer.status, 400, "{body}");
        let fields = answer.json()["fields"].clone();
        assert_eq!(
            (&fields[0]["field"], &fields[0]["code"]),
            (&json!(field), &json!(code))
        );
    }
    assert_eq!(
        browser
            .api(Method::POST, "/environments", &prod)
            .await
            .status,
        409
    );
    let page = browser.get("/clusters").await;
    assert!(
        page.text("tbody").contains("test, prod"),
        "{}",
        page.text("tbody")
    );
    assert!(page.text("tbody").contains("1 person approves"));
}

#[tokio::test]
async fn a_language_names_a_template_in_a_jenkins() {
    let portal = Portal::start().await;
    let mut browser = admin(&portal).await;
    let page = browser.get("/languages/new").await;
    assert!(
        page.text(".nothing")
            .starts_with("No Jenkins is connected yet")
    );
    for body in [
        json!({"key": "builds", "kind": "jenkins", "url": "http://b.example", "credential": "t",
            "config": {"user": "portal", "folder": "portal"}}),
        json!({"key": "images", "kind": "registry", "url": "http://r.example",
            "config": {"prefix": "a"}}),
    ] {
        assert_eq!(
            browser
                .api(Method::POST, "/connections", &body)
                .await
                .status,
            201
        );
    }
    let form = [
        ("key", "java"),
        ("jenkins", "images"),
        ("template_job", "../x"),
    ];
    let page = browser.post("/languages/new", &form).await;
    assert_eq!(page.status, 400);
    assert_eq!(
        page.text("#e-jenkins"),
        "Choose a connection that is a Jenkins."
    );
    assert!(page.text("#e-template_job").contains("full name of a job"));
    let form = [
        ("key", "java"),
        ("jenkins", "builds"),
        ("template_job", "templates/java"),
    ];
    assert_eq!(browser.post("/languages/new", &form).await.status, 303);
    let page = browser.post("/languages/new", &form).await;
    assert_eq!(
        (page.status, page.text("#e-key").as_str()),
        (409, "There is already one of this name.")
    );
    let list = browser
        .api(Method::GET, "/languages", &json!(null))
        .await
        .json();
    assert_eq!(list["items"][0]["template_job"], "templates/java");
    assert!(list["items"][0]["id"].is_string());
    browser.post("/language", &[("language", "zh-CN")]).await;
    for path in [
        "/clusters",
        "/clusters/new",
        "/environments/new",
        "/languages/new",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200);
        assert!(
            !page.body.contains('⟦'),
            "{path} lacks words: {}",
            page.body
        );
    }
}

#[tokio::test]
async fn a_kubeconfig_is_replaced_sealed_and_used_from_then_on() {
    let portal = Portal::start().await;
    let world = World::explicit();
    let server = cluster::serve(&world, "sh-test", &[]).await;
    let mut browser = admin(&portal).await;
    let canary = "canary-9c1e";
    let id = register(&mut browser, "sh-test", server.base_url(), canary).await;
    assert_eq!(test(&mut browser, &id).await["code"], "test-denied");
    let text = kubeconfig(server.base_url(), TOKEN);
    let mut form = vec![
        ("key", "sh-test"),
        ("site", "beijing"),
        ("registry_host", "r.example"),
    ];
    assert_eq!(browser.post("/clusters/sh-test", &form).await.status, 303);
    assert_eq!(
        test(&mut browser, &id).await["code"],
        "test-denied",
        "the former one was kept"
    );
    form.push(("kubeconfig", &text));
    assert_eq!(browser.post("/clusters/sh-test", &form).await.status, 303);
    let said = test(&mut browser, &id).await;
    assert_eq!(said["code"], "test-cluster-good", "{said}");
    let typed: ClusterId = id.parse().unwrap();
    let client = clusters::kubernetes(&portal.app, typed).await.unwrap();
    assert_eq!(client.version().await.unwrap().git_version, VERSION);

    let sql = "SELECT e::text FROM audit_entry e UNION ALL SELECT o::text FROM observation o
        UNION ALL SELECT c::text FROM cluster c";
    let mut seen: Vec<String> = sqlx::query_scalar(sql)
        .fetch_all(&portal.db.owner)
        .await
        .unwrap();
    seen.push(browser.get("/clusters/sh-test").await.body);
    seen.push(
        browser
            .api(Method::GET, "/clusters", &json!(null))
            .await
            .body,
    );
    for text in seen {
        for secret in [canary, TOKEN] {
            assert!(
                !text.contains(secret) && !text.contains(&hex::encode(secret)),
                "{text}"
            );
        }
    }
    portal.account("lin", &[PlatformRole::Ops]).await;
    let mut ops = portal.signed_in("lin").await;
    assert_eq!(ops.get("/clusters/sh-test").await.status, 200);
    assert_eq!(ops.post("/clusters/sh-test", &form).await.status, 403);
    assert_eq!(ops.get("/clusters/new").await.status, 403);
    let path = format!("/clusters/{id}/test");
    assert_eq!(ops.api(Method::POST, &path, &json!({})).await.status, 403);
}

/// A company in which `pay` has a place in test, and ids of what is registered.
async fn furnished() -> (Company, Value, Value, Value) {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    let clusters = company.admin.api_get("/clusters").await.json();
    let environments = company.admin.api_get("/environments").await.json();
    let languages = company.admin.api_get("/languages").await.json();
    (company, clusters, environments, languages)
}

fn item<'a>(list: &'a Value, key: &str) -> &'a str {
    let items = list["items"].as_array().unwrap();
    let found = items.iter().find(|i| i["key"] == key).unwrap();
    found["id"].as_str().unwrap()
}

#[tokio::test]
async fn what_is_used_stays_and_the_refusal_says_by_whom() {
    let (mut company, clusters, environments, languages) = furnished().await;
    let admin = &mut company.admin;
    for (path, code, by) in [
        (
            format!("/clusters/{}", item(&clusters, "sh-test")),
            "cluster-used",
            "pay, test",
        ),
        (
            format!("/environments/{}", item(&environments, "test")),
            "environment-used",
            "pay",
        ),
        (
            format!("/languages/{}", item(&languages, "go")),
            "language-used",
            "pay",
        ),
    ] {
        let refused = admin.api(Method::DELETE, &path, &Value::Null).await;
        assert_eq!(refused.status, 409, "{path}: {}", refused.body);
        let said = refused.json();
        assert_eq!(said["code"], code);
        assert!(said["detail"].as_str().unwrap().starts_with(by), "{said}");
    }
    // An environment cannot leave a cluster on which it has containers.
    let path = format!("/environments/{}", item(&environments, "test"));
    let moved = json!({ "key": "test", "tier": "test", "rank": 1, "clusters": ["sh-prod"] });
    let refused = admin.api(Method::PUT, &path, &moved).await;
    assert_eq!(refused.json()["code"], "environment-cluster-used");
    let other = json!({ "key": "test", "tier": "production", "rank": 1, "clusters": ["sh-test"] });
    let refused = admin.api(Method::PUT, &path, &other).await;
    assert_eq!(refused.json()["code"], "environment-remembered");
}

#[tokio::test]
async fn environments_change_their_order_and_approvals() {
    let (mut company, _, environments, _) = furnished().await;
    let path = format!("/environments/{}", item(&environments, "test"));
    let body = json!({ "key": "test", "tier": "test", "rank": 3, "approvals": 2,
        "clusters": ["sh-prod", "sh-test"] });
    let changed = company.admin.api(Method::PUT, &path, &body).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let changed = changed.json();
    assert_eq!(changed["clusters"][0]["key"], "sh-prod");
    assert_eq!(changed["approvals"], 2);
    let renamed = json!({ "key": "qa", "tier": "test", "rank": 3, "clusters": ["sh-test"] });
    assert_eq!(
        company.admin.api(Method::PUT, &path, &renamed).await.status,
        400
    );
    let form = [
        ("key", "test"),
        ("tier", "test"),
        ("rank", "many"),
        ("approvals", "0"),
        ("clusters", "sh-test"),
    ];
    let refused = company.admin.post("/environments/test", &form).await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.text("h1").contains("Environment test"),
        "{}",
        refused.body
    );
    let trail = company
        .admin
        .api_get("/audit?action=environment.update")
        .await
        .json();
    assert_eq!(trail["items"][0]["before"]["rank"], 1, "{trail}");
}

#[tokio::test]
async fn what_nothing_uses_goes_when_its_name_is_typed() {
    let (mut company, clusters, _, languages) = furnished().await;
    let admin = &mut company.admin;
    let body = json!({ "key": "go", "jenkins": "jenkins", "template_job": "templates/go2" });
    let path = format!("/languages/{}", item(&languages, "go"));
    assert_eq!(
        admin.api(Method::PUT, &path, &body).await.json()["template_job"],
        "templates/go2"
    );
    let wrong = admin
        .post("/environments/prod/delete", &[("confirm", "production")])
        .await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text("#e-confirm").contains("not its name"));
    let gone = admin
        .post("/environments/prod/delete", &[("confirm", "prod")])
        .await;
    assert_eq!(gone.status, 303, "{}", gone.body);
    let used = admin
        .post("/clusters/sh-test/delete", &[("confirm", "sh-test")])
        .await;
    assert_eq!(used.status, 409);
    assert!(used.text("#e-confirm").contains("pay"));
    let path = format!("/clusters/{}", item(&clusters, "sh-prod"));
    assert_eq!(
        admin.api(Method::DELETE, &path, &Value::Null).await.status,
        204
    );
    let made = json!({ "key": "java", "jenkins": "jenkins", "template_job": "templates/java" });
    assert_eq!(
        admin.api(Method::POST, "/languages", &made).await.status,
        201
    );
    let gone = admin
        .post("/languages/java/delete", &[("confirm", "java")])
        .await;
    assert_eq!(gone.status, 303, "{}", gone.body);
    for action in ["cluster.delete", "environment.delete", "language.delete"] {
        let trail = admin
            .api_get(&format!("/audit?action={action}"))
            .await
            .json();
        assert_eq!(trail["items"].as_array().unwrap().len(), 1, "{action}");
    }
}

#[tokio::test]
async fn a_cluster_is_changed_over_the_api_and_keeps_its_kubeconfig() {
    let (mut company, clusters, ..) = furnished().await;
    let path = format!("/clusters/{}", item(&clusters, "sh-test"));
    let body = json!({ "key": "sh-test", "site": "suzhou", "registry_host": "r.example:5000" });
    let changed = company.admin.api(Method::PUT, &path, &body).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.json()["site"], "suzhou");
    let tested = company
        .admin
        .api(Method::POST, &format!("{path}/test"), &json!({}))
        .await;
    assert_eq!(tested.json()["ok"], true, "{}", tested.body);
}
