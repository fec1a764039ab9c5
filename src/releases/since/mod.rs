//! What a release brings: the commits between what runs, or was released last, and its own.

mod store;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::outside;
use crate::app::App;
use crate::error::AppError;
use crate::integrations::gitlab::{Commit, Compare};
use crate::projects::Project;

/// Commits kept with a release; the count tells of the rest.
const LINES_KEPT: usize = 20;

/// The commits since another release, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Since {
    /// The release before it.
    pub release: i32,
    pub tag: String,
    pub commit: String,
    pub count: usize,
    pub authors: Vec<String>,
    pub commits: Vec<Line>,
}

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CommitLine)]
pub struct Line {
    pub id: String,
    pub title: String,
    pub author: String,
    pub at: Timestamp,
}

/// The release that another one is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    pub release: i32,
    pub tag: String,
    pub commit: String,
}

/// A release that built a commit before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Built {
    pub release: i32,
    pub commit: String,
}

/// What a commit would bring beyond what production runs, or beyond the newest release with an
/// image where nothing runs there. `None` for the first.
///
/// # Errors
/// 503 when GitLab does not answer.
pub async fn since(app: &App, project: &Project, commit: &str) -> Result<Option<Since>, AppError> {
    let Some(base) = store::base(app.db.pool(), project.id).await? else {
        return Ok(None);
    };
    let number = project.bound.as_ref().map_or(0, |b| b.number);
    let between = outside::compare(app, project, number, (&base.commit, commit)).await?;
    Ok(between.map(|found| told(base, &found)))
}

/// The newest release that built this very commit, and may go on.
///
/// # Errors
/// No answer from the database.
pub async fn built(app: &App, project: &Project, commit: &str) -> Result<Option<Built>, AppError> {
    Ok(store::built(app.db.pool(), project.id, commit).await?)
}

/// The same for a reference as it stands now; 503 and 400 are left to the opening itself.
///
/// # Errors
/// No answer from GitLab or the database, an unknown reference.
pub async fn built_of(
    app: &App,
    project: &Project,
    reference: &str,
) -> Result<(Commit, Option<Built>), AppError> {
    let number = project.bound.as_ref().map(|b| b.number);
    let number = number.ok_or_else(|| AppError::conflict("release-project-unbound"))?;
    let commit = outside::commit(app, project, number, reference).await?;
    let built = built(app, project, &commit.id).await?;
    Ok((commit, built))
}

fn told(base: Base, found: &Compare) -> Since {
    let line = |commit: &Commit| Line {
        id: commit.id.clone(),
        title: commit.title.clone(),
        author: commit.author_name.clone(),
        at: commit.committed_date,
    };
    let mut authors: Vec<String> = Vec::new();
    for commit in found.commits.iter().rev() {
        if !authors.contains(&commit.author_name) {
            authors.push(commit.author_name.clone());
        }
    }
    Since {
        release: base.release,
        tag: base.tag,
        commit: base.commit,
        count: found.commits.len(),
        authors,
        commits: found
            .commits
            .iter()
            .rev()
            .take(LINES_KEPT)
            .map(line)
            .collect(),
    }
}
