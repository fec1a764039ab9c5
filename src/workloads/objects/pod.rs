//! The pods of a workload, and the one container in each.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EnvVar, EnvVarSource, ExecAction, HTTPGetAction, Lifecycle,
    LifecycleHandler, LocalObjectReference, PodSpec, PodTemplateSpec, Probe as K8sProbe,
    ResourceRequirements, SecretKeySelector, SleepAction, TCPSocketAction,
    TopologySpreadConstraint,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::files::mounted;
use super::{PLACEHOLDER, RESTARTED_AT, Stamp};
use crate::standards::{
    BeforeStopKind, MAIN_PORT, Parameters, Probe, ProbeKind, Spread, Spreading, Variable,
};
use crate::workloads::Workload;
use crate::workloads::secrets::{PULL_SECRET, SECRET_KEY, secret_name};

/// The pods of the Deployment.
pub(super) fn template(
    workload: &Workload,
    parameters: &Parameters,
    stamp: Option<&Stamp>,
) -> PodTemplateSpec {
    let image = stamp.map_or(PLACEHOLDER, |s| s.image.as_str());
    let restarted = stamp.and_then(|s| s.restarted_at.clone());
    let annotations = restarted.map(|at| BTreeMap::from([(RESTARTED_AT.to_owned(), at)]));
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(workload.selector.clone()),
            annotations,
            ..ObjectMeta::default()
        }),
        spec: Some(spec(workload, parameters, image)),
    }
}

/// What runs in them, and where.
pub(super) fn spec(workload: &Workload, parameters: &Parameters, image: &str) -> PodSpec {
    let (volumes, mounts) = mounted(workload, parameters);
    let main = Container {
        volume_mounts: some(mounts),
        ..container(workload, parameters, image)
    };
    let nodes = parameters.nodes.iter();
    let nodes: BTreeMap<String, String> =
        nodes.map(|n| (n.label.clone(), n.value.clone())).collect();
    PodSpec {
        containers: vec![main],
        volumes: some(volumes),
        node_selector: (!nodes.is_empty()).then_some(nodes),
        topology_spread_constraints: some(spread(workload, &parameters.spread)),
        priority_class_name: parameters.priority.clone(),
        // What was found may live by its account.
        automount_service_account_token: workload.found.is_none().then_some(false),
        image_pull_secrets: Some(vec![LocalObjectReference {
            name: PULL_SECRET.to_owned(),
        }]),
        termination_grace_period_seconds: Some(i64::from(parameters.grace_seconds)),
        ..PodSpec::default()
    }
}

fn container(workload: &Workload, parameters: &Parameters, image: &str) -> Container {
    let stays = |pointer: &str| workload.leaves(parameters, pointer);
    let asked = |name: &str, wanted: Option<&Probe>| {
        let wanted = wanted.filter(|_| !stays(&format!("/probes/{name}")));
        wanted.map(|p| probe(p, parameters.port))
    };
    Container {
        name: workload.container().to_owned(),
        image: Some(image.to_owned()),
        args: (!parameters.args.is_empty()).then(|| parameters.args.clone()),
        env: (!parameters.env.is_empty()).then(|| parameters.env.iter().map(variable).collect()),
        ports: Some(ports(workload, parameters)).filter(|ports| !ports.is_empty()),
        resources: Some(resources(workload, parameters)),
        startup_probe: asked("startup", parameters.probes.startup.as_ref()),
        readiness_probe: asked("readiness", Some(&parameters.probes.readiness)),
        liveness_probe: asked("liveness", Some(&parameters.probes.liveness)),
        lifecycle: lifecycle(parameters),
        ..Container::default()
    }
}

/// A port that was found keeps its name, because others may call it by that.
fn ports(workload: &Workload, parameters: &Parameters) -> Vec<ContainerPort> {
    let port = |name: Option<&str>, number: u16| ContainerPort {
        name: name.map(str::to_owned),
        container_port: i32::from(number),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    };
    let stays = workload.leaves(parameters, "/port");
    let name = workload.found.is_none().then_some(MAIN_PORT);
    let first = (!stays).then(|| port(name, parameters.port));
    let others = parameters.ports.iter();
    let others = others.map(|other| port(Some(&other.name), other.port));
    first.into_iter().chain(others).collect()
}

