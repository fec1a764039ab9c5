//! Rules about how a service stops, rolls and scales.

use super::Finding;
use super::Subject;
use super::rules::found;
use crate::standards::versions::is_java;
use crate::standards::{Access, BeforeStopKind, Discovery, Parameters, RolloutKind, cpu_millis};

/// Twice the time in which callers ask a registry again.
const REGISTRY_NOTICES_IN: u32 = 10;
/// For the service itself, after what is done before it stops.
const ROOM_TO_STOP: u32 = 5;
const WORKERS: &str = "worker_processes";

pub(super) fn java_scaling(s: &Subject<'_>) -> Option<Finding> {
    let p = s.parameters;
    let percent = p.scaling.memory_percent;
    let by_memory = p.replicas.max > p.replicas.min && percent > 0;
    let wrong = is_java(s.language) && by_memory;
    wrong.then(|| found("scaling.memory_percent", percent, 0))?
}

fn words(command: &[String]) -> Vec<&str> {
    let parts = command.iter();
    let words = parts.flat_map(|part| part.split([' ', ';', '&', '|']));
    words.filter(|word| !word.is_empty()).collect()
}

/// How long a container waits before it stops, as far as it says so: by itself, or in the words
/// of a command. A script of the image's own says nothing here.
fn waits(p: &Parameters) -> Option<u32> {
    let Some(stop) = &p.before_stop else {
        return Some(0);
    };
    match stop.kind {
        BeforeStopKind::Sleep => stop.seconds,
        BeforeStopKind::Http => Some(0),
        BeforeStopKind::Exec => {
            let words = words(&stop.command);
            let after = |pair: &[&str]| match pair {
                ["sleep" | "/bin/sleep", seconds] => seconds.trim_end_matches('s').parse().ok(),
                _ => None,
            };
            let all: Vec<u32> = words.windows(2).filter_map(after).collect();
            (!all.is_empty()).then(|| all.iter().sum())
        }
    }
}

pub(super) fn registry_stop(s: &Subject<'_>) -> Option<Finding> {
    let p = s.parameters;
    if p.discovery == Discovery::None {
        return None;
    }
    let seconds = waits(p).filter(|seconds| *seconds < REGISTRY_NOTICES_IN)?;
    let field = match p.before_stop.as_ref().map(|b| b.kind) {
        Some(BeforeStopKind::Sleep) => "before_stop.seconds",
        Some(BeforeStopKind::Http) | None => "before_stop.kind",
        Some(BeforeStopKind::Exec) => "before_stop.command",
    };
    found(field, seconds, REGISTRY_NOTICES_IN)
}

/// A script of the image's own may wait, and nobody here can see whether it does.
pub(super) fn registry_wait(s: &Subject<'_>) -> Option<Finding> {
    let p = s.parameters;
    let stop = p.before_stop.as_ref()?;
    let unseen = p.discovery != Discovery::None && waits(p).is_none();
    unseen.then(|| {
        found(
            "before_stop.command",
            stop.command.join(" "),
            REGISTRY_NOTICES_IN,
        )
    })?
}

/// Whoever only waits is called until the end: a registry has to be told first.
pub(super) fn registry_leave(s: &Subject<'_>) -> Option<Finding> {
    let p = s.parameters;
    let stop = p.before_stop.as_ref()?;
    let waits = waits(p).filter(|seconds| *seconds >= REGISTRY_NOTICES_IN)?;
    let waits_only = |word: &&str| {
        let shell = ["sh", "bash", "ash", "-c", "sleep", "wait", "true", "exec"];
        shell.contains(&word.rsplit('/').next().unwrap_or(word))
            || word.trim_end_matches('s').parse::<f64>().is_ok()
    };
    let tells = match stop.kind {
        BeforeStopKind::Sleep => false,
        BeforeStopKind::Http => true,
        BeforeStopKind::Exec => !words(&stop.command).iter().all(waits_only),
    };
    let silent = p.discovery != Discovery::None && !tells;
    let field = match stop.kind {
        BeforeStopKind::Exec => "before_stop.command",
        BeforeStopKind::Sleep | BeforeStopKind::Http => "before_stop.kind",
    };
    silent.then(|| found(field, waits, p.discovery))?
}

pub(super) fn room_to_stop(s: &Subject<'_>) -> Option<Finding> {
    let p = s.parameters;
    let waits = waits(p).filter(|_| p.before_stop.is_some())?;
    let least = waits.saturating_add(ROOM_TO_STOP);
    let tight = waits > 0 && p.grace_seconds <= least;
    tight.then(|| found("grace_seconds", p.grace_seconds, least))?
}

pub(super) fn one_ready(s: &Subject<'_>) -> Option<Finding> {
    let p = s.parameters;
    let away = p.rollout.unavailable;
    let none_left = p.rollout.kind == RolloutKind::Rolling && away >= p.replicas.min;
    let most = p.replicas.min - 1;
    none_left.then(|| found("rollout.unavailable", away, most))?
}

pub(super) fn recreate_why(s: &Subject<'_>) -> Option<Finding> {
    let silent = s.parameters.rollout.kind == RolloutKind::Recreate && s.why.trim().is_empty();
    silent.then(|| found("rollout.kind", "recreate", ""))?
}

pub(super) fn one_left(s: &Subject<'_>) -> Option<Finding> {
    let p = s.parameters;
    let away = p.disruption.most_away;
    let most = p.replicas.min - 1;
    (away > 0 && away > most).then(|| found("disruption.most_away", away, most))?
}

/// `auto` counts the node's cores, and so does whoever writes their number down.
pub(super) fn nginx_workers(s: &Subject<'_>) -> Option<Finding> {
    let p = s.parameters;
    let cores = cpu_millis(&p.cpu.limit).div_ceil(1000);
    let too_many = |text: &str| {
        let mut words = text.split([' ', ';', '\n', '\t', '"', '\'']);
        let mut words = words.by_ref().filter(|word| !word.is_empty());
        words.find(|word| *word == WORKERS)?;
        let said = words.next()?.to_owned();
        let fits = said.parse::<u64>().is_ok_and(|n| n <= cores);
        (!fits).then_some(said)
    };
    let files = p.files.iter().filter_map(|f| f.text.as_deref());
    if let Some(said) = files.into_iter().find_map(too_many) {
        return found("files", said, cores);
    }
    let said = p.args.iter().find_map(|arg| too_many(arg))?;
    found("args", said, cores)
}

pub(super) fn public_why(s: &Subject<'_>) -> Option<Finding> {
    let access = s.parameters.access;
    let silent = access != Access::Internal && s.why.trim().is_empty();
    silent.then(|| found("access", access, ""))?
}
