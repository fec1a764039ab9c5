//! The project's job: made from its language's template on first use, copied anew when the
//! template moved, never taken from somebody's hands but by operations' yes.

use super::{Adoption, PARAMETERS};
use crate::error::Words;
use crate::integrations::CallError;
use crate::integrations::jenkins::job_xml::{self, Hand};
use crate::integrations::jenkins::{CreateJobError, Jenkins, JobName};

/// Whose job it is, and what it is made from.
#[derive(Debug, Clone, Copy)]
pub struct Spec<'a> {
    /// Its full name, with the folder.
    pub job: &'a str,
    pub template_job: &'a str,
    pub project: &'a str,
    /// Whether a job of ours that somebody edited by hand becomes the template's again.
    pub restores: bool,
}

/// What looking for the job came to.
#[derive(Debug, Clone)]
pub enum JobOutcome {
    Ready,
    /// Jenkins builds it right now; its configuration must not be touched meanwhile.
    Busy,
    /// A job of this name that we did not make; operations decide what becomes of it.
    Foreign,
    /// People must act: no template, wrong parameters, somebody else's job.
    Blocked(Words),
}

/// Finds the job as it should be, or makes it so. Safe to repeat.
///
/// # Errors
/// Jenkins' trouble.
pub async fn ensure_job(
    jenkins: &Jenkins,
    spec: Spec<'_>,
    adoption: Option<&Adoption>,
) -> Result<JobOutcome, CallError> {
    let blocked = |code: &str| Ok(JobOutcome::Blocked(words(code, spec)));
    let (Ok(name), Ok(template)) = (JobName::parse(spec.job), JobName::parse(spec.template_job))
    else {
        return blocked("job-name-bad");
    };
    let Some(template) = jenkins.job_config(&template).await? else {
        return blocked("job-no-template");
    };
    if !declares_all(&template) {
        return blocked("job-template-parameters");
    }
    let Ok(wanted) = job_xml::from_template(&template, spec.project) else {
        return blocked("job-template-broken");
    };
    match jenkins.job_config(&name).await? {
        None => create(jenkins, &name, &wanted, spec).await,
        Some(found) if is_ours(&found, spec) => {
            let is_kept = adoption.is_some_and(|a| a.keeps(&found));
            let moved = !is_kept && has_moved(&found, &template);
            // Edited by hand or kept: somebody wanted it so, until operations say otherwise.
            if moved || spec.restores {
                return take(jenkins, &name, &wanted, spec).await;
            }
            ready(jenkins, &name, spec).await
        }
        Some(found) => match adoption.filter(|a| a.fits(&found)) {
            Some(adoption) => {
                let definition = match adoption.keeps_definition {
                    true => job_xml::adopted(&found, &template, spec.project),
                    false => Ok(wanted),
                };
                let Ok(definition) = definition else {
                    return blocked("job-template-broken");
                };
                take(jenkins, &name, &definition, spec).await
            }
            None => Ok(JobOutcome::Foreign),
        },
    }
}

fn words(code: &str, spec: Spec<'_>) -> Words {
    Words::new(code)
        .with("job", spec.job)
        .with("template", spec.template_job)
}

/// Exactly ours, all of them text: Jenkins drops what is not declared without a word.
fn declares_all(xml: &str) -> bool {
    let Ok(declared) = job_xml::parameters(xml) else {
        return false;
    };
    let mut names: Vec<&str> = declared.iter().map(|p| p.name.as_str()).collect();
    let mut ours = PARAMETERS.to_vec();
    names.sort_unstable();
    ours.sort_unstable();
    names == ours && declared.iter().all(|p| p.is_text)
}

async fn create(
    jenkins: &Jenkins,
    name: &JobName,
    wanted: &str,
    spec: Spec<'_>,
) -> Result<JobOutcome, CallError> {
    if let Some(folder) = name.folder() {
        jenkins.ensure_folder(&folder).await?;
    }
    match jenkins.create_job_from_xml(name, wanted).await {
        Ok(()) => ready(jenkins, name, spec).await,
        // Another spelling of case, or our own call whose answer was lost: the next look tells.
        Err(CreateJobError::Exists) => match jenkins.job_config(name).await? {
            Some(found) if is_ours(&found, spec) => ready(jenkins, name, spec).await,
            Some(_) | None => Ok(JobOutcome::Foreign),
        },
        Err(CreateJobError::Call(error)) => Err(error),
    }
}

fn is_ours(xml: &str, spec: Spec<'_>) -> bool {
    match job_xml::hand(xml) {
        Ok(Hand::Ours(marker) | Hand::Edited(marker)) => marker.project == spec.project,
        Ok(Hand::Foreign) | Err(_) => false,
    }
}

/// Whether nobody touched a job of ours, and its template is another one than it was made from.
fn has_moved(found: &str, template: &str) -> bool {
    match job_xml::hand(found) {
        Ok(Hand::Ours(marker)) => {
            job_xml::content_hash(template).is_ok_and(|hash| hash != marker.template_sha256)
        }
        Ok(Hand::Edited(_) | Hand::Foreign) | Err(_) => false,
    }
}

/// Writes a definition; the job's name and its history stay.
async fn take(
    jenkins: &Jenkins,
    name: &JobName,
    definition: &str,
    spec: Spec<'_>,
) -> Result<JobOutcome, CallError> {
    // Configuration sent during a build makes Jenkins lie about that build.
    if let Some(job) = jenkins.job(name).await?
        && job.next_build_number > 1
        && let Some(last) = jenkins.build(name, job.next_build_number - 1).await?
        && last.building
    {
        return Ok(JobOutcome::Busy);
    }
    jenkins.update_config(name, definition).await?;
    ready(jenkins, name, spec).await
}

/// Buildable, and declaring what we are going to send.
async fn ready(jenkins: &Jenkins, name: &JobName, spec: Spec<'_>) -> Result<JobOutcome, CallError> {
    let Some(job) = jenkins.job(name).await? else {
        return Ok(JobOutcome::Blocked(words("job-gone", spec)));
    };
    let declared = PARAMETERS
        .iter()
        .all(|p| job.parameters.iter().any(|d| d == p));
    if !declared {
        return Ok(JobOutcome::Blocked(words("job-parameters", spec)));
    }
    if !job.buildable {
        return Ok(JobOutcome::Blocked(words("job-not-buildable", spec)));
    }
    Ok(JobOutcome::Ready)
}
