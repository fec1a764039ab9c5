//! The containers of a project in words, as their clusters tell them right now.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::clusters::{self, Tier};
use crate::error::{AppError, FieldError};
use crate::identity::{Permission, Scope};
use crate::projects::web::{Frame, Tab};
use crate::projects::{self, ProjectAccess};
use crate::standards::Access;
use crate::web::extract::{Ctx, IsPart, Query};
use crate::web::form::{Summary, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors, Nav, page};
use crate::web::marks::{Chip, Count, Pips, short_digest};
use crate::web::paging::link;
use crate::web::parts::{State, Tone};
use crate::web::problem::shown;
use crate::workloads::{self, Current, Live, Pod, Seen, Workload};

#[derive(Template)]
#[template(path = "workloads/containers.html")]
struct ContainersPage {
    c: Chrome,
    f: Frame,
    part: ContainersPart,
}

#[derive(Template)]
#[template(path = "workloads/containers_part.html")]
struct ContainersPart {
    c: Chrome,
    f: Frame,
    topic: String,
    here: String,
    environment: String,
    /// Every environment, with how many places the project has there.
    environments: Vec<(String, usize)>,
    lede: String,
    boxes: Vec<WorkloadBox>,
    may_ask: bool,
    /// Why what was asked was refused a moment ago.
    summary: Option<Summary>,
    /// Why this person may not restart what is here.
    may_not_restart: Option<String>,
    /// Whether this person may open a terminal here, and is asked why.
    may_open: bool,
    /// Why not, and who may.
    may_not_open: Option<String>,
    is_production: bool,
}

impl HtmlSafe for ContainersPart {}

/// One workload on one cluster.
struct WorkloadBox {
    id: String,
    workload: Workload,
    current: Option<Current>,
    chip: Option<Chip>,
    state: State,
    pips: Pips,
    ready: String,
    scaling: String,
    rows: Vec<Row>,
    /// Why the cluster says nothing, and since when.
    dark: Option<(String, Option<jiff::Timestamp>)>,
    trouble: Option<String>,
    /// What was typed into one of its forms and refused a moment ago, and what is wrong with it.
    typed: Typed,
    errors: Errors,
}

struct Row {
    name: String,
    state: State,
    restarts: i32,
    node: String,
    started: Option<jiff::Timestamp>,
    digest: String,
    /// Whether a shell could run there.
    runs: bool,
}

impl WorkloadBox {
    fn cpu(&self, c: &Chrome) -> String {
        let cpu = &self.workload.parameters.cpu;
        c.w(&workloads::cpu(&cpu.request, &cpu.limit))
    }

    fn memory(&self, c: &Chrome) -> String {
        let memory = &self.workload.parameters.memory;
        c.w(&workloads::memory(&memory.request, &memory.limit))
    }

    /// What its last start took, in words.
    fn start(&self, c: &Chrome) -> Option<String> {
        let seconds = self.current.as_ref()?.seconds_to_ready?.ceil();
        Some(c.t1("start-took", "seconds", &seconds))
    }

    /// Why the next start may be ended before it is done.
    fn slow(&self, c: &Chrome) -> Option<String> {
        let seconds = self.current.as_ref()?.seconds_to_ready?;
        let slow = workloads::slow(&self.workload.parameters, seconds)?;
        Some(c.w(&slow.words("start-slow")))
    }

    /// What was typed there, so that nothing is lost.
    fn typed(&self, name: &str) -> Option<&String> {
        self.typed.get(name)
    }

    /// The fewest or the most: as typed, or as it is.
    fn replicas(&self, name: &str) -> String {
        let replicas = &self.workload.parameters.replicas;
        let now = if name == "min" {
            replicas.min
        } else {
            replicas.max
        };
        self.typed(name).cloned().unwrap_or_else(|| now.to_string())
    }

    fn everywhere(&self) -> bool {
        self.typed("everywhere")
            .is_some_and(|typed| !typed.is_empty())
    }

    /// Each line of what is wrong, with the field that it leads to.
    fn wrong(&self, c: &Chrome) -> Vec<(String, String)> {
        let line = |e: &FieldError| {
            let label = match e.field.as_str() {
                "min" | "max" | "note" => c.t(&format!("scale-{}", e.field)),
                "reason" => c.t("rollback-reason"),
                other => other.to_owned(),
            };
            let id = format!("{}-{}", e.field, self.id);
            (id, format!("{label}: {}", c.w(&e.words)))
        };
        self.errors.0.iter().map(line).collect()
    }

    fn address(&self) -> String {
        format!(
            "{}.{}:80",
            self.workload.object_name, self.workload.namespace
        )
    }

