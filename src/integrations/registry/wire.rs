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
}

#[derive(Deserialize)]
pub(super) struct Descriptor {
    pub digest: String,
    #[serde(default)]
    pub size: u64,
}

#[derive(Deserialize)]
pub(super) struct Config {
    pub config: Option<RunConfig>,
}

#[derive(Deserialize)]
pub(super) struct RunConfig {
    #[serde(rename = "Labels")]
    pub labels: Option<BTreeMap<String, String>>,
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
