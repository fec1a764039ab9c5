//! How runs, steps and attempts are told in words and tones.

use crate::error::Words;
use crate::jobs::{RunState, StepState};
use crate::runs::{Attempt, Run};
use crate::web::layout::Chrome;
use crate::web::parts::{State, Tone};

/// "Rollout of pay-gateway to prod".
pub fn title(run: &Run) -> Words {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    Words::new(&format!("run-title-{}", run.kind))
        .with("project", text(&run.about.project))
        .with("tag", text(&run.about.tag))
        .with("environment", text(&run.about.environment))
        .with("cluster", text(&run.about.cluster))
}

pub fn step_name(c: &Chrome, name: &str) -> String {
    c.t(&format!("step-name-{}", name.replace('.', "-")))
}

/// Trouble shows before the run is given up.
pub fn state(c: &Chrome, run: &Run) -> State {
    let given_up = run.now().is_some_and(|s| s.state == StepState::Errored);
    let (tone, code) = match run.state {
        RunState::Active if given_up => (Tone::Fail, "run-needs-hand"),
        RunState::Active if run.is_stuck() => (Tone::Wait, "run-tries-again"),
        RunState::Active if waits(run) => (Tone::Run, "run-waits"),
        RunState::Active => (Tone::Run, "run-active"),
        RunState::Done => (Tone::Ok, "run-done"),
        RunState::Failed => (Tone::Fail, "run-failed"),
        RunState::Abandoned => (Tone::Hold, "run-abandoned"),
    };
    let since = run.ended_at.unwrap_or(run.created_at);
    c.state(tone, c.t(code), Some(&since))
}

fn waits(run: &Run) -> bool {
    run.now().is_some_and(|s| s.state == StepState::Waiting)
}

/// Why it is as it is: the last error, or what it waits for.
pub fn says(run: &Run) -> Option<&Words> {
    let now = run.now()?;
    match now.state {
        StepState::Waiting => now.waits_for.as_ref(),
        StepState::Done => None,
        StepState::Ready
        | StepState::Running
        | StepState::Failed
        | StepState::Errored
        | StepState::Abandoned => now.last_error.as_ref(),
    }
}

pub const fn tone(state: StepState, errors: i32) -> Tone {
    match state {
        StepState::Ready | StepState::Running if errors > 0 => Tone::Wait,
        StepState::Ready | StepState::Running | StepState::Waiting => Tone::Run,
        StepState::Done => Tone::Ok,
        StepState::Failed | StepState::Errored => Tone::Fail,
        StepState::Abandoned => Tone::Hold,
    }
}

/// What came of an attempt.
pub fn outcome(c: &Chrome, attempt: &Attempt) -> (Tone, String) {
    let outcome = attempt.outcome.as_deref().unwrap_or("running");
    let tone = match outcome {
        "done" => Tone::Ok,
        "failed" | "lost" => Tone::Fail,
        "retry" => Tone::Wait,
        "abandoned" => Tone::Hold,
        _ => Tone::Run,
    };
    (tone, c.t(&format!("attempt-{outcome}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_of_a_step_has_its_tone() {
        let tones = StepState::ALL.iter().map(|s| (tone(*s, 0), tone(*s, 1)));
        let expected = [
            (Tone::Run, Tone::Wait),
            (Tone::Run, Tone::Wait),
            (Tone::Run, Tone::Run),
            (Tone::Ok, Tone::Ok),
            (Tone::Fail, Tone::Fail),
            (Tone::Fail, Tone::Fail),
            (Tone::Hold, Tone::Hold),
        ];
        assert_eq!(tones.collect::<Vec<_>>(), expected);
    }
}
