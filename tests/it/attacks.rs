//! Bad input and forbidden deeds: refused in words that name the field, or why, who and when, and
//! nothing is made of them.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::support::browser::Answer;
use crate::support::company::{Company, approve, parameters};
use crate::support::logs::Logs;
use crate::support::{Browser, seed};

/// What no key of ours may be; the longest of them has 64 characters.
const BAD_KEYS: [&str; 11] = [
    "",
    "Pay",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "pay🚢",
    "pay\nx",
    "pay\u{0}",
    "..",
    "-x",
    "$(id)",
    "`id`",
    "a/b",
];

/// What `containers` asks for, with one thing wrong in it.
fn containers(pointer: &str, value: &Value) -> Value {
    let whole = json!({ "kind": "containers", "project": "pay", "environment": "test", "note": "",
        "parameters": { "component": "worker", "parameters": parameters(), "per_cluster": {} } });
    with(whole, pointer, value)
}

fn onboarding(pointer: &str, value: &Value) -> Value {
    with(seed::onboarding("search"), pointer, value)
}

/// Sets what a pointer names, which may be a field that was not there.
fn with(mut whole: Value, pointer: &str, value: &Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    whole.pointer_mut(parent).unwrap()[name] = value.clone();
    whole
}

/// A project with a place in test, whose developer the browser is.
async fn company() -> Company {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    company
}

/// What is wrong with an answer that should refuse one field.
fn complaint(answer: &Answer, field: &str) -> Option<String> {
    if answer.status != 400 {
        return Some(format!("{} {}", answer.status, answer.body));
    }
    let problem = answer.json();
    let mut fields = problem["fields"].as_array().unwrap().iter();
    let named = fields.find(|f| f["field"] == field);
    let said = named.and_then(|f| f["detail"].as_str());
    let well = said.is_some_and(|s| !s.is_empty() && s != named.unwrap()["code"]);
    (!well).then(|| format!("does not name {field}: {}", answer.body))
}

/// Sends each body, and reports those that were not refused by their field.
async fn refuses(browser: &mut Browser, path: &str, cases: &[(Value, String)]) {
    let mut wrong = Vec::new();
    for (body, field) in cases {
        let answer = browser.api(Method::POST, path, body).await;
        if let Some(complaint) = complaint(&answer, field) {
            wrong.push(format!("{body}\n  {complaint}"));
        }
    }
    assert!(wrong.is_empty(), "{path}:\n{}\n", wrong.join("\n"));
}

fn bad_keys(of: impl Fn(&str) -> Value, field: &str) -> Vec<(Value, String)> {
    BAD_KEYS.map(|key| (of(key), field.to_owned())).to_vec()
}

/// What is wrong round the document: where, with what, and the field that the answer names.
fn bad_filings() -> Vec<(Value, String)> {
    let (clusters, patches) = ("/parameters/clusters", "/parameters/per_cluster");
    let too_few = json!({ "sh-test": { "replicas": { "min": 0 } } });
    let cases = [
        ("/extra", json!(true), "extra"),
        ("/kind", json!("root"), "kind"),
        ("/kind", json!(7), "kind"),
        ("/project", json!(["pay"]), "project"),
        ("/note", json!("n".repeat(2001)), "note"),
        ("/parameters", json!("x"), "parameters"),
        ("/parameters/extra", json!(1), "parameters.extra"),
        (clusters, json!(["no"]), "parameters.clusters"),
        (clusters, json!([]), "parameters.clusters"),
        (patches, json!({ "no": {} }), "parameters.per_cluster"),
        (patches, json!({ "sh-prod": {} }), "parameters.per_cluster"),
        (patches, too_few, "parameters.parameters.replicas.min"),
    ];
    cases
        .iter()
        .map(|(pointer, value, field)| (containers(pointer, value), (*field).to_owned()))
        .collect()
}

