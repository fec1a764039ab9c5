//! Taking a build back from Jenkins, wherever it is by now.

use super::look::outcome;
use super::trigger::{find, job_name};
use super::{Build, Found, Outcome};
use crate::integrations::CallError;
use crate::integrations::jenkins::Jenkins;

/// What asking for a build's end came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopping {
    /// Neither in the queue nor among the builds.
    Nowhere,
    /// Taken out of the queue, or told to stop; its end is to be seen yet.
    Asked,
    Ended(u64, Outcome),
}

/// Takes the build out of the queue or stops it. Safe to repeat; one that ended by itself is no
/// trouble.
///
/// # Errors
/// Jenkins' trouble.
pub async fn stop(jenkins: &Jenkins, build: &Build) -> Result<Stopping, CallError> {
    let name = job_name(build)?;
    let found = match find(jenkins, &name, build.id).await {
        // A job that was never made, or is gone, builds nothing.
        Err(CallError::NotFound { .. }) => return Ok(Stopping::Nowhere),
        other => other?,
    };
    let number = match found {
        Found::Nowhere => return Ok(Stopping::Nowhere),
        Found::Queued(item) => {
            jenkins.cancel_queue_item(item).await?;
            return Ok(Stopping::Asked);
        }
        Found::Built(number) => number,
    };
    let Some(seen) = jenkins.build(&name, number).await? else {
        return Ok(Stopping::Nowhere);
    };
    match seen.finished() {
        Some(result) => Ok(Stopping::Ended(number, outcome(result))),
        None => {
            jenkins.stop(&name, number).await?;
            Ok(Stopping::Asked)
        }
    }
}
