//! The words of a container that runs, as parameters say them; `None` for what they cannot say.

use k8s_openapi::api::apps::v1::DeploymentSpec;
use k8s_openapi::api::core::v1::{Container, LifecycleHandler, Probe};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

/// Stands in where a container is called on no port; it is not applied.
pub const NO_PORT: i32 = 8080;

const MAX_ARGS: usize = 50;
const MAX_ARG: usize = 1000;
const MAX_ENV: usize = 200;
const MAX_VALUE: usize = 8000;
const MEBIBYTE: f64 = 1_048_576.0;
/// Where nothing is promised and nothing allowed: in millis, and in mebibytes.
const USUAL_CPU: (u64, u64) = (100, 1000);
const USUAL_MEMORY: (u64, u64) = (256, 1024);

/// What one resource is promised and allowed.
pub struct Amount {
    pub of: &'static str,
    pub request: String,
    pub limit: String,
    /// Which of the two the container does not say.
    pub stays: Vec<&'static str>,
}

pub fn cpu(main: &Container) -> Amount {
    amount(main, "cpu", ("m", millis), USUAL_CPU)
}

pub fn memory(main: &Container) -> Amount {
    amount(main, "memory", ("Mi", mebibytes), USUAL_MEMORY)
}

fn amount(
    main: &Container,
    of: &'static str,
    (unit, read): (&str, fn(&str) -> Option<u64>),
    usual: (u64, u64),
) -> Amount {
    let resources = main.resources.as_ref();
    let of_part = |part: Option<&std::collections::BTreeMap<String, Quantity>>| {
        let text = part.and_then(|p| p.get(of)).map(|q| q.0.as_str());
        text.and_then(read)
    };
    let limit = of_part(resources.and_then(|r| r.limits.as_ref()));
    // Kubernetes itself promises what is allowed where nothing else is said.
    let request = of_part(resources.and_then(|r| r.requests.as_ref())).or(limit);
    let mut stays = Vec::new();
    if request.is_none() {
        stays.push("request");
    }
    if limit.is_none() {
        stays.push("limit");
    }
    let request = request.unwrap_or(usual.0);
    let limit = limit.unwrap_or_else(|| usual.1.max(request));
    Amount {
        of,
        request: format!("{request}{unit}"),
        limit: format!("{limit}{unit}"),
        stays,
    }
}

/// Within what parameters can say, rounded up.
fn whole(number: f64) -> Option<u64> {
    let up = number.ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "just bounded"
    )]
    (1.0..=999_999.0).contains(&up).then_some(up as u64)
}

fn millis(text: &str) -> Option<u64> {
    let (number, times) = match text.strip_suffix('m') {
        Some(number) => (number, 1.0),
        None => (text, 1000.0),
    };
    whole(number.parse::<f64>().ok()? * times)
}

fn mebibytes(text: &str) -> Option<u64> {
    const UNITS: [(&str, f64); 9] = [
        ("Ki", 1024.0),
        ("Mi", MEBIBYTE),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("m", 0.001),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
    ];
    let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit));
    let (number, bytes) = match unit {
        Some((unit, bytes)) => (text.strip_suffix(unit)?, *bytes),
        None => (text, 1.0),
    };
    whole(number.parse::<f64>().ok()? * bytes / MEBIBYTE)
}

/// Plain variables, and how many others there are: from objects, or with a name that tells of a
/// secret, which no document of ours may hold in the open.
pub fn env(main: &Container) -> (Vec<Value>, usize) {
    let all = main.env.as_deref().unwrap_or_default();
    let mut said: Vec<Value> = Vec::new();
    for variable in all {
        let value = variable.value.clone().unwrap_or_default();
        let fits = variable.value_from.is_none()
            && is_variable(&variable.name)
            && !tells_a_secret(&variable.name)
            && value.len() <= MAX_VALUE
            && !value.contains('\0')
            && said.iter().all(|s| s["name"] != variable.name.as_str());
        if fits && said.len() < MAX_ENV {
            said.push(json!({ "name": variable.name, "value": value }));
        }
    }
    let from = main.env_from.as_ref().map_or(0, Vec::len);
    let left = all.len() - said.len() + from;
    (said, left)
}

fn is_variable(name: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=128).contains(&name.len())
        && name.bytes().all(good)
        && !name.as_bytes().first().is_some_and(u8::is_ascii_digit)
}

