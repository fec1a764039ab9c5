//! How fast the portal is there, and what it takes while nobody uses it.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Verdict;
use super::figures::resident_bytes;
use crate::demo::new_secret_key;
use crate::portal::wait::pause;
use crate::portal::{Build, Serving, build};
use crate::postgres::{Durability, Postgres, free_port};

const RUNS: usize = 5;
const READY_MS: f64 = 300.0;
const IDLE_MB: f64 = 40.0;
const PROGRAM_MB: f64 = 40.0;
const DATABASE: &str = "slipway";
/// Caches and pools that fill after the start have done so by then.
const IDLE_AFTER: Duration = Duration::from_secs(10);

/// Ready within 300 ms with migrations current, 40 MB when idle, a stripped program of 40 MB,
/// one process.
pub async fn start() -> anyhow::Result<Verdict> {
    let program = build(Build::Release).await?;
    let folder = tempfile::tempdir()?;
    let postgres = Postgres::start(&folder.path().join("postgres"), Durability::Kept).await?;
    postgres.make_database(DATABASE).await?;
    let serving = serving(&postgres, folder.path())?;
    program.migrate(&serving).await?;
    let mut ready = [0.0; RUNS];
    for (run, took) in ready.iter_mut().enumerate() {
        let began = Instant::now();
        let portal = program.serve(&serving).await?;
        *took = began.elapsed().as_secs_f64() * 1e3;
        println!("run {}: ready after {took:.0} ms", run + 1);
        portal.stop().await;
    }
    let portal = program.serve(&serving).await?;
    pause(IDLE_AFTER).await;
    let (idle, processes) = (
        resident_bytes(portal.id()?)? / 1e6,
        1 + children(portal.id()?)?,
    );
    portal.stop().await;
    let size = std::fs::metadata(program.path())?.len();
    #[expect(clippy::cast_precision_loss, reason = "megabytes")]
    let size = size as f64 / 1e6;
    ready.sort_by(f64::total_cmp);
    let [min, _, median, _, max] = ready;
    Ok(Verdict {
        name: "start",
        ours: json!({
            "ready_ms": { "min": min, "median": median, "max": max },
            "idle_mb": idle, "program_mb": size, "processes": processes,
        }),
        peer: None,
        ratio: None,
        bar: json!({ "ready_ms": READY_MS, "idle_mb": IDLE_MB, "program_mb": PROGRAM_MB,
            "processes": 1 }),
        holds: median <= READY_MS && idle <= IDLE_MB && size <= PROGRAM_MB && processes == 1,
    })
}

fn serving(postgres: &Postgres, folder: &Path) -> anyhow::Result<Serving> {
    Ok(Serving {
        port: free_port()?,
        database_url: postgres.app_url(DATABASE),
        owner_database_url: postgres.url(DATABASE),
        secret_keys: new_secret_key(),
        sign_in_as: Vec::new(),
        settings: Vec::new(),
        log: folder.join("portal.log"),
    })
}

fn children(id: u32) -> anyhow::Result<usize> {
    let path = format!("/proc/{id}/task/{id}/children");
    let text = std::fs::read_to_string(path)?;
    Ok(text.split_whitespace().count())
}
