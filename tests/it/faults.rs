//! Outside systems that lose answers, go down, refuse and forget; and a portal that is killed.
//! A release says in words what it waits for, and ends as if nothing had happened.

mod boundaries;
mod database;
mod frozen;
mod killed;
mod program;
mod together;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use slipway_sim::{Fault, System};

use crate::support::browser::Answer;
use crate::support::company::{Company, approve};

const HTML: &str = "<html><body><h1>503 Service Unavailable</h1></body></html>";
/// Fewer than the failures in a row after which a target is left alone in real time.
const SOME_CALLS: u32 = 3;

fn cluster(name: &str) -> Fault {
    Fault::on(System::named(name))
}

/// A company whose project has places, and a commit to release.
async fn company() -> Company {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    company
}

async fn state(company: &mut Company, release: &str) -> String {
    let story = company.release(release).await;
    story["state"].as_str().unwrap().to_owned()
}

/// The release's page, as its author reads it.
async fn page(company: &mut Company, number: u32) -> String {
    let path = format!("/projects/pay/releases/{number}");
    let answer = company.developer.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.text("main")
}

/// Goes the whole way with faults in force, and sees one of everything at its end.
async fn ends_with_one_of_everything(company: &mut Company) {
    let id = company.open("pay").await;
    company.settle().await;
    assert_eq!(state(company, &id).await, "awaiting_confirmation");
    company.confirm(&id).await;
    company.send_to_production(&id).await;
    let story = company.release(&id).await;
    assert_eq!(story["state"], "released", "{}", company.runs().await);
    assert_eq!(company.world.faults().pending(), 0, "a fault never struck");
    let digest = story["artifact"]["digest"].as_str().unwrap();
    let tag = story["tag"].as_str().unwrap();
    let pushed = company.world.registry().digest("apps/pay", tag);
    assert_eq!(pushed.as_deref(), Some(digest));
    for (cluster, namespace) in [("sh-test", "pay-test"), ("sh-prod", "pay-prod")] {
        assert!(company.image(cluster, namespace, "pay").ends_with(digest));
    }
    assert_eq!(company.tags("pay"), 1);
    let jobs = company.world.transcript();
    let jobs = jobs.count(&System::JENKINS, &Method::POST, "*/createItem?name=pay*");
    assert_eq!(jobs, 1);
    assert_eq!(company.world.jenkins().build_count("slipway/pay"), 1);
    assert_eq!(company.adopted_builds().await, 1);
    let states: Vec<&Value> = story["deployments"].as_array().unwrap().iter().collect();
    assert_eq!(states.len(), 2, "one deployment for each cluster");
    assert!(
        states.iter().all(|d| d["state"] == "succeeded"),
        "{states:?}"
    );
    company.check().await;
}

#[tokio::test]
async fn a_tag_whose_answer_was_lost_is_made_once() {
    let mut company = company().await;
    let fault = Fault::on(System::GITLAB).post("*/repository/tags");
    company.world.fault(fault.cut_after());
    ends_with_one_of_everything(&mut company).await;
}

#[tokio::test]
async fn a_job_whose_answer_was_lost_is_made_once() {
    let mut company = Company::start().await;
    // Onboarding makes it. The first item is the folder that the job lies in.
    let fault = Fault::on(System::JENKINS).post("/job/slipway/createItem");
    company.world.fault(fault.cut_after());
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    ends_with_one_of_everything(&mut company).await;
}

#[tokio::test]
async fn a_webhook_whose_answer_was_lost_is_made_once() {
    let mut company = Company::start().await;
    let fault = Fault::on(System::GITLAB).post("*/hooks");
    company.world.fault(fault.cut_after());
    company.project("pay").await;
    assert_eq!(company.world.faults().pending(), 0, "a fault never struck");
    assert_eq!(company.hooks("pay").len(), 1);
    company.check().await;
}

#[tokio::test]
async fn a_build_whose_answer_was_lost_is_triggered_once() {
    let mut company = company().await;
    let fault = Fault::on(System::JENKINS).post("*/buildWithParameters");
    company.world.fault(fault.cut_after());
    ends_with_one_of_everything(&mut company).await;
}

