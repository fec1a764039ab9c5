//! From what an administrator typed to clusters, environments and languages that may be stored.

use std::net::Ipv4Addr;

use secrecy::{ExposeSecret, SecretString};

use super::{ClusterId, Tier};
use crate::connections::{self, ConnectionId, check_key};
use crate::error::{AppError, FieldError, Words};
use crate::integrations::jenkins::JobName;
use crate::integrations::kubernetes::{Kubeconfig, KubeconfigError, Kubernetes};

/// An environment's key becomes the end of a namespace's name.
const MAX_SHORT_KEY_BYTES: usize = 15;
const MAX_HOST_BYTES: usize = 260;
/// An environment of more clusters than this is a mistake.
pub const MAX_CLUSTERS: usize = 16;
const MAX_APPROVALS: i32 = 9;
const MAX_RANK: i32 = 1000;

/// A cluster as typed into the form or sent to the API.
#[derive(Debug, Clone)]
pub struct ClusterDraft {
    pub key: String,
    pub site: String,
    /// Empty keeps the one that is stored.
    pub kubeconfig: Option<SecretString>,
    pub registry_host: String,
    pub makes_namespaces: bool,
}

/// The same, with every field lawful.
pub(super) struct CheckedCluster {
    pub key: String,
    pub site: String,
    pub kubeconfig: Option<(SecretString, Kubeconfig)>,
    pub registry_host: String,
    pub makes_namespaces: bool,
}

#[derive(Debug, Clone)]
pub struct EnvironmentDraft {
    pub key: String,
    pub tier: Tier,
    pub rank: i32,
    pub approvals: i32,
    /// As it was if left out; no for a new one.
    pub shell_by_request: Option<bool>,
    /// Keys of clusters, in the order in which they are rolled out.
    pub clusters: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct LanguageDraft {
    pub key: String,
    /// The key of a Jenkins connection.
    pub jenkins: String,
    pub template_job: String,
}

pub(super) struct CheckedLanguage {
    pub key: String,
    pub jenkins: ConnectionId,
    pub template_job: JobName,
}

impl ClusterDraft {
    pub(super) async fn check(&self) -> Result<CheckedCluster, AppError> {
        let mut errors = Vec::new();
        check_key(&mut errors, "key", &self.key);
        check_key(&mut errors, "site", &self.site);
        let registry_host = self.registry_host.trim().to_ascii_lowercase();
        if !is_host(&registry_host) {
            errors.push(FieldError::new("registry_host", "cluster-registry-host"));
        }
        let kubeconfig = match self.kubeconfig() {
            None => None,
            Some(text) => match read(text.expose_secret()).await {
                Ok(parsed) => Some((text, parsed)),
                Err(words) => {
                    errors.push(at("kubeconfig", words));
                    None
                }
            },
        };
        if !errors.is_empty() {
            return Err(AppError::Invalid(errors));
        }
        Ok(CheckedCluster {
            key: self.key.trim().to_owned(),
            site: self.site.trim().to_owned(),
            kubeconfig,
            registry_host,
            makes_namespaces: self.makes_namespaces,
        })
    }

