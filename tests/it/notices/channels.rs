//! Channels: made, tested, changed, and never giving back what is secret.

use super::*;

#[tokio::test]
async fn a_test_really_sends_and_says_what_came_of_it() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    for kind in KINDS {
        let id = channel(&mut company, &chat.body(kind)).await;
        let path = format!("/notices/channels/{id}/test");
        let answer = company.ops.api(Method::POST, &path, &json!({})).await;
        assert_eq!(answer.json()["ok"], true, "{kind}: {}", answer.body);
        let all = heard(&company, kind);
        assert_eq!(all.len(), 1, "{kind}");
        assert!(all[0].text.contains("zhao the tester"), "{}", all[0].text);
    }
    company
        .world
        .robots()
        .ask_keyword("canary-wecom-key", "never said");
    company
        .world
        .robots()
        .ask_keyword("canary-ding-token", "never said");
    let channels = company.ops.api_get("/notices/channels").await.json();
    for (kind, code) in [
        ("wecom", "notice-error-token"),
        ("dingtalk", "notice-error-keyword"),
    ] {
        let items = channels["items"].as_array().unwrap();
        let id = items.iter().find(|c| c["key"] == kind).unwrap()["id"].clone();
        let path = format!("/notices/channels/{}/test", id.as_str().unwrap());
        let answer = company
            .ops
            .api(Method::POST, &path, &json!({}))
            .await
            .json();
        assert_eq!(
            (&answer["ok"], &answer["code"]),
            (&json!(false), &json!(code))
        );
    }
}

#[tokio::test]
async fn wrong_fields_are_named_and_forbidden_addresses_refused() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    let mut try_it = async |body: &Value| {
        let answer = company
            .ops
            .api(Method::POST, "/notices/channels", body)
            .await;
        let fields = answer.json()["fields"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let names = fields
            .iter()
            .map(|f| f["field"].as_str().unwrap().to_owned());
        (answer.status, names.collect::<Vec<_>>())
    };
    let with = |kind: &str, field: &str, value: Value| {
        let mut body = chat.body(kind);
        body[field] = value;
        body
    };
    for (body, field) in [
        (
            with("wecom", "url", json!("http://169.254.169.254/x")),
            "url",
        ),
        (with("wecom", "key", json!("Not a key")), "key"),
        (with("wecom", "projects", json!(["ghost"])), "projects"),
        (with("wecom", "digest", json!("every day")), "digest"),
        (
            with("wecom", "time_zone", json!("Mars/Olympus")),
            "time_zone",
        ),
        (with("webhook", "secret", json!("")), "secret"),
        (
            with(
                "mail",
                "config",
                json!({ "server": "x", "port": 25, "sender": "x@y.z",
            "to": "a@b.c\r\nBcc: d@e.f" }),
            ),
            "config.to",
        ),
    ] {
        assert_eq!(try_it(&body).await, (400, vec![field.to_owned()]), "{body}");
    }
    assert_eq!(try_it(&chat.body("mail")).await.0, 201);
    assert_eq!(try_it(&chat.body("mail")).await.0, 409, "the key is taken");
    let second = with("mail", "key", json!("mail-2"));
    assert_eq!(try_it(&second).await.0, 400, "people's mail has one server");
}

