//! The rules themselves: each a pure function over what would hold for a workload.

use super::Check::{Document, Image, Schema};
use super::{Finding, Rail, Severity, Subject, life, room};
use crate::clusters::Tier;
use crate::standards::images::rules as images;
use crate::standards::versions::is_java;
use crate::standards::{Parameters, Probe, cpu_millis, memory_mebibytes};

const PROBES: &str = "https://kubernetes.io/docs/concepts/configuration/\
                      liveness-readiness-startup-probes/";
const PODS: &str = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/";
const DISRUPTIONS: &str = "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/";
const SERVICES: &str = "https://kubernetes.io/docs/concepts/services-networking/service/";
const SCALING: &str = "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/";
const HOOKS: &str = "https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/";
const DEPLOYMENTS: &str = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/";
const RESOURCES: &str =
    "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/";
const LOGGING: &str = "https://kubernetes.io/docs/concepts/cluster-administration/logging/";
const NGINX: &str = "https://nginx.org/en/docs/ngx_core_module.html";
const IMAGES: &str = "https://docs.docker.com/build/building/best-practices/";
const LAYERS: &str = "https://github.com/opencontainers/image-spec/blob/main/config.md";
const LABELS: &str = "https://github.com/opencontainers/image-spec/blob/main/annotations.md";
const JAVA: &str = "https://docs.oracle.com/en/java/javase/21/docs/specs/man/java.html";

/// Java's virtual machine and frameworks take about forty seconds to start; half as much again.
const JAVA_STARTS_IN: i32 = 60;
const FEWEST_FAILURES: i32 = 3;
/// An answer may take this long and no less.
const SHORTEST_TIMEOUT: i32 = 2;
const FEWEST_IN_PRODUCTION: i32 = 2;
const SHORTEST_GRACE: u32 = 10;
/// Of the memory limit; the rest is for threads, code and buffers.
const HEAP_PERCENT: u64 = 75;

/// Every rule, in the order of the help.
pub const RAILS: &[Rail] = &[
    Rail {
        id: "java-start",
        severity: Severity::Refuse,
        source: PROBES,
        check: Document(java_start),
    },
    Rail {
        id: "java-heap",
        severity: Severity::Refuse,
        source: JAVA,
        check: Document(java_heap),
    },
    Rail {
        id: "java-threads",
        severity: Severity::Warn,
        source: JAVA,
        check: Document(java_threads),
    },
    Rail {
        id: "probe-failures",
        severity: Severity::Refuse,
        source: PROBES,
        check: Document(probe_failures),
    },
    Rail {
        id: "probe-timeout",
        severity: Severity::Refuse,
        source: PROBES,
        check: Document(probe_timeout),
    },
    Rail {
        id: "readiness",
        severity: Severity::Always,
        source: PROBES,
        check: Schema,
    },
    Rail {
        id: "request-fits",
        severity: Severity::Always,
        source: RESOURCES,
        check: Schema,
    },
    Rail {
        id: "production-two",
        severity: Severity::Refuse,
        source: DISRUPTIONS,
        check: Document(production_two),
    },
    Rail {
        id: "grace",
        severity: Severity::Warn,
        source: PODS,
        check: Document(grace),
    },
    Rail {
        id: "public-why",
        severity: Severity::Refuse,
        source: SERVICES,
        check: Document(life::public_why),
    },
    Rail {
        id: "java-scaling",
        severity: Severity::Refuse,
        source: SCALING,
        check: Document(life::java_scaling),
    },
    Rail {
        id: "registry-stop",
        severity: Severity::Refuse,
        source: HOOKS,
        check: Document(life::registry_stop),
    },
    Rail {
        id: "registry-leave",
        severity: Severity::Refuse,
        source: HOOKS,
        check: Document(life::registry_leave),
    },
    Rail {
        id: "registry-wait",
        severity: Severity::Warn,
        source: HOOKS,
        check: Document(life::registry_wait),
    },
    Rail {
        id: "room-to-stop",
        severity: Severity::Refuse,
        source: PODS,
        check: Document(life::room_to_stop),
    },
    Rail {
        id: "one-ready",
        severity: Severity::Refuse,
        source: DEPLOYMENTS,
        check: Document(life::one_ready),
    },
    Rail {
        id: "recreate-why",
        severity: Severity::Refuse,
        source: DEPLOYMENTS,
        check: Document(life::recreate_why),
    },
    Rail {
        id: "one-left",
        severity: Severity::Warn,
        source: DISRUPTIONS,
        check: Document(life::one_left),
    },
    Rail {
        id: "nginx-workers",
        severity: Severity::Refuse,
        source: NGINX,
        check: Document(life::nginx_workers),
    },
    Rail {
        id: "pools-fit",
        severity: Severity::Warn,
        source: RESOURCES,
        check: Document(room::pools_fit),
    },
    Rail {
        id: "logs-bounded",
        severity: Severity::Refuse,
        source: LOGGING,
        check: Document(room::logs_bounded),
    },
    Rail {
        id: "logs-declared",
        severity: Severity::Refuse,
        source: LOGGING,
        check: Document(room::logs_declared),
    },
    Rail {
        id: "image-base",
        severity: Severity::Refuse,
        source: LAYERS,
        check: Image(images::base),
    },
    Rail {
        id: "image-user",
        severity: Severity::Refuse,
        source: IMAGES,
        check: Image(images::user),
    },
    Rail {
        id: "image-ports",
        severity: Severity::Refuse,
        source: IMAGES,
        check: Image(images::ports),
    },
    Rail {
        id: "image-size",
        severity: Severity::Warn,
        source: IMAGES,
        check: Image(images::size),
    },
    Rail {
        id: "image-packages",
        severity: Severity::Refuse,
        source: LABELS,
        check: Image(images::packages),
    },
    Rail {
        id: "image-packages-said",
        severity: Severity::Warn,
        source: LABELS,
        check: Image(images::packages_said),
    },
];

