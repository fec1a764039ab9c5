//! A hundred services learn one lesson: listed with their diffs, rolled out in waves, stopped by
//! the first failure, gone on with after mending.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::changes::{change, running};
use super::delay;
use crate::support::company::Company;

/// Java services that were there before: places, artifacts and first deployments by hand, all in
/// the namespace that `pay` has made. The 37th runs an image that the registry has lost.
const SERVICES: &str = r#"
WITH made AS (
    INSERT INTO project (id, key, description, language, gitlab_id, registry_id, repository,
        deploy_path, log_path, start_command, stop_command, health_path, port)
    SELECT gen_random_uuid(), 'svc-' || lpad(n::text, 3, '0'), '', 'java', p.gitlab_id,
        p.registry_id, 'apps/pay', '/a', '/a', 'a', 'a', '/health', 8080
    FROM project p, generate_series(1, 100) n WHERE p.key = 'pay' RETURNING id, key),
parts AS (INSERT INTO component (project_id, key) SELECT id, 'main' FROM made)
SELECT count(*) FROM made"#;

const PLACES: &[&str] = &[
    "INSERT INTO workload (id, project_id, environment_id, tier, cluster_id, component, namespace,
        object_name, selector, sequence, prepared_at)
     SELECT gen_random_uuid(), p.id, w.environment_id, w.tier, w.cluster_id, 'main', w.namespace,
        p.key, jsonb_build_object('app.kubernetes.io/name', p.key), 1, now()
     FROM project p, workload w WHERE p.key LIKE 'svc-%'",
    "INSERT INTO artifact (id, project_id, repository, tag, digest, size_bytes)
     SELECT gen_random_uuid(), p.id, a.repository, a.tag,
        CASE p.key WHEN 'svc-037' THEN 'sha256:' || repeat('0', 64) ELSE a.digest END, 1
     FROM project p, artifact a WHERE p.key LIKE 'svc-%'",
    "INSERT INTO rollout (id, project_id, environment_id, tier, kind, artifact_id, author_id,
        workload_ids, ended_at, outcome)
     SELECT gen_random_uuid(), w.project_id, w.environment_id, w.tier, 'deploy', a.id, u.id,
        ARRAY[w.id], now(), 'succeeded'
     FROM workload w JOIN project p ON p.id = w.project_id
     JOIN artifact a ON a.project_id = p.id JOIN account u ON u.name = 'lin'
     WHERE p.key LIKE 'svc-%'",
    "INSERT INTO deployment (id, rollout_id, workload_id, project_id, tier, kind, sequence,
        artifact_id, parameters_revision, schema_version, author_id, state, ended_at)
     SELECT gen_random_uuid(), o.id, o.workload_ids[1], o.project_id, o.tier, o.kind, 1,
        o.artifact_id, 1, 1, o.author_id, 'succeeded', now()
     FROM rollout o JOIN project p ON p.id = o.project_id WHERE p.key LIKE 'svc-%'",
];

async fn services() -> Company {
    let mut company = Company::start().await;
    let java = json!({ "key": "java", "jenkins": "jenkins", "template_job": "templates/java" });
    let answer = company.admin.api(Method::POST, "/languages", &java).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    company.project("pay").await;
    company.containers("pay", "test").await;
    company.commit("pay", "A first word");
    company.open("pay").await;
    company.settle().await;
    let owner = company.portal.db.owner.clone();
    sqlx::query(SERVICES).execute(&owner).await.unwrap();
    sqlx::query(PLACES[0]).execute(&owner).await.unwrap();
    // Their documents are what holds over them, as the portal itself computes it.
    let path = "/projects/svc-001/parameters?environment=test";
    let holds = company.ops.api_get(path).await.json();
    sqlx::query(
        "INSERT INTO parameters_revision (workload_id, revision, schema_version, document, own,
            author_id)
         SELECT w.id, 1, 1, $1, '{}', u.id FROM workload w
         JOIN project p ON p.id = w.project_id JOIN account u ON u.name = 'lin'
         WHERE p.key LIKE 'svc-%'",
    )
    .bind(&holds["document"])
    .execute(&owner)
    .await
    .unwrap();
    for statement in &PLACES[1..] {
        sqlx::query(*statement).execute(&owner).await.unwrap();
    }
    company
}

/// How many workloads of the newest change stand so.
async fn count(company: &mut Company, state: &str) -> usize {
    let story = newest(company).await;
    let items = story["items"].as_array().unwrap().iter();
    items.filter(|i| i["state"] == state).count()
}

async fn newest(company: &mut Company) -> Value {
    let runs = company.ops.api_get("/waves").await.json();
    let id = runs["items"][0]["id"].as_str().unwrap().to_owned();
    company.ops.api_get(&format!("/waves/{id}")).await.json()
}

fn wait_of(company: &Company, name: &str) -> Value {
    let deployment = company.deployment("sh-test", "pay-test", name);
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    container["livenessProbe"]["initialDelaySeconds"].clone()
}

