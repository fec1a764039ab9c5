//! The engine's promises, proven over every registered step: whatever happens to a worker, the
//! same mile ends the same, and the world shows one of everything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};
use slipway::jobs::{Claim, Fault, Probe};

use crate::support::company::{Company, approve};
use crate::support::legacy::{deploy_by_hand, legacy, namespace, pods, row, take_over};

/// Does one kind of harm to the first attempt at one step, or at every step.
struct Once {
    step: &'static str,
    fault: Fault,
    done: Mutex<HashMap<String, u32>>,
}

impl Once {
    fn new(step: &'static str, fault: Fault) -> Arc<Self> {
        Arc::new(Self {
            step,
            fault,
            done: Mutex::default(),
        })
    }

    /// How often the harm was done.
    fn count(&self) -> u32 {
        self.done.lock().unwrap().values().sum()
    }
}

impl Probe for Once {
    fn fault(&self, claim: &Claim) -> Fault {
        if claim.name != self.step {
            return Fault::None;
        }
        let mut done = self.done.lock().unwrap();
        // Each step of each run once: a step that is always harmed never ends.
        let key = format!("{} {}", claim.run, claim.step);
        if done.contains_key(&key) {
            return Fault::None;
        }
        done.insert(key, 1);
        self.fault
    }
}

/// What must be the same after any harm: states, digests, numbers of things in the world.
#[derive(Debug, PartialEq, Eq)]
struct End {
    state: String,
    deployments: Vec<String>,
    test_and_production_agree: bool,
    tags: usize,
    jobs: usize,
    adopted_builds: i64,
    deployments_made: [usize; 2],
    replicas: [Value; 2],
    commands_run: [usize; 2],
    hooks: usize,
    taken_over: Vec<Value>,
    build_of_the_cancelled: Ended,
    left_behind: Vec<&'static str>,
}

/// How a build ended that was cancelled. A worker that dies on the way to Jenkins may come too
/// late to stop it, which is no harm; what counts is that it ended and that we know how.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    known: bool,
    deployments: usize,
}

/// A release that is cancelled while Jenkins builds it.
async fn cancelled_build(company: &mut Company) -> Ended {
    company.commit("pay", "Half a thought");
    let id = company.open("pay").await;
    let built = |story: &Value| story["builds"][0]["number"].is_i64();
    company.settle_until(&id, built).await;
    let path = format!("/releases/{id}/cancellation");
    let answer = company.developer.api(Method::POST, &path, &json!({})).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    company.settle().await;
    let story = company.release(&id).await;
    assert_eq!(story["state"], "cancelled");
    let result = company.world.jenkins().result("slipway/pay", 1);
    Ended {
        known: result.is_some() && story["builds"][0]["result"] == json!(result),
        deployments: story["deployments"].as_array().unwrap().len(),
    }
}

/// A standard that moves both workloads, one after the other.
async fn standard(company: &mut Company) {
    let document = json!({ "grace_seconds": 45 });
    let parameters = json!({ "layer": { "kind": "language", "key": "go" },
        "document": document, "waves": { "size": 1, "pause_seconds": 0 } });
    let body = json!({ "kind": "layer", "parameters": parameters, "note": "Time to finish" });
    let answer = company.ops.api(Method::POST, "/requests", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let mut other = company.portal.signed_in("sun").await;
    approve(&mut other, answer.json()["number"].as_i64().unwrap()).await;
    company.settle().await;
    let runs = company.ops.api_get("/waves").await.json();
    assert_eq!(runs["items"][0]["state"], "done", "{runs:#}");
}

/// Two that ran before the portal, one for a project of its own; what came of them.
async fn taken_over(company: &mut Company) -> Vec<Value> {
    company.outside.add_project(&company.world, "apps/before");
    namespace(company, "legacy").await;
    for name in ["before", "before-pay"] {
        deploy_by_hand(company, &legacy(name, "legacy", "any.example/before:1")).await;
    }
    company.advance(std::time::Duration::from_secs(120)).await;
    let running = pods(company, "legacy");
    let mut old = row(company, ("legacy", "before-pay"), "pay");
    old["component"] = json!("old");
    let row = row(company, ("legacy", "before"), "before");
    take_over(company, &[row, old]).await;
    assert_eq!(pods(company, "legacy"), running, "nothing restarts");
    let mut found = Vec::new();
    for project in ["before", "pay"] {
        let path = format!("/projects/{project}/workloads");
        let workloads = company.ops.api_get(&path).await.json();
        let all = workloads["items"].as_array().unwrap().clone();
        let taken = all.into_iter().filter(|w| w["namespace"] == "legacy");
        found.extend(taken.map(|w| w["component"].clone()));
    }
    found
}

/// The project goes; what of it is still there when it is gone.
async fn off_board(company: &mut Company) -> Vec<&'static str> {
    let body = json!({ "kind": "offboarding", "project": "pay", "note": "Replaced",
        "parameters": { "key": "pay" } });
    let answer = company
        .developer
        .api(Method::POST, "/requests", &body)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let number = answer.json()["number"].as_i64().unwrap();
    approve(&mut company.ops, number).await;
    company.settle().await;
    let path = format!("/requests/{number}");
    let request = company.ops.api_get(&path).await.json();
    assert_eq!(request["state"], "done", "{}", company.runs().await);
    let mut left = Vec::new();
    for (name, namespace) in [("sh-test", "pay-test"), ("sh-prod", "pay-prod")] {
        let mut kubernetes = company.world.kubernetes();
        let cluster = kubernetes.cluster(name).unwrap();
        if cluster.object("Namespace", "", namespace).is_some() {
            left.push(namespace);
        }
    }
    if company.world.jenkins().config("slipway/pay").is_some() {
        left.push("slipway/pay");
    }
    if !company.hooks("pay").is_empty() {
        left.push("a webhook");
    }
    left
}

