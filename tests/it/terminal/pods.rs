//! A shell ends with the pod that it was opened in, and not because a cluster says nothing.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Pod;
use reqwest::Method;
use serde_json::json;
use slipway::clusters;
use slipway_sim::kubernetes::Exec;
use slipway_sim::portal::wait::{self, Look};
use slipway_sim::{Fault, System};

use super::stage::Stage;

const PODS: &str = "/api/v1/namespaces/pay-test/pods";

/// How often the pods of the namespace were listed.
fn looks(stage: &Stage) -> usize {
    let calls = stage.company.world.transcript();
    let cluster = System::named("sh-test");
    let all = calls.find(&cluster, &Method::GET, &format!("{PODS}*"));
    let lists = all.iter().filter(|call| !call.path.contains("/pods/"));
    lists.count()
}

async fn until_looked(stage: &Stage, times: usize) {
    let before = looks(stage);
    let look = async || match looks(stage) - before {
        seen if seen >= times => Ok(Look::Found(())),
        seen => Ok(Look::NotYet(format!("{seen} looks"))),
    };
    wait::until(look).await.unwrap();
}

#[tokio::test]
async fn a_shell_whose_pod_is_told_to_go_ends_within_five_seconds_and_says_why() {
    let mut stage = Stage::start().await;
    stage.containers("sh-test", Exec::Echoes);
    let (way, mut terminal) = stage.enter().await;
    terminal.type_in("here").await;
    terminal.until("here").await;
    let app = &stage.company.portal.app;
    let cluster = clusters::find_by_key(app, "sh-test")
        .await
        .unwrap()
        .unwrap();
    let kubernetes = clusters::kubernetes(app, cluster.id).await.unwrap();
    let began = Instant::now();
    let deleted = kubernetes.delete::<Pod>("pay-test", &stage.pod).await;
    deleted.unwrap();
    assert_eq!(terminal.hear("ended").await["ending"], "pod-replaced");
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    assert!(terminal.is_closed().await);
    assert_eq!(stage.ending(&way.id).await, "pod-replaced");
    let last = stage.cast(&way.id).await.pop().unwrap();
    assert_eq!((&last[1], &last[2]), (&json!("m"), &json!("pod-replaced")));
    let ends = stage.trail("terminal.end").await;
    assert_eq!(ends[0]["after"]["ending"], "pod-replaced");
    let page = format!("/recordings/{}", way.id);
    let page = stage.company.ops.get(&page).await;
    assert!(
        page.text("main").contains("the pod was replaced"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn many_shells_of_a_namespace_are_one_question_and_no_answer_ends_none() {
    let mut stage = Stage::start().await;
    stage.containers("sh-test", Exec::Echoes);
    let (_, mut one) = stage.enter().await;
    let (_, mut two) = stage.enter().await;
    let (began, before) = (Instant::now(), looks(&stage));
    until_looked(&stage, 2).await;
    let most = began.elapsed().as_secs() / 2 + 2;
    assert!(
        (looks(&stage) - before) as u64 <= most,
        "one for each shell"
    );

    let dark = Fault::on(System::named("sh-test")).get(PODS).always();
    let dark = dark.answer(503, r#"{"kind":"Status","code":503,"message":"down"}"#);
    stage.company.world.fault(dark);
    until_looked(&stage, 2).await;
    for terminal in [&mut one, &mut two] {
        terminal.type_in("still here").await;
        terminal.until("still here").await;
    }
}
