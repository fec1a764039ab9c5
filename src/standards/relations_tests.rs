//! Each relation on both sides of its edge.

use serde_json::{Value, json};

use crate::standards::validate;

fn wrong(changes: Value) -> Vec<String> {
    let probe = json!({"kind": "http", "path": "/health"});
    let mut document = json!({
        "replicas": {"min": 2, "max": 4}, "cpu": {"request": "1", "limit": "2"},
        "memory": {"request": "1Gi", "limit": "2Gi"}, "access": "internal", "port": 8080,
        "probes": {"readiness": probe, "liveness": probe},
    });
    json_patch::merge(&mut document, &changes);
    let errors = validate(&document).err().unwrap_or_default();
    let field = |e: crate::error::FieldError| e.field.replacen("parameters.", "", 1);
    errors.into_iter().map(field).collect()
}

#[test]
fn parts_have_what_their_kind_needs_and_nothing_else() {
    for (good, bad, field) in [
        (
            json!({"before_stop": {"kind": "sleep", "seconds": 5}}),
            json!({"before_stop": {"kind": "sleep"}}),
            "before_stop.seconds",
        ),
        (
            json!({"before_stop": {"kind": "none"}}),
            json!({"before_stop": {"kind": "none", "seconds": 5}}),
            "before_stop.seconds",
        ),
        (
            json!({"before_stop": {"kind": "http", "path": "/bye"}}),
            json!({"before_stop": {"kind": "exec", "path": "/bye", "command": ["a"]}}),
            "before_stop.path",
        ),
        (
            json!({"probes": {"startup": {"kind": "tcp"}}}),
            json!({"probes": {"startup": {"kind": "tcp", "path": "/"}}}),
            "probes.startup.path",
        ),
        (
            json!({"probes": {"startup": {"kind": "none"}}}),
            json!({"probes": {"startup": {"kind": "none", "failures": 3}}}),
            "probes.startup.failures",
        ),
        (
            json!({"probes": {"liveness": {"kind": "exec", "path": null, "command": ["x"]}}}),
            json!({"probes": {"liveness": {"kind": "exec", "path": null}}}),
            "probes.liveness.command",
        ),
        (
            json!({"before_deploy": {"kind": "exec", "command": ["migrate"]}}),
            json!({"before_deploy": {"kind": "exec"}}),
            "before_deploy.command",
        ),
        (
            json!({"files": [{"path": "/etc/a", "text": ""}]}),
            json!({"files": [{"path": "/etc/../a", "text": ""}]}),
            "files.0.path",
        ),
        (
            json!({"files": [{"path": "/a", "secret": {"name": "tls", "key": "tls.crt"}}]}),
            json!({"files": [{"path": "/a", "secret": {"name": "slipway-pull", "key": "a"}}]}),
            "files.0.secret.name",
        ),
        (
            json!({"priority": "batch"}),
            json!({"priority": "system-node-critical"}),
            "priority",
        ),
        (
            json!({"nodes": [{"label": "example.com/disk", "value": "ssd"}]}),
            json!({"nodes": [{"label": "a//b", "value": "ssd"}]}),
            "nodes.0.label",
        ),
    ] {
        assert!(wrong(good.clone()).is_empty(), "{good}");
        assert_eq!(wrong(bad.clone()), [field], "{bad}");
    }
}

#[test]
fn fields_go_together() {
    let file = |path: &str| json!({"path": path, "text": "x"});
    let ingress = json!({"host": "pay.example.com"});
    for (good, bad, field) in [
        (
            json!({"access": "ingress", "ingress": ingress}),
            json!({"access": "ingress"}),
            "ingress.host",
        ),
        (
            json!({"scaling": {"cpu_percent": 0, "memory_percent": 70}}),
            json!({"scaling": {"cpu_percent": 0}}),
            "scaling.cpu_percent",
        ),
        (
            json!({"grace_seconds": 10, "before_stop": {"kind": "sleep", "seconds": 10}}),
            json!({"grace_seconds": 10, "before_stop": {"kind": "sleep", "seconds": 11}}),
            "before_stop.seconds",
        ),
        (
            json!({"rollout": {"kind": "rolling", "surge": 0, "unavailable": 1}}),
            json!({"rollout": {"kind": "rolling", "surge": 0, "unavailable": 0}}),
            "rollout.surge",
        ),
        (
            json!({"files": [file("/a"), file("/b")]}),
            json!({"files": [file("/a"), file("/a")]}),
            "files",
        ),
        (
            json!({"files": [file("/a/b")], "scratch": [{"path": "/a", "size": "1Gi"}]}),
            json!({"files": [file("/a")], "scratch": [{"path": "/a/b", "size": "1Gi"}]}),
            "files",
        ),
        (
            json!({"scratch": [{"path": "/processes", "size": "1Gi"}]}),
            json!({"scratch": [{"path": "/proc/x", "size": "1Gi"}]}),
            "scratch",
        ),
        (
            json!({"nodes": [{"label": "a", "value": "1"}, {"label": "b", "value": "1"}]}),
            json!({"nodes": [{"label": "a", "value": "1"}, {"label": "a", "value": "2"}]}),
            "nodes",
        ),
    ] {
        assert!(wrong(good.clone()).is_empty(), "{good}");
        assert_eq!(wrong(bad.clone()), [field], "{bad}");
    }
}

#[test]
fn each_port_has_a_number_and_a_name_of_its_own() {
    let port = |name: &str, port: u16| json!({"name": name, "port": port});
    for (good, bad, field) in [
        (
            json!({"ports": [port("grpc", 9000), port("metrics", 9001)]}),
            json!({"ports": [port("grpc", 9000), port("metrics", 9000)]}),
            "ports",
        ),
        (
            json!({"ports": [port("grpc", 9000), port("metrics", 81)]}),
            json!({"ports": [port("grpc", 9000), port("metrics", 80)]}),
            "ports",
        ),
        (
            json!({"ports": [port("grpc", 9000)]}),
            json!({"ports": [port("grpc", 8080)]}),
            "ports",
        ),
        (
            json!({"ports": [port("https", 9000), port("grpc", 9001)]}),
            json!({"ports": [port("http", 9000), port("grpc", 9001)]}),
            "ports",
        ),
        (
            json!({"ports": [port("grpc", 9000), port("grpc-2", 9001)]}),
            json!({"ports": [port("grpc", 9000), port("grpc", 9001)]}),
            "ports",
        ),
    ] {
        assert!(wrong(good.clone()).is_empty(), "{good}");
        assert_eq!(wrong(bad.clone()), [field], "{bad}");
    }
}
