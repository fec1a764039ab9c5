//! A job that is there already and that we did not make: what operations are asked about it.

use super::PARAMETERS;
use crate::integrations::CallError;
use crate::integrations::jenkins::job_diff::{Change, changes};
use crate::integrations::jenkins::{Jenkins, JobName, job_xml};

/// Operations' yes to a job as it was when they looked at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    pub content_sha256: String,
    /// Whether its definition stays as it is, or becomes the template's.
    pub keeps_definition: bool,
    /// Whether the portal made the job, so that it goes with its project.
    pub of_ours: bool,
}

impl Adoption {
    /// Whether the job is still what they said yes to.
    #[must_use]
    pub fn fits(&self, found: &str) -> bool {
        job_xml::content_hash(found).is_ok_and(|hash| hash == self.content_sha256)
    }

    /// Whether they said that it is to stay as it still is.
    #[must_use]
    pub fn keeps(&self, found: &str) -> bool {
        self.keeps_definition && self.fits(found)
    }
}

/// What there is to decide about.
#[derive(Debug, Clone)]
pub struct Question {
    pub job: String,
    pub content_sha256: String,
    /// The project for which the portal made it, if it did.
    pub owner: Option<String>,
    /// Parameters that a build is started with and that it does not declare.
    pub missing: Vec<String>,
    /// What the template would change of it.
    pub changes: Vec<Change>,
    /// Whether Jenkins can make of it what the template is.
    pub can_renew: bool,
    /// Builds that it has had, which stay.
    pub history: u64,
}

impl Question {
    /// Its definition may stay if a build can be started with everything that it needs.
    #[must_use]
    pub fn can_keep(&self) -> bool {
        self.owner.is_none() && self.missing.is_empty()
    }
}

/// Looks at the job; `None` where there is none, or it is this project's.
///
/// # Errors
/// Jenkins' trouble.
pub async fn question(
    jenkins: &Jenkins,
    job: &str,
    template: &str,
    project: &str,
) -> Result<Option<Question>, CallError> {
    let (Ok(name), Ok(template)) = (JobName::parse(job), JobName::parse(template)) else {
        return Ok(None);
    };
    let (found, template) = (
        jenkins.job_config(&name).await?,
        jenkins.job_config(&template).await?,
    );
    let (Some(found), Some(template)) = (found, template) else {
        return Ok(None);
    };
    let broken = |e: crate::integrations::jenkins::XmlError| CallError::Unexpected {
        detail: e.to_string(),
    };
    let owner = job_xml::marker(&found).map_err(broken)?.map(|m| m.project);
    if owner.as_deref() == Some(project) {
        return Ok(None);
    }
    let declared = job_xml::parameters(&found).map_err(broken)?;
    let lacks = |p: &&&str| !declared.iter().any(|d| d.name == ***p && d.is_text);
    let missing = PARAMETERS.iter().filter(lacks);
    let history = jenkins.job(&name).await?;
    Ok(Some(Question {
        job: job.to_owned(),
        content_sha256: job_xml::content_hash(&found).map_err(broken)?,
        missing: missing.map(|p| (*p).to_owned()).collect(),
        changes: changes(&found, &template).map_err(broken)?,
        can_renew: owner.is_none() && job_xml::same_sort(&found, &template).map_err(broken)?,
        history: history.map_or(0, |j| j.next_build_number.saturating_sub(1)),
        owner,
    }))
}
