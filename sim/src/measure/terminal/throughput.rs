//! How fast four hundred megabytes come through (P1).

use std::time::Instant;

use anyhow::ensure;
use serde_json::{Map, Value, json};
use tokio::io::AsyncReadExt as _;

use super::direct::Direct;
use super::peer::Kubectl;
use super::{RUNS, Stage, tell_peers};
use crate::kubernetes::{Exec, PERIOD_BYTES, flood};
use crate::measure::Verdict;
use crate::measure::figures::Spread;

const ALL_BYTES: usize = 400_000_000;
const KIB: usize = 1024;
/// Of the cluster's frames, in KiB; the bar is on the second.
const SIZES: [usize; 3] = [2, 16, 32];
const JUDGED: usize = 16;
const LEAST_OF_KUBECTL: f64 = 0.8;
const LEAST_HEADROOM: f64 = 3.0;
const PIPE_BYTES: usize = 256 * KIB;

/// # Errors
/// What could not be started, or what came out different.
pub async fn throughput() -> anyhow::Result<Verdict> {
    let stage = Stage::start().await?;
    let verdict = measure(&stage).await;
    stage.stop().await;
    verdict
}

/// Megabytes a second, of each run.
#[derive(Default)]
struct Rates {
    ours: Vec<f64>,
    kubectl: Vec<f64>,
    direct: Vec<f64>,
}

async fn measure(stage: &Stage) -> anyhow::Result<Verdict> {
    let kubectl = Kubectl::find();
    tell_peers(kubectl.is_some());
    let expected = flood();
    let mut figures = Map::new();
    let mut judged = None;
    for size in SIZES {
        let bytes = size * KIB;
        let frames = ALL_BYTES.div_ceil(bytes);
        stage.containers(Exec::Floods { frames, bytes });
        let mut rates = Rates::default();
        for _ in 0..RUNS {
            rates
                .ours
                .push(ours(stage, &expected, frames * bytes).await?);
            if let Some(kubectl) = &kubectl {
                let rate = theirs(stage, kubectl, &expected, frames * bytes).await?;
                rates.kubectl.push(rate);
            }
            rates
                .direct
                .push(direct(stage, &expected, frames * bytes).await?);
        }
        let (told, against, headroom) = tell(size, &rates);
        figures.insert(format!("{size}_kib"), told);
        if size == JUDGED {
            judged = Some((against, headroom));
        }
    }
    let (against, headroom) = judged.unwrap_or((None, f64::NAN));
    Ok(Verdict {
        name: "terminal-throughput",
        ours: json!({ "bytes": ALL_BYTES, "identical": true, "mb_per_s": figures }),
        peer: Some(json!({ "name": "kubectl exec", "compared": kubectl.is_some(), "ttyd": null })),
        ratio: against,
        bar: json!({ "of_kubectl_at_16_kib": LEAST_OF_KUBECTL, "headroom": LEAST_HEADROOM }),
        holds: against.is_some_and(|r| r >= LEAST_OF_KUBECTL) && headroom >= LEAST_HEADROOM,
    })
}

/// The figures of one size, our share of kubectl's, and how much quicker the way without us is.
fn tell(size: usize, rates: &Rates) -> (Value, Option<f64>, f64) {
    let [ours, kubectl, direct] =
        [&rates.ours, &rates.kubectl, &rates.direct].map(|runs| Spread::of(runs));
    let median = |spread: Option<Spread>| spread.map(|s| s.median);
    let against = median(ours).zip(median(kubectl)).map(|(a, b)| a / b);
    let headroom = median(direct).zip(median(ours)).map(|(a, b)| a / b);
    let headroom = headroom.unwrap_or(f64::NAN);
    let text = |spread: Option<Spread>| spread.map_or("absent".to_owned(), |s| s.to_string());
    println!(
        "{size:2} KiB frames, MB/s: ours {}, kubectl {}, direct {}; headroom {headroom:.1}",
        text(ours),
        text(kubectl),
        text(direct)
    );
    let told = json!({
        "ours": ours, "kubectl": kubectl, "direct": direct,
        "of_kubectl": against, "headroom": headroom,
    });
    (told, against, headroom)
}

/// Holds what comes against what was sent, byte by byte.
struct Reader<'a> {
    expected: &'a [u8],
    at: usize,
    began: Option<Instant>,
}

impl<'a> Reader<'a> {
    fn new(expected: &'a [u8]) -> Self {
        Self {
            expected,
            at: 0,
            began: None,
        }
    }

    fn read(&mut self, mut bytes: &[u8]) -> anyhow::Result<()> {
        self.began.get_or_insert_with(Instant::now);
        while !bytes.is_empty() {
            let rest = self
                .expected
                .get(self.at % PERIOD_BYTES..)
                .unwrap_or_default();
            let (now, later) = bytes.split_at(bytes.len().min(rest.len()));
            ensure!(rest.starts_with(now), "other bytes came after {}", self.at);
            self.at += now.len();
            bytes = later;
        }
        Ok(())
    }

    /// Megabytes a second, if all of it came.
    #[expect(clippy::cast_precision_loss, reason = "megabytes")]
    fn rate(&self, all: usize) -> anyhow::Result<f64> {
        ensure!(self.at == all, "{} bytes came of {all}", self.at);
        let took = self.began.map_or(f64::NAN, |b| b.elapsed().as_secs_f64());
        Ok(all as f64 / 1e6 / took)
    }
}

async fn ours(stage: &Stage, expected: &[u8], all: usize) -> anyhow::Result<f64> {
    let mut reader = Reader::new(expected);
    let mut viewer = stage.enter().await?;
    while let Some(bytes) = viewer.show().await? {
        reader.read(&bytes)?;
    }
    let rate = reader.rate(all)?;
    let row = stage.lin.get(&format!("/terminals/{}", viewer.id)).await?;
    ensure!(row["recorded_ms"].is_u64(), "it was not recorded: {row}");
    Ok(rate)
}

async fn theirs(
    stage: &Stage,
    kubectl: &Kubectl,
    expected: &[u8],
    all: usize,
) -> anyhow::Result<f64> {
    let mut reader = Reader::new(expected);
    let mut running = kubectl.exec(stage)?;
    let mut buffer = vec![0; PIPE_BYTES];
    loop {
        let n = running.output.read(&mut buffer).await?;
        if n == 0 {
            return reader.rate(all);
        }
        reader.read(buffer.get(..n).unwrap_or_default())?;
    }
}

async fn direct(stage: &Stage, expected: &[u8], all: usize) -> anyhow::Result<f64> {
    let mut reader = Reader::new(expected);
    let mut direct = Direct::enter(&stage.exec_address()?).await?;
    while let Some(bytes) = direct.show().await? {
        reader.read(&bytes)?;
    }
    reader.rate(all)
}
