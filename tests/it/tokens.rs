//! Programs: tokens that do no more than they are for, and POSTs that are sent twice.

use reqwest::Method;
use serde_json::{Value, json};

use scraper::{Html, Selector};

use crate::support::company::Company;
use crate::support::{self, Browser, Portal};

async fn program(company: &Company, token: &str) -> Browser {
    let mut program = company.portal.browser();
    let header = format!("Bearer {token}");
    program.headers.push(("authorization", header));
    program
}

async fn token(owner: &mut Browser, scopes: &[&str]) -> (String, String) {
    let body = json!({ "name": "CI of pay", "scopes": scopes, "days": 30 });
    let answer = owner.api(Method::POST, "/tokens", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    let made = answer.json();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("token"))
}

#[tokio::test]
async fn a_token_does_what_it_is_for_and_no_more() {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    let (id, secret) = token(&mut company.developer, &["release"]).await;
    assert!(secret.starts_with("slw_") && secret.len() == 47, "{secret}");
    let mut program = program(&company, &secret).await;
    assert_eq!(program.api_get("/me").await.json()["user"], "lin");
    let opening = json!({ "ref": "main", "note": "by a program" });
    let path = "/projects/pay/releases";
    let opened = program.api(Method::POST, path, &opening).await;
    assert_eq!(opened.status, 201, "{}", opened.body);

    let asked = json!({ "kind": "containers", "project": "pay", "environment": "test",
        "parameters": { "component": "cron", "parameters": crate::support::company::parameters() } });
    let refused = program.api(Method::POST, "/requests", &asked).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (403, &json!("token-scope-missing"))
    );
    let more = json!({ "name": "more", "scopes": ["operate"], "days": 1 });
    let refused = program.api(Method::POST, "/tokens", &more).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (403, &json!("token-never"))
    );

    let listed = company.developer.api_get("/tokens").await.json();
    let line = &listed["items"][0];
    assert_eq!(line["hint"], secret[43..]);
    assert!(!line["used_at"].is_null() && !listed.to_string().contains(&secret));
    let stored = "SELECT count(*) FROM api_token WHERE token_hash = sha256($1::bytea)";
    let stored: i64 = sqlx::query_scalar(stored)
        .bind(secret.as_bytes())
        .fetch_one(&company.portal.db.owner)
        .await
        .unwrap();
    assert_eq!(stored, 1);

    let mut stranger = company.portal.signed_in("stranger").await;
    let theirs = stranger
        .bare(Method::DELETE, &format!("/api/v1/tokens/{id}"))
        .await;
    assert_eq!(theirs.status, 404);
    let path = format!("/api/v1/tokens/{id}");
    assert_eq!(
        company.developer.bare(Method::DELETE, &path).await.status,
        204
    );
    assert_eq!(program.api_get("/me").await.status, 401);
}

#[tokio::test]
async fn ones_own_page_makes_tokens_ends_sessions_and_changes_the_password() {
    let portal = Portal::start().await;
    portal.account("lin", &[]).await;
    let mut lin = portal.signed_in("lin").await;
    let mut elsewhere = portal.signed_in("lin").await;
    let empty = lin
        .post("/me/tokens", &[("name", ""), ("days", "900")])
        .await;
    assert_eq!(empty.status, 400);
    let wrong = empty.text(".notice .links");
    assert!(
        wrong.contains("Name:") && wrong.contains("Days until it expires: It expires"),
        "{wrong}"
    );
    let form = [("name", "CI"), ("scope-release", "true"), ("days", "30")];
    let made = lin.post("/me/tokens", &form).await;
    assert_eq!(made.status, 201);
    let token = made.text("#made");
    assert!(token.starts_with("slw_"), "{}", made.body);
    let page = lin.get("/me").await;
    assert!(page.text("table").contains("CI") && !page.body.contains(&token));
    assert!(!page.body.contains('⟦'), "{}", page.body);

    let path = Html::parse_document(&page.body)
        .select(&Selector::parse("form[action^='/me/sessions/']").unwrap())
        .next()
        .and_then(|f| f.attr("action"))
        .unwrap()
        .to_owned();
    assert_eq!(lin.post(&path, &[]).await.status, 303);
    assert_eq!(elsewhere.get("/me").await.status, 303);
    assert_eq!(lin.get("/me").await.status, 200);

    let mut third = portal.signed_in("lin").await;
    let wrong = [("current", "not this one"), ("password", "a new long one")];
    let refused = lin.post("/me/password", &wrong).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text(".error").contains("not your current password"));
    assert!(!refused.body.contains("a new long one"));
    let right = [
        ("current", support::portal::PASSWORD),
        ("password", "a new long one"),
    ];
    assert_eq!(lin.post("/me/password", &right).await.status, 303);
    assert_eq!(lin.get("/me").await.status, 200);
    assert_eq!(third.get("/me").await.status, 303);
}

