//! Drift: what somebody changed by hand is shown field by field, and nothing else is.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use slipway_sim::{Fault, System};

use crate::support::company::{Company, approve};

mod adopting;

const NAMESPACE: &str = "/apis/apps/v1/namespaces/pay-test";
const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/pay-test/deployments/pay";
const CONTAINER: &str = "spec.template.spec.containers[pay]";

/// Everything that stands beside a Deployment.
fn everything() -> Value {
    json!({
        "files": [{ "path": "/etc/app/a.toml", "text": "a = 1\n" }],
        "scratch": [{ "path": "/tmp/work", "size": "64Mi" }],
        "access": "ingress", "ingress": { "host": "pay.example.com" },
        "disruption": { "most_away": 1 }, "spread": { "hosts": "prefer" },
        "cpu": { "request": "0.1", "limit": "1.5" }, "memory": { "limit": "1024Mi" },
        "before_stop": { "kind": "sleep", "seconds": 5 },
        "scaling": { "cpu_percent": 60, "down_most": 1 },
    })
}

/// A company with one release in test.
async fn released(parameters: &Value) -> Company {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers_with("pay", "test", parameters).await;
    company.commit("pay", "Read a capture back after 409");
    company.open("pay").await;
    company.settle().await;
    company.advance(Duration::from_secs(60)).await;
    company
}

async fn workload(company: &mut Company) -> String {
    let all = company.ops.api_get("/projects/pay/workloads").await.json();
    all["items"][0]["id"].as_str().unwrap().to_owned()
}

/// Where the drift of the one workload is told.
async fn path(company: &mut Company) -> String {
    format!("/projects/pay/workloads/{}/drift", workload(company).await)
}

async fn drift(company: &mut Company) -> Value {
    let path = path(company).await;
    let answer = company.developer.api_get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// Kind and field of every line.
fn lines(drift: &Value) -> Vec<(String, String)> {
    let lines = drift["lines"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    lines
        .map(|l| (text(&l["kind"]), text(&l["field"])))
        .collect()
}

fn line<'a>(drift: &'a Value, field: &str) -> &'a Value {
    let mut lines = drift["lines"].as_array().unwrap().iter();
    let found = lines.find(|l| l["field"] == field);
    found.unwrap_or_else(|| panic!("{field} is not among {drift:#}"))
}

/// Somebody's own client, past the portal.
#[expect(
    clippy::disallowed_methods,
    reason = "somebody's own client, not the product's"
)]
async fn by_hand(company: &Company, method: Method, path: &str, body: &Value) {
    let base = company.test.server.base_url();
    let request = reqwest::Client::new()
        .request(method, format!("{base}{path}?fieldManager=kubectl-edit"))
        .bearer_auth("simulated-sh-test-admin")
        .header("content-type", "application/strategic-merge-patch+json")
        .body(body.to_string());
    let answer = request.send().await.unwrap();
    let status = answer.status();
    assert!(status.is_success(), "{}", answer.text().await.unwrap());
}

