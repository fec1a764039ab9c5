//! From a Deployment that runs to what the portal says of it: its parameters, the names that it
//! keeps, and in words what stays as it is.
//!
//! Invariant: pure. What parameters cannot say is left out of them and listed, never guessed.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscaler, MetricSpec};
use k8s_openapi::api::core::v1::{Container, PodSpec, Service};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::container;
use crate::error::Words;
use crate::workloads::FoundService;

/// What stands in one namespace.
#[derive(Default)]
pub struct Near<'a> {
    pub deployments: Vec<&'a Deployment>,
    pub services: Vec<&'a Service>,
    pub autoscalers: Vec<&'a HorizontalPodAutoscaler>,
}

/// A Deployment as the portal will know it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Derived {
    pub uid: String,
    pub container: String,
    pub selector: BTreeMap<String, String>,
    pub service: Option<FoundService>,
    pub hpa: Option<String>,
    /// What its parameters say, before any layer.
    pub said: Value,
    /// Pointers into what is said that are left out of what is applied.
    pub stays: Vec<String>,
    pub notes: Vec<Words>,
}

/// Why a Deployment is none that can be taken over, whoever asks.
#[must_use]
pub fn refusal(deployment: &Deployment) -> Option<Words> {
    let meta = &deployment.metadata;
    let namespace = meta.namespace.as_deref().unwrap_or_default();
    let name = meta.name.as_deref().unwrap_or_default();
    let is_system = namespace.starts_with("kube-") || namespace.starts_with("slipway");
    let annotations = meta.annotations.iter().flatten();
    let mut marks = annotations.filter(|(key, _)| key.starts_with("slipway/"));
    let mut owners = meta.owner_references.iter().flatten();
    let spec = deployment.spec.as_ref();
    let selector = spec.map(|s| &s.selector);
    let expressions = selector.and_then(|s| s.match_expressions.as_ref());
    let refuse = |when: bool, code: &str| when.then(|| Words::new(code));
    refuse(is_system, "intake-system")
        .or_else(|| refuse(marks.next().is_some(), "intake-ours"))
        .or_else(|| refuse(owners.any(|o| o.controller == Some(true)), "intake-owned"))
        .or_else(|| refuse(meta.deletion_timestamp.is_some(), "intake-leaving"))
        .or_else(|| {
            refuse(
                expressions.is_some_and(|e| !e.is_empty()),
                "intake-expressions",
            )
        })
        .or_else(|| refuse(!is_name(name), "intake-name-unfit"))
}

fn is_name(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    text.len() <= 63
        && text.bytes().all(good)
        && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
        && !text.ends_with('-')
}

/// Reads all of it.
///
/// # Errors
/// Why it cannot be taken over.
pub fn derive(read: &Deployment, wanted: &str, near: &Near<'_>) -> Result<Derived, Words> {
    if let Some(why) = refusal(read) {
        return Err(why);
    }
    let spec = read.spec.clone().unwrap_or_default();
    let pod = spec.template.spec.clone().unwrap_or_default();
    let main = pod.containers.iter().find(|c| c.name == wanted);
    let gone = || Words::new("intake-container-gone").with("container", wanted);
    let main = main.ok_or_else(gone)?;
    let name = read.metadata.name.clone().unwrap_or_default();
    let own = own_services(read, near);
    let port = port(main, &own);
    let service = port.and_then(|port| service(main, &own, port));
    let scaler = near.autoscalers.iter().find(|a| scales(a, &name));
    let mut said = Said::default();
    said.replicas(&spec, scaler.copied())?;
    said.container(main, port);
    said.life(&spec, &pod, main, port);
    said.is_reached(read, near, &own, service.as_ref());
    said.leaves(&pod, main);
    Ok(Derived {
        uid: read.metadata.uid.clone().unwrap_or_default(),
        container: main.name.clone(),
        selector: spec.selector.match_labels.unwrap_or_default(),
        service,
        hpa: scaler.and_then(|a| a.metadata.name.clone()),
        said: said.document,
        stays: said.stays,
        notes: said.notes,
    })
}

fn labels(deployment: &Deployment) -> Option<&BTreeMap<String, String>> {
    let template = &deployment.spec.as_ref()?.template;
    template.metadata.as_ref()?.labels.as_ref()
}

fn leads_to(service: &Service, deployment: &Deployment) -> bool {
    let selector = service.spec.as_ref().and_then(|s| s.selector.as_ref());
    let labels = labels(deployment);
    selector.is_some_and(|selector| {
        let has = |(key, value)| labels.and_then(|l| l.get(key)) == Some(value);
        !selector.is_empty() && selector.iter().all(has)
    })
}

/// The Services that lead to these pods and to no other Deployment's.
fn own_services<'a>(read: &Deployment, near: &Near<'a>) -> Vec<&'a Service> {
    let name = &read.metadata.name;
    let shared = |service: &Service| {
        let mut others = near.deployments.iter().filter(|d| d.metadata.name != *name);
        others.any(|other| leads_to(service, other))
    };
    let mine = near.services.iter().copied();
    mine.filter(|s| leads_to(s, read) && !shared(s)).collect()
}