#[tokio::test]
async fn no_token_decides_whatever_its_scopes() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let asked = json!({ "kind": "containers", "project": "pay", "environment": "test",
        "parameters": { "parameters": crate::support::company::parameters() } });
    let filed = company
        .developer
        .api(Method::POST, "/requests", &asked)
        .await
        .json();
    let all = ["read", "request", "release", "confirm", "operate"];
    let (_, secret) = token(&mut company.ops, &all).await;
    let mut program = program(&company, &secret).await;
    let path = format!("/requests/{}", filed["number"]);
    assert_eq!(program.api_get(&path).await.status, 200);
    let decision = json!({ "verdict": "approve", "hash": filed["hash"], "comment": "" });
    let path = format!("{path}/decisions");
    assert_eq!(
        program.api(Method::POST, &path, &decision).await.status,
        403
    );
    let decided = company.ops.api(Method::POST, &path, &decision).await;
    assert_eq!(decided.status, 201, "{}", decided.body);
}

#[tokio::test]
async fn expired_tokens_and_those_of_disabled_people_open_nothing() {
    let mut company = Company::start().await;
    let (_, secret) = token(&mut company.developer, &["read"]).await;
    let mut program = program(&company, &secret).await;
    assert_eq!(program.api_get("/projects").await.status, 200);
    company.portal.db.set_clock_offset(31.0 * 86_400.0).await;
    assert_eq!(program.api_get("/projects").await.status, 401);
    company.portal.db.set_clock_offset(0.0).await;
    assert_eq!(program.api_get("/projects").await.status, 200);
    sqlx::query("UPDATE account SET disabled_at = now() WHERE name = 'lin'")
        .execute(&company.portal.db.owner)
        .await
        .unwrap();
    assert_eq!(program.api_get("/projects").await.status, 401);
}

#[tokio::test]
async fn a_projects_program_is_nobody_else_and_sees_nothing_else() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.project("shop").await;
    let body =
        json!({ "name": "Nightly tests", "scopes": ["confirm"], "days": 7, "role": "tester" });
    let path = "/projects/pay/tokens";
    let made = company.developer.api(Method::POST, path, &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    let mut program = program(&company, made["token"].as_str().unwrap()).await;
    let me = program.api_get("/me").await.json();
    assert!(me["user"].as_str().unwrap().starts_with("pay-bot-"), "{me}");
    assert_eq!(program.api_get("/projects/pay").await.status, 200);
    assert_eq!(program.api_get("/projects/shop").await.status, 404);
    let owner = json!({ "name": "x", "scopes": ["read"], "days": 7, "role": "owner" });
    let refused = company.developer.api(Method::POST, path, &owner).await;
    assert_eq!(
        (refused.status, &refused.json()["fields"][0]["field"]),
        (400, &json!("role"))
    );
    let ended = format!("/api/v1{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(
        company.developer.bare(Method::DELETE, &ended).await.status,
        204
    );
    assert_eq!(program.api_get("/me").await.status, 401);
}

/// A program of a project, made by somebody.
async fn bot(company: &Company, owner: &mut Browser, role: &str, scope: &str) -> Browser {
    let body = json!({ "name": role, "scopes": [scope], "days": 7, "role": role });
    let made = owner.api(Method::POST, "/projects/pay/tokens", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let token = made.json()["token"].as_str().unwrap().to_owned();
    program(company, &token).await
}

#[tokio::test]
async fn nobody_gets_round_a_second_pair_of_eyes_by_a_program() {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    let mut owner = company.portal.signed_in("lin").await;
    let id = company.open("pay").await;
    company.settle().await;
    let digest = company.release(&id).await["artifact"]["digest"].clone();
    let mut tester = bot(&company, &mut owner, "tester", "confirm").await;
    let word = json!({ "digest": digest, "note": "" });
    let path = format!("/releases/{id}/confirmation");
    let refused = tester.api(Method::POST, &path, &word).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (403, &json!("confirm-own"))
    );
    company.confirm(&id).await;
    let mut developer = bot(&company, &mut owner, "developer", "release").await;
    let path = format!("/releases/{id}/deployments");
    let prod = json!({ "environment": "prod" });
    let asked = developer.api(Method::POST, &path, &prod).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let path = format!("/requests/{}", asked.json()["request"]);
    let shown = owner.api_get(&path).await.json();
    let yes = json!({ "verdict": "approve", "hash": shown["hash"], "comment": "" });
    let refused = owner
        .api(Method::POST, &format!("{path}/decisions"), &yes)
        .await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    // Operations may give a project's programs tokens, but none a tester's word.
    let body = json!({ "name": "x", "scopes": ["confirm"], "days": 7, "role": "tester" });
    let refused = company
        .ops
        .api(Method::POST, "/projects/pay/tokens", &body)
        .await;
    assert_eq!(refused.status, 403, "{}", refused.body);
}

