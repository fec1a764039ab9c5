//! Documents of parameters as people and programs write them, right and wrong, and what may never
//! be in the objects computed from one.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use slipway::clusters::{ClusterId, EnvironmentId, Tier};
use slipway::identity::ProjectId;
use slipway::standards::layers::{self, Place};
use slipway::standards::{Parameters, validate};
use slipway::workloads::objects::{Stamp, before, objects};
use slipway::workloads::{Workload, WorkloadId};
use uuid::Uuid;

/// A right document that says everything that has no default.
fn base() -> Value {
    let probe = json!({"kind": "http", "path": "/health", "delay_seconds": 60,
        "period_seconds": 10, "timeout_seconds": 3, "failures": 3});
    json!({
        "replicas": {"min": 2, "max": 4}, "cpu": {"request": "250m", "limit": "1"},
        "memory": {"request": "256Mi", "limit": "512Mi"}, "access": "internal", "port": 8080,
        "probes": {"readiness": probe, "liveness": probe}, "grace_seconds": 30,
    })
}

/// Parts, each in several right and wrong shapes that a form can express as well.
fn shapes() -> Vec<(&'static str, Vec<Value>)> {
    let http = |path: &str, delay: i64| {
        json!({"kind": "http", "path": path, "delay_seconds": delay, "period_seconds": 10,
            "timeout_seconds": 3, "failures": 3})
    };
    let other = |kind: &str, failures: i64| {
        json!({"kind": kind, "delay_seconds": 9, "period_seconds": 5, "timeout_seconds": 2,
            "failures": failures})
    };
    let mut exec = other("exec", 3);
    exec["command"] = json!(["sh", "-c", "test -f /tmp/ok"]);
    let probes = vec![
        http("/ok", 5),
        http("no-slash", 5),
        http("/$(id)", 5),
        http("/ok", 0),
        http("/ok", 3601),
        other("tcp", 3),
        other("tcp", 0),
        other("tcp", 101),
        other("exec", 3),
        other("grpc", 3),
        exec,
    ];
    let port = |name: &str, port: i64| json!({"name": name, "port": port});
    let file = |path: &str, text: &str| json!({"path": path, "text": text});
    let key = |name: &str, key: &str| json!({"path": "/k", "secret": {"name": name, "key": key}});
    let evil = "a: b\n---\nkind: Pod\nspec: {hostNetwork: true, privileged: true}\n";
    let label = |label: &str, value: &str| json!({"label": label, "value": value});
    let room = |path: &str, size: &str| json!({"path": path, "size": size});
    let range = |min: i64, max: i64| json!({"min": min, "max": max});
    let share = |request: &str, limit: &str| json!({"request": request, "limit": limit});
    let stop = |kind: &str, field: &str, value: Value| json!({"kind": kind, field: value});
    let host = |host: &str, path: &str| json!({"host": host, "path": path});
    vec![
        (
            "replicas",
            vec![
                range(1, 1),
                range(2, 2),
                range(3, 9),
                range(200, 200),
                range(-1, 4),
                range(0, 4),
                range(5, 4),
                range(2, 1_000_000_000),
            ],
        ),
        (
            "cpu",
            vec![
                share("100m", "2"),
                share("0.5", "0.5"),
                share("3", "2"),
                share("1e308", "2"),
                share("0", "1"),
                share("1", "-1"),
            ],
        ),
        (
            "memory",
            vec![
                share("1Gi", "2Gi"),
                share("64Mi", "64Mi"),
                share("3Gi", "2Gi"),
                share("0Mi", "1Gi"),
                share("1Gi", "1e9Gi"),
            ],
        ),
        ("port", vec![json!(1), json!(65535), json!(0), json!(65536)]),
        (
            "ports",
            vec![
                json!([port("grpc", 9000), port("metrics", 9090)]),
                json!([port("a-1-b", 65535)]),
                json!([port("a", 1)]),
                json!([port("grpc", 9000), port("grpc", 9001)]),
                json!([port("grpc", 9000), port("metrics", 9000)]),
                json!([port("grpc", 8080)]),
                json!([port("grpc", 80)]),
                json!([port("http", 9000)]),
                json!([port("Grpc", 9000)]),
                json!([port("9000", 9000)]),
                json!([port("a--b", 9000)]),
                json!([port("abcdefghijklmnop", 9000)]),
                json!([port("grpc", 0)]),
                json!([port("grpc", 65536)]),
            ],
        ),
        (
            "grace_seconds",
            vec![json!(1), json!(3600), json!(0), json!(3601), json!(60)],
        ),
        ("probes/startup", probes.clone()),
        ("probes/readiness", probes.clone()),
        ("probes/liveness", probes),
        (
            "scaling",
            vec![
                json!({"cpu_percent": 50, "memory_percent": 60}),
                json!({"cpu_percent": 0, "memory_percent": 0}),
                json!({"cpu_percent": 201}),
                json!({"memory_percent": 101}),
                json!({"up_seconds": 60, "up_most": 4, "down_seconds": 600, "down_most": 1}),
                json!({"down_seconds": 3601}),
                json!({"up_most": -1}),
            ],
        ),
        (
            "before_stop",
            vec![
                json!({"kind": "none"}),
                stop("sleep", "seconds", json!(1)),
                stop("sleep", "seconds", json!(30)),
                stop("sleep", "seconds", json!(31)),
                stop("sleep", "seconds", json!(0)),
                stop("http", "path", json!("/bye?now=1")),
                stop("http", "path", json!("bye")),
                stop("exec", "command", json!(["sh", "-c", "leave; sleep 10"])),
                stop(
                    "exec",
                    "command",
                    json!(["echo", ": {privileged: true}", "&a !!x *a"]),
                ),
                json!({"kind": "signal"}),
            ],
        ),
        (
            "before_deploy",
            vec![
                json!({"kind": "none"}),
                json!({"kind": "exec", "command": ["migrate", "up"], "timeout_seconds": 600}),
                json!({"kind": "exec", "command": ["migrate"], "timeout_seconds": 9}),
                json!({"kind": "exec", "timeout_seconds": 600}),
            ],
        ),
        (
            "rollout",
            vec![
                json!({"kind": "rolling", "surge": 0, "unavailable": 1, "warm_seconds": 0}),
                json!({"kind": "rolling", "surge": 0, "unavailable": 0, "warm_seconds": 0}),
                json!({"kind": "rolling", "surge": 5, "unavailable": 2, "warm_seconds": 300}),
                json!({"kind": "recreate", "surge": 1, "unavailable": 0, "warm_seconds": 0}),
                json!({"kind": "rolling", "surge": 1, "unavailable": 0, "warm_seconds": 301}),
                json!({"kind": "canary", "surge": 1, "unavailable": 0, "warm_seconds": 0}),
            ],
        ),
        (
            "disruption",
            vec![
                json!({"most_away": 1}),
                json!({"most_away": 200}),
                json!({"most_away": -1}),
            ],
        ),
        (
            "spread",
            vec![
                json!({"zones": "prefer", "hosts": "require"}),
                json!({"zones": "never", "hosts": "none"}),
            ],
        ),
        (
            "priority",
            vec![
                json!("batch"),
                json!("system-node-critical"),
                json!("Batch"),
                json!("a".repeat(64)),
            ],
        ),
        ("discovery", vec![json!("eureka"), json!("zookeeper")]),
        (
            "args",
            vec![
                json!(["-Xmx256m", "--name=a b"]),
                json!(["hostPath: /", "😀", "$(TOKEN)"]),
            ],
        ),
        (
            "ingress",
            vec![
                host("pay.example.com", "/"),
                host("pay.example.com", "/v1/pay/"),
                host("*.example.com", "/"),
                host("localhost", "/"),
                host("Pay.example.com", "/"),
                host("pay.example.com", "/../x"),
                host("pay.example.com\nx", "/"),
                json!({"host": "a.b", "path": "/", "class": "nginx", "tls_secret": "tls"}),
                json!({"host": "a.b", "path": "/", "class": "Nginx", "tls_secret": "slipway-pull"}),
            ],
        ),
        (
            "files",
            vec![
                json!([file("/etc/pay.conf", "a=1")]),
                json!([file("/etc/pay.conf", evil), file("/opt/.hidden/b", "é😀")]),
                json!([file("/etc/a", "x"), file("/etc/a", "y")]),
                json!([file("/etc/../a", "x")]),
                json!([file("relative", "x")]),
                json!([file("/proc/cpuinfo", "x")]),
                json!([file("/var/run/secrets/x", "x")]),
                json!([key("tls", "tls.key")]),
                json!([key("slipway-pull", "x")]),
                json!([key("Tls", "x")]),
                json!([key("tls", "../x")]),
            ],
        ),
        (
            "scratch",
            vec![
                json!([room("/tmp", "1Gi"), room("/var/cache", "64Mi")]),
                json!([room("/tmp", "0Gi")]),
                json!([room("/tmp", "1G")]),
                json!([room("/dev/shm", "1Gi")]),
            ],
        ),
        (
            "nodes",
            vec![
                json!([label("disk", "ssd"), label("example.com/zone-1", "A_b.c")]),
                json!([label("disk", "s s")]),
                json!([label("a//b", "x")]),
                json!([label("disk", "ssd"), label("disk", "hdd")]),
            ],
        ),
        (
            "env",
            vec![
                json!([{"name": "A", "value": "b: {privileged: true}\n---\n"}]),
                json!([{"name": "1A", "value": "x"}]),
                json!([{"name": "A", "value": "x"}, {"name": "A", "value": "y"}]),
            ],
        ),
        (
            "access",
            vec![json!("public"), json!("ingress"), json!("root")],
        ),
    ]
}

