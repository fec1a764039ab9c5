//! `onboarding.webhook`: has GitLab tell us of pushes, so that open pages look again at once.
//!
//! It is a help and no more: a GitLab that refuses, because the account is no Maintainer or our
//! address is none that it may call, costs nobody their place. Why is kept and shown.

use async_trait::async_trait;
use aws_lc_rs::rand::fill;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde_json::json;

use super::{Input, address, broken, finish, project_of, store};
use crate::app::App;
use crate::connections::{self, ConnectionError};
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::ProjectId;
use crate::integrations::CallError;
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::projects::Project;
use crate::secrets::Place as Cell;
use crate::workloads::{StepError, settle};

pub const NAME: &str = "onboarding.webhook";
/// 256 bits of chance.
const TOKEN_BYTES: usize = 32;

pub struct Webhook(pub App);

/// Where the word for GitLab is sealed.
pub fn cell(project: ProjectId) -> Cell<'static> {
    Cell {
        table: "project_place",
        column: "hook_token",
        row: project.0,
    }
}

#[async_trait]
impl Step for Webhook {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, "GitLab", self.ensure(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        match result {
            StepResult::Done(seen) => {
                let Ok(input) = Input::of(claim) else {
                    return Err(DbError::Row("a webhook without a project".to_owned()));
                };
                let hook = seen["hook"].as_i64();
                let trouble: Option<Words> = serde_json::from_value(seen["trouble"].clone()).ok();
                let connection = tx.connection();
                store::hooked(connection, input.project, hook, trouble.as_ref()).await?;
                let lane = seen["lane"].as_str().unwrap_or("portal").to_owned();
                Ok(Some(NewStep::new(
                    super::job::NAME,
                    lane,
                    claim.input.clone(),
                )))
            }
            StepResult::Fail(_) => {
                finish(tx, claim, false).await?;
                Ok(None)
            }
            StepResult::Wait { .. } | StepResult::Retry { .. } => Ok(None),
        }
    }
}

impl Webhook {
    async fn ensure(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let project = project_of(&self.0, &Input::of(claim)?).await?;
        let token = self.token(project.id).await?;
        let url = address(&self.0, project.id).map_err(|e| broken(&e))?;
        let made = match number(&project) {
            Some(number) => {
                let gitlab = connections::gitlab(&self.0, project.gitlab).await?;
                gitlab.ensure_hook(number, &url, &token).await
            }
            None => Err(CallError::NotFound {
                detail: "the project has no repository".to_owned(),
            }),
        };
        let (hook, trouble) = match made {
            Ok(hook) => (i64::try_from(hook.id).ok(), None),
            Err(error) => match why_none(&error) {
                Some(words) => (None, Some(words)),
                None => return Err(error.into()),
            },
        };
        let job = crate::releases::job_of(&self.0, &project).await;
        let lane = format!("jenkins:{}", job.map_err(|e| broken(&e))?.jenkins);
        let seen = json!({ "hook": hook, "trouble": trouble, "lane": lane });
        Ok(StepResult::Done(seen))
    }

    /// The word that GitLab is to show: made once, and there before GitLab hears it.
    async fn token(&self, project: ProjectId) -> Result<SecretString, StepError> {
        let pool = self.0.db.pool();
        let keys = &self.0.settings.keys;
        let found = match store::token(pool, project).await? {
            Some(found) => found,
            None => {
                let mut bytes = [0; TOKEN_BYTES];
                let no_chance = || StepError::Retry(Words::new("step-secret-broken"));
                fill(&mut bytes).map_err(|_| no_chance())?;
                let token = SecretString::from(URL_SAFE_NO_PAD.encode(bytes));
                let sealed = keys.seal(cell(project), &token).map_err(|_| no_chance())?;
                store::open(pool, project, &sealed).await?;
                // Of two that make one at once, one is kept.
                store::token(pool, project).await?.ok_or_else(no_chance)?
            }
        };
        let opened = keys.open(cell(project), &found);
        Ok(opened.map_err(ConnectionError::Secret)?)
    }
}

fn number(project: &Project) -> Option<u64> {
    let bound = project.bound.as_ref()?;
    u64::try_from(bound.number).ok()
}

/// What a repetition would not change; nothing for what it may.
fn why_none(error: &CallError) -> Option<Words> {
    match error {
        CallError::Denied { .. } | CallError::NotFound { .. } => {
            Some(Words::new("setup-hook-denied"))
        }
        CallError::Refused { .. } | CallError::Conflict { .. } => {
            Some(Words::new("setup-hook-refused"))
        }
        CallError::Unavailable { .. } | CallError::Unexpected { .. } => None,
    }
}

/// Takes the webhook of a project away, if there ever was one. Safe to repeat.
///
/// # Errors
/// GitLab's trouble; a GitLab that no longer lets us see the repository has nothing of ours to
/// take.
pub async fn take_away(app: &App, project: &Project) -> Result<(), StepError> {
    let asked = store::token(app.db.pool(), project.id).await?.is_some();
    let Some(number) = number(project).filter(|_| asked) else {
        return Ok(());
    };
    let url = address(app, project.id).map_err(|e: AppError| broken(&e))?;
    let gitlab = connections::gitlab(app, project.gitlab).await?;
    match gitlab.delete_hooks(number, &url).await {
        Ok(()) | Err(CallError::Denied { .. } | CallError::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
