//! What a document becomes, and what it becomes nothing of.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::clusters::{ClusterId, EnvironmentId, Tier};
use crate::identity::ProjectId;
use crate::standards::{validate, versions};
use crate::workloads::{WorkloadId, selector};

/// A workload of no database.
pub fn workload(language: &str, document: &Value) -> Workload {
    Workload {
        id: WorkloadId(uuid::Uuid::nil()),
        project_id: ProjectId(uuid::Uuid::nil()),
        project: "pay".to_owned(),
        language: language.to_owned(),
        project_port: 8080,
        project_health_path: "/health".to_owned(),
        project_log_path: "/var/log/pay".to_owned(),
        environment_id: EnvironmentId(uuid::Uuid::nil()),
        environment: "test".to_owned(),
        tier: Tier::Test,
        cluster_id: ClusterId(uuid::Uuid::nil()),
        cluster: "sh-test".to_owned(),
        site: "Shanghai".to_owned(),
        makes_namespaces: true,
        registry_host: "registry.example".to_owned(),
        component: "main".to_owned(),
        namespace: "pay-test".to_owned(),
        object_name: "pay".to_owned(),
        selector: selector("pay", "main"),
        found: None,
        sequence: 0,
        parameters_revision: 1,
        parameters: validate(document).unwrap(),
        own: json!({}),
        layer_versions: BTreeMap::new(),
        prepared_at: None,
    }
}

fn first() -> Value {
    let probe = json!({"kind": "http", "path": "/health"});
    json!({
        "replicas": {"min": 2, "max": 4}, "cpu": {"request": "1", "limit": "2"},
        "memory": {"request": "1Gi", "limit": "2Gi"}, "access": "internal", "port": 8080,
        "probes": {"readiness": probe, "liveness": probe},
    })
}

fn made(changes: &Value) -> Vec<Value> {
    let mut document = first();
    json_patch::merge(&mut document, changes);
    let workload = workload("go", &document);
    objects(&workload, &workload.parameters, None).listed()
}

fn kinds(list: &[Value]) -> Vec<&str> {
    list.iter().map(|o| o["kind"].as_str().unwrap()).collect()
}

#[test]
fn objects_of_the_first_version_stay_as_they_were() {
    let document = versions::whole(1, first(), "go");
    let workload = workload("go", &document);
    let list = objects(&workload, &workload.parameters, None).listed();
    let expected = ["Service", "Deployment", "HorizontalPodAutoscaler"];
    assert_eq!(kinds(&list), expected);
    let spec = &list[1]["spec"];
    let strategy = json!({"type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
    assert_eq!(spec["strategy"], strategy);
    assert!(spec.get("minReadySeconds").is_none() && spec.get("replicas").is_none());
    let pod = spec["template"]["spec"].as_object().unwrap();
    let names: Vec<&str> = pod.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "automountServiceAccountToken",
            "containers",
            "imagePullSecrets",
            "terminationGracePeriodSeconds"
        ]
    );
    let container = pod["containers"][0].as_object().unwrap();
    let names: Vec<&str> = container.keys().map(String::as_str).collect();
    let expected = [
        "image",
        "livenessProbe",
        "name",
        "ports",
        "readinessProbe",
        "resources",
    ];
    assert_eq!(names, expected);
    let scaler = &list[2]["spec"];
    assert!(scaler.get("behavior").is_none());
    let metric = |at: usize| {
        let resource = &scaler["metrics"][at]["resource"];
        (
            resource["name"].clone(),
            resource["target"]["averageUtilization"].clone(),
        )
    };
    assert_eq!(metric(0), (json!("cpu"), json!(70)));
    assert_eq!(metric(1), (json!("memory"), json!(80)));
}

#[test]
fn every_port_is_the_containers_and_the_services() {
    let more =
        json!({"ports": [{"name": "grpc", "port": 9000}, {"name": "metrics", "port": 9090}]});
    let list = made(&more);
    let numbers = |ports: &Value, number: &str| -> Vec<(String, i64)> {
        let all = ports.as_array().unwrap().iter();
        let one = |port: &Value| {
            let name = port["name"].as_str().unwrap().to_owned();
            (name, port[number].as_i64().unwrap())
        };
        all.map(one).collect()
    };
    let expected = |first| {
        let all = [("http", first), ("grpc", 9000), ("metrics", 9090)];
        all.map(|(name, number)| (name.to_owned(), number))
    };
    let container = &list[1]["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(
        numbers(&container["ports"], "containerPort"),
        expected(8080)
    );
    let service = &list[0]["spec"]["ports"];
    assert_eq!(numbers(service, "port"), expected(80));
    assert_eq!(numbers(service, "targetPort"), expected(8080));
}

