//! How a project's job stands to the template that it was made from.

use super::{Adoption, JobSpec};
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
    /// Somebody changed it in Jenkins; no release touches that. With the hash of its content.
    Edited(Vec<Change>, String),
    /// The same, and operations said that it is to stay so.
    Kept(Vec<Change>),
    /// Not made by us, or for another project.
    Foreign,
}

impl Drift {
    /// One word for it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NoTemplate => "no-template",
            Self::Same => "same",
            Self::Behind(_) => "behind",
            Self::Edited(..) => "edited",
            Self::Kept(_) => "kept",
            Self::Foreign => "foreign",
        }
    }
}

/// Looks at both.
///
/// # Errors
/// Jenkins' trouble, or a configuration that cannot be read.
pub async fn drift(
    jenkins: &Jenkins,
    spec: JobSpec<'_>,
    adoption: Option<&Adoption>,
) -> Result<Drift, CallError> {
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
    let told = compare(&found, &template, spec.project, adoption);
    told.map_err(|e| CallError::Unexpected {
        detail: e.to_string(),
    })
}

fn compare(
    found: &str,
    template: &str,
    project: &str,
    adoption: Option<&Adoption>,
) -> Result<Drift, XmlError> {
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
        (false, false) if adoption.is_some_and(|a| a.keeps_definition && a.fits(found)) => {
            Drift::Kept(changes)
        }
        (false, false) => Drift::Edited(changes, job_xml::content_hash(found)?),
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
        assert_eq!(compare(&job, &old, "pay", None), Ok(Drift::Same));
        let behind = compare(&job, &new, "pay", None).expect("two definitions");
        assert!(
            matches!(&behind, Drift::Behind(c) if c.len() == 1),
            "{behind:?}"
        );
        let edited = job.replace("make", "make quick");
        let told = compare(&edited, &old, "pay", None).expect("two definitions");
        let Drift::Edited(changes, content_sha256) = told else {
            panic!("{told:?}");
        };
        assert_eq!(changes.len(), 1);
        // A yes is to exactly this; once it is edited again, it is asked about again.
        let mut yes = Adoption {
            content_sha256,
            keeps_definition: true,
            of_ours: true,
        };
        let kept = compare(&edited, &old, "pay", Some(&yes));
        assert_eq!(kept, Ok(Drift::Kept(changes)));
        let again = edited.replace("quick", "quicker");
        let again = compare(&again, &old, "pay", Some(&yes));
        assert!(matches!(again, Ok(Drift::Edited(..))), "{again:?}");
        yes.keeps_definition = false;
        let renewed = compare(&edited, &old, "pay", Some(&yes));
        assert!(matches!(renewed, Ok(Drift::Edited(..))), "{renewed:?}");
        assert_eq!(compare(&job, &old, "shop", None), Ok(Drift::Foreign));
        assert_eq!(compare(&old, &old, "pay", None), Ok(Drift::Foreign));
    }
}
