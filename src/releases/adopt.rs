//! A job of the project's name that the portal did not make: operations adopt it, or choose
//! another name. Until then the release waits, and nothing is written to Jenkins.
//!
//! Invariant: a yes is to exactly the job that was looked at. A job that changed since is asked
//! about again, by the step that would take it.

use serde::Deserialize;
use serde_json::json;

use super::steps::WAITS_FOREIGN;
use super::{Release, ReleaseId, State, outside, store};
use crate::app::App;
use crate::audit::{self, Entry};
use crate::builds::{self, Adoption, Build, Question};
use crate::connections;
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, ProjectId, Scope};
use crate::jobs;
use crate::projects::{self, Project};

crate::words! {
    pub enum Verdict as JobVerdict {
        /// The job is taken as it is; no template is ever copied over it.
        Keep = "keep",
        /// The job is taken, and its definition becomes the template's.
        Renew = "renew",
        /// The job is left alone, and the project's is called otherwise.
        Rename = "rename",
    }
}

/// `POST /releases/{id}/job`
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = JobDecision)]
pub struct Deciding {
    pub verdict: Verdict,
    /// The job's content as it was shown; a name needs none.
    #[serde(default)]
    pub content_sha256: String,
    /// The other name, without its folder.
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub note: String,
}

/// A release that waits for operations' word on a job, with what there is to decide.
pub struct Asked {
    pub release: Release,
    pub build: Build,
    pub question: Question,
}

/// What operations are asked about a release's job, read from Jenkins now.
///
/// # Errors
/// 403 without the right, 404 when nothing is asked any more, 503 when Jenkins does not answer.
pub async fn asked(app: &App, actor: &Actor, release: Release) -> Result<Asked, AppError> {
    actor.must(Permission::OperateRuns, Scope::Platform)?;
    let project = project_of(app, &release).await?;
    let all = builds::of_release(app.db.pool(), release.id.0).await?;
    let waits = store::waits_for(app.db.pool(), release.id, WAITS_FOREIGN).await?;
    let build = all.into_iter().next_back().filter(|_| waits);
    let build = build.ok_or(AppError::NotFound)?;
    let (_, template) = store::language(app.db.pool(), &project.language).await?;
    let question = outside::job_question(app, &build, &template, &project.key).await?;
    Ok(Asked {
        question: question.ok_or(AppError::NotFound)?,
        release,
        build,
    })
}

async fn project_of(app: &App, release: &Release) -> Result<Project, AppError> {
    let found = projects::by_id(app, release.project_id).await?;
    found.ok_or(AppError::NotFound)
}

/// Decides, on record, and wakes the step that waits.
///
/// # Errors
/// 400 for a name that Jenkins cannot hold, 403 without the right, 404 when nothing is asked, 409
/// when the job changed since it was shown or cannot be taken so.
pub async fn adopt(
    app: &App,
    actor: &Actor,
    id: ReleaseId,
    deciding: &Deciding,
) -> Result<(), AppError> {
    let release = super::get(app, actor, id).await?;
    let asked = asked(app, actor, release).await?;
    if deciding.note.chars().count() > 2000 {
        return Err(AppError::field("note", "field-too-long"));
    }
    let mut tx = app.db.begin().await?;
    let job = match deciding.verdict {
        Verdict::Keep | Verdict::Renew => take(&mut tx, actor, &asked, deciding).await?,
        Verdict::Rename => rename(app, &mut tx, &asked, deciding.name.trim()).await?,
    };
    let entry = Entry::done("release.job", "release", id)
        .in_project(asked.release.project_id)
        .before(json!({ "job": asked.build.job }))
        .after(json!({
            "job": job, "verdict": deciding.verdict, "reason": deciding.note.trim(),
            "content_sha256": asked.question.content_sha256,
        }));
    audit::record(&mut tx, &entry, &audit::Origin::from(actor)).await?;
    jobs::wake_subject(&mut tx, id.0).await?;
    super::announce(&mut tx, id, asked.release.project_id).await?;
    tx.commit().await?;
    Ok(())
}

async fn take(
    tx: &mut Tx,
    actor: &Actor,
    asked: &Asked,
    deciding: &Deciding,
) -> Result<String, AppError> {
    let (question, build) = (&asked.question, &asked.build);
    if deciding.content_sha256 != question.content_sha256 {
        return Err(AppError::conflict("job-changed-since"));
    }
    takable(question, deciding.verdict)?;
    let adoption = Adoption {
        content_sha256: question.content_sha256.clone(),
        keeps_definition: deciding.verdict == Verdict::Keep,
        of_ours: false,
    };
    let of = (
        build.jenkins,
        build.job.as_str(),
        asked.release.project_id.0,
    );
    let by = (actor.id.0, deciding.note.trim());
    if !builds::keep_adoption(tx.connection(), of, &adoption, by).await? {
        return Err(AppError::conflict("job-adopted-elsewhere"));
    }
    Ok(build.job.clone())
}

