//! What the table of an intake proposes from GitLab and Jenkins, by page, by CSV and by API.

use reqwest::Method;
use serde_json::{Value, json};
use slipway_sim::{Fault, System};

use crate::support::company::{Company, approve};
use crate::support::legacy::{deploy_by_hand, legacy, namespace};

const PATH: &str = "/clusters/sh-test/intake";
const WHY: (&str, &str) = ("note", "These ran before the portal");

/// A freestyle job that fetches a repository of the company's GitLab.
fn fetching(company: &Company, path: &str) -> String {
    let url = format!("{}/{path}.git", company.outside.gitlab.base_url());
    format!(
        "<project><description>Made by Wang in 2019</description>\
         <scm class=\"hudson.plugins.git.GitSCM\"><userRemoteConfigs>\
         <hudson.plugins.git.UserRemoteConfig><url>{url}</url>\
         </hudson.plugins.git.UserRemoteConfig></userRemoteConfigs></scm>\
         <disabled>false</disabled></project>"
    )
}

/// `pay` runs, its repository is there, and a job of another name builds it.
async fn one_service() -> Company {
    let company = Company::start().await;
    namespace(&company, "legacy").await;
    deploy_by_hand(
        &company,
        &legacy("pay", "legacy", "any.example/x/pay-image:1"),
    )
    .await;
    let _ = company.outside.add_project(&company.world, "apps/back/Pay");
    let _ = company.outside.add_project(&company.world, "apps/decoy");
    let job = fetching(&company, "apps/back/Pay");
    assert!(company.world.jenkins().add_item("slipway/build-pay", &job));
    company
}

