//! Schema versions side by side: what was written in the first is shown, compared and computed
//! in the second.

use serde_json::{Value, json};

use super::changes::change;
use super::delay;
use crate::support::company::Company;

async fn workload(company: &mut Company) -> Value {
    let all = company.developer.api_get("/projects/pay/workloads").await;
    all.json()["items"][0].clone()
}

/// The revision of a workload as the first version would have written it.
async fn as_of_before(company: &Company) {
    sqlx::query(
        "UPDATE parameters_revision SET schema_version = 1, document = document
            - 'scaling' - 'discovery' - 'rollout' - 'disruption' - 'spread'",
    )
    .execute(&company.portal.db.owner)
    .await
    .unwrap();
}

#[tokio::test]
async fn a_document_of_the_first_version_goes_on_as_it_was() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    as_of_before(&company).await;
    let shown = workload(&mut company).await;
    let scaling = &shown["parameters"]["scaling"];
    assert_eq!(scaling["memory_percent"], 80, "{shown}");
    company.commit("pay", "A first word");
    company.open("pay").await;
    company.settle().await;
    let before = company.deployment("sh-test", "pay-test", "pay");
    assert_eq!(before["status"]["availableReplicas"], 2);

    // A change of a layer tells of what it changes alone, and writes the newest version.
    let number = change(&mut company, "language", "go", delay(40), json!([])).await;
    let request = company.ops.api_get(&format!("/requests/{number}")).await;
    let objects = request.json()["computed"]["clusters"][0]["objects"].clone();
    assert_eq!(objects.as_array().map(Vec::len), Some(1), "{objects}");
    let changes = &objects[0]["changes"];
    assert_eq!(changes.as_array().map(Vec::len), Some(1), "{changes}");
    company.settle().await;
    let versions: Vec<i32> =
        sqlx::query_scalar("SELECT schema_version FROM parameters_revision ORDER BY revision")
            .fetch_all(&company.portal.db.owner)
            .await
            .unwrap();
    assert_eq!(versions, [1, 2]);
    let page = company.ops.get("/standards/platform/all").await;
    let text = page.text("main");
    assert!(text.contains("/scaling/memory_percent"), "{text}");
    let layer = company.ops.api_get("/layers/platform/all").await.json();
    assert_eq!(layer["revisions"][0]["schema_version"], 1);
    company.check().await;
}

#[tokio::test]
async fn a_document_of_a_later_version_is_an_error_and_no_guess() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    sqlx::query("UPDATE parameters_revision SET schema_version = 99")
        .execute(&company.portal.db.owner)
        .await
        .unwrap();
    let answer = company.developer.api_get("/projects/pay/workloads").await;
    assert!(answer.status >= 500, "{}", answer.status);
}
