//! Asking a cluster who it is and what we may do there, for the button on its page.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::json;

use super::{Cluster, ClusterId, TOPIC};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::connections::{self, ConnectionError, Observed, Report, Subject};
use crate::error::{AppError, Words};
use crate::integrations::CallError;
use crate::integrations::kubernetes::{Kubeconfig, Kubernetes, Right};

/// Every cluster has it. Where namespaces are made by others and the kubeconfig names none, it is
/// where the credential is tried; what may not be done there says nothing.
const ANY_NAMESPACE: &str = "default";

/// Asks the cluster now, stores what it said, and gives that.
///
/// # Errors
/// No such cluster, no database. That the cluster is away is an answer, not an error.
pub async fn test(app: &App, id: ClusterId, origin: &Origin) -> Result<Observed, AppError> {
    let cluster = super::find(app, id).await?.ok_or(AppError::NotFound)?;
    let report = ask(app, &cluster).await?;
    let mut tx = app.db.begin().await?;
    let before = cluster.health.as_ref().map(|h| h.report.ok);
    let observed = connections::record(&mut tx, Subject::Cluster, id.0, &report).await?;
    connections::tell(&mut tx, Subject::Cluster, &cluster.key, before, &report).await?;
    let entry = Entry::done("cluster.test", "cluster", &cluster.key);
    let entry = entry.after(json!({ "ok": report.ok, "version": report.version }));
    audit::record(&mut tx, &entry, origin).await?;
    tx.event(TOPIC, None).await?;
    tx.commit().await?;
    Ok(observed)
}

pub async fn ask(app: &App, cluster: &Cluster) -> Result<Report, AppError> {
    let began = Instant::now();
    let kubeconfig = match super::kubeconfig(app, cluster.id).await {
        Ok(kubeconfig) => kubeconfig,
        Err(ConnectionError::Secret(_)) => {
            return Ok(Report::bad(Words::new("test-secret-lost")));
        }
        Err(error) => return Err(error.into()),
    };
    let client = super::kubernetes(app, cluster.id).await?;
    let said = speak(&client, &kubeconfig, cluster.makes_namespaces);
    let report = match tokio::time::timeout(connections::LIMIT, said).await {
        Ok(Ok(report)) => report,
        Ok(Err(error)) => Report::failed(&error),
        Err(_) => {
            let seconds = connections::LIMIT.as_secs();
            Report::bad(Words::new("test-slow").with("seconds", seconds))
        }
    };
    Ok(Report {
        expires_at: kubeconfig.expires_at(),
        ..report.took(began)
    })
}

/// The version is told to strangers too, so it is the rights that prove the credential.
async fn speak(
    client: &Kubernetes,
    kubeconfig: &Kubeconfig,
    makes_namespaces: bool,
) -> Result<Report, CallError> {
    let version = client.version().await?.git_version;
    let missing = if makes_namespaces {
        client.missing_rights(None).await?
    } else if let Some(namespace) = kubeconfig.namespace() {
        client.missing_rights(Some(namespace)).await?
    } else {
        client.missing_rights(Some(ANY_NAMESPACE)).await?;
        Vec::new()
    };
    Ok(judge(version, &missing))
}

fn judge(version: String, missing: &[Right]) -> Report {
    let words = if missing.is_empty() {
        Words::new("test-cluster-good").with("version", &version)
    } else {
        let words = Words::new("test-cluster-lacks").with("version", &version);
        words.with("n", missing.len())
    };
    Report {
        ok: missing.is_empty(),
        missing: grouped(missing),
        ..Report::good(Some(version), words)
    }
}

/// One sentence for each resource, in the order of its name.
fn grouped(missing: &[Right]) -> Vec<Words> {
    let mut verbs: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for right in missing {
        verbs.entry(resource(right)).or_default().push(right.verb);
    }
    let sentence = |(resource, verbs): (String, Vec<&str>)| {
        let words = Words::new("cluster-right-missing").with("resource", resource);
        words.with("verbs", verbs.join(", "))
    };
    verbs.into_iter().map(sentence).collect()
}

/// As `kubectl` writes it: `deployments.apps/scale`.
fn resource(right: &Right) -> String {
    let mut name = right.resource.to_owned();
    if !right.group.is_empty() {
        name.push('.');
        name.push_str(right.group);
    }
    if !right.subresource.is_empty() {
        name.push('/');
        name.push_str(right.subresource);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(group: &'static str, resource: &'static str, verb: &'static str) -> Right {
        Right {
            group,
            resource,
            subresource: "",
            verb,
            namespace: None,
        }
    }

    #[test]
    fn missing_rights_are_told_by_resource() {
        let missing = [
            right("", "services", "patch"),
            right("apps", "deployments", "create"),
            right("apps", "deployments", "patch"),
        ];
        let report = judge("v1.34.1".to_owned(), &missing);
        assert!(!report.ok);
        let args: Vec<_> = report.missing.iter().map(|w| w.args.clone()).collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            args,
            [
                vec![
                    pair("resource", "deployments.apps"),
                    pair("verbs", "create, patch")
                ],
                vec![pair("resource", "services"), pair("verbs", "patch")],
            ]
        );
        assert!(judge("v1.34.1".to_owned(), &[]).ok);
    }
}
