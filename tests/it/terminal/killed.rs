//! The portal's process dies, or is told to stop, while somebody is in a terminal.

use std::time::Duration;

use slipway_sim::kubernetes::Exec;
use tokio::process::Command;

use super::program::Program;
use super::stage::Stage;
use crate::support::portal::random_key;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_is_killed_leaves_a_recording_that_plays() {
    let key = random_key();
    let mut stage = Stage::start_with(&[("SECRET_KEYS", &key)]).await;
    stage.containers("sh-test", Exec::Echoes);
    let mut program = Program::start(&stage, &key).await;
    let (way, mut terminal) = program.enter(&stage).await;
    for n in 0..20 {
        let text = format!("line {n}\n");
        terminal.type_in(&text).await;
        terminal.until(&text).await;
        // All but what came within the last second is kept, whenever it dies.
        if n == 10 {
            stage.recorded(&way.id, &text).await;
        }
    }
    program.child.kill().await.unwrap();
    assert!(terminal.is_closed().await);
    let recorded = stage.recorded(&way.id, "line 10\n").await;
    assert!(terminal.text().starts_with(&recorded), "{recorded:?}");

    stage.company.advance(Duration::from_secs(60)).await;
    let (_, mut another) = stage.enter().await;
    another.type_in("again").await;
    another.until("again").await;
    assert_eq!(stage.ending(&way.id).await, "portal-lost");
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