/// What is wrong in the document of parameters.
fn bad_documents() -> Vec<(Value, String)> {
    let reference = json!([{ "name": "TOKEN", "secret": { "id": Uuid::nil(), "version": 1 } }]);
    let no_text = json!([{ "name": "A", "secret_value": 7 }]);
    let file = json!([{ "path": "/k", "stored": { "id": Uuid::nil(), "version": 1 } }]);
    let long = json!([{ "path": "/k", "secret_value": "k".repeat(30_001) }]);
    let cases = [
        ("/hostPath", json!("/"), "hostPath"),
        ("/port", json!(0), "port"),
        ("/port", json!(65536), "port"),
        ("/port", json!("8080"), "port"),
        ("/replicas/min", json!(-1), "replicas.min"),
        ("/replicas/min", json!(1.5), "replicas.min"),
        ("/replicas/min", json!(5), "replicas.max"),
        ("/replicas/max", json!(1_000_000_000), "replicas.max"),
        ("/cpu/limit", json!("1e308"), "cpu.limit"),
        ("/cpu/limit", json!(1e308), "cpu.limit"),
        ("/cpu/request", json!("900m"), "cpu.limit"),
        ("/memory/limit", json!("64Mi"), "memory.limit"),
        ("/env", reference, "env"),
        ("/env", no_text, "env.secret_value"),
        ("/files", file, "files"),
        ("/files", long, "files.secret_value"),
    ];
    let case = |(pointer, value, field): &(&str, Value, &str)| {
        let body = containers(&format!("/parameters/parameters{pointer}"), value);
        (body, format!("parameters.parameters.{field}"))
    };
    cases.iter().map(case).collect()
}

#[tokio::test]
async fn bad_parameters_are_refused_by_their_field_and_nothing_is_made() {
    let mut company = company().await;
    let mut cases = bad_filings();
    cases.extend(bad_documents());
    let component = |key: &str| containers("/parameters/component", &json!(key));
    cases.extend(bad_keys(component, "parameters.component"));
    let environment = |key: &str| containers("/environment", &json!(key));
    cases.extend(bad_keys(environment, "environment"));
    let before = company.portal.db.row_counts().await;
    refuses(&mut company.developer, "/requests", &cases).await;
    for key in BAD_KEYS {
        let body = containers("/project", &json!(key));
        let answer = company
            .developer
            .api(Method::POST, "/requests", &body)
            .await;
        assert!(
            matches!(answer.status, 400 | 404),
            "{key:?}: {}",
            answer.body
        );
    }
    assert_eq!(company.portal.db.row_counts().await, before);
    company.check().await;
}

#[tokio::test]
async fn bad_names_of_projects_and_of_the_platforms_things_are_refused() {
    let mut company = company().await;
    let cases = [
        ("/extra", json!(true), "extra"),
        ("/port", json!(0), "port"),
        ("/port", json!(65536), "port"),
        ("/owners", json!([]), "owners"),
        ("/owners", json!("dev"), "owners"),
        ("/repository", json!("../etc"), "repository"),
        ("/repository", json!("-x/y"), "repository"),
        ("/deploy_path", json!("/opt/../etc"), "deploy_path"),
        ("/start_command", json!("run $(id)"), "start_command"),
        ("/start_command", json!("run\nrm"), "start_command"),
        ("/description", json!("d".repeat(201)), "description"),
    ];
    let mut cases: Vec<_> = cases
        .iter()
        .map(|(pointer, value, field)| (onboarding(pointer, value), (*field).to_owned()))
        .collect();
    cases.extend(bad_keys(|key| onboarding("/key", &json!(key)), "key"));
    let before = company.portal.db.row_counts().await;
    refuses(&mut company.developer, "/projects", &cases).await;
    let environment =
        |key: &str| json!({ "key": key, "tier": "test", "rank": 1, "clusters": ["sh-test"] });
    let cases = bad_keys(environment, "key");
    refuses(&mut company.admin, "/environments", &cases).await;
    let connection = |key: &str| json!({ "key": key, "kind": "registry", "url": "http://r" });
    let cases = bad_keys(connection, "key");
    refuses(&mut company.admin, "/connections", &cases).await;
    let kubeconfig = company.test.kubeconfig.clone();
    let known = json!({ "site": "here", "kubeconfig": kubeconfig, "registry_host": "r:5000" });
    let cluster = |key: &str| with(known.clone(), "/key", &json!(key));
    let cases = bad_keys(cluster, "key");
    refuses(&mut company.admin, "/clusters", &cases).await;
    for key in [
        "..",
        "%00",
        "-x",
        "$(id)",
        "%F0%9F%9A%A2",
        "Pay",
        "a%2Fb",
        "%0A",
    ] {
        for path in [
            format!("/projects/{key}"),
            format!("/api/v1/projects/{key}"),
        ] {
            let answer = company.developer.get(&path).await;
            assert!(
                matches!(answer.status, 200 | 404),
                "{path}: {}",
                answer.status
            );
        }
    }
    assert_eq!(company.portal.db.row_counts().await, before);
}

