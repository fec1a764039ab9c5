//! More come than the process has files for (F15): who is in a terminal notices nothing.

use std::time::{Duration, Instant};

use slipway_sim::portal::wait::{self, Look};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::program::{Program, take_all_files};
use super::stage::Stage;
use crate::support::portal::random_key;

/// Of files that the program may open.
const FILES: usize = 160;
/// Four times as many as it has places for; the kernel holds the others for it.
const FLOOD: usize = 500;
/// One that came while more than half of the places were taken.
const LATE: usize = 100;
/// More than an echo takes on the busiest machine, and less than a place takes to be free again.
const SOON: Duration = Duration::from_secs(10);
/// Connections that say nothing are let go of within this.
const LET_GO: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_connections_takes_no_place_of_a_terminal_or_its_recording() {
    take_all_files();
    let key = random_key();
    let mut stage = Stage::start_with(&[("SECRET_KEYS", &key)]).await;
    let mut program = Program::start_among(&stage, &key, FILES).await;
    let (way, mut terminal) = program.enter(&stage).await;
    terminal.type_in("echo be''fore\n").await;
    terminal.until("before").await;
    let address = program.lin.base.trim_start_matches("http://").to_owned();
    let mut flood = Vec::new();
    for _ in 0..FLOOD {
        // Those that are refused are refused by the kernel, whose queue is full.
        let knock = TcpStream::connect(&address);
        if let Ok(Ok(connection)) = timeout(Duration::from_millis(50), knock).await {
            flood.push(connection);
        }
    }
    assert!(flood.len() > FILES, "{} got in", flood.len());
    for n in 0..20 {
        let began = Instant::now();
        terminal.type_in(&format!("echo ti''me-{n}.\n")).await;
        terminal.until(&format!("time-{n}.")).await;
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }
    let recorded = stage.recorded(&way.id, "time-19.").await;
    assert!(recorded.contains("before"), "{recorded}");

    // They are let go of, though none of them leaves by itself, and others come in again.
    let mut late = flood.swap_remove(LATE);
    let over = timeout(LET_GO, late.read(&mut [0; 1])).await;
    assert!(matches!(over, Ok(Ok(0) | Err(_))), "{over:?}");
    drop(flood);
    let open = async || match program.lin.try_get("/readyz").await {
        Some(answer) if answer.status == 200 => Ok(Look::Found(())),
        answer => Ok(Look::NotYet(format!("{:?}", answer.map(|a| a.status)))),
    };
    wait::until(open).await.expect("it serves again");
    terminal.type_in("exit 3\n").await;
    assert_eq!(terminal.hear("ended").await["exit_code"], 3);
}