/// A document with up to six parts said otherwise.
pub fn any_document() -> impl Strategy<Value = Value> {
    let shapes = shapes();
    let change = (select(shapes), any::<Index>());
    proptest::collection::vec(change, 0..6).prop_map(|changes| {
        let mut document = base();
        for ((part, values), at) in changes {
            put(&mut document, part, at.get(&values).clone());
        }
        // A host says nothing without its access, in a form as in the objects.
        if document.get("ingress").is_some() {
            document["access"] = json!("ingress");
        }
        document
    })
}

fn put(document: &mut Value, part: &str, value: Value) {
    match part.split_once('/') {
        Some((first, second)) => document[first][second] = value,
        None => document[part] = value,
    }
}

/// What the server makes of a document that reaches it: under the layers that hold from the
/// start, with what the workload says itself.
pub fn judged(document: &Value) -> Result<Parameters, Vec<String>> {
    let place = Place {
        language: "go".to_owned(),
        environment: "test".to_owned(),
        project: "pay".to_owned(),
        port: 8080,
        health_path: "/health".to_owned(),
    };
    let over = layers::standing(&[], &place);
    let own = layers::effective(&over).own_of(document);
    let made = layers::with_own(&over, &own);
    validate(&made.document).map_err(|errors| {
        let mut fields: Vec<String> = errors.into_iter().map(|e| e.field).collect();
        fields.sort();
        fields.dedup();
        fields
    })
}

