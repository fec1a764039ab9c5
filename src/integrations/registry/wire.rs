//! The registry's JSON: manifests of both families, image configuration, errors, tokens.

use std::collections::BTreeMap;

use serde::Deserialize;

/// An OCI or Docker manifest; an index has neither configuration nor layers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub media_type: Option<String>,
    pub config: Option<Descriptor>,
    #[serde(default)]
    pub layers: Vec<Descriptor>,
    /// Of an index alone.
    #[serde(default)]
    pub manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
pub(super) struct Descriptor {
    pub digest: String,
    #[serde(default)]
    pub size: u64,
    pub platform: Option<Platform>,
}

#[derive(Deserialize)]
pub(super) struct Platform {
    #[serde(default)]
    pub os: String,
}

#[derive(Default, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    pub architecture: String,
    pub config: Option<RunConfig>,
    pub rootfs: Option<RootFs>,
}

/// Builders write `null` where there is nothing.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RunConfig {
    pub user: Option<String>,
    pub exposed_ports: Option<BTreeMap<String, serde::de::IgnoredAny>>,
    pub labels: Option<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
pub(super) struct RootFs {
    pub diff_ids: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub(super) struct Faults {
    pub errors: Vec<Fault>,
}

#[derive(Deserialize)]
pub(super) struct Fault {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.message)
    }
}

/// Servers name the token one way, the other, or both.
#[derive(Deserialize)]
pub(super) struct Token {
    pub token: Option<String>,
    pub access_token: Option<String>,
    pub expires_in: Option<u64>,
}
