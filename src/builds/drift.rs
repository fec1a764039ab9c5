//! How a project's job stands to the template that it was made from.

use super::JobSpec;
use crate::integrations::CallError;
use crate::integrations::jenkins::job_diff::{Change, changes};
use crate::integrations::jenkins::job_xml::{self, Hand};
use crate::integrations::jenkins::{Jenkins, JobName, XmlError};

/// Changes are from the job to the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drift {
    /// The job is not there; the next release makes it.
    Missing,
    /// The template is not there, so nothing can be said.
    NoTemplate,
    /// It does what the template does.
    Same,
    /// Nobody touched it, and the template has moved on since; the next release follows it.
    Behind(Vec<Change>),
    /// Somebody changed it in Jenkins; no release touches that.
    Edited(Vec<Change>),
    /// Not made by us, or for another project.
    Foreign,
}

/// Looks at both.
///
/// # Errors
/// Jenkins' trouble, or a configuration that cannot be read.
pub async fn drift(jenkins: &Jenkins, spec: JobSpec<'_>) -> Result<Drift, CallError> {
    let (Ok(name), Ok(template)) = (JobName::parse(spec.job), JobName::parse(spec.template_job))
    else {
        return Ok(Drift::NoTemplate);
    };
    let Some(found) = jenkins.job_config(&name).await? else {
        return Ok(Drift::Missing);
    };
    let Some(template) = jenkins.job_config(&template).await? else {
        return Ok(Drift::NoTemplate);
    };
    let told = compare(&found, &template, spec.project);
    told.map_err(|e| CallError::Unexpected {
        detail: e.to_string(),
    })
}

fn compare(found: &str, template: &str, project: &str) -> Result<Drift, XmlError> {
    let (marker, is_ours) = match job_xml::hand(found)? {
        Hand::Ours(marker) => (marker, true),
        Hand::Edited(marker) => (marker, false),
        Hand::Foreign => return Ok(Drift::Foreign),
    };
    if marker.project != project {
        return Ok(Drift::Foreign);
    }
    let changes = changes(found, template)?;
    Ok(match (changes.is_empty(), is_ours) {
        (true, _) => Drift::Same,
        (false, true) => Drift::Behind(changes),
        (false, false) => Drift::Edited(changes),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(command: &str) -> String {
        format!(
            "<project><builders><hudson.tasks.Shell><command>{command}</command>\
             </hudson.tasks.Shell></builders></project>"
        )
    }

    #[test]
    fn a_job_is_held_against_its_template() {
        let (old, new) = (template("make"), template("make all"));
        let job = job_xml::from_template(&old, "pay").expect("a job");
        assert_eq!(compare(&job, &old, "pay"), Ok(Drift::Same));
        let behind = compare(&job, &new, "pay").expect("two definitions");
        assert!(
            matches!(&behind, Drift::Behind(c) if c.len() == 1),
            "{behind:?}"
        );
        let edited = job.replace("make", "make quick");
        let edited = compare(&edited, &old, "pay").expect("two definitions");
        assert!(
            matches!(&edited, Drift::Edited(c) if c.len() == 1),
            "{edited:?}"
        );
        assert_eq!(compare(&job, &old, "shop"), Ok(Drift::Foreign));
        assert_eq!(compare(&old, &old, "pay"), Ok(Drift::Foreign));
    }
}
