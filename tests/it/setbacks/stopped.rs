//! Cancelling, building again, aborting.

use super::*;

fn cancellation(id: &str) -> String {
    format!("/releases/{id}/cancellation")
}

/// Somebody stops the first build in Jenkins itself.
#[expect(
    clippy::disallowed_methods,
    reason = "somebody's own client, not the product's"
)]
async fn stop_by_hand(company: &Company) {
    use slipway_sim::outside::{PORTAL, TOKEN};
    let base = company.outside.jenkins.base_url();
    let stay = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().redirect(stay).build().unwrap();
    let request = client.post(format!("{base}/job/slipway/job/pay/1/stop"));
    let request = request.basic_auth(PORTAL, Some(TOKEN));
    assert_eq!(request.send().await.unwrap().status().as_u16(), 302);
}

#[tokio::test]
async fn a_build_that_is_under_way_is_stopped_in_jenkins_and_its_tag_stays() {
    let mut company = company().await;
    let id = company.open("pay").await;
    let built = |story: &Value| story["builds"][0]["number"].is_i64();
    company.settle_until(&id, built).await;
    let reason = json!({ "reason": "wrong branch" });
    let lin = &mut company.developer;
    let done = press(lin, Method::POST, &cancellation(&id), reason.clone()).await;
    assert_eq!(done, (201, "cancelled".to_owned()));
    let again = press(lin, Method::POST, &cancellation(&id), reason).await;
    assert_eq!(again, (409, "setback-cancelled-before".to_owned()));
    company.settle().await;
    let story = company.release(&id).await;
    assert_eq!(story["state"], "cancelled", "{story}");
    assert_eq!(story["builds"][0]["result"], "ABORTED");
    assert_eq!(
        company.world.jenkins().result("slipway/pay", 1),
        Some("ABORTED")
    );
    assert_eq!(story["builds"][0]["log_complete"], true);
    assert_eq!(company.tags("pay"), 1);
    assert_eq!(story["deployments"], json!([]));
    let shown = page(&mut company.developer, "/projects/pay/releases/1").await;
    for words in [
        "Cancelled",
        "wrong branch",
        "lin the tester",
        "Build stopped",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    company.check().await;
}

#[tokio::test]
async fn a_queued_build_leaves_the_queue() {
    let mut company = company().await;
    company.world.jenkins().executors = 0;
    let id = company.open("pay").await;
    let waits = |story: &Value| story["steps"].to_string().contains("waits-executor-free");
    company.settle_until(&id, waits).await;
    let lin = &mut company.developer;
    let done = press(lin, Method::POST, &cancellation(&id), json!({})).await;
    assert_eq!(done, (201, "cancelled".to_owned()));
    company.settle().await;
    company.world.jenkins().executors = 2;
    company.advance(std::time::Duration::from_secs(60)).await;
    assert_eq!(company.world.jenkins().build_count("slipway/pay"), 0);
    company.check().await;
}

#[tokio::test]
async fn an_unfinished_deployment_to_test_ends_with_its_release() {
    let mut company = company().await;
    let id = company.open("pay").await;
    let rolling = |story: &Value| story["deployments"][0]["state"] == "rolling";
    company.settle_until(&id, rolling).await;
    let lin = &mut company.developer;
    press(lin, Method::POST, &cancellation(&id), json!({})).await;
    let story = company.release(&id).await;
    assert_eq!(story["state"], "cancelled", "before any worker has moved");
    assert_eq!(deployment(&story, "sh-test")["state"], "aborted");
    assert!(story["artifact"].is_object(), "what was pushed stays known");
    company.settle().await;
    assert_eq!(company.release(&id).await["state"], "cancelled");
    company.check().await;
}

#[tokio::test]
async fn a_question_about_a_cancelled_release_is_void() {
    let (mut company, id) = tested().await;
    company.confirm(&id).await;
    let number = ask_for_production(&mut company, &id).await;
    let lin = &mut company.developer;
    press(lin, Method::POST, &cancellation(&id), json!({})).await;
    let path = format!("/requests/{number}");
    let request = company.ops.api_get(&path).await.json();
    assert_eq!(request["state"], "void");
    let yes = json!({ "verdict": "approve", "hash": request["hash"] });
    let path = format!("{path}/decisions");
    let late = press(&mut company.ops, Method::POST, &path, yes).await;
    assert_eq!(late, (409, "request-is-void".to_owned()));
    let shown = page(&mut company.ops, &format!("/requests/{number}")).await;
    assert!(shown.contains("Void"), "{shown}");
    company.settle().await;
    company.check().await;
}

#[tokio::test]
async fn what_is_on_its_way_to_production_is_not_cancelled() {
    let (mut company, id) = rolling_in_production().await;
    let lin = &mut company.developer;
    let late = press(lin, Method::POST, &cancellation(&id), json!({})).await;
    assert_eq!(late, (409, "cancel-production-began".to_owned()));
}

#[tokio::test]
async fn a_build_that_broke_off_is_built_again_under_its_tag() {
    let mut company = company().await;
    let id = company.open("pay").await;
    let built = |story: &Value| story["builds"][0]["number"].is_i64();
    company.settle_until(&id, built).await;
    let builds = format!("/releases/{id}/builds");
    let lin = &mut company.developer;
    let early = press(lin, Method::POST, &builds, json!(null)).await;
    assert_eq!(early, (409, "rebuild-under-way".to_owned()));
    stop_by_hand(&company).await;
    company.settle().await;
    let story = company.release(&id).await;
    assert_eq!(story["state"], "failed", "{story}");
    let page = company.developer.get("/projects/pay/releases/1").await;
    assert!(page.body.contains("Build release 1 again"));

    let lin = &mut company.developer;
    let done = press(lin, Method::POST, &builds, json!(null)).await;
    assert_eq!(done, (201, "building".to_owned()));
    let twice = press(lin, Method::POST, &builds, json!(null)).await;
    assert_eq!(twice, (409, "setback-rebuilt-before".to_owned()));
    company.settle().await;
    let story = company.release(&id).await;
    assert_eq!(story["state"], "awaiting_confirmation", "{story}");
    assert_eq!(story["builds"].as_array().unwrap().len(), 2);
    assert_ne!(story["builds"][0]["id"], story["builds"][1]["id"]);
    assert_eq!(company.tags("pay"), 1);
    let there = press(&mut company.developer, Method::POST, &builds, json!(null)).await;
    assert_eq!(there, (409, "rebuild-tag-there".to_owned()));
    company.check().await;
}

#[tokio::test]
async fn an_image_that_the_registry_has_is_not_built_again() {
    let mut company = company().await;
    let id = company.open("pay").await;
    let fault = slipway_sim::Fault::on(slipway_sim::System::JENKINS);
    let built = |story: &Value| story["builds"][0]["number"].is_i64();
    company.settle_until(&id, built).await;
    // The job forgets a build that goes on to push its image.
    company
        .world
        .fault(fault.get("*/1/api/json").answer(404, "").times(9));
    let lost = |story: &Value| story["state"] == "failed";
    company.settle_until(&id, lost).await;
    company.world.faults().clear();
    company.advance(std::time::Duration::from_secs(600)).await;
    let builds = format!("/releases/{id}/builds");
    let lin = &mut company.developer;
    let there = press(lin, Method::POST, &builds, json!(null)).await;
    assert_eq!(there, (409, "rebuild-tag-there".to_owned()));
}

#[tokio::test]
async fn an_abort_ends_the_deployment_and_rolls_nothing_back() {
    let (mut company, id) = rolling_in_production().await;
    let story = company.release(&id).await;
    let hanging = deployment(&story, "sh-prod")["id"].as_str().unwrap();
    let path = format!("/deployments/{hanging}/abort");
    let reason = json!({ "reason": "captures fail" });
    let tester = press(&mut company.tester, Method::POST, &path, reason.clone()).await;
    assert_eq!(tester.0, 403);
    let lin = &mut company.developer;
    let done = press(lin, Method::POST, &path, reason.clone()).await;
    assert_eq!(done, (201, "aborted".to_owned()));
    let again = press(lin, Method::POST, &path, reason).await;
    assert_eq!(again, (409, "setback-aborted-before".to_owned()));
    let story = company.release(&id).await;
    assert_eq!(deployment(&story, "sh-prod")["state"], "aborted");
    assert_eq!(story["failure"]["code"], "rollout-aborted");
    company.settle().await;
    let digest = story["artifact"]["digest"].as_str().unwrap();
    assert!(
        company
            .image("sh-prod", "pay-prod", "pay")
            .ends_with(digest)
    );
    let shown = page(&mut company.developer, "/projects/pay/releases/1").await;
    for words in [
        "captures fail",
        "sh-prod was told to run this image",
        "aborted the rollout",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    company.check().await;
}

#[tokio::test]
async fn an_aborted_test_can_be_put_to_test_again() {
    let mut company = company().await;
    let id = company.open("pay").await;
    let rolling = |story: &Value| story["deployments"][0]["state"] == "rolling";
    let story = company.settle_until(&id, rolling).await;
    let hanging = story["deployments"][0]["id"].as_str().unwrap();
    let form = [("deployment", hanging), ("reason", "")];
    let pressed = company
        .developer
        .post("/projects/pay/releases/1/aborts", &form)
        .await;
    assert_eq!(pressed.status, 303, "{}", pressed.body);
    assert_eq!(company.release(&id).await["state"], "failed");
    let test = [("environment", "test")];
    let path = "/projects/pay/releases/1/deployments";
    let pressed = company.developer.post(path, &test).await;
    assert_eq!(pressed.status, 303, "{}", pressed.body);
    company.settle().await;
    assert_eq!(company.release(&id).await["state"], "awaiting_confirmation");
    company.check().await;
}
