//! Two real programs, of which one is frozen in the middle of an effect for longer than it owns
//! its step: the other takes over, and what the first one says when it wakes up changes nothing.

use std::process::Command;
use std::time::Duration;

use reqwest::Method;
use slipway_sim::{Fault, System};
use tokio::sync::watch;
use tokio::time::{interval, timeout};

use super::program::{
    MILE_LIMIT, Phase, Program, Stage, comes_to_rest, count, shows_one_of_everything, walk,
};
use crate::support::Portal;

const LOOK: Duration = Duration::from_millis(20);
/// The call is under way for so long: enough to freeze whoever waits for it.
const SLOW: Duration = Duration::from_secs(1);

/// Steps, and the call that is each one's effect.
fn effects() -> [(&'static str, Fault); 4] {
    let deployment = "/apis/apps/v1/namespaces/pay-test/deployments/pay";
    let test = || Fault::on(System::named("sh-test"));
    let slow = |fault: Fault| fault.delay(SLOW);
    [
        (
            "release.tag",
            slow(Fault::on(System::GITLAB).post("*/repository/tags")),
        ),
        (
            "release.trigger",
            slow(Fault::on(System::JENKINS).post("*/buildWithParameters")),
        ),
        // The first apply only asks what it would overwrite.
        (
            "deployment.apply",
            slow(test().at(Method::PATCH, deployment).after(1)),
        ),
        (
            "deployment.scale",
            slow(test().at(Method::PUT, &format!("{deployment}/scale"))),
        ),
    ]
}

fn signal(program: &Program, name: &str) {
    let pid = program.pid().to_string();
    let status = Command::new("kill").args([name, &pid]).status().unwrap();
    assert!(status.success(), "kill {name} {pid}");
}

/// The step's attempt while a worker has it in hand.
async fn in_hand(portal: &Portal, step: &str) -> Option<i32> {
    sqlx::query_scalar("SELECT attempt FROM step WHERE name = $1 AND state = 'running'")
        .bind(step)
        .fetch_optional(&portal.db.owner)
        .await
        .unwrap()
}

/// Whether somebody has taken the step over since.
async fn taken_over(portal: &Portal, step: &str, attempt: i32) -> bool {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM step WHERE name = $1 AND attempt > $2)")
        .bind(step)
        .bind(attempt)
        .fetch_one(&portal.db.owner)
        .await
        .unwrap()
}

/// Freezes the program in each effect in its turn, until another one has gone on with it.
async fn freeze_at_each(stage_portal: &Portal, program: &mut Program) {
    let mut looks = interval(LOOK);
    for (step, _) in effects() {
        let attempt = loop {
            looks.tick().await;
            if let Some(attempt) = in_hand(stage_portal, step).await {
                break attempt;
            }
        };
        signal(program, "-STOP");
        let mut other = program.beside().await;
        while !taken_over(stage_portal, step, attempt).await {
            looks.tick().await;
        }
        signal(program, "-CONT");
        // Whatever the frozen one still has to say is said while the other one works.
        program.is_up().await;
        other.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_was_frozen_in_an_effect_changes_nothing_when_it_wakes() {
    let mut stage = Stage::set().await;
    for (_, fault) in effects() {
        stage.world.fault(fault);
    }
    let (phase, _seen) = watch::channel(Phase::Containers);
    let both = async {
        tokio::join!(
            walk(&mut stage.crew, phase),
            freeze_at_each(&stage.portal, &mut stage.program)
        );
        comes_to_rest(&stage.portal).await;
    };
    timeout(MILE_LIMIT, both)
        .await
        .expect("the mile does not end");
    assert_eq!(stage.world.faults().pending(), 0, "an effect was not slow");
    let lost = "SELECT count(*) FROM step_attempt WHERE outcome = 'lost'";
    assert!(count(&stage.portal, lost).await >= 4, "nobody lost a step");
    shows_one_of_everything(&mut stage).await;
}
