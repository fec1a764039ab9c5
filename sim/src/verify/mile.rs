//! The mile: its tests against simulators, then the command against a real control plane.

use super::beside::Beside;
use super::{Plan, Totals, tests};
use crate::plane::Tools;
use crate::postgres::Postgres;

const DATABASE: &str = "mile";

/// Both parts.
pub async fn mile(plan: &Plan, server: &Postgres) -> anyhow::Result<Totals> {
    let mut totals = tests::of(server, "mile::")?;
    totals += match Tools::can_be_had() {
        Ok(()) => on_a_real_plane(server).await?,
        Err(why) => plan.lacking("the mile on a real control plane", &why),
    };
    Ok(totals)
}

async fn on_a_real_plane(server: &Postgres) -> anyhow::Result<Totals> {
    let beside = Beside::start(server, DATABASE).await?;
    let gone = async {
        let walked = beside.walk().await?;
        anyhow::Ok([walked, beside.take_over().await?])
    };
    let gone = gone.await;
    beside.stop().await?;
    let [walked, taken] = gone?;
    Ok(Totals {
        passed: walked.passed + taken.passed,
        failed: u64::from(!walked.whole) + u64::from(!taken.whole),
        skipped: 0,
    })
}