    fn is_public(&self) -> bool {
        self.workload.parameters.access == Access::Public
    }

    fn health_path(&self) -> &str {
        let probe = &self.workload.parameters.probes.readiness;
        probe.path.as_deref().unwrap_or("–")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainersQuery {
    environment: Option<String>,
}

/// `GET /projects/{key}/containers`
pub async fn containers(
    Shared(app): Shared<App>,
    access: ProjectAccess,
    ctx: Ctx,
    IsPart(is_part): IsPart,
    Query(query): Query<ContainersQuery>,
) -> Result<Response, AppError> {
    let part = part(&app, &access, &ctx, query.environment).await?;
    if is_part {
        return page(&part);
    }
    page(&whole(part))
}

async fn part(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    wanted: Option<String>,
) -> Result<ContainersPart, AppError> {
    let project = &access.project;
    let places = workloads::places(app, project.id).await?;
    // Production is looked at most, so the last environment with containers comes first.
    let usual = places.iter().rev().find(|(_, _, n)| *n > 0);
    let usual = usual.or(places.first()).map(|(key, _, _)| key.clone());
    let environment = wanted.or(usual).unwrap_or_default();
    let seen = workloads::seen(app, project.id, &environment).await?;
    let tier = seen.first().map(|s| s.workload.tier);
    let shell = match tier {
        Some(tier) => Some(may_open(app, access, (&environment, tier)).await?),
        None => None,
    };
    let topic = projects::topic(project.id);
    let c = Chrome::new(ctx, Nav::Projects).listening(&app.events, std::slice::from_ref(&topic));
    let path = format!("/projects/{}/containers", project.key);
    Ok(ContainersPart {
        here: link(&path, &[("environment", &environment)]),
        lede: lede(&c, &seen),
        boxes: seen.into_iter().map(|s| workload_box(&c, s)).collect(),
        environments: places.into_iter().map(|(key, _, n)| (key, n)).collect(),
        f: Frame::new(project, Tab::Containers),
        may_ask: access.may(Permission::FileRequest),
        may_open: shell.as_ref().is_some_and(Result::is_ok),
        may_not_open: shell.and_then(Result::err).map(|e| c.w(&e.words())),
        is_production: tier == Some(Tier::Production),
        may_not_restart: tier.and_then(|tier| may_not_restart(&c, access, tier)),
        summary: None,
        topic,
        environment,
        c,
    })
}

/// Whether this person may open a shell there, or why not.
async fn may_open(
    app: &App,
    access: &ProjectAccess,
    (environment, tier): (&str, Tier),
) -> Result<Result<(), AppError>, AppError> {
    let right = match tier {
        Tier::Test => Permission::OpenTerminalInTest,
        Tier::Production => Permission::OpenTerminalInProduction,
    };
    let found = clusters::environment_by_key(app, environment).await?;
    let environment = found.ok_or(AppError::NotFound)?;
    let scope = Scope::Shell(environment.shells_of(access.project.id));
    let shut = || {
        access
            .must(right)
            .err()
            .filter(|e| matches!(e, AppError::Conflict(_)))
    };
    Ok(access
        .actor
        .must(right, scope)
        .and_then(|()| shut().map_or(Ok(()), Err)))
}

fn may_not_restart(c: &Chrome, access: &ProjectAccess, tier: Tier) -> Option<String> {
    let right = match tier {
        Tier::Test => Permission::RestartInTest,
        Tier::Production => Permission::RestartInProduction,
    };
    refused(c, access, right)
}

/// Why this person may not, and who may.
fn refused(c: &Chrome, access: &ProjectAccess, right: Permission) -> Option<String> {
    access.must(right).err().map(|e| c.w(&e.words()))
}

/// The page once more, with what was asked of a workload and refused: its form is open, and holds
/// what was typed.
///
/// # Errors
/// What no page can mend.
pub async fn containers_refused(
    app: &App,
    access: &ProjectAccess,
    ctx: &Ctx,
    (workload, typed, error): (&Workload, Typed, &AppError),
) -> Result<Response, AppError> {
    let (errors, sentence) = match error {
        AppError::Forbidden(words) | AppError::Unavailable(words) => {
            (Errors::default(), Some(words.clone()))
        }
        other => shown_by_form(other, "parameters.")?,
    };
    let mut part = part(app, access, ctx, Some(workload.environment.clone())).await?;
    let theirs = part.boxes.iter_mut().find(|b| b.workload.id == workload.id);
    let theirs = theirs.ok_or(AppError::NotFound)?;
    theirs.typed = typed;
    theirs.errors = errors;
    part.summary = match sentence {
        Some(words) => Some(Summary::sentence(&part.c, &words)),
        None => Summary::lines(&part.c, theirs.wrong(&part.c)),
    };
    Ok(shown(page(&whole(part))?, error))
}

fn whole(part: ContainersPart) -> ContainersPage {
    ContainersPage {
        c: part.c.clone(),
        f: part.f.clone(),
        part,
    }
}

fn lede(c: &Chrome, seen: &[Seen]) -> String {
    if seen.is_empty() {
        return c.t("containers-lede-none");
    }
    let lives = || seen.iter().filter_map(|s| s.live.as_ref().ok());
    let ready: i32 = lives().map(|l| l.ready).sum();
    let all: i32 = lives().map(|l| l.desired).sum();
    let dark = seen.iter().filter(|s| s.live.is_err()).count();
    let first = c.t2("containers-lede", ("ready", &ready), ("all", &all));
    match dark {
        0 => first,
        n if n == seen.len() => c.t("containers-lede-dark"),
        n => format!("{first} {}", c.t1("containers-lede-some-dark", "n", &n)),
    }
}

fn workload_box(c: &Chrome, seen: Seen) -> WorkloadBox {
    let Seen {
        workload,
        current,
        live,
        health,
    } = seen;
    let (min, max) = (
        workload.parameters.replicas.min,
        workload.parameters.replicas.max,
    );
    let (count, state, rows, dark, trouble, scaling) = match live {
        Ok(live) => {
            let range = live.autoscaler;
            let scaling = match range {
                Some((min, max)) => c.t2("lane-range", ("min", &min), ("max", &max)),
                None => c.t1("lane-fixed", "n", &live.desired),
            };
            let rows = live.pods.iter().map(|p| row(c, p)).collect();
            let trouble = live.trouble.as_ref().map(|_| c.t("containers-trouble"));
            (count(&live), state(c, &live), rows, None, trouble, scaling)
        }
        Err(error) => {
            let since = health.filter(|h| !h.report.ok).map(|h| h.since);
            let dark = Some((c.w(&error.words()), since));
            let scaling = c.t2("lane-range", ("min", &min), ("max", &max));
            let state = c.state(Tone::Hold, c.t("containers-dark"), since.as_ref());
            (Count::default(), state, Vec::new(), dark, None, scaling)
        }
    };
    WorkloadBox {
        id: format!("box-{}-{}", workload.cluster, workload.component),
        chip: current.as_ref().map(|r| c.chip(&r.digest)),
        ready: c.t2("pips-ready", ("ready", &count.ready), ("all", &count.all())),
        pips: c.pips(count),
        state,
        scaling,
        rows,
        dark,
        trouble,
        typed: Typed::new(),
        errors: Errors::default(),
        current,
        workload,
    }
}

fn count(live: &Live) -> Count {
    let rest = (live.desired - live.ready).max(0);
    let bad = live.trouble.is_some();
    Count {
        ready: live.ready,
        starting: if bad { 0 } else { rest },
        bad: if bad { rest } else { 0 },
        old: 0,
    }
}

fn state(c: &Chrome, live: &Live) -> State {
    if live.desired == 0 {
        return c.state(Tone::Idle, c.t("lane-empty"), None);
    }
    // Old containers may be ready while new ones are still to come.
    let rolls = !live.observed
        || live.updated < live.desired
        || live.pods.iter().any(|p| !p.ready && !p.leaving);
    let (tone, code) = match (live.ready >= live.desired, live.trouble.is_some()) {
        (true, false) if rolls => (Tone::Run, "containers-rolling"),
        (true, _) => (Tone::Ok, "containers-healthy"),
        (false, true) => (Tone::Fail, "containers-in-trouble"),
        (false, false) => (Tone::Run, "containers-starting"),
    };
    c.state(tone, c.t(code), None)
}

fn row(c: &Chrome, pod: &Pod) -> Row {
    let (tone, code) = match (pod.leaving, pod.ready, pod.phase.as_str()) {
        (true, _, _) => (Tone::Idle, "pod-leaving"),
        (_, true, _) => (Tone::Ok, "pod-ready"),
        (_, _, "Failed") => (Tone::Fail, "pod-failed"),
        (_, _, "Pending") => (Tone::Wait, "pod-pending"),
        (false, false, _) => (Tone::Run, "pod-starting"),
    };
    let digest = pod.digest.as_deref().map(short_digest);
    Row {
        name: pod.name.clone(),
        state: c.state(tone, c.t(code), None),
        restarts: pod.restarts,
        node: pod.node.clone().unwrap_or_else(|| "–".to_owned()),
        started: pod.started_at,
        digest: digest.unwrap_or("–").to_owned(),
        runs: pod.phase == "Running" && !pod.leaving,
    }
}
