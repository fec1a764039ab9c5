//! Every page in a real browser, over a demo of its own.

use std::path::Path;
use std::process::{Command as Probe, Stdio};

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::beside::Beside;
use super::{Plan, Totals, scenes};
use crate::demo::{self, Demo};
use crate::plane::Tools;
use crate::portal::{Build, Portal};
use crate::postgres::{Durability, Postgres, free_port};
use crate::workspace;

/// Where the browser scripts look for it unless `CHROMIUM` says otherwise.
const CHROMIUM: &str = "/usr/bin/chromium";
/// Of the portal beside a real control plane.
const DATABASE: &str = "e2e";
/// Where pages are drawn to.
const PICTURES: &str = "target/screenshots";
/// Older ones lack what the scripts use.
const MIN_NODE: u32 = 20;

/// All of the browser's checks.
pub async fn e2e(plan: &Plan, server: &Postgres) -> anyhow::Result<Totals> {
    if let Err(why) = tools() {
        return Ok(plan.lacking("e2e", &why));
    }
    install().await?;
    let mut totals = script(&["static/vendor.mjs", "--check"]).await?;
    totals += script(&["e2e/scripts.mjs"]).await?;
    let scratch = tempfile::tempdir()?;
    let options = demo::Options {
        port: Some(free_port()?),
        data: scratch.path().to_owned(),
        empty: false,
        durability: Durability::ThrownAway,
        build: Build::Tested,
        settings: Vec::new(),
    };
    let demo = demo::start(&options).await?;
    let both = both(&demo, scratch.path()).await;
    demo.stop().await;
    totals += both?;
    totals += match Tools::can_be_had() {
        Ok(()) => on_a_real_plane(server).await?,
        Err(why) => plan.lacking("terminals on a real control plane", &why),
    };
    Ok(totals)
}

async fn both(demo: &Demo, folder: &Path) -> anyhow::Result<Totals> {
    let mut totals = pages(demo, folder).await?;
    totals += terminal(demo, folder).await?;
    Ok(totals)
}

/// A terminal through two replicas, behind an address of their own.
async fn terminal(demo: &Demo, folder: &Path) -> anyhow::Result<Totals> {
    let front = Front::choose()?;
    let first = demo.replica("replica-1", &front.public_url).await?;
    let second = demo.replica("replica-2", &front.public_url).await?;
    let people = folder.join("people.json");
    front.terminal((first, second), &people, &[]).await
}

/// The same with shells of a real control plane. Its pretended nodes give a shell a terminal that
/// is not its controlling one, so that Ctrl-C, by whomever, signals nobody; there it takes its own.
async fn on_a_real_plane(server: &Postgres) -> anyhow::Result<Totals> {
    let beside = Beside::start(server, DATABASE).await?;
    let totals = terminal_beside(&beside).await;
    beside.stop().await?;
    totals
}

async fn terminal_beside(beside: &Beside) -> anyhow::Result<Totals> {
    let outcome = beside.walk().await?;
    anyhow::ensure!(outcome.whole, "nothing runs on the real control plane");
    let front = Front::choose()?;
    let first = beside.replica("replica-1", &front.public_url).await?;
    let second = beside.replica("replica-2", &front.public_url).await?;
    let own_terminal = ["--first", "exec setsid --ctty bash"];
    front
        .terminal((first, second), &beside.people()?, &own_terminal)
        .await
}

/// The address at which a browser finds one replica or the other.
struct Front {
    port: String,
    public_url: String,
}

impl Front {
    fn choose() -> anyhow::Result<Self> {
        let port = free_port()?.to_string();
        let public_url = format!("http://127.0.0.1:{port}");
        Ok(Self { port, public_url })
    }

