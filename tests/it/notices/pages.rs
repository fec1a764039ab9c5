//! The pages of notices: filled in, refused in words, and never repeating what is secret.

use super::*;
use crate::support::portal::PASSWORD;

#[tokio::test]
async fn a_channel_is_added_tested_and_taken_out_by_its_pages() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    let url = chat.body("dingtalk")["url"].as_str().unwrap().to_owned();
    let mut form = vec![
        ("kind", "dingtalk"),
        ("key", "ops"),
        ("language", "en"),
        ("url", url.as_str()),
        ("secret", SECRET),
        ("event-production-stopped", "true"),
        ("digest", "every day"),
        ("time_zone", "Asia/Shanghai"),
    ];
    let answer = company.ops.post("/notices", &form).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer
            .text(".notice")
            .contains("This is no time that ever comes")
    );
    assert!(!answer.body.contains("canary-"), "{}", answer.body);
    form[6] = ("digest", "0 9 * * MON-FRI");
    let answer = company.ops.post("/notices", &form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let answer = company.ops.post("/notices/ops/test", &[]).await;
    assert_eq!(answer.status, 303);
    stop(&mut company, "Incident 7").await;
    send(&mut company).await;
    assert_eq!(heard(&company, "dingtalk").len(), 2);
    let page = company.ops.get("/notices/ops").await;
    let text = page.text("main");
    for part in [
        "The other side took the test message",
        "Monday to Friday at 09:00",
        "Production is stopped",
        "Taken",
        "Kept, version 1",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!page.body.contains("canary-"), "{}", page.body);
    let answer = company
        .ops
        .post("/notices/ops/delete", &[("confirm", "x")])
        .await;
    assert_eq!(answer.status, 400);
    let confirm = [("confirm", "ops")];
    let answer = company.ops.post("/notices/ops/delete", &confirm).await;
    assert_eq!(answer.status, 303);
    assert!(
        company
            .ops
            .get("/notices")
            .await
            .text("main")
            .contains("Nobody is told")
    );
}

#[tokio::test]
async fn a_failing_channel_says_so_and_is_sent_again_by_hand() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    channel(&mut company, &chat.body("feishu")).await;
    company
        .world
        .robots()
        .add("canary-feishu-hook", Some("another"));
    stop(&mut company, "Incident 7").await;
    send(&mut company).await;
    let list = company.ops.get("/notices").await.text("main");
    assert!(
        list.contains("Does not get through") && list.contains("1 given up"),
        "{list}"
    );
    let page = company.ops.get("/notices/feishu").await.text("main");
    assert!(page.contains("the signature does not fit (19021"), "{page}");
    assert!(page.contains("Send the one given up again"), "{page}");
    company
        .world
        .robots()
        .add("canary-feishu-hook", Some(SECRET));
    assert_eq!(
        company.ops.post("/notices/feishu/again", &[]).await.status,
        303
    );
    send_for(&mut company, 30).await;
    assert_eq!(heard(&company, "feishu").len(), 1);
}

#[tokio::test]
async fn people_and_owners_choose_on_their_own_pages() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    company.project("pay").await;
    let page = company.developer.get("/me/notices").await.text("main");
    assert!(page.contains("Nothing can reach you yet"), "{page}");
    let mut form = vec![
        ("address", "lin@example.com"),
        ("current", "wrong one"),
        ("event-request-waits", "true"),
        ("time_zone", "Asia/Shanghai"),
    ];
    let answer = company.developer.post("/me/notices", &form).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    form[1] = ("current", PASSWORD);
    let answer = company.developer.post("/me/notices", &form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let page = company.developer.get("/me/notices").await.body;
    assert!(page.contains("lin@example.com"));

    let url = chat.body("wecom")["url"].as_str().unwrap().to_owned();
    let robot = [
        ("kind", "wecom"),
        ("key", "team"),
        ("language", "zh-CN"),
        ("url", url.as_str()),
        ("event-release-failed", "true"),
    ];
    let path = "/projects/pay/notices";
    assert_eq!(company.tester.post(path, &robot).await.status, 403);
    assert_eq!(company.developer.post(path, &robot).await.status, 303);
    let page = company.tester.get(path).await;
    assert!(page.text("main").contains("team"), "{}", page.body);
    assert!(!page.body.contains("canary-"), "{}", page.body);
    let audit = company.ops.get("/audit").await.text("main");
    assert!(!audit.contains('⟦'), "{audit}");
}
