//! What people are told themselves: of their own projects, outside of quiet hours.

use super::*;
use crate::support::Browser;
use crate::support::portal::PASSWORD;

async fn wish(browser: &mut Browser, more: &[(&str, Value)]) -> u16 {
    let mut body = json!({ "address": "lin@example.com", "events": EVERYTHING,
        "time_zone": "UTC", "current": PASSWORD });
    for (field, value) in more {
        body[*field] = value.clone();
    }
    browser.api(Method::PUT, "/me/notices", &body).await.status
}

fn mails(company: &Company, to: &str) -> Vec<Heard> {
    company.world.robots().heard_by(to)
}

/// The database's time of day, a few hours on.
async fn clock(company: &Company, hours: i32) -> String {
    sqlx::query_scalar(
        "SELECT to_char((slipway_now() + make_interval(hours => $1)) AT TIME ZONE 'UTC',
            'HH24:MI')",
    )
    .bind(hours)
    .fetch_one(&company.portal.db.owner)
    .await
    .unwrap()
}

async fn ask(company: &mut Company, project: &str) {
    let body = json!({ "kind": "containers", "project": project, "environment": "test",
        "parameters": { "parameters": crate::support::company::parameters() } });
    let answer = company.ops.api(Method::POST, "/requests", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[tokio::test]
async fn quiet_hours_hold_and_merge_and_failures_may_break_through() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    channel(&mut company, &chat.body("mail")).await;
    company.project_with_places("pay").await;
    let (from, to) = (clock(&company, -1).await, clock(&company, 2).await);
    let quiet = [("quiet_from", json!(from)), ("quiet_to", json!(to))];
    assert_eq!(wish(&mut company.developer, &quiet).await, 200);
    let told = json!("chen@example.com");
    let through = [
        ("quiet_from", json!(from)),
        ("quiet_to", json!(to)),
        ("breaks_through", json!(true)),
        ("address", told),
    ];
    assert_eq!(wish(&mut company.tester, &through).await, 200);
    company.commit("pay", "Read a capture back after 409");
    let id = company.open("pay").await;
    company.settle().await;
    company.confirm(&id).await;
    // Production cannot pull it any more.
    let digest = company.release(&id).await["artifact"]["digest"].clone();
    company
        .world
        .registry()
        .delete_image("apps/pay", digest.as_str().unwrap());
    company.send_to_production(&id).await;
    assert_eq!(company.release(&id).await["state"], "failed");
    send(&mut company).await;
    let broke_through = mails(&company, "chen@example.com");
    assert_eq!(broke_through.len(), 1, "{broke_through:?}");
    assert!(
        broke_through[0].text.contains("failed"),
        "{broke_through:?}"
    );
    assert!(mails(&company, "lin@example.com").is_empty(), "it is quiet");

    company.advance(Duration::from_secs(2 * 3600)).await;
    send(&mut company).await;
    for who in ["lin@example.com", "chen@example.com"] {
        let all = mails(&company, who);
        let last = all.last().unwrap_or_else(|| panic!("{who} was never told"));
        assert!(last.subject.contains("messages"), "{}", last.subject);
        let pay = format!("{}/projects/pay/releases/1", company.portal.url);
        assert!(last.text.contains(&pay), "{}", last.text);
    }
    assert_eq!(
        mails(&company, "lin@example.com").len(),
        1,
        "merged into one"
    );
}

#[tokio::test]
async fn people_are_told_of_their_own_projects_and_not_of_what_they_did() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    channel(&mut company, &chat.body("mail")).await;
    company.project("pay").await;
    let mut stranger = company.portal.signed_in("stranger").await;
    let address = [("address", json!("stranger@example.com"))];
    assert_eq!(wish(&mut stranger, &address).await, 200);
    let address = [("address", json!("zhao@example.com"))];
    assert_eq!(wish(&mut company.ops, &address).await, 200);
    assert_eq!(wish(&mut company.developer, &[]).await, 200);
    ask(&mut company, "pay").await;
    send(&mut company).await;
    assert_eq!(mails(&company, "lin@example.com").len(), 1);
    assert!(mails(&company, "stranger@example.com").is_empty());
    assert!(
        mails(&company, "zhao@example.com").is_empty(),
        "asked it himself"
    );
    stop(&mut company, "Incident 7").await;
    send(&mut company).await;
    assert_eq!(
        mails(&company, "stranger@example.com").len(),
        1,
        "everybody's matter"
    );
    let mail = &mails(&company, "stranger@example.com")[0];
    assert!(mail.text.contains("Incident 7"), "{mail:?}");
    assert!(
        mail.text.contains("@example.com>"),
        "it has an id: {mail:?}"
    );
}

