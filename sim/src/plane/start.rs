//! Starting the plane, part by part, each when what it needs answers.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use jiff::Timestamp;
use reqwest::{Certificate, Client};
use serde::Deserialize;

use super::children::Children;
use super::files::{Files, Ports, kubeconfig};
use super::{Plane, Tools};
use crate::Clock;

/// Everything is up in ten seconds on two cores; this is for a machine that is busy otherwise.
const START_LIMIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(100);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
const NODES: usize = 3;

pub(super) async fn start(tools: &Tools) -> anyhow::Result<Plane> {
    let ports = Ports::free()?;
    let files = Files::write(&ports)?;
    let mut starting = Starting {
        tools,
        children: Children::new(files.dir())?,
        clock: Clock::auto(),
        began: Instant::now(),
        ports,
        files,
    };
    let began = starting.clock.now();
    starting.store_and_registry().await?;
    let ca = starting.api_server().await?;
    starting.controllers_and_nodes()?;
    starting.nodes_ready(&ca, began).await?;
    starting.finish(&ca)
}

struct Starting<'a> {
    tools: &'a Tools,
    ports: Ports,
    files: Files,
    children: Children,
    clock: Clock,
    began: Instant,
}

impl Starting<'_> {
    async fn store_and_registry(&mut self) -> anyhow::Result<()> {
        let Ports {
            etcd,
            etcd_peer,
            registry,
            ..
        } = self.ports;
        let client = format!("http://127.0.0.1:{etcd}");
        let peer = format!("http://127.0.0.1:{etcd_peer}");
        let mut command = Command::new(self.tools.program("etcd"));
        command
            .arg("--data-dir")
            .arg(self.files.path("etcd"))
            .args([
                "--listen-client-urls",
                &client,
                "--advertise-client-urls",
                &client,
            ])
            .args([
                "--listen-peer-urls",
                &peer,
                "--initial-advertise-peer-urls",
                &peer,
            ])
            .args([
                "--initial-cluster",
                &format!("default={peer}"),
                "--log-level",
                "warn",
            ])
            // The data lives as long as this process, so nothing is lost by not syncing it.
            .arg("--unsafe-no-fsync");
        self.children.start("etcd", &mut command)?;

        let mut command = Command::new(self.tools.program("registry"));
        command.arg("serve").arg(self.files.path("registry.yaml"));
        command.env("OTEL_TRACES_EXPORTER", "none");
        self.children.start("registry", &mut command)?;

        let http = http(None)?;
        self.answers(&http, &format!("{client}/health")).await?;
        self.answers(&http, &format!("http://127.0.0.1:{registry}/v2/"))
            .await
    }

    /// Starts the API server and answers the certificate that it signed for itself.
    async fn api_server(&mut self) -> anyhow::Result<Vec<u8>> {
        let private = self.files.path("accounts.pem");
        let public = self.files.path("accounts.pub");
        let mut command = Command::new(self.tools.program("kube-apiserver"));
        command
            .arg(format!(
                "--etcd-servers=http://127.0.0.1:{}",
                self.ports.etcd
            ))
            .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"])
            .arg(format!("--secure-port={}", self.ports.api))
            // A loopback address may not stand in the endpoints of the cluster's own service.
            .arg("--endpoint-reconciler-type=none")
            .args([
                "--authorization-mode=RBAC",
                "--service-cluster-ip-range=10.96.0.0/16",
            ])
            .arg("--service-account-issuer=https://kubernetes.default.svc")
            .arg("--enable-priority-and-fairness=false")
            .arg(flag("--cert-dir", &self.files.path("certificates")))
            .arg(flag("--token-auth-file", &self.files.path("tokens.csv")))
            .arg(flag("--service-account-key-file", &public))
            .arg(flag("--service-account-signing-key-file", &private));
        self.children.start("kube-apiserver", &mut command)?;

        let certificate = self.files.path("certificates/apiserver.crt");
        let ca = self
            .until("a certificate", async || std::fs::read(&certificate).ok())
            .await?;
        let http = http(Some(&ca))?;
        self.answers(&http, &format!("{}/readyz", self.server()))
            .await?;
        self.write_kubeconfigs(&ca)?;
        Ok(ca)
    }

    fn write_kubeconfigs(&self, ca: &[u8]) -> anyhow::Result<()> {
        let server = self.server();
        let admin = kubeconfig(&server, ca, &self.files.admin_token);
        let limited = kubeconfig(&server, ca, &self.files.limited_token);
        std::fs::write(self.files.path("kubeconfig"), admin)?;
        std::fs::write(self.files.path("kubeconfig-limited"), limited)?;
        Ok(())
    }

    fn controllers_and_nodes(&mut self) -> anyhow::Result<()> {
        let kubeconfig = flag("--kubeconfig", &self.files.path("kubeconfig"));
        let limits = ["--kube-api-qps=2000", "--kube-api-burst=4000"];
        let alone = ["--leader-elect=false", "--secure-port=0"];
        let certificates = self.files.path("certificates");

        let mut command = Command::new(self.tools.program("kube-controller-manager"));
        command
            .arg(&kubeconfig)
            .args(limits)
            .args(alone)
            .arg("--horizontal-pod-autoscaler-sync-period=1s")
            .arg(flag("--root-ca-file", &certificates.join("apiserver.crt")))
            .arg(flag(
                "--service-account-private-key-file",
                &self.files.path("accounts.pem"),
            ));
        self.children
            .start("kube-controller-manager", &mut command)?;

        let mut command = Command::new(self.tools.program("kube-scheduler"));
        command.arg(&kubeconfig).args(limits).args(alone);
        self.children.start("kube-scheduler", &mut command)?;

        let mut command = Command::new(self.tools.program("kwok"));
        command
            .arg(&kubeconfig)
            .args(["--manage-all-nodes=true", "--node-ip=127.0.0.1"])
            .args(["--node-lease-duration-seconds=40", "--cidr=10.1.0.0/16"])
            .arg(format!("--server-address=127.0.0.1:{}", self.ports.kwok))
            .arg(format!("--node-port={}", self.ports.kwok))
            .arg(flag("--tls-cert-file", &certificates.join("apiserver.crt")))
            .arg(flag(
                "--tls-private-key-file",
                &certificates.join("apiserver.key"),
            ))
            .arg(flag("--config", &self.files.path("stages.yaml")));
        self.children.start("kwok", &mut command)?;
        self.make_nodes()
    }

    fn make_nodes(&self) -> anyhow::Result<()> {
        let output = Command::new(self.tools.program("kubectl"))
            .arg(flag("--kubeconfig", &self.files.path("kubeconfig")))
            .args(["create", "-f"])
            .arg(self.files.path("nodes.yaml"))
            .output()
            .context("kubectl did not start")?;
        if !output.status.success() {
            bail!("no nodes: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// A node is alive when it says so by a heartbeat that is newer than our start.
    async fn nodes_ready(&mut self, ca: &[u8], since: Timestamp) -> anyhow::Result<()> {
        let http = http(Some(ca))?;
        let server = self.server();
        let token = self.files.admin_token.clone();
        self.until("ready nodes", async || {
            let get = |path: &str| {
                http.get(format!("{server}{path}"))
                    .bearer_auth(&token)
                    .send()
            };
            let nodes: Nodes = get("/api/v1/nodes").await.ok()?.json().await.ok()?;
            let ready = nodes
                .items
                .iter()
                .filter(|node| node.is_ready(since))
                .count();
            // Without this account the first pods would be refused.
            let account = "/api/v1/namespaces/default/serviceaccounts/default";
            let account = get(account).await.ok()?.status().is_success();
            (ready >= NODES && account).then_some(())
        })
        .await
    }

    fn finish(self, ca: &[u8]) -> anyhow::Result<Plane> {
        let server = self.server();
        Ok(Plane {
            kubeconfig: kubeconfig(&server, ca, &self.files.admin_token),
            kubeconfig_path: self.files.path("kubeconfig"),
            limited_kubeconfig: kubeconfig(&server, ca, &self.files.limited_token),
            limited_kubeconfig_path: self.files.path("kubeconfig-limited"),
            kubectl: self.tools.program("kubectl"),
            registry_url: format!("http://127.0.0.1:{}", self.ports.registry),
            started_in: self.began.elapsed(),
            children: self.children,
            files: self.files,
        })
    }

    fn server(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports.api)
    }

    async fn answers(&mut self, http: &Client, url: &str) -> anyhow::Result<()> {
        self.until(url, async || {
            let answer = http.get(url).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await
    }

    /// Asks until there is an answer, a process has ended, or the start takes too long.
    async fn until<T>(
        &mut self,
        what: &str,
        mut ask: impl AsyncFnMut() -> Option<T>,
    ) -> anyhow::Result<T> {
        loop {
            if let Some(answer) = ask().await {
                return Ok(answer);
            }
            self.children.check()?;
            if self.began.elapsed() > START_LIMIT {
                bail!("no {what} after {} s", START_LIMIT.as_secs());
            }
            self.clock.sleep(POLL).await;
        }
    }
}

fn flag(name: &str, path: &std::path::Path) -> String {
    format!("{name}={}", path.display())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a tool's own client, with its own limit"
)]
fn http(ca: Option<&[u8]>) -> anyhow::Result<Client> {
    let mut builder = Client::builder().timeout(REQUEST_TIMEOUT).no_proxy();
    if let Some(pem) = ca {
        builder = builder.tls_certs_only(Certificate::from_pem_bundle(pem)?);
    }
    Ok(builder.build()?)
}

#[derive(Deserialize)]
struct Nodes {
    items: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    #[serde(default)]
    status: NodeStatus,
}

#[derive(Default, Deserialize)]
struct NodeStatus {
    #[serde(default)]
    conditions: Vec<NodeCondition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeCondition {
    r#type: String,
    status: String,
    last_heartbeat_time: Option<Timestamp>,
}

impl Node {
    fn is_ready(&self, since: Timestamp) -> bool {
        let fresh = |at: Timestamp| at.as_second() >= since.as_second();
        self.status.conditions.iter().any(|condition| {
            condition.r#type == "Ready"
                && condition.status == "True"
                && condition.last_heartbeat_time.is_some_and(fresh)
        })
    }
}
