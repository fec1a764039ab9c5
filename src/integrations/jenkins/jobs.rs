//! Jobs and folders: looking at them, making them, changing their configuration.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};

use super::{Jenkins, JobName, fault, reason, wire, xml};
use crate::integrations::CallError;
use crate::integrations::answer::Answer;

/// Without the charset Jenkins garbles what is not ASCII.
const XML: &str = "application/xml; charset=utf-8";
const FORM: &str = "application/x-www-form-urlencoded";
const FOLDER_CLASS: &str = "com.cloudbees.hudson.plugins.folder.Folder";
const JOB_TREE: &str = "buildable,disabled,inQueue,nextBuildNumber,\
                        property[parameterDefinitions[name]]";

/// A job as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// False for a disabled job, and for a fresh copy that nobody saved yet.
    pub buildable: bool,
    pub disabled: bool,
    pub in_queue: bool,
    pub next_build_number: u64,
    /// Names of the declared parameters; Jenkins silently drops all others.
    pub parameters: Vec<String>,
}

/// Why no job was made.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CreateJobError {
    /// An item of this name, in any spelling of case, is there.
    #[error("the job exists")]
    Exists,
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Jenkins {
    pub async fn job(&self, name: &JobName) -> Result<Option<Job>, CallError> {
        let path = name.path(&["api", "json"]);
        let Some(answer) = self.find(&path, &[("tree", JOB_TREE)]).await? else {
            return Ok(None);
        };
        answer.json::<wire::Job>().map(|job| Some(job.into()))
    }

    /// The job's config.xml, with the XML 1.1 declaration that Jenkins writes.
    pub async fn job_config(&self, name: &JobName) -> Result<Option<String>, CallError> {
        let answer = self.find(&name.path(&["config.xml"]), &[]).await?;
        let Some(answer) = answer else {
            return Ok(None);
        };
        let text = String::from_utf8(answer.body);
        text.map(Some).map_err(|_| CallError::Unexpected {
            detail: "config.xml is not UTF-8".to_owned(),
        })
    }

    /// Makes a job, buildable at once; its folder must exist.
    ///
    /// The XML is parsed first, because an unknown root element leaves a broken folder behind
    /// that keeps Jenkins from starting again.
    pub async fn create_job_from_xml(
        &self,
        name: &JobName,
        config: &str,
    ) -> Result<(), CreateJobError> {
        checked(config)?;
        let folder = name.folder();
        let path = inside(folder.as_ref(), "createItem");
        let build = || {
            let request = self.request(Method::POST, &path);
            let request = request.query(&[("name", name.leaf())]);
            request.header(CONTENT_TYPE, XML).body(config.to_owned())
        };
        let answer = self.post(build).await?;
        match answer.status {
            StatusCode::OK => Ok(()),
            _ if is_taken(&answer) => Err(CreateJobError::Exists),
            _ => Err(fault(&answer).into()),
        }
    }

    /// Replaces a job's configuration; fields that `config` lacks fall back to their defaults.
    ///
    /// Never call it while a build of the job runs: Jenkins then reports that build as failed
    /// while it goes on and pushes.
    pub async fn update_config(&self, name: &JobName, config: &str) -> Result<(), CallError> {
        checked(config)?;
        let path = name.path(&["config.xml"]);
        let build = || {
            let request = self.request(Method::POST, &path);
            request.header(CONTENT_TYPE, XML).body(config.to_owned())
        };
        let answer = self.post(build).await?;
        match answer.status {
            StatusCode::OK => Ok(()),
            _ => Err(fault(&answer)),
        }
    }

    /// Deletes the job with its builds. One that is gone is no error.
    pub async fn delete_job(&self, name: &JobName) -> Result<(), CallError> {
        let path = name.path(&["doDelete"]);
        let build = || {
            let request = self.request(Method::POST, &path);
            request.header(CONTENT_TYPE, FORM).body("")
        };
        let answer = self.post(build).await?;
        match answer.status {
            StatusCode::OK | StatusCode::FOUND | StatusCode::NOT_FOUND => Ok(()),
            _ => Err(fault(&answer)),
        }
    }

    /// Makes the folder, and the folders around it, where they are missing.
    ///
    /// # Errors
    /// `Conflict` where something that is not a folder has the name.
    pub async fn ensure_folder(&self, name: &JobName) -> Result<(), CallError> {
        let names: Vec<&str> = name.as_str().split('/').collect();
        for depth in 1..=names.len() {
            let folder = JobName::parse(&names[..depth].join("/"));
            // Each part of a lawful name is lawful.
            let Ok(folder) = folder else { continue };
            if !self.is_folder(&folder).await? {
                self.create_folder(&folder).await?;
            }
        }
        Ok(())
    }

    async fn is_folder(&self, name: &JobName) -> Result<bool, CallError> {
        let path = name.path(&["api", "json"]);
        let Some(answer) = self.find(&path, &[("tree", "name")]).await? else {
            return Ok(false);
        };
        match answer.json::<wire::Item>()?.class {
            class if class == FOLDER_CLASS => Ok(true),
            class => Err(CallError::Conflict {
                detail: format!("{name} is no folder but a {class}"),
            }),
        }
    }

    /// By mode rather than by XML: where the folder plugin is missing this fails cleanly.
    async fn create_folder(&self, name: &JobName) -> Result<(), CallError> {
        let folder = name.folder();
        let path = inside(folder.as_ref(), "createItem");
        let build = || {
            let query = [("name", name.leaf()), ("mode", FOLDER_CLASS)];
            let request = self.request(Method::POST, &path).query(&query);
            request.header(CONTENT_TYPE, FORM).body("")
        };
        let answer = self.post(build).await?;
        match answer.status {
            StatusCode::OK | StatusCode::FOUND => Ok(()),
            _ if is_taken(&answer) && self.is_folder(name).await? => Ok(()),
            _ => Err(fault(&answer)),
        }
    }
}

/// The address of an action on a folder, or on the top.
fn inside<'a>(folder: Option<&'a JobName>, action: &'a str) -> Vec<&'a str> {
    match folder {
        Some(folder) => folder.path(&[action]),
        None => vec![action],
    }
}

fn is_taken(answer: &Answer) -> bool {
    answer.status == StatusCode::BAD_REQUEST && reason(answer).contains("already exists")
}

fn checked(config: &str) -> Result<(), CallError> {
    let refused = |error: xml::XmlError| CallError::Refused {
        detail: error.to_string(),
    };
    super::job_xml::check(config).map_err(refused)
}

impl From<wire::Job> for Job {
    fn from(job: wire::Job) -> Self {
        let properties = job.property.into_iter();
        let definitions = properties.flat_map(|property| property.parameter_definitions);
        Self {
            buildable: job.buildable,
            disabled: job.disabled,
            in_queue: job.in_queue,
            next_build_number: job.next_build_number,
            parameters: definitions.map(|definition| definition.name).collect(),
        }
    }
}