#[tokio::test]
async fn a_hundred_services_wait_longer_wave_by_wave() {
    let mut company = services().await;
    let document = json!({
        "cpu": { "request": "1", "limit": "2" }, "memory": { "request": "1Gi", "limit": "2Gi" },
        "probes": { "readiness": { "delay_seconds": 20 }, "liveness": { "delay_seconds": 90 } },
    });
    let number = change(&mut company, "language", "java", document, json!([])).await;
    let request = company
        .ops
        .api_get(&format!("/requests/{number}"))
        .await
        .json();
    let computed = &request["computed"];
    assert_eq!(computed["affected"], 100);
    let listed = computed["clusters"].as_array().unwrap();
    assert_eq!(listed.len(), 100);
    for one in listed {
        let field = "spec.template.spec.containers[0].livenessProbe.initialDelaySeconds";
        let change = json!([{ "field": field, "from": 60, "to": 90 }]);
        assert_eq!(one["objects"][0]["changes"], change, "{one:#}");
    }
    let page = company.ops.get(&format!("/requests/{number}")).await;
    assert!(
        page.text("main")
            .contains("svc-100 · main · test · sh-test")
    );

    company.settle().await;
    let story = newest(&mut company).await;
    assert_eq!(story["state"], "stopped", "{}", company.runs().await);
    assert_eq!(story["items"][36]["state"], "failed");
    assert_eq!(story["items"][36]["project"], "svc-037");
    assert_eq!(count(&mut company, "done").await, 39);
    assert_eq!(count(&mut company, "waiting").await, 60);
    let page = format!("/waves/{}", story["id"].as_str().unwrap());
    let text = company.ops.get(&page).await.text("main");
    assert!(
        text.contains("Stopped: svc-037 · test · sh-test failed"),
        "{text}"
    );
    assert!(text.contains("39 of 100 through"), "{text}");
    let moved: i64 = revised(&company).await;
    assert_eq!(moved, 40, "what waits keeps its parameters");
    company.settle().await;
    assert_eq!(
        count(&mut company, "waiting").await,
        60,
        "nothing new begins"
    );

    // The lost image is there again.
    sqlx::query(
        "UPDATE artifact SET digest = (SELECT digest FROM artifact a JOIN project p
            ON p.id = a.project_id WHERE p.key = 'svc-001') WHERE digest LIKE '%:000%'",
    )
    .execute(&company.portal.db.owner)
    .await
    .unwrap();
    let resume = format!("{page}/resumption");
    assert_eq!(company.developer.post(&resume, &[]).await.status, 403);
    assert_eq!(company.ops.post(&resume, &[]).await.status, 303);
    assert_eq!(
        company
            .ops
            .api(Method::POST, &resume, &json!({}))
            .await
            .status,
        409
    );
    company.settle().await;
    let story = newest(&mut company).await;
    assert_eq!(story["state"], "done", "{}", company.runs().await);
    assert_eq!(count(&mut company, "done").await, 100);
    for name in ["svc-001", "svc-037", "svc-100"] {
        assert_eq!(wait_of(&company, name), 90, "{name}");
    }
    let request = company
        .ops
        .api_get(&format!("/requests/{number}"))
        .await
        .json();
    assert_eq!(request["state"], "done");
    let recorded: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM deployment WHERE kind = 'parameters' AND state = 'succeeded'
            AND layer_versions = '{\"platform\": 1, \"language:java\": 2}'",
    )
    .fetch_one(&company.portal.db.owner)
    .await
    .unwrap();
    assert_eq!(recorded, 100);
    assert_eq!(most_at_once(&company).await, 10);
    company.check().await;
}

/// Workloads whose parameters have moved.
async fn revised(company: &Company) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM workload WHERE parameters_revision > 1")
        .fetch_one(&company.portal.db.owner)
        .await
        .unwrap()
}

/// The most deployments of the change that were on their way at one time.
async fn most_at_once(company: &Company) -> i64 {
    sqlx::query_scalar(
        "SELECT max(n) FROM (SELECT (SELECT count(*) FROM rollout b WHERE b.kind = 'parameters'
            AND b.created_at <= a.created_at AND b.ended_at > a.created_at) AS n
         FROM rollout a WHERE a.kind = 'parameters') counted",
    )
    .fetch_one(&company.portal.db.owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn what_runs_nothing_gets_its_document_without_a_deployment() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    let document = json!({ "grace_seconds": 45 });
    change(&mut company, "project", "pay", document, json!([])).await;
    company.settle().await;
    let story = newest(&mut company).await;
    assert_eq!(
        (&story["state"], &story["items"][0]["state"]),
        (&json!("done"), &json!("kept"))
    );
    let all = company
        .developer
        .api_get("/projects/pay/workloads")
        .await
        .json();
    assert_eq!(all["items"][0]["parameters"]["grace_seconds"], 45);
    assert_eq!(all["items"][0]["layer_versions"]["project:pay"], 1);
    company.check().await;
}

