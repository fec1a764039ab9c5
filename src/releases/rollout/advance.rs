//! `rollout.advance`: starts one deployment after the other and ends with the last of them.

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::before;
use super::store::{self, RolloutRow};
use crate::app::App;
use crate::clusters::Tier;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::jobs::{self, Claim, NewEffect, NewRun, NewStep, Step, StepResult};
use crate::releases::{DeploymentState, Event, Kind, RolloutId, RolloutOutcome, advance, told};
use crate::requests::{self, RequestId};
use crate::workloads::{StepError, WorkloadId, settle};

/// A deployment's end wakes the rollout; this is for the case that the wake-up was lost.
const LOOK_ANYWAY: Duration = Duration::from_secs(60);
const BUSY_AGAIN: Duration = Duration::from_secs(5);

pub struct Advance(pub App);

/// What to do next, from our own rows alone.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Plan {
    Start(uuid::Uuid),
    /// One of ours is on its way.
    Wait,
    /// Another deployment holds the next workload.
    Busy,
    End(RolloutOutcome, Option<Words>),
    /// Somebody ended it already.
    Over,
}

fn plan(rollout: &RolloutRow) -> Plan {
    if rollout.ended {
        return Plan::Over;
    }
    for id in &rollout.workloads {
        let found = rollout
            .deployments
            .iter()
            .find(|(workload, _, _)| workload == id);
        let Some((_, state, failure)) = found else {
            return match (rollout.confirmed, rollout.busy.contains(id)) {
                (false, _) => Plan::End(
                    RolloutOutcome::Failed,
                    Some(Words::new("rollout-confirmation-withdrawn")),
                ),
                (true, true) => Plan::Busy,
                (true, false) => Plan::Start(*id),
            };
        };
        match state {
            DeploymentState::Succeeded => {}
            DeploymentState::Pending | DeploymentState::Applying | DeploymentState::Rolling => {
                return Plan::Wait;
            }
            DeploymentState::Failed => {
                return Plan::End(RolloutOutcome::Failed, failure.clone());
            }
            DeploymentState::Aborted => return Plan::End(RolloutOutcome::Aborted, None),
            DeploymentState::Superseded => return Plan::End(RolloutOutcome::Superseded, None),
        }
    }
    Plan::End(RolloutOutcome::Succeeded, None)
}

#[derive(Deserialize)]
struct Ended {
    outcome: Option<RolloutOutcome>,
    failure: Option<Words>,
}

#[async_trait]
impl Step for Advance {
    fn name(&self) -> &'static str {
        "rollout.advance"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, "Slipway", self.decide(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        match result {
            StepResult::Wait { seen, .. } => {
                let workload = seen["start"].as_str().and_then(|text| text.parse().ok());
                if let Some(workload) = workload {
                    start(&self.0, tx, claim, WorkloadId(workload)).await?;
                }
            }
            StepResult::Done(output) => {
                let ended: Ended = serde_json::from_value(output.clone())
                    .map_err(|e| DbError::Row(format!("rollout.advance: {e}")))?;
                if let Some(outcome) = ended.outcome {
                    finish(tx, claim, outcome, ended.failure.as_ref()).await?;
                }
            }
            StepResult::Fail(words) => {
                finish(tx, claim, RolloutOutcome::Failed, Some(words)).await?;
            }
            StepResult::Retry { .. } => {}
        }
        Ok(None)
    }
}

impl Advance {
    async fn decide(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let id = RolloutId(claim.subject);
        let gone = || StepError::Fail(Words::new("release-gone"));
        let rollout = store::find_rollout(self.0.db.pool(), id)
            .await?
            .ok_or_else(gone)?;
        let wait = |after, code: &str, seen| StepResult::Wait {
            after,
            for_what: Words::new(code),
            seen,
        };
        let plan = plan(&rollout);
        if matches!(plan, Plan::Start(_))
            && let Some(wait) = super::held(&self.0, rollout.tier, rollout.kind).await?
        {
            return Ok(wait);
        }
        Ok(match plan {
            Plan::Start(workload) => wait(
                LOOK_ANYWAY,
                "waits-deployment",
                json!({ "start": workload }),
            ),
            Plan::Wait => wait(LOOK_ANYWAY, "waits-deployment", Value::Null),
            Plan::Busy => wait(BUSY_AGAIN, "waits-other-deployment", Value::Null),
            Plan::End(outcome, failure) => {
                StepResult::Done(json!({ "outcome": outcome, "failure": failure }))
            }
            Plan::Over => StepResult::Done(json!({})),
        })
    }
}

