//! The programs of a real control plane: found in a cache, or built into it once.
//!
//! Invariant: a program appears in the cache only when it is whole, and the cache's name holds
//! the pins that it was built from.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

/// Names a folder that holds all of the programs already; nothing is built then.
pub const BIN_VARIABLE: &str = "SLIPWAY_REAL_BIN";
/// The oldest Go that builds all of them.
const MIN_GO: (u32, u32) = (1, 25);

/// Program, folder of the module that pins it, package. The small ones come first, so that
/// something is seen to happen.
const PROGRAMS: [(&str, &str, &str); 8] = [
    ("etcd", ".", "go.etcd.io/etcd/server/v3"),
    (
        "registry",
        ".",
        "github.com/distribution/distribution/v3/cmd/registry",
    ),
    (
        "compose-spec",
        "compose",
        "github.com/compose-spec/compose-go/v2/cmd",
    ),
    ("kubectl", ".", "k8s.io/kubernetes/cmd/kubectl"),
    (
        "kube-apiserver",
        ".",
        "k8s.io/kubernetes/cmd/kube-apiserver",
    ),
    (
        "kube-controller-manager",
        ".",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
    ),
    (
        "kube-scheduler",
        ".",
        "k8s.io/kubernetes/cmd/kube-scheduler",
    ),
    ("kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok"),
];
/// Kubernetes does not know its own version unless its linker is told.
const VERSION_VARIABLES: [&str; 2] = [
    "k8s.io/component-base/version",
    "k8s.io/client-go/pkg/version",
];
const PINS: [&str; 6] = [
    "go.mod",
    "go.sum",
    "compose/go.mod",
    "compose/go.sum",
    "kwok/go.mod",
    "kwok/go.sum",
];

/// A folder with every program of the plane.
#[derive(Clone, Debug)]
pub struct Tools {
    dir: PathBuf,
}

impl Tools {
    /// Finds the programs, building those that are missing: about ten minutes on two cores at
    /// first, nothing afterwards. Meanwhile Go needs 8 GiB for what it fetches and compiles, which
    /// are given back. Says on stderr what it does.
    pub fn ready() -> anyhow::Result<Self> {
        if let Some(dir) = given_dir() {
            return Self::complete(dir);
        }
        let dir = cache_dir()?;
        let tools = Self { dir };
        let missing: Vec<_> = PROGRAMS
            .iter()
            .filter(|(name, ..)| !tools.program(name).is_file())
            .collect();
        if !missing.is_empty() {
            check_go()?;
            std::fs::create_dir_all(&tools.dir)?;
            eprintln!(
                "building {} programs of a real control plane, once",
                missing.len()
            );
        }
        let scratch = tools.dir.join("scratch");
        for (name, module, package) in missing {
            tools.build(name, module, package, &scratch)?;
        }
        if scratch.exists() {
            std::fs::remove_dir_all(&scratch)?;
        }
        Ok(tools)
    }

    /// Why [`Tools::ready`] could not get them: they are not built, and there is no fit Go.
    pub fn can_be_had() -> anyhow::Result<()> {
        if Self::are_built() {
            Ok(())
        } else {
            check_go()
        }
    }

    /// Whether [`Tools::ready`] would have nothing to build.
    #[must_use]
    pub fn are_built() -> bool {
        let dir = given_dir().or_else(|| cache_dir().ok());
        dir.is_some_and(|dir| Self::complete(dir).is_ok())
    }

