//! The jobs of a folder, and where each fetches its source from.

use serde::Deserialize;

use super::{Jenkins, JobName};
use crate::integrations::CallError;

/// More jobs of one folder are not looked through.
const JOBS_MAX: usize = 1000;

/// A job in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name inside of the folder.
    pub name: String,
    /// Addresses of repositories: what a freestyle job is configured with, and what the last
    /// build of any job fetched by the Git plugin. They may hold credentials.
    pub sources: Vec<String>,
}

#[derive(Deserialize)]
struct Folder {
    #[serde(default)]
    jobs: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    name: String,
    /// Folders and multibranch projects have no such field.
    buildable: Option<bool>,
    scm: Option<Scm>,
    last_build: Option<Build>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Scm {
    #[serde(default)]
    user_remote_configs: Vec<Remote>,
}

#[derive(Deserialize)]
struct Remote {
    url: Option<String>,
}

#[derive(Deserialize)]
struct Build {
    #[serde(default)]
    actions: Vec<Action>,
}

/// Most actions are `{}` to us; the Git plugin's names what was fetched.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    #[serde(default)]
    remote_urls: Vec<String>,
}

impl Jenkins {
    /// The jobs that stand in a folder itself, by one call; none where there is no such folder.
    pub async fn jobs_in(&self, folder: &JobName) -> Result<Vec<Listed>, CallError> {
        let tree = format!(
            "jobs[name,buildable,scm[userRemoteConfigs[url]],\
             lastBuild[actions[remoteUrls]]]{{0,{JOBS_MAX}}}"
        );
        let path = folder.path(&["api", "json"]);
        let Some(answer) = self.find(&path, &[("tree", &tree)]).await? else {
            return Ok(Vec::new());
        };
        let jobs = answer.json::<Folder>()?.jobs.into_iter();
        Ok(jobs
            .filter(|item| item.buildable.is_some())
            .map(Item::listed)
            .collect())
    }
}

impl Item {
    fn listed(self) -> Listed {
        let remotes = self.scm.into_iter().flat_map(|scm| scm.user_remote_configs);
        let mut sources: Vec<String> = remotes.filter_map(|remote| remote.url).collect();
        let actions = self.last_build.into_iter().flat_map(|build| build.actions);
        sources.extend(actions.flat_map(|action| action.remote_urls));
        sources.sort_unstable();
        sources.dedup();
        Listed {
            name: self.name,
            sources,
        }
    }
}