fn resources(workload: &Workload, parameters: &Parameters) -> ResourceRequirements {
    let quantities = |part: &str, cpu: &str, memory: &str| {
        let both = [("cpu", cpu), ("memory", memory)].into_iter();
        let said = both.filter(|(of, _)| !workload.leaves(parameters, &format!("/{of}/{part}")));
        let said = said.map(|(of, amount)| (of.to_owned(), Quantity(amount.to_owned())));
        Some(said.collect::<BTreeMap<_, _>>()).filter(|map| !map.is_empty())
    };
    let (cpu, memory) = (&parameters.cpu, &parameters.memory);
    ResourceRequirements {
        requests: quantities("request", &cpu.request, &memory.request),
        limits: quantities("limit", &cpu.limit, &memory.limit),
        ..ResourceRequirements::default()
    }
}

fn variable(variable: &Variable) -> EnvVar {
    let from_secret = variable.secret.map(|secret| EnvVarSource {
        secret_key_ref: Some(SecretKeySelector {
            name: secret_name(&secret),
            key: SECRET_KEY.to_owned(),
            optional: Some(false),
        }),
        ..EnvVarSource::default()
    });
    EnvVar {
        name: variable.name.clone(),
        value: variable.value.clone(),
        value_from: from_secret,
    }
}

fn http(path: Option<&String>, port: u16) -> HTTPGetAction {
    HTTPGetAction {
        path: path.cloned(),
        port: IntOrString::Int(i32::from(port)),
        scheme: Some("HTTP".to_owned()),
        ..HTTPGetAction::default()
    }
}

fn probe(probe: &Probe, port: u16) -> K8sProbe {
    let asked = match probe.kind {
        ProbeKind::Http => K8sProbe {
            http_get: Some(http(probe.path.as_ref(), port)),
            ..K8sProbe::default()
        },
        ProbeKind::Tcp => K8sProbe {
            tcp_socket: Some(TCPSocketAction {
                port: IntOrString::Int(i32::from(port)),
                host: None,
            }),
            ..K8sProbe::default()
        },
        ProbeKind::Exec => K8sProbe {
            exec: Some(ExecAction {
                command: Some(probe.command.clone()),
            }),
            ..K8sProbe::default()
        },
    };
    K8sProbe {
        initial_delay_seconds: Some(probe.delay_seconds),
        period_seconds: Some(probe.period_seconds),
        timeout_seconds: Some(probe.timeout_seconds),
        failure_threshold: Some(probe.failures),
        ..asked
    }
}

/// What is done before a container is told to stop.
fn lifecycle(parameters: &Parameters) -> Option<Lifecycle> {
    let wanted = parameters.before_stop.as_ref()?;
    let done = match wanted.kind {
        BeforeStopKind::Sleep => LifecycleHandler {
            sleep: Some(SleepAction {
                seconds: i64::from(wanted.seconds.unwrap_or_default()),
            }),
            ..LifecycleHandler::default()
        },
        BeforeStopKind::Http => LifecycleHandler {
            http_get: Some(http(wanted.path.as_ref(), parameters.port)),
            ..LifecycleHandler::default()
        },
        BeforeStopKind::Exec => LifecycleHandler {
            exec: Some(ExecAction {
                command: Some(wanted.command.clone()),
            }),
            ..LifecycleHandler::default()
        },
    };
    Some(Lifecycle {
        pre_stop: Some(done),
        ..Lifecycle::default()
    })
}

/// Containers of one revision, apart from each other.
fn spread(workload: &Workload, spread: &Spread) -> Vec<TopologySpreadConstraint> {
    let places = [
        ("topology.kubernetes.io/zone", spread.zones),
        ("kubernetes.io/hostname", spread.hosts),
    ];
    let one = |(key, wanted): (&str, Spreading)| {
        let otherwise = match wanted {
            Spreading::None => return None,
            Spreading::Prefer => "ScheduleAnyway",
            Spreading::Require => "DoNotSchedule",
        };
        Some(TopologySpreadConstraint {
            label_selector: Some(LabelSelector {
                match_labels: Some(workload.selector.clone()),
                ..LabelSelector::default()
            }),
            match_label_keys: Some(vec!["pod-template-hash".to_owned()]),
            max_skew: 1,
            topology_key: key.to_owned(),
            when_unsatisfiable: otherwise.to_owned(),
            ..TopologySpreadConstraint::default()
        })
    };
    places.into_iter().filter_map(one).collect()
}

/// An empty list is left out, so that objects of before stay as they are.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