/// A workload of no database, in a namespace.
pub fn workload(namespace: &str, parameters: Parameters) -> Workload {
    Workload {
        found: None,
        id: WorkloadId(Uuid::nil()),
        project_id: ProjectId(Uuid::nil()),
        project: "pay".to_owned(),
        language: "go".to_owned(),
        project_port: 8080,
        project_log_path: "/".to_owned(),
        project_health_path: "/health".to_owned(),
        environment_id: EnvironmentId(Uuid::nil()),
        environment: "test".to_owned(),
        tier: Tier::Test,
        cluster_id: ClusterId(Uuid::nil()),
        cluster: "east".to_owned(),
        site: "Shanghai".to_owned(),
        makes_namespaces: true,
        registry_host: "registry.example".to_owned(),
        component: "main".to_owned(),
        namespace: namespace.to_owned(),
        object_name: "pay".to_owned(),
        selector: slipway::workloads::selector("pay", "main"),
        sequence: 0,
        parameters_revision: 1,
        parameters,
        own: json!({}),
        layer_versions: BTreeMap::new(),
        prepared_at: None,
    }
}

pub fn stamp(sequence: i64) -> Stamp {
    let digest = "0123456789abcdef".repeat(4);
    Stamp {
        deployment: Uuid::nil().to_string(),
        sequence,
        image: format!("registry.example/apps/pay:1@sha256:{digest}"),
        restarted_at: None,
    }
}

