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
    UNIFIED,
];
/// Java's own log since 9: `-Xlog:what:output:decorations:rotation`, and the output is a file
/// unless it is a stream, with or without `file=` before it (the manual of `java`, "-Xlog").
const UNIFIED: &str = "-Xlog";
/// What is no file: it goes where the cluster collects it, or nowhere.
const STREAMS: &[&str] = &[
    "",
    "-",
    "stdout",
    "stderr",
    "console",
    "none",
    "off",
    "true",
    "false",
    "/proc/self/fd/1",
    "/proc/self/fd/2",
    "/dev/stdout",
    "/dev/stderr",
    "/dev/null",
    "/proc/1/fd/1",
    "/proc/1/fd/2",
];

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
    let words: Vec<&str> = words.collect();
    (0..words.len()).filter_map(move |at| {
        let word = words.get(at).filter(|word| word.starts_with('-'))?;
        // What begins as an option is the next one, but for the stream that is called so.
        let is_value = |next: &&&str| !next.starts_with('-') || **next == "-";
        let (name, value) = match word.split_once(['=', ':']) {
            Some(split) => split,
            None => (*word, *words.get(at + 1).filter(is_value)?),
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

/// A file that a setting writes a log to. What a variable stands for is known to nobody here.
struct Log<'a> {
    field: &'static str,
    path: &'a str,
}

fn log<'a>(setting: &Setting<'a>) -> Option<Log<'a>> {
    let output = match setting.name {
        UNIFIED => setting.value.split(':').nth(1).unwrap_or_default(),
        _ => setting.value.trim(),
    };
    let path = output.trim_start_matches("file=").trim_matches(['"', '\'']);
    let is_stream = STREAMS.iter().any(|s| s.eq_ignore_ascii_case(path));
    let is_file = LOGS.contains(&setting.name) && !is_stream;
    is_file.then_some(Log {
        field: setting.field,
        path,
    })
}

fn logs(p: &Parameters) -> Vec<Log<'_>> {
    let mut logs: Vec<Log<'_>> = settings(p).iter().filter_map(log).collect();
    // A relative name beside a folder is a file in it.
    let is_folder = |log: &Log<'_>| log.path.starts_with('/') || log.path.contains('$');
    if logs.iter().any(is_folder) {
        logs.retain(|log| log.path.starts_with('/') || log.path.contains(".."));
    }
    logs.retain(|log| !log.path.contains('$'));
    logs
}

fn within(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder.trim_end_matches('/'));
    let is_below = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    is_below && !path.split('/').any(|part| part == "..")
}

pub(super) fn logs_bounded(s: &Subject<'_>) -> Option<Finding> {
    let p = s.parameters;
    let is_bounded = |path: &str| p.scratch.iter().any(|scratch| within(path, &scratch.path));
    let mut logs = logs(p).into_iter();
    let loose = logs.find(|log| !is_bounded(log.path))?;
    found(loose.field, loose.path, "")
}

pub(super) fn logs_declared(s: &Subject<'_>) -> Option<Finding> {
    let mut whole = logs(s.parameters)
        .into_iter()
        .filter(|log| log.path.starts_with('/'));
    let astray = whole.find(|log| !within(log.path, s.log_path))?;
    found(astray.field, astray.path, s.log_path)
}
