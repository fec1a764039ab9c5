//! What a language's services start from.

use super::{Access, Parameters, Probe, ProbeKind, Probes, Range, Resource};

/// A valid document for a new workload. Java starts slowly and needs room beside its heap.
#[must_use]
pub fn for_language(language: &str, port: u16, health_path: &str) -> Parameters {
    let java = language == "java";
    let resource = |request: &str, limit: &str| Resource {
        request: request.to_owned(),
        limit: limit.to_owned(),
    };
    let probe = |delay_seconds| Probe {
        kind: ProbeKind::Http,
        path: Some(health_path.to_owned()),
        delay_seconds,
        period_seconds: 10,
        timeout_seconds: 3,
        failures: 3,
    };
    Parameters {
        replicas: Range { min: 2, max: 4 },
        cpu: if java {
            resource("1", "2")
        } else {
            resource("250m", "1")
        },
        memory: if java {
            resource("1Gi", "2Gi")
        } else {
            resource("256Mi", "512Mi")
        },
        access: Access::Internal,
        port,
        args: Vec::new(),
        env: Vec::new(),
        probes: Probes {
            readiness: probe(if java { 20 } else { 5 }),
            liveness: probe(if java { 60 } else { 15 }),
        },
        grace_seconds: 30,
    }
}