/// Whether a variable's name says that its value is a secret.
#[must_use]
pub fn tells_a_secret(name: &str) -> bool {
    const TELLING: [&str; 6] = ["PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "PWD"];
    let name = name.to_ascii_uppercase();
    TELLING.iter().any(|word| name.contains(word))
}

fn is_line(text: &str) -> bool {
    text.len() <= MAX_ARG && !text.chars().any(|c| c < ' ')
}

fn is_command(command: &[String]) -> bool {
    let is_part = |part: &String| is_line(part) && !part.is_empty();
    (1..=MAX_ARGS).contains(&command.len()) && command.iter().all(is_part)
}

pub fn args(main: &Container) -> Option<Vec<String>> {
    let args = main.args.clone().unwrap_or_default();
    (args.len() <= MAX_ARGS && args.iter().all(|a| is_line(a))).then_some(args)
}

fn is_path(path: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"/._~?=&%-".contains(&b);
    path.starts_with('/') && path.len() <= 200 && path.bytes().all(good)
}

/// What stands in the document where a probe stays as it is.
pub fn usual_probe() -> Value {
    json!({ "kind": "tcp", "delay_seconds": 10, "period_seconds": 10, "timeout_seconds": 3,
        "failures": 3 })
}

/// A probe of the container's own port, or a command.
pub fn probe(probe: &Probe, is_own: &dyn Fn(&IntOrString) -> bool) -> Option<Value> {
    let between = |found: Option<i32>, usual: i32, most: i32| {
        let number = found.unwrap_or(usual);
        (number <= most).then_some(number.max(1))
    };
    let mut said = json!({
        "delay_seconds": between(probe.initial_delay_seconds, 0, 3600)?,
        "period_seconds": between(probe.period_seconds, 10, 600)?,
        "timeout_seconds": between(probe.timeout_seconds, 1, 600)?,
        "failures": between(probe.failure_threshold, 3, 100)?,
    });
    if let Some(call) = &probe.http_get {
        let plain = call.scheme.as_deref().is_none_or(|s| s == "HTTP")
            && call.host.is_none()
            && call.http_headers.is_none();
        let path = call.path.clone().unwrap_or_else(|| "/".to_owned());
        (plain && is_own(&call.port) && is_path(&path)).then_some(())?;
        said["kind"] = json!("http");
        said["path"] = json!(path);
    } else if let Some(socket) = &probe.tcp_socket {
        (socket.host.is_none() && is_own(&socket.port)).then_some(())?;
        said["kind"] = json!("tcp");
    } else {
        let command = probe.exec.as_ref()?.command.clone().unwrap_or_default();
        is_command(&command).then_some(())?;
        said["kind"] = json!("exec");
        said["command"] = json!(command);
    }
    Some(said)
}

pub fn before_stop(
    stop: &LifecycleHandler,
    is_own: &dyn Fn(&IntOrString) -> bool,
) -> Option<Value> {
    if let Some(sleep) = &stop.sleep {
        let seconds = (1..=3600)
            .contains(&sleep.seconds)
            .then_some(sleep.seconds)?;
        return Some(json!({ "kind": "sleep", "seconds": seconds }));
    }
    if let Some(call) = &stop.http_get {
        let path = call.path.clone().unwrap_or_else(|| "/".to_owned());
        (is_own(&call.port) && is_path(&path)).then_some(())?;
        return Some(json!({ "kind": "http", "path": path }));
    }
    let command = stop.exec.as_ref()?.command.clone().unwrap_or_default();
    is_command(&command).then(|| json!({ "kind": "exec", "command": command }))
}

/// How pods are replaced, and whether these words say it: a share in percent has none.
pub fn rollout(spec: &DeploymentSpec) -> (Value, bool) {
    let warm = spec.min_ready_seconds.unwrap_or(0).clamp(0, 300);
    let strategy = spec.strategy.as_ref();
    if strategy.and_then(|s| s.type_.as_deref()) == Some("Recreate") {
        return (json!({ "kind": "recreate", "warm_seconds": warm }), true);
    }
    let rolling = strategy.and_then(|s| s.rolling_update.as_ref());
    let number = |found: Option<&IntOrString>| match found {
        Some(IntOrString::Int(number)) if (0..=200).contains(number) => Some(*number),
        Some(_) | None => None,
    };
    let surge = number(rolling.and_then(|r| r.max_surge.as_ref()));
    let unavailable = number(rolling.and_then(|r| r.max_unavailable.as_ref()));
    let said = surge.zip(unavailable);
    let (surge, unavailable) = said.unwrap_or((1, 0));
    let rollout = json!({ "kind": "rolling", "surge": surge, "unavailable": unavailable,
        "warm_seconds": warm });
    (rollout, said.is_some())
}
