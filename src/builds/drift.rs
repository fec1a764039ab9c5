//! How a project's job stands to the template that it was made from.

use super::{Adoption, JobSpec};
use crate::integrations::CallError;
use crate::integrations::jenkins::job_diff::{Change, changes};
use crate::integrations::jenkins::job_xml::{self, Hand};
use crate::integrations::jenkins::{Jenkins, JobName, XmlError};

/// Letters of a template's hash that are its version.
const VERSION: usize = 8;

/// Changes are from the job to the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drift {
    /// The job is not there; the next release makes it.
    Missing,
    /// The template is not there, so nothing can be said.
    NoTemplate,
    /// It does what the template does.
    Same,
    /// Nobody touched it, and the template has moved on since; the next release follows it. With
    /// the hash of its content.
    Behind(Vec<Change>, String),
    /// Somebody changed it in Jenkins; no release touches that. With the hash of its content.
    Edited(Vec<Change>, String),
    /// One of these two, and operations said that it is to stay so.
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
            Self::Behind(..) => "behind",
            Self::Edited(..) => "edited",
            Self::Kept(_) => "kept",
            Self::Foreign => "foreign",
        }
    }
}

/// The drift, with the versions that it is between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub drift: Drift,
    /// Version of the template that the job was made from, where we made it.
    pub made_from: Option<String>,
    /// Version of the template as it is.
    pub template: Option<String>,
}

impl Standing {
    const fn bare(drift: Drift) -> Self {
        Self {
            drift,
            made_from: None,
            template: None,
        }
    }

    /// What operations may say is to stay: the hash of its content.
    #[must_use]
    pub fn may_stay(&self) -> Option<&String> {
        match &self.drift {
            Drift::Behind(_, content) | Drift::Edited(_, content) => Some(content),
            Drift::Missing | Drift::NoTemplate | Drift::Same | Drift::Kept(_) | Drift::Foreign => {
                None
            }
        }
    }
}

/// A template has no number of its own, so its content gives it one that people can compare.
fn version(content: &str) -> String {
    content.chars().take(VERSION).collect()
}

/// Looks at both.
///
/// # Errors
/// Jenkins' trouble, or a configuration that cannot be read.
pub async fn drift(
    jenkins: &Jenkins,
    spec: JobSpec<'_>,
    adoption: Option<&Adoption>,
) -> Result<Standing, CallError> {
    let (Ok(name), Ok(template)) = (JobName::parse(spec.job), JobName::parse(spec.template_job))
    else {
        return Ok(Standing::bare(Drift::NoTemplate));
    };
    let Some(found) = jenkins.job_config(&name).await? else {
        return Ok(Standing::bare(Drift::Missing));
    };
    let Some(template) = jenkins.job_config(&template).await? else {
        return Ok(Standing::bare(Drift::NoTemplate));
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
) -> Result<Standing, XmlError> {
    let (marker, is_ours) = match job_xml::hand(found)? {
        Hand::Ours(marker) => (marker, true),
        Hand::Edited(marker) => (marker, false),
        Hand::Foreign => return Ok(Standing::bare(Drift::Foreign)),
    };
    if marker.project != project {
        return Ok(Standing::bare(Drift::Foreign));
    }
    let changes = changes(found, template)?;
    let content = job_xml::content_hash(found)?;
    let is_kept = adoption.is_some_and(|a| a.keeps(found));
    let drift = match (changes.is_empty(), is_kept) {
        (true, _) => Drift::Same,
        (false, true) => Drift::Kept(changes),
        (false, false) if is_ours => Drift::Behind(changes, content),
        (false, false) => Drift::Edited(changes, content),
    };
    Ok(Standing {
        drift,
        made_from: Some(version(&marker.template_sha256)),
        template: Some(version(&job_xml::content_hash(template)?)),
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

    fn told(job: &str, template: &str, adoption: Option<&Adoption>) -> Drift {
        let told = compare(job, template, "pay", adoption).expect("two definitions");
        told.drift
    }

    #[test]
    fn a_job_is_held_against_its_template() {
        let (old, new) = (template("make"), template("make all"));
        let job = job_xml::from_template(&old, "pay").expect("a job");
        let same = compare(&job, &old, "pay", None).expect("two definitions");
        assert_eq!(same.drift, Drift::Same);
        assert_eq!(same.made_from, same.template);
        assert_eq!(same.template.map(|version| version.len()), Some(VERSION));
        let behind = compare(&job, &new, "pay", None).expect("two definitions");
        assert_ne!(behind.made_from, behind.template);
        let Drift::Behind(changes, content_sha256) = behind.drift else {
            panic!("{behind:?}");
        };
        assert_eq!(changes.len(), 1);
        // It may stay with the version that it has, whatever the template learns.
        let mut yes = Adoption {
            content_sha256,
            keeps_definition: true,
            of_ours: true,
        };
        assert_eq!(told(&job, &new, Some(&yes)), Drift::Kept(changes));
        let edited = job.replace("make", "make quick");
        let Drift::Edited(changes, content_sha256) = told(&edited, &old, Some(&yes)) else {
            panic!("a yes to the job as it was is none to this one");
        };
        assert_eq!(changes.len(), 1);
        // A yes is to exactly this; once it is edited again, it is asked about again.
        yes.content_sha256 = content_sha256;
        assert_eq!(told(&edited, &old, Some(&yes)), Drift::Kept(changes));
        let again = edited.replace("quick", "quicker");
        assert!(matches!(told(&again, &old, Some(&yes)), Drift::Edited(..)));
        yes.keeps_definition = false;
        assert!(matches!(told(&edited, &old, Some(&yes)), Drift::Edited(..)));
        let foreign = Ok(Standing::bare(Drift::Foreign));
        assert_eq!(compare(&job, &old, "shop", None), foreign);
        assert_eq!(compare(&old, &old, "pay", None), foreign);
    }
}