    /// The path of one program.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn complete(dir: PathBuf) -> anyhow::Result<Self> {
        let tools = Self { dir };
        for (name, ..) in PROGRAMS {
            if !tools.program(name).is_file() {
                bail!("{name} is not in {}", tools.dir.display());
            }
        }
        Ok(tools)
    }

    fn build(&self, name: &str, module: &str, package: &str, at: &Path) -> anyhow::Result<()> {
        let started = Instant::now();
        eprint!("  {name} ... ");
        // Built beside its place and then moved, so that a build that was stopped leaves nothing.
        let half = self.dir.join(format!("{name}.{}", std::process::id()));
        let flags = linker_flags()?;
        let status = go()
            .args([
                "build",
                "-mod=readonly",
                "-trimpath",
                "-modcacherw",
                "-ldflags",
                &flags,
                "-o",
            ])
            .args([half.as_os_str(), OsStr::new(package)])
            .env("CGO_ENABLED", "0")
            .env("GOCACHE", at.join("compiled"))
            .env("GOMODCACHE", at.join("fetched"))
            .current_dir(pins().join(module))
            .stdin(Stdio::null())
            .status()
            .context("go did not start")?;
        if !status.success() {
            bail!("go could not build {name} ({status})");
        }
        std::fs::rename(&half, self.program(name))?;
        eprintln!("{} s", started.elapsed().as_secs());
        Ok(())
    }
}

fn go() -> Command {
    Command::new("go")
}

fn check_go() -> anyhow::Result<()> {
    let output = go().args(["env", "GOVERSION"]).output();
    let (major, minor) = MIN_GO;
    let Ok(output) = output else {
        bail!("Go {major}.{minor} or newer is needed to build the real control plane; none found");
    };
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if go_version(&version).is_none_or(|found| found < MIN_GO) {
        bail!(
            "Go {major}.{minor} or newer is needed to build the real control plane; \
               found {version:?}"
        );
    }
    Ok(())
}

/// Major and minor of what `go env GOVERSION` prints, such as `go1.26.1`.
fn go_version(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.strip_prefix("go")?.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The cache of these pins, built in this way.
fn cache_dir() -> anyhow::Result<PathBuf> {
    let mut hash = Sha256::new();
    for name in PINS {
        let path = pins().join(name);
        hash.update(std::fs::read(&path).with_context(|| path.display().to_string())?);
    }
    hash.update(linker_flags()?);
    let mut name = hex::encode(hash.finalize());
    name.truncate(16);
    Ok(target_dir().join("real").join(name))
}

/// Without debugging tables, which would double the size, and with the pinned version's numbers.
fn linker_flags() -> anyhow::Result<String> {
    let module = std::fs::read_to_string(pins().join("go.mod"))?;
    let version = pinned_version(&module).context("no version of k8s.io/kubernetes is pinned")?;
    let mut parts = version.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or("1"), parts.next().unwrap_or("0"));
    let mut flags = "-s -w".to_owned();
    for package in VERSION_VARIABLES {
        for (name, value) in [("Version", version), ("Major", major), ("Minor", minor)] {
            flags.push_str(&format!(" -X {package}.git{name}={value}"));
        }
    }
    Ok(flags)
}

fn pinned_version(module: &str) -> Option<&str> {
    let mut lines = module.lines().map(str::trim);
    lines
        .find_map(|line| line.strip_prefix("k8s.io/kubernetes "))
        .map(str::trim)
}

fn pins() -> PathBuf {
    repository().join("tests/real")
}

fn repository() -> PathBuf {
    let sim = Path::new(env!("CARGO_MANIFEST_DIR"));
    sim.parent().unwrap_or(sim).to_owned()
}

fn target_dir() -> PathBuf {
    variable("CARGO_TARGET_DIR").unwrap_or_else(|| repository().join("target"))
}

fn given_dir() -> Option<PathBuf> {
    variable(BIN_VARIABLE)
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_versions_compare_as_numbers() {
        assert_eq!(go_version("go1.26.8"), Some((1, 26)));
        assert_eq!(go_version("go1.25rc1"), Some((1, 25)));
        assert!(go_version("go1.9").is_some_and(|found| found < MIN_GO));
        assert_eq!(go_version("devel"), None);
    }

    #[test]
    fn the_version_is_read_from_the_pins() {
        let module = "require (\n\tk8s.io/kubernetes v1.30.2\n)\n";
        assert_eq!(pinned_version(module), Some("v1.30.2"));
        assert!(
            linker_flags()
                .expect("the real pins")
                .contains(".gitMajor=1 ")
        );
    }

    #[test]
    fn the_pins_are_all_there() {
        cache_dir().expect("four files");
    }
}
