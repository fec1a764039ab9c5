//! `release.tag`: the Git tag, under the name that the release has from the start.

use async_trait::async_trait;
use serde_json::json;

use super::{Input, facts, fail_release, jenkins_lane, show};
use crate::app::App;
use crate::builds;
use crate::connections;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::integrations::gitlab::CreateTagError;
use crate::jobs::{Claim, NewEffect, NewStep, Step, StepResult};
use crate::releases::{Event, advance};
use crate::workloads::{StepError, settle};

pub struct Tag(pub App);

#[async_trait]
impl Step for Tag {
    fn name(&self) -> &'static str {
        "release.tag"
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
        let input = Input::of(claim)?;
        match result {
            StepResult::Done(_) => {
                advance(tx, input.release, Event::Tagged, None).await?;
                let build = builds::find(tx.connection(), input.build).await?;
                let build = build.ok_or_else(|| DbError::Row("a build is gone".to_owned()))?;
                let effect = NewEffect {
                    kind: "jenkins-job",
                    target: build.jenkins.to_string(),
                    name: build.job.clone(),
                    intent: json!({ "template": input.template }),
                };
                let step = NewStep::new("release.job", jenkins_lane(&build), claim.input.clone());
                Ok(Some(step.with_effect(effect)))
            }
            StepResult::Retry { .. } | StepResult::Wait { .. } => {
                advance(tx, input.release, Event::TagDelayed, None).await?;
                show(tx, claim).await?;
                Ok(None)
            }
            StepResult::Fail(_) => {
                fail_release(tx, claim, result).await?;
                Ok(None)
            }
        }
    }
}

impl Tag {
    /// The same commit: done. Another: somebody else's tag, never moved.
    async fn ensure(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let facts = facts(&self.0, claim).await?;
        let gitlab = connections::gitlab(&self.0, facts.project.gitlab).await?;
        let number = facts.project.bound.as_ref().map_or(0, |b| b.number);
        let number = u64::try_from(number).unwrap_or(0);
        let (name, commit) = (facts.release.tag.as_str(), facts.release.commit.as_str());
        let found = match gitlab.tag(number, name).await? {
            Some(found) => found,
            None => match gitlab
                .create_tag(number, name, commit, &facts.release.note)
                .await
            {
                Ok(made) => made,
                Err(CreateTagError::Exists) => {
                    let again = StepError::Retry(Words::new("tag-not-seen").with("tag", name));
                    gitlab.tag(number, name).await?.ok_or(again)?
                }
                Err(CreateTagError::Target(detail)) => {
                    let words = Words::new("tag-refused")
                        .with("tag", name)
                        .with("detail", detail);
                    return Err(StepError::Fail(words));
                }
                Err(CreateTagError::Call(error)) => return Err(error.into()),
            },
        };
        if found.commit_id == facts.release.commit {
            return Ok(StepResult::Done(
                json!({ "tag": found.name, "commit": found.commit_id }),
            ));
        }
        Err(StepError::Fail(
            Words::new("tag-elsewhere").with("tag", name),
        ))
    }
}