#[tokio::test]
async fn a_build_that_jenkins_does_not_show_for_a_while_is_triggered_once() {
    let mut company = company().await;
    {
        let mut jenkins = company.world.jenkins();
        jenkins.pace.quiet = Duration::ZERO;
        jenkins.pace.handover = Duration::from_secs(10);
    }
    // The first call is lost on its way there, the second on its way back: what was learnt
    // between the two says nothing about the second.
    let call = || Fault::on(System::JENKINS).post("*/buildWithParameters");
    company.world.fault(call().cut_before());
    company.world.fault(call().cut_after());
    ends_with_one_of_everything(&mut company).await;
}

#[tokio::test]
async fn an_apply_and_a_scale_whose_answers_were_lost_are_repeated_in_place() {
    let mut company = company().await;
    for (name, namespace) in [("sh-test", "pay-test"), ("sh-prod", "pay-prod")] {
        let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/pay");
        // The first apply only asks what it would overwrite.
        let apply = cluster(name).at(Method::PATCH, &path).after(1);
        company.world.fault(apply.cut_after());
        let scale = cluster(name).at(Method::PUT, &format!("{path}/scale"));
        company.world.fault(scale.cut_after());
    }
    ends_with_one_of_everything(&mut company).await;
    let cut = company.world.transcript().all();
    let mut cut = cut.iter().filter(|e| e.status.is_none());
    assert!(cut.all(|e| !e.path.contains("dryRun")), "an effect was cut");
}

/// What is harmed of each system once a release is open, with its name for the reader.
fn calls() -> [(Vec<Fault>, &'static str); 4] {
    let registry = |method| Fault::on(System::REGISTRY).at(method, "/v2/apps/pay/manifests/*");
    [
        (vec![Fault::on(System::GITLAB)], "GitLab"),
        (vec![Fault::on(System::JENKINS)], "Jenkins"),
        // The build pushes there as well; only what reads is harmed.
        (vec![registry(Method::HEAD)], "registry"),
        (vec![cluster("sh-test")], "sh-test"),
    ]
}

/// Each system in its turn does not answer as `harm` says: the release says which, goes on by
/// itself when it is back, and its doing so makes nothing twice.
async fn says_who_is_away_and_goes_on(harm: impl Fn(Fault) -> Fault) {
    let mut company = company().await;
    for (number, (faults, name)) in (1u32..).zip(calls()) {
        company.commit("pay", &format!("While {name} is away"));
        let id = company.open("pay").await;
        for fault in faults {
            company.world.fault(harm(fault.times(SOME_CALLS)));
        }
        let error = company.run_until_trouble().await;
        assert_eq!(error["code"], "step-outside-away", "{name}: {error}");
        assert_eq!(error["args"][0], json!(["system", name]), "{error}");
        let said = page(&mut company, number).await;
        let sentence = format!("{name} does not answer.");
        assert!(said.contains(&sentence), "{sentence} is not in: {said}");
        company.settle().await;
        assert_eq!(company.world.faults().pending(), 0, "{name}");
        let state = state(&mut company, &id).await;
        assert_eq!(
            state,
            "awaiting_confirmation",
            "{name}: {}",
            company.runs().await
        );
        assert_eq!(company.tags("pay"), usize::try_from(number).unwrap());
        assert_eq!(company.adopted_builds().await, i64::from(number));
        let builds = company.world.jenkins().build_count("slipway/pay");
        assert_eq!(builds, usize::try_from(number).unwrap());
    }
    company.check().await;
}

#[tokio::test]
async fn a_system_that_breaks_every_connection_holds_a_release_up_in_words() {
    says_who_is_away_and_goes_on(Fault::cut_before).await;
}

#[tokio::test]
async fn a_system_behind_a_proxys_error_page_holds_a_release_up_in_words() {
    says_who_is_away_and_goes_on(|fault| fault.answer(503, HTML)).await;
}

#[tokio::test]
async fn a_system_that_asks_for_patience_gets_it() {
    says_who_is_away_and_goes_on(|fault| fault.answer(429, "").header("retry-after", "30")).await;
}

#[tokio::test]
async fn a_release_is_not_opened_while_gitlab_is_away() {
    let mut company = company().await;
    let before = company.portal.db.row_counts().await;
    company
        .world
        .fault(Fault::on(System::GITLAB).times(SOME_CALLS));
    let body = json!({ "ref": "main" });
    let path = "/projects/pay/releases";
    let answer = company.developer.api(Method::POST, path, &body).await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    let problem = answer.json();
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .starts_with("GitLab does not answer")
    );
    assert_eq!(company.portal.db.row_counts().await, before);
}