    fn kubeconfig(&self) -> Option<SecretString> {
        let filled = |text: &&SecretString| !text.expose_secret().trim().is_empty();
        self.kubeconfig.as_ref().filter(filled).cloned()
    }
}

/// Looks a kubeconfig through, up to making a client of it, which reads its certificates.
async fn read(text: &str) -> Result<Kubeconfig, Words> {
    let parsed = Kubeconfig::parse(text).map_err(|e| words(&e))?;
    if connections::is_forbidden(parsed.server()) {
        return Err(Words::new("address-forbidden"));
    }
    Kubernetes::new(&parsed).await.map_err(|e| words(&e))?;
    Ok(parsed)
}

fn words(error: &KubeconfigError) -> Words {
    let words = Words::new(error.code());
    match error {
        KubeconfigError::DefinedTwice { kind, name }
        | KubeconfigError::NotDefined { kind, name } => words.with("kind", kind).with("name", name),
        KubeconfigError::FilePath { field }
        | KubeconfigError::UnsupportedField { field }
        | KubeconfigError::BadField { field } => words.with("field", field),
        KubeconfigError::TooLong
        | KubeconfigError::Malformed
        | KubeconfigError::AmbiguousContext
        | KubeconfigError::Exec
        | KubeconfigError::AuthProvider
        | KubeconfigError::InsecureTls
        | KubeconfigError::Proxy
        | KubeconfigError::BadServer
        | KubeconfigError::NoCredential => words,
    }
}

/// A registry as nodes write it before an image's path: a name, and a port if need be.
fn is_host(text: &str) -> bool {
    let (name, port) = text
        .split_once(':')
        .map_or((text, None), |(n, p)| (n, Some(p)));
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
    // Kubernetes takes a first part without dot or port for a folder of Docker Hub.
    let is_address = name.contains('.') || port.is_some() || name.parse::<Ipv4Addr>().is_ok();
    text.len() <= MAX_HOST_BYTES
        && is_address
        && name.starts_with(edge)
        && name.ends_with(edge)
        && name.bytes().all(inner)
        && port.is_none_or(|p| p.parse::<u16>().is_ok_and(|n| n > 0))
}

impl EnvironmentDraft {
    /// Checks all but the clusters, which are rows to look up.
    pub(super) fn check(&self) -> Result<(), AppError> {
        let mut errors = Vec::new();
        check_short_key(&mut errors, &self.key);
        if !(0..=MAX_APPROVALS).contains(&self.approvals) {
            let words = Words::new("environment-approvals-range").with("max", MAX_APPROVALS);
            errors.push(at("approvals", words));
        }
        if !(0..=MAX_RANK).contains(&self.rank) {
            let words = Words::new("environment-rank-range").with("max", MAX_RANK);
            errors.push(at("rank", words));
        }
        if self.clusters.is_empty() {
            errors.push(FieldError::new("clusters", "environment-no-cluster"));
        }
        if self.clusters.len() > MAX_CLUSTERS {
            let words = Words::new("environment-many-clusters").with("max", MAX_CLUSTERS);
            errors.push(at("clusters", words));
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(AppError::Invalid(errors))
        }
    }

    /// The named clusters in their order, out of those that are known.
    pub(super) fn pick(&self, known: &[(String, ClusterId)]) -> Result<Vec<ClusterId>, AppError> {
        let mut picked = Vec::new();
        for key in &self.clusters {
            let Some((_, id)) = known.iter().find(|(k, _)| k == key) else {
                let shown: String = key.chars().take(MAX_SHORT_KEY_BYTES * 3).collect();
                let words = Words::new("environment-cluster-unknown").with("key", shown);
                return Err(AppError::Invalid(vec![at("clusters", words)]));
            };
            picked.push(*id);
        }
        Ok(picked)
    }
}

impl LanguageDraft {
    pub(super) fn check(&self, jenkins: Option<ConnectionId>) -> Result<CheckedLanguage, AppError> {
        let mut errors = Vec::new();
        check_short_key(&mut errors, &self.key);
        if jenkins.is_none() {
            errors.push(FieldError::new("jenkins", "language-no-jenkins"));
        }
        let template_job = JobName::parse(self.template_job.trim()).ok();
        if template_job.is_none() {
            errors.push(FieldError::new("template_job", "language-template-grammar"));
        }
        match (jenkins, template_job) {
            (Some(jenkins), Some(template_job)) if errors.is_empty() => Ok(CheckedLanguage {
                key: self.key.trim().to_owned(),
                jenkins,
                template_job,
            }),
            _ => Err(AppError::Invalid(errors)),
        }
    }
}

fn check_short_key(errors: &mut Vec<FieldError>, key: &str) {
    let key = key.trim();
    let lawful = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_short = key.len() <= MAX_SHORT_KEY_BYTES
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.bytes().all(lawful);
    if key.is_empty() {
        errors.push(FieldError::new("key", "field-required"));
    } else if !is_short {
        errors.push(FieldError::new("key", "short-key-grammar"));
    } else if key == "new" {
        errors.push(FieldError::new("key", "key-reserved"));
    }
}

fn at(field: &str, words: Words) -> FieldError {
    FieldError {
        field: field.to_owned(),
        words,
    }
}

#[cfg(test)]
mod tests {
    use super::is_host;

    #[test]
    fn a_registry_is_a_host_that_kubernetes_takes_for_one() {
        for good in [
            "registry.example",
            "10.0.0.5",
            "localhost:5000",
            "r.example:443",
        ] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "",
            "registry",
            "https://r.example",
            "r.example/x",
            "r.example:0",
            "r.example:",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
    }
}
