//! Builds in motion: the queue's turn, then each running build's phases, by the world's clock.
//!
//! Invariant: what reaches out of Jenkins (reading the repository, pushing) happens without its
//! lock, and its outcome is dropped where the build ended meanwhile.

use std::time::Duration;

use jiff::Timestamp;

use super::config::Kind;
use super::log;
use super::push::{self, Push};
use super::state::{Build, Entry, Item, Pace, Place, Stage, State};
use super::templates::Language;
use crate::clock::later;
use crate::registry::Made;
use crate::world::World;

/// Items that left the queue are remembered for so long.
const LEFT_KEPT: Duration = Duration::from_secs(300);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    CheckOut,
    Package,
    Image,
    Push,
}

impl Phase {
    pub fn name(self) -> &'static str {
        match self {
            Self::CheckOut => "Check out",
            Self::Package => "Package",
            Self::Image => "Image",
            Self::Push => "Push",
        }
    }

    fn next(self) -> Option<Self> {
        match self {
            Self::CheckOut => Some(Self::Package),
            Self::Package => Some(Self::Image),
            Self::Image => Some(Self::Push),
            Self::Push => None,
        }
    }
}

impl Pace {
    fn of(&self, phase: Phase) -> Duration {
        match phase {
            Phase::CheckOut => self.check_out,
            Phase::Package => self.package,
            Phase::Image => self.image,
            Phase::Push => self.push,
        }
    }
}

/// One thing to do outside of the lock.
enum Work {
    /// Find out what a phase will say.
    Prepare(Task),
    Push(Task),
}

/// What a build needs to know of itself for its work.
pub(super) struct Task {
    job: String,
    number: u64,
    pub phase: Phase,
    pub started: Timestamp,
    pub language: Language,
    pub parameters: Vec<(String, String)>,
    pub login: Option<(String, String)>,
    pub made: Made,
}

