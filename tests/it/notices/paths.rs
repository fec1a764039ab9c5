//! From what happened to what somebody reads.

use super::*;

/// The build of this commit fails, by its message's second line.
const FAILING: &str = "Break it\n\n[fail build]";

#[tokio::test]
async fn a_release_that_fails_is_told_on_every_way_with_its_reason_and_a_link() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    company.project_with_places("pay").await;
    for kind in KINDS {
        let mut body = chat.body(kind);
        body["events"] = json!(["release-failed"]);
        channel(&mut company, &body).await;
    }
    company.commit("pay", FAILING);
    let id = company.open("pay").await;
    company.settle().await;
    let story = company.release(&id).await;
    assert_eq!(story["state"], "failed", "{story}");
    send(&mut company).await;
    let tag = story["tag"].as_str().unwrap().to_owned();
    for kind in KINDS {
        let all = heard(&company, kind);
        assert_eq!(all.len(), 1, "{kind}: {all:?}");
        let text = &all[0].text;
        for part in [
            "pay",
            tag.as_str(),
            "lin the tester",
            &format!("{}/projects/pay/releases/1", company.portal.url),
        ] {
            assert!(text.contains(part), "{kind} lacks {part}: {text}");
        }
        assert!(
            text.contains("Why: ") || kind == "webhook",
            "{kind}: {text}"
        );
    }
    company.check().await;
}

#[tokio::test]
async fn the_whole_way_of_a_release_is_told() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    channel(&mut company, &chat.body("webhook")).await;
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    let id = company.open("pay").await;
    company.settle().await;
    company.confirm(&id).await;
    company.send_to_production(&id).await;
    company.commit("pay", "Read it twice");
    let second = company.open("pay").await;
    company.settle().await;
    company.confirm(&second).await;
    company.send_to_production(&second).await;
    let artifact = company.release(&id).await["artifact"]["id"].clone();
    let body = json!({ "artifact": artifact, "reason": "Captures are lost" });
    let path = "/projects/pay/environments/prod/rollbacks";
    let answer = company.developer.api(Method::POST, path, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    company.settle().await;
    stop(&mut company, "Incident 7").await;
    lift(&mut company).await;
    send_for(&mut company, 30).await;
    let mut told: Vec<String> = Vec::new();
    for message in heard(&company, "webhook") {
        let document: Value = serde_json::from_str(&message.text).unwrap();
        for item in document["items"].as_array().unwrap() {
            told.push(item["event"].as_str().unwrap().to_owned());
        }
    }
    let count = |event: &str| told.iter().filter(|t| *t == event).count();
    // The onboarding, two places; their decisions, and those of two ways to production.
    assert_eq!(count("request-waits"), 3, "{told:?}");
    assert_eq!(count("request-decided"), 5, "{told:?}");
    for event in [
        "release-awaits-confirmation",
        "release-awaits-approval",
        "release-in-production",
    ] {
        assert_eq!(count(event), 2, "{event}: {told:?}");
    }
    for event in ["rolled-back", "production-stopped", "production-opened"] {
        assert_eq!(count(event), 1, "{event}: {told:?}");
    }
    company.check().await;
}

#[tokio::test]
async fn a_system_that_goes_down_and_comes_back_is_told_once_each() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    channel(&mut company, &chat.body("wecom")).await;
    let connections = company.admin.api_get("/connections").await.json();
    let items = connections["items"].as_array().unwrap().clone();
    let gitlab = items.iter().find(|c| c["key"] == "gitlab").unwrap();
    let path = format!("/connections/{}/test", gitlab["id"].as_str().unwrap());
    for down in [false, true, true, false] {
        if down {
            let fault = Fault::on(System::GITLAB)
                .get("/api/v4/*")
                .answer(503, "down");
            company.world.fault(fault);
        }
        let answer = company.admin.api(Method::POST, &path, &json!({})).await;
        assert_eq!(answer.json()["ok"], json!(!down), "{}", answer.body);
    }
    send(&mut company).await;
    let all = heard(&company, "wecom");
    let text: String = all.iter().map(|h| h.text.as_str()).collect();
    assert_eq!(
        text.matches("gitlab does not work any more").count(),
        1,
        "{text}"
    );
    assert_eq!(text.matches("gitlab works again").count(), 1, "{text}");
    assert!(text.contains("/connections/gitlab"), "{text}");
}

#[tokio::test]
async fn a_channel_speaks_its_language_and_hears_of_its_projects_alone() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    company.project("pay").await;
    company.project("shop").await;
    let mut body = chat.body("feishu");
    body["language"] = json!("zh-CN");
    body["projects"] = json!(["shop"]);
    channel(&mut company, &body).await;
    for key in ["pay", "shop"] {
        let body = json!({ "kind": "containers", "project": key, "environment": "test",
            "parameters": { "parameters": crate::support::company::parameters() } });
        let answer = company
            .developer
            .api(Method::POST, "/requests", &body)
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    stop(&mut company, "Incident 7").await;
    let connections = company.admin.api_get("/connections").await.json();
    let id = connections["items"][0]["id"].as_str().unwrap().to_owned();
    for down in [false, true] {
        if down {
            company
                .world
                .fault(Fault::on(System::GITLAB).answer(503, "down"));
        }
        let path = format!("/connections/{id}/test");
        let answer = company.admin.api(Method::POST, &path, &json!({})).await;
        assert_eq!(answer.json()["ok"], json!(!down), "{}", answer.body);
    }
    send(&mut company).await;
    let all = heard(&company, "feishu");
    assert_eq!(all.len(), 1, "{all:?}");
    let text = &all[0].text;
    assert!(text.contains("等待审批") && text.contains("shop"), "{text}");
    assert!(!text.contains("pay") && !text.contains("gitlab"), "{text}");
    assert!(text.contains("Incident 7"), "it is everybody's: {text}");
}
