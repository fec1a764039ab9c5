//! People who press at the same moment: one of them wins, and the other one reads who and when.

use super::*;

/// Two answers of one moment: the one that won, and the one that came too late.
fn sorted(one: Answer, two: Answer) -> (Answer, Answer) {
    if one.status < 300 {
        (one, two)
    } else {
        (two, one)
    }
}

/// A release whose production waits for one of two people's yes: its request.
async fn asked(company: &mut Company) -> (String, i64, Value) {
    let id = company.open("pay").await;
    company.settle().await;
    company.confirm(&id).await;
    let path = format!("/releases/{id}/deployments");
    let prod = json!({ "environment": "prod" });
    let pressed = company.developer.api(Method::POST, &path, &prod).await;
    assert_eq!(pressed.status, 202, "{}", pressed.body);
    let number = pressed.json()["request"].as_i64().unwrap();
    let request = company.ops.api_get(&format!("/requests/{number}")).await;
    (id, number, request.json()["hash"].clone())
}

async fn decided_at_once(first: &str, second: &str) {
    let mut company = company().await;
    let mut sun = company.portal.signed_in("sun").await;
    let (id, number, hash) = asked(&mut company).await;
    let path = format!("/requests/{number}/decisions");
    let verdict = |verdict: &str| json!({ "verdict": verdict, "hash": hash, "comment": "now" });
    let (one, two) = (verdict(first), verdict(second));
    let (one, two) = tokio::join!(
        company.ops.api(Method::POST, &path, &one),
        sun.api(Method::POST, &path, &two),
    );
    let zhao_won = one.status < 300;
    let (won, late) = sorted(one, two);
    assert_eq!(
        (won.status, late.status),
        (201, 409),
        "{} {}",
        won.body,
        late.body
    );
    let winner = if zhao_won {
        "zhao the tester"
    } else {
        "sun the tester"
    };
    let said = late.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        said.starts_with(winner) && said.contains("already, at 20"),
        "{winner} won, but: {said:?}"
    );
    let request = company
        .ops
        .api_get(&format!("/requests/{number}"))
        .await
        .json();
    assert_eq!(request["decisions"].as_array().unwrap().len(), 1);
    company.settle().await;
    let approved = request["decisions"][0]["verdict"] == "approve";
    let expected = if approved { "released" } else { "confirmed" };
    assert_eq!(state(&mut company, &id).await, expected);
    company.check().await;
}

#[tokio::test]
async fn of_two_who_approve_one_does_and_the_other_reads_who() {
    decided_at_once("approve", "approve").await;
}

#[tokio::test]
async fn of_a_yes_and_a_no_one_counts() {
    decided_at_once("approve", "reject").await;
}

/// Two releases of which one replaces the other in test, while a tester says yes to the first:
/// the word holds for the digest that ran there, or there is none.
#[tokio::test]
async fn a_word_for_an_image_that_is_being_replaced_is_for_that_image_or_refused() {
    let mut company = company().await;
    let first = company.open("pay").await;
    company.settle().await;
    let digest = company.release(&first).await["artifact"]["digest"].clone();
    company.commit("pay", "Replace what is in test");
    let second = company.open("pay").await;
    let replaced = company
        .settle_until(&second, |story| story["state"] == "deploying_test")
        .await;
    assert_ne!(replaced["artifact"]["digest"], digest);
    let path = format!("/releases/{first}/confirmation");
    let body = json!({ "digest": digest });
    let late = company.tester.api(Method::POST, &path, &body).await;
    let running = company.image("sh-test", "pay-test", "pay");
    let still_there = running.ends_with(digest.as_str().unwrap());
    assert_eq!(
        late.status,
        if still_there { 201 } else { 409 },
        "{}",
        late.body
    );
    company.settle().await;
    let confirmed = company.release(&first).await["confirmation"].clone();
    assert_eq!(confirmed.is_null(), !still_there, "{confirmed}");
    assert_eq!(state(&mut company, &second).await, "awaiting_confirmation");
    let none = company.release(&second).await["confirmation"].clone();
    assert!(none.is_null(), "a word does not pass on: {none}");
    company.check().await;
}

/// Two who press the way back at once give production one rollout, and a line of history each.
#[tokio::test]
async fn of_two_ways_back_at_once_production_goes_one() {
    let mut company = company().await;
    let mut digests = Vec::new();
    for number in 1..=2 {
        company.commit("pay", &format!("Change {number}"));
        let id = company.open("pay").await;
        company.settle().await;
        company.confirm(&id).await;
        company.send_to_production(&id).await;
        digests.push(company.release(&id).await["artifact"].clone());
    }
    let path = "/projects/pay/environments/prod/rollbacks";
    let body = json!({ "artifact": digests[0]["id"], "reason": "both of us saw it" });
    let (one, two) = tokio::join!(
        company.developer.api(Method::POST, path, &body),
        company.ops.api(Method::POST, path, &body),
    );
    let answers = [one.status, two.status];
    assert!(answers.contains(&201), "{} {}", one.body, two.body);
    assert!(
        answers.iter().all(|s| [201, 409].contains(s)),
        "{answers:?}"
    );
    company.settle().await;
    let image = company.image("sh-prod", "pay-prod", "pay");
    assert!(image.ends_with(digests[0]["digest"].as_str().unwrap()));
    let under_way = "SELECT count(*) FROM deployment WHERE ended_at IS NULL";
    let count: i64 = sqlx::query_scalar(under_way)
        .fetch_one(&company.portal.db.owner)
        .await
        .unwrap();
    assert_eq!(count, 0);
    company.check().await;
}