/// All objects of a deployment, the Job before it among them.
pub fn all_objects(workload: &Workload) -> Vec<Value> {
    let stamp = stamp(1);
    let mut all = objects(workload, &workload.parameters, Some(&stamp)).listed();
    all.extend(before(workload, &workload.parameters, &stamp).map(|job| json!(job)));
    all
}

/// Fields that no object of ours ever has, wherever they stand.
const NEVER: &[&str] = &[
    "hostPath",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "hostPort",
    "hostUsers",
    "hostAliases",
    "privileged",
    "allowPrivilegeEscalation",
    "capabilities",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "externalIPs",
    "externalName",
    "nodeName",
    "runtimeClassName",
    "tolerations",
    "procMount",
    "projected",
    "downwardAPI",
    "persistentVolumeClaim",
    "initContainers",
    "ephemeralContainers",
    "shareProcessNamespace",
    "finalizers",
    "ownerReferences",
    "envFrom",
    "stringData",
];
const KINDS: &[&str] = &[
    "Service",
    "Deployment",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "Ingress",
    "ConfigMap",
    "Job",
];

/// What in an object the deny policy forbids.
pub fn denied(object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if !KINDS.iter().any(|kind| object["kind"] == *kind) {
        found.push(format!("kind {}", object["kind"]));
    }
    if object["metadata"]["namespace"] != "pay-test" {
        found.push(format!("namespace {}", object["metadata"]["namespace"]));
    }
    // What somebody wrote into a file is a text and no field.
    if object["kind"] != "ConfigMap" {
        search("", object, &mut found);
    }
    let pod = &object["spec"]["template"]["spec"];
    if pod.is_object() {
        found.extend(of_pod(pod));
    }
    found
}

fn search(at: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if NEVER.contains(&name.as_str()) {
                    found.push(format!("{at}.{name}"));
                }
                search(&format!("{at}.{name}"), value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| search(at, item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn of_pod(pod: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if pod["automountServiceAccountToken"] != false {
        found.push("a token of the cluster".to_owned());
    }
    let containers = pod["containers"].as_array().map_or(0, Vec::len);
    if containers != 1 || pod["containers"][0]["image"] != stamp(1).image {
        found.push("another container or image".to_owned());
    }
    for volume in pod["volumes"].as_array().into_iter().flatten() {
        let known = ["configMap", "secret", "emptyDir"];
        if !known.iter().any(|kind| volume[*kind].is_object()) {
            found.push(format!("volume {volume}"));
        }
        let secret = volume["secret"]["secretName"].as_str().unwrap_or_default();
        let limit = &volume["emptyDir"]["sizeLimit"];
        if secret.starts_with("slipway-") || (volume["emptyDir"].is_object() && !limit.is_string())
        {
            found.push(format!("volume {volume}"));
        }
    }
    found
}
