//! What the programs read: keys, tokens, settings, kubeconfigs.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::RngExt as _;

const STAGES: &str = include_str!("stages.yaml");
const NODES: &str = include_str!("nodes.yaml");
/// One line as a container runtime writes it; every pretended container says the same.
const POD_LOG: &str = "2026-01-02T03:04:05.000000006Z stdout F pretended container is up\n";

/// The ports of one plane, all on loopback.
#[derive(Debug)]
pub struct Ports {
    pub etcd: u16,
    pub etcd_peer: u16,
    pub api: u16,
    pub kwok: u16,
    pub registry: u16,
}

impl Ports {
    /// Five ports that were free a moment ago, held together so that they differ.
    pub fn free() -> anyhow::Result<Self> {
        let held: Vec<TcpListener> = (0..5)
            .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .collect::<Result<_, _>>()?;
        let mut held = held.iter();
        let mut next = || {
            let listener = held.next().ok_or_else(|| anyhow!("too few ports"))?;
            anyhow::Ok(listener.local_addr()?.port())
        };
        Ok(Self {
            etcd: next()?,
            etcd_peer: next()?,
            api: next()?,
            kwok: next()?,
            registry: next()?,
        })
    }
}

/// The folder of one plane; gone when the plane is.
#[derive(Debug)]
pub struct Files {
    dir: tempfile::TempDir,
    /// Of a member of `system:masters`.
    pub admin_token: String,
    /// Of somebody who is known and may do nothing.
    pub limited_token: String,
}

impl Files {
    pub fn write(ports: &Ports) -> anyhow::Result<Self> {
        let files = Self {
            dir: tempfile::Builder::new()
                .prefix("slipway-plane-")
                .tempdir()?,
            admin_token: token(),
            limited_token: token(),
        };
        let tokens = format!(
            "{},admin,admin,\"system:masters\"\n{},limited,limited\n",
            files.admin_token, files.limited_token
        );
        std::fs::write(files.path("tokens.csv"), tokens)?;
        let (private, public) = signing_key()?;
        std::fs::write(files.path("accounts.pem"), private)?;
        std::fs::write(files.path("accounts.pub"), public)?;
        std::fs::write(files.path("nodes.yaml"), NODES)?;
        std::fs::write(files.path("pod.log"), POD_LOG)?;
        std::fs::write(files.path("stages.yaml"), files.stages())?;
        std::fs::write(files.path("registry.yaml"), files.registry(ports))?;
        Ok(files)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The nodes' lives, and what their logs and shells answer.
    fn stages(&self) -> String {
        let log = serde_json::json!({
            "apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "ClusterLogs",
            "metadata": {"name": "all"},
            "spec": {"logs": [{"logsFile": self.path("pod.log")}]},
        });
        let exec = serde_json::json!({
            "apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "ClusterExec",
            "metadata": {"name": "all"},
            "spec": {"execs": [{"local": {"workDir": self.dir(), "envs": [
                {"name": "LANG", "value": "C.UTF-8"},
                {"name": "TERM", "value": "xterm-256color"},
            ]}}]},
        });
        format!("{STAGES}---\n{log}\n---\n{exec}\n")
    }

    fn registry(&self, ports: &Ports) -> String {
        let settings = serde_json::json!({
            "version": "0.1",
            "log": {"accesslog": {"disabled": true}, "level": "warn"},
            "storage": {
                "filesystem": {"rootdirectory": self.path("registry")},
                "delete": {"enabled": true},
            },
            "http": {"addr": format!("127.0.0.1:{}", ports.registry)},
        });
        settings.to_string()
    }
}

/// A kubeconfig with everything inline: no file, no command.
pub fn kubeconfig(server: &str, ca_pem: &[u8], token: &str) -> String {
    let ca = STANDARD.encode(ca_pem);
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: plane\n\
         clusters:\n- name: plane\n  cluster:\n    server: {server}\n    \
         certificate-authority-data: {ca}\n\
         contexts:\n- name: plane\n  context:\n    cluster: plane\n    user: plane\n\
         users:\n- name: plane\n  user:\n    token: {token}\n"
    )
}

fn token() -> String {
    let bytes: [u8; 24] = rand::rng().random();
    hex::encode(bytes)
}

/// A key that signs service accounts' tokens, and its public half, both in PEM.
fn signing_key() -> anyhow::Result<(String, String)> {
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let private = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())
        .map_err(|_| anyhow!("no key could be made"))?;
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, private.as_ref())
        .map_err(|_| anyhow!("a key that was just made cannot be read"))?;
    let public = pair
        .public_key()
        .as_der()
        .map_err(|_| anyhow!("no public half"))?;
    Ok((
        pem("PRIVATE KEY", private.as_ref()),
        pem("PUBLIC KEY", public.as_ref()),
    ))
}

fn pem(what: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    format!("-----BEGIN {what}-----\n{body}\n-----END {what}-----\n")
}
