//! What waits, told when somebody set it: once, whoever looks, and however many do.

use slipway::jobs;

use super::*;

async fn look(company: &Company) -> usize {
    let app = &company.portal.app;
    let timers = notifications::schedules(app).await.unwrap();
    jobs::run_due(&app.db, &timers).await.unwrap()
}

#[tokio::test]
async fn a_digest_is_told_once_a_day_whoever_looks() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    company.project("pay").await;
    let mut body = chat.body("feishu");
    body["events"] = json!([]);
    body["digest"] = json!("0 9 * * *");
    body["time_zone"] = json!("Asia/Shanghai");
    let id = channel(&mut company, &body).await;
    let known = company
        .ops
        .api_get(&format!("/notices/channels/{id}"))
        .await
        .json();
    let next = known["next_digests"].as_array().unwrap();
    assert_eq!(next.len(), 3, "{known}");
    assert!(
        next.iter()
            .all(|at| at.as_str().unwrap().contains("T01:00:00")),
        "{known}"
    );

    let body = json!({ "kind": "containers", "project": "pay", "environment": "test",
        "parameters": { "parameters": crate::support::company::parameters() } });
    let answer = company
        .developer
        .api(Method::POST, "/requests", &body)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let number = answer.json()["number"].clone();
    assert_eq!(look(&company).await, 0, "not when it is first seen");
    company.advance(Duration::from_secs(24 * 3600)).await;
    // Two processes look at the same time.
    let both = tokio::join!(look(&company), look(&company));
    assert_eq!(both.0 + both.1, 1);
    assert_eq!(look(&company).await, 0);
    send(&mut company).await;
    let all = heard(&company, "feishu");
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].text.contains("One thing waits"), "{}", all[0].text);
    let link = format!("{}/requests/{number}", company.portal.url);
    assert!(all[0].text.contains(&link), "{}", all[0].text);
}

#[tokio::test]
async fn another_time_counts_at_once_and_nothing_that_waits_is_no_message() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    let mut body = chat.body("wecom");
    body["digest"] = json!("0 0 1 1 *");
    let id = channel(&mut company, &body).await;
    assert_eq!(look(&company).await, 0);
    body["digest"] = json!("* * * * *");
    body.as_object_mut().unwrap().remove("url");
    let path = format!("/notices/channels/{id}");
    let answer = company.ops.api(Method::PUT, &path, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(look(&company).await, 0);
    company.advance(Duration::from_secs(61)).await;
    assert_eq!(look(&company).await, 1);
    send(&mut company).await;
    assert!(heard(&company, "wecom").is_empty());
}
