//! Checks that are commands: each counts as one.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use super::{Totals, tests};
use crate::postgres::Postgres;
use crate::prepare::{self, Mode};
use crate::workspace;

/// Format, lints with warnings fatal, offline SQL data, house rules.
pub async fn tidy(server: &Postgres) -> anyhow::Result<Totals> {
    let mut totals = Totals::default();
    totals += command("format", &["fmt", "--all", "--check"])?;
    let lints = &[
        "clippy",
        "--quiet",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    totals += command("lints", lints)?;
    totals += counted("offline SQL data", prepare::run(Mode::Check).await);
    totals += counted("one TLS provider", one_tls_provider());
    totals += counted("bans, licences, sources", supply_chain());
    totals += tests::of(server, "tidy::")?;
    Ok(totals)
}

/// Runs a command of cargo's as one check.
fn command(name: &str, args: &[&str]) -> anyhow::Result<Totals> {
    let status = workspace::cargo()
        .args(args)
        .status()
        .context("cannot run cargo")?;
    let result = if status.success() {
        Ok(())
    } else {
        Err(anyhow::anyhow!("cargo {} failed", args.join(" ")))
    };
    Ok(counted(name, result))
}

/// The version that is fetched where the machine has none.
const CARGO_DENY: &str = "0.20.2";

/// What deny.toml asks for, without its advisories, whose database may be out of reach.
fn supply_chain() -> anyhow::Result<()> {
    let status = Command::new(cargo_deny()?)
        .args(["--locked", "--log-level", "error", "check"])
        .args(["bans", "licenses", "sources"])
        .current_dir(workspace::root())
        .status()
        .context("cannot run cargo-deny")?;
    anyhow::ensure!(status.success(), "deny.toml refuses a dependency");
    Ok(())
}

/// The machine's own cargo-deny, or one that is built once into the target folder.
fn cargo_deny() -> anyhow::Result<PathBuf> {
    let own = PathBuf::from("cargo-deny");
    if Command::new(&own).arg("--version").output().is_ok() {
        return Ok(own);
    }
    let root = workspace::root().join("target/tools");
    let built = root.join("bin/cargo-deny");
    if built.exists() {
        return Ok(built);
    }
    println!("building cargo-deny {CARGO_DENY}, once: some minutes");
    let status = workspace::cargo()
        .args(["install", "--quiet", "--locked", "--debug", "--root"])
        .arg(&root)
        .arg(format!("cargo-deny@{CARGO_DENY}"))
        .status()
        .context("cannot run cargo install")?;
    anyhow::ensure!(status.success(), "cannot build cargo-deny");
    Ok(built)
}

/// Neither ring nor OpenSSL may come into the product beside aws-lc-rs.
fn one_tls_provider() -> anyhow::Result<()> {
    let output = workspace::cargo()
        .args([
            "tree",
            "--package",
            "slipway",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ])
        .args(["--target", "x86_64-unknown-linux-gnu", "--locked"])
        .output()
        .context("cannot run cargo tree")?;
    anyhow::ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout)?;
    for line in text.lines() {
        let name = line.split(' ').next().unwrap_or_default();
        anyhow::ensure!(
            !["ring", "openssl-sys", "native-tls"].contains(&name),
            "{name} came in"
        );
    }
    Ok(())
}

/// One check with its outcome, printed.
pub(super) fn counted(name: &str, result: anyhow::Result<()>) -> Totals {
    match result {
        Ok(()) => {
            println!("{name}: ok");
            Totals {
                passed: 1,
                ..Totals::default()
            }
        }
        Err(error) => {
            println!("{name}: FAILED: {error:#}");
            Totals {
                failed: 1,
                ..Totals::default()
            }
        }
    }
}
