//! What becomes of messages when a way does not work, is too slow, or somebody dies.

use super::*;

#[tokio::test]
async fn a_code_in_a_200_says_whether_to_try_again() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    let ding = channel(&mut company, &chat.body("dingtalk")).await;
    let too_fast = json!({ "errcode": 130_101, "errmsg": "send too fast" });
    answers(&company, "/robot/send", &too_fast);
    stop(&mut company, "Incident 7").await;
    send(&mut company).await;
    let seen = health(&mut company, &ding).await;
    assert_eq!(seen["code"], "notice-error-too-fast", "{seen}");
    assert_eq!(
        (&seen["waiting"], &seen["given_up"]),
        (&json!(1), &json!(0))
    );
    // The robot hears nothing for ten minutes, so nothing is said to it before.
    send_for(&mut company, 590).await;
    assert!(heard(&company, "dingtalk").is_empty());
    send_for(&mut company, 30).await;
    assert_eq!(heard(&company, "dingtalk").len(), 1);

    company
        .world
        .robots()
        .add("canary-ding-token", Some("another secret"));
    lift(&mut company).await;
    send_for(&mut company, 60).await;
    let seen = health(&mut company, &ding).await;
    assert_eq!(seen["code"], "notice-error-signature", "{seen}");
    assert_eq!(
        (&seen["waiting"], &seen["given_up"]),
        (&json!(0), &json!(1))
    );
    let text = seen["last_error"].as_str().unwrap();
    assert!(
        text.contains("310000") && text.contains("secret again"),
        "{text}"
    );

    // Mended by hand, and sent again by hand.
    company
        .world
        .robots()
        .add("canary-ding-token", Some(SECRET));
    let path = format!("/notices/channels/{ding}/again");
    let answer = company.ops.api(Method::POST, &path, &json!({})).await;
    assert_eq!(answer.json()["messages"], 1, "{}", answer.body);
    send_for(&mut company, 60).await;
    assert_eq!(heard(&company, "dingtalk").len(), 2, "mended");
    let seen = health(&mut company, &ding).await;
    assert!(seen["last_error"].is_null(), "{seen}");
    let answer = company.ops.api(Method::POST, &path, &json!({})).await;
    assert_eq!(answer.status, 409, "{}", answer.body);
}

#[tokio::test]
async fn one_dead_way_holds_up_no_other() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    let mut ids = Vec::new();
    for kind in KINDS {
        ids.push(channel(&mut company, &chat.body(kind)).await);
    }
    let dead = Fault::on(System::ROBOTS).post("/robot/send").always();
    company.world.fault(dead.cut_before());
    company.world.robots().refuse_mail = Some((451, 1));
    stop(&mut company, "Incident 7").await;
    send(&mut company).await;
    for kind in ["webhook", "wecom", "feishu"] {
        assert_eq!(heard(&company, kind).len(), 1, "{kind}");
    }
    assert!(heard(&company, "mail").is_empty() && heard(&company, "dingtalk").is_empty());
    let mail = health(&mut company, &ids[0]).await;
    assert_eq!(mail["code"], "notice-error-away", "{mail}");
    send_for(&mut company, 30).await;
    assert_eq!(heard(&company, "mail").len(), 1, "a 4xx is tried again");

    company.world.robots().refuse_mail = Some((550, 1));
    lift(&mut company).await;
    send_for(&mut company, 30).await;
    let mail = health(&mut company, &ids[0]).await;
    assert_eq!(mail["given_up"], 1, "a 5xx is not: {mail}");
    let ding = health(&mut company, &ids[2]).await;
    assert!(ding["failures"].as_i64().unwrap() > 1, "{ding}");
    assert_eq!(ding["waiting"], 2, "{ding}");
    // Given up in the end, and for all to see.
    for _ in 0..15 {
        company.advance(Duration::from_secs(3700)).await;
        notifications::deliver_due(&company.portal.app)
            .await
            .unwrap();
    }
    let given_up: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM notice_delivery d JOIN notice_channel c ON c.id = d.lane_id
         WHERE c.key = 'dingtalk' AND d.state = 'given_up'",
    )
    .fetch_one(&company.portal.db.owner)
    .await
    .unwrap();
    assert_eq!(given_up, 1);
}

