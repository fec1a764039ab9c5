//! Reads of the outside for a page or a button: at most three seconds, never an effect.

use std::time::Duration;

use super::import::Found;
use super::{Artifact, images};
use crate::app::App;
use crate::builds::{self, Build, Question};
use crate::connections::{self, within};
use crate::error::AppError;
use crate::integrations::gitlab::{Branch, Commit, Compare, TagLine};
use crate::integrations::registry::{Digest, ImageTag, Reference, Repository};
use crate::projects::Project;

const LIMIT: Duration = Duration::from_secs(3);
const TAGS_SHOWN: usize = 12;
const COMMITS_SHOWN: usize = 10;

/// The commit that a reference points at.
///
/// # Errors
/// 400 on the field when there is none, 503 when GitLab does not answer.
pub async fn commit(
    app: &App,
    project: &Project,
    number: i64,
    reference: &str,
) -> Result<Commit, AppError> {
    let id = u64::try_from(number).unwrap_or(0);
    let found = within("GitLab", LIMIT, async {
        Ok(connections::gitlab(app, project.gitlab)
            .await?
            .commit(id, reference)
            .await?)
    });
    found
        .await?
        .ok_or_else(|| AppError::field("ref", "release-ref-unknown"))
}

/// What lies between two commits; `None` where GitLab does not know one of them any more.
///
/// # Errors
/// 503 when GitLab does not answer.
pub async fn compare(
    app: &App,
    project: &Project,
    number: i64,
    (from, to): (&str, &str),
) -> Result<Option<Compare>, AppError> {
    let id = u64::try_from(number).unwrap_or(0);
    within("GitLab", LIMIT, async {
        let gitlab = connections::gitlab(app, project.gitlab).await?;
        Ok(gitlab.compare(id, from, to).await?)
    })
    .await
}

/// What a release can be opened of.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    pub branches: Vec<Branch>,
    pub tags: Vec<TagLine>,
    pub commits: Vec<Commit>,
}

/// Branches, the newest tags and the default branch's last commits, for the form.
///
/// # Errors
/// 503 when GitLab does not answer.
pub async fn branches(app: &App, project: &Project, number: i64) -> Result<Sources, AppError> {
    let id = u64::try_from(number).unwrap_or(0);
    let branch = project.default_branch.as_deref().unwrap_or("main");
    within("GitLab", LIMIT, async {
        let gitlab = connections::gitlab(app, project.gitlab).await?;
        let (branches, tags, commits) = tokio::try_join!(
            gitlab.branches(id, ""),
            gitlab.tags(id, TAGS_SHOWN),
            gitlab.commits(id, branch, COMMITS_SHOWN),
        )?;
        Ok(Sources {
            branches,
            tags,
            commits,
        })
    })
    .await
}

/// Whether the registry has anything under a release's tag.
///
/// # Errors
/// 503 when it does not answer.
pub async fn has_tag(app: &App, project: &Project, tag: &str) -> Result<bool, AppError> {
    let (registry, config) = within(
        "registry",
        LIMIT,
        connections::registry(app, project.registry),
    )
    .await?;
    let (Ok(repository), Ok(tag)) = (config.repository(&project.key), ImageTag::parse(tag)) else {
        return Ok(false);
    };
    let found = within("registry", LIMIT, async {
        Ok(registry.digest(&repository, &tag).await?)
    });
    Ok(found.await?.is_some())
}

/// Whether the registry still has the image.
///
/// # Errors
/// 503 when it does not answer.
pub async fn pullable(app: &App, project: &Project, artifact: &Artifact) -> Result<bool, AppError> {
    let (Ok(repository), Ok(digest)) = (
        Repository::parse(&artifact.repository),
        Digest::parse(&artifact.digest),
    ) else {
        return Ok(false);
    };
    within("registry", LIMIT, async {
        let (registry, _) = connections::registry(app, project.registry).await?;
        Ok(registry.exists(&repository, &digest).await?)
    })
    .await
}

/// What an image's name stands for now; `None` where the registry has nothing of that name.
///
/// # Errors
/// 503 when it does not answer.
pub async fn image(
    app: &App,
    project: &Project,
    named: &Reference,
) -> Result<Option<Found>, AppError> {
    within("registry", LIMIT, async {
        let (registry, _) = connections::registry(app, project.registry).await?;
        let digest = match (&named.digest, &named.tag) {
            (Some(digest), _) => Some(digest.clone()),
            (None, Some(tag)) => registry.digest(&named.repository, tag).await?,
            (None, None) => None,
        };
        let Some(digest) = digest else {
            return Ok(None);
        };
        let Some(image) = registry.image(&named.repository, &digest).await? else {
            return Ok(None);
        };
        let place = (&registry, &named.repository);
        Ok(Some(Found {
            repository: named.repository.to_string(),
            tag: named
                .tag
                .as_ref()
                .map_or_else(|| unnamed(&digest), ToString::to_string),
            digest: digest.to_string(),
            size_bytes: i64::try_from(image.size).unwrap_or(i64::MAX),
            remarks: images::look(app, project, place, &image).await?,
        }))
    })
    .await
}

/// What an image without a tag is called by: a lawful tag that nobody takes for one of theirs.
fn unnamed(digest: &Digest) -> String {
    let name: String = digest.as_str().chars().take(19).collect();
    name.replace(':', "-")
}

/// What there is to decide about a build's job.
///
/// # Errors
/// 503 when Jenkins does not answer.
pub async fn job_question(
    app: &App,
    build: &Build,
    template: &str,
    project: &str,
) -> Result<Option<Question>, AppError> {
    within("Jenkins", LIMIT, async {
        let (jenkins, _) = connections::jenkins(app, build.jenkins).await?;
        Ok(builds::question(&jenkins, &build.job, template, project).await?)
    })
    .await
}