async fn mile(probe: Arc<Once>) -> End {
    let mut company = Company::with_probe(probe).await;
    company.project("pay").await;
    let command = json!({ "before_deploy": { "kind": "exec", "command": ["migrate", "up"] } });
    for environment in ["test", "prod"] {
        company.containers_with("pay", environment, &command).await;
    }
    let cancelled = cancelled_build(&mut company).await;
    company.commit("pay", "Read a capture back after 409");
    let id = company.open("pay").await;
    company.settle().await;
    let story = company.release(&id).await;
    assert_eq!(
        story["state"],
        "awaiting_confirmation",
        "{}",
        company.runs().await
    );
    company.confirm(&id).await;
    company.send_to_production(&id).await;
    let story = company.release(&id).await;
    standard(&mut company).await;
    let taken_over = taken_over(&mut company).await;
    company.check().await;
    let adopted = sqlx::query_scalar("SELECT count(*) FROM build WHERE number IS NOT NULL");
    let adopted: i64 = adopted.fetch_one(&company.portal.db.owner).await.unwrap();
    let made =
        |system: &str| company.created(system, "/apis/apps/v1/namespaces/pay-*/deployments*");
    let ran = |system: &str| company.created(system, "/apis/batch/v1/namespaces/*/jobs*");
    let digest = story["artifact"]["digest"]
        .as_str()
        .unwrap_or("none")
        .to_owned();
    let deployments = story["deployments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| format!("{} {} {}", d["cluster"], d["sequence"], d["state"]));
    let replicas = [
        company.deployment("sh-test", "pay-test", "pay")["spec"]["replicas"].clone(),
        company.deployment("sh-prod", "pay-prod", "pay")["spec"]["replicas"].clone(),
    ];
    let agree = ["sh-test", "sh-prod"]
        .iter()
        .zip(["pay-test", "pay-prod"])
        .all(|(cluster, namespace)| company.image(cluster, namespace, "pay").ends_with(&digest));
    let jobs = company.created("jenkins", "*/createItem?name=pay*");
    let deployments_made = [made("sh-test"), made("sh-prod")];
    let commands_run = [ran("sh-test"), ran("sh-prod")];
    let hooks = company.hooks("pay").len();
    let left_behind = off_board(&mut company).await;
    company.check().await;
    End {
        state: story["state"].as_str().unwrap().to_owned(),
        deployments: deployments.collect(),
        test_and_production_agree: agree,
        tags: company.tags("pay"),
        jobs,
        adopted_builds: adopted,
        deployments_made,
        replicas,
        commands_run,
        hooks,
        taken_over,
        build_of_the_cancelled: cancelled,
        left_behind,
    }
}

/// The registered steps; a test below holds this list against the registry.
const STEPS: &[&str] = &[
    "deployment.apply",
    "deployment.before",
    "deployment.scale",
    "deployment.watch",
    "intake.adopt",
    "offboarding.jobs",
    "offboarding.webhook",
    "offboarding.workloads",
    "onboarding.job",
    "onboarding.registry",
    "onboarding.webhook",
    "project.bind",
    "release.artifact",
    "release.build",
    "release.job",
    "release.stop",
    "release.tag",
    "release.trigger",
    "removal.namespace",
    "removal.objects",
    "rollout.advance",
    "wave.advance",
    "workload.namespace",
    "workload.objects",
];

#[tokio::test]
async fn the_proofs_below_cover_every_registered_step() {
    let company = Company::start().await;
    assert_eq!(company.engine.names(), STEPS);
}

#[test]
fn people_read_a_name_for_every_step_in_both_languages() {
    use slipway::web::text::Locale;
    for step in STEPS {
        let code = format!("step-name-{}", step.replace('.', "-"));
        let names = [Locale::En.t(&code), Locale::ZhCn.t(&code)];
        assert!(
            names.iter().all(|n| !n.contains(&code)),
            "{step}: {names:?}"
        );
        assert_ne!(names[0], names[1], "{step}");
    }
}

async fn prove(fault: Fault) {
    let whole = mile(Once::new("", Fault::None)).await;
    assert_eq!(whole.state, "released");
    assert_eq!((whole.tags, whole.jobs, whole.adopted_builds), (2, 1, 2));
    let ended = Ended {
        known: true,
        deployments: 0,
    };
    assert_eq!(whole.build_of_the_cancelled, ended);
    assert_eq!(whole.deployments_made, [1, 1]);
    assert!(whole.left_behind.is_empty(), "{:?}", whole.left_behind);
    assert_eq!(whole.commands_run, [1, 1]);
    assert_eq!(whole.hooks, 1);
    assert_eq!(whole.taken_over, [json!("main"), json!("old")]);
    for step in STEPS {
        let probe = Once::new(step, fault);
        let harmed = mile(probe.clone()).await;
        assert!(probe.count() > 0, "{step} never ran");
        assert_eq!(harmed, whole, "{fault:?} at {step}");
    }
}

#[tokio::test]
async fn performed_twice_every_step_leaves_the_same_world() {
    prove(Fault::Twice).await;
}

#[tokio::test]
async fn a_worker_that_dies_before_the_effect_loses_nothing() {
    prove(Fault::DieBefore).await;
}

#[tokio::test]
async fn a_worker_that_dies_after_the_effect_repeats_nothing() {
    prove(Fault::DieAfter).await;
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_records_nothing() {
    prove(Fault::LoseLease).await;
}
