//! A thousand people in terminals, each with a key a second (P3).

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use serde_json::json;
use tokio::task::JoinSet;

use super::viewer::Viewer;
use super::{RUNS, Stage};
use crate::kubernetes::Exec;
use crate::measure::Verdict;
use crate::measure::figures::{Spread, core_seconds, per_mille, resident_bytes};
use crate::portal::wait::pause;

const SESSIONS: usize = 1000;
const RUN: Duration = Duration::from_secs(60);
const KEY_EVERY: Duration = Duration::from_secs(1);
/// Pools and caches that the first terminals fill belong to no terminal.
const WARM_SESSIONS: usize = 20;
const OPENING_AT_ONCE: usize = 8;
const MOST_KIB_EACH: f64 = 64.0;
const MOST_P99_US: f64 = 20_000.0;
const MOST_CORES: f64 = 1.0;
/// A key that takes longer counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(10);
const KEY: &[u8] = b"x";

/// # Errors
/// What could not be started.
pub async fn scale() -> anyhow::Result<Verdict> {
    let stage = Stage::start().await?;
    let verdict = measure(&stage).await;
    stage.stop().await;
    verdict
}

async fn measure(stage: &Stage) -> anyhow::Result<Verdict> {
    let process = stage.process()?;
    stage.containers(Exec::Echoes);
    let warm = enter(stage, WARM_SESSIONS).await?;
    let before = resident_bytes(process)?;
    let mut viewers = enter(stage, SESSIONS).await?;
    println!("{SESSIONS} terminals are open, beside {}", warm.len());
    let (mut p99, mut cores, mut drops) = (Vec::new(), Vec::new(), 0);
    for run in 1..=RUNS {
        let (used, began) = (core_seconds(process)?, Instant::now());
        let (times, kept) = type_together(viewers).await?;
        drops += SESSIONS - kept.len();
        viewers = kept;
        let share = (core_seconds(process)? - used) / began.elapsed().as_secs_f64();
        let slow = per_mille(&times, 990);
        let keys = times.len();
        println!("run {run}: {keys} keys, p99 {slow:.0} us, {share:.2} cores, {drops} drops");
        p99.push(slow);
        cores.push(share);
    }
    #[expect(clippy::cast_precision_loss, reason = "a thousand")]
    let kib_each = (resident_bytes(process)? - before) / 1024.0 / SESSIONS as f64;
    println!("{kib_each:.1} KiB each");
    let p99 = Spread::of(&p99).context("no run")?;
    let cores = Spread::of(&cores).context("no run")?;
    Ok(Verdict {
        name: "terminal-scale",
        ours: json!({
            "sessions": SESSIONS, "kib_each": kib_each, "p99_us": p99, "cores": cores,
            "drops": drops,
        }),
        peer: None,
        ratio: None,
        bar: json!({
            "kib_each": MOST_KIB_EACH, "p99_us": MOST_P99_US, "cores": MOST_CORES, "drops": 0,
        }),
        holds: kib_each <= MOST_KIB_EACH
            && p99.max <= MOST_P99_US
            && cores.max <= MOST_CORES
            && drops == 0,
    })
}

/// Each with a shell that has answered: one that says nothing by itself is given keys only once it
/// had time to say that it is not there.
async fn enter(stage: &Stage, count: usize) -> anyhow::Result<Vec<Viewer>> {
    let all = stream::iter(0..count).map(|_| stage.enter());
    let all = all.buffer_unordered(OPENING_AT_ONCE);
    let mut all: Vec<Viewer> = all.try_collect().await?;
    let pressed = future::try_join_all(all.iter_mut().map(press));
    pressed.await?;
    Ok(all)
}

/// Everybody types for a while, not at the same moment. Gives how long each key took, and who
/// is still there.
async fn type_together(viewers: Vec<Viewer>) -> anyhow::Result<(Vec<Duration>, Vec<Viewer>)> {
    let mut typists = JoinSet::new();
    for (number, viewer) in viewers.into_iter().enumerate() {
        let after = KEY_EVERY * u32::try_from(number)? / u32::try_from(SESSIONS)?;
        typists.spawn(type_for_a_while(viewer, after));
    }
    let (mut times, mut kept) = (Vec::new(), Vec::new());
    while let Some(typist) = typists.join_next().await {
        let (took, viewer) = typist?;
        times.extend(took);
        kept.extend(viewer);
    }
    Ok((times, kept))
}

/// Until the time is over, or the terminal has lost a key.
async fn type_for_a_while(mut viewer: Viewer, after: Duration) -> (Vec<Duration>, Option<Viewer>) {
    pause(after).await;
    let begun = Instant::now();
    let mut times = Vec::new();
    while begun.elapsed() < RUN {
        let pressed = Instant::now();
        let back = tokio::time::timeout(LOST_AFTER, press(&mut viewer)).await;
        if !matches!(back, Ok(Ok(()))) {
            return (times, None);
        }
        times.push(pressed.elapsed());
        pause(KEY_EVERY.saturating_sub(pressed.elapsed())).await;
    }
    (times, Some(viewer))
}

async fn press(viewer: &mut Viewer) -> anyhow::Result<()> {
    viewer.type_in(KEY).await?;
    let back = viewer.take().await?;
    anyhow::ensure!(back.as_deref() == Some(KEY), "another key came back");
    viewer.confirm().await;
    Ok(())
}
