//! Lanes: each workload of a project with what it runs by our record and what is on its way.

mod store;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

pub use store::lanes;

use super::{ConfirmationKind, DeploymentState, Kind, Origin};
use crate::clusters::Tier;
use crate::error::Words;
use crate::identity::Person;

/// One workload, in the order of environments and clusters.
#[derive(Debug, Clone)]
pub struct Lane {
    pub component: String,
    pub environment: String,
    pub tier: Tier,
    /// Yeses that are asked for before a release into it.
    pub approvals: i32,
    /// Whether a policy asks for them, and not the environment by itself.
    pub by_policy: bool,
    pub cluster: String,
    pub site: String,
    pub prepared: bool,
    /// Whether it ran before the portal, which took it over as it was.
    pub taken_over: bool,
    /// Fewest and most containers.
    pub replicas: (i32, i32),
    /// The parameters that the next deployment brings.
    pub revision: i32,
    /// The last deployment that succeeded.
    pub runs: Option<Ran>,
    /// The newest deployment, however it stands.
    pub newest: Option<Ran>,
}

/// A deployment as a lane shows it.
#[derive(Debug, Clone, Deserialize)]
pub struct Ran {
    pub tag: String,
    pub digest: String,
    pub origin: Origin,
    /// What the live word for it rests on.
    pub word: Option<ConfirmationKind>,
    /// The release's number; an imported image has none.
    pub release: Option<i32>,
    pub kind: Kind,
    pub revision: i32,
    pub state: DeploymentState,
    pub by: String,
    pub display_name: String,
    pub observed: Option<Value>,
    pub failure: Option<Words>,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Ran {
    #[must_use]
    pub fn person(&self) -> Person {
        Person {
            name: self.by.clone(),
            display_name: self.display_name.clone(),
        }
    }

    /// When it became so.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.ended_at.unwrap_or(self.created_at)
    }
}

impl Lane {
    #[must_use]
    pub fn runs_digest(&self, digest: &str) -> bool {
        self.runs.as_ref().is_some_and(|r| r.digest == digest)
    }

    /// Whether a digest is on its way there, or failed or was broken off there last: the cluster
    /// may hold it.
    #[must_use]
    pub fn took(&self, digest: &str) -> bool {
        let broken = [DeploymentState::Failed, DeploymentState::Aborted];
        let holds = |n: &Ran| n.ended_at.is_none() || broken.contains(&n.state);
        let newest = self.newest.as_ref();
        newest.is_some_and(|n| n.digest == digest && holds(n))
    }

    /// The deployment that is on its way, if one is.
    #[must_use]
    pub fn under_way(&self) -> Option<&Ran> {
        self.newest.as_ref().filter(|n| n.ended_at.is_none())
    }
}

/// The environments of a tier in which a project has places that are ready, in order.
#[must_use]
pub fn environments(lanes: &[Lane], tier: Tier) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for lane in lanes.iter().filter(|l| l.tier == tier && l.prepared) {
        if !keys.contains(&lane.environment) {
            keys.push(lane.environment.clone());
        }
    }
    keys
}
