//! Requests: filed, decided on what was shown, by others than their author.

mod again;
mod agreement;
mod away;
mod bundles;
mod drafts;
mod hosts;
mod kinds;
mod lapses;
mod policies;
mod revisions;
mod talk;
mod undone;

use reqwest::Method;
use serde_json::{Value, json};
use slipway::identity::PlatformRole;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::support::{Browser, Portal, seed};
use secrecy::ExposeSecret as _;

/// A developer of one project, a tester, two of operations, an auditor and a stranger.
async fn company() -> Portal {
    let portal = Portal::start().await;
    for name in ["dev", "tess", "stranger"] {
        portal.account(name, &[]).await;
    }
    portal.account("ops", &[PlatformRole::Ops]).await;
    portal.account("ops2", &[PlatformRole::Ops]).await;
    portal.account("aud", &[PlatformRole::Auditor]).await;
    seed::outside(&portal).await;
    seed::project(&portal, "pay-gateway", "dev", "developer").await;
    portal
}

fn filing(key: &str) -> Value {
    json!({"kind": "onboarding", "note": "Spring sale", "parameters": seed::onboarding(key)})
}

async fn filed(browser: &mut Browser, key: &str) -> (i64, String) {
    let answer = browser.api(Method::POST, "/requests", &filing(key)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let request = answer.json();
    (
        request["number"].as_i64().unwrap(),
        request["hash"].as_str().unwrap().to_owned(),
    )
}

fn approve(hash: &str) -> Value {
    json!({"verdict": "approve", "hash": hash})
}

async fn decide(browser: &mut Browser, number: i64, body: &Value) -> (u16, Value) {
    let path = format!("/requests/{number}/decisions");
    let answer = browser.api(Method::POST, &path, body).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_request_is_decided_by_somebody_else_on_what_was_shown() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let mut ops = portal.signed_in("ops").await;
    let (number, hash) = filed(&mut dev, "search-api").await;

    let (status, problem) = decide(&mut dev, number, &approve(&hash)).await;
    assert_eq!((status, &problem["code"]), (403, &json!("request-own")));
    let page = dev.get(&format!("/requests/{number}")).await;
    assert_eq!(
        page.text("#shut-why"),
        "Nobody decides on their own request. Waits for one person from operations."
    );
    assert!(!page.body.contains("/decisions"), "no form to decide with");

    let (status, problem) = decide(&mut ops, number, &approve(&"0".repeat(64))).await;
    assert_eq!((status, &problem["code"]), (409, &json!("request-changed")));
    let (status, request) = decide(&mut ops, number, &approve(&hash)).await;
    assert_eq!((status, &request["state"]), (201, &json!("approved")));
    assert_eq!(request["decisions"][0]["hash"], json!(hash));

    let mut second = portal.signed_in("ops2").await;
    let (status, problem) = decide(&mut second, number, &approve(&hash)).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("request-is-approved"))
    );
    let said = problem["detail"].as_str().unwrap();
    assert!(
        said.starts_with("ops the tester approved it already, at 20"),
        "{said}"
    );

    let project = dev.api_get("/projects/search-api");
    assert_eq!(project.await.status, 200, "its owner sees the project");
}

#[tokio::test]
async fn the_page_decides_with_the_hash_it_shows_and_keeps_what_was_typed() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let mut ops = portal.signed_in("ops").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    let (page, post) = (
        format!("/requests/{number}"),
        format!("/requests/{number}/decisions"),
    );

    let shown = ops.get(&page).await;
    assert_eq!(shown.text("h1"), "search-api: new project");
    assert_eq!(shown.text(".bar nav.wide .count"), "1");
    assert!(shown.text("table").contains("Repository shop/search-api"));
    assert!(shown.body.contains(&format!(r#"value="{hash}""#)));

    let form = [("verdict", "reject"), ("hash", &hash), ("comment", " ")];
    let answer = ops.post(&post, &form).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.text("#comment-e"),
        "Say why you reject; the author reads it."
    );

    let form = [
        ("verdict", "reject"),
        ("hash", "00"),
        ("comment", "No port"),
    ];
    let answer = ops.post(&post, &form).await;
    assert_eq!(answer.status, 409);
    assert!(answer.text("[role=alert]").contains("The request changed"));
    assert_eq!(answer.text("#comment"), "No port", "what was typed is kept");

    let form = [
        ("verdict", "reject"),
        ("hash", &hash),
        ("comment", "No port"),
    ];
    assert_eq!(ops.post(&post, &form).await.status, 303);
    let after = dev.get(&page).await;
    assert!(after.text(".title").contains("Rejected"));
    assert!(after.text(".voters").contains("No port"));
    assert_eq!(ops.get(&page).await.text(".bar nav.wide .count"), "");
}

#[tokio::test]
async fn who_has_no_say_sees_why_and_strangers_see_nothing() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    let page = format!("/requests/{number}");

    let mut auditor = portal.signed_in("aud").await;
    let shown = auditor.get(&page).await;
    assert_eq!(
        shown.text("#shut-why"),
        "Only operations may decide on this."
    );
    let (status, _) = decide(&mut auditor, number, &approve(&hash)).await;
    assert_eq!(status, 403);

    let mut stranger = portal.signed_in("stranger").await;
    assert_eq!(stranger.get(&page).await.status, 404);
    assert_eq!(decide(&mut stranger, number, &approve(&hash)).await.0, 404);
    let list = stranger.api_get("/requests").await;
    assert_eq!(list.json()["items"], json!([]));
    let (status, _) = decide(&mut stranger, 99, &approve(&hash)).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn only_the_author_takes_a_request_back_and_only_while_it_is_open() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let mut ops = portal.signed_in("ops").await;
    let (number, _) = filed(&mut dev, "search-api").await;
    let path = format!("/requests/{number}/withdrawal");
    let refused = ops.api(Method::POST, &path, &Value::Null).await;
    assert_eq!(refused.json()["code"], "request-withdraw-own");
    assert_eq!(dev.post(&path, &[]).await.status, 303);
    let again = dev.api(Method::POST, &path, &Value::Null).await;
    assert_eq!(
        (again.status, again.json()["code"].clone()),
        (409, json!("request-is-withdrawn"))
    );

    let (second, hash) = filed(&mut dev, "search-api").await;
    assert!(second > number, "the key is free again");
    assert_eq!(decide(&mut ops, second, &approve(&hash)).await.0, 201);
    let twice = dev
        .api(Method::POST, "/requests", &filing("search-api"))
        .await;
    assert_eq!(twice.status, 409, "{}", twice.body);
}

