//! The portal's process dies, or is told to stop, while somebody is in a terminal.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::process::Command;

use super::program::Program;
use super::stage::Stage;
use crate::support::portal::random_key;

/// Of the lines that a shell has shown: its clock, in seconds.
fn times(shown: &str) -> Vec<f64> {
    let lines = shown.lines().filter_map(|line| line.strip_prefix("at "));
    lines.filter_map(|time| time.trim().parse().ok()).collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "held against the clock that a shell shows"
)]
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_is_killed_leaves_a_recording_up_to_its_last_second() {
    let key = random_key();
    let mut stage = Stage::start_with(&[("SECRET_KEYS", &key)]).await;
    let mut program = Program::start(&stage, &key).await;
    let (way, mut terminal) = program.enter(&stage).await;
    let clock = "stty -echo; while :; do date +'at %s.%N'; sleep 0.05; done\n";
    terminal.type_in(clock).await;
    // Long enough for several writings, whenever they began.
    let began = now();
    while times(&terminal.text())
        .last()
        .is_none_or(|at| *at < began + 3.5)
    {
        terminal.hear("output").await;
    }
    let killed_at = now();
    program.child.kill().await.unwrap();
    terminal.until_closed().await;
    let shown = times(&terminal.text());
    let due: Vec<f64> = shown
        .into_iter()
        .filter(|at| *at < killed_at - 1.0)
        .collect();
    assert!(due.len() > 20, "{due:?}");
    let recorded = super::stage::shown(&stage.cast(&way.id).await);
    let kept = times(&recorded);
    let missing: Vec<_> = due.iter().filter(|at| !kept.contains(at)).collect();
    assert!(missing.is_empty(), "{missing:?} before {killed_at}");

    stage.company.advance(Duration::from_secs(60)).await;
    let (_, mut another) = stage.enter().await;
    another.type_in("echo ag''ain\n").await;
    another.until("again").await;
    assert_eq!(stage.ending(&way.id).await, "portal-lost");
    let row = stage.until(&way.id, |_| true).await;
    assert!(row["output_sha256"].is_null(), "nobody saw its end: {row}");
    let ends = stage.trail("terminal.end").await;
    assert_eq!(ends[0]["target_id"], way.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_stops_says_so_and_keeps_everything() {
    let key = random_key();
    let mut stage = Stage::start_with(&[("SECRET_KEYS", &key)]).await;
    let mut program = Program::start(&stage, &key).await;
    let (way, mut terminal) = program.enter(&stage).await;
    terminal.type_in("echo la''st\n").await;
    terminal.until("last").await;
    let id = program.child.id().unwrap().to_string();
    let told = Command::new("kill").arg(&id).status().await.unwrap();
    assert!(told.success());
    assert_eq!(terminal.hear("ended").await["ending"], "portal-stopped");
    assert!(program.child.wait().await.unwrap().success());
    assert_eq!(stage.ending(&way.id).await, "portal-stopped");
    assert!(stage.recorded(&way.id, "last").await.contains("last"));
}
