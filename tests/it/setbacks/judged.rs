//! Rejecting, withdrawing a word, testing again.

use super::*;

fn confirmation(id: &str) -> String {
    format!("/releases/{id}/confirmation")
}

#[tokio::test]
async fn a_tester_rejects_with_a_note_that_the_project_shows() {
    let (mut company, id) = tested().await;
    let path = format!("/releases/{id}/rejection");
    let note = json!({ "note": "double submit charges twice" });
    let developer = press(&mut company.developer, Method::POST, &path, note.clone()).await;
    assert_eq!(developer.0, 201, "lin owns the project");
    let again = press(&mut company.tester, Method::POST, &path, note).await;
    assert_eq!(again, (409, "setback-rejected-before".to_owned()));
    for place in ["", "/releases", "/releases/1"] {
        let shown = page(&mut company.tester, &format!("/projects/pay{place}")).await;
        assert!(
            shown.contains("double submit charges twice"),
            "{place}: {shown}"
        );
        assert!(shown.contains("lin the tester"), "{place}");
    }
    company.check().await;
}

#[tokio::test]
async fn rejecting_says_why_and_ends_the_word_for_it() {
    let (mut company, id) = tested().await;
    company.confirm(&id).await;
    let number = ask_for_production(&mut company, &id).await;
    let path = format!("/releases/{id}/rejection");
    let chen = &mut company.tester;
    let silent = press(chen, Method::POST, &path, json!({ "note": " " })).await;
    assert_eq!(silent.0, 400);
    let done = press(chen, Method::POST, &path, json!({ "note": "no" })).await;
    assert_eq!(done, (201, "rejected".to_owned()));
    let story = company.release(&id).await;
    assert_eq!(story["confirmation"], json!(null));
    let request = company.ops.api_get(&format!("/requests/{number}")).await;
    assert_eq!(request.json()["state"], "void");
}

#[tokio::test]
async fn a_word_is_withdrawn_by_whoever_gave_it() {
    let (mut company, id) = tested().await;
    company.confirm(&id).await;
    let number = ask_for_production(&mut company, &id).await;
    let path = confirmation(&id);
    let reason = json!({ "reason": "the till was not tested" });
    let owner = press(
        &mut company.developer,
        Method::DELETE,
        &path,
        reason.clone(),
    )
    .await;
    assert_eq!(owner, (403, "may-not-withdraw-confirmation".to_owned()));
    let chen = &mut company.tester;
    let silent = press(chen, Method::DELETE, &path, json!({})).await;
    assert_eq!(silent.0, 400);
    let done = press(chen, Method::DELETE, &path, reason.clone()).await;
    assert_eq!(done, (200, "awaiting_confirmation".to_owned()));
    let request = company.ops.api_get(&format!("/requests/{number}")).await;
    assert_eq!(request.json()["state"], "void");
    let late = press(&mut company.ops, Method::DELETE, &path, reason).await;
    assert_eq!(late, (409, "setback-withdrawn-before".to_owned()));
    let shown = page(&mut company.developer, "/projects/pay/releases/1").await;
    assert!(shown.contains("the till was not tested"), "{shown}");
    company.confirm(&id).await;
    assert_eq!(company.release(&id).await["state"], "confirmed");
    company.check().await;
}

#[tokio::test]
async fn a_word_that_production_is_deployed_by_stays() {
    let (mut company, id) = rolling_in_production().await;
    let path = confirmation(&id);
    let reason = json!({ "reason": "second thoughts" });
    let answer = company.ops.api(Method::DELETE, &path, &reason).await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    assert_eq!(answer.json()["code"], "withdraw-deploying");
    assert!(answer.body.contains("lin the tester"), "{}", answer.body);
    company.settle().await;
    assert_eq!(company.release(&id).await["state"], "released");
    let done = press(&mut company.ops, Method::DELETE, &path, reason).await;
    assert_eq!(done, (200, "released".to_owned()));
    let path = format!("/releases/{id}/deployments");
    let body = json!({ "environment": "prod" });
    let again = press(&mut company.developer, Method::POST, &path, body).await;
    assert_eq!(again, (409, "production-not-confirmed".to_owned()));
}

#[tokio::test]
async fn owners_decide_whether_authors_confirm_their_own_releases() {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    let member = "UPDATE membership SET role = 'tester' WHERE account_id IN
        (SELECT id FROM account WHERE name = 'chen')";
    sqlx::query(member)
        .execute(&company.portal.db.owner)
        .await
        .unwrap();
    company.commit("pay", "Read a capture back after 409");
    let id = company.open("pay").await;
    company.settle().await;
    let own = "UPDATE release SET author_id = (SELECT id FROM account WHERE name = 'chen')";
    sqlx::query(own)
        .execute(&company.portal.db.owner)
        .await
        .unwrap();
    let digest = company.release(&id).await["artifact"]["digest"].clone();
    let body = json!({ "digest": digest });
    let path = confirmation(&id);
    let chen = &mut company.tester;
    let refused = press(chen, Method::POST, &path, body.clone()).await;
    assert_eq!(refused, (403, "confirm-own".to_owned()));
    let wanted = json!({ "may_confirm_own": true });
    let refused = press(chen, Method::PATCH, "/projects/pay", wanted).await;
    assert_eq!(refused, (403, "may-not-edit-project".to_owned()));
    let form = [("may_confirm_own", "true")];
    let saved = company
        .developer
        .post("/projects/pay/settings", &form)
        .await;
    assert_eq!(
        saved.header("location"),
        "/projects/pay/settings?saved=true"
    );
    let saved = company
        .developer
        .get("/projects/pay/settings?saved=true")
        .await;
    assert!(saved.text("main").contains("Saved."));
    let done = press(&mut company.tester, Method::POST, &path, body).await;
    assert_eq!(done, (201, "confirmed".to_owned()));
    let audit = company.ops.api_get("/audit").await.body;
    assert!(audit.contains("project.change"), "{audit}");
}

#[tokio::test]
async fn an_older_artifact_is_put_to_test_again_and_confirmed() {
    let (mut company, first) = tested().await;
    company.commit("pay", "Log the idempotency key");
    let second = company.open("pay").await;
    company.settle().await;
    let page = company.developer.get("/projects/pay/releases/1").await;
    assert!(page.body.contains("Put release 1 to test again"));
    let path = format!("/releases/{first}/deployments");
    let body = json!({ "environment": "test" });
    let tester = press(&mut company.tester, Method::POST, &path, body.clone()).await;
    assert_eq!(tester.0, 403);
    let lin = &mut company.developer;
    let done = press(lin, Method::POST, &path, body.clone()).await;
    assert_eq!(done.0, 201);
    let again = press(lin, Method::POST, &path, body).await;
    assert_eq!(again.0, 409);
    company.settle().await;
    let story = company.release(&first).await;
    assert_eq!(story["state"], "awaiting_confirmation");
    let digest = story["artifact"]["digest"].as_str().unwrap();
    assert!(
        company
            .image("sh-test", "pay-test", "pay")
            .ends_with(digest)
    );
    let newer = company.release(&second).await["artifact"]["digest"].clone();
    let body = json!({ "digest": newer });
    let path = format!("/releases/{second}/confirmation");
    let other = press(&mut company.tester, Method::POST, &path, body).await;
    assert_eq!(other, (409, "confirm-test-runs-other".to_owned()));
    company.confirm(&first).await;
    company.check().await;
}
