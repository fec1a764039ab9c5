//! Waves: one cluster each of a rollout, as marks, counters and words.

use serde_json::Value;
use uuid::Uuid;

use super::command::{Command, command};
use super::proof::{Proof, proof};
use super::words::deployment_tone;
use crate::releases::tale::{self, Tale, seen};
use crate::releases::{Deployment, DeploymentState, Lane};
use crate::web::layout::Chrome;
use crate::web::marks::{Count, Pips};
use crate::web::parts::{self, Tone};

pub struct Wave {
    pub id: String,
    pub site: String,
    pub cluster: String,
    pub pips: Pips,
    pub said: String,
    pub state: parts::State,
    /// Trouble, what it waits for, what was taken over from other hands.
    pub says: Vec<String>,
    /// What lies beneath its trouble.
    pub proof: Option<Proof>,
    /// What ran before it.
    pub command: Option<Command>,
}

impl Wave {
    /// The edge of the box, for what runs and what failed.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self.state.tone {
            Tone::Run => " is-run",
            Tone::Fail => " is-fail",
            Tone::Ok | Tone::Wait | Tone::Hold | Tone::Idle => "",
        }
    }
}

/// Counters of what the cluster was last seen to say; marks of a failed rollout are bad ones.
#[must_use]
pub fn count(observed: Option<&Value>, state: DeploymentState) -> Count {
    let (updated, desired) = (seen(observed, "updated"), seen(observed, "desired"));
    if state == DeploymentState::Succeeded {
        return Count {
            ready: seen(observed, "ready"),
            ..Count::default()
        };
    }
    let ready = seen(observed, "available").min(updated);
    let rest = (updated - ready).max(0);
    let troubled = observed.is_some_and(|o| o.get("trouble").is_some_and(|t| !t.is_null()));
    let bad = troubled || state == DeploymentState::Failed;
    Count {
        ready,
        starting: if bad { 0 } else { rest },
        bad: if bad { rest } else { 0 },
        old: (desired - updated).max(0),
    }
}

/// The waves of one rollout, and the clusters that it has not come to yet.
#[must_use]
pub fn waves(c: &Chrome, tale: &Tale, rollout: Uuid) -> Vec<Wave> {
    let ours: Vec<&Deployment> = tale
        .story
        .deployments
        .iter()
        .filter(|d| d.rollout.0 == rollout)
        .collect();
    let mut waves: Vec<Wave> = ours.iter().map(|d| wave(c, tale, d)).collect();
    let Some(last) = ours.last() else {
        return waves;
    };
    if matches!(
        last.state,
        DeploymentState::Aborted | DeploymentState::Superseded
    ) || ours.iter().all(|d| d.state == DeploymentState::Succeeded) && !is_open(tale)
    {
        return waves;
    }
    let to_come = tale.lanes.iter().filter(|l| {
        l.prepared
            && l.environment == last.environment
            && !ours.iter().any(|d| d.cluster == l.cluster)
    });
    waves.extend(to_come.map(|l| untouched(c, l)));
    waves
}

fn is_open(tale: &Tale) -> bool {
    use crate::releases::State;
    matches!(
        tale.release().state,
        State::DeployingTest | State::DeployingProduction
    )
}

fn wave(c: &Chrome, tale: &Tale, d: &Deployment) -> Wave {
    let count = count(d.observed.as_ref(), d.state);
    let word = c.t(&format!("deployment-state-{}", d.state));
    let since = d.ended_at.unwrap_or(d.created_at);
    let lasted = c.lasted(&d.created_at, &since);
    let said = match d.state {
        DeploymentState::Succeeded => {
            c.t2("wave-done", ("ready", &count.ready), ("lasted", &lasted))
        }
        DeploymentState::Pending
        | DeploymentState::Applying
        | DeploymentState::Rolling
        | DeploymentState::Failed
            if count.all() > 0 =>
        {
            c.t2("pips-ready", ("ready", &count.ready), ("all", &count.all()))
        }
        DeploymentState::Pending | DeploymentState::Applying | DeploymentState::Rolling => {
            c.t("wave-starting")
        }
        DeploymentState::Failed | DeploymentState::Aborted | DeploymentState::Superseded => {
            String::new()
        }
    };
    Wave {
        id: format!("wave-{}", d.id),
        site: d.site.clone(),
        cluster: d.cluster.clone(),
        pips: c.pips(count),
        said,
        state: c.state(deployment_tone(d.state), word, Some(&since)),
        says: says(c, tale, d),
        command: command(c, d),
        proof: proof(c, &tale.release().project, d)
            .filter(|_| d.state != DeploymentState::Succeeded),
    }
}

fn says(c: &Chrome, tale: &Tale, d: &Deployment) -> Vec<String> {
    let mut lines = Vec::new();
    if d.ended_at.is_none() {
        lines.extend(tale::trouble(d).map(|w| c.w(&w)));
        let waits = tale.deployment_waits(d);
        // The counters stand beside the marks already.
        let waits = waits.filter(|w| w.code != "waits-rollout");
        lines.extend(waits.map(|w| c.w(w)));
    }
    if d.state == DeploymentState::Aborted {
        lines.extend(broken_off(c, tale, d));
    }
    let overwrote = d.overwrote.as_array().map_or(0, Vec::len);
    if overwrote > 0 {
        lines.push(c.t1("wave-overwrote", "n", &overwrote));
    }
    lines
}

/// Who broke it off, and what the cluster is left with.
fn broken_off(c: &Chrome, tale: &Tale, d: &Deployment) -> Vec<String> {
    let mut setbacks = tale.story.setbacks.iter();
    let mine = setbacks.find(|s| s.deployment == Some(d.id));
    let who = mine.map(|s| match s.note.as_str() {
        "" => c.t1("wave-aborted-by", "who", &s.display_name),
        note => c.t2(
            "wave-aborted-because",
            ("who", &s.display_name),
            ("note", &note),
        ),
    });
    let left = if d.applied {
        c.t1("wave-aborted-applied", "cluster", &d.cluster)
    } else {
        c.t1("wave-aborted-before", "cluster", &d.cluster)
    };
    who.into_iter().chain([left]).collect()
}

fn untouched(c: &Chrome, lane: &Lane) -> Wave {
    let runs = lane.runs.as_ref();
    let said = runs.map_or_else(
        || c.t("wave-empty"),
        |r| c.t1("wave-still-runs", "tag", &r.tag),
    );
    Wave {
        id: format!("wave-next-{}-{}", lane.environment, lane.cluster),
        site: lane.site.clone(),
        cluster: lane.cluster.clone(),
        pips: c.pips(Count::default()),
        said,
        state: c.state(Tone::Idle, c.t("wave-next"), None),
        says: Vec::new(),
        proof: None,
        command: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counters_become_marks() {
        let seen = json!({"updated": 3, "available": 2, "ready": 2, "desired": 5});
        let rolling = count(Some(&seen), DeploymentState::Rolling);
        assert_eq!((rolling.ready, rolling.starting, rolling.old), (2, 1, 2));
        let failed = count(Some(&seen), DeploymentState::Failed);
        assert_eq!((failed.ready, failed.bad, failed.old), (2, 1, 2));
        let done = json!({"ready": 5, "desired": 5});
        assert_eq!(count(Some(&done), DeploymentState::Succeeded).all(), 5);
    }
}
