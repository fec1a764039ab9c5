//! Exactly one build: looked for before it is triggered, adopted by the lowest number.

use super::{Build, BuildId, PARAMETERS, Source};
use crate::integrations::CallError;
use crate::integrations::jenkins::{Jenkins, JobName};

/// Where a build of ours was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Nowhere,
    /// In the queue under this number.
    Queued(u64),
    /// Running or ended, the lowest of its id; doubles were stopped.
    Built(u64),
}

/// What a try at triggering came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerOutcome {
    Found(Found),
    /// Not to be seen. A clean look-up; only after two of them, apart, may it be triggered again.
    Clean,
    Triggered(Option<u64>),
}

/// Whether this call may trigger, or only look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    LookOnly,
    Trigger,
}

/// Looks for the build and triggers it if it may and none is there.
///
/// # Errors
/// Jenkins' trouble.
pub async fn find_or_trigger(
    jenkins: &Jenkins,
    build: &Build,
    source: &Source,
    may_trigger: bool,
) -> Result<TriggerOutcome, CallError> {
    let may = if may_trigger {
        May::Trigger
    } else {
        May::LookOnly
    };
    let name = job_name(build)?;
    let found = find(jenkins, &name, build.id).await?;
    match (found, may) {
        (Found::Nowhere, May::LookOnly) => Ok(TriggerOutcome::Clean),
        (Found::Nowhere, May::Trigger) => {
            let values = values(build, source);
            let pairs: Vec<(&str, &str)> = PARAMETERS
                .iter()
                .copied()
                .zip(values.iter().map(String::as_str))
                .collect();
            let triggered = jenkins.trigger(&name, &pairs).await?;
            Ok(TriggerOutcome::Triggered(triggered.queue_id))
        }
        (found @ (Found::Queued(_) | Found::Built(_)), _) => Ok(TriggerOutcome::Found(found)),
    }
}

/// The job's name; it was checked when the build was made.
///
/// # Errors
/// A stored name that Jenkins would not take.
pub fn job_name(build: &Build) -> Result<JobName, CallError> {
    JobName::parse(&build.job).map_err(|_| CallError::Refused {
        detail: "the job's name is not lawful".to_owned(),
    })
}

fn values(build: &Build, source: &Source) -> [String; 7] {
    [
        build.image.clone(),
        build.id.to_string(),
        source.clone_url.clone(),
        source.tag.clone(),
        source.commit.clone(),
        source.project.clone(),
        source.deploy_path.clone(),
    ]
}

/// Queue and builds by `RELEASE_ID`. Of several builds the lowest counts; the others are stopped.
///
/// # Errors
/// Jenkins' trouble.
pub async fn find(jenkins: &Jenkins, name: &JobName, id: BuildId) -> Result<Found, CallError> {
    let found = jenkins
        .find_by_parameter(name, "RELEASE_ID", &id.to_string())
        .await?;
    let mut builds = found.builds;
    builds.sort_by_key(|b| b.number);
    let mut builds = builds.into_iter();
    let Some(first) = builds.next() else {
        let mut queued = found.queued.into_iter();
        let lowest = queued.next().map_or(Found::Nowhere, Found::Queued);
        for double in queued {
            jenkins.cancel_queue_item(double).await?;
        }
        return Ok(lowest);
    };
    for double in builds.filter(|b| b.building) {
        jenkins.stop(name, double.number).await?;
    }
    for double in found.queued {
        jenkins.cancel_queue_item(double).await?;
    }
    Ok(Found::Built(first.number))
}
