//! What starting took, against what the probes allow: pure.

use crate::error::Words;
use crate::standards::Parameters;

/// How much longer than seen a start may take before it is ended.
const SPARE: f64 = 1.25;
/// Delays are proposed in such steps.
const STEP_SECONDS: f64 = 5.0;
/// What the schema allows.
const MAX_DELAY: f64 = 3600.0;
const MAX_FAILURES: f64 = 100.0;

/// A start that was slower than its container is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Slow {
    /// From the container's start to its readiness.
    pub seconds: f64,
    /// After so many it may be ended as one that hangs.
    pub allowed: i32,
    /// The parameter to be raised, and the number that would do.
    pub field: &'static str,
    pub wanted: i32,
}

impl Slow {
    /// A sentence with what was seen, what is allowed and what would do.
    #[must_use]
    pub fn words(&self, code: &str) -> Words {
        Words::new(code)
            .with("seconds", self.seconds.ceil())
            .with("allowed", self.allowed)
            .with("wanted", self.wanted)
    }
}

/// Whether a start of so many seconds was slower than the probes allow: nobody asks whether a
/// container is alive before its start check has passed, or before the delay.
#[must_use]
pub fn slow(parameters: &Parameters, seconds: f64) -> Option<Slow> {
    let probes = &parameters.probes;
    let (allowed, field, wanted) = match &probes.startup {
        Some(start) => {
            let rest = seconds * SPARE - f64::from(start.delay_seconds);
            let failures = (rest / f64::from(start.period_seconds)).ceil();
            (
                start.delay_seconds + start.period_seconds * start.failures,
                "probes.startup.failures",
                failures.clamp(1.0, MAX_FAILURES),
            )
        }
        None => (
            probes.liveness.delay_seconds,
            "probes.liveness.delay_seconds",
            ((seconds * SPARE / STEP_SECONDS).ceil() * STEP_SECONDS).clamp(1.0, MAX_DELAY),
        ),
    };
    (seconds > f64::from(allowed)).then_some(Slow {
        seconds,
        allowed,
        field,
        #[expect(
            clippy::cast_possible_truncation,
            reason = "clamped to what the schema allows"
        )]
        wanted: wanted as i32,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parameters(probes: &Value) -> Parameters {
        let document = json!({
            "replicas": { "min": 1, "max": 1 },
            "cpu": { "request": "100m", "limit": "1" },
            "memory": { "request": "128Mi", "limit": "256Mi" },
            "access": "internal", "port": 8080, "probes": probes,
        });
        serde_json::from_value(document).expect("parameters")
    }

    #[test]
    fn a_start_that_outlasts_the_delay_asks_for_a_longer_one() {
        let plain = json!({
            "readiness": { "kind": "tcp" }, "liveness": { "kind": "tcp", "delay_seconds": 60 },
        });
        let plain = parameters(&plain);
        assert_eq!(slow(&plain, 59.9), None);
        assert_eq!(slow(&plain, 60.0), None);
        let found = slow(&plain, 75.2).expect("slow");
        assert_eq!((found.allowed, found.wanted), (60, 95));
        assert_eq!(found.field, "probes.liveness.delay_seconds");
        assert_eq!(slow(&plain, 90_000.0).expect("slow").wanted, 3600);
    }

    #[test]
    fn a_start_check_gives_time_by_its_failures() {
        let checked = json!({
            "startup": { "kind": "tcp", "delay_seconds": 5, "period_seconds": 10, "failures": 6 },
            "readiness": { "kind": "tcp" }, "liveness": { "kind": "tcp", "delay_seconds": 1 },
        });
        let checked = parameters(&checked);
        assert_eq!(slow(&checked, 64.0), None);
        let found = slow(&checked, 80.0).expect("slow");
        assert_eq!((found.allowed, found.wanted), (65, 10));
        assert_eq!(found.field, "probes.startup.failures");
    }
}