    async fn terminal(
        &self,
        (first, second): (Portal, Portal),
        people: &Path,
        more: &[&str],
    ) -> anyhow::Result<Totals> {
        let replicas = format!("{},{}", first.url, second.url);
        let people = people.to_string_lossy();
        let processes = format!("{},{}", first.id()?, second.id()?);
        let place = ["e2e/terminal.mjs", "--front", &self.port];
        let told = ["--replicas", &replicas, "--processes", &processes];
        let told = [&told[..], &["--people", &people]].concat();
        let totals = script(&[&place[..], &told, &["--out", PICTURES], more].concat()).await;
        first.stop().await;
        second.stop().await;
        totals
    }
}

async fn pages(demo: &Demo, folder: &Path) -> anyhow::Result<Totals> {
    let told = std::fs::read(folder.join("demo.json"))?;
    let told: serde_json::Value = serde_json::from_slice(&told)?;
    let mut everybody = told["people"].as_array().cloned().unwrap_or_default();
    everybody.push(scenes::hold(demo).await?);
    let people = folder.join("people.json");
    std::fs::write(&people, serde_json::Value::from(everybody).to_string())?;
    let people = people.to_string_lossy().into_owned();
    let url = demo.portal.url.as_str();
    let run = ["e2e/run.mjs", "--url", url, "--people", &people];
    script(&[&run[..], &["--out", PICTURES]].concat()).await
}

/// What of the tools is not there.
fn tools() -> anyhow::Result<()> {
    let version = said(Probe::new("node").arg("--version"));
    let version = version.context("Node is not installed")?;
    let major = version.trim_start_matches('v').split('.').next();
    let major: u32 = major.unwrap_or_default().parse().unwrap_or(0);
    anyhow::ensure!(
        major >= MIN_NODE,
        "Node {} is older than {MIN_NODE}",
        version.trim()
    );
    said(Probe::new("npm").arg("--version")).context("npm is not installed")?;
    let chromium = std::env::var_os("CHROMIUM").unwrap_or_else(|| CHROMIUM.into());
    let there = Path::new(&chromium).exists();
    anyhow::ensure!(there, "Chromium is not at {}", chromium.display());
    Ok(())
}

fn said(command: &mut Probe) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    let well = output.status.success();
    well.then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

async fn install() -> anyhow::Result<()> {
    let mut command = Command::new("npm");
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    let folder = workspace::root().join("e2e");
    let status = command.current_dir(folder).stdout(Stdio::null()).status();
    anyhow::ensure!(status.await?.success(), "npm ci failed in e2e/");
    Ok(())
}

/// Runs a script. One that sums up in our words is counted so, another one as one check.
async fn script(args: &[&str]) -> anyhow::Result<Totals> {
    let mut command = Command::new("node");
    command.args(args).current_dir(workspace::root());
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().context("node has no output")?;
    let mut lines = BufReader::new(output).lines();
    let mut counted = None;
    while let Some(line) = lines.next_line().await? {
        match totals(&line) {
            Some(found) => counted = Some(found),
            None if line.starts_with("pass ") => {}
            None => println!("{line}"),
        }
    }
    let well = child.wait().await?.success();
    let name = args.first().copied().unwrap_or_default();
    let mut totals = counted.unwrap_or(Totals {
        passed: u64::from(well),
        ..Totals::default()
    });
    if !well && totals.failed == 0 {
        totals.failed = 1;
    }
    println!("{name}: {} passed, {} failed", totals.passed, totals.failed);
    Ok(totals)
}

/// `5 passed, 0 failed, 0 skipped`
fn totals(line: &str) -> Option<Totals> {
    let mut parts = line.split(", ");
    let mut number = |word: &str| parts.next()?.strip_suffix(word)?.trim().parse().ok();
    Some(Totals {
        passed: number("passed")?,
        failed: number("failed")?,
        skipped: number("skipped")?,
    })
}

#[cfg(test)]
mod tests {
    use super::totals;

    #[test]
    fn totals_are_read_from_a_scripts_line() {
        let found = totals("12 passed, 3 failed, 0 skipped").expect("totals");
        assert_eq!((found.passed, found.failed, found.skipped), (12, 3, 0));
        assert!(totals("pass login 390 en words").is_none());
    }
}
