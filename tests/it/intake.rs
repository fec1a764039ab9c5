//! Taking over what runs already: nothing restarts, and what is released later goes onto the very
//! same Deployment.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::company::{Company, approve};
use crate::support::legacy::{
    apply_by_hand, deploy_by_hand, filing, legacy, namespace, object, pods, row, service, take_over,
};

async fn one_legacy() -> (Company, String) {
    let mut company = Company::start().await;
    let digest = company
        .world
        .registry()
        .put_image("legacy/pay", "1.0", &[("by", "hand")]);
    let image = format!("{}/legacy/pay:1.0", company.outside.image_host());
    namespace(&company, "legacy").await;
    deploy_by_hand(&company, &legacy("legacy-pay", "legacy", &image)).await;
    let service = service("pay-svc", "legacy", "legacy-pay");
    apply_by_hand(&company, "/api/v1", "services", &service).await;
    company.advance(Duration::from_secs(120)).await;
    assert_eq!(pods(&company, "legacy").len(), 2);
    let _ = company.outside.add_project(&company.world, "apps/pay");
    (company, digest)
}

#[tokio::test]
async fn what_runs_is_taken_over_as_it_is_and_released_onto() {
    let (mut company, _) = one_legacy().await;
    let before = company.deployment("sh-test", "legacy", "legacy-pay");
    let running = pods(&company, "legacy");
    let row = row(&company, ("legacy", "legacy-pay"), "pay");
    let number = take_over(&mut company, &[row]).await;
    let path = format!("/requests/{number}");
    let request = company.ops.api_get(&path).await.json();
    assert_eq!(request["state"], "done", "{}", company.runs().await);
    assert_eq!(pods(&company, "legacy"), running, "nothing restarted");
    assert_eq!(
        company.deployment("sh-test", "legacy", "legacy-pay"),
        before,
        "nor changed"
    );

    let workloads = company
        .developer
        .api_get("/projects/pay/workloads")
        .await
        .json();
    let workload = &workloads["items"][0];
    assert_eq!(workload["namespace"], "legacy", "{workloads:#}");
    let parameters = &workload["parameters"];
    assert_eq!(parameters["replicas"], json!({ "min": 2, "max": 2 }));
    assert_eq!(parameters["cpu"]["request"], "250m");
    assert_eq!(parameters["port"], 9000);
    assert_eq!(parameters["probes"]["readiness"]["path"], "/ready");
    assert_eq!(
        parameters["env"],
        json!([{ "name": "MODE", "value": "live" }])
    );
    assert!(
        !workloads.to_string().contains("not-for-documents"),
        "{workloads}"
    );

    // A release goes onto the same object, into the same container.
    let digest = company
        .world
        .registry()
        .put_image("legacy/pay", "2.0", &[("by", "us")]);
    let host = company.outside.image_host().to_owned();
    let body = json!({ "image": format!("{host}/legacy/pay:2.0"), "note": "The next one" });
    let answer = company
        .ops
        .api(Method::POST, "/projects/pay/images", &body)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    company.settle().await;
    let story = company.release(&id).await;
    assert_eq!(
        story["state"],
        "awaiting_confirmation",
        "{}",
        company.runs().await
    );
    let after = company.deployment("sh-test", "legacy", "legacy-pay");
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(after["spec"]["selector"], before["spec"]["selector"]);
    assert_eq!(after["spec"]["strategy"], before["spec"]["strategy"]);
    let pod = &after["spec"]["template"]["spec"];
    assert_eq!(pod["serviceAccountName"], "payer");
    let containers = pod["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 1, "{containers:#?}");
    let was = &before["spec"]["template"]["spec"]["containers"][0];
    let image = format!("{host}/legacy/pay:2.0@{digest}");
    assert_eq!(
        (&containers[0]["name"], &containers[0]["image"]),
        (&json!("app"), &json!(image))
    );
    assert_eq!(containers[0]["ports"][0]["name"], "web");
    assert_eq!(
        containers[0]["resources"], was["resources"],
        "no limit is added"
    );
    assert_eq!(
        containers[0]["livenessProbe"], was["livenessProbe"],
        "nor a probe"
    );
    assert_eq!(containers[0]["env"].as_array().unwrap().len(), 2);
    company.advance(Duration::from_secs(60)).await;
    assert!(
        pods(&company, "legacy")
            .iter()
            .all(|uid| !running.contains(uid))
    );
    let service = object(&company, "Service", "legacy", "pay-svc").unwrap();
    let ports = service["spec"]["ports"].as_array().unwrap();
    assert_eq!(
        (ports.len(), &ports[0]["targetPort"]),
        (1, &json!(9000)),
        "{service:#}"
    );
    let second = object(&company, "Service", "legacy", "legacy-pay");
    assert!(second.is_none(), "no second Service");
    company.check().await;
}

#[tokio::test]
async fn one_that_was_made_anew_fails_alone_and_the_others_go_on() {
    let (mut company, _) = one_legacy().await;
    deploy_by_hand(&company, &legacy("other", "legacy", "any.example/other:1")).await;
    let mut gone = row(&company, ("legacy", "other"), "pay");
    gone["uid"] = json!("00000000-0000-0000-0000-000000000000");
    gone["component"] = json!("other");
    let row = row(&company, ("legacy", "legacy-pay"), "pay");
    let number = take_over(&mut company, &[gone, row.clone()]).await;
    let request = company.ops.api_get(&format!("/requests/{number}")).await;
    assert_eq!(request.json()["state"], "done", "{}", company.runs().await);
    let workloads = company
        .developer
        .api_get("/projects/pay/workloads")
        .await
        .json();
    assert_eq!(
        workloads["items"].as_array().unwrap().len(),
        1,
        "{workloads:#}"
    );

    // What is there already is refused by row and column, and by whom it may be asked at all.
    let again = company
        .ops
        .api(Method::POST, "/requests", &filing(&[row]))
        .await;
    let fields = again.json()["fields"].clone();
    assert_eq!(again.status, 400, "{}", again.body);
    assert_eq!(fields[0]["field"], "parameters.rows.0.deployment");
    assert_eq!(fields[1]["field"], "parameters.rows.0.component");
    let refused = company
        .developer
        .api(Method::POST, "/requests", &filing(&[]))
        .await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let nothing = company
        .ops
        .api(Method::POST, "/requests", &filing(&[]))
        .await;
    assert_eq!(nothing.json()["fields"][0]["field"], "parameters.rows");
    company.check().await;
}

#[tokio::test]
async fn what_was_never_deployed_is_let_go_untouched() {
    let (mut company, _) = one_legacy().await;
    let before = company.deployment("sh-test", "legacy", "legacy-pay");
    let running = pods(&company, "legacy");
    let row = row(&company, ("legacy", "legacy-pay"), "pay");
    take_over(&mut company, &[row]).await;
    let body = json!({ "kind": "offboarding", "project": "pay", "note": "Not ours after all",
        "parameters": { "key": "pay" } });
    let answer = company
        .developer
        .api(Method::POST, "/requests", &body)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let number = answer.json()["number"].as_i64().unwrap();
    approve(&mut company.ops, number).await;
    company.settle().await;
    let request = company
        .ops
        .api_get(&format!("/requests/{number}"))
        .await
        .json();
    assert_eq!(request["state"], "done", "{}", company.runs().await);
    assert_eq!(
        company.deployment("sh-test", "legacy", "legacy-pay"),
        before
    );
    assert_eq!(pods(&company, "legacy"), running);
    assert!(object(&company, "Service", "legacy", "pay-svc").is_some());
    let place = object(&company, "Namespace", "", "legacy");
    assert!(place.is_some(), "nor does its namespace go");
    company.check().await;
}

#[tokio::test]
async fn one_made_anew_after_it_was_taken_over_is_not_deployed_onto() {
    let (mut company, _) = one_legacy().await;
    let row = row(&company, ("legacy", "legacy-pay"), "pay");
    take_over(&mut company, &[row]).await;
    sqlx::query("UPDATE workload SET found = jsonb_set(found, '{uid}', '\"another\"')")
        .execute(&company.portal.db.owner)
        .await
        .unwrap();
    let body = json!({ "image": "legacy/pay:1.0", "note": "What runs" });
    let answer = company
        .ops
        .api(Method::POST, "/projects/pay/images", &body)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let running = pods(&company, "legacy");
    company.settle().await;
    let story = company.release(&id).await;
    assert_eq!(
        story["deployments"][0]["failure"]["code"], "deployment-not-the-found",
        "{story:#}"
    );
    assert_eq!(pods(&company, "legacy"), running);
}

/// The table as CSV with each row sent into one project, as somebody would edit it.
fn edited(text: &str, namespace: &str) -> String {
    let mut lines = text.lines();
    let mut table = vec![lines.next().unwrap().to_owned()];
    for (n, line) in lines.enumerate() {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        assert_eq!(cells[0], namespace, "{line}");
        (cells[4], cells[5]) = ("pay".to_owned(), format!("s{n}"));
        table.push(cells.join(","));
    }
    table.join("\r\n")
}

#[tokio::test]
async fn three_hundred_are_taken_over_by_one_table() {
    let mut company = Company::start().await;
    company.project("pay").await;
    namespace(&company, "many").await;
    for n in 0..300 {
        let mut object = legacy(&format!("svc-{n}"), "many", "any.example/svc:1");
        object["spec"]["replicas"] = json!(1);
        deploy_by_hand(&company, &object).await;
    }
    company.advance(Duration::from_secs(120)).await;
    let running = pods(&company, "many");
    assert_eq!(running.len(), 300);

    let path = "/clusters/sh-test/intake";
    let began = std::time::Instant::now();
    let page = company.ops.get(&format!("{path}?namespace=many")).await;
    assert!(began.elapsed() < Duration::from_secs(3));
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(!page.body.contains('⟦'), "{}", page.body);
    assert!(page.text("main").contains("many/svc-299"));
    let table = company.ops.get("/clusters/sh-test/intake.csv").await;
    assert_eq!(table.status, 200);
    let text = edited(&table.body, "many");
    assert_eq!(text.lines().count(), 301);

    // What is wrong is said by its row, and what was typed is still there.
    let broken = text.replacen(",s7,", ",s6,", 1);
    let why = ("note", "These ran before the portal");
    let refused = company.ops.post(path, &[("csv", &broken), why]).await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.text("main").contains("Line 9, Component"),
        "{}",
        refused.text("main")
    );
    assert!(refused.body.contains(",s6,"));
    let headless = [("csv", "namespace,name\r\na,b"), why];
    let refused = company.ops.post(path, &headless).await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.text("main").contains("each column once"),
        "{}",
        refused.text("main")
    );

    let filed = company.ops.post(path, &[("csv", &text), why]).await;
    assert_eq!(filed.status, 303, "{}", filed.text("main"));
    let location = filed.headers["location"].to_str().unwrap().to_owned();
    let number: i64 = location.trim_start_matches("/requests/").parse().unwrap();
    let mut other = company.portal.signed_in("sun").await;
    approve(&mut other, number).await;
    company.settle().await;
    let request = company.ops.api_get(&format!("/requests/{number}")).await;
    let state = request.json()["state"].clone();
    assert_eq!(state, "done", "{}", company.runs().await);
    let shown = company.ops.get(&format!("/intakes/{number}")).await;
    assert!(
        shown.text("main").contains("300 of 300"),
        "{}",
        shown.text("main")
    );
    assert!(!shown.body.contains('⟦'), "{}", shown.body);
    let kept = "SELECT count(*) FROM intake_item WHERE workload_id IS NOT NULL";
    let kept: i64 = sqlx::query_scalar(kept)
        .fetch_one(&company.portal.db.owner)
        .await
        .unwrap();
    assert_eq!(kept, 300, "{}", company.runs().await);
    assert_eq!(pods(&company, "many"), running, "nothing restarted");
    let page = company.ops.get(path).await;
    assert!(
        page.text("main").contains("Nothing runs here"),
        "{}",
        page.text("main")
    );
    company.check().await;
}

