//! Taking over what already runs: Deployments that the portal did not make become workloads of
//! projects, many by one request.
//!
//! Invariant: nothing in a cluster is changed by it. What is taken over is written to by its first
//! deployment, as the very object that it was.

pub mod api;
mod container;
mod derive;
mod look;
mod outside;
mod propose;
mod request;
mod sheet;
mod sources;
mod steps;
mod store;
pub mod web;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use container::tells_a_secret;
pub use derive::{Near, derive};
pub use look::{Item, Looked, look, story};
pub use propose::Proposal;
pub use request::Intake;
pub use sources::{By, JobBy};

use crate::app::App;
use crate::clusters::ClusterId;
use crate::error::{AppError, FieldError};
use crate::jobs::Step;
use crate::projects::{ProjectKey, is_repository};
use crate::releases::is_job_name;

/// More in one request is more than anybody reads before saying yes.
pub const MOST_ROWS: usize = 500;

/// One Deployment with what it is to become.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IntakeRow)]
pub struct Row {
    pub namespace: String,
    pub deployment: String,
    /// Of the Deployment that was looked at; another one of its name is not taken over.
    pub uid: String,
    /// The one container that images are put into.
    pub container: String,
    /// One that is there, or a new one.
    pub project: String,
    #[serde(default = "main_component")]
    pub component: String,
    pub environment: String,
    /// Of a new project; one that is there has its own.
    #[serde(default)]
    pub language: String,
    /// Of a new project: its path in GitLab, with its groups.
    #[serde(default)]
    pub repository: String,
    /// Of a new project: its job in the folder of its language's Jenkins, where one is there
    /// already. The first release asks operations about it before anything is written to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub job: String,
    /// Of a new project: somebody's name. Without one it is whoever asks.
    #[serde(default)]
    pub owner: String,
}

fn main_component() -> String {
    "main".to_owned()
}

/// `parameters` of a request of kind `intake`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub cluster: String,
    /// Keys of connections for new projects; may be left out while there is one of each.
    #[serde(default)]
    pub gitlab: Option<String>,
    #[serde(default)]
    pub registry: Option<String>,
    pub rows: Vec<Row>,
}

impl Row {
    /// The name of its new project's job.
    fn job_name(&self) -> &str {
        match self.job.as_str() {
            "" => &self.project,
            job => job,
        }
    }

    /// What is wrong with it by itself: columns with message codes.
    fn wrong(&self) -> Vec<(&'static str, &'static str)> {
        let is_component = |text: &str| {
            let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
            (1..=15).contains(&text.len())
                && text.bytes().all(good)
                && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
        };
        let is_there = |text: &str, most: usize| (1..=most).contains(&text.len());
        let checks = [
            (is_there(&self.namespace, 63), "namespace", "field-required"),
            (
                is_there(&self.deployment, 63),
                "deployment",
                "field-required",
            ),
            (is_there(&self.uid, 64), "uid", "field-required"),
            (
                is_there(&self.container, 63),
                "container",
                "intake-container-needed",
            ),
            (
                ProjectKey::parse(&self.project).is_some(),
                "project",
                "project-key-grammar",
            ),
            (
                is_component(&self.component),
                "component",
                "component-grammar",
            ),
            (
                is_there(&self.environment, 40),
                "environment",
                "field-required",
            ),
            (
                self.repository.is_empty() || is_repository(&self.repository),
                "repository",
                "onboarding-repository-grammar",
            ),
            (
                self.job.is_empty() || is_job_name(&self.job),
                "job",
                "job-name-grammar",
            ),
        ];
        let wrong = checks.into_iter().filter(|(fits, _, _)| !fits);
        wrong.map(|(_, column, code)| (column, code)).collect()
    }
}

/// A refusal of one cell of the table.
fn cell(row: usize, column: &str, code: &str) -> FieldError {
    FieldError::new(&format!("parameters.rows.{row}.{column}"), code)
}

#[must_use]
pub fn steps(app: &App) -> Vec<Arc<dyn Step>> {
    vec![Arc::new(steps::Adopt(app.clone()))]
}

/// The topic of what is being taken over.
pub const TOPIC: &str = "intakes";

fn id_of(cluster: Option<ClusterId>) -> Result<ClusterId, AppError> {
    cluster.ok_or_else(|| AppError::field("parameters.cluster", "intake-cluster-unknown"))
}
