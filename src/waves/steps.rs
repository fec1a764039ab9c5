//! `wave.advance`: starts one wave after the other and ends with the last of them, or with the
//! first failure.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use uuid::Uuid;

use super::plan::{Plan, plan};
use super::{TOPIC, WaveRun, WaveRunId, store};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::releases::{self, Rolled};
use crate::requests::{self, RequestId};
use crate::standards;
use crate::standards::layers::{self, Effective};
use crate::workloads::{self, Revised, StepError, Workload, WorkloadId, settle};

/// Nothing outside wakes a wave; it looks at its rollouts' rows so often.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// An older change may be stopped for days.
const LOOK_AHEAD: Duration = Duration::from_secs(30);

pub struct Advance(pub App);

#[async_trait]
impl Step for Advance {
    fn name(&self) -> &'static str {
        "wave.advance"
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
        let id = WaveRunId(claim.subject);
        match result {
            StepResult::Wait { seen, .. } => {
                let start: Vec<Uuid> =
                    serde_json::from_value(seen["start"].clone()).unwrap_or_default();
                if !start.is_empty() {
                    start_all(tx, id, &start).await?;
                }
            }
            StepResult::Done(output) => match output["stop"].as_str() {
                Some(project) => {
                    let why = Words::new("wave-stopped-at").with("workload", project);
                    store::stop(tx.connection(), id, &why).await?;
                }
                None if output["done"] == true => finish(tx, id).await?,
                None => {}
            },
            StepResult::Fail(words) => {
                store::stop(tx.connection(), id, words).await?;
            }
            StepResult::Retry { .. } => {}
        }
        tx.event(TOPIC, None).await?;
        Ok(None)
    }
}

impl Advance {
    async fn decide(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let id = WaveRunId(claim.subject);
        let facts = store::facts(self.0.db.pool(), id).await?;
        let facts = facts.ok_or_else(|| StepError::Fail(Words::new("release-gone")))?;
        let wait = |after, code: &str, seen| StepResult::Wait {
            after,
            for_what: Words::new(code),
            seen,
        };
        Ok(match plan(&facts) {
            Plan::Start(_) | Plan::Pause(_)
                if store::ahead(self.0.db.pool(), id).await?.is_some() =>
            {
                wait(LOOK_AHEAD, "waits-wave-ahead", Value::Null)
            }
            Plan::Start(workloads) => wait(LOOK_AGAIN, "waits-wave", json!({ "start": workloads })),
            Plan::Wait => wait(LOOK_AGAIN, "waits-wave", Value::Null),
            Plan::Pause(rest) => wait(rest, "waits-wave-pause", Value::Null),
            Plan::Stop(workload) => {
                let name = self.name_of(WorkloadId(workload)).await?;
                StepResult::Done(json!({ "stop": name }))
            }
            Plan::Finish => StepResult::Done(json!({ "done": true })),
            Plan::Over => StepResult::Done(json!({})),
        })
    }

    async fn name_of(&self, id: WorkloadId) -> Result<String, DbError> {
        let found = workloads::find(self.0.db.pool(), id).await?;
        let name = |w: Workload| format!("{} · {} · {}", w.project, w.environment, w.cluster);
        Ok(found.map_or_else(String::new, name))
    }
}

async fn finish(tx: &mut Tx, id: WaveRunId) -> Result<(), DbError> {
    if !store::end(tx.connection(), id).await? {
        return Ok(());
    }
    match store::find(tx.connection(), id).await? {
        Some(run) => requests::finish(tx, RequestId(run.request_id), true).await,
        None => Ok(()),
    }
}

async fn start_all(tx: &mut Tx, id: WaveRunId, wanted: &[Uuid]) -> Result<(), DbError> {
    layers::hold(tx.connection()).await?;
    let all = layers::newest(tx.connection()).await?;
    let Some(run) = store::find(tx.connection(), id).await? else {
        return Ok(());
    };
    if run.state != super::State::Rolling || store::ahead(tx.connection(), id).await?.is_some() {
        return Ok(());
    }
    for workload in wanted {
        let found = workloads::find(tx.connection(), WorkloadId(*workload)).await?;
        if let Some(workload) = found {
            let over = layers::standing(&all, &workload.place());
            let made = layers::with_own(&over, &workload.own);
            start(tx, &run, &workload, &made).await?;
        }
    }
    Ok(())
}

/// One workload: its document computed from the layers as they are now, and its deployment.
async fn start(
    tx: &mut Tx,
    run: &WaveRun,
    workload: &Workload,
    made: &Effective,
) -> Result<(), DbError> {
    let note = |code: &str| Words::new(code);
    let id = workload.id.0;
    workloads::hold(tx.connection(), workload.project_id, &workload.environment).await?;
    // What is on its way brings what was decided on, and no more; it is tried again at the next
    // look.
    if releases::is_moving(tx, workload).await? {
        return Ok(());
    }
    let Ok(parameters) = standards::validate(&made.document) else {
        return store::noted(tx.connection(), run.id, id, &note("wave-not-valid")).await;
    };
    let reason = format!("{} {}", run.layer, run.number);
    let is_new = parameters != workload.parameters;
    if is_new {
        // Since the change was agreed on somebody else may have been given its host.
        let before = Some(&workload.parameters);
        if let Some((host, _)) = workloads::taken(tx, workload, before, &parameters).await? {
            let words = note("wave-host-taken").with("host", host);
            return store::noted(tx.connection(), run.id, id, &words).await;
        }
        let revised = Revised {
            parameters: &parameters,
            own: &workload.own,
            layer_versions: &made.versions,
            request: run.request_id,
            author: run.author_id,
        };
        workloads::revise(tx.connection(), workload.id, &revised).await?;
        requests::look_again(tx, Some(workload.project_id)).await?;
        workloads::moved(tx, Some(&workload.parameters), &parameters).await?;
    }
    match releases::roll_parameters(tx, workload, run.author_id, &reason).await? {
        Rolled::Started(rollout) => {
            store::rolled(tx.connection(), run.id, id, rollout).await?;
            Ok(())
        }
        Rolled::Busy | Rolled::Nothing => {
            store::noted(tx.connection(), run.id, id, &note("wave-nothing-runs")).await
        }
        // One workload runs one artifact.
        Rolled::NotConfirmed | Rolled::Different => {
            store::noted(tx.connection(), run.id, id, &note("wave-not-confirmed")).await
        }
    }
}
