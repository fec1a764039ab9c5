//! `kubectl exec` into the same pretended container: what people use otherwise.

use std::process::Stdio;

use anyhow::Context as _;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::{CLUSTER, Stage};
use crate::plane::Tools;

/// The program, where it is built.
#[derive(Clone)]
pub struct Kubectl(std::path::PathBuf);

/// One that runs; dropping it ends it.
pub struct Running {
    pub output: ChildStdout,
    pub input: ChildStdin,
    _child: Child,
}

impl Kubectl {
    /// Nothing where it would have to be built first, which takes minutes.
    #[must_use]
    pub fn find() -> Option<Self> {
        let tools = Tools::are_built().then(Tools::ready)?.ok()?;
        Some(Self(tools.program("kubectl")))
    }

    /// # Errors
    /// A program that does not start.
    pub fn exec(&self, stage: &Stage) -> anyhow::Result<Running> {
        let mut child = Command::new(&self.0)
            .arg("--kubeconfig")
            .arg(stage.kubeconfig())
            .args(["--context", CLUSTER, "--namespace", &stage.namespace])
            .args(["exec", "-i", &stage.pod, "--", "sh"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .context("kubectl did not start")?;
        Ok(Running {
            output: child.stdout.take().context("kubectl has no output")?,
            input: child.stdin.take().context("kubectl has no input")?,
            _child: child,
        })
    }
}
