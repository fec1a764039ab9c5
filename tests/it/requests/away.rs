//! Who is away, and requests that nobody decides on.

use reqwest::Method;
use serde_json::{Value, json};
use slipway::{app, jobs};

use super::{approve, company, decide, filed};
use crate::support::Portal;

async fn leaves(portal: &Portal, who: &str, deputy: &str) {
    let mut browser = portal.signed_in(who).await;
    let until = slipway::clock::now() + jiff::SignedDuration::from_hours(24);
    let body = json!({ "deputy": deputy, "ends_at": until });
    let answer = browser.api(Method::POST, "/me/delegations", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[tokio::test]
async fn a_deputy_decides_in_the_place_of_who_is_away_and_it_is_on_record() {
    let portal = company().await;
    leaves(&portal, "ops", "tess").await;
    let mut dev = portal.signed_in("dev").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    let mut tess = portal.signed_in("tess").await;
    assert_eq!(
        tess.get("/requests").await.text(".bar nav.wide .count"),
        "1"
    );
    let page = tess.get(&format!("/requests/{number}")).await;
    assert_eq!(page.status, 200, "who stands in may see what waits");
    let said = page.text("aside");
    assert!(
        said.contains("You decide in the place of ops the tester, who is away."),
        "{said}"
    );
    let (status, request) = decide(&mut tess, number, &approve(&hash)).await;
    assert_eq!(
        (status, &request["state"]),
        (201, &json!("approved")),
        "{request}"
    );
    assert_eq!(request["decisions"][0]["stands_for"], "ops the tester");
    assert_eq!(request["decisions"][0]["by"], "tess");
    let shown = dev
        .get(&format!("/requests/{number}"))
        .await
        .text(".voters");
    assert!(shown.contains("in the place of ops the tester"), "{shown}");
}

#[tokio::test]
async fn nobody_gets_a_second_voice_by_standing_in() {
    let portal = company().await;
    portal
        .account("root", &[slipway::identity::PlatformRole::Admin])
        .await;
    let mut root = portal.signed_in("root").await;
    let policy = json!({ "kind": "onboarding", "note": "Two",
        "quorum": [{ "permission": "handle-requests", "needed": 2 }] });
    assert_eq!(
        root.api(Method::POST, "/policies", &policy).await.status,
        201
    );
    leaves(&portal, "ops", "tess").await;
    leaves(&portal, "ops", "ops2").await;
    // The author stands in for somebody: not in their own matter.
    leaves(&portal, "ops", "dev").await;
    let mut dev = portal.signed_in("dev").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    let (status, problem) = decide(&mut dev, number, &approve(&hash)).await;
    assert_eq!((status, &problem["code"]), (403, &json!("request-own")));
    let mut tess = portal.signed_in("tess").await;
    assert_eq!(decide(&mut tess, number, &approve(&hash)).await.0, 201);
    let (status, _) = decide(&mut tess, number, &approve(&hash)).await;
    assert_eq!(status, 403, "the absent person has spoken");
    let mut ops = portal.signed_in("ops").await;
    let (status, problem) = decide(&mut ops, number, &approve(&hash)).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("request-decided-before"))
    );
    let mut ops2 = portal.signed_in("ops2").await;
    let (status, request) = decide(&mut ops2, number, &approve(&hash)).await;
    assert_eq!(
        (status, &request["state"]),
        (201, &json!("approved")),
        "by their own right"
    );
}

