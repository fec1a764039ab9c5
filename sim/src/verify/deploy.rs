//! `deploy/` and `docker-compose.yml`, tried out where they are meant for.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::checks::counted;
use super::{Plan, Totals};
use crate::Clock;
use crate::plane::{Plane, Tools};
use crate::workspace;

/// A policy holds once the API server has read it.
const POLICY_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);
/// What the policy says to whoever goes too far.
const WALL: &str = "Slipway works only in namespaces";
const OF_NAMESPACES: &str = "Slipway may make and delete namespaces";
/// What the authoriser says.
const NO_RIGHT: &str = "cannot ";

/// A namespace that the portal made, and one that it did not.
const OURS: &str = "shop-test";
const FOREIGN: &str = "default";

/// All of them.
pub async fn deploy(plan: &Plan) -> anyhow::Result<Totals> {
    if let Err(why) = Tools::can_be_had() {
        return Ok(plan.lacking("deploy", &why));
    }
    let tools = Tools::ready()?;
    let mut totals = counted(
        "docker-compose.yml",
        compose(&tools.program("compose-spec")),
    );
    let mut plane = Plane::start().await?;
    let account = account(&plane).await?;
    totals += counted("a namespace by hand", apply(&plane, "namespace.yaml"));
    for (what, args, answer) in refused() {
        totals += counted(what, is_told(&plane, &account, &args, answer));
    }
    for (what, args) in allowed() {
        totals += counted(what, may(&plane, &account, &args));
    }
    totals += counted("two replicas of the portal", portal(&plane));
    plane.check()?;
    totals += image();
    Ok(totals)
}

fn file(name: &str) -> String {
    let path = workspace::root().join("deploy/kubernetes").join(name);
    path.to_string_lossy().into_owned()
}

/// The specification's own validator, with what `deploy/env.sh` prints.
fn compose(validator: &Path) -> anyhow::Result<()> {
    let root = workspace::root();
    let env = Command::new(root.join("deploy/env.sh")).output()?;
    let env = String::from_utf8(env.stdout)?;
    let file = "docker-compose.yml";
    let text = filled(&std::fs::read_to_string(root.join(file))?, &env)?;
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join(file), text)?;
    let output = Command::new(validator)
        .args(["--format", "json", file])
        .current_dir(folder.path())
        .output()
        .context("cannot run compose-spec")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}");
    let model: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    for service in ["postgres", "migrate", "portal"] {
        let found = model.pointer(&format!("/services/{service}"));
        ensure!(found.is_some(), "compose sees no {service}");
    }
    Ok(())
}

/// The text with `${NAME}`, `${NAME:?why}` and `${NAME:-default}` put in, as compose does it from
/// `.env`; done here because the validator's command does not read that file.
fn filled(text: &str, env: &str) -> anyhow::Result<String> {
    let known: Vec<_> = env.lines().filter_map(|l| l.split_once('=')).collect();
    let mut parts = text.split("${");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (inside, after) = part.split_once('}').context("a brace is open")?;
        let (name, rest) = inside.split_once(':').unwrap_or((inside, ""));
        let value = known.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
        let value = value.or(rest.strip_prefix('-'));
        filled.push_str(value.with_context(|| format!("deploy/env.sh makes no {name}"))?);
        filled.push_str(after);
    }
    Ok(filled)
}

fn apply(plane: &Plane, name: &str) -> anyhow::Result<()> {
    let path = file(name);
    let args = ["apply", "--server-side", "--filename", &path];
    let (done, said) = plane.kubectl(&plane.kubeconfig_path, &args)?;
    ensure!(done, "{said}");
    Ok(())
}

/// Installs cluster.yaml and answers the kubeconfig of its account, when its wall stands.
///
/// # Errors
/// A cluster that refuses, or a policy that does not come to hold.
pub async fn account(plane: &Plane) -> anyhow::Result<PathBuf> {
    apply(plane, "cluster.yaml")?;
    let (clock, begun) = (Clock::auto(), Instant::now());
    let path = plane.dir().join("kubeconfig-slipway");
    loop {
        let output = Command::new(workspace::root().join("deploy/kubeconfig.sh"))
            .env("KUBECTL", &plane.kubectl)
            .env("KUBECONFIG", &plane.kubeconfig_path)
            .output()
            .context("cannot run deploy/kubeconfig.sh")?;
        if output.status.success() {
            std::fs::write(&path, &output.stdout)?;
            let probe = ["create", "namespace", "probe", "--dry-run=server"];
            if is_told(plane, &path, &probe, OF_NAMESPACES).is_ok() {
                return Ok(path);
            }
        }
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(begun.elapsed() < POLICY_LIMIT, "no wall: {said}");
        clock.sleep(POLL).await;
    }
}