async fn proposals(company: &mut Company) -> Value {
    let answer = company.ops.api_get(PATH).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn a_proposal_of_the_api_is_filed_as_it_is_and_taken_over() {
    let mut company = one_service().await;
    let found = proposals(&mut company).await;
    assert_eq!(found["notes"], json!([]), "{found:#}");
    assert_eq!(
        found["items"].as_array().map(Vec::len),
        Some(1),
        "{found:#}"
    );
    let proposal = &found["items"][0];
    assert_eq!(proposal["new_project"], true);
    assert_eq!(proposal["repository_by"], "name");
    assert_eq!(proposal["job_by"], "repository");
    let row = &proposal["row"];
    assert_eq!(row["repository"], "apps/back/Pay");
    assert_eq!(row["job"], "build-pay");
    let none = company
        .ops
        .api_get(&format!("{PATH}?namespace=other"))
        .await;
    assert_eq!(none.json()["items"], json!([]));

    let before = company.deployment("sh-test", "legacy", "pay");
    let body = json!({ "kind": "intake", "note": WHY.1,
        "parameters": { "cluster": "sh-test", "rows": [row] } });
    let filed = company.ops.api(Method::POST, "/requests", &body).await;
    assert_eq!(filed.status, 201, "{}", filed.body);
    let number = filed.json()["number"].as_i64().unwrap();
    let story = company
        .ops
        .api_get(&format!("/intakes/{number}"))
        .await
        .json();
    assert_eq!(story["state"], "open", "{story:#}");
    assert_eq!(story["items"][0]["adopted"], Value::Null);

    // Who says yes sees where it comes from, and that somebody's job is there for it.
    let mut other = company.portal.signed_in("sun").await;
    let shown = other.get(&format!("/requests/{number}")).await.text("main");
    assert!(shown.contains("pay ← apps/back/Pay"), "{shown}");
    assert!(shown.contains("pay: the job build-pay"), "{shown}");
    approve(&mut other, number).await;
    company.settle().await;

    let story = company
        .ops
        .api_get(&format!("/intakes/{number}"))
        .await
        .json();
    assert_eq!(story["state"], "done", "{}", company.runs().await);
    assert_eq!(
        (&story["number"], &story["cluster"]),
        (&json!(number), &json!("sh-test"))
    );
    let item = &story["items"][0];
    assert_eq!((&item["row"], &item["adopted"]), (row, &json!(true)));
    assert_eq!(company.deployment("sh-test", "legacy", "pay"), before);
    let project = company.ops.api_get("/projects/pay").await.json();
    assert_eq!(project["repository"], "apps/back/Pay");
    // The project's place has that very job, which nobody has touched.
    let place = company.ops.api_get("/projects/pay/setup").await.json();
    assert_eq!(place["job"], "slipway/build-pay", "{place:#}");
    assert_eq!(place["job_state"], "foreign", "{place:#}");
    let job = company
        .world
        .jenkins()
        .config("slipway/build-pay")
        .map(str::to_owned);
    assert_eq!(job, Some(fetching(&company, "apps/back/Pay")));
    assert!(company.world.jenkins().config("slipway/pay").is_none());
    company.check().await;
}

#[tokio::test]
async fn a_job_of_another_project_is_neither_proposed_nor_taken() {
    let mut company = one_service().await;
    company.project("ledger").await;
    deploy_by_hand(&company, &legacy("till", "legacy", "any.example/till:1")).await;
    let found = proposals(&mut company).await;
    let mut rows: Vec<Value> = found["items"].as_array().unwrap().clone();
    let mut rows: Vec<Value> = rows.iter_mut().map(|one| one["row"].take()).collect();
    let file = |rows: &[Value]| {
        json!({ "kind": "intake", "note": WHY.1,
            "parameters": { "cluster": "sh-test", "rows": rows } })
    };
    rows[0]["job"] = json!("Ledger");
    rows[1]["repository"] = json!("apps/ledger");
    rows[1]["job"] = json!("a b");
    let refused = company
        .ops
        .api(Method::POST, "/requests", &file(&rows))
        .await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    let named = |answer: &Value, n: usize| {
        let field = &answer["fields"][n];
        (field["field"].clone(), field["code"].clone())
    };
    let fields = refused.json();
    let job = |n: usize| json!(format!("parameters.rows.{n}.job"));
    assert_eq!(
        named(&fields, 0),
        (job(0), json!("intake-job-taken")),
        "{fields:#}"
    );
    assert_eq!(
        named(&fields, 1),
        (job(1), json!("job-name-grammar")),
        "{fields:#}"
    );
    // Nor can two new projects have one.
    rows[0]["job"] = json!("one");
    rows[1]["job"] = json!("ONE");
    let refused = company
        .ops
        .api(Method::POST, "/requests", &file(&rows))
        .await;
    let fields = refused.json();
    assert_eq!(
        named(&fields, 0),
        (job(1), json!("intake-job-taken")),
        "{fields:#}"
    );
}

#[tokio::test]
async fn without_gitlab_and_jenkins_the_table_is_there_and_says_so() {
    let mut company = one_service().await;
    let page = company.ops.get(PATH).await;
    let said = page.text("main");
    assert!(said.contains("by its name"), "{said}");
    assert!(said.contains("fetches the repository"), "{said}");
    assert!(
        page.body.contains("value=\"apps/back/Pay\""),
        "{}",
        page.body
    );
    assert!(page.body.contains("value=\"build-pay\""), "{}", page.body);

    company
        .world
        .fault(Fault::on(System::GITLAB).answer(502, "away").always());
    let page = company.ops.get(PATH).await;
    assert_eq!(page.status, 200);
    let said = page.text("main");
    assert!(said.contains("legacy/pay"), "{said}");
    assert!(said.contains("GitLab does not answer"), "{said}");
    assert!(!said.contains("Jenkins does not answer"), "{said}");
    company
        .world
        .fault(Fault::on(System::JENKINS).answer(502, "away").always());
    let found = proposals(&mut company).await;
    let notes: Vec<_> = found["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| &n["code"])
        .collect();
    assert_eq!(
        notes,
        ["intake-repositories-away", "intake-jobs-away"],
        "{found:#}"
    );
    assert_eq!(found["items"][0]["row"]["repository"], "");

    // With more than one GitLab somebody has to say which is meant.
    let second = json!({ "key": "second", "kind": "gitlab", "url": "http://127.0.0.1:9",
        "credential": "a token" });
    let answer = company
        .admin
        .api(Method::POST, "/connections", &second)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let found = proposals(&mut company).await;
    assert_eq!(
        found["notes"][0]["code"], "intake-repositories-whose",
        "{found:#}"
    );
}

#[tokio::test]
async fn several_of_a_name_are_a_choice_and_nothing_is_guessed() {
    let mut company = one_service().await;
    let _ = company.outside.add_project(&company.world, "old/pay");
    let found = proposals(&mut company).await;
    let proposal = &found["items"][0];
    assert_eq!(proposal["row"]["repository"], "", "{proposal:#}");
    assert_eq!(
        proposal["repositories"],
        json!(["apps/back/Pay", "old/pay"])
    );
    let page = company.ops.get(PATH).await;
    assert!(
        page.text("main").contains("2 may fit; choose"),
        "{}",
        page.text("main")
    );
    assert!(
        page.body.contains("<option value=\"old/pay\">"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("list=\"l-0-repository\""),
        "{}",
        page.body
    );
    assert!(!page.body.contains('⟦'), "{}", page.body);
}

#[tokio::test]
async fn a_table_that_a_spreadsheet_wrote_is_read_and_its_lines_are_named() {
    let mut company = one_service().await;
    let table = company.ops.get("/clusters/sh-test/intake.csv").await;
    assert!(
        table.body.contains(",apps/back/Pay,build-pay,"),
        "{}",
        table.body
    );
    let saved = format!("\u{feff}{}", table.body.replace(',', ";"));
    let broken = saved.replace(";pay;", ";Old Pay;");
    let broken = broken.replacen("\r\n", "\r\n;;\r\n", 1);
    let refused = company.ops.post(PATH, &[("csv", &broken), WHY]).await;
    assert_eq!(refused.status, 400);
    let said = refused.text("main");
    assert!(said.contains("Line 3, Project: "), "{said}");
    let unclosed = saved.replace("build-pay", "\"build-pay");
    let refused = company.ops.post(PATH, &[("csv", &unclosed), WHY]).await;
    let said = refused.text("main");
    assert!(said.contains("begins in line 2 and never ends"), "{said}");
    assert!(!refused.body.contains('⟦'), "{}", refused.body);
    let filed = company.ops.post(PATH, &[("csv", &saved), WHY]).await;
    assert_eq!(filed.status, 303, "{}", filed.text("main"));
    let number = filed.headers["location"].to_str().unwrap().to_owned();
    let number = number.trim_start_matches("/requests/");
    let story = company
        .ops
        .api_get(&format!("/intakes/{number}"))
        .await
        .json();
    assert_eq!(story["items"][0]["row"]["job"], "build-pay", "{story:#}");
}