/// The number that a port's name stands for in a container.
fn number(main: &Container, port: &IntOrString) -> Option<i32> {
    match port {
        IntOrString::Int(number) => Some(*number),
        IntOrString::String(name) => {
            let mut ports = main.ports.iter().flatten();
            let named = ports.find(|p| p.name.as_ref() == Some(name))?;
            Some(named.container_port)
        }
    }
}

fn is_tcp(protocol: Option<&String>) -> bool {
    protocol.is_none_or(|p| p == "TCP")
}

/// The ports of a Service with the container's port that each leads to.
fn targets(main: &Container, service: &Service) -> Vec<(i32, i32)> {
    let ports = service.spec.iter().flat_map(|s| s.ports.iter().flatten());
    let tcp = ports.filter(|p| is_tcp(p.protocol.as_ref()));
    let target = |p: &k8s_openapi::api::core::v1::ServicePort| {
        let here = IntOrString::Int(p.port);
        let target = number(main, p.target_port.as_ref().unwrap_or(&here))?;
        Some((p.port, target))
    };
    tcp.filter_map(target).collect()
}

/// Where the container is called: by its Service, else as it says itself.
fn port(main: &Container, own: &[&Service]) -> Option<i32> {
    let mut called = own.iter().flat_map(|s| targets(main, s));
    let tcp = main.ports.iter().flatten();
    let mut tcp = tcp.filter(|p| is_tcp(p.protocol.as_ref()));
    let probe = || {
        let probe = main.readiness_probe.as_ref()?;
        number(main, &probe.http_get.as_ref()?.port)
    };
    let found = called.next().map(|(_, target)| target);
    found
        .or_else(|| Some(tcp.next()?.container_port))
        .or_else(probe)
}

fn service(main: &Container, own: &[&Service], port: i32) -> Option<FoundService> {
    let one = |service: &&&Service| targets(main, service).iter().any(|(_, t)| *t == port);
    let service = own.iter().find(one)?;
    let targets = targets(main, service);
    Some(FoundService {
        name: service.metadata.name.clone()?,
        port: targets.iter().find(|(_, t)| *t == port)?.0,
        selector: service.spec.as_ref()?.selector.clone()?,
    })
}

fn scales(scaler: &HorizontalPodAutoscaler, name: &str) -> bool {
    let target = scaler.spec.as_ref().map(|s| &s.scale_target_ref);
    target.is_some_and(|t| t.kind == "Deployment" && t.name == name)
}

/// The percentage that a measure of the autoscaler goes by, where parameters can say it.
fn percent(metric: &MetricSpec) -> Option<(&'static str, i32)> {
    let resource = metric.resource.as_ref()?;
    let percent = resource.target.average_utilization?;
    match resource.name.as_str() {
        "cpu" if (1..=200).contains(&percent) => Some(("cpu_percent", percent)),
        "memory" if (1..=100).contains(&percent) => Some(("memory_percent", percent)),
        _ => None,
    }
}

/// What has been said so far.
#[derive(Default)]
struct Said {
    document: Value,
    stays: Vec<String>,
    notes: Vec<Words>,
}

impl Said {
    fn say(&mut self, name: &str, value: Value) {
        self.document[name] = value;
    }

    fn note(&mut self, words: Words) {
        self.notes.push(words);
    }

    fn replicas(
        &mut self,
        spec: &DeploymentSpec,
        scaler: Option<&HorizontalPodAutoscaler>,
    ) -> Result<(), Words> {
        let Some(scaler) = scaler.and_then(|a| a.spec.as_ref()) else {
            let here = spec.replicas.unwrap_or(1);
            if here == 0 {
                self.note(Words::new("intake-starts-one"));
            }
            self.say(
                "replicas",
                json!({ "min": here.max(1), "max": here.max(1) }),
            );
            return Ok(());
        };
        let metrics: Vec<&MetricSpec> = scaler.metrics.iter().flatten().collect();
        let known: Vec<_> = metrics.iter().filter_map(|m| percent(m)).collect();
        let min = scaler.min_replicas.unwrap_or(1);
        if known.is_empty() || known.len() != metrics.len() || min < 1 {
            return Err(Words::new("intake-autoscaler-other"));
        }
        let mut scaling = json!({ "cpu_percent": 0, "memory_percent": 0 });
        for (name, percent) in known {
            scaling[name] = json!(percent);
        }
        self.say(
            "replicas",
            json!({ "min": min, "max": scaler.max_replicas }),
        );
        self.say("scaling", scaling);
        Ok(())
    }

