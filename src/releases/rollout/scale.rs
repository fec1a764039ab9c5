//! `deployment.scale`: the first deployment scales up to the minimum, which also wakes the
//! autoscaler. Afterwards replicas are the autoscaler's where there is one.

use async_trait::async_trait;
use serde_json::json;

use super::apply::cluster;
use super::facts;
use crate::app::App;
use crate::clusters;
use crate::db::{DbError, Tx};
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::releases::DeploymentState;
use crate::standards::Range;
use crate::workloads::{StepError, settle};

pub struct ScaleUp(pub App);

/// How many to ask for; `None` leaves the number to whoever owns it.
fn wanted(range: Range, desired: i32) -> Option<i32> {
    let autoscaled = range.max > range.min;
    match desired {
        0 => Some(range.min),
        now if !autoscaled && now != range.min => Some(range.min),
        _ => None,
    }
}

#[async_trait]
impl Step for ScaleUp {
    fn name(&self) -> &'static str {
        "deployment.scale"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, &cluster(claim), self.scale(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        match result {
            StepResult::Done(_) => Ok(Some(NewStep::new(
                "deployment.watch",
                &claim.lane,
                claim.input.clone(),
            ))),
            StepResult::Fail(words) => {
                super::end(tx, claim, DeploymentState::Failed, Some(words)).await?;
                Ok(None)
            }
            StepResult::Wait { .. } | StepResult::Retry { .. } => Ok(None),
        }
    }
}

impl ScaleUp {
    async fn scale(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let facts = facts(&self.0, claim).await?;
        let workload = &facts.workload;
        if facts.ended {
            return Ok(StepResult::Done(json!({ "over": true })));
        }
        let kubernetes = clusters::kubernetes(&self.0, workload.cluster_id).await?;
        let seen = kubernetes
            .scale(&workload.namespace, &workload.object_name)
            .await?;
        let Some(replicas) = wanted(workload.parameters.replicas, seen.desired) else {
            return Ok(StepResult::Done(json!({ "replicas": seen.desired })));
        };
        let set = kubernetes
            .set_scale(&workload.namespace, &workload.object_name, &seen, replicas)
            .await?;
        Ok(StepResult::Done(json!({ "replicas": set.desired })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_are_touched_only_where_nobody_else_owns_them() {
        let fixed = Range { min: 2, max: 2 };
        let scaled = Range { min: 2, max: 6 };
        assert_eq!(wanted(fixed, 0), Some(2));
        assert_eq!(wanted(fixed, 2), None);
        assert_eq!(wanted(fixed, 5), Some(2));
        assert_eq!(wanted(scaled, 0), Some(2));
        assert_eq!(wanted(scaled, 5), None);
        assert_eq!(wanted(scaled, 1), None);
    }
}