#[tokio::test]
async fn a_burst_is_merged_and_stays_below_the_rate() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    let ding = channel(&mut company, &chat.body("dingtalk")).await;
    for n in 0..25 {
        stop(&mut company, &format!("Incident {n}")).await;
        lift(&mut company).await;
    }
    for _ in 0..5 {
        company.engine.tick().await.unwrap();
    }
    send(&mut company).await;
    let all = heard(&company, "dingtalk");
    assert_eq!(all.len(), 1, "fifty at once are one message");
    assert!(all[0].text.contains("50 messages"), "{}", all[0].text);
    assert_eq!(all[0].text.matches("Incident").count(), 25);

    // One after the other, faster than the robot takes them.
    for n in 0..60 {
        stop(&mut company, &format!("Trouble {n}")).await;
        lift(&mut company).await;
        company.engine.tick().await.unwrap();
        company.advance(Duration::from_secs(1)).await;
        notifications::deliver_due(&company.portal.app)
            .await
            .unwrap();
    }
    send_for(&mut company, 60).await;
    let seen = health(&mut company, &ding).await;
    assert_eq!(
        (&seen["waiting"], &seen["failures"]),
        (&json!(0), &json!(0)),
        "{seen}"
    );
    let all = heard(&company, "dingtalk");
    let told: usize = all.iter().map(|h| h.text.matches("Trouble").count()).sum();
    assert_eq!(told, 60);
    assert!(all.len() < 30, "{} messages in two minutes", all.len());
}

#[tokio::test]
async fn a_death_in_the_middle_repeats_the_same_under_the_same_id() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    channel(&mut company, &chat.body("webhook")).await;
    stop(&mut company, "Incident 7").await;
    company.engine.tick().await.unwrap();
    company.advance(Duration::from_secs(3)).await;
    // It gets there, and whoever sent it dies before that is known.
    let fault = Fault::on(System::ROBOTS).post("/hook/*").cut_after();
    company.world.fault(fault);
    notifications::deliver_due(&company.portal.app)
        .await
        .unwrap();
    // More happens before anybody tries again: it goes into another message.
    lift(&mut company).await;
    send_for(&mut company, 60).await;
    let all = heard(&company, "webhook");
    let documents: Vec<Value> = all
        .iter()
        .map(|h| serde_json::from_str(&h.text).unwrap())
        .collect();
    assert_eq!(documents.len(), 3, "{documents:?}");
    assert_eq!(documents[0], documents[1]);
    assert_ne!(documents[0]["id"], documents[2]["id"]);
    let items = |n: usize| documents[n]["items"].as_array().unwrap().len();
    assert_eq!([items(0), items(2)], [1, 1]);
}

/// A worker that dies while it holds a way: the hold ends, and another one goes on.
#[tokio::test]
async fn a_way_that_was_held_by_the_dead_is_taken_up() {
    let mut company = Company::start().await;
    let chat = chat(&company).await;
    channel(&mut company, &chat.body("wecom")).await;
    stop(&mut company, "Incident 7").await;
    company.engine.tick().await.unwrap();
    company.advance(Duration::from_secs(3)).await;
    sqlx::query("UPDATE notice_lane SET held_until = slipway_now() + interval '60 seconds'")
        .execute(&company.portal.db.owner)
        .await
        .unwrap();
    send(&mut company).await;
    assert!(heard(&company, "wecom").is_empty(), "it is somebody else's");
    send_for(&mut company, 63).await;
    assert_eq!(heard(&company, "wecom").len(), 1);
}
