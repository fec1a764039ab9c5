//! The contract suite against a real control plane and a real registry.

use super::{Plan, Totals, tests};
use crate::plane::{Plane, Tools};
use crate::postgres::Postgres;

/// Starts the plane once and asks all of it again.
pub async fn real(plan: &Plan, server: &Postgres) -> anyhow::Result<Totals> {
    if let Err(why) = Tools::can_be_had() {
        return Ok(plan.lacking("real", &why));
    }
    let mut plane = Plane::start().await?;
    println!(
        "the plane started in {:.1} s",
        plane.started_in.as_secs_f64()
    );
    let totals = tests::contract(server, &plane.contract_settings())?;
    plane.check()?;
    Ok(totals)
}
