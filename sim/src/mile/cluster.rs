//! A cluster's own word, asked with a kubeconfig and without the portal.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::portal::wait::{Look, until};

/// One Deployment's place.
#[derive(Clone, Debug)]
pub struct Place {
    pub cluster: String,
    pub namespace: String,
    pub name: String,
}

/// What runs there by the cluster's own word.
#[derive(Debug)]
pub struct Running {
    pub image: String,
    pub desired: i64,
    pub ready: i64,
    /// Whether the controller saw the newest change, and nothing of an older one is left.
    pub settled: bool,
}

/// A cluster's API, as somebody with this kubeconfig sees it.
#[derive(Clone, Debug)]
pub struct Cluster {
    client: Client,
    server: String,
    token: Option<String>,
}

#[derive(Deserialize)]
struct Kubeconfig {
    clusters: Vec<NamedCluster>,
    #[serde(default)]
    users: Vec<NamedUser>,
}

#[derive(Deserialize)]
struct NamedCluster {
    cluster: ClusterEntry,
}

#[derive(Deserialize)]
struct ClusterEntry {
    server: String,
    #[serde(rename = "certificate-authority-data")]
    authority: Option<String>,
}

#[derive(Deserialize)]
struct NamedUser {
    user: UserEntry,
}

#[derive(Deserialize)]
struct UserEntry {
    token: Option<String>,
}

impl Cluster {
    /// Reads a kubeconfig whose data is inline and whose user has a token.
    ///
    /// # Errors
    /// A file that is none.
    pub fn of(kubeconfig: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(kubeconfig)
            .with_context(|| format!("cannot read {}", kubeconfig.display()))?;
        let parsed: Kubeconfig = serde_saphyr::from_str(&text)
            .with_context(|| format!("{} is no kubeconfig", kubeconfig.display()))?;
        let entry = parsed.clusters.into_iter().next();
        let entry = entry.context("the kubeconfig names no cluster")?.cluster;
        Ok(Self {
            client: client(entry.authority.as_deref())?,
            server: entry.server.trim_end_matches('/').to_owned(),
            token: parsed.users.into_iter().find_map(|user| user.user.token),
        })
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.server));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            let kind = "application/merge-patch+json";
            request = request.header("content-type", kind).body(body.to_string());
        }
        let answer = request
            .send()
            .await
            .context("the cluster does not answer")?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(
            status.is_success(),
            "the cluster answered {status} for {path}: {text}"
        );
        Ok(serde_json::from_str(&text)?)
    }

    /// Makes an object, as somebody with `kubectl create` does.
    ///
    /// # Errors
    /// The cluster's refusal.
    pub async fn make(&self, path: &str, object: Value) -> anyhow::Result<()> {
        let mut request = self.client.post(format!("{}{path}", self.server));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.json(&object).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{status} for {path}: {text}");
        Ok(())
    }

    /// Every object of a list.
    ///
    /// # Errors
    /// No answer.
    pub async fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let found = self.call(Method::GET, path, None).await?;
        let items = found["items"].as_array();
        items.cloned().context("a list without items")
    }

    /// What a Deployment says of itself.
    ///
    /// # Errors
    /// No answer, or no such Deployment.
    pub async fn running(&self, place: &Place) -> anyhow::Result<Running> {
        let found = self.call(Method::GET, &deployment(place), None).await?;
        let number = |pointer: &str| found.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
        let desired = number("/spec/replicas");
        let seen = number("/status/observedGeneration") >= number("/metadata/generation");
        let updated = number("/status/updatedReplicas") == desired;
        let image = found.pointer("/spec/template/spec/containers/0/image");
        Ok(Running {
            image: image.and_then(Value::as_str).unwrap_or_default().to_owned(),
            desired,
            ready: number("/status/readyReplicas"),
            settled: seen && updated && number("/status/replicas") == desired,
        })
    }

    /// Waits until exactly this digest runs, on every container that is wanted.
    ///
    /// # Errors
    /// Something else runs for too long.
    pub async fn await_digest(&self, place: &Place, digest: &str) -> anyhow::Result<Running> {
        until(async || {
            let now = self.running(place).await?;
            let ours = now.image.ends_with(&format!("@{digest}"));
            if ours && now.settled && now.desired > 0 && now.ready == now.desired {
                return Ok(Look::Found(now));
            }
            Ok(Look::NotYet(format!(
                "{} of {} containers ready of {}",
                now.ready, now.desired, now.image
            )))
        })
        .await
    }

    /// Sets the number of containers as somebody at the cluster would, and waits for it.
    ///
    /// # Errors
    /// The cluster's refusal, or too long a wait.
    pub async fn scale(&self, place: &Place, replicas: i64) -> anyhow::Result<()> {
        let path = format!(
            "{}/scale?fieldManager=somebody-at-the-cluster",
            deployment(place)
        );
        let body = json!({ "spec": { "replicas": replicas } });
        self.call(Method::PATCH, &path, Some(body)).await?;
        until(async || {
            let now = self.running(place).await?;
            Ok(match now.desired == replicas && now.ready == replicas {
                true => Look::Found(()),
                false => Look::NotYet(format!("{} of {} ready", now.ready, now.desired)),
            })
        })
        .await
    }

    /// Changes a Deployment past the portal, as somebody with `kubectl edit` does.
    ///
    /// # Errors
    /// The cluster's refusal.
    pub async fn edit(&self, place: &Place, patch: Value) -> anyhow::Result<()> {
        let path = format!("{}?fieldManager=kubectl-edit", deployment(place));
        self.call(Method::PATCH, &path, Some(patch)).await?;
        Ok(())
    }

    /// The autoscaler's range.
    ///
    /// # Errors
    /// There is none.
    pub async fn range(&self, place: &Place) -> anyhow::Result<(i64, i64)> {
        let Place {
            namespace, name, ..
        } = place;
        let path =
            format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/{name}");
        let found = self.call(Method::GET, &path, None).await?;
        let bound = |name: &str| found["spec"][name].as_i64();
        match (bound("minReplicas"), bound("maxReplicas")) {
            (Some(min), Some(max)) => Ok((min, max)),
            _ => bail!("the autoscaler has no range"),
        }
    }
}

fn deployment(place: &Place) -> String {
    let Place {
        namespace, name, ..
    } = place;
    format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a customer's client, not one of the product's"
)]
fn client(authority: Option<&str>) -> anyhow::Result<Client> {
    let mut builder = Client::builder().timeout(std::time::Duration::from_secs(20));
    if let Some(authority) = authority {
        let pem = base64::engine::general_purpose::STANDARD.decode(authority)?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem)?;
        builder = builder.tls_certs_only(certificates);
    }
    Ok(builder.build()?)
}
