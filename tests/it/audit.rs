//! Searching the trail, and taking it along as CSV.

use serde_json::Value;
use slipway::identity::PlatformRole;

use crate::support::{Browser, Portal};

async fn portal() -> (Portal, Browser) {
    let portal = Portal::start().await;
    portal.account("root", &[PlatformRole::Admin]).await;
    portal.account("wei", &[PlatformRole::Auditor]).await;
    let mut root = portal.signed_in("root").await;
    for name in ["amy", "bob"] {
        let form = [("user", name), ("display_name", "=1+1, \"quoted\"")];
        assert_eq!(root.post("/people", &form).await.status, 200);
    }
    assert_eq!(root.post("/people/root/disablement", &[]).await.status, 409);
    let wei = portal.signed_in("wei").await;
    (portal, wei)
}

async fn found(wei: &mut Browser, query: &str) -> Vec<String> {
    let answer = wei.api_get(&format!("/audit?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    let items = answer.json()["items"].as_array().unwrap().clone();
    let target = |e: &Value| format!("{} {}", e["action"], e["target_id"]).replace('"', "");
    items.iter().map(target).collect()
}

#[tokio::test]
async fn the_trail_is_searched_by_who_what_whom_when_and_result() {
    let (_portal, mut wei) = portal().await;
    let made = ["account.create bob", "account.create amy"];
    assert_eq!(found(&mut wei, "user=root&action=account").await, made);
    assert_eq!(
        found(&mut wei, "action=account.create&target=amy")
            .await
            .len(),
        1
    );
    assert_eq!(
        found(&mut wei, "result=refused").await,
        ["request.refuse /people/root/disablement"]
    );
    assert!(found(&mut wei, "to=2020-01-01").await.is_empty());
    assert!(found(&mut wei, "from=2099-01-01").await.is_empty());
    let since = "user=root&action=account&from=2020-01-01&to=2099-12-31T00:00:00Z";
    assert_eq!(found(&mut wei, since).await, made);
    for wrong in ["result=odd", "from=soon", "to=1", "odd=1", "after=x"] {
        assert_eq!(
            wei.api_get(&format!("/audit?{wrong}")).await.status,
            400,
            "{wrong}"
        );
    }
    let page = wei.get("/audit?result=refused&from=2020-01-01").await;
    assert!(
        page.body
            .contains("/audit.csv?result=refused&#38;from=2020-01-01")
    );
    assert!(!page.body.contains('⟦'));
    let page = wei.get("/audit?action=account.create").await;
    assert!(
        page.text("table").contains("Added a person"),
        "{}",
        page.text("table")
    );
}

#[tokio::test]
async fn an_export_is_whole_safe_and_on_record() {
    let (portal, mut wei) = portal().await;
    sqlx::query(
        "INSERT INTO audit_entry (account_name, action, target_kind, target_id, result)
         SELECT 'slipway', 'test.fill', 'number', n, 'done' FROM generate_series(1, 2500) n",
    )
    .execute(&portal.db.owner)
    .await
    .unwrap();
    let answer = wei.get("/audit.csv?action=test.fill").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<&str> = answer.body.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 2501, "a head and every entry once");
    assert!(lines[0].starts_with("seq,at,user,"));
    assert!(lines[1].contains(",number,2500,") && lines[2500].contains(",number,1,"));
    let people = wei
        .api_get("/audit.csv?action=account.create&target=amy")
        .await;
    assert!(
        people.body.contains("\"\"display_name\"\""),
        "{}",
        people.body
    );
    assert!(!people.body.contains(",=1"), "{}", people.body);
    let exports = found(&mut wei, "action=audit.export").await;
    assert_eq!(exports.len(), 2);
    let wrong = wei.get("/audit.csv?from=soon").await;
    assert_eq!(wrong.status, 400);
}