#[tokio::test]
async fn an_approval_is_refused_when_the_world_has_moved() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let mut ops = portal.signed_in("ops").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    sqlx::query("UPDATE account SET disabled_at = now() WHERE name = 'tess'")
        .execute(&portal.db.owner)
        .await
        .unwrap();
    let (status, problem) = decide(&mut ops, number, &approve(&hash)).await;
    assert_eq!(status, 400, "{problem}");
    assert_eq!(problem["fields"][0]["field"], "parameters.testers");
}

#[tokio::test]
async fn the_inbox_shows_what_waits_and_pages_through_the_rest() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let mut ops = portal.signed_in("ops").await;
    for key in ["one", "two", "three"] {
        filed(&mut dev, key).await;
    }
    let first = ops.api_get("/requests?for=me&limit=2");
    let first = first.await.json();
    let subjects = |list: &Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap();
        items
            .iter()
            .map(|i| i["subject"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(subjects(&first), ["three", "two"]);
    let path = format!(
        "/requests?for=me&limit=2&after={}",
        first["next"].as_str().unwrap()
    );
    let rest = ops.api_get(&path).await.json();
    assert_eq!(
        (subjects(&rest), &rest["next"]),
        (vec!["one".to_owned()], &Value::Null)
    );

    let page = ops.get("/requests").await;
    assert_eq!(page.text("h1"), "3 requests wait for you");
    let mine = dev.get("/requests").await;
    assert_eq!(mine.text("h1"), "No request waits for you");
    assert!(
        mine.text("table").contains("three: new project"),
        "what they filed themselves"
    );
    assert_eq!(
        dev.get("/requests?for=me").await.text(".nothing strong"),
        "Nothing to decide"
    );
    let home = ops.get("/").await;
    assert_eq!(home.text("h1"), "3 things wait for you");
    for path in [
        "/requests?for=you",
        "/requests?state=shut",
        "/requests?limit=5",
        "/requests?after=x",
    ] {
        assert_eq!(ops.get(path).await.status, 400, "{path}");
    }
    ops.headers = vec![("hx-request", "true".to_owned())];
    let part = ops.get("/requests?for=me").await;
    assert!(
        part.body.starts_with(r#"<div class="stack" id="inbox""#),
        "{}",
        part.body
    );
}

/// Runs a statement as the application's role and names the constraint or rule that refused it.
async fn refused_by(portal: &Portal, sql: &str) -> String {
    let url = portal.db.app_url.expose_secret();
    let mut connection = PgConnection::connect(url).await.unwrap();
    let error = connection
        .execute(AssertSqlSafe(sql.to_owned()))
        .await
        .unwrap_err();
    let error = error.into_database_error().unwrap();
    error
        .constraint()
        .map_or_else(|| error.message().to_owned(), str::to_owned)
}

#[tokio::test]
async fn the_database_itself_refuses_what_must_not_be() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let mut ops = portal.signed_in("ops").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    let decision = |decider: &str, verdict: &str, hash: &str| {
        format!(
            "INSERT INTO decision (id, request_id, revision, hash, author_id, decider_id, verdict,
                comment)
             SELECT gen_random_uuid(), r.id, 1, {hash}, r.author_id, a.id, '{verdict}', ''
             FROM request r, request_revision v, account a
             WHERE r.number = {number} AND v.request_id = r.id AND a.name = '{decider}'"
        )
    };
    let cases = [
        (
            decision("dev", "approve", "v.hash"),
            "decision_not_by_author",
        ),
        (
            decision("ops", "reject", "v.hash"),
            "decision_reject_says_why",
        ),
        (
            decision("ops", "approve", "sha256('x')"),
            "decision_on_what_was_shown",
        ),
    ];
    for (sql, constraint) in cases {
        assert_eq!(refused_by(&portal, &sql).await, constraint);
    }
    assert_eq!(decide(&mut ops, number, &approve(&hash)).await.0, 201);
    let twice = decision("ops", "approve", "v.hash");
    assert_eq!(refused_by(&portal, &twice).await, "decision_once");
    for table in ["decision", "request_revision", "audit_entry"] {
        for sql in [
            format!("DELETE FROM {table}"),
            format!(
                "UPDATE {table} SET {} = NULL",
                if table == "audit_entry" {
                    "reason"
                } else {
                    "hash"
                }
            ),
        ] {
            let why = refused_by(&portal, &sql).await;
            assert_eq!(why, format!("permission denied for table {table}"));
        }
    }
}