/// What somebody sent on its way goes with the parameters that it was sent with; the lesson comes
/// after it, as a deployment of its own.
#[tokio::test]
async fn what_is_on_its_way_is_not_changed_under_way() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    company.commit("pay", "A first word");
    let id = company.open("pay").await;
    let rolling = |story: &Value| story["state"] == "deploying_test";
    company.settle_until(&id, rolling).await;
    change(&mut company, "language", "go", delay(44), json!([])).await;
    company.run_for(Duration::from_millis(100)).await;
    assert_eq!(revised(&company).await, 0);
    assert_eq!(count(&mut company, "waiting").await, 1);
    company.settle().await;
    assert_eq!(newest(&mut company).await["state"], "done");
    let brought: Vec<(String, i32)> =
        sqlx::query_as("SELECT kind, parameters_revision FROM deployment ORDER BY sequence")
            .fetch_all(&company.portal.db.owner)
            .await
            .expect("the deployments");
    let wanted = [("deploy", 1), ("parameters", 2)].map(|(kind, n)| (kind.to_owned(), n));
    assert_eq!(brought, wanted);
    assert_eq!(wait_of(&company, "pay"), 44);
    company.check().await;
}

#[tokio::test]
async fn operations_stop_what_is_on_its_way() {
    let mut company = running().await;
    change(&mut company, "language", "go", delay(44), json!([])).await;
    let id = newest(&mut company).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let stop = format!("/waves/{id}/stop");
    assert_eq!(
        company
            .developer
            .api(Method::POST, &stop, &json!({}))
            .await
            .status,
        403
    );
    let answer = company.ops.api(Method::POST, &stop, &json!({})).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
    assert_eq!(
        company
            .ops
            .api(Method::POST, &stop, &json!({}))
            .await
            .status,
        409
    );
    company.settle().await;
    let story = newest(&mut company).await;
    assert_eq!(
        (&story["state"], &story["through"]),
        (&json!("stopped"), &json!(0))
    );
    company
        .ops
        .post(&format!("/waves/{id}/resumption"), &[])
        .await;
    company.settle().await;
    assert_eq!(newest(&mut company).await["state"], "done");
    company.check().await;
}

/// A service that runs, and a change of its language's standard that operations stopped before
/// it reached anything; gives the address of the change.
async fn stopped() -> (Company, String) {
    let mut company = running().await;
    change(&mut company, "language", "go", delay(44), json!([])).await;
    let path = path_of_newest(&mut company).await;
    let stop = format!("{path}/stop");
    let answer = company.ops.api(Method::POST, &stop, &json!({})).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
    (company, path)
}

async fn path_of_newest(company: &mut Company) -> String {
    let id = newest(company).await["id"].clone();
    format!("/waves/{}", id.as_str().expect("an id"))
}

/// What somebody stopped is not carried on by the next change of another standard.
#[tokio::test]
async fn a_change_waits_for_an_older_one_of_the_same_workloads() {
    let (mut company, older) = stopped().await;
    let grace = json!({ "grace_seconds": 45 });
    change(&mut company, "project", "pay", grace, json!([])).await;
    company.run_for(Duration::from_secs(60)).await;
    let newer = path_of_newest(&mut company).await;
    let story = company.ops.api_get(&newer).await.json();
    assert_eq!(
        (&story["state"], &story["items"][0]["state"]),
        (&json!("rolling"), &json!("waiting"))
    );
    assert_eq!(revised(&company).await, 0);
    let text = company.ops.get(&newer).await.text("main");
    assert!(text.contains("Waits for Language go, revision 1"), "{text}");
    let resume = format!("{older}/resumption");
    assert_eq!(company.ops.post(&resume, &[]).await.status, 303);
    company.settle().await;
    for path in [&older, &newer] {
        assert_eq!(company.ops.api_get(path).await.json()["state"], "done");
    }
    assert_eq!(revised(&company).await, 1);
    assert_eq!(wait_of(&company, "pay"), 44);
    company.check().await;
}

/// A bad change is mended by the next revision of the same standard, which waits for nothing.
#[tokio::test]
async fn a_newer_revision_of_a_standard_replaces_what_an_older_one_left() {
    let (mut company, older) = stopped().await;
    let before = company.ops.api_get(&older).await.json();
    change(&mut company, "language", "go", delay(33), json!([])).await;
    company.settle().await;
    let newer = path_of_newest(&mut company).await;
    assert_ne!(older, newer);
    assert_eq!(company.ops.api_get(&newer).await.json()["state"], "done");
    assert_eq!(wait_of(&company, "pay"), 33);
    let story = company.ops.api_get(&older).await.json();
    assert_eq!(story["state"], "replaced");
    let text = company.ops.get(&older).await.text("main");
    assert!(text.contains("A newer revision of this standard"), "{text}");
    let resume = format!("{older}/resumption");
    let answer = company.ops.api(Method::POST, &resume, &json!({})).await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    let path = format!("/requests/{}", before["request"]);
    assert_eq!(company.ops.api_get(&path).await.json()["state"], "failed");
    company.check().await;
}
