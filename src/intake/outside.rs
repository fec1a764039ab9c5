//! What stands outside, for a page: three seconds for everything together. Without the cluster
//! there is no table; GitLab and Jenkins only help to fill it in, and who does not answer is told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Service;
use url::Url;

use super::sources::{Job, Sources, path_in};
use super::store::Known;
use crate::app::App;
use crate::clusters::{self, Cluster};
use crate::connections::{self, ConnectionError, ConnectionId, within};
use crate::error::{AppError, Words};
use crate::integrations::gitlab::Repositories;
use crate::integrations::jenkins::Listed;

const LIMIT: Duration = Duration::from_secs(3);
/// A company has one Jenkins, or a few.
const MOST_JENKINS: usize = 5;

/// Everything that a cluster runs.
pub struct Running {
    pub deployments: Vec<Deployment>,
    pub services: Vec<Service>,
    pub autoscalers: Vec<HorizontalPodAutoscaler>,
}

/// The cluster, and beside it whatever else answers, with words about what does not.
///
/// # Errors
/// 503 when the cluster does not answer in time.
pub async fn ask(
    app: &App,
    cluster: &Cluster,
    known: &Known,
) -> Result<(Running, Sources, Vec<Words>), AppError> {
    let running = within(&cluster.key, LIMIT, running(app, cluster));
    let builders: BTreeSet<ConnectionId> = known.builders.values().copied().collect();
    let builders = builders.into_iter().take(MOST_JENKINS);
    let jobs = join_all(builders.map(|id| async move {
        let listed = within("Jenkins", LIMIT, jobs(app, id)).await;
        (id, listed)
    }));
    let repositories = repositories(app, known.gitlab.map(ConnectionId));
    let (running, repositories, jobs) = tokio::join!(running, repositories, jobs);
    let mut notes = Vec::new();
    let sources = sources(repositories, jobs, &mut notes);
    Ok((running?, sources, notes))
}

async fn running(app: &App, cluster: &Cluster) -> Result<Running, ConnectionError> {
    let kubernetes = clusters::kubernetes(app, cluster.id).await?;
    let (deployments, services, autoscalers) = tokio::try_join!(
        kubernetes.all::<Deployment>(),
        kubernetes.all::<Service>(),
        kubernetes.all::<HorizontalPodAutoscaler>(),
    )?;
    Ok(Running {
        deployments,
        services,
        autoscalers,
    })
}

/// `None` where it is not clear which GitLab is meant.
async fn repositories(
    app: &App,
    gitlab: Option<ConnectionId>,
) -> Option<Result<(Url, Repositories), AppError>> {
    let id = gitlab?;
    let listed = within("GitLab", LIMIT, async {
        let gitlab = connections::gitlab(app, id).await?;
        let listed = gitlab.repositories().await?;
        Ok((gitlab.base().clone(), listed))
    });
    Some(listed.await)
}

async fn jobs(app: &App, id: ConnectionId) -> Result<Vec<Listed>, ConnectionError> {
    let (jenkins, config) = connections::jenkins(app, id).await?;
    Ok(jenkins.jobs_in(&config.folder).await?)
}

/// What was listed, and in words what was not.
fn sources(
    repositories: Option<Result<(Url, Repositories), AppError>>,
    jobs: Vec<(ConnectionId, Result<Vec<Listed>, AppError>)>,
    notes: &mut Vec<Words>,
) -> Sources {
    let mut sources = Sources::default();
    match repositories {
        Some(Ok((base, listed))) => {
            if !listed.is_whole {
                let words = Words::new("intake-repositories-cut");
                notes.push(words.with("n", listed.paths.len()));
            }
            sources.gitlab = Some(base);
            sources.repositories = listed.paths;
            sources.is_whole = listed.is_whole;
        }
        Some(Err(_)) => notes.push(Words::new("intake-repositories-away")),
        None => notes.push(Words::new("intake-repositories-whose")),
    }
    let mut kept = BTreeMap::new();
    for (id, listed) in jobs {
        match listed {
            Ok(listed) => {
                let job = |one| job(sources.gitlab.as_ref(), one);
                kept.insert(id, listed.into_iter().map(job).collect());
            }
            Err(_) => notes.push(Words::new("intake-jobs-away")),
        }
    }
    sources.jobs = kept;
    notes.dedup();
    sources
}

/// Of its addresses only the paths in our GitLab stay: what else is in them is nobody's business.
fn job(gitlab: Option<&Url>, listed: Listed) -> Job {
    let paths = listed.sources.iter();
    let paths = paths.filter_map(|address| path_in(gitlab?, address));
    let paths: BTreeSet<String> = paths.collect();
    Job {
        repositories: paths.into_iter().collect(),
        name: listed.name,
    }
}