#[tokio::test]
async fn a_reference_that_git_would_not_take_never_leaves_the_portal() {
    let mut company = company().await;
    let (long, before) = ("r".repeat(300), company.portal.db.row_counts().await);
    let bad = [
        "",
        "-x",
        "--upload-pack=x",
        "a;id",
        "$(id)",
        "`id`",
        "main\nx",
        "main\u{0}",
        "..",
        "main..x",
        "@{-1}",
        "main@{1}",
        "🚢",
        &long,
        "no-such-branch",
    ];
    let mut cases: Vec<_> = bad
        .iter()
        .map(|r| json!({ "ref": r, "note": "" }))
        .collect();
    cases.push(json!({ "ref": 7 }));
    cases.push(json!({ "note": "no ref" }));
    let cases: Vec<_> = cases.into_iter().map(|c| (c, "ref".to_owned())).collect();
    company.world.transcript().clear();
    refuses(&mut company.developer, "/projects/pay/releases", &cases).await;
    let more = [
        (
            json!({ "ref": "main", "note": "n".repeat(2001) }),
            "note".to_owned(),
        ),
        (
            json!({ "ref": "main", "image": "evil/image" }),
            "image".to_owned(),
        ),
    ];
    refuses(&mut company.developer, "/projects/pay/releases", &more).await;
    assert_eq!(company.portal.db.row_counts().await, before);
    assert_eq!(company.tags("pay"), 0);
    let asked = company.world.transcript().all();
    let asked: Vec<String> = asked.iter().map(ToString::to_string).collect();
    let harmless = |line: &String| line.contains("no-such-branch") || line.contains("%9F%9A%A2");
    assert!(asked.iter().all(harmless), "{asked:#?}");
}

/// A refusal by its status and code; what it says is handed on.
fn refused(answer: &Answer, status: u16, code: &str) -> String {
    assert_eq!(answer.status, status, "{}", answer.body);
    let problem = answer.json();
    assert_eq!(problem["code"], code, "{problem}");
    problem["detail"].as_str().unwrap().to_owned()
}

async fn post(browser: &mut Browser, path: &str, body: &Value) -> Answer {
    browser.api(Method::POST, path, body).await
}

async fn awaiting(company: &mut Company, message: &str) -> (String, Value) {
    company.commit("pay", message);
    let id = company.open("pay").await;
    company.settle().await;
    let story = company.release(&id).await;
    assert_eq!(story["state"], "awaiting_confirmation", "{story}");
    let digest = story["artifact"]["digest"].clone();
    (id, digest)
}

#[tokio::test]
async fn nothing_reaches_production_past_a_confirmation_and_anothers_yes() {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    let (id, digest) = awaiting(&mut company, "Read a capture back after 409").await;
    let before = company.portal.db.row_counts().await;
    let deployments = format!("/releases/{id}/deployments");
    let prod = json!({ "environment": "prod" });
    let answer = post(&mut company.developer, &deployments, &prod).await;
    let said = refused(&answer, 409, "production-not-confirmed");
    assert!(said.contains("tester"), "{said}");

    // Whoever opened the release may be a tester too, and still not stand for their own.
    seed::member(&company.portal, "pay", "lin", "tester").await;
    let confirmation = format!("/releases/{id}/confirmation");
    let tested = json!({ "digest": digest });
    let answer = post(&mut company.developer, &confirmation, &tested).await;
    let said = refused(&answer, 403, "confirm-own");
    assert!(said.contains("tester"), "{said}");
    let other = json!({ "digest": format!("sha256:{}", "0".repeat(64)) });
    let answer = post(&mut company.tester, &confirmation, &other).await;
    let said = refused(&answer, 409, "confirm-other-digest");
    assert!(said.contains(digest.as_str().unwrap()), "{said}");
    let after = company.portal.db.row_counts().await;
    assert_eq!(after["confirmation"], before["confirmation"]);
    assert_eq!(after["request"], before["request"]);

    company.confirm(&id).await;
    let answer = post(&mut company.tester, &confirmation, &tested).await;
    let said = refused(&answer, 409, "confirm-done-before");
    assert!(
        said.contains("chen the tester") && said.contains("at 20"),
        "{said}"
    );

    let answer = post(&mut company.developer, &deployments, &prod).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let number = answer.json()["request"].as_i64().unwrap();
    one_yes_of_another(&mut company, number).await;
    let answer = post(&mut company.developer, &deployments, &prod).await;
    refused(&answer, 409, "production-under-way");
    company.settle().await;
    assert_eq!(company.release(&id).await["state"], "released");
    company.check().await;
}

