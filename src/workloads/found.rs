//! What a workload keeps of a Deployment that ran before the portal knew it.
//!
//! Invariant: what was found is written to under its own names and never restarted by being known;
//! a part that stays is left out of what is applied until somebody says it otherwise.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Workload;
use crate::standards::Parameters;

/// Of the object that was found, and of what stands beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FoundDeployment)]
pub struct Found {
    /// Of the Deployment; another object of its name is not the one that was taken over.
    pub uid: String,
    /// The name of the one container that the portal puts images into.
    pub container: String,
    pub service: Option<FoundService>,
    /// The autoscaler's name.
    pub hpa: Option<String>,
    /// By JSON pointer into the parameters, what they said when it was taken over and what the
    /// object did not have, or has in words that parameters do not know.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub stays: BTreeMap<String, Value>,
}

/// The Service that leads to these pods and to no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundService {
    pub name: String,
    /// The one of its ports that leads to the container's port.
    pub port: i32,
    pub selector: BTreeMap<String, String>,
}

impl Workload {
    /// The name of its container.
    #[must_use]
    pub fn container(&self) -> &str {
        self.found.as_ref().map_or(&self.project, |f| &f.container)
    }

    /// The name of its autoscaler, where it has one.
    #[must_use]
    pub fn autoscaler(&self) -> &str {
        let found = self.found.as_ref().and_then(|f| f.hpa.as_ref());
        found.unwrap_or(&self.object_name)
    }

    /// The name of its Service; `None` where what was found has none of its own.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        match &self.found {
            None => Some(&self.object_name),
            Some(found) => found.service.as_ref().map(|s| s.name.as_str()),
        }
    }

    /// Whether a part of what was found is left alone, because the parameters still say of it
    /// what they said when it was taken over.
    pub(super) fn leaves(&self, parameters: &Parameters, pointer: &str) -> bool {
        let kept = self.found.as_ref().and_then(|f| f.stays.get(pointer));
        kept.is_some_and(|kept| json!(parameters).pointer(pointer) == Some(kept))
    }
}
