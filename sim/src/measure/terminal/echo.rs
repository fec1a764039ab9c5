//! How long a key takes to come back (P2): alone, and beside a flood and two hundred others.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime;
use tokio::task::{JoinHandle, block_in_place};

use super::direct::Direct;
use super::peer::{self, Kubectl};
use super::viewer::Viewer;
use super::{RUNS, Stage, tell_peers};
use crate::kubernetes::Exec;
use crate::measure::Verdict;
use crate::measure::figures::{Spread, per_mille};

const KEYS: usize = 2000;
/// The first ones find cold caches everywhere.
const COLD_KEYS: usize = 100;
const IDLE_OTHERS: usize = 200;
const FLOOD: Exec = Exec::Floods {
    frames: usize::MAX,
    bytes: 16 * 1024,
};
const MOST_ADDED_P50_US: f64 = 100.0;
const MOST_ADDED_P99_US: f64 = 1000.0;
const MOST_LOADED_P99_US: f64 = 5000.0;
/// One after the other, so that one that comes back late is not taken for the next.
const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";

/// # Errors
/// What could not be started, or a key that did not come back.
pub async fn echo() -> anyhow::Result<Verdict> {
    let stage = Stage::start().await?;
    let verdict = measure(&stage).await;
    stage.stop().await;
    verdict
}

async fn measure(stage: &Stage) -> anyhow::Result<Verdict> {
    let kubectl = Kubectl::find();
    tell_peers(kubectl.is_some());
    let idle = type_alone(stage, kubectl.as_ref())?;
    idle.print("alone");
    let (flood, others) = crowd(stage).await?;
    let loaded = type_alone(stage, kubectl.as_ref())?;
    loaded.print("beside a flood and 200 others");
    flood.abort();
    drop(others);
    let (added_p50, added_p99) = idle.added();
    let holds = added_p50 <= MOST_ADDED_P50_US
        && added_p99 <= MOST_ADDED_P99_US
        && per_mille(&loaded.ours, 990) <= MOST_LOADED_P99_US
        && idle.of_kubectl().is_none_or(|ratio| ratio <= 1.0);
    Ok(Verdict {
        name: "terminal-echo",
        ours: json!({
            "keys": KEYS, "idle": idle.told(), "loaded": loaded.told(),
            "added_p50_us": added_p50, "added_p99_us": added_p99,
        }),
        peer: Some(json!({ "name": "kubectl exec", "compared": kubectl.is_some() })),
        ratio: idle.of_kubectl(),
        bar: json!({
            "added_p50_us": MOST_ADDED_P50_US, "added_p99_us": MOST_ADDED_P99_US,
            "loaded_p99_us": MOST_LOADED_P99_US, "of_kubectl": 1.0,
        }),
        holds,
    })
}

/// Somebody's flood that a quick screen shows, and people who are in a terminal and do nothing.
async fn crowd(stage: &Stage) -> anyhow::Result<(JoinHandle<()>, Vec<Viewer>)> {
    stage.containers(FLOOD);
    let mut flooded = stage.enter().await?;
    let flood = tokio::spawn(async move { while let Ok(Some(_)) = flooded.show().await {} });
    stage.containers(Exec::Echoes);
    let mut others = Vec::new();
    for _ in 0..IDLE_OTHERS {
        others.push(stage.enter().await?);
    }
    Ok((flood, others))
}

/// Round trips of each key, by turns.
#[derive(Default)]
struct Trips {
    ours: Vec<Duration>,
    kubectl: Vec<Duration>,
    direct: Vec<Duration>,
    /// Of each run.
    medians: Vec<f64>,
}

/// Whoever types has a thread and a poll of their own, as in a browser: on a thread that the
/// pretended cluster runs on too, a key comes back without anybody having to wake.
fn type_alone(stage: &Stage, kubectl: Option<&Kubectl>) -> anyhow::Result<Trips> {
    let typing = || {
        let own = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        own.block_on(type_all(stage, kubectl))
    };
    let typed = block_in_place(|| std::thread::scope(|scope| scope.spawn(typing).join()));
    typed.ok().context("whoever typed panicked")?
}

