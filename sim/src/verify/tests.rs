//! Groups that are tests of ours, run by cargo against a throw-away PostgreSQL.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::Totals;
use crate::postgres::Postgres;
use crate::workspace;

/// Migrated once; each test's database is a copy.
pub const TEMPLATE: &str = "slipway_template";
/// How the copies' names begin.
pub const COPIES: &str = "t_";
/// Modules of `tests/it/` that are groups of their own.
const GROUPS: &[&str] = &[
    "tidy::",
    "contract::",
    "mile::",
    "requests::",
    "terminal::",
    "faults::",
    "attacks::",
];

/// Unit tests of both crates and the front-door tests of no other group. Programs have none
/// (`tidy::programs_hold_no_tests`), and are not compiled a second time to find that out.
pub fn unit(server: &Postgres) -> anyhow::Result<Totals> {
    let mut totals = run(cargo(server, &["--workspace", "--lib"], &[]))?;
    let skips: Vec<&str> = GROUPS.iter().flat_map(|g| ["--skip", g]).collect();
    totals += run(cargo(server, IT, &skips))?;
    Ok(totals)
}

/// The tests of one module of `tests/it/`.
pub fn of(server: &Postgres, module: &str) -> anyhow::Result<Totals> {
    run(cargo(server, IT, &[module]))
}

/// The contract suite, with the real systems that these settings name. What no real system
/// confirmed is printed, which tests that pass do only when they are told to.
pub fn contract(
    server: &Postgres,
    settings: &[(&'static str, OsString)],
) -> anyhow::Result<Totals> {
    let mut command = cargo(server, IT, &["--show-output", "contract::"]);
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    run(command)
}

/// The binary with the tests through the front door.
const IT: &[&str] = &["--package", "slipway", "--test", "it"];

fn cargo(server: &Postgres, what: &[&str], arguments: &[&str]) -> Command {
    let mut command = workspace::cargo();
    command
        .args(["test", "--quiet", "--locked", "--no-fail-fast"])
        .args(what)
        .arg("--")
        .args(arguments)
        .env("SLIPWAY_TEST_OWNER_URL", server.url("postgres"))
        .env("SLIPWAY_TEST_APP_URL", server.app_url("postgres"))
        .env("SLIPWAY_TEST_TEMPLATE", TEMPLATE)
        .stdout(Stdio::piped());
    command
}

fn run(mut command: Command) -> anyhow::Result<Totals> {
    let mut child = command.spawn().context("cannot run cargo")?;
    let mut totals = Totals::default();
    let output = child.stdout.take().context("cargo has no output")?;
    let mut is_of_successes = false;
    for line in BufReader::new(output).lines() {
        let line = line?;
        match line.as_str() {
            "successes:" => is_of_successes = true,
            "failures:" => is_of_successes = false,
            _ => {}
        }
        if let Some(counted) = result_line(&line) {
            totals += counted;
            is_of_successes = false;
        } else if !is_of_successes || line.starts_with("unconfirmed:") {
            println!("{line}");
        }
    }
    let status = child.wait()?;
    if !status.success() && totals.failed == 0 {
        // It did not compile, or died without a word.
        totals.failed = 1;
    }
    Ok(totals)
}

/// `test result: ok. 5 passed; 0 failed; 1 ignored; …`
fn result_line(line: &str) -> Option<Totals> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |word: &str| {
        counts
            .split(';')
            .find_map(|part| part.trim().strip_suffix(word)?.trim().parse().ok())
    };
    Some(Totals {
        passed: number("passed")?,
        failed: number("failed")?,
        skipped: number("ignored")?,
    })
}

#[cfg(test)]
mod totals {
    use super::result_line;

    #[test]
    fn totals_are_read_from_cargos_line() {
        let line = "test result: FAILED. 5 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out";
        let totals = result_line(line).expect("totals");
        assert_eq!((totals.passed, totals.failed, totals.skipped), (5, 2, 1));
        assert!(result_line("running 3 tests").is_none());
    }
}
