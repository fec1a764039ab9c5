//! What the document says of a service's life: how it scales, rolls, stops, and where it may run.

use serde::{Deserialize, Serialize};

/// By what the autoscaler moves within the range, and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Scaling {
    /// Of what is promised; 0 for not by it.
    pub cpu_percent: i32,
    pub memory_percent: i32,
    /// How long more must have been wanted before it grows.
    pub up_seconds: i32,
    /// Containers a minute at most; 0 for as Kubernetes does.
    pub up_most: i32,
    pub down_seconds: i32,
    pub down_most: i32,
}

impl Default for Scaling {
    fn default() -> Self {
        Self {
            cpu_percent: 70,
            memory_percent: 0,
            up_seconds: 0,
            up_most: 0,
            down_seconds: 300,
            down_most: 0,
        }
    }
}

crate::words! {
    pub enum BeforeStopKind { Sleep = "sleep", Http = "http", Exec = "exec" }

    pub enum BeforeDeployKind { Exec = "exec" }

    /// Whether old and new may run beside each other.
    pub enum RolloutKind as ReplacementKind { Rolling = "rolling", Recreate = "recreate" }

    /// Whether containers are spread as a wish or as a condition.
    pub enum Spreading { None = "none", Prefer = "prefer", Require = "require" }
}

/// What is done in a container before it is told to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeforeStop {
    pub kind: BeforeStopKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
}

/// A command that runs once, with the new image, before the containers are replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeforeDeploy {
    pub kind: BeforeDeployKind,
    pub command: Vec<String>,
    #[serde(default = "ten_minutes")]
    pub timeout_seconds: u32,
}

const fn ten_minutes() -> u32 {
    600
}

/// How old containers are replaced by new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Replacement)]
pub struct Rollout {
    pub kind: RolloutKind,
    /// More than wanted while it goes on.
    pub surge: i32,
    /// Fewer than wanted while it goes on.
    pub unavailable: i32,
    /// How long a container must have been ready before it counts.
    pub warm_seconds: i32,
}

impl Default for Rollout {
    fn default() -> Self {
        Self {
            kind: RolloutKind::Rolling,
            surge: 1,
            unavailable: 0,
            warm_seconds: 0,
        }
    }
}

/// How many containers may be taken away at once while nodes are looked after; 0 for no word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Disruption {
    pub most_away: i32,
}

/// Whether its containers stand apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spread {
    pub zones: Spreading,
    pub hosts: Spreading,
}

impl Default for Spread {
    fn default() -> Self {
        Self {
            zones: Spreading::None,
            hosts: Spreading::None,
        }
    }
}