#[tokio::test]
async fn a_red_build_fails_its_release_and_names_the_stage() {
    let mut company = company().await;
    company.commit("pay", "Break everything [fail build]");
    let id = company.open("pay").await;
    company.settle().await;
    let story = company.release(&id).await;
    assert_eq!(story["state"], "failed", "{story}");
    assert_eq!(story["failure"]["code"], "build-failed-in-stage");
    assert_eq!(story["artifact"], Value::Null);
    assert_eq!(story["deployments"], json!([]), "nothing was put anywhere");
    let said = page(&mut company, 1).await;
    let sentence = "Build 1 failed in the stage “Package” (FAILURE).";
    assert!(said.contains(sentence), "{said}");
    company.check().await;
}

#[tokio::test]
async fn an_image_that_is_gone_before_the_rollout_fails_it_in_words() {
    let mut company = company().await;
    let id = company.open("pay").await;
    company.world.fault(cluster("sh-test").times(SOME_CALLS));
    company.run_until_trouble().await;
    let story = company.release(&id).await;
    assert_eq!(story["state"], "deploying_test", "{story}");
    let digest = story["artifact"]["digest"].as_str().unwrap();
    company.world.registry().delete_image("apps/pay", digest);
    company.settle().await;
    let story = company.release(&id).await;
    assert_eq!(story["state"], "failed", "{}", company.runs().await);
    assert_eq!(story["failure"]["code"], "trouble-image-pull");
    let said = page(&mut company, 1).await;
    assert!(
        said.contains("sh-test (shanghai) cannot pull the image"),
        "{said}"
    );
    company.check().await;
}

#[tokio::test]
async fn a_rollback_ends_a_hanging_rollout_at_once() {
    let mut company = company().await;
    let first = company.open("pay").await;
    company.settle().await;
    company.confirm(&first).await;
    company.send_to_production(&first).await;
    let story = company.release(&first).await;
    assert_eq!(story["state"], "released");
    company.commit("pay", "Log the idempotency key");
    let second = company.open("pay").await;
    company.settle().await;
    company.confirm(&second).await;
    company
        .world
        .kubernetes()
        .cluster("sh-prod")
        .unwrap()
        .settings
        .full = true;
    let path = format!("/releases/{second}/deployments");
    let prod = json!({ "environment": "prod" });
    let pressed = company.developer.api(Method::POST, &path, &prod).await;
    approve(
        &mut company.ops,
        pressed.json()["request"].as_i64().unwrap(),
    )
    .await;
    company.run_for(Duration::from_secs(60)).await;
    assert_eq!(state(&mut company, &second).await, "deploying_production");
    let newer = company.release(&second).await["artifact"]["digest"].clone();
    let image = company.image("sh-prod", "pay-prod", "pay");
    assert!(
        image.ends_with(newer.as_str().unwrap()),
        "it hangs half-way"
    );

    let back = json!({ "artifact": story["artifact"]["id"], "reason": "captures fail" });
    let path = "/projects/pay/environments/prod/rollbacks";
    let answer = company.developer.api(Method::POST, path, &back).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let hanging = company.release(&second).await;
    assert_eq!(hanging["state"], "confirmed", "before any worker has moved");
    let deployments = hanging["deployments"].as_array().unwrap();
    let in_prod = deployments
        .iter()
        .find(|d| d["cluster"] == "sh-prod")
        .unwrap();
    assert_eq!(in_prod["state"], "superseded");

    company.settle().await;
    let image = company.image("sh-prod", "pay-prod", "pay");
    assert!(image.ends_with(story["artifact"]["digest"].as_str().unwrap()));
    let story = company.release(&first).await;
    let last = story["deployments"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["kind"], &last["state"]),
        (&json!("rollback"), &json!("succeeded"))
    );
    company.check().await;
}