pub(in crate::standards) fn found(
    field: &'static str,
    is: impl ToString,
    bound: impl ToString,
) -> Option<Finding> {
    Some(Finding {
        field,
        is: is.to_string(),
        bound: bound.to_string(),
    })
}

fn java_start(s: &Subject<'_>) -> Option<Finding> {
    let probes = &s.parameters.probes;
    // While the start check has not passed, nobody asks whether it is alive.
    let (field, seconds) = match &probes.startup {
        None => (
            "probes.liveness.delay_seconds",
            probes.liveness.delay_seconds,
        ),
        Some(start) => {
            let longest = start.delay_seconds + start.period_seconds * start.failures;
            ("probes.startup.failures", longest)
        }
    };
    let early = is_java(s.language) && seconds < JAVA_STARTS_IN;
    early.then(|| found(field, seconds, JAVA_STARTS_IN))?
}

/// What is said to the virtual machine: its own variables, and the arguments.
fn options(p: &Parameters) -> impl Iterator<Item = &str> {
    const NAMES: [&str; 5] = [
        "JAVA_OPTS",
        "JAVA_TOOL_OPTIONS",
        "JDK_JAVA_OPTIONS",
        "_JAVA_OPTIONS",
        "CATALINA_OPTS",
    ];
    let variables = p.env.iter().filter(|v| NAMES.contains(&v.name.as_str()));
    let variables = variables.filter_map(|v| v.value.as_deref());
    let all = variables.chain(p.args.iter().map(String::as_str));
    all.flat_map(str::split_whitespace)
}

/// The greatest heap that an option allows, in mebibytes of a container with so many.
fn heap(option: &str, limit: u64) -> Option<u64> {
    if let Some(percent) = option.strip_prefix("-XX:MaxRAMPercentage=") {
        // In hundredths of a percent, so that what is just below the bound stays there.
        let (whole, part) = percent.split_once('.').unwrap_or((percent, ""));
        let part: String = part.chars().chain("00".chars()).take(2).collect();
        let hundredths = whole.parse::<u64>().ok()?.checked_mul(100)?;
        let hundredths = hundredths.checked_add(part.parse().ok()?)?;
        return Some(limit.saturating_mul(hundredths) / 10_000);
    }
    let text = option
        .strip_prefix("-Xmx")
        .or_else(|| option.strip_prefix("-XX:MaxHeapSize="))?;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    Some(match text.get(digits.len()..)? {
        "t" | "T" => number.saturating_mul(1024 * 1024),
        "g" | "G" => number.saturating_mul(1024),
        "m" | "M" => number,
        "k" | "K" => number / 1024,
        "" => number / 1024 / 1024,
        _ => return None,
    })
}

fn java_heap(s: &Subject<'_>) -> Option<Finding> {
    let limit = memory_mebibytes(&s.parameters.memory.limit);
    let said = || options(s.parameters);
    // Of several the last one counts; a share only where no size is said.
    let (share, size): (Vec<_>, Vec<_>) = said().partition(|o| o.contains("RAMPercentage="));
    let last = |all: Vec<&str>| all.into_iter().rev().find_map(|o| heap(o, limit));
    let heap = last(size).or_else(|| last(share))?;
    let most = limit * HEAP_PERCENT / 100;
    (heap >= most).then(|| found("memory.limit", format!("{heap}Mi"), format!("{most}Mi")))?
}

fn java_threads(s: &Subject<'_>) -> Option<Finding> {
    let threads = options(s.parameters)
        .filter_map(|o| o.strip_prefix("-XX:ParallelGCThreads="))
        .filter_map(|n| n.parse::<u64>().ok())
        .last()?;
    let cores = cpu_millis(&s.parameters.cpu.limit).div_ceil(1000);
    (threads > cores).then(|| found("cpu.limit", threads, cores))?
}

/// The first of the probes that a rule finds wanting; `fields` are those of each.
fn short(
    s: &Subject<'_>,
    value: fn(&Probe) -> i32,
    least: i32,
    fields: [&'static str; 3],
) -> Option<Finding> {
    let probes = &s.parameters.probes;
    let all = [
        Some(&probes.readiness),
        Some(&probes.liveness),
        probes.startup.as_ref(),
    ];
    let mut said = all.into_iter().zip(fields);
    said.find_map(|(probe, field)| {
        let is = value(probe?);
        (is < least).then(|| found(field, is, least))?
    })
}

fn probe_failures(s: &Subject<'_>) -> Option<Finding> {
    let fields = [
        "probes.readiness.failures",
        "probes.liveness.failures",
        "probes.startup.failures",
    ];
    short(s, |p| p.failures, FEWEST_FAILURES, fields)
}

fn probe_timeout(s: &Subject<'_>) -> Option<Finding> {
    let fields = [
        "probes.readiness.timeout_seconds",
        "probes.liveness.timeout_seconds",
        "probes.startup.timeout_seconds",
    ];
    short(s, |p| p.timeout_seconds, SHORTEST_TIMEOUT, fields)
}

fn production_two(s: &Subject<'_>) -> Option<Finding> {
    let min = s.parameters.replicas.min;
    let lonely = s.tier == Tier::Production && min < FEWEST_IN_PRODUCTION;
    lonely.then(|| found("replicas.min", min, FEWEST_IN_PRODUCTION))?
}

fn grace(s: &Subject<'_>) -> Option<Finding> {
    let seconds = s.parameters.grace_seconds;
    (seconds < SHORTEST_GRACE).then(|| found("grace_seconds", seconds, SHORTEST_GRACE))?
}
