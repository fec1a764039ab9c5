//! The evidence beneath a failure's sentence, and the field that would mend it.

use crate::integrations::kubernetes::{Probe, Trouble};
use crate::releases::Deployment;
use crate::releases::tale::{evidence, trouble_kind};
use crate::web::layout::Chrome;
use crate::web::parts::Time;

pub struct Proof {
    pub id: String,
    pub pod: String,
    pub exit: Option<String>,
    /// When, what, in the cluster's own words.
    pub events: Vec<(Option<Time>, String, String)>,
    pub log: Vec<String>,
    /// The words of the way out, and where it begins.
    pub remedy: Option<(String, String)>,
}

#[must_use]
pub fn proof(c: &Chrome, project: &str, deployment: &Deployment) -> Option<Proof> {
    let found = evidence(deployment)?;
    let event = |h: &crate::releases::Happened| {
        let at = h.at.as_ref().map(|at| c.at_clock(at));
        let reason = match h.count {
            0 | 1 => h.reason.clone(),
            n => format!("{} × {n}", h.reason),
        };
        (at, reason, h.message.clone())
    };
    let remedy = trouble_kind(deployment).and_then(|t| remedy(&t));
    let place = format!(
        "/projects/{project}/containers?environment={}",
        deployment.environment
    );
    Some(Proof {
        id: format!("proof-{}", deployment.id),
        exit: found
            .exit_code
            .map(|code| c.t1("proof-exit", "code", &code)),
        events: found.events.iter().map(event).collect(),
        remedy: remedy.map(|(code, field)| (c.t1(code, "field", &field), place)),
        pod: found.pod,
        log: found.log,
    })
}

/// The field of the parameters that such a trouble is mended by.
fn remedy(trouble: &Trouble) -> Option<(&'static str, &'static str)> {
    match trouble {
        Trouble::OutOfMemory { .. } => Some(("proof-mend", "memory.limit")),
        Trouble::Unschedulable { .. } => Some(("proof-mend", "cpu.request, memory.request")),
        Trouble::ContainerConfig { .. } | Trouble::CrashLoop { .. } => Some(("proof-mend", "env")),
        Trouble::ProbeFailing { probe, .. } => Some(match probe {
            Probe::Liveness => ("proof-mend", "probes.liveness"),
            Probe::Readiness | Probe::Startup => ("proof-mend", "probes.readiness"),
        }),
        Trouble::ImagePull { .. } | Trouble::CannotCreatePods { .. } => None,
    }
}
