//! A yes counts while its giver may decide: who is disabled, or left the group or the role that
//! made it count, no longer speaks for anybody.

use reqwest::Method;
use serde_json::{Value, json};
use slipway::identity::PlatformRole;
use slipway::{app, jobs};

use super::{approve, company, decide, filed};
use crate::support::{Browser, Portal};

async fn asks(root: &mut Browser, quorum: Value) {
    let policy = json!({ "kind": "onboarding", "note": "Two pairs of eyes", "quorum": quorum });
    let answer = root.api(Method::POST, "/policies", &policy).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

async fn with_root() -> (Portal, Browser) {
    let portal = company().await;
    portal.account("root", &[PlatformRole::Admin]).await;
    portal.account("ops3", &[PlatformRole::Ops]).await;
    let root = portal.signed_in("root").await;
    (portal, root)
}

async fn count(browser: &mut Browser) -> String {
    let page = browser.get("/requests").await;
    page.text(".bar nav.wide .count")
}

async fn voters(browser: &mut Browser, number: i64) -> String {
    browser
        .get(&format!("/requests/{number}"))
        .await
        .text(".voters")
}

/// A first yes is lost in some way, the second one is not enough, and somebody else's is.
async fn loses(root: &mut Browser, portal: &Portal, change: Value, why: &str) {
    let quorum = json!([{ "permission": "handle-requests", "needed": 2 }]);
    asks(root, quorum).await;
    let mut dev = portal.signed_in("dev").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    let mut first = portal.signed_in("ops").await;
    let (_, request) = decide(&mut first, number, &approve(&hash)).await;
    assert_eq!(request["decisions"][0]["fills"], json!([0]), "{request}");
    let mut third = portal.signed_in("ops3").await;
    assert!(!voters(&mut dev, number).await.contains("no longer counts"));
    let gone = root.api(Method::PUT, "/people/ops", &change).await;
    assert!(gone.status < 300, "{}", gone.body);
    let said = voters(&mut dev, number).await;
    assert!(said.contains(why), "{said}");
    assert!(
        said.contains("Waits for 2 people from operations"),
        "{said}"
    );
    let mut second = portal.signed_in("ops2").await;
    let (status, request) = decide(&mut second, number, &approve(&hash)).await;
    assert_eq!(
        (status, &request["state"]),
        (201, &json!("open")),
        "{request}"
    );
    let lapsed = &request["decisions"][0];
    assert_eq!(
        (&lapsed["fills"], &lapsed["given_for"]),
        (&json!([]), &json!([0]))
    );
    let listed = dev.api_get("/requests?for=mine").await.json();
    assert_eq!(listed["items"][0]["missing"], 1, "{listed}");
    assert_eq!(count(&mut third).await, "1", "it waits for somebody else");
    let (status, request) = decide(&mut third, number, &approve(&hash)).await;
    assert_eq!(
        (status, &request["state"]),
        (201, &json!("approved")),
        "{request}"
    );
    // What is decided stays decided, on whose word it was.
    assert_eq!(request["decisions"][0]["fills"], json!([0]), "{request}");
}

#[tokio::test]
async fn a_yes_of_who_is_disabled_counts_no_longer() {
    let (portal, mut root) = with_root().await;
    let why = "This yes no longer counts: the account is disabled.";
    loses(&mut root, &portal, json!({ "disabled": true }), why).await;
}

#[tokio::test]
async fn a_yes_of_who_lost_the_role_counts_no_longer() {
    let (portal, mut root) = with_root().await;
    let why = "its giver does not hold the right to decide any more";
    loses(&mut root, &portal, json!({ "roles": [] }), why).await;
}

#[tokio::test]
async fn a_yes_of_who_left_the_group_counts_no_longer_until_they_are_back() {
    let (portal, mut root) = with_root().await;
    for name in ["dana", "dora", "dina"] {
        portal.account(name, &[]).await;
    }
    let all = json!({ "key": "dba", "name": "Databases", "members": ["dana", "dora", "dina"] });
    let answer = root.api(Method::POST, "/groups", &all).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    asks(&mut root, json!([{ "group": "dba", "needed": 3 }])).await;
    let mut dev = portal.signed_in("dev").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    let mut dana = portal.signed_in("dana").await;
    decide(&mut dana, number, &approve(&hash)).await;
    let fewer = json!({ "key": "dba", "name": "Databases", "members": ["dora", "dina"] });
    let answer = root.api(Method::PUT, "/groups/dba", &fewer).await;
    assert!(answer.status < 300, "{}", answer.body);
    let mut dora = portal.signed_in("dora").await;
    let (_, request) = decide(&mut dora, number, &approve(&hash)).await;
    assert_eq!(request["state"], "open");
    let why = "its giver is not in the group dba any more";
    let said = voters(&mut dev, number).await;
    assert!(said.contains(why), "{said}");
    assert!(
        said.contains("Waits for 2 people from the group dba"),
        "{said}"
    );
    let answer = root.api(Method::PUT, "/groups/dba", &all).await;
    assert!(answer.status < 300, "{}", answer.body);
    assert!(!voters(&mut dev, number).await.contains(why));
    let mut dina = portal.signed_in("dina").await;
    let (_, request) = decide(&mut dina, number, &approve(&hash)).await;
    assert_eq!(request["state"], "approved", "{request}");
}

/// Nobody presses a second time what they said before: it begins when all have their say again.
#[tokio::test]
async fn what_everybody_said_yes_to_begins_when_they_may_decide_again() {
    let (portal, mut root) = with_root().await;
    asks(
        &mut root,
        json!([{ "permission": "handle-requests", "needed": 2 }]),
    )
    .await;
    let mut dev = portal.signed_in("dev").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    let mut first = portal.signed_in("ops").await;
    decide(&mut first, number, &approve(&hash)).await;
    root.api(Method::PUT, "/people/ops", &json!({ "roles": [] }))
        .await;
    let mut second = portal.signed_in("ops2").await;
    decide(&mut second, number, &approve(&hash)).await;
    let timers = app::timers(&portal.app);
    let mut state_after = async |seconds: f64| {
        portal.db.set_clock_offset(seconds).await;
        jobs::run_due(&portal.app.db, &timers)
            .await
            .expect("timers");
        let request = dev.api_get(&format!("/requests/{number}")).await.json();
        (request["state"].clone(), request["decisions"].clone())
    };
    let (state, _) = state_after(20.0).await;
    assert_eq!(state, "open");
    let roles = json!({ "roles": ["ops"] });
    let back = root.api(Method::PUT, "/people/ops", &roles).await;
    assert!(back.status < 300, "{}", back.body);
    let (state, decisions) = state_after(40.0).await;
    assert_eq!(state, "approved", "{decisions}");
    assert_eq!(decisions.as_array().map(Vec::len), Some(2));
    let audited: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit_entry WHERE action = 'request.conclude'")
            .fetch_one(&portal.db.owner)
            .await
            .expect("audit entries");
    assert_eq!(audited, 1);
}