/// The presser's own yes, a yes to something else, one that counts, and one too late.
async fn one_yes_of_another(company: &mut Company, number: i64) {
    let path = format!("/requests/{number}");
    let hash = company.ops.api_get(&path).await.json()["hash"].clone();
    let decisions = format!("{path}/decisions");
    let yes = json!({ "verdict": "approve", "hash": hash });
    let answer = post(&mut company.developer, &decisions, &yes).await;
    let said = refused(&answer, 403, "request-own");
    assert!(said.contains("own request"), "{said}");
    let to_another = json!({ "verdict": "approve", "hash": "0".repeat(64) });
    let answer = post(&mut company.ops, &decisions, &to_another).await;
    refused(&answer, 409, "request-changed");
    let answer = post(&mut company.ops, &decisions, &yes).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let mut late = company.portal.signed_in("sun").await;
    let answer = post(&mut late, &decisions, &yes).await;
    let said = refused(&answer, 409, "request-is-approved");
    assert!(
        said.contains("zhao the tester") && said.contains("at 20"),
        "{said}"
    );
}

#[tokio::test]
async fn a_digest_that_test_no_longer_runs_is_not_confirmed() {
    let mut company = company().await;
    let (first, old) = awaiting(&mut company, "Read a capture back after 409").await;
    let (second, new) = awaiting(&mut company, "Log the idempotency key").await;
    assert_ne!(old, new);
    let path = format!("/releases/{first}/confirmation");
    let answer = post(&mut company.tester, &path, &json!({ "digest": old })).await;
    let said = refused(&answer, 409, "confirm-test-runs-other");
    assert!(said.contains("test on sh-test"), "{said}");

    let image = company.image("sh-test", "pay-test", "pay");
    let by_hand = image.replace(new.as_str().unwrap(), old.as_str().unwrap());
    let place = ("sh-test", "pay-test", "pay");
    company.set_image_by_hand(place, &by_hand).await;
    let path = format!("/releases/{second}/confirmation");
    let answer = post(&mut company.tester, &path, &json!({ "digest": new })).await;
    let said = refused(&answer, 409, "confirm-test-runs-other");
    assert!(said.contains("test on sh-test"), "{said}");
    let counts = company.portal.db.row_counts().await;
    assert_eq!(counts["confirmation"], 0);
}

#[tokio::test]
async fn another_projects_secret_does_not_open() {
    let mut company = company().await;
    company.project("shop").await;
    let (id, version): (Uuid, i32) =
        sqlx::query_as("SELECT secret_id, version FROM secret_version LIMIT 1")
            .fetch_one(&company.portal.db.owner)
            .await
            .unwrap();
    let env = json!([{ "name": "TOKEN", "secret": { "id": id, "version": version } }]);
    let before = company.portal.db.row_counts().await;
    let asked = |pointer: &str, value: &Value| {
        let body = containers(pointer, value);
        with(body, "/project", &json!("shop"))
    };
    let cases = [
        (
            asked("/parameters/parameters/env", &env),
            "parameters.parameters.env".to_owned(),
        ),
        (
            asked(
                "/parameters/per_cluster",
                &json!({ "sh-test": { "env": env } }),
            ),
            "parameters.per_cluster.sh-test.env".to_owned(),
        ),
    ];
    refuses(&mut company.developer, "/requests", &cases).await;
    assert_eq!(company.portal.db.row_counts().await, before);
}

/// Of [`parameters`].
const CANARY: &str = "canary-secret-value";
/// Given in a patch for one cluster.
const SECOND_CANARY: &str = "canary-of-one-cluster";
/// The text of a file.
const THIRD_CANARY: &str = "canary-in-a-file";

fn is_canary(text: &str) -> bool {
    [CANARY, SECOND_CANARY, THIRD_CANARY].iter().any(|canary| {
        text.contains(canary)
            || text.contains(&STANDARD.encode(canary))
            || text.contains(&hex::encode(canary))
    })
}

