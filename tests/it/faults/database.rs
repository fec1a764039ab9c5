//! PostgreSQL crashes in the middle of a mile and is away for half a minute: people read that,
//! the program stays up, and everything goes on when the server is back.

use std::time::{Duration, Instant};

use slipway_sim::postgres::{Durability, Postgres};
use tokio::sync::watch;
use tokio::time::{interval, timeout};

use super::program::{
    MILE_LIMIT, Phase, Program, Stage, comes_to_rest, shows_one_of_everything, walk,
};
use crate::support::Browser;
use crate::support::database::Database;

const AWAY: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(100);
/// Ready so soon after the database.
const READY: Duration = Duration::from_secs(5);

/// Crashes the server while the build runs, looks at what people read, and starts it again.
async fn crash(server: &mut Postgres, program: &Program, mut phase: watch::Receiver<Phase>) {
    phase.wait_for(|now| *now >= Phase::Build).await.unwrap();
    server.crash();
    let begun = Instant::now();
    let mut reader = Browser::new(&program.url());
    let mut looks = interval(Duration::from_secs(1));
    while begun.elapsed() < AWAY {
        looks.tick().await;
        let alive = reader.try_get("/healthz").await.expect("the program is up");
        assert_eq!(alive.status, 200);
        let ready = reader.try_get("/readyz").await.expect("the program is up");
        assert_eq!(ready.status, 503, "{}", ready.body);
        let page = reader.try_get("/api/v1/health").await.expect("an answer");
        assert!([401, 503].contains(&page.status), "{}", page.body);
    }
    server.start_again().unwrap();
    let back = Instant::now();
    let mut looks = interval(LOOK);
    while reader
        .try_get("/readyz")
        .await
        .is_none_or(|a| a.status != 200)
    {
        looks.tick().await;
        assert!(
            back.elapsed() < READY,
            "not ready {READY:?} after the database"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_for_half_a_minute_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Postgres::start(folder.path(), Durability::ThrownAway)
        .await
        .unwrap();
    let mut stage = Stage::over(Database::on(&server).await).await;
    // Somebody who is signed in reads a page meanwhile.
    let (phase, seen) = watch::channel(Phase::Containers);
    let both = async {
        tokio::join!(
            walk(&mut stage.crew, phase),
            crash(&mut server, &stage.program, seen)
        );
        comes_to_rest(&stage.portal).await;
    };
    timeout(MILE_LIMIT, both)
        .await
        .expect("the mile does not end");
    shows_one_of_everything(&mut stage).await;
}
