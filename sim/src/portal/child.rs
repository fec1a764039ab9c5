//! The `slipway` program: built, and run as a child.
//!
//! Invariant: the portal ends when we do, however we end.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::{client, wait};
use crate::postgres::free_port;
use crate::workspace;

const START_LIMIT: Duration = Duration::from_secs(30);
/// The portal itself gives running requests twenty seconds.
const STOP_LIMIT: Duration = Duration::from_secs(25);
const LOOK_AGAIN: Duration = Duration::from_millis(5);
const LAST_LINES: usize = 20;
/// Ends the portal where we were killed and could not: reads until our end of the pipe is gone.
const WATCHMAN: &str = "read -r word; [ \"$word\" = done ] || kill -TERM \"$1\"";

/// The built program.
#[derive(Clone, Debug)]
pub struct Program(PathBuf);

/// How the product is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// Quickly, for trying.
    Debug,
    /// As the tests through the front door build it: with what they ask of common dependencies,
    /// so that nothing is compiled again after them.
    Tested,
    /// As it is shipped.
    Release,
}

/// Builds the product as `cargo build` does, and says where its program is.
///
/// # Errors
/// What cargo says on standard error.
pub async fn build(build: Build) -> anyhow::Result<Program> {
    let mut command = Command::from(workspace::cargo());
    command
        .args(["build", "--locked", "--package", "slipway"])
        .args(["--bin", "slipway", "--message-format"])
        .arg("json-render-diagnostics");
    match build {
        Build::Debug => {}
        Build::Tested => {
            command.args(["--test", "it"]);
        }
        Build::Release => {
            command.arg("--release");
        }
    }
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .await
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the product does not compile");
    }
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let artifact = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_ours = message["target"]["name"] == "slipway";
        let program = message["executable"].as_str()?;
        is_ours.then(|| Program(PathBuf::from(program)))
    };
    let found = lines.lines().find_map(artifact);
    found.context("cargo did not say where the program is")
}

/// What a portal is started with.
#[derive(Clone, Debug)]
pub struct Serving {
    pub port: u16,
    pub database_url: String,
    pub owner_database_url: String,
    /// `id:base64`.
    pub secret_keys: String,
    pub sign_in_as: Vec<String>,
    /// More of the product's settings, by name.
    pub settings: Vec<(&'static str, String)>,
    pub log: PathBuf,
}

impl Program {
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A command of the product, in an environment of its own, so that no setting of the shell
    /// that we were started from changes what happens.
    fn command(&self, serving: &Serving) -> Command {
        let mut command = Command::new(&self.0);
        command
            .env_clear()
            .env("SLIPWAY_DATABASE_URL", &serving.database_url)
            .env("SLIPWAY_OWNER_DATABASE_URL", &serving.owner_database_url)
            .env("SLIPWAY_SECRET_KEYS", &serving.secret_keys)
            .env("SLIPWAY_LISTEN", format!("127.0.0.1:{}", serving.port))
            // Outside systems on loopback may be looked at often, and a visitor waits for them.
            .env("SLIPWAY_WATCH_SECONDS", "0.5")
            .env("SLIPWAY_POLL_SECONDS", "1")
            // Its log goes to a file.
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command.envs(serving.settings.iter().map(|(name, value)| (name, value)));
        if !serving.sign_in_as.is_empty() {
            command.env("SLIPWAY_SIGN_IN_AS", serving.sign_in_as.join(","));
        }
        command
    }

    /// `slipway migrate`.
    ///
    /// # Errors
    /// What it says.
    pub async fn migrate(&self, serving: &Serving) -> anyhow::Result<()> {
        let output = self.command(serving).arg("migrate").output().await?;
        well("migrate", &output)
    }