/// The deployment's row and its run, on its cluster's lane.
async fn start(app: &App, tx: &mut Tx, claim: &Claim, workload: WorkloadId) -> Result<(), DbError> {
    let rollout = RolloutId(claim.subject);
    let Some(id) = store::insert_deployment(tx.connection(), rollout, workload).await? else {
        return Ok(());
    };
    let Some(found) = crate::workloads::find(app.db.pool(), workload).await? else {
        return Err(DbError::Row("a workload is gone".to_owned()));
    };
    let run = NewRun {
        kind: "deployment",
        subject: id.0,
        project: claim.project,
        parent: Some(claim.run),
    };
    let kind = store::kind_of(tx.connection(), rollout).await?;
    let (effect, name) = match before::runs(kind, &found) {
        true => ("job", "deployment.before"),
        false => ("apply", "deployment.apply"),
    };
    let effect = NewEffect {
        kind: effect,
        target: found.cluster.clone(),
        name: format!("{}/{} {id}", found.namespace, found.object_name),
        intent: json!({ "deployment": id }),
    };
    let input = json!({ "deployment": id, "cluster": found.cluster });
    let step = NewStep::new(name, found.lane(), input).with_effect(effect);
    jobs::start_run(tx, &run, &step).await?;
    super::announce(tx, claim).await
}

/// The rollout's end, and what it means for the release and the request behind it.
async fn finish(
    tx: &mut Tx,
    claim: &Claim,
    outcome: RolloutOutcome,
    failure: Option<&Words>,
) -> Result<(), DbError> {
    let id = RolloutId(claim.subject);
    let Some(rollout) = store::find_rollout(tx.connection(), id).await? else {
        return Ok(());
    };
    if !store::end_rollout(tx.connection(), id, outcome).await? {
        return Ok(());
    }
    told::rollout_ended(tx, id, outcome, failure).await?;
    if let Some(request) = rollout.request {
        let well = outcome == RolloutOutcome::Succeeded;
        requests::finish(tx, RequestId(request), well).await?;
    }
    if let (Some(release), Kind::Deploy) = (rollout.release, rollout.kind) {
        let event = match (rollout.tier, outcome) {
            (Tier::Production, RolloutOutcome::Failed | RolloutOutcome::Aborted) => Event::Failed,
            (Tier::Test, RolloutOutcome::Succeeded) => {
                if !store::all_test_succeeded(tx.connection(), release).await? {
                    return super::announce(tx, claim).await;
                }
                Event::TestSucceeded
            }
            (
                Tier::Test,
                RolloutOutcome::Failed | RolloutOutcome::Superseded | RolloutOutcome::Aborted,
            ) => Event::TestFailed,
            (Tier::Production, RolloutOutcome::Succeeded) => Event::ProductionSucceeded,
            (Tier::Production, RolloutOutcome::Superseded) => Event::ProductionSuperseded,
        };
        let superseded = Words::new("rollout-superseded");
        advance(tx, release, event, Some(failure.unwrap_or(&superseded))).await?;
    }
    super::announce(tx, claim).await
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn rollout(states: &[Option<DeploymentState>]) -> (RolloutRow, Vec<Uuid>) {
        let workloads: Vec<Uuid> = states.iter().map(|_| Uuid::now_v7()).collect();
        let deployments = workloads
            .iter()
            .zip(states)
            .filter_map(|(id, state)| state.map(|s| (*id, s, None)))
            .collect();
        let row = RolloutRow {
            tier: Tier::Production,
            kind: Kind::Deploy,
            release: None,
            request: None,
            confirmed: true,
            ended: false,
            workloads: workloads.clone(),
            deployments,
            busy: Vec::new(),
        };
        (row, workloads)
    }

    #[test]
    fn clusters_are_taken_one_after_the_other() {
        use DeploymentState as S;
        let (row, ids) = rollout(&[None, None]);
        assert_eq!(plan(&row), Plan::Start(ids[0]));
        for state in [S::Pending, S::Applying, S::Rolling] {
            assert_eq!(plan(&rollout(&[Some(state), None]).0), Plan::Wait);
        }
        let (row, ids) = rollout(&[Some(S::Succeeded), None]);
        assert_eq!(plan(&row), Plan::Start(ids[1]));
        let (row, _) = rollout(&[Some(S::Succeeded), Some(S::Succeeded)]);
        assert_eq!(plan(&row), Plan::End(RolloutOutcome::Succeeded, None));
        let (row, _) = rollout(&[Some(S::Failed), None]);
        assert_eq!(plan(&row), Plan::End(RolloutOutcome::Failed, None));
        let (row, _) = rollout(&[Some(S::Superseded), None]);
        assert_eq!(plan(&row), Plan::End(RolloutOutcome::Superseded, None));
        let (row, _) = rollout(&[Some(S::Aborted), None]);
        assert_eq!(plan(&row), Plan::End(RolloutOutcome::Aborted, None));
    }

    #[test]
    fn nothing_starts_where_it_must_not() {
        let (mut row, ids) = rollout(&[None]);
        row.busy = ids;
        assert_eq!(plan(&row), Plan::Busy);
        row.confirmed = false;
        let words = Some(Words::new("rollout-confirmation-withdrawn"));
        assert_eq!(plan(&row), Plan::End(RolloutOutcome::Failed, words));
        row.ended = true;
        assert_eq!(plan(&row), Plan::Over);
    }
}
