//! A job in Jenkins that somebody else made: never overwritten without operations' yes, and taken
//! in the way that they say.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Method;
use serde_json::{Value, json};
use slipway::jobs::{Claim, Fault, Probe};
use slipway_sim::jenkins::{Kind, Language, PARAMETERS, template};

use crate::support::browser::Answer;
use crate::support::company::Company;

const JOB: &str = "slipway/pay";

/// The company's own job: another language's commands, declared as the portal needs it.
fn theirs() -> String {
    let xml = template(Language::Java, Kind::Pipeline);
    xml.replace("kept by operations", "made by Wang in 2019")
        .replace("<disabled>true", "<disabled>false")
}

/// The same, without two of the parameters.
fn lacking() -> String {
    let xml = theirs();
    ["RELEASE_ID", "IMAGE"].iter().fold(xml, |xml, name| {
        xml.replace(&format!("<name>{name}</name>"), "<name>BRANCH</name>")
    })
}

/// Does harm to the step that takes the job, once it is armed.
struct Armed {
    fault: Fault,
    armed: AtomicBool,
}

impl Probe for Armed {
    fn fault(&self, claim: &Claim) -> Fault {
        let hits = claim.name == "release.job" && self.armed.swap(false, Ordering::SeqCst);
        if hits { self.fault } else { Fault::None }
    }
}

async fn company(job: &str, probe: Arc<Armed>) -> (Company, String) {
    let mut company = Company::with_probe(probe).await;
    company.project_with_places("pay").await;
    assert!(company.world.jenkins().add_item(JOB, job));
    company.commit("pay", "Read a capture back after 409");
    let id = company.open("pay").await;
    company.settle_until(&id, waits).await;
    (company, id)
}

fn harmless() -> Arc<Armed> {
    Arc::new(Armed {
        fault: Fault::None,
        armed: AtomicBool::new(false),
    })
}

fn waits(story: &Value) -> bool {
    let runs = story["steps"].as_array().into_iter().flatten();
    let mut steps = runs.flat_map(|r| r["steps"].as_array().into_iter().flatten());
    steps.any(|s| s["state"] == "waiting" && s["waits_for"]["code"] == "waits-job-foreign")
}

fn config(company: &Company, job: &str) -> String {
    let jenkins = company.world.jenkins();
    jenkins.config(job).unwrap_or_default().to_owned()
}