#[tokio::test]
async fn no_secret_comes_out_anywhere() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    company.project("pay").await;
    let mut ids = Vec::new();
    for kind in KINDS {
        ids.push(channel(&mut company, &chat.body(kind)).await);
    }
    // One of them answers with what it was sent, as some gateways do.
    let echo = json!({ "errcode": 1, "errmsg": format!("no {SECRET} for canary-ding-token") });
    answers(&company, "/robot/send", &echo);
    stop(&mut company, "Incident 7").await;
    send(&mut company).await;
    let mut seen = String::new();
    for path in ["/notices/channels", "/audit"] {
        seen += &company.ops.api_get(path).await.body;
    }
    for id in &ids {
        let path = format!("/notices/channels/{id}");
        seen += &company.ops.api_get(&path).await.body;
        seen += &company
            .ops
            .api_get(&format!("{path}/deliveries"))
            .await
            .body;
        let answer = company
            .ops
            .api(Method::POST, &format!("{path}/test"), &json!({}))
            .await;
        seen += &answer.body;
    }
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT payload::text FROM outbox UNION ALL SELECT d::text FROM notice_delivery d
         UNION ALL SELECT l::text FROM notice_lane l UNION ALL SELECT a::text FROM audit_entry a
         UNION ALL SELECT config::text FROM notice_channel",
    )
    .fetch_all(&company.portal.db.owner)
    .await
    .unwrap();
    seen += &rows.concat();
    assert!(seen.contains("notice-error"), "nothing was refused");
    assert!(!seen.contains("canary-"), "{seen}");
}

#[tokio::test]
async fn a_secret_stays_with_the_address_that_it_was_given_for() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    let id = channel(&mut company, &chat.body("dingtalk")).await;
    let path = format!("/notices/channels/{id}");
    let mut body = chat.body("dingtalk");
    body["events"] = json!([]);
    let kept = json!({ "key": "dingtalk", "kind": "dingtalk", "events": ["system-up"] });
    let answer = company.ops.api(Method::PUT, &path, &kept).await;
    assert_eq!(answer.json()["secret_version"], 1, "{}", answer.body);
    let test = format!("{path}/test");
    let answer = company.ops.api(Method::POST, &test, &json!({})).await;
    assert_eq!(answer.json()["ok"], true, "{}", answer.body);
    let mut half = kept.clone();
    half["secret"] = json!("another");
    let answer = company.ops.api(Method::PUT, &path, &half).await;
    assert_eq!(
        answer.json()["fields"][0]["field"],
        "url",
        "{}",
        answer.body
    );
    half["url"] = body["url"].clone();
    let answer = company.ops.api(Method::PUT, &path, &half).await;
    assert_eq!(answer.json()["secret_version"], 2, "{}", answer.body);
    let answer = company
        .ops
        .bare(Method::DELETE, &format!("/api/v1{path}"))
        .await;
    assert_eq!(answer.status, 204, "{}", answer.body);
    assert_eq!(company.ops.api_get(&path).await.status, 404);
}

#[tokio::test]
async fn a_project_adds_its_own_robots_and_no_more() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    company.project("pay").await;
    company.project("shop").await;
    let path = "/projects/pay/notices";
    let answer = company
        .developer
        .api(Method::POST, path, &chat.body("mail"))
        .await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    let answer = company
        .developer
        .api(Method::POST, path, &chat.body("wecom"))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let answer = company
        .tester
        .api(Method::POST, path, &chat.body("wecom"))
        .await;
    assert_eq!(answer.status, 403, "{}", answer.body);
    // It is not another project's, nor operations'.
    for other in [
        format!("/projects/shop/notices/{id}/test"),
        format!("/notices/channels/{id}/test"),
    ] {
        let answer = company.ops.api(Method::POST, &other, &json!({})).await;
        assert_eq!(answer.status, 404, "{other}: {}", answer.body);
    }
    for key in ["shop", "pay"] {
        let body = json!({ "kind": "containers", "project": key, "environment": "test",
            "parameters": { "parameters": crate::support::company::parameters() } });
        let answer = company
            .developer
            .api(Method::POST, "/requests", &body)
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    stop(&mut company, "Incident 7").await;
    send(&mut company).await;
    let all = heard(&company, "wecom");
    assert_eq!(all.len(), 1, "{all:?}");
    let text = &all[0].text;
    assert!(text.contains("containers in test"), "{text}");
    assert!(text.contains("Incident 7"), "it is everybody's: {text}");
    assert!(!text.contains("shop"), "{text}");
    let path = format!("/api/v1{path}/{id}");
    let answer = company.developer.bare(Method::DELETE, &path).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
}
