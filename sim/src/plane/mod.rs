//! A real Kubernetes control plane with pretended nodes, and a real image registry, on loopback.
//!
//! What simulators and client believe of Kubernetes is held against this.
//! Invariant: it leaves nothing behind, neither a process nor a file outside the cache of tools.

mod children;
mod files;
mod start;
mod tools;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use children::Children;
use files::Files;

pub use tools::{BIN_VARIABLE, Tools};

/// A running plane; dropping it ends it.
///
/// A pod's fate is told by its image and one variable: an image with `missing` in its name cannot
/// be pulled, `SLIPWAY_SIM=crash` ends again and again, `SLIPWAY_SIM=unready` never gets ready.
#[derive(Debug)]
pub struct Plane {
    /// Of a cluster administrator; all data inline.
    pub kubeconfig: String,
    /// The same in a file.
    pub kubeconfig_path: PathBuf,
    /// Of somebody who is known to the cluster and may do nothing in it.
    pub limited_kubeconfig: String,
    /// The same in a file.
    pub limited_kubeconfig_path: PathBuf,
    /// A kubectl of the same version.
    pub kubectl: PathBuf,
    /// `http://127.0.0.1:<port>`, without authentication.
    pub registry_url: String,
    /// From the first process to nodes that are ready.
    pub started_in: Duration,
    // Fields are dropped in this order: the processes end before their folder goes.
    children: Children,
    files: Files,
}

impl Plane {
    /// Builds what is missing (see [`Tools::ready`]), starts everything and waits, at most two
    /// minutes, until the nodes take pods. Fails with the end of a process's log where one ends.
    pub async fn start() -> anyhow::Result<Self> {
        start::start(&Tools::ready()?).await
    }

    /// An error where one of the processes has ended by itself.
    pub fn check(&mut self) -> anyhow::Result<()> {
        self.children.check()
    }

    /// The environment in which the contract suite holds its expectations against this plane.
    #[must_use]
    pub fn contract_settings(&self) -> Vec<(&'static str, OsString)> {
        vec![
            (
                "SLIPWAY_CONTRACT_KUBECONFIG",
                self.kubeconfig_path.clone().into(),
            ),
            (
                "SLIPWAY_CONTRACT_KUBECONFIG_LIMITED",
                self.limited_kubeconfig_path.clone().into(),
            ),
            ("SLIPWAY_CONTRACT_KUBECTL", self.kubectl.clone().into()),
            // Its nodes are pretended, and run commands on this machine all the same; but any code
            // other than 0 is an internal error to them.
            ("SLIPWAY_CONTRACT_EXEC", "codeless".into()),
            (
                "SLIPWAY_CONTRACT_REGISTRY_URL",
                self.registry_url.clone().into(),
            ),
        ]
    }

    /// What kubectl says with this kubeconfig, and whether it was content.
    ///
    /// # Errors
    /// A kubectl that does not start.
    pub fn kubectl(&self, kubeconfig: &Path, args: &[&str]) -> anyhow::Result<(bool, String)> {
        let output = Command::new(&self.kubectl)
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(args)
            .output()
            .context("kubectl did not start")?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        Ok((output.status.success(), said))
    }

    /// The folder with the processes' logs and data.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.files.dir()
    }
}
