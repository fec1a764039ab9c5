//! Operators' view of durable work, through the front door.

use reqwest::Method;
use serde_json::json;

use crate::support::company::Company;

/// A release that GitLab's silence holds up.
async fn held_up(company: &mut Company) -> String {
    company.project("pay").await;
    company.containers("pay", "test").await;
    company.commit("pay", "Read a capture back after 409");
    let release = company.open("pay").await;
    let id: uuid::Uuid = release.parse().unwrap();
    sqlx::query(
        "UPDATE step SET errors = 3, state = 'errored'
         WHERE run_id = (SELECT id FROM run WHERE subject_id = $1)",
    )
    .bind(id)
    .execute(&company.portal.db.owner)
    .await
    .unwrap();
    let runs = company.ops.api_get("/runs?state=stuck").await.json();
    assert_eq!(runs["items"].as_array().unwrap().len(), 1, "{runs}");
    runs["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_needs_a_hand_stands_first_and_gets_one() {
    let mut company = Company::start().await;
    let run = held_up(&mut company).await;
    let list = company.ops.get("/runs").await;
    assert_eq!(list.status, 200);
    assert!(list.text("#stuck-h").contains("Needs a hand"));
    let path = format!("/runs/{run}");
    let story = company.ops.get(&path).await;
    assert!(story.text(".step").contains("Tag the commit"));
    assert!(story.text(".kv").contains("pay"));
    let shown = company.ops.api_get(&path).await.json();
    let step = shown["story"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(shown["about"]["project"], "pay");
    let pressed = company.ops.post(&format!("/steps/{step}/retry"), &[]).await;
    assert_eq!(pressed.status, 303, "{}", pressed.body);
    assert_eq!(pressed.header("location"), path);
    company.settle().await;
    let after = company.ops.api_get(&path).await.json();
    assert_eq!(after["state"], "done", "{after}");
    let first = &after["story"][0];
    assert_eq!(first["effect"]["state"], "confirmed", "{first}");
    assert_eq!(first["attempts"][0]["outcome"], "done", "{first}");
}

#[tokio::test]
async fn giving_up_takes_a_reason_that_goes_on_record() {
    let mut company = Company::start().await;
    let run = held_up(&mut company).await;
    let path = format!("/runs/{run}");
    let shown = company.ops.api_get(&path).await.json();
    let step = shown["story"][0]["id"].as_str().unwrap().to_owned();
    let give_up = format!("/steps/{step}/abandonment");
    let refused = company.ops.post(&give_up, &[("reason", " ")]).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text("#e-reason").contains("needed"));
    let reason = [("reason", "GitLab is being moved")];
    let done = company.ops.post(&give_up, &reason).await;
    assert_eq!(done.status, 303, "{}", done.body);
    let page = company.ops.get(&path).await;
    assert!(page.text(".story").contains("GitLab is being moved"));
    let trail = company.ops.get("/audit?action=step.abandon").await;
    assert!(trail.body.contains("GitLab is being moved"));
    let again = company.ops.post(&give_up, &reason).await;
    assert_eq!(again.status, 409);
}

#[tokio::test]
async fn lists_are_narrowed_and_go_on_where_they_end() {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    let kinds = async |company: &mut Company, query: &str| {
        let answer = company.ops.api_get(&format!("/runs?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        let items = answer.json()["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|r| r["kind"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        kinds(&mut company, "").await,
        ["workload", "workload", "onboarding"]
    );
    assert_eq!(
        kinds(&mut company, "name=project.bind").await,
        ["onboarding"]
    );
    assert_eq!(kinds(&mut company, "name=workload").await.len(), 2);
    assert_eq!(kinds(&mut company, "project=pay&state=done").await.len(), 3);
    assert!(kinds(&mut company, "state=active").await.is_empty());
    assert!(kinds(&mut company, "project=shop").await.is_empty());
    let page = company.ops.api_get("/runs?limit=2").await.json();
    let next = page["next"].as_str().unwrap();
    let rest = kinds(&mut company, &format!("limit=2&after={next}")).await;
    assert_eq!(rest, ["onboarding"]);
    for wrong in ["state=odd", "after=x", "limit=0", "odd=1"] {
        let answer = company.ops.api_get(&format!("/runs?{wrong}")).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_rollout_shows_its_deployments_and_they_show_it() {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    company.open("pay").await;
    company.settle().await;
    let runs = company.ops.api_get("/runs?name=rollout").await.json();
    let id = runs["items"][0]["id"].as_str().unwrap();
    let rollout = company.ops.api_get(&format!("/runs/{id}")).await.json();
    assert_eq!(rollout["about"]["environment"], "test");
    assert_eq!(rollout["about"]["release"], 1);
    let child = &rollout["children"][0];
    assert_eq!(child["about"]["cluster"], "sh-test");
    let path = format!("/runs/{}", child["id"].as_str().unwrap());
    let page = company.ops.get(&path).await;
    assert!(page.text(".crumbs").contains("Rollout of pay to test"));
    assert!(!page.body.contains('⟦'), "{}", page.body);
}

#[tokio::test]
async fn an_auditor_reads_and_presses_nothing() {
    let mut company = Company::start().await;
    let run = held_up(&mut company).await;
    let roles = [slipway::identity::PlatformRole::Auditor];
    company.portal.account("wei", &roles).await;
    let mut wei = company.portal.signed_in("wei").await;
    let page = wei.get(&format!("/runs/{run}")).await;
    assert!(page.body.contains("Only operations may do this."));
    assert!(!page.body.contains("/retry"));
    let shown = wei.api_get(&format!("/runs/{run}")).await.json();
    let step = shown["story"][0]["id"].as_str().unwrap();
    let path = format!("/steps/{step}/retry");
    let refused = wei.api(Method::POST, &path, &json!({})).await;
    assert_eq!(refused.status, 403);
}
