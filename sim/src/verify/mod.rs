//! The groups of tests, each with what it needs, and one line at the end with the totals.
//!
//! Invariant: a group that did not run is counted, with the reason printed, and with `--all` it
//! is a failure.

mod checks;
mod deploy;
mod e2e;
mod mile;
mod real;
mod scenes;
mod tests;

use std::fmt::Display;
use std::ops::AddAssign;
use std::time::Instant;

use clap::ValueEnum;

use crate::postgres::{Durability, Postgres};
use crate::prepare::migrate;
use crate::workspace;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Group {
    /// Format, lints, house rules, offline SQL data.
    Tidy,
    /// Every test that is in no other group.
    Unit,
    /// From a form to production and back, against simulators and a real control plane.
    Mile,
    /// What needs a yes.
    Requests,
    /// Shells in containers, over real WebSockets.
    Terminal,
    /// Outside systems that fail, and a portal that dies on the way.
    Faults,
    /// Bad input, forbidden deeds, secrets that must not come out.
    Attacks,
    /// What simulators are held to.
    Contract,
    /// The same of a real control plane and a real registry.
    Real,
    /// What an operator installs, judged by those who read it: a cluster, and compose.
    Deploy,
    /// Every page in a real browser.
    E2e,
}

/// Which groups, and whether a missing tool is a failure.
pub struct Plan {
    pub all: bool,
    pub groups: Vec<Group>,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl Plan {
    /// Something that this machine lacks: skipped, or with `--all` failed.
    fn lacking(&self, what: &str, why: &dyn Display) -> Totals {
        let mut totals = Totals::default();
        if self.all {
            println!("{what}: FAILED, because this machine cannot run it: {why}");
            totals.failed = 1;
        } else {
            println!("{what}: SKIPPED, because this machine cannot run it: {why}");
            totals.skipped = 1;
        }
        totals
    }

    async fn group(&self, group: Group, server: &Postgres) -> anyhow::Result<Totals> {
        match group {
            Group::Tidy => checks::tidy(server).await,
            Group::Unit => tests::unit(server),
            Group::Mile => mile::mile(self, server).await,
            Group::Requests => tests::of(server, "requests::"),
            Group::Terminal => tests::of(server, "terminal::"),
            Group::Faults => tests::of(server, "faults::"),
            Group::Attacks => tests::of(server, "attacks::"),
            Group::Contract => tests::contract(server, &[]),
            Group::Real => real::real(self, server).await,
            Group::Deploy => deploy::deploy(self).await,
            Group::E2e => e2e::e2e(self).await,
        }
    }
}

/// Runs the plan; true if nothing failed.
///
/// # Errors
/// Set-up that could not be had.
pub async fn run(plan: &Plan) -> anyhow::Result<bool> {
    let groups: Vec<Group> = Group::value_variants()
        .iter()
        .copied()
        .filter(|g| plan.all || plan.groups.is_empty() || plan.groups.contains(g))
        .collect();
    let scratch = tempfile::tempdir()?;
    let server = Postgres::start(&scratch.path().join("pg"), Durability::ThrownAway).await?;
    server.make_database(tests::TEMPLATE).await?;
    migrate(
        &workspace::root().join("migrations"),
        &server.url(tests::TEMPLATE),
    )
    .await?;
    let mut totals = Totals::default();
    for group in groups {
        let name = group
            .to_possible_value()
            .map(|v| v.get_name().to_owned())
            .unwrap_or_default();
        println!("\n== {name}");
        let begun = Instant::now();
        let result = plan.group(group, &server).await.unwrap_or_else(|error| {
            // The other groups still have something to say.
            println!("{name}: FAILED: {error:#}");
            Totals {
                failed: 1,
                ..Totals::default()
            }
        });
        println!(
            "== {name}: {} passed, {} failed, {} skipped in {:.0} s",
            result.passed,
            result.failed,
            result.skipped,
            begun.elapsed().as_secs_f64()
        );
        totals += result;
        // Hundreds of databases fill a disk before the last group is through.
        server.drop_databases(tests::COPIES).await?;
    }
    println!(
        "\n{} passed, {} failed, {} skipped",
        totals.passed, totals.failed, totals.skipped
    );
    Ok(totals.failed == 0 && !(plan.all && totals.skipped > 0))
}
