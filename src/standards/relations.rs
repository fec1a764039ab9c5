//! What a schema cannot say: how the document's fields go together.

use super::upkeep::RolloutKind;
use super::{
    Access, MAIN_PORT, Parameters, Port, Resource, SERVICE_PORT, cpu_millis, memory_mebibytes,
};
use crate::error::{FieldError, Words};

/// The container system's own folders, and where Kubernetes puts its own files.
const NOT_OURS: [&str; 4] = ["/proc", "/sys", "/dev", "/var/run/secrets"];
/// An object in Kubernetes holds a mebibyte, with all that is around the texts.
const MOST_BYTES: usize = 500_000;

/// Relations between fields, in the order of the form.
pub(super) fn wrong(p: &Parameters) -> Vec<FieldError> {
    let checks = [
        sizes(p),
        scaling(p),
        traffic(p),
        ports(p),
        twice(p),
        mounts(p),
        life(p),
    ];
    checks.into_iter().flatten().collect()
}

fn error(field: &str, code: &str) -> FieldError {
    FieldError::new(&format!("parameters.{field}"), code)
}

fn sizes(p: &Parameters) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if p.replicas.min > p.replicas.max {
        errors.push(error("replicas.max", "parameters-min-over-max"));
    }
    if cpu_millis(&p.cpu.request) > cpu_millis(&p.cpu.limit) {
        errors.push(over_limit("cpu.limit", &p.cpu));
    }
    if memory_mebibytes(&p.memory.request) > memory_mebibytes(&p.memory.limit) {
        errors.push(over_limit("memory.limit", &p.memory));
    }
    errors
}

/// In the words of its guard rail.
fn over_limit(field: &str, share: &Resource) -> FieldError {
    FieldError {
        words: Words::new("rail-request-fits-rule")
            .with("is", &share.request)
            .with("bound", &share.limit),
        ..error(field, "rail-request-fits-rule")
    }
}

fn scaling(p: &Parameters) -> Vec<FieldError> {
    let by_nothing = p.scaling.cpu_percent == 0 && p.scaling.memory_percent == 0;
    let moves = p.replicas.max > p.replicas.min;
    let wrong = moves && by_nothing;
    let error = error("scaling.cpu_percent", "parameters-scales-by-nothing");
    wrong.then_some(error).into_iter().collect()
}

fn traffic(p: &Parameters) -> Vec<FieldError> {
    let lacks = p.access == Access::Ingress && p.ingress.is_none();
    let error = error("ingress.host", "field-required");
    lacks.then_some(error).into_iter().collect()
}

/// To others in the cluster the first port is `http` and 80, whatever number it has inside.
fn ports(p: &Parameters) -> Vec<FieldError> {
    let takes_first =
        |port: &Port| port.port == p.port || port.port == SERVICE_PORT || port.name == MAIN_PORT;
    let numbers: Vec<String> = p.ports.iter().map(|port| port.port.to_string()).collect();
    let wrong = p.ports.iter().any(takes_first)
        || has_twice(numbers.iter().map(String::as_str))
        || has_twice(p.ports.iter().map(|port| port.name.as_str()));
    let error = error("ports", "parameters-port-twice");
    wrong.then_some(error).into_iter().collect()
}

fn has_twice<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.windows(2).any(|w| matches!(w, [a, b] if a == b))
}

fn twice(p: &Parameters) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if has_twice(p.env.iter().map(|v| v.name.as_str())) {
        errors.push(error("env", "parameters-env-twice"));
    }
    if has_twice(p.nodes.iter().map(|n| n.label.as_str())) {
        errors.push(error("nodes", "parameters-label-twice"));
    }
    errors
}

fn mounts(p: &Parameters) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let files = p.files.iter().map(|f| ("files", f.path.as_str()));
    let scratch = p.scratch.iter().map(|s| ("scratch", s.path.as_str()));
    let all: Vec<(&str, &str)> = files.chain(scratch).collect();
    let foreign = all.iter().find(|(_, path)| is_not_ours(path));
    if let Some((list, _)) = foreign {
        errors.push(error(list, "parameters-mount-not-ours"));
    }
    let in_the_way = |(n, (list, path)): (usize, &(&str, &str))| {
        let others = all.iter().enumerate().filter(|(m, _)| *m != n);
        let mut others = others.map(|(_, (_, other))| *other);
        let is_file = *list == "files";
        others.any(|other| other == *path || (is_file && is_under(other, path)))
    };
    let clash = all.iter().enumerate().find(|one| in_the_way(*one));
    if let Some((_, (list, _))) = clash {
        errors.push(error(list, "parameters-mount-twice"));
    }
    let texts = p.files.iter().filter_map(|f| f.text.as_deref());
    if texts.map(str::len).sum::<usize>() > MOST_BYTES {
        errors.push(error("files", "parameters-files-too-long"));
    }
    errors
}

fn is_under(path: &str, above: &str) -> bool {
    let rest = path.strip_prefix(above);
    rest.is_some_and(|rest| rest.starts_with('/'))
}

fn is_not_ours(path: &str) -> bool {
    NOT_OURS
        .iter()
        .any(|ours| path == *ours || is_under(path, ours))
}

fn life(p: &Parameters) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let seconds = p.before_stop.as_ref().and_then(|b| b.seconds);
    if seconds.is_some_and(|s| s > p.grace_seconds) {
        errors.push(error("before_stop.seconds", "parameters-stop-over-grace"));
    }
    let r = &p.rollout;
    if r.kind == RolloutKind::Rolling && r.surge == 0 && r.unavailable == 0 {
        errors.push(error("rollout.surge", "parameters-rolls-nowhere"));
    }
    errors
}

#[cfg(test)]
#[path = "relations_tests.rs"]
mod tests;