async fn edit_container(company: &mut Company, container: Value) {
    let mut container = container;
    container["name"] = json!("pay");
    let spec = json!({ "template": { "spec": { "containers": [container] } } });
    let patch = json!({ "spec": spec });
    by_hand(company, Method::PATCH, DEPLOYMENT, &patch).await;
    company.advance(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn right_after_a_deployment_there_is_none() {
    let mut company = released(&everything()).await;
    let seen = drift(&mut company).await;
    assert_eq!(lines(&seen), [], "{seen:#}");
    assert_eq!(seen["refused"], json!([]));
    for kind in [
        "Service",
        "HorizontalPodAutoscaler",
        "Ingress",
        "PodDisruptionBudget",
    ] {
        let mut kubernetes = company.world.kubernetes();
        let cluster = kubernetes.cluster("sh-test").unwrap();
        assert!(cluster.object(kind, "pay-test", "pay").is_some(), "{kind}");
    }
    let path = path(&mut company).await;
    let page = company.tester.get(&path).await;
    assert!(
        page.body.contains("What runs is what was deployed"),
        "{}",
        page.body
    );
    let containers = company
        .tester
        .get("/projects/pay/containers?environment=test")
        .await;
    assert!(containers.body.contains(&path), "{}", containers.body);
    company.check().await;
}

#[tokio::test]
async fn what_another_hand_changed_is_told_field_by_field() {
    let mut company = released(&everything()).await;
    edit_container(
        &mut company,
        json!({
            "livenessProbe": { "initialDelaySeconds": 77 },
            "resources": { "limits": { "memory": "640Mi" } },
            "env": [{ "name": "MODE", "value": "slow" }, { "name": "EXTRA", "value": "yes" },
                { "name": "DB_PASSWORD", "value": "typed-by-hand" }],
        }),
    )
    .await;
    let service = "/api/v1/namespaces/pay-test/services/pay";
    by_hand(&company, Method::DELETE, service, &json!({})).await;
    let seen = drift(&mut company).await;
    let deployment = |field: &str| ("Deployment".to_owned(), format!("{CONTAINER}.{field}"));
    let mut told = lines(&seen);
    told.sort();
    let mut expected = [
        deployment("env[DB_PASSWORD]"),
        deployment("env[EXTRA]"),
        deployment("env[MODE].value"),
        deployment("livenessProbe.initialDelaySeconds"),
        deployment("resources.limits.memory"),
        ("Service".to_owned(), String::new()),
    ];
    expected.sort();
    assert_eq!(told, expected, "{seen:#}");
    let delay = line(&seen, &expected[3].1);
    assert_eq!(
        (&delay["by"], &delay["live"]),
        (&json!("kubectl-edit"), &json!(77))
    );
    assert_eq!(
        delay["said"][0]["parameter"],
        "/probes/liveness/delay_seconds"
    );
    let extra = line(&seen, &format!("{CONTAINER}.env[EXTRA]"));
    assert_eq!(
        (&extra["sort"], &extra["by"]),
        (&json!("beside"), &json!("kubectl-edit"))
    );
    assert_eq!(extra["said"][0]["parameter"], "/env/EXTRA");
    // What a name calls a secret is neither shown nor taken into parameters.
    let secret = line(&seen, &format!("{CONTAINER}.env[DB_PASSWORD]"));
    assert_eq!(secret["said"], json!([]));
    assert!(!seen.to_string().contains("typed-by-hand"));
    let path = path(&mut company).await;
    let page = company.tester.get(&path).await;
    for words in [
        "kubectl-edit",
        "initialDelaySeconds",
        "Is not there any more",
        "6 differences",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("typed-by-hand"));
    company.check().await;
}

#[tokio::test]
async fn a_count_is_drift_only_where_nobody_owns_it() {
    let scale = format!("{NAMESPACE}/deployments/pay/scale");
    let three = json!({ "spec": { "replicas": 3 } });
    let mut company = released(&json!({})).await;
    by_hand(&company, Method::PATCH, &scale, &three).await;
    company.advance(Duration::from_secs(60)).await;
    assert_eq!(
        company.deployment("sh-test", "pay-test", "pay")["spec"]["replicas"],
        3
    );
    assert_eq!(lines(&drift(&mut company).await), []);
    let mut company = released(&json!({ "replicas": { "min": 2, "max": 2 } })).await;
    by_hand(&company, Method::PATCH, &scale, &three).await;
    company.advance(Duration::from_secs(60)).await;
    let seen = drift(&mut company).await;
    assert_eq!(
        lines(&seen),
        [("Deployment".to_owned(), "spec.replicas".to_owned())]
    );
    let count = line(&seen, "spec.replicas");
    assert_eq!((&count["wanted"], &count["live"]), (&json!(2), &json!(3)));
    assert_eq!(count["by"], "kubectl-edit");
    company.check().await;
}

#[tokio::test]
async fn what_cannot_be_compared_says_so() {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    let path = path(&mut company).await;
    let page = company.tester.get(&path).await;
    assert!(
        page.body.contains("Nothing was deployed here yet"),
        "{}",
        page.body
    );
    company.commit("pay", "Read a capture back after 409");
    company.open("pay").await;
    company.settle().await;
    // Of another project, or of nobody who may know of it.
    company.project("shop").await;
    let elsewhere = path.replace("/pay/", "/shop/");
    assert_eq!(company.ops.get(&elsewhere).await.status, 404);
    let mut stranger = company.portal.signed_in("stranger").await;
    assert_eq!(stranger.api_get(&path).await.status, 404);
    let dark = Fault::on(System::named("sh-test"))
        .answer(503, "not today")
        .always();
    company.world.fault(dark);
    let page = company.tester.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.text("main").contains("sh-test"), "{}", page.body);
    assert_eq!(company.tester.api_get(&path).await.status, 503);
}

/// A number that is filed, said yes to, and rolled out.
async fn decided(company: &mut Company, number: i64) {
    approve(&mut company.ops, number).await;
    company.settle().await;
    company.advance(Duration::from_secs(60)).await;
    let request = company.ops.api_get(&format!("/requests/{number}")).await;
    assert_eq!(request.json()["state"], "done", "{}", company.runs().await);
}

fn pods(company: &Company) -> Vec<String> {
    let mut kubernetes = company.world.kubernetes();
    let cluster = kubernetes.cluster("sh-test").unwrap();
    let pods = cluster.objects("Pod", "pay-test");
    let names = pods.map(|p| p["metadata"]["name"].as_str().unwrap().to_owned());
    names.collect()
}

#[tokio::test]
async fn what_is_restored_is_as_it_was_deployed() {
    let mut company = released(&everything()).await;
    let before = pods(&company);
    let service = "/api/v1/namespaces/pay-test/services/pay";
    by_hand(&company, Method::DELETE, service, &json!({})).await;
    let path = path(&mut company).await;
    let restore = format!("{path}/restore");
    let chen = company.tester.post(&restore, &[("reason", "")]).await;
    assert_eq!(chen.status, 403);
    let page = company.tester.get(&path).await;
    assert!(page.body.contains("aria-disabled"), "{}", page.body);
    let sent = company
        .developer
        .post(&restore, &[("reason", "who took it?")])
        .await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    let page = company.tester.get(&path).await;
    assert!(page.body.contains("is bringing something there"));
    let busy = company.developer.post(&restore, &[("reason", "")]).await;
    assert_eq!(busy.status, 409, "{}", busy.body);
    company.settle().await;
    company.advance(Duration::from_secs(60)).await;
    assert_eq!(lines(&drift(&mut company).await), []);
    // Only the Service was gone, so the containers run on.
    assert_eq!(pods(&company), before);
    edit_container(
        &mut company,
        json!({ "livenessProbe": { "initialDelaySeconds": 77 } }),
    )
    .await;
    assert_eq!(lines(&drift(&mut company).await).len(), 1);
    let body = json!({ "reason": "" });
    let begun = company.developer.api(Method::POST, &restore, &body).await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    company.settle().await;
    company.advance(Duration::from_secs(60)).await;
    assert_eq!(lines(&drift(&mut company).await), []);
    let trail = company.ops.api_get("/audit?action=workload.restore").await;
    assert!(trail.body.contains("who took it?"), "{}", trail.body);
    company.check().await;
}

#[tokio::test]
async fn a_count_is_set_back() {
    let mut company = released(&json!({ "replicas": { "min": 2, "max": 2 } })).await;
    let scale = format!("{NAMESPACE}/deployments/pay/scale");
    let five = json!({ "spec": { "replicas": 5 } });
    by_hand(&company, Method::PATCH, &scale, &five).await;
    company.advance(Duration::from_secs(60)).await;
    let path = path(&mut company).await;
    let begun = company
        .ops
        .api(Method::POST, &format!("{path}/restore"), &json!({}))
        .await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    company.settle().await;
    assert_eq!(
        company.deployment("sh-test", "pay-test", "pay")["spec"]["replicas"],
        2
    );
    assert_eq!(lines(&drift(&mut company).await), []);
    let adopt = company
        .ops
        .api(Method::POST, &format!("{path}/adopt"), &json!({}))
        .await;
    assert_eq!(adopt.status, 409, "{}", adopt.body);
    company.check().await;
}

#[tokio::test]
async fn what_the_cluster_would_refuse_is_told_and_restored_all_the_same() {
    let mut company = released(&json!({ "rollout": { "kind": "recreate" } })).await;
    assert_eq!(lines(&drift(&mut company).await), []);
    let rolling =
        json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } });
    let patch = json!({ "spec": { "strategy": rolling } });
    by_hand(&company, Method::PATCH, DEPLOYMENT, &patch).await;
    let seen = drift(&mut company).await;
    assert_eq!(seen["refused"][0]["code"], "drift-refused", "{seen:#}");
    let deployment = |field: &str| ("Deployment".to_owned(), format!("spec.strategy.{field}"));
    assert_eq!(
        lines(&seen),
        [deployment("type"), deployment("rollingUpdate")]
    );
    assert_eq!(seen["adopts"][0]["parameter"], "/rollout/kind", "{seen:#}");
    let path = path(&mut company).await;
    let restore = format!("{path}/restore");
    let begun = company.ops.api(Method::POST, &restore, &json!({})).await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    company.settle().await;
    assert_eq!(lines(&drift(&mut company).await), []);
    company.check().await;
}

