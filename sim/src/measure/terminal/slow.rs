//! Floods on screens that take five megabytes a second (P1b): what they cost, and how soon
//! Ctrl-C helps.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;
use tokio::task::JoinSet;

use super::viewer::Viewer;
use super::{RUNS, Stage};
use crate::kubernetes::Exec;
use crate::measure::Verdict;
use crate::measure::figures::{Spread, resident_bytes};
use crate::portal::wait::pause;

/// What xterm.js shows of a flood on a slow machine.
const BYTES_PER_SECOND: f64 = 5e6;
/// Enough for a growth to be seen among what a process takes and gives back by itself.
const SESSIONS: usize = 8;
const RUN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(100);
const MOST_KIB_EACH: f64 = 256.0;
const MOST_CTRL_C_MS: f64 = 200.0;
const FLOOD: Exec = Exec::Floods {
    frames: usize::MAX,
    bytes: 16 * 1024,
};

/// # Errors
/// What could not be started.
pub async fn slow() -> anyhow::Result<Verdict> {
    let stage = Stage::start().await?;
    let verdict = measure(&stage).await;
    stage.stop().await;
    verdict
}

async fn measure(stage: &Stage) -> anyhow::Result<Verdict> {
    stage.containers(FLOOD);
    // The first flood fills pools and caches that belong to no terminal.
    run(stage, 1).await?;
    let (mut grown, mut ctrl_c) = (Vec::new(), Vec::new());
    for number in 1..=RUNS {
        let (kib_each, waits) = run(stage, SESSIONS).await?;
        let slowest = waits.iter().copied().fold(0.0, f64::max);
        println!("run {number}: {kib_each:.0} KiB each, Ctrl-C within {slowest:.0} ms");
        grown.push(kib_each);
        ctrl_c.extend(waits);
    }
    let grown = Spread::of(&grown).context("no run")?;
    let ctrl_c = Spread::of(&ctrl_c).context("no run")?;
    Ok(Verdict {
        name: "terminal-slow-viewer",
        ours: json!({ "sessions": SESSIONS, "kib_each": grown, "ctrl_c_ms": ctrl_c }),
        peer: None,
        ratio: None,
        bar: json!({ "kib_each": MOST_KIB_EACH, "ctrl_c_ms": MOST_CTRL_C_MS }),
        holds: grown.max <= MOST_KIB_EACH && ctrl_c.max <= MOST_CTRL_C_MS,
    })
}

/// The most that memory grew for each, and how many milliseconds each waited for Ctrl-C.
async fn run(stage: &Stage, sessions: usize) -> anyhow::Result<(f64, Vec<f64>)> {
    let process = stage.process()?;
    let before = resident_bytes(process)?;
    let mut screens = JoinSet::new();
    for _ in 0..sessions {
        screens.spawn(look(stage.enter().await?));
    }
    let (mut most, mut waits) = (before, Vec::new());
    while waits.len() < sessions {
        tokio::select! {
            () = pause(LOOK_EVERY) => most = most.max(resident_bytes(process)?),
            Some(screen) = screens.join_next() => waits.push(screen??),
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let each = (most - before) / 1024.0 / sessions as f64;
    Ok((each, waits))
}

/// Looks at a flood for a while, then breaks it off; gives the milliseconds until it had ended.
async fn look(mut viewer: Viewer) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut pressed: Option<Instant> = None;
    let mut shown = 0.0;
    while let Some(bytes) = viewer.take().await? {
        #[expect(
            clippy::cast_precision_loss,
            reason = "what a screen shows in a minute"
        )]
        let more = bytes.len() as f64;
        shown += more;
        let due = Duration::from_secs_f64(shown / BYTES_PER_SECOND);
        pause(due.saturating_sub(begun.elapsed())).await;
        viewer.confirm().await;
        if pressed.is_none() && begun.elapsed() > RUN {
            viewer.type_in(b"\x03").await?;
            pressed = Some(Instant::now());
        }
    }
    let pressed = pressed.context("the flood ended by itself")?;
    Ok(pressed.elapsed().as_secs_f64() * 1e3)
}
