//! People come, change and go, and projects take them in.

use reqwest::Method;
use serde_json::{Value, json};
use slipway::identity::PlatformRole;

use crate::support::company::approve;
use crate::support::{Browser, Portal, seed};

async fn portal() -> (Portal, Browser) {
    let portal = Portal::start().await;
    portal.account("root", &[PlatformRole::Admin]).await;
    let admin = portal.signed_in("root").await;
    (portal, admin)
}

async fn put(admin: &mut Browser, user: &str, change: &Value) -> (u16, Value) {
    let path = format!("/people/{user}");
    let answer = admin.api(Method::PUT, &path, change).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn somebody_new_chooses_a_password_of_their_own() {
    let (portal, mut admin) = portal().await;
    let form = [
        ("user", "mei"),
        ("display_name", "Mei Lan"),
        ("roles", "ops"),
    ];
    let made = admin.post("/people", &form).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let given = made.text("#pw-h code");
    assert_eq!(given.len(), 20, "{given}");
    let mut mei = portal.browser();
    let json = json!({ "user": "mei", "password": given });
    let refused = mei.api(Method::POST, "/session", &json).await;
    assert_eq!(refused.json()["code"], "account-password-temporary");
    let signed = mei
        .post("/login", &[("name", "mei"), ("password", &given)])
        .await;
    assert_eq!(signed.header("location"), "/login/password");
    assert_eq!(mei.get("/").await.status, 303, "not in yet");
    let same = mei.post("/login/password", &[("password", &given)]).await;
    assert_eq!(same.status, 400);
    let short = mei.post("/login/password", &[("password", "short")]).await;
    assert_eq!(short.status, 400);
    let chosen = [("password", "a horse of my own")];
    let done = mei.post("/login/password", &chosen).await;
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(mei.get("/runs").await.status, 200);
    let again = mei.post("/login/password", &chosen).await;
    assert_eq!(again.header("location"), "/login?next=%2F");
    let old = portal
        .browser()
        .post("/login", &[("name", "mei"), ("password", &given)])
        .await;
    assert_eq!(old.status, 401);
    let trail = admin.get("/audit").await.body;
    assert!(!trail.contains(&given));
}

#[tokio::test]
async fn a_password_that_was_made_is_good_for_a_week() {
    let (portal, mut admin) = portal().await;
    let body = json!({ "user": "mei", "display_name": "Mei" });
    let made = admin.api(Method::POST, "/people", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let given = made.json()["password"].as_str().unwrap().to_owned();
    portal.db.set_clock_offset(8.0 * 86400.0).await;
    let late = portal
        .browser()
        .post("/login", &[("name", "mei"), ("password", &given)])
        .await;
    assert_eq!(late.status, 401);
}

#[tokio::test]
async fn whoever_is_disabled_is_out_at_once() {
    let (portal, mut admin) = portal().await;
    portal.account("mei", &[PlatformRole::Ops]).await;
    let mut mei = portal.signed_in("mei").await;
    assert_eq!(mei.get("/runs").await.status, 200);
    let done = admin.post("/people/mei/disablement", &[]).await;
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(
        mei.get("/runs").await.header("location"),
        "/login?next=%2Fruns"
    );
    let page = admin.get("/people/mei").await;
    assert!(page.text(".title").contains("Disabled"));
    assert_eq!(admin.post("/people/mei/enablement", &[]).await.status, 303);
    assert_eq!(mei.get("/runs").await.status, 303, "old sessions stay over");
    portal.signed_in("mei").await;
    for action in ["account.disable", "account.enable"] {
        let trail = admin
            .api_get(&format!("/audit?action={action}"))
            .await
            .json();
        assert_eq!(trail["items"][0]["target_id"], "mei", "{action}");
    }
}

#[tokio::test]
async fn nobody_changes_their_own_rights_and_an_administrator_stays() {
    let (portal, mut admin) = portal().await;
    portal.account("mei", &[PlatformRole::Admin]).await;
    let mut mei = portal.signed_in("mei").await;
    for change in [json!({ "roles": ["ops"] }), json!({ "disabled": true })] {
        let (status, said) = put(&mut admin, "root", &change).await;
        assert_eq!((status, &said["code"]), (409, &json!("people-own-rights")));
    }
    let (status, _) = put(&mut admin, "root", &json!({ "display_name": "Root" })).await;
    assert_eq!(status, 200);
    assert_eq!(
        put(&mut admin, "mei", &json!({ "roles": ["ops"] })).await.0,
        200
    );
    let (status, _) = put(&mut mei, "root", &json!({ "disabled": true })).await;
    assert_eq!(status, 403, "no administrator any more");
    // The last one, asked for by somebody whose own rights end by themselves.
    sqlx::query(
        "INSERT INTO platform_role (account_id, role, expires_at)
         SELECT id, 'admin', now() + interval '1 day' FROM account WHERE name = 'mei'",
    )
    .execute(&portal.db.owner)
    .await
    .unwrap();
    for change in [json!({ "disabled": true }), json!({ "roles": [] })] {
        let (status, said) = put(&mut mei, "root", &change).await;
        assert_eq!((status, &said["code"]), (409, &json!("people-last-admin")));
    }
    assert_eq!(put(&mut mei, "ghost", &json!({})).await.0, 404);
}

#[tokio::test]
async fn a_lost_password_is_made_anew_and_ends_sessions() {
    let (portal, mut admin) = portal().await;
    portal.account("mei", &[]).await;
    let mut mei = portal.signed_in("mei").await;
    let made = admin.post("/people/mei/password", &[]).await;
    assert_eq!(made.status, 200);
    assert_eq!(made.text("#pw-h code").len(), 20);
    assert_eq!(mei.get("/").await.status, 303);
}

#[tokio::test]
async fn whoever_saw_an_older_temporary_password_chooses_nothing() {
    let (portal, mut admin) = portal().await;
    portal.account("mei", &[]).await;
    let made = admin.post("/people/mei/password", &[]).await;
    let first = made.text("#pw-h code");
    let mut thief = portal.browser();
    let form = [("name", "mei"), ("password", first.as_str())];
    assert_eq!(thief.post("/login", &form).await.status, 303);
    assert_eq!(admin.post("/people/mei/password", &[]).await.status, 200);
    let chosen = [("password", "now it is mine")];
    let answer = thief.post("/login/password", &chosen).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, "/login?next=%2F")
    );
    let form = [("name", "mei"), ("password", "now it is mine")];
    assert_eq!(portal.browser().post("/login", &form).await.status, 401);
}

