//! Rules about what a service takes of where it runs: cores for its threads, and disk for its logs.

use super::rules::found;
use super::{Finding, Subject};
use crate::standards::{Parameters, cpu_millis};

/// What says how many threads share the cores, by a variable or an option. Pools that mostly wait
/// are not among them.
const POOLS: &[&str] = &[
    "GOMAXPROCS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "TOKIO_WORKER_THREADS",
    "node.processors",
    "-Enode.processors",
    "-XX:ActiveProcessorCount",
];
/// What says where a log is written.
const LOGS: &[&str] = &[
    "LOGGING_FILE_NAME",
    "LOGGING_FILE_PATH",
    "LOG_FILE",
    "LOG_PATH",
    "LOG_DIR",
    "--log-file",
    "--log-dir",
    "--logging.file.name",
    "--logging.file.path",
    "-Dlogging.file.name",
    "-Dlogging.file.path",
    "-Xloggc",
];
/// What is no file: it goes where the cluster collects it.
const STREAMS: &[&str] = &["/dev/stdout", "/dev/stderr", "/proc/1/fd/1", "/proc/1/fd/2"];

/// A setting by its name, and the field that holds it.
struct Setting<'a> {
    field: &'static str,
    name: &'a str,
    value: &'a str,
}

/// What variables and options say by name: `NAME=value`, `-Dname=value`, `-Xloggc:value`, and
/// `--name value` in two arguments.
fn settings(p: &Parameters) -> Vec<Setting<'_>> {
    let mut all = Vec::new();
    for variable in &p.env {
        let Some(value) = variable.value.as_deref() else {
            continue;
        };
        let name = variable.name.as_str();
        let field = "env";
        all.push(Setting { field, name, value });
        all.extend(options("env", value.split_whitespace()));
    }
    let words = p.args.iter().flat_map(|arg| arg.split_whitespace());
    all.extend(options("args", words));
    all
}

fn options<'a>(
    field: &'static str,
    words: impl Iterator<Item = &'a str>,
) -> impl Iterator<Item = Setting<'a>> {
    let words: Vec<&str> = words.filter(|word| word.starts_with(['-', '/'])).collect();
    (0..words.len()).filter_map(move |at| {
        let word = *words.get(at)?;
        let (name, value) = match word.split_once(['=', ':']) {
            Some(split) => split,
            None => (word, *words.get(at + 1)?),
        };
        Some(Setting { field, name, value })
    })
}

pub(super) fn pools_fit(s: &Subject<'_>) -> Option<Finding> {
    let cores = cpu_millis(&s.parameters.cpu.limit).div_ceil(1000);
    let all = settings(s.parameters);
    let mut pools = all.iter().filter(|s| POOLS.contains(&s.name));
    let threads = |s: &Setting<'_>| s.value.trim().parse::<u64>().ok();
    let wide = pools.find_map(|s| threads(s).filter(|n| *n > cores).map(|n| (s.field, n)))?;
    found(wide.0, wide.1, cores)
}

pub(super) fn logs_bounded(s: &Subject<'_>) -> Option<Finding> {
    let p = s.parameters;
    let is_bounded = |path: &str| {
        let within = |mount: &str| {
            let rest = path.strip_prefix(mount.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        STREAMS.contains(&path) || p.scratch.iter().any(|scratch| within(&scratch.path))
    };
    let all = settings(p);
    let mut logs = all.iter().filter(|s| LOGS.contains(&s.name));
    let loose = logs.find(|s| s.value.starts_with('/') && !is_bounded(s.value))?;
    found(loose.field, loose.value, "")
}