#[tokio::test]
async fn a_program_is_not_one_of_the_people() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.project("shop").await;
    let mut owner = company.portal.signed_in("lin").await;
    let mut program = bot(&company, &mut owner, "developer", "read").await;
    let name = program.api_get("/me").await.json()["user"]
        .as_str()
        .unwrap()
        .to_owned();
    let people = company.admin.api_get("/people").await;
    assert!(!people.body.contains(&name));
    let path = format!("/people/{name}");
    assert_eq!(company.admin.api_get(&path).await.status, 404);
    let path = format!("{path}/password");
    assert_eq!(
        company
            .admin
            .api(Method::POST, &path, &json!({}))
            .await
            .status,
        404
    );
    let joining = json!({ "user": name, "role": "owner" });
    let put = owner
        .api(Method::POST, "/projects/shop/members", &joining)
        .await;
    assert!([400, 404].contains(&put.status), "{}", put.body);
    // It answers to a person: with that person it is out.
    sqlx::query("UPDATE account SET disabled_at = now() WHERE name = 'lin'")
        .execute(&company.portal.db.owner)
        .await
        .unwrap();
    assert_eq!(program.api_get("/me").await.status, 401);
}

async fn open_with(browser: &mut Browser, key: &str, reference: &str) -> (u16, Value, String) {
    browser.headers.push(("idempotency-key", key.to_owned()));
    let body = json!({ "ref": reference, "note": "" });
    let answer = browser
        .api(Method::POST, "/projects/pay/releases", &body)
        .await;
    browser.headers.pop();
    let replayed = answer.header("idempotency-replayed").to_owned();
    (answer.status, answer.json(), replayed)
}

#[tokio::test]
async fn a_post_that_is_sent_again_with_its_key_is_not_done_again() {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    let first = open_with(&mut company.developer, "k-1", "main").await;
    assert_eq!((first.0, first.2.as_str()), (201, ""));
    let again = open_with(&mut company.developer, "k-1", "main").await;
    assert_eq!(
        (again.0, &again.1, again.2.as_str()),
        (201, &first.1, "true")
    );
    let other = open_with(&mut company.developer, "k-1", "other").await;
    assert_eq!(
        (other.0, &other.1["code"]),
        (409, &json!("idempotency-other"))
    );
    let fresh = open_with(&mut company.developer, "k-2", "main").await;
    assert_ne!(fresh.1["id"], first.1["id"]);
    let long = "k".repeat(101);
    let wrong = open_with(&mut company.developer, &long, "main").await;
    assert_eq!(
        (wrong.0, &wrong.1["fields"][0]["field"]),
        (400, &json!("Idempotency-Key"))
    );
    // What was refused is not remembered: it can be sent again once the cause is gone.
    let refused = open_with(&mut company.developer, "k-3", "-x").await;
    assert_eq!(refused.0, 400);
    assert_eq!(
        open_with(&mut company.developer, "k-3", "main").await.0,
        201
    );
}

#[tokio::test]
async fn of_equal_posts_at_once_one_alone_has_an_effect() {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    let mut people = Vec::new();
    for _ in 0..6 {
        people.push(company.portal.signed_in("lin").await);
    }
    let sent = people.iter_mut().map(|p| open_with(p, "once", "main"));
    let answers = futures_util::future::join_all(sent).await;
    assert!(
        answers
            .iter()
            .all(|(status, ..)| [201, 409].contains(status)),
        "{answers:?}"
    );
    let releases = company
        .developer
        .api_get("/projects/pay/releases")
        .await
        .json();
    assert_eq!(
        releases["items"].as_array().unwrap().len(),
        1,
        "{answers:?}"
    );
}

#[tokio::test]
async fn an_owner_gives_a_program_its_token_on_a_page_and_ends_it_there() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let mut owner = company.portal.signed_in("lin").await;
    let here = "/projects/pay/programs";
    let settings = owner.get("/projects/pay/settings").await;
    assert!(settings.body.contains(&format!("href=\"{here}\"")));
    let none = owner.post(here, &[("name", ""), ("days", "7")]).await;
    assert_eq!(none.status, 400);
    let wrong = none.text(".notice .links");
    assert!(
        wrong.contains("What it is in the project: This is needed."),
        "{wrong}"
    );
    let form = [
        ("name", "Nightly tests"),
        ("scope-read", "true"),
        ("days", "7"),
        ("role", "viewer"),
    ];
    let made = owner.post(here, &form).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.header("cache-control"), "no-store");
    let mut program = program(&company, &made.text("#made")).await;
    assert_eq!(program.api_get("/projects/pay").await.status, 200);
    let page = owner.get(here).await;
    assert!(page.text("table").contains("pay-bot-"), "{}", page.body);
    assert!(!page.body.contains("slw_") && !page.body.contains('⟦'));

    let path = Html::parse_document(&page.body)
        .select(&Selector::parse("form[action$='/revocation']").unwrap())
        .next()
        .and_then(|f| f.attr("action"))
        .unwrap()
        .to_owned();
    assert_eq!(owner.post(&path, &[]).await.status, 303);
    assert_eq!(program.api_get("/me").await.status, 401);
    let page = owner.get(here).await;
    assert!(page.text(".nothing").contains("No tokens"), "{}", page.body);
}
