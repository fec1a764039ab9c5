//! The document of deployment parameters, typed, in its newest schema version.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::upkeep::{BeforeDeploy, BeforeStop, Disruption, Rollout, Scaling, Spread};

/// What others call the first port, and reach it by inside a cluster.
pub const MAIN_PORT: &str = "http";
pub const SERVICE_PORT: u16 = 80;

/// A valid document, typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    pub replicas: Range,
    #[serde(default)]
    pub scaling: Scaling,
    pub cpu: Resource,
    pub memory: Resource,
    pub access: Access,
    pub port: u16,
    /// Others that it answers on, besides the one that it is probed and called by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Port>,
    /// Where callers outside find it; counts with `access: ingress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<IngressRule>,
    #[serde(default = "registers_nowhere")]
    pub discovery: Discovery,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<Variable>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scratch: Vec<Scratch>,
    pub probes: Probes,
    #[serde(default, deserialize_with = "unless_none")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_stop: Option<BeforeStop>,
    #[serde(default = "default_grace")]
    pub grace_seconds: u32,
    #[serde(default)]
    pub rollout: Rollout,
    #[serde(default, deserialize_with = "unless_none")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_deploy: Option<BeforeDeploy>,
    #[serde(default)]
    pub disruption: Disruption,
    #[serde(default)]
    pub spread: Spread,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeLabel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
}

const fn default_grace() -> u32 {
    30
}

const fn registers_nowhere() -> Discovery {
    Discovery::None
}

/// A part whose kind is `none` is not there; saying so takes it back from an upper layer.
fn unless_none<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    if value.is_null() || value["kind"] == "none" {
        return Ok(None);
    }
    T::deserialize(value)
        .map(Some)
        .map_err(serde::de::Error::custom)
}

/// Containers per cluster; the autoscaler moves between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    pub min: i32,
    pub max: i32,
}

/// One more port: inside the cluster it has this very number, and a name of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NamedPort)]
pub struct Port {
    /// As RFC 6335 has names of services: up to 15 letters, digits and hyphens.
    pub name: String,
    pub port: u16,
}

/// What a container is promised and may at most use; Kubernetes quantities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResourceShare)]
pub struct Resource {
    pub request: String,
    pub limit: String,
}

crate::words! {
    /// Who calls the service: others in containers, or also callers outside, straight to its port
    /// or by a host name.
    pub enum Access { Internal = "internal", Public = "public", Ingress = "ingress" }

    pub enum ProbeKind { Http = "http", Tcp = "tcp", Exec = "exec" }

    /// The registry in which the service tells others where it is.
    pub enum Discovery as ServiceRegistry {
        None = "none",
        Eureka = "eureka",
        Consul = "consul",
        Nacos = "nacos",
    }
}

/// The host and path under which callers outside reach it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IngressRule {
    pub host: String,
    #[serde(default = "root")]
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_secret: Option<String>,
}

fn root() -> String {
    "/".to_owned()
}

/// One environment variable: a plain value, or a version of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretVersion>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretVersion {
    pub id: Uuid,
    pub version: i32,
}

/// A file in the container: a text that the portal keeps, a key of a Secret that is there, or a
/// version of a secret that the portal keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MountedFile)]
pub struct File {
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<SecretVersion>,
}

/// A list whose items may hold a secret. Whoever asks sends it as `secret_value`; the document
/// holds a reference to the version that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealing {
    pub list: &'static str,
    /// What tells its items apart.
    pub key: &'static str,
    /// The property of an item that names the version.
    pub reference: &'static str,
    /// Of a secret, bytes.
    pub most: usize,
}

impl Sealing {
    pub const ALL: [Self; 2] = [
        Self {
            list: "env",
            key: "name",
            reference: "secret",
            most: 8000,
        },
        Self {
            list: "files",
            key: "path",
            reference: "stored",
            most: 30_000,
        },
    ];
    /// What a secret is sent as.
    pub const VALUE: &'static str = "secret_value";
}

impl Parameters {
    /// The versions of secrets that it names.
    pub fn secrets(&self) -> impl Iterator<Item = SecretVersion> {
        let variables = self.env.iter().filter_map(|v| v.secret);
        variables.chain(self.files.iter().filter_map(|f| f.stored))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretKey {
    pub name: String,
    pub key: String,
}

/// Room on the node that is gone with the container's pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScratchRoom)]
pub struct Scratch {
    pub path: String,
    pub size: String,
}

/// A label that a node must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeLabel {
    pub label: String,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Probes {
    /// While it has not passed once, the other two are not asked.
    #[serde(default, deserialize_with = "unless_none")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup: Option<Probe>,
    pub readiness: Probe,
    pub liveness: Probe,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProbeSetting)]
pub struct Probe {
    pub kind: ProbeKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    #[serde(default = "default_delay")]
    pub delay_seconds: i32,
    #[serde(default = "default_period")]
    pub period_seconds: i32,
    #[serde(default = "default_timeout")]
    pub timeout_seconds: i32,
    #[serde(default = "default_failures")]
    pub failures: i32,
}

const fn default_delay() -> i32 {
    10
}

const fn default_period() -> i32 {
    10
}

const fn default_timeout() -> i32 {
    3
}

const fn default_failures() -> i32 {
    3
}
