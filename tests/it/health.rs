//! Health over time: every system is looked at again and again, by one process at a time.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use slipway::{app, jobs};

use slipway::vitals;

use crate::support::company::Company;

async fn look(company: &Company) -> usize {
    let timers = app::timers(&company.portal.app);
    jobs::run_due(&company.portal.app.db, &timers)
        .await
        .unwrap()
}

async fn day(company: &mut Company, kind: &str, key: &str) -> Value {
    let all = company.ops.api_get(&format!("/{kind}")).await.json();
    let items = all["items"].as_array().unwrap();
    let found = items.iter().find(|i| i["key"] == key).unwrap();
    let path = format!("/{kind}/{}/health", found["id"].as_str().unwrap());
    company.ops.api_get(&path).await.json()
}

#[tokio::test]
async fn everything_is_looked_at_every_five_minutes_by_whoever_comes_first() {
    let mut company = Company::start().await;
    let timers = app::timers(&company.portal.app).len();
    let two = tokio::join!(look(&company), look(&company));
    assert_eq!(two.0 + two.1, timers, "each timer ran once");
    assert_eq!(look(&company).await, 0, "none is due");
    company.advance(Duration::from_secs(301)).await;
    assert_eq!(look(&company).await, timers);
    for (kind, key) in [
        ("connections", "gitlab"),
        ("connections", "registry"),
        ("clusters", "sh-test"),
    ] {
        let day = day(&mut company, kind, key).await;
        assert_eq!(
            (&day["looks"], &day["good"]),
            (&json!(2), &json!(2)),
            "{key}: {day}"
        );
        assert_eq!(day["slots"].as_array().unwrap().len(), 48);
    }
    let failed = "SELECT count(*) FROM timer WHERE failure IS NOT NULL OR ended_at IS NULL";
    let failed: i64 = sqlx::query_scalar(failed)
        .fetch_one(&company.portal.db.owner)
        .await
        .unwrap();
    assert_eq!(failed, 0);
    company.check().await;
}

#[tokio::test]
async fn a_silent_system_is_known_before_somebody_needs_it() {
    let mut company = Company::start().await;
    let body = json!({ "key": "old", "kind": "gitlab", "url": "http://127.0.0.1:9",
        "credential": "glpat-nobody" });
    let made = company.admin.api(Method::POST, "/connections", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    look(&company).await;
    let page = company.ops.get("/connections/old").await;
    assert!(
        page.text(".strip").contains("0 of 1 checks passed."),
        "{}",
        page.text(".strip")
    );
    assert!(page.text(".strip").contains("Last trouble"));
    let list = company.ops.get("/connections").await;
    assert!(
        list.text(".rows").contains("Does not answer"),
        "{}",
        list.text(".rows")
    );
    let clusters = company.ops.get("/clusters/sh-test").await;
    assert!(clusters.text(".strip").contains("1 of 1 checks passed."));
    let trail = company
        .ops
        .api_get("/audit?action=connection.test")
        .await
        .json();
    assert!(
        trail["items"].as_array().unwrap().is_empty(),
        "nobody pressed anything"
    );
}

#[tokio::test]
async fn a_credential_that_ends_is_told_of() {
    let mut company = Company::start().await;
    look(&company).await;
    let page = company.ops.get("/connections/gitlab").await;
    let facts = page.text(".kv");
    assert!(facts.contains("Credential ends over"), "{facts}");
    assert!(facts.contains("Version 17.11.0-ee"), "{facts}");
    let list = company.ops.get("/connections").await;
    assert!(list.text(".rows").contains("Its credential has ended"));
}

#[tokio::test]
async fn samples_go_after_a_week() {
    let mut company = Company::start().await;
    look(&company).await;
    company.advance(Duration::from_secs(9 * 86400)).await;
    look(&company).await;
    let days = "SELECT count(DISTINCT at::date) FROM health_sample";
    let days: i64 = sqlx::query_scalar(days)
        .fetch_one(&company.portal.db.owner)
        .await
        .unwrap();
    assert_eq!(days, 1);
}

#[tokio::test]
async fn the_portal_tells_how_it_is_itself() {
    let mut company = Company::start().await;
    let idle = company.ops.api_get("/health").await.json();
    assert_eq!(idle["troubles"][0]["code"], "vitals-no-worker", "{idle}");
    vitals::beat(&company.portal.app, &company.engine)
        .await
        .unwrap();
    look(&company).await;
    let well = company.ops.api_get("/health").await.json();
    assert_eq!(well["troubles"], json!([]), "{well}");
    assert_eq!(well["workers"][0]["places"], 32);
    assert_eq!(well["schema"], well["schema_needed"]);
    let timers = app::timers(&company.portal.app).len();
    assert_eq!(well["timers"].as_array().unwrap().len(), timers);
    assert!(well["database"]["bytes"].as_i64().unwrap() > 1_000_000);
    let page = company.ops.get("/health").await;
    assert!(page.text(".title").contains("All is well"));
    assert!(!page.body.contains('⟦'), "{}", page.body);
    // Something is due, and nobody takes it.
    company.project("pay").await;
    vitals::leave(&company.portal.app, &company.engine)
        .await
        .unwrap();
    sqlx::query(
        "UPDATE step SET state = 'ready', ended_at = NULL, wake_at = now() - interval '1 hour'
         WHERE name = 'project.bind'",
    )
    .execute(&company.portal.db.owner)
    .await
    .unwrap();
    let late = company.ops.api_get("/health").await.json();
    assert_eq!(late["steps"]["overdue"], 1, "{late}");
    assert_eq!(late["lanes"][0]["place"], "gitlab");
    let page = company.ops.get("/health").await;
    assert!(page.text(".notice").contains("No worker is alive"));
    assert!(page.text(".notice").contains("One step is due"));
}