#[tokio::test]
async fn a_row_is_chosen_corrected_and_kept_as_it_was_typed() {
    let (mut company, _) = one_legacy().await;
    let path = "/clusters/sh-test/intake";
    let uid = company.deployment("sh-test", "legacy", "legacy-pay")["metadata"]["uid"].clone();
    let page = company.ops.get(path).await;
    let said = page.text("main");
    assert!(
        said.contains("legacy/legacy-pay") && said.contains("guessed"),
        "{said}"
    );
    assert!(said.contains("variable stays as it is"), "{said}");
    let mut form = vec![
        ("note", "Ours"),
        ("rows.0.take", "on"),
        ("rows.0.namespace", "legacy"),
        ("rows.0.deployment", "legacy-pay"),
        ("rows.0.uid", uid.as_str().unwrap()),
        ("rows.0.container", "app"),
        ("rows.0.project", "Old Pay"),
        ("rows.0.component", "main"),
        ("rows.0.environment", "test"),
        ("rows.0.language", "go"),
        ("rows.0.repository", "apps/pay"),
        ("rows.0.owner", "lin"),
    ];
    let refused = company.ops.post(path, &form).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(
        refused.text("tbody").contains("Project: "),
        "{}",
        refused.text("tbody")
    );
    assert!(refused.body.contains("Old Pay") && refused.body.contains("Ours"));
    form[6].1 = "pay";
    let filed = company.ops.post(path, &form).await;
    assert_eq!(filed.status, 303, "{}", filed.text("main"));
    let location = filed.headers["location"].to_str().unwrap().to_owned();
    let shown = company.ops.get(&location).await;
    assert!(shown.body.contains("/intakes/"), "{}", shown.text("main"));
    assert!(!shown.body.contains('⟦'), "{}", shown.body);
}