async fn asked(company: &mut Company, id: &str) -> Value {
    let answer = company.ops.api_get(&format!("/releases/{id}/job")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

async fn decide(company: &mut Company, id: &str, verdict: &str, more: Value) -> Answer {
    let mut body = json!({ "verdict": verdict, "note": "Agreed with Wang" });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let path = format!("/releases/{id}/job");
    company.ops.api(Method::POST, &path, &body).await
}

async fn shown(company: &mut Company, id: &str) -> Value {
    let hash = asked(company, id).await["content_sha256"].clone();
    json!({ "content_sha256": hash })
}

fn code(answer: &Answer) -> String {
    answer.json()["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

async fn ends_well(company: &mut Company, id: &str) {
    company.settle().await;
    let story = company.release(id).await;
    assert_eq!(
        story["state"],
        "awaiting_confirmation",
        "{}",
        company.runs().await
    );
    assert_eq!(company.adopted_builds().await, 1);
    company.check().await;
}

#[tokio::test]
async fn a_foreign_job_stays_as_it_is_and_operations_are_asked() {
    let (mut company, id) = company(&theirs(), harmless()).await;
    assert_eq!(config(&company, JOB), theirs(), "nothing was written");
    assert_eq!(company.world.jenkins().build_count(JOB), 0);

    let home = company.ops.get("/").await;
    assert!(
        home.text(".inbox")
            .contains("pay: Jenkins has a job of this name already"),
        "{}",
        home.text("main")
    );
    let page = company.ops.get("/projects/pay/releases/1").await;
    assert!(
        page.text("main").contains("Decide about the job"),
        "{}",
        page.text("main")
    );
    let page = company.ops.get("/projects/pay/releases/1/job").await;
    let said = page.text("main");
    assert!(
        said.contains("Pipeline: changes") && said.contains("mvn -B"),
        "{said}"
    );
    assert!(said.contains("Parameters that it lacks None"), "{said}");
    assert!(!page.body.contains('⟦'), "{}", page.body);

    // Others read why it waits, and cannot decide.
    let page = company.developer.get("/projects/pay/releases/1").await;
    let said = page.text("main");
    assert!(
        said.contains("Operations adopt it or choose another name"),
        "{said}"
    );
    assert!(!said.contains("Decide about the job"));
    let theirs = company.developer.get("/projects/pay/releases/1/job").await;
    assert_eq!(theirs.status, 403);
    let theirs = format!("/releases/{id}/job");
    let body = json!({ "verdict": "rename", "name": "pay-2" });
    assert_eq!(
        company
            .developer
            .api(Method::POST, &theirs, &body)
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn adopted_as_it_is_its_definition_stays_for_good() {
    let (mut company, id) = company(&theirs(), harmless()).await;
    let more = shown(&mut company, &id).await;
    let done = decide(&mut company, &id, "keep", more).await;
    assert_eq!(done.status, 201, "{}", done.body);
    ends_well(&mut company, &id).await;
    let kept = config(&company, JOB);
    assert!(
        kept.contains("slipway-managed") && kept.contains("mvn -B"),
        "{kept}"
    );
    assert!(kept.contains("made by Wang in 2019"));

    // A template that moves is not copied over it.
    let edit = |xml: &str| xml.replace("go build", "go build -v");
    company.world.jenkins().edit_config("templates/go", edit);
    company.commit("pay", "And once more");
    company.open("pay").await;
    company.settle().await;
    assert_eq!(config(&company, JOB), kept);
    assert_eq!(company.adopted_builds().await, 2);
    let gone = company.ops.api_get(&format!("/releases/{id}/job")).await;
    assert_eq!(gone.status, 404, "nothing is asked any more");
    let home = company.ops.get("/").await;
    assert!(!home.text("main").contains("Jenkins has a job of this name"));
}

#[tokio::test]
async fn what_a_job_lacks_is_named_and_the_template_mends_it() {
    let (mut company, id) = company(&lacking(), harmless()).await;
    let question = asked(&mut company, &id).await;
    assert_eq!(question["missing"], json!(["IMAGE", "RELEASE_ID"]));
    assert_eq!(question["can_keep"], false);
    let more = json!({ "content_sha256": question["content_sha256"] });
    let kept = decide(&mut company, &id, "keep", more.clone()).await;
    assert_eq!(
        (kept.status, code(&kept)),
        (409, "job-keep-lacks".to_owned())
    );
    assert!(
        kept.json()["detail"]
            .as_str()
            .unwrap()
            .contains("IMAGE, RELEASE_ID")
    );
    assert_eq!(config(&company, JOB), lacking());
    let done = decide(&mut company, &id, "renew", more).await;
    assert_eq!(done.status, 201, "{}", done.body);
    ends_well(&mut company, &id).await;
    let now = config(&company, JOB);
    assert!(now.contains("go build") && !now.contains("BRANCH"), "{now}");
    assert!(PARAMETERS.iter().all(|p| now.contains(p)));
}

#[tokio::test]
async fn another_name_leaves_it_alone_for_good() {
    let (mut company, id) = company(&theirs(), harmless()).await;
    for name in ["pay", "a/b", ""] {
        let wrong = decide(&mut company, &id, "rename", json!({ "name": name })).await;
        assert_eq!(wrong.status, 400, "{name}: {}", wrong.body);
    }
    let form = [
        ("verdict", "rename"),
        ("content_sha256", ""),
        ("name", "pay-2026"),
    ];
    let done = company
        .ops
        .post("/projects/pay/releases/1/job", &form)
        .await;
    assert_eq!(done.status, 303, "{}", done.body);
    ends_well(&mut company, &id).await;
    assert_eq!(config(&company, JOB), theirs());
    assert_eq!(company.world.jenkins().build_count("slipway/pay-2026"), 1);
    company.commit("pay", "And once more");
    company.open("pay").await;
    company.settle().await;
    assert_eq!(company.world.jenkins().build_count("slipway/pay-2026"), 2);
    assert_eq!(company.world.jenkins().build_count(JOB), 0);
}

#[tokio::test]
async fn a_yes_is_to_exactly_the_job_that_was_shown() {
    let (mut company, id) = company(&theirs(), harmless()).await;
    let more = shown(&mut company, &id).await;
    let edit = |xml: &str| xml.replace("mvn -B", "mvn -q");
    company.world.jenkins().edit_config(JOB, edit);
    let late = decide(&mut company, &id, "renew", more).await;
    assert_eq!(
        (late.status, code(&late)),
        (409, "job-changed-since".to_owned())
    );
    let more = shown(&mut company, &id).await;
    assert_eq!(decide(&mut company, &id, "renew", more).await.status, 201);
    // Changed after the yes, before the step comes to it: it asks once more.
    let edit = |xml: &str| xml.replace("mvn -q", "mvn -X");
    company.world.jenkins().edit_config(JOB, edit);
    let before = config(&company, JOB);
    company.run_for(std::time::Duration::from_secs(5)).await;
    assert!(waits(&company.release(&id).await));
    assert_eq!(config(&company, JOB), before);
    let more = shown(&mut company, &id).await;
    assert_eq!(decide(&mut company, &id, "renew", more).await.status, 201);
    ends_well(&mut company, &id).await;
}

#[tokio::test]
async fn a_job_of_another_project_is_never_taken() {
    let (mut company, id) = company(&theirs(), harmless()).await;
    let line = "slipway-managed template-sha256=a content-sha256=b project=&quot;till&quot;\n";
    let edit = |xml: &str| xml.replace("<description>", &format!("<description>{line}"));
    company.world.jenkins().edit_config(JOB, edit);
    let more = shown(&mut company, &id).await;
    for verdict in ["keep", "renew"] {
        let refused = decide(&mut company, &id, verdict, more.clone()).await;
        assert_eq!(
            (refused.status, code(&refused)),
            (409, "job-of-other-project".to_owned())
        );
    }
}

#[tokio::test]
async fn a_worker_that_dies_while_it_takes_a_job_leaves_the_same_job() {
    let mut ends = Vec::new();
    for fault in [
        Fault::None,
        Fault::Twice,
        Fault::DieBefore,
        Fault::DieAfter,
        Fault::LoseLease,
    ] {
        let probe = Arc::new(Armed {
            fault,
            armed: AtomicBool::new(false),
        });
        let (mut company, id) = company(&theirs(), probe.clone()).await;
        let more = shown(&mut company, &id).await;
        assert_eq!(decide(&mut company, &id, "renew", more).await.status, 201);
        probe.armed.store(true, Ordering::SeqCst);
        ends_well(&mut company, &id).await;
        assert!(
            !probe.armed.load(Ordering::SeqCst),
            "{fault:?} was never done"
        );
        let builds = company.world.jenkins().build_count(JOB);
        ends.push((builds, config(&company, JOB)));
    }
    let first = ends.first().unwrap().clone();
    assert!(ends.iter().all(|end| *end == first), "{ends:#?}");
}
