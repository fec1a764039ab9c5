//! Builds: one attempt at making a release's image, driven in Jenkins, its log kept here.
//!
//! Invariant: a build is known by its `RELEASE_ID`, the row's own id, which is a parameter of the
//! Jenkins build; whatever Jenkins answers or forgets, exactly one build of that id counts.

mod adopt;
mod drift;
mod job;
mod log;
mod look;
mod queued;
mod stop;
mod store;
mod trigger;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use adopt::{Adoption, Question, question};
pub use drift::{Drift, Standing, drift};
pub use job::{JobOutcome, Spec as JobSpec, ensure_job};
pub use log::{Found as FoundLines, Piece, piece, search};
pub use look::{Look, Progress, look};
pub use stop::{Stopping, stop};
pub use store::{
    Line, adopt, adoption, chunk_after, complete, find, insert, keep_adoption, last_lines,
    of_release, rename_job, save_log, save_stages, stopped,
};
pub use trigger::{Found, TriggerOutcome, find_or_trigger};

use crate::connections::ConnectionId;

crate::id! { BuildId }

/// The parameters that every job declares, exactly these.
pub const PARAMETERS: [&str; 7] = [
    "IMAGE",
    "RELEASE_ID",
    "SOURCE_URL",
    "SOURCE_TAG",
    "SOURCE_COMMIT",
    "SERVICE",
    "DEPLOY_PATH",
];

crate::words! {
    /// Jenkins' words for how a build ended.
    pub enum Outcome {
        Success = "SUCCESS",
        Unstable = "UNSTABLE",
        Failure = "FAILURE",
        NotBuilt = "NOT_BUILT",
        Aborted = "ABORTED",
    }
}

/// One attempt, as stored.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Build {
    pub id: BuildId,
    #[serde(skip)]
    pub release: Uuid,
    pub attempt: i32,
    #[serde(skip)]
    pub jenkins: ConnectionId,
    #[serde(skip)]
    pub job: String,
    /// `host/repository:tag` as the job pushes it.
    pub image: String,
    pub number: Option<i64>,
    pub result: Option<Outcome>,
    pub stages: Vec<Stage>,
    #[serde(skip)]
    pub log_offset: i64,
    pub log_lines: i64,
    pub log_complete: bool,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

impl Build {
    /// The first attempt of a release, not triggered yet.
    #[must_use]
    pub fn first(release: Uuid, jenkins: ConnectionId, job: &str, image: &str) -> Self {
        Self {
            id: BuildId::new(),
            release,
            attempt: 1,
            jenkins,
            job: job.to_owned(),
            image: image.to_owned(),
            number: None,
            result: None,
            stages: Vec::new(),
            log_offset: 0,
            log_lines: 0,
            log_complete: false,
            started_at: None,
            ended_at: None,
        }
    }

    /// The next attempt at the same image.
    #[must_use]
    pub fn after(last: &Self) -> Self {
        let first = Self::first(last.release, last.jenkins, &last.job, &last.image);
        Self {
            attempt: last.attempt + 1,
            ..first
        }
    }
}

/// One stage of a pipeline, as the server tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Stage {
    pub name: String,
    /// `SUCCESS`, `IN_PROGRESS`, `FAILED` and so on.
    pub status: String,
    pub seconds: u64,
}

/// What a build is made from, beside its own row.
#[derive(Debug, Clone)]
pub struct Source {
    pub project: String,
    pub clone_url: String,
    pub tag: String,
    pub commit: String,
    pub deploy_path: String,
    pub template_job: String,
}