#[tokio::test]
async fn what_was_taken_over_scales_once_a_release_went_there() {
    let (mut company, _) = one_legacy().await;
    let row = row(&company, ("legacy", "legacy-pay"), "pay");
    take_over(&mut company, &[row]).await;
    let scale = json!({ "kind": "scale", "project": "pay", "environment": "test",
        "parameters": { "min": 3, "max": 3 } });
    let early = company
        .developer
        .api(Method::POST, "/requests", &scale)
        .await;
    assert_eq!(early.status, 409, "{}", early.body);
    assert_eq!(early.json()["code"], "change-not-released");
    company
        .world
        .registry()
        .put_image("legacy/pay", "2.0", &[("by", "us")]);
    let host = company.outside.image_host().to_owned();
    let body = json!({ "image": format!("{host}/legacy/pay:2.0"), "note": "The next one" });
    let answer = company
        .ops
        .api(Method::POST, "/projects/pay/images", &body)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    company.settle().await;
    let before = company.deployment("sh-test", "legacy", "legacy-pay");
    let asked = company
        .developer
        .api(Method::POST, "/requests", &scale)
        .await;
    assert_eq!(asked.status, 201, "{}", asked.body);
    approve(&mut company.ops, asked.json()["number"].as_i64().unwrap()).await;
    company.settle().await;
    let after = company.deployment("sh-test", "legacy", "legacy-pay");
    assert_eq!(after["spec"]["replicas"], 3, "{}", company.runs().await);
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
    let template = |d: &Value| d["spec"]["template"]["spec"].clone();
    assert_eq!(template(&after), template(&before), "nothing else");
}