fn refused() -> Vec<(&'static str, Vec<&'static str>, &'static str)> {
    let exec = "/api/v1/namespaces/default/pods/none/exec?command=sh&stdout=true";
    let label = ["label", "namespace", FOREIGN, "slipway/managed=true"];
    let role = ["create", "clusterrolebinding", "x", "--clusterrole=admin"];
    vec![
        (
            "no exec outside",
            vec!["create", "--raw", exec, "--filename", "/dev/null"],
            WALL,
        ),
        (
            "no Secret written outside",
            vec!["--namespace", FOREIGN, "create", "secret", "generic", "x"],
            WALL,
        ),
        (
            "no Deployment outside",
            vec![
                "--namespace",
                FOREIGN,
                "create",
                "deployment",
                "x",
                "--image=x",
            ],
            WALL,
        ),
        (
            "no namespace without the label",
            vec!["create", "namespace", "stranger"],
            OF_NAMESPACES,
        ),
        (
            "no namespace of others deleted",
            vec!["delete", "namespace", "kube-node-lease", "--wait=false"],
            OF_NAMESPACES,
        ),
        ("no label on a namespace", label.to_vec(), NO_RIGHT),
        (
            "no Secret read",
            vec!["--namespace", OURS, "get", "secrets"],
            NO_RIGHT,
        ),
        ("no nodes", vec!["get", "nodes"], NO_RIGHT),
        ("no more rights", role.to_vec(), NO_RIGHT),
        (
            "no deletion",
            vec!["--namespace", OURS, "delete", "pod", "none"],
            NO_RIGHT,
        ),
    ]
}

fn allowed() -> Vec<(&'static str, Vec<&'static str>)> {
    let secret = ["--namespace", OURS, "create", "secret", "generic", "x"];
    let exec = ["auth", "can-i", "create", "pods", "--subresource=exec"];
    vec![
        ("a Secret inside", secret.to_vec()),
        ("pods inside", vec!["--namespace", OURS, "get", "pods"]),
        (
            "the end of a namespace of ours",
            vec!["delete", "namespace", OURS, "--dry-run=server"],
        ),
        ("exec inside", [&exec[..], &["--namespace", OURS]].concat()),
    ]
}

fn is_told(plane: &Plane, by: &Path, args: &[&str], answer: &str) -> anyhow::Result<()> {
    let (done, said) = plane.kubectl(by, args)?;
    ensure!(!done, "it was done: {said}");
    ensure!(said.contains(answer), "refused in other words: {said}");
    Ok(())
}

fn may(plane: &Plane, by: &Path, args: &[&str]) -> anyhow::Result<()> {
    let (done, said) = plane.kubectl(by, args)?;
    ensure!(done, "{said}");
    Ok(())
}

/// The portal's own manifest: a dry run, then for good, until both replicas count as available.
fn portal(plane: &Plane) -> anyhow::Result<()> {
    let admin = &plane.kubeconfig_path;
    let path = file("portal.yaml");
    may(
        plane,
        admin,
        &["create", "namespace", "slipway", "--save-config"],
    )?;
    let namespace = ["--namespace", "slipway"];
    for secret in ["slipway", "slipway-owner"] {
        let made = ["create", "secret", "generic", secret, "--from-literal=A=b"];
        may(plane, admin, &[&namespace[..], &made].concat())?;
    }
    let try_out = ["apply", "--dry-run=server", "--filename", &path];
    let (done, said) = plane.kubectl(admin, &try_out)?;
    ensure!(done && !said.contains("Warning"), "{said}");
    may(plane, admin, &["apply", "--filename", &path])?;
    let watch = ["rollout", "status", "deployment/slipway", "--timeout=60s"];
    may(plane, admin, &[&namespace[..], &watch].concat())
}

/// The image is built where somebody can; elsewhere that is said.
fn image() -> Totals {
    if Command::new("buildah").arg("--version").output().is_err() {
        println!("Dockerfile: NOT BUILT, because this machine has no buildah");
        return Totals::default();
    }
    let build = || {
        let status = Command::new("buildah")
            .args(["build", "--quiet"])
            .arg(workspace::root())
            .status()?;
        ensure!(status.success(), "buildah ended with {status}");
        Ok(())
    };
    counted("Dockerfile", build())
}