/// Operations decide on every project and are members of none; so is a deputy.
#[tokio::test]
async fn who_decides_is_told_that_something_waits_and_that_their_word_counts_no_longer() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    channel(&mut company, &chat.body("mail")).await;
    company.project_with_places("pay").await;
    company.portal.account("deputy", &[]).await;
    let mut sun = company.portal.signed_in("sun").await;
    let mut deputy = company.portal.signed_in("deputy").await;
    let mut stranger = company.portal.signed_in("stranger").await;
    for (browser, address) in [
        (&mut sun, "sun@example.com"),
        (&mut deputy, "deputy@example.com"),
        (&mut stranger, "stranger@example.com"),
    ] {
        assert_eq!(wish(browser, &[("address", json!(address))]).await, 200);
    }
    let until = slipway::clock::now() + jiff::SignedDuration::from_hours(24);
    let away = json!({ "deputy": "deputy", "ends_at": until });
    let answer = sun.api(Method::POST, "/me/delegations", &away).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let scale = json!({ "kind": "scale", "project": "pay", "environment": "prod",
        "note": "A sale", "parameters": { "min": 4, "max": 8 } });
    let answer = company
        .developer
        .api(Method::POST, "/requests", &scale)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let request = answer.json();
    send(&mut company).await;
    for who in ["sun@example.com", "deputy@example.com"] {
        let told = mails(&company, who);
        assert_eq!(told.len(), 1, "{who}: {told:?}");
        assert!(told[0].text.contains("/requests/"), "{told:?}");
    }
    // What is asked for changes: whoever is asked hears of it again.
    let changed = json!({ "parameters": { "min": 4, "max": 9 }, "note": "A bigger sale",
        "hash": request["hash"] });
    let path = format!("/requests/{}", request["number"]);
    let answer = company.developer.api(Method::PUT, &path, &changed).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    send_for(&mut company, 60).await;
    assert_eq!(mails(&company, "sun@example.com").len(), 2);
    assert!(mails(&company, "stranger@example.com").is_empty());
}

#[tokio::test]
async fn another_address_asks_for_the_password() {
    let mut company = Company::start().await;
    let lin = &mut company.developer;
    assert_eq!(wish(lin, &[("current", json!("wrong one"))]).await, 400);
    assert_eq!(wish(lin, &[]).await, 200);
    let nothing = [("current", Value::Null), ("events", json!([]))];
    assert_eq!(wish(lin, &nothing).await, 200, "the address is the same");
    let moved = [
        ("current", Value::Null),
        ("address", json!("thief@example.com")),
    ];
    assert_eq!(wish(lin, &moved).await, 400);
    let half = [("quiet_from", json!("22:00"))];
    assert_eq!(wish(lin, &half).await, 400);
    let wrong = [("quiet_from", json!("22:00")), ("quiet_to", json!("25:00"))];
    assert_eq!(wish(lin, &wrong).await, 400);
    let known = lin.api_get("/me/notices").await.json();
    assert_eq!(known["address"], "lin@example.com");
    assert_eq!(known["events"], json!([]));
}

#[tokio::test]
async fn whoever_left_a_project_meanwhile_is_told_nothing_of_it() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    channel(&mut company, &chat.body("mail")).await;
    company.project("pay").await;
    let (from, to) = (clock(&company, -1).await, clock(&company, 2).await);
    let quiet = [("quiet_from", json!(from)), ("quiet_to", json!(to))];
    assert_eq!(wish(&mut company.tester, &quiet).await, 200);
    ask(&mut company, "pay").await;
    stop(&mut company, "Incident 7").await;
    send(&mut company).await;
    let path = "/api/v1/projects/pay/members/chen/tester";
    let answer = company.admin.bare(Method::DELETE, path).await;
    assert!(answer.status < 300, "{}", answer.body);
    company.advance(Duration::from_secs(2 * 3600)).await;
    send(&mut company).await;
    let all = mails(&company, "lin@example.com");
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].text.contains("Incident 7"), "{}", all[0].text);
    assert!(!all[0].text.contains("pay"), "{}", all[0].text);
}
