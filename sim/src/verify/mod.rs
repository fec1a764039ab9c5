//! The groups of tests, each with what it needs, and one line at the end with the totals.
//!
//! Invariant: a group that did not run is counted, with the reason printed, and with `--all` it
//! is a failure.

mod beside;
mod checks;
mod deploy;
mod e2e;
mod mile;
mod real;
mod scenes;
mod tests;

use std::fmt::Display;
use std::future::pending;
use std::ops::AddAssign;
use std::process::Command;
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::plane::Tools;
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

/// Several times what the slowest group takes, with all that it builds first.
const GROUP_LIMIT: Duration = Duration::from_mins(35);

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
            Group::E2e => e2e::e2e(self, server).await,
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
    // Go compiles beside the lints, which leave a core idle, and is through before anything is
    // tested; what it takes of the disk is given back by then.
    let wants_tools = plan.all && Tools::can_be_had().is_ok();
    let mut tools = wants_tools.then(|| tokio::task::spawn_blocking(Tools::ready));
    let mut totals = Totals::default();
    for group in groups {
        let name = group
            .to_possible_value()
            .map(|v| v.get_name().to_owned())
            .unwrap_or_default();
        if group != Group::Tidy
            && let Some(tools) = tools.take()
        {
            tools.await??;
        }
        println!("\n== {name}");
        let begun = Instant::now();
        let guard = tokio::spawn(give_up_on(name.clone()));
        let result = plan.group(group, &server).await.unwrap_or_else(|error| {
            // The other groups still have something to say.
            println!("{name}: FAILED: {error:#}");
            Totals {
                failed: 1,
                ..Totals::default()
            }
        });
        guard.abort();
        println!(
            "== {name}: {} passed, {} failed, {} skipped in {:.0} s, {} left on the disk",
            result.passed,
            result.failed,
            result.skipped,
            begun.elapsed().as_secs_f64(),
            free_space()
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

/// Ends everything, saying where it stood, when a group hangs: whoever waits for the answer should
/// not have to find out by themselves.
async fn give_up_on(group: String) {
    let _ = tokio::time::timeout(GROUP_LIMIT, pending::<()>()).await;
    let minutes = GROUP_LIMIT.as_secs() / 60;
    println!("{group}: FAILED: it did not end within {minutes} min; nothing after it was run");
    println!("0 passed, 1 failed, 0 skipped");
    std::process::exit(1);
}

/// A full disk looks like anything but itself: a database that is gone, a page that hangs.
fn free_space() -> String {
    let df = Command::new("df")
        .args(["-h", "--output=avail"])
        .arg(workspace::root())
        .output();
    let said = df.map(|done| String::from_utf8_lossy(&done.stdout).into_owned());
    let last = said
        .ok()
        .and_then(|s| s.lines().last().map(str::trim).map(str::to_owned));
    last.unwrap_or_else(|| "an unknown rest".to_owned())
}