#[test]
fn probes_and_the_end_of_a_container_are_said_by_their_kind() {
    let list = made(&json!({
        "probes": {"startup": {"kind": "exec", "command": ["ok"], "failures": 30},
            "readiness": {"kind": "tcp", "path": null}},
        "before_stop": {"kind": "sleep", "seconds": 12}, "grace_seconds": 45,
    }));
    let pod = &list[1]["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(
        container["startupProbe"]["exec"],
        json!({"command": ["ok"]})
    );
    assert_eq!(container["startupProbe"]["failureThreshold"], 30);
    assert_eq!(
        container["readinessProbe"]["tcpSocket"],
        json!({"port": 8080})
    );
    assert_eq!(
        container["lifecycle"],
        json!({"preStop": {"sleep": {"seconds": 12}}})
    );
    assert_eq!(pod["terminationGracePeriodSeconds"], 45);
    let of = |stop: Value| {
        let list = made(&json!({ "before_stop": stop }));
        list[1]["spec"]["template"]["spec"]["containers"][0]["lifecycle"]["preStop"].clone()
    };
    let call = of(json!({"kind": "http", "path": "/bye"}));
    assert_eq!(call["httpGet"]["path"], "/bye");
    let command = of(json!({"kind": "exec", "command": ["sh", "-c", "sleep 10"]}));
    assert_eq!(command["exec"]["command"][2], "sleep 10");
    assert_eq!(of(json!({"kind": "none"})), Value::Null);
}

#[test]
fn scaling_spread_and_place_are_said_where_they_are_asked_for() {
    let list = made(&json!({
        "scaling": {"memory_percent": 60, "down_seconds": 600, "down_most": 2, "up_most": 5},
        "disruption": {"most_away": 1}, "spread": {"zones": "prefer", "hosts": "require"},
        "nodes": [{"label": "disk", "value": "ssd"}], "priority": "batch",
        "rollout": {"kind": "recreate", "warm_seconds": 20},
    }));
    let expected = [
        "Service",
        "Deployment",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
    ];
    assert_eq!(kinds(&list), expected);
    let behavior = &list[2]["spec"]["behavior"];
    assert_eq!(behavior["scaleDown"]["stabilizationWindowSeconds"], 600);
    assert_eq!(behavior["scaleDown"]["policies"][0]["value"], 2);
    assert_eq!(behavior["scaleUp"]["policies"][0]["type"], "Pods");
    assert_eq!(list[3]["spec"]["maxUnavailable"], 1);
    let spec = &list[1]["spec"];
    assert_eq!(spec["strategy"], json!({"type": "Recreate"}));
    assert_eq!(spec["minReadySeconds"], 20);
    let pod = &spec["template"]["spec"];
    assert_eq!(pod["nodeSelector"], json!({"disk": "ssd"}));
    assert_eq!(pod["priorityClassName"], "batch");
    let apart = &pod["topologySpreadConstraints"];
    assert_eq!(apart[0]["whenUnsatisfiable"], "ScheduleAnyway");
    assert_eq!(apart[1]["topologyKey"], "kubernetes.io/hostname");
}

#[test]
fn files_rooms_and_hosts_are_said_where_they_are_asked_for() {
    let file = |text: &str| json!({"path": "/etc/pay.conf", "text": text});
    let list = made(&json!({
        "files": [file("a=1"), {"path": "/etc/tls.key", "secret": {"name": "tls", "key": "k"}}],
        "scratch": [{"path": "/tmp", "size": "1Gi"}],
        "access": "ingress", "ingress": {"host": "pay.example.com", "tls_secret": "pay-tls"},
    }));
    let expected = [
        "Service",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Ingress",
        "ConfigMap",
    ];
    assert_eq!(kinds(&list), expected);
    let name = &list[4]["metadata"]["name"];
    assert_eq!(list[4]["data"], json!({"file-0": "a=1"}));
    let pod = &list[1]["spec"]["template"]["spec"];
    assert_eq!(pod["volumes"][0]["configMap"]["name"], *name);
    assert_eq!(pod["volumes"][1]["secret"]["secretName"], "tls");
    assert_eq!(pod["volumes"][2]["emptyDir"], json!({"sizeLimit": "1Gi"}));
    let mounts = &pod["containers"][0]["volumeMounts"];
    assert_eq!(mounts[0]["mountPath"], "/etc/pay.conf");
    assert_eq!(mounts[0]["subPath"], "file-0");
    assert_eq!(mounts[1]["subPath"], "file");
    assert_eq!(mounts[2]["name"], "scratch-0");
    let rule = &list[3]["spec"]["rules"][0];
    assert_eq!(rule["host"], "pay.example.com");
    assert_eq!(
        rule["http"]["paths"][0]["backend"]["service"]["name"],
        "pay"
    );
    assert_eq!(list[3]["spec"]["tls"][0]["secretName"], "pay-tls");
    assert_eq!(list[0]["spec"]["type"], "ClusterIP");
    // Another text is another object; the same text is the same.
    let again = |text: &str| made(&json!({ "files": [file(text)] }))[3]["metadata"]["name"].clone();
    assert_eq!(again("a=1"), *name);
    assert_ne!(again("a=2"), *name);
}
