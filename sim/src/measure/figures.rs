//! Numbers about many tries, and what Linux says of a process.

use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;

/// Of `/proc`, on every architecture that we ship for.
const TICKS_PER_SECOND: f64 = 100.0;

/// Of several runs of the same.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Spread {
    pub min: f64,
    pub median: f64,
    pub max: f64,
}

impl Spread {
    /// `None` of nothing.
    #[must_use]
    pub fn of(runs: &[f64]) -> Option<Self> {
        let mut sorted = runs.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            min: *sorted.first()?,
            median: *sorted.get(sorted.len() / 2)?,
            max: *sorted.last()?,
        })
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { min, median, max } = self;
        write!(f, "{median:.0} ({min:.0} to {max:.0})")
    }
}

/// What so many of a thousand stay under, in microseconds; `NAN` of nothing.
#[must_use]
pub fn per_mille(times: &[Duration], share: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * share / 1000).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(f64::NAN, |t| t.as_secs_f64() * 1e6)
}

/// Resident memory in bytes, as `/proc/PID/status` tells it.
///
/// # Errors
/// No such process.
pub fn resident_bytes(id: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kib = line.and_then(|l| l.split_whitespace().next());
    let kib: f64 = kib.context("the process tells no memory")?.parse()?;
    Ok(kib * 1024.0)
}

/// How many seconds of a core it has used until now.
///
/// # Errors
/// No such process.
pub fn core_seconds(id: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // Its own name comes first, in brackets, and may hold anything.
    let (_, rest) = stat.rsplit_once(')').context("the process tells no time")?;
    let mut ticks = rest.split_whitespace().skip(11).take(2);
    let mut next = || ticks.next()?.parse::<f64>().ok();
    let (user, system) = (next(), next());
    let both = user.zip(system).context("the process tells no time")?;
    Ok((both.0 + both.1) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_all() {
        let all: Vec<Duration> = (1..=1000).map(Duration::from_micros).collect();
        assert!((per_mille(&all, 500) - 501.0).abs() < 1e-6);
        assert!((per_mille(&all, 990) - 991.0).abs() < 1e-6);
        assert!(per_mille(&[], 500).is_nan());
        let spread = Spread::of(&[3.0, 1.0, 2.0]).expect("three figures");
        assert_eq!((spread.min, spread.median, spread.max), (1.0, 2.0, 3.0));
        let me = std::process::id();
        assert!(resident_bytes(me).expect("memory") > 0.0);
        assert!(core_seconds(me).expect("time") >= 0.0);
    }
}
