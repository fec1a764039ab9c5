//! Restarting what runs.

use super::*;

/// The workload of an environment, as the API names it.
async fn workload(company: &mut Company, environment: &str) -> String {
    let all = company.ops.api_get("/projects/pay/workloads").await.json();
    let all = all["items"].as_array().unwrap().clone();
    let here = all.iter().find(|w| w["environment"] == environment);
    here.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn pods(company: &mut Company, workload: &str) -> Vec<String> {
    let path = format!("/workloads/{workload}/pods");
    let pods = company.ops.api_get(&path).await.json();
    let pods = pods["pods"].as_array().unwrap().clone();
    let names = pods.iter().map(|p| p["name"].as_str().unwrap().to_owned());
    names.collect()
}

#[tokio::test]
async fn a_restart_brings_new_containers_of_the_same_image() {
    let (mut company, id) = tested().await;
    let test = workload(&mut company, "test").await;
    let before = pods(&mut company, &test).await;
    let image = company.image("sh-test", "pay-test", "pay");
    let path = format!("/workloads/{test}/restart");
    let reason = json!({ "reason": "stale cache" });
    let tester = press(&mut company.tester, Method::POST, &path, reason.clone()).await;
    assert_eq!(tester, (403, "may-not-restart-in-test".to_owned()));
    let done = company.developer.api(Method::POST, &path, &reason).await;
    assert_eq!(done.status, 201, "{}", done.body);
    let again = press(&mut company.developer, Method::POST, &path, reason).await;
    assert_eq!(again, (409, "restart-busy".to_owned()));
    company.settle().await;
    // The former containers take their time to leave.
    company.advance(std::time::Duration::from_secs(60)).await;
    let after = pods(&mut company, &test).await;
    assert_eq!(after.len(), before.len());
    assert!(after.iter().all(|name| !before.contains(name)), "{after:?}");
    assert_eq!(company.image("sh-test", "pay-test", "pay"), image);
    let story = company.release(&id).await;
    assert_eq!(story["state"], "awaiting_confirmation");
    let last = deployment(&story, "sh-test");
    assert_eq!(
        (&last["kind"], &last["state"]),
        (&json!("restart"), &json!("succeeded"))
    );
    company.confirm(&id).await;
    company.check().await;
}

#[tokio::test]
async fn production_is_restarted_by_owners_and_operations() {
    let (mut company, id) = tested().await;
    let prod = workload(&mut company, "prod").await;
    let path = format!("/workloads/{prod}/restart");
    let nothing = press(&mut company.ops, Method::POST, &path, json!({})).await;
    assert_eq!(nothing, (409, "restart-nothing".to_owned()));
    company.confirm(&id).await;
    company.send_to_production(&id).await;
    let page = "/projects/pay/containers?environment=prod";
    let shown = company.tester.get(page).await;
    assert!(
        shown
            .body
            .contains("Only owners of the project and operations may restart")
    );
    let form = [("reason", "")];
    let path = format!("/projects/pay/workloads/{prod}/restart");
    let pressed = company.developer.post(&path, &form).await;
    assert_eq!(pressed.status, 303, "{}", pressed.body);
    let busy = company.ops.post(&path, &form).await;
    assert_eq!(busy.status, 409);
    assert!(
        busy.text("main")
            .contains("lin the tester has been bringing something there")
    );
    company.settle().await;
    let story = company.release(&id).await;
    assert_eq!(story["state"], "released");
    assert_eq!(deployment(&story, "sh-prod")["kind"], "restart");
    company.check().await;
}