#[tokio::test]
async fn what_others_set_beside_it_goes_where_that_is_asked_for() {
    let mut company = released(&everything()).await;
    let beside = json!({ "workingDir": "/srv", "livenessProbe": { "initialDelaySeconds": 77 },
        "env": [{ "name": "EXTRA", "value": "yes" }, { "name": "MORE", "value": "yes" }] });
    edit_container(&mut company, beside).await;
    let ports = json!({ "spec": { "publishNotReadyAddresses": true } });
    let service = "/api/v1/namespaces/pay-test/services/pay";
    by_hand(&company, Method::PATCH, service, &ports).await;
    let seen = drift(&mut company).await;
    assert_eq!(lines(&seen).len(), 5, "{seen:#}");
    let path = path(&mut company).await;
    let restore = format!("{path}/restore");
    let page = company.developer.get(&path).await;
    assert!(
        page.body.contains("Take away what others set"),
        "{}",
        page.body
    );
    assert!(!page.body.contains('⟦'), "{}", page.body);

    // Without a word about it, it stays.
    let begun = company
        .developer
        .api(Method::POST, &restore, &json!({}))
        .await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    company.settle().await;
    company.advance(Duration::from_secs(60)).await;
    let left = drift(&mut company).await;
    assert_eq!(lines(&left).len(), 4, "{left:#}");

    // What was seen before is no answer about what is there now.
    let one = json!({ "env": [{ "name": "THIRD", "value": "yes" }] });
    edit_container(&mut company, one).await;
    let old = left["beside"].as_str().expect("a mark");
    let moved = company.developer.post(&restore, &[("beside", old)]).await;
    assert_eq!(moved.status, 409, "{}", moved.body);
    assert!(
        moved.text("main").contains("Look at it again"),
        "{}",
        moved.body
    );

    let page = company.developer.get(&path).await;
    let fields = page.fields();
    let mark = fields.iter().find(|(name, _)| name == "beside");
    let (_, mark) = mark.expect("a box that is ticked, because nothing else differs");
    let sent = [("reason", "it was tried out"), ("beside", mark)];
    let sent = company.developer.post(&restore, &sent).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    company.settle().await;
    company.advance(Duration::from_secs(60)).await;
    let seen = drift(&mut company).await;
    assert_eq!(
        (lines(&seen), &seen["beside"]),
        (vec![], &Value::Null),
        "{seen:#}"
    );
    let deployment = company.deployment("sh-test", "pay-test", "pay");
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let names = container["env"].as_array().expect("variables").iter();
    let names: Vec<&str> = names.filter_map(|v| v["name"].as_str()).collect();
    assert_eq!(names, ["MODE", "TOKEN"]);
    let trail = company.ops.api_get("/audit?action=workload.restore").await;
    assert!(trail.body.contains("env[THIRD]"), "{}", trail.body);
    company.check().await;
}
