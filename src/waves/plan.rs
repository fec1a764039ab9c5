//! What a change of a layer does next, from our own rows alone.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::{ItemState, State};

/// A change as its run decides on it; items in their order.
#[derive(Debug, Clone)]
pub struct Facts {
    pub state: State,
    pub pause: Duration,
    pub now: Timestamp,
    pub items: Vec<Standing>,
}

/// One workload: its wave, how it stands, and since when.
#[derive(Debug, Clone)]
pub struct Standing {
    pub workload: Uuid,
    pub wave: i32,
    pub state: ItemState,
    pub ended_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    Start(Vec<Uuid>),
    /// Some are on their way.
    Wait,
    /// The next wave begins after so long.
    Pause(Duration),
    /// One has failed, and nothing is on its way any more.
    Stop(Uuid),
    Finish,
    /// Somebody ended it already.
    Over,
}

/// Wave after wave; after a failure nothing new.
pub fn plan(facts: &Facts) -> Plan {
    if facts.state != State::Rolling {
        return Plan::Over;
    }
    let of = |state| facts.items.iter().filter(move |i| i.state == state);
    if of(ItemState::Rolling).next().is_some() {
        // One wave at a time, but what its wave still lacks need not wait.
        let waiting = waiting_in_wave(facts);
        let failed = of(ItemState::Failed).next().is_some();
        return match waiting {
            Some(waiting) if !failed => Plan::Start(waiting),
            Some(_) | None => Plan::Wait,
        };
    }
    if let Some(failed) = of(ItemState::Failed).next() {
        return Plan::Stop(failed.workload);
    }
    let Some(next) = of(ItemState::Waiting).map(|i| i.wave).min() else {
        return Plan::Finish;
    };
    match rest(facts, next) {
        Some(rest) => Plan::Pause(rest),
        None => Plan::Start(in_wave(facts, next)),
    }
}

fn in_wave(facts: &Facts, wave: i32) -> Vec<Uuid> {
    let waits = facts.items.iter();
    let waits = waits.filter(|i| i.wave == wave && i.state == ItemState::Waiting);
    waits.map(|i| i.workload).collect()
}

/// What waits in a wave of which others are on their way.
fn waiting_in_wave(facts: &Facts) -> Option<Vec<Uuid>> {
    let rolling = facts.items.iter().filter(|i| i.state == ItemState::Rolling);
    let wave = rolling.map(|i| i.wave).min()?;
    Some(in_wave(facts, wave)).filter(|w| !w.is_empty())
}

/// How much of the pause before a wave is left. A wave in which nothing was deployed needs none,
/// nor does one that has begun.
fn rest(facts: &Facts, next: i32) -> Option<Duration> {
    let begun = |i: &&Standing| i.wave == next && i.state != ItemState::Waiting;
    if facts.items.iter().any(|i| begun(&i)) {
        return None;
    }
    let done = facts.items.iter().filter(|i| i.state == ItemState::Done);
    let last = done.filter_map(|i| i.ended_at).max()?;
    let gone = Duration::try_from(facts.now.duration_since(last)).unwrap_or_default();
    facts.pause.checked_sub(gone).filter(|d| !d.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000;

    fn facts(items: &[(i32, ItemState)]) -> (Facts, Vec<Uuid>) {
        let at = |second| Timestamp::from_second(second).unwrap();
        let standing = |(wave, state): &(i32, ItemState)| Standing {
            workload: Uuid::now_v7(),
            wave: *wave,
            state: *state,
            ended_at: (*state == ItemState::Done).then(|| at(NOW - 20)),
        };
        let items: Vec<Standing> = items.iter().map(standing).collect();
        let ids = items.iter().map(|i| i.workload).collect();
        let facts = Facts {
            state: State::Rolling,
            pause: Duration::from_secs(60),
            now: at(NOW),
            items,
        };
        (facts, ids)
    }

    #[test]
    fn waves_follow_one_another_after_their_pause() {
        use ItemState as S;
        let (first, ids) = facts(&[(1, S::Waiting), (1, S::Waiting), (2, S::Waiting)]);
        assert_eq!(plan(&first), Plan::Start(ids[..2].to_vec()));
        let (some, ids) = facts(&[(1, S::Rolling), (1, S::Waiting), (2, S::Waiting)]);
        assert_eq!(plan(&some), Plan::Start(ids[1..2].to_vec()));
        let (all, _) = facts(&[(1, S::Rolling), (1, S::Done), (2, S::Waiting)]);
        assert_eq!(plan(&all), Plan::Wait);
        let (mut done, ids) = facts(&[(1, S::Done), (1, S::Kept), (2, S::Waiting)]);
        assert_eq!(plan(&done), Plan::Pause(Duration::from_secs(40)));
        done.pause = Duration::from_secs(20);
        assert_eq!(plan(&done), Plan::Start(ids[2..].to_vec()));
        let (kept, ids) = facts(&[(1, S::Kept), (2, S::Waiting)]);
        assert_eq!(plan(&kept), Plan::Start(ids[1..].to_vec()));
        assert_eq!(plan(&facts(&[(1, S::Done), (2, S::Kept)]).0), Plan::Finish);
        assert_eq!(plan(&facts(&[]).0), Plan::Finish);
    }

    #[test]
    fn nothing_new_begins_after_a_failure() {
        use ItemState as S;
        let (some, _) = facts(&[(1, S::Failed), (1, S::Rolling), (1, S::Waiting)]);
        assert_eq!(plan(&some), Plan::Wait);
        let (none, ids) = facts(&[
            (1, S::Done),
            (1, S::Failed),
            (1, S::Waiting),
            (2, S::Waiting),
        ]);
        assert_eq!(plan(&none), Plan::Stop(ids[1]));
    }

    #[test]
    fn one_that_was_stopped_does_nothing() {
        for state in [State::Stopped, State::Done] {
            let (mut facts, _) = facts(&[(1, ItemState::Waiting)]);
            facts.state = state;
            assert_eq!(plan(&facts), Plan::Over);
        }
    }

    #[test]
    fn how_a_workload_stands_follows_from_its_rollout() {
        use RolloutOutcome as O;
        assert_eq!(ItemState::of(false, None, false), ItemState::Waiting);
        assert_eq!(ItemState::of(false, None, true), ItemState::Kept);
        assert_eq!(ItemState::of(true, None, false), ItemState::Rolling);
        for (outcome, state) in [
            (O::Succeeded, ItemState::Done),
            (O::Superseded, ItemState::Done),
            (O::Failed, ItemState::Failed),
            (O::Aborted, ItemState::Failed),
        ] {
            assert_eq!(ItemState::of(true, Some(outcome), false), state);
        }
    }

    use crate::releases::RolloutOutcome;
}