#[tokio::test]
async fn an_absence_has_an_end_and_both_may_end_it_before() {
    let portal = company().await;
    let mut ops = portal.signed_in("ops").await;
    for (deputy, ends, field) in [
        ("", "2999-01-01T00:00:00Z", "deputy"),
        ("ops", "2020-01-01T00:00:00Z", "deputy"),
        ("tess", "2020-01-01T00:00:00Z", "ends_at"),
        ("tess", "2999-01-01T00:00:00Z", "ends_at"),
        ("ghost", "", "deputy"),
    ] {
        let soon = slipway::clock::now() + jiff::SignedDuration::from_hours(1);
        let ends = if ends.is_empty() {
            soon.to_string()
        } else {
            ends.to_owned()
        };
        let body = json!({ "deputy": deputy, "ends_at": ends });
        let answer = ops.api(Method::POST, "/me/delegations", &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["fields"][0]["field"], field, "{body}");
    }
    let day = slipway::clock::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
        .to_string();
    let form = [
        ("deputy", "tess"),
        ("begins_at", ""),
        ("ends_at", day.as_str()),
    ];
    assert_eq!(ops.post("/me/away", &form).await.status, 303);
    let mut tess = portal.signed_in("tess").await;
    let shown = tess.get("/me/away").await;
    assert!(
        shown.text("table").contains("Stop standing in"),
        "{}",
        shown.text("table")
    );
    let all = tess.api_get("/me/delegations").await.json();
    let path = format!(
        "/me/delegations/{}",
        all["items"][0]["id"].as_str().unwrap()
    );
    let mut dev = portal.signed_in("dev").await;
    assert_eq!(
        dev.api(Method::DELETE, &path, &Value::Null).await.status,
        404
    );
    assert_eq!(
        tess.api(Method::DELETE, &path, &Value::Null).await.status,
        204
    );
    let mut dev = portal.signed_in("dev").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    let (status, _) = decide(&mut tess, number, &approve(&hash)).await;
    assert_eq!(status, 404, "no longer anything to her");
}

#[tokio::test]
async fn a_request_that_nobody_decides_on_is_told_again_and_closes_itself() {
    let portal = company().await;
    portal
        .account("root", &[slipway::identity::PlatformRole::Admin])
        .await;
    let mut root = portal.signed_in("root").await;
    let policy = json!({ "kind": "onboarding", "note": "Soon or never",
        "expires_hours": 48, "remind_hours": 20,
        "quorum": [{ "permission": "handle-requests", "needed": 1 }] });
    assert_eq!(
        root.api(Method::POST, "/policies", &policy).await.status,
        201
    );
    let mut dev = portal.signed_in("dev").await;
    let (number, hash) = filed(&mut dev, "search-api").await;

    assert_eq!(later(&portal, 21).await, [1, 0]);
    assert_eq!(later(&portal, 22).await, [1, 0], "once each time");
    assert_eq!(
        later(&portal, 49).await,
        [1, 1],
        "what is over needs no reminder"
    );
    // Sessions live by the process's clock.
    portal.db.set_clock_offset(0.0).await;
    let mut ops = portal.signed_in("ops").await;
    let request = ops.api_get(&format!("/requests/{number}")).await.json();
    assert_eq!(request["state"], "expired", "{request}");
    let (status, problem) = decide(&mut ops, number, &approve(&hash)).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("request-is-expired"))
    );
    // The same may be asked for again.
    let mut dev = portal.signed_in("dev").await;
    let (number, hash) = filed(&mut dev, "search-api").await;
    // Its time is over, and no timer has come round yet.
    sqlx::query("UPDATE request SET expires_at = slipway_now() WHERE number = $1")
        .bind(number)
        .execute(&portal.db.owner)
        .await
        .expect("a request's end");
    let (status, problem) = decide(&mut ops, number, &approve(&hash)).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("request-is-expired"))
    );
}

/// Lets the timers run so many hours after the beginning; the reminders and the ends told so far.
async fn later(portal: &Portal, hours: u32) -> [i64; 2] {
    portal.db.set_clock_offset(f64::from(hours) * 3600.0).await;
    let timers = app::timers(&portal.app);
    jobs::run_due(&portal.app.db, &timers).await.unwrap();
    let mut told = [0; 2];
    for (n, code) in ["notice-request-still-waits", "notice-request-expired"]
        .iter()
        .enumerate()
    {
        told[n] =
            sqlx::query_scalar("SELECT count(*) FROM outbox WHERE payload->'what'->>'code' = $1")
                .bind(code)
                .fetch_one(&portal.db.owner)
                .await
                .unwrap();
    }
    told
}