async fn type_all(stage: &Stage, kubectl: Option<&Kubectl>) -> anyhow::Result<Trips> {
    stage.containers(Exec::Echoes);
    let mut viewer = stage.enter().await?;
    let mut direct = Direct::enter(&stage.exec_address()?).await?;
    let mut peer = kubectl.map(|k| k.exec(stage)).transpose()?;
    let mut trips = Trips::default();
    through_portal(&mut viewer, COLD_KEYS).await?;
    through_nothing(&mut direct, COLD_KEYS).await?;
    if let Some(peer) = &mut peer {
        through_kubectl(peer, COLD_KEYS).await?;
    }
    for _ in 0..RUNS {
        let run = through_portal(&mut viewer, KEYS / RUNS).await?;
        trips.medians.push(per_mille(&run, 500));
        trips.ours.extend(run);
        if let Some(peer) = &mut peer {
            let run = through_kubectl(peer, KEYS / RUNS).await?;
            trips.kubectl.extend(run);
        }
        let run = through_nothing(&mut direct, KEYS / RUNS).await?;
        trips.direct.extend(run);
    }
    Ok(trips)
}

async fn through_portal(viewer: &mut Viewer, keys: usize) -> anyhow::Result<Vec<Duration>> {
    let mut trips = Vec::with_capacity(keys);
    for key in LETTERS.chunks(1).cycle().take(keys) {
        let began = Instant::now();
        viewer.type_in(key).await?;
        let back = viewer.take().await?;
        trips.push(began.elapsed());
        ensure!(back.as_deref() == Some(key), "another key came back");
        viewer.confirm().await;
    }
    Ok(trips)
}

async fn through_nothing(direct: &mut Direct, keys: usize) -> anyhow::Result<Vec<Duration>> {
    let mut trips = Vec::with_capacity(keys);
    for key in LETTERS.chunks(1).cycle().take(keys) {
        let began = Instant::now();
        direct.type_in(key).await?;
        let back = direct.show().await?;
        trips.push(began.elapsed());
        ensure!(back.as_deref() == Some(key), "another key came back");
    }
    Ok(trips)
}

async fn through_kubectl(peer: &mut peer::Running, keys: usize) -> anyhow::Result<Vec<Duration>> {
    let mut trips = Vec::with_capacity(keys);
    let mut back = [0; 1];
    for key in LETTERS.chunks(1).cycle().take(keys) {
        let began = Instant::now();
        peer.input.write_all(key).await?;
        peer.output.read_exact(&mut back).await?;
        trips.push(began.elapsed());
        ensure!(back == key, "another key came back");
    }
    Ok(trips)
}

impl Trips {
    fn added(&self) -> (f64, f64) {
        let added = |share| per_mille(&self.ours, share) - per_mille(&self.direct, share);
        (added(500), added(990))
    }

    fn of_kubectl(&self) -> Option<f64> {
        let ratio = per_mille(&self.ours, 500) / per_mille(&self.kubectl, 500);
        (!ratio.is_nan()).then_some(ratio)
    }

    fn told(&self) -> Value {
        let both = |trips: &[Duration]| match trips {
            [] => Value::Null,
            _ => json!({ "p50_us": per_mille(trips, 500), "p99_us": per_mille(trips, 990) }),
        };
        json!({
            "ours": both(&self.ours), "kubectl": both(&self.kubectl),
            "direct": both(&self.direct), "medians_of_runs_us": Spread::of(&self.medians),
        })
    }

    fn print(&self, when: &str) {
        for (who, trips) in [
            ("ours", &self.ours),
            ("kubectl", &self.kubectl),
            ("direct", &self.direct),
        ] {
            let (p50, p99) = (per_mille(trips, 500), per_mille(trips, 990));
            println!("{when}: {who:8} p50 {p50:5.0} us, p99 {p99:6.0} us");
        }
    }
}