    /// `slipway admin create-account`, with the password on its standard input.
    ///
    /// # Errors
    /// What it says.
    pub async fn create_account(
        &self,
        serving: &Serving,
        (user, display_name, password): (&str, &str, &str),
        roles: &[&str],
    ) -> anyhow::Result<()> {
        let mut command = self.command(serving);
        command.args(["admin", "create-account", user]);
        command.args(["--display-name", display_name]);
        for role in roles {
            command.args(["--role", role]);
        }
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(password.as_bytes()).await?;
        }
        well("create-account", &child.wait_with_output().await?)
    }

    /// One more portal over the same database, which people reach at `public_url`.
    ///
    /// # Errors
    /// As of [`Program::serve`].
    pub async fn replica(
        &self,
        first: &Serving,
        public_url: &str,
        log: PathBuf,
    ) -> anyhow::Result<Portal> {
        let mut serving = first.clone();
        serving.port = free_port()?;
        let public_url = public_url.to_owned();
        serving.settings.push(("SLIPWAY_PUBLIC_URL", public_url));
        serving.log = log;
        self.serve(&serving).await
    }

    /// `slipway serve`, and waits until it is ready.
    ///
    /// # Errors
    /// The end of its log, if it ended or did not become ready.
    pub async fn serve(&self, serving: &Serving) -> anyhow::Result<Portal> {
        let log = File::create(&serving.log)?;
        let mut command = self.command(serving);
        // In a group of its own, so that a Ctrl-C reaches only us and things end in order.
        command.arg("serve").process_group(0);
        command.stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().context("the portal did not start")?;
        let watchman = watch(child.id())?;
        let mut portal = Portal {
            url: format!("http://127.0.0.1:{}", serving.port),
            log: serving.log.clone(),
            child,
            watchman,
        };
        portal.ready().await?;
        Ok(portal)
    }
}

fn well(command: &str, output: &std::process::Output) -> anyhow::Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let told = String::from_utf8_lossy(&output.stdout);
    bail!("slipway {command}: {} {}", told.trim(), said.trim())
}

fn watch(id: Option<u32>) -> anyhow::Result<Child> {
    let id = id.context("the portal ended at once")?.to_string();
    let mut command = Command::new("sh");
    command.args(["-c", WATCHMAN, "sh", &id]).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    command.spawn().context("sh did not start")
}

/// A running portal.
#[derive(Debug)]
pub struct Portal {
    pub url: String,
    log: PathBuf,
    child: Child,
    watchman: Child,
}

impl Portal {
    /// Its process.
    ///
    /// # Errors
    /// It has ended.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("the portal has ended")
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let client = client()?;
        let end = Instant::now() + START_LIMIT;
        let address = format!("{}/readyz", self.url);
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("{}", self.obituary(status));
            }
            let answer = client.get(&address).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if Instant::now() > end {
                bail!("the portal is not ready:\n{}", last_lines(&self.log));
            }
            wait::pause(LOOK_AGAIN).await;
        }
    }

    /// Waits until it ends by itself, which it should not; gives the words about that.
    pub async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => self.obituary(status),
            Err(error) => format!("the portal cannot be watched: {error}"),
        }
    }

    fn obituary(&self, status: ExitStatus) -> String {
        format!("the portal ended ({status}):\n{}", last_lines(&self.log))
    }

    /// Ends it as an operator would, and waits for that.
    pub async fn stop(mut self) {
        if let Some(id) = self.child.id() {
            let id = id.to_string();
            // One that has just ended by itself cannot be told to, which is as good.
            let _ = Command::new("kill").args(["-TERM", &id]).status().await;
            let ended = tokio::time::timeout(STOP_LIMIT, self.child.wait()).await;
            if ended.is_err() {
                let _ = self.child.kill().await;
            }
        }
        if let Some(mut pipe) = self.watchman.stdin.take() {
            let _ = pipe.write_all(b"done\n").await;
        }
        let _ = self.watchman.wait().await;
    }
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LAST_LINES);
    lines.get(from..).unwrap_or_default().join("\n")
}