    fn container(&mut self, main: &Container, port: Option<i32>) {
        let amounts = [container::cpu(main), container::memory(main)];
        let mut without = Vec::new();
        for amount in amounts {
            self.say(
                amount.of,
                json!({ "request": amount.request, "limit": amount.limit }),
            );
            let stays = amount
                .stays
                .iter()
                .map(|part| format!("/{}/{part}", amount.of));
            without.extend(
                amount
                    .stays
                    .iter()
                    .map(|part| format!("{}.{part}", amount.of)),
            );
            self.stays.extend(stays);
        }
        if !without.is_empty() {
            let parts = without.join(", ");
            self.note(Words::new("intake-stays-without").with("parts", parts));
        }
        match port {
            Some(port) => self.say("port", json!(port)),
            None => {
                self.say("port", json!(container::NO_PORT));
                self.stays.push("/port".to_owned());
                self.note(Words::new("intake-stays-port"));
            }
        }
        let (env, left) = container::env(main);
        self.say("env", json!(env));
        if left > 0 {
            self.note(Words::new("intake-stays-env").with("n", left));
        }
        match container::args(main) {
            Some(args) if args.is_empty() => {}
            Some(args) => self.say("args", json!(args)),
            None => self.note(Words::new("intake-stays-args")),
        }
    }

    fn life(&mut self, spec: &DeploymentSpec, pod: &PodSpec, main: &Container, at: Option<i32>) {
        let ask = |port: &IntOrString| at.is_some() && number(main, port) == at;
        let none = json!({ "kind": "none" });
        let mut probes = json!({ "startup": none });
        let all = [
            ("startup", &main.startup_probe),
            ("readiness", &main.readiness_probe),
            ("liveness", &main.liveness_probe),
        ];
        for (name, probe) in all {
            let said = probe.as_ref().and_then(|p| container::probe(p, &ask));
            let is_needed = name != "startup";
            if said.is_none() && (is_needed || probe.is_some()) {
                self.note(Words::new("intake-stays-probe").with("probe", name));
            }
            match said {
                Some(said) => probes[name] = said,
                None if is_needed => {
                    probes[name] = container::usual_probe();
                    self.stays.push(format!("/probes/{name}"));
                }
                None => {}
            }
        }
        self.say("probes", probes);
        let stop = main.lifecycle.as_ref().and_then(|l| l.pre_stop.as_ref());
        let said = stop.and_then(|stop| container::before_stop(stop, &ask));
        if said.is_none() && stop.is_some() {
            self.note(Words::new("intake-stays-stop"));
        }
        self.say("before_stop", said.unwrap_or(none));
        let grace = pod.termination_grace_period_seconds.unwrap_or(30);
        self.say("grace_seconds", json!(grace.clamp(1, 3600)));
        let (rollout, is_said) = container::rollout(spec);
        self.say("rollout", rollout);
        if !is_said {
            self.stays.push("/rollout".to_owned());
            self.note(Words::new("intake-stays-rollout"));
        }
        self.say("disruption", json!({ "most_away": 0 }));
        self.say("spread", json!({ "zones": "none", "hosts": "none" }));
    }

    fn is_reached(
        &mut self,
        read: &Deployment,
        near: &Near<'_>,
        own: &[&Service],
        service: Option<&FoundService>,
    ) {
        let is = |s: &&&Service| s.metadata.name.as_ref() == service.map(|f| &f.name);
        let kind = own
            .iter()
            .find(is)
            .and_then(|s| s.spec.as_ref()?.type_.as_deref());
        let access = if kind == Some("LoadBalancer") {
            "public"
        } else {
            "internal"
        };
        self.say("access", json!(access));
        let leading = near.services.iter().filter(|s| leads_to(s, read));
        let names = leading.filter_map(|s| s.metadata.name.as_deref());
        let names: Vec<&str> = names
            .filter(|n| Some(*n) != service.map(|f| f.name.as_str()))
            .collect();
        if !names.is_empty() {
            self.note(Words::new("intake-stays-service").with("names", names.join(", ")));
        }
    }

    /// What parameters have no words for.
    fn leaves(&mut self, pod: &PodSpec, main: &Container) {
        let names = |list: &[Container]| {
            let others = list.iter().filter(|c| c.name != main.name);
            others
                .map(|c| c.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let volumes = pod.volumes.iter().flatten().map(|v| v.name.as_str());
        let account = pod
            .service_account_name
            .as_deref()
            .filter(|a| *a != "default");
        let placed = pod.node_selector.is_some()
            || pod.affinity.is_some()
            || pod.tolerations.is_some()
            || pod.topology_spread_constraints.is_some();
        let secured = pod.security_context.is_some() || main.security_context.is_some();
        let found = [
            (
                "intake-stays-command",
                main.command
                    .iter()
                    .flatten()
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(" "),
            ),
            (
                "intake-stays-volumes",
                volumes.collect::<Vec<_>>().join(", "),
            ),
            ("intake-stays-sidecars", names(&pod.containers)),
            (
                "intake-stays-inits",
                names(pod.init_containers.as_deref().unwrap_or_default()),
            ),
            (
                "intake-stays-account",
                account.unwrap_or_default().to_owned(),
            ),
            (
                "intake-stays-placement",
                if placed { "x" } else { "" }.to_owned(),
            ),
            (
                "intake-stays-security",
                if secured { "x" } else { "" }.to_owned(),
            ),
        ];
        for (code, what) in found.into_iter().filter(|(_, what)| !what.is_empty()) {
            let short: String = what.chars().take(200).collect();
            self.note(Words::new(code).with("what", short));
        }
    }
}
