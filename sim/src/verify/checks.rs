//! Checks that are commands: each counts as one.

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
    totals += tests::of(server, "tidy::")?;
    Ok(totals)
}

/// Runs a command of cargo's as one check.
fn command(name: &str, args: &[&str]) -> anyhow::Result<Totals> {
    let status = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(workspace::root())
        .status()
        .context("cannot run cargo")?;
    let result = if status.success() {
        Ok(())
    } else {
        Err(anyhow::anyhow!("cargo {} failed", args.join(" ")))
    };
    Ok(counted(name, result))
}

/// Neither ring nor OpenSSL may come into the product beside aws-lc-rs.
fn one_tls_provider() -> anyhow::Result<()> {
    let output = Command::new(env!("CARGO"))
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
        .current_dir(workspace::root())
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

fn counted(name: &str, result: anyhow::Result<()>) -> Totals {
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