impl Task {
    pub fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

/// Lets the queue and the builds do what is due at the world's time.
pub(crate) async fn settle(world: &World) {
    loop {
        let now = world.clock().now();
        let work = {
            let mut jenkins = world.jenkins();
            if jenkins.is_starting(now) {
                return;
            }
            take_turn(&mut jenkins, now);
            due(&mut jenkins, now)
        };
        match work {
            None => return,
            Some(Work::Prepare(task)) => {
                let said = log::prepare(&world.gitlab(), &task);
                prepared(&mut world.jenkins(), &task, said);
            }
            Some(Work::Push(task)) => {
                let outcome = push::push(&task).await;
                pushed(&mut world.jenkins(), &task, &outcome);
            }
        }
    }
}

/// Moves each queued item as far as it can go.
fn take_turn(jenkins: &mut State, now: Timestamp) {
    jenkins.queue.retain(|_, entry| match entry.place {
        Place::Left { at, .. } | Place::Cancelled { at } => now < later(at, LEFT_KEPT),
        Place::Waiting | Place::Blocked { .. } | Place::Buildable => true,
    });
    let ids: Vec<u64> = jenkins.queue.keys().copied().collect();
    for id in ids {
        let Some(mut entry) = jenkins.queue.remove(&id) else {
            continue;
        };
        move_on(jenkins, &mut entry, now);
        jenkins.queue.insert(id, entry);
    }
}

fn move_on(jenkins: &mut State, entry: &mut Entry, now: Timestamp) {
    if let Place::Left { at, build: None } = entry.place {
        let start = later(at, jenkins.pace.handover);
        if start <= now {
            let build = start_build(jenkins, entry, start);
            entry.place = Place::Left { at, build };
        }
        return;
    }
    if !entry.is_queued() || now < entry.not_before {
        return;
    }
    let item = jenkins.items.get(&entry.job);
    entry.place = match item.and_then(Item::running) {
        Some(by) => Place::Blocked { by },
        None if jenkins.running() >= jenkins.executors => Place::Buildable,
        None => Place::Left {
            at: entry.not_before.max(jenkins.last_finish).min(now),
            build: None,
        },
    };
    if let Place::Left { .. } = entry.place {
        move_on(jenkins, entry, now);
    }
}

fn start_build(jenkins: &mut State, entry: &Entry, at: Timestamp) -> Option<u64> {
    let item = jenkins.items.get_mut(&entry.job)?;
    let number = item.next_build;
    item.next_build += 1;
    let mut build = Build {
        number,
        queue_id: entry.id,
        parameters: entry.parameters.clone(),
        started: at,
        ended: None,
        log: String::new(),
        pending: std::collections::VecDeque::new(),
        stages: Vec::new(),
        phase: Phase::CheckOut,
        phase_started: at,
        prepared: false,
        good: true,
        disowned: false,
    };
    build.say("Started by remote host");
    build.say("Running as SYSTEM");
    item.builds.insert(number, build);
    Some(number)
}

/// The first work that is due; builds that need none are moved on.
fn due(jenkins: &mut State, now: Timestamp) -> Option<Work> {
    let (pace, login) = (jenkins.pace.clone(), jenkins.registry_login.clone());
    let made = jenkins.made.clone();
    for (key, item) in &mut jenkins.items {
        let (language, pipeline) = (Language::of(&item.xml), item.kind == Kind::Pipeline);
        let running = item.builds.values_mut().filter(|b| b.ended.is_none());
        for build in running {
            let need = progress(build, &pace, now, pipeline);
            if let Some((at, _)) = build.ended {
                jenkins.last_finish = jenkins.last_finish.max(at);
            }
            let task = Task {
                job: key.clone(),
                number: build.number,
                phase: build.phase,
                started: build.started,
                language,
                parameters: build.parameters.clone(),
                login: login.clone(),
                made: made.clone(),
            };
            match need {
                Need::Nothing => {}
                Need::Words => return Some(Work::Prepare(task)),
                Need::Push => return Some(Work::Push(task)),
            }
        }
    }
    None
}

/// What a build waits for before it can go on by time alone.
enum Need {
    Nothing,
    Words,
    Push,
}

fn progress(build: &mut Build, pace: &Pace, now: Timestamp, pipeline: bool) -> Need {
    while build.ended.is_none() {
        if !build.prepared {
            return Need::Words;
        }
        reveal(build, now);
        let end = later(build.phase_started, pace.of(build.phase));
        if now < end {
            break;
        }
        reveal(build, end);
        match build.phase.next() {
            _ if !build.good => build.end(end, "FAILURE"),
            Some(next) => begin(build, next, end, pipeline),
            None => return Need::Push,
        }
    }
    Need::Nothing
}

fn begin(build: &mut Build, phase: Phase, at: Timestamp, pipeline: bool) {
    build.close_stage(at, "SUCCESS");
    if pipeline {
        build.say("[Pipeline] }");
        build.say("[Pipeline] // stage");
    }
    build.phase = phase;
    build.phase_started = at;
    build.prepared = false;
}

fn reveal(build: &mut Build, now: Timestamp) {
    while build.pending.front().is_some_and(|(at, _)| *at <= now) {
        if let Some((_, line)) = build.pending.pop_front() {
            build.say(&line);
        }
    }
}

/// Lets a phase begin to say its lines, evenly over its time.
fn prepared(jenkins: &mut State, task: &Task, said: log::Said) {
    let length = jenkins.pace.of(task.phase);
    let Some(item) = jenkins.items.get_mut(&task.job) else {
        return;
    };
    let pipeline = item.kind == Kind::Pipeline;
    let Some(build) = running_build(item, task.number) else {
        return;
    };
    if pipeline {
        build.say("[Pipeline] stage");
        build.say(&format!("[Pipeline] {{ ({})", task.phase.name()));
    }
    build.stages.push(Stage {
        name: task.phase.name(),
        started: build.phase_started,
        ended: None,
    });
    let count = u32::try_from(said.lines.len()).unwrap_or(u32::MAX).max(1);
    for (step, line) in (0u32..).zip(said.lines) {
        let at = later(build.phase_started, length / count * step);
        build.pending.push_back((at, line));
    }
    build.good = said.good;
    build.prepared = true;
}

fn pushed(jenkins: &mut State, task: &Task, outcome: &Push) {
    let length = jenkins.pace.push;
    let Some(item) = jenkins.items.get_mut(&task.job) else {
        return;
    };
    let Some(build) = running_build(item, task.number) else {
        return;
    };
    let end = later(build.phase_started, length);
    for line in &outcome.lines {
        build.say(line);
    }
    build.end(end, if outcome.good { "SUCCESS" } else { "FAILURE" });
    jenkins.last_finish = jenkins.last_finish.max(end);
}

fn running_build(item: &mut Item, number: u64) -> Option<&mut Build> {
    let build = item.builds.get_mut(&number)?;
    build.ended.is_none().then_some(build)
}