#[tokio::test]
async fn a_password_in_an_answer_is_kept_for_no_repeat() {
    let (portal, mut admin) = portal().await;
    let joining = json!({ "user": "mei", "display_name": "Mei" });
    let key = ("idempotency-key", "join-mei".to_owned());
    admin.headers.push(key);
    let made = admin.api(Method::POST, "/people", &joining).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let password = made.json()["password"].as_str().unwrap().to_owned();
    let again = admin.api(Method::POST, "/people", &joining).await;
    assert_eq!(
        (again.status, &again.json()["code"]),
        (409, &json!("idempotency-running"))
    );
    let kept = "SELECT count(*) FROM idempotency_key WHERE body::text LIKE '%' || $1 || '%'";
    let kept: i64 = sqlx::query_scalar(kept)
        .bind(&password)
        .fetch_one(&portal.db.owner)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn people_are_found_and_paged() {
    let (portal, mut admin) = portal().await;
    for name in ["amy", "bob", "cho"] {
        portal.account(name, &[]).await;
    }
    let names = async |admin: &mut Browser, query: &str| {
        let found = admin.api_get(&format!("/people?{query}")).await.json();
        let items = found["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|p| p["user"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&mut admin, "").await, ["amy", "bob", "cho", "root"]);
    assert_eq!(names(&mut admin, "limit=2&after=amy").await, ["bob", "cho"]);
    assert_eq!(names(&mut admin, "q=CHO").await, ["cho"]);
    assert_eq!(names(&mut admin, "q=%25").await, Vec::<String>::new());
    assert_eq!(names(&mut admin, "role=admin").await, ["root"]);
    assert!(names(&mut admin, "state=disabled").await.is_empty());
    assert_eq!(admin.api_get("/people?role=odd").await.status, 400);
    let page = admin.get("/people?q=bo").await;
    assert!(page.text(".rows").contains("bob the tester"));
    let taken = json!({ "user": "amy", "display_name": "Amy" });
    assert_eq!(admin.api(Method::POST, "/people", &taken).await.status, 409);
    let reserved = json!({ "user": "new", "display_name": "New" });
    assert_eq!(
        admin.api(Method::POST, "/people", &reserved).await.status,
        400
    );
}

#[tokio::test]
async fn owners_take_people_into_their_project_and_let_them_go() {
    let (portal, _) = portal().await;
    for name in ["own", "mei"] {
        portal.account(name, &[]).await;
    }
    seed::outside(&portal).await;
    seed::project(&portal, "pay", "own", "owner").await;
    let mut own = portal.signed_in("own").await;
    let mut mei = portal.signed_in("mei").await;
    let here = "/projects/pay/members";
    assert_eq!(mei.get(here).await.status, 404);
    let form = [("user", "mei"), ("role", "tester"), ("until", "2099-12-31")];
    let added = own.post(here, &form).await;
    assert_eq!(added.status, 303, "{}", added.body);
    let page = mei.get(here).await;
    assert_eq!(page.status, 200);
    assert!(
        page.text(".rows").contains("2099-12-31"),
        "{}",
        page.text(".rows")
    );
    assert!(page.body.contains("Only owners of the project"));
    assert_eq!(mei.post(here, &form).await.status, 403);
    for (user, until, field) in [
        ("ghost", "", "#e-user"),
        ("mei", "2001-01-01", "#e-until"),
        ("mei", "soon", "#e-until"),
    ] {
        let form = [("user", user), ("role", "viewer"), ("until", until)];
        let refused = own.post(here, &form).await;
        assert_eq!(refused.status, 400, "{user} {until}");
        assert!(!refused.text(field).is_empty(), "{user} {until}");
    }
    let last = own
        .api(
            Method::DELETE,
            "/projects/pay/members/own/owner",
            &Value::Null,
        )
        .await;
    assert_eq!(last.json()["code"], "members-last-owner");
    let gone = [("user", "mei"), ("role", "tester")];
    assert_eq!(
        own.post(&format!("{here}/removal"), &gone).await.status,
        303
    );
    assert_eq!(mei.get(here).await.status, 404);
}

#[tokio::test]
async fn whoever_may_not_give_a_role_asks_for_one() {
    let portal = Portal::start().await;
    for name in ["own", "mei", "ken"] {
        portal.account(name, &[]).await;
    }
    seed::outside(&portal).await;
    seed::project(&portal, "pay", "own", "owner").await;
    seed::member(&portal, "pay", "mei", "viewer").await;
    let mut own = portal.signed_in("own").await;
    let mut mei = portal.signed_in("mei").await;
    let ask = "/projects/pay/members/request";
    for (user, until, field) in [
        ("", "", "#e-user"),
        ("ghost", "", "#e-user"),
        ("ken", "2001-01-01", "#e-until"),
    ] {
        let form = [("user", user), ("role", "developer"), ("until", until)];
        let refused = mei.post(ask, &form).await;
        assert_eq!(refused.status, 400, "{user} {until} {}", refused.body);
        assert!(!refused.text(field).is_empty(), "{user} {until}");
    }
    let form = [
        ("user", "ken"),
        ("role", "developer"),
        ("until", "2099-12-31"),
        ("note", "builds the new checkout"),
    ];
    let sent = mei.post(ask, &form).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let path = sent.header("location").to_owned();
    let mut ken = portal.signed_in("ken").await;
    assert_eq!(ken.get("/projects/pay").await.status, 404);
    let number: i64 = path.rsplit('/').next().unwrap().parse().unwrap();
    let page = own.get(&path).await;
    assert!(
        page.body.contains("builds the new checkout"),
        "{}",
        page.body
    );
    approve(&mut own, number).await;
    assert_eq!(ken.get("/projects/pay").await.status, 200);
    let members = own.api_get("/projects/pay/members").await.json();
    let items = members["items"].as_array().unwrap();
    let his = items.iter().find(|m| m["user"] == "ken").unwrap();
    assert_eq!(his["role"], "developer");
    assert_eq!(his["expires_at"], "2100-01-01T00:00:00Z");
    let request = own.api_get(&path).await.json();
    assert_eq!(request["state"], "done");
}