#[tokio::test]
async fn a_secret_is_nowhere_but_in_the_clusters_secret() {
    let (logs, _listening) = Logs::listen();
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    let patch = json!({ "sh-test": { "env": [{ "name": "A", "secret_value": SECOND_CANARY }],
        "files": [{ "path": "/etc/pay/key", "secret_value": THIRD_CANARY }] } });
    let body = containers("/parameters/per_cluster", &patch);
    let answer = post(&mut company.developer, "/requests", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    approve(&mut company.ops, answer.json()["number"].as_i64().unwrap()).await;
    company.settle().await;
    let refused = with(body, "/parameters/component", &json!("cron"));
    let refused = with(refused, "/parameters/parameters/port", &json!(0));
    let refused = post(&mut company.developer, "/requests", &refused).await;
    assert!(
        refused.status == 400 && !is_canary(&refused.body),
        "{}",
        refused.body
    );
    let (id, _) = awaiting(&mut company, "Read a capture back after 409").await;
    company.confirm(&id).await;
    company.send_to_production(&id).await;
    assert_eq!(company.release(&id).await["state"], "released");

    for path in answers(&mut company, &id).await {
        let answer = company.ops.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!is_canary(&answer.body), "{path} shows a secret");
    }
    // Read before the search below, whose own statements name what they search for.
    let logged = logs.text();
    assert!(
        !logged.is_empty() && !is_canary(&logged),
        "a secret is in the log"
    );
    assert_eq!(rows_with_canaries(&company).await, Vec::<String>::new());
    let sent = company.world.transcript().all();
    let told = sent
        .iter()
        .filter(|e| is_canary(&format!("{} {}", e.path, e.body)));
    let kinds: BTreeSet<&str> = told
        .map(|e| e.path.split('/').nth(5).unwrap_or(&e.path))
        .collect();
    assert_eq!(kinds, BTreeSet::from(["secrets"]), "only Secrets are told");
    let all: String = sent.iter().map(|e| e.body.as_str()).collect();
    for canary in [CANARY, SECOND_CANARY, THIRD_CANARY] {
        assert!(all.contains(&STANDARD.encode(canary)), "{canary} is told");
    }
    company.check().await;
}

/// Every page and answer that knows of the containers or the release.
async fn answers(company: &mut Company, release: &str) -> Vec<String> {
    let workloads = company.ops.api_get("/projects/pay/workloads").await.json();
    let mut paths: Vec<String> = workloads["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| format!("/api/v1/workloads/{}/pods", w["id"].as_str().unwrap()))
        .collect();
    let fixed = [
        "/",
        "/audit",
        "/requests",
        "/projects/pay",
        "/projects/pay/releases",
        "/projects/pay/releases/1",
        "/projects/pay/releases/1/log",
        "/api/v1/audit",
        "/api/v1/runs",
        "/api/v1/requests",
        "/api/v1/projects/pay",
        "/api/v1/projects/pay/workloads",
        "/api/v1/projects/pay/releases",
    ];
    paths.extend(fixed.map(str::to_owned));
    paths.push(format!("/api/v1/releases/{release}"));
    paths.push(format!("/api/v1/releases/{release}/log"));
    for number in 1..=5 {
        paths.push(format!("/requests/{number}"));
        paths.push(format!("/api/v1/requests/{number}"));
    }
    paths
}

/// Tables, with their number of such rows, in which any column of any type holds a canary.
async fn rows_with_canaries(company: &Company) -> Vec<String> {
    let owner = &company.portal.db.owner;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT c.table_name::text, c.column_name::text FROM information_schema.columns c
         JOIN information_schema.tables t USING (table_schema, table_name)
         WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'",
    )
    .fetch_all(owner)
    .await
    .unwrap();
    assert!(columns.len() > 200, "the schema has more columns than that");
    let needles = [CANARY, SECOND_CANARY]
        .map(|c| format!("'{c}', '{}', '{}'", STANDARD.encode(c), hex::encode(c)))
        .join(", ");
    let mut found = Vec::new();
    for (table, column) in columns {
        let sql = format!(
            "SELECT count(*) FROM \"{table}\" WHERE EXISTS (SELECT FROM unnest(ARRAY[{needles}])
                AS needle WHERE position(needle IN \"{column}\"::text) > 0)"
        );
        let query = sqlx::query_scalar(AssertSqlSafe(sql));
        let count: i64 = query.fetch_one(owner).await.unwrap();
        if count > 0 {
            found.push(format!("{count} rows of {table}.{column}"));
        }
    }
    found
}