/// Whether a job can be taken in this way, or why not.
///
/// # Errors
/// 409 in words.
pub fn takable(question: &Question, verdict: Verdict) -> Result<(), AppError> {
    if let Some(owner) = question
        .owner
        .as_ref()
        .filter(|_| verdict != Verdict::Rename)
    {
        let words = Words::new("job-of-other-project").with("owner", owner);
        return Err(AppError::Conflict(words));
    }
    match verdict {
        Verdict::Keep if !question.missing.is_empty() => {
            let words = Words::new("job-keep-lacks");
            Err(AppError::Conflict(
                words.with("names", question.missing.join(", ")),
            ))
        }
        Verdict::Renew if !question.can_renew => Err(AppError::conflict("job-other-sort")),
        Verdict::Keep | Verdict::Renew | Verdict::Rename => Ok(()),
    }
}

/// The project's job is called otherwise from now on; the release's build goes with it.
async fn rename(app: &App, tx: &mut Tx, asked: &Asked, name: &str) -> Result<String, AppError> {
    if !is_job_name(name) {
        return Err(AppError::field("name", "job-name-grammar"));
    }
    let (_, config) = connections::jenkins(app, asked.build.jenkins).await?;
    let job = config.folder.child(name);
    let job = job.map_err(|_| AppError::field("name", "job-name-grammar"))?;
    if job.as_str() == asked.build.job {
        return Err(AppError::field("name", "job-name-same"));
    }
    let project = asked.release.project_id;
    store::set_job_name(tx.connection(), project, name).await?;
    if !builds::rename_job(tx.connection(), asked.build.id, job.as_str()).await? {
        return Err(AppError::conflict("job-changed-since"));
    }
    Ok(job.as_str().to_owned())
}

/// Has a project that was just made build by a job of another name than its own. Nothing is said
/// of that job by it: the first release asks about it.
///
/// # Errors
/// No answer from the database.
pub async fn name_job(tx: &mut Tx, project: ProjectId, name: &str) -> Result<(), DbError> {
    store::set_job_name(tx.connection(), project, name).await
}

/// Whether a job can be called so beside the projects'. The table says the same.
#[must_use]
pub fn is_job_name(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let begins = text
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphanumeric());
    begins && text.len() <= 80 && text.bytes().all(good) && !text.ends_with('.')
}

/// Releases whose job operations are asked about, for those who decide.
///
/// # Errors
/// No answer from the database.
pub async fn jobs_to_decide(
    app: &App,
    actor: &Actor,
    limit: i64,
) -> Result<Vec<Release>, AppError> {
    if !actor.may(Permission::OperateRuns, Scope::Platform) {
        return Ok(Vec::new());
    }
    let ids = store::waiting_for(app.db.pool(), WAITS_FOREIGN, limit).await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let filter = super::Filter {
        states: vec![State::Building],
        ids: Some(ids),
        limit,
        ..super::Filter::default()
    };
    Ok(store::list(app.db.pool(), &filter).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(owner: Option<&str>, missing: &[&str], can_renew: bool) -> Question {
        Question {
            job: "slipway/pay".to_owned(),
            content_sha256: String::new(),
            owner: owner.map(str::to_owned),
            missing: missing.iter().map(|m| (*m).to_owned()).collect(),
            changes: Vec::new(),
            can_renew,
            history: 0,
        }
    }

    #[test]
    fn a_job_is_taken_only_as_it_can_be() {
        let may = |q: &Question| {
            let ok = |v: &Verdict| takable(q, *v).is_ok();
            Verdict::ALL.iter().map(ok).collect::<Vec<_>>()
        };
        assert_eq!(may(&question(None, &[], true)), [true, true, true]);
        assert_eq!(may(&question(None, &["IMAGE"], true)), [false, true, true]);
        assert_eq!(may(&question(None, &[], false)), [true, false, true]);
        assert_eq!(
            may(&question(None, &["IMAGE"], false)),
            [false, false, true]
        );
        assert_eq!(
            may(&question(Some("till"), &[], true)),
            [false, false, true]
        );
    }

    #[test]
    fn names_have_a_grammar() {
        for good in ["pay", "pay-2", "Pay_old.1"] {
            assert!(is_job_name(good), "{good}");
        }
        for bad in ["", "-pay", "a/b", "a b", "a.", &"x".repeat(81)] {
            assert!(!is_job_name(bad), "{bad}");
        }
    }
}
