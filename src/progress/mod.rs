//! Durable work as people see it: runs with their steps, beside whatever they are about.
//!
//! Invariant: only reads. What moves a run is in `jobs`.

mod store;

use jiff::Timestamp;
use uuid::Uuid;

pub use store::runs_of_all;

use crate::error::Words;
use crate::jobs::{RunId, RunState, StepId, StepState};

/// A run as a list shows it.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct RunRow {
    pub id: RunId,
    pub kind: String,
    pub subject: Uuid,
    pub state: RunState,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub steps: Vec<StepRow>,
}

/// A step as a list shows it.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct StepRow {
    pub id: StepId,
    pub name: String,
    pub lane: String,
    pub state: StepState,
    pub attempt: i32,
    pub errors: i32,
    pub waits_for: Option<Words>,
    pub last_error: Option<Words>,
    pub created_at: Timestamp,
    pub wake_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}
