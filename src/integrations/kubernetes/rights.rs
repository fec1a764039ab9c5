//! Which of the rights that we need a credential lacks.

use futures_util::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::api::PostParams;

use super::{Kubernetes, called, name};
use crate::integrations::CallError;

/// Reviews under way at once; an API server answers each in a millisecond or two.
const AT_ONCE: usize = 8;

/// A group, a resource, its subresource, and the verbs that are needed of it.
pub type Needed = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

/// What is needed in every managed namespace. `deploy/kubernetes/cluster.yaml` grants the same.
pub const IN_NAMESPACE: &[Needed] = &[
    (
        "apps",
        "deployments",
        "",
        &["get", "list", "create", "patch", "delete"],
    ),
    ("apps", "deployments", "scale", &["get", "update"]),
    ("apps", "replicasets", "", &["list"]),
    (
        "",
        "services",
        "",
        &["get", "list", "create", "patch", "delete"],
    ),
    // Written, never read: what is in a Secret stays in the cluster.
    ("", "secrets", "", &["create", "patch", "delete"]),
    ("", "pods", "", &["get", "list"]),
    ("", "pods", "log", &["get"]),
    ("", "pods", "exec", &["get", "create"]),
    // A debug container, where an image has no shell; nothing else of a pod is changed.
    ("", "pods", "ephemeralcontainers", &["patch"]),
    ("", "events", "", &["list"]),
    (
        "autoscaling",
        "horizontalpodautoscalers",
        "",
        &["get", "list", "create", "patch", "delete"],
    ),
    ("", "configmaps", "", &["list", "create", "patch", "delete"]),
    (
        "policy",
        "poddisruptionbudgets",
        "",
        &["get", "create", "patch", "delete"],
    ),
    (
        "networking.k8s.io",
        "ingresses",
        "",
        &["get", "create", "patch", "delete"],
    ),
    ("batch", "jobs", "", &["get", "create"]),
];
/// Needed besides where we make namespaces ourselves.
pub const OF_CLUSTER: &[Needed] = &[("", "namespaces", "", &["get", "create", "delete"])];

/// One thing that a credential may or may not do; `group` is empty for the core API, and
/// `subresource` where the resource itself is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    pub group: &'static str,
    pub resource: &'static str,
    pub subresource: &'static str,
    pub verb: &'static str,
    /// `None`: in the whole cluster.
    pub namespace: Option<String>,
}

impl Kubernetes {
    /// The rights that the credential lacks, in the order of the table. For a namespace: to run
    /// workloads in it. For `None`: the same in all namespaces, and to make namespaces.
    pub async fn missing_rights(&self, namespace: Option<&str>) -> Result<Vec<Right>, CallError> {
        if let Some(namespace) = namespace {
            name(namespace)?;
        }
        let answers: Vec<(Right, bool)> = stream::iter(needed(namespace))
            .map(|right| self.review(right))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let missing = answers.into_iter().filter(|(_, allowed)| !allowed);
        Ok(missing.map(|(right, _)| right).collect())
    }

    async fn review(&self, right: Right) -> Result<(Right, bool), CallError> {
        let attributes = ResourceAttributes {
            group: Some(right.group.to_owned()),
            resource: Some(right.resource.to_owned()),
            subresource: Some(right.subresource.to_owned()),
            verb: Some(right.verb.to_owned()),
            namespace: right.namespace.clone(),
            ..ResourceAttributes::default()
        };
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(attributes),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let api = kube::Api::<SelfSubjectAccessReview>::all(self.client.clone());
        let answer = called(api.create(&PostParams::default(), &review)).await?;
        let allowed = answer.status.is_some_and(|status| status.allowed);
        Ok((right, allowed))
    }
}

fn needed(namespace: Option<&str>) -> Vec<Right> {
    let of_cluster = if namespace.is_none() { OF_CLUSTER } else { &[] };
    let rows = IN_NAMESPACE.iter().chain(of_cluster);
    rows.flat_map(|&(group, resource, subresource, verbs)| {
        verbs.iter().map(move |&verb| Right {
            group,
            resource,
            subresource,
            verb,
            namespace: namespace.map(str::to_owned),
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::needed;

    #[test]
    fn the_cluster_asks_for_more_than_a_namespace() {
        let inside = needed(Some("shop-test"));
        let whole = needed(None);
        assert_eq!(whole.len(), inside.len() + 3);
        assert!(
            inside
                .iter()
                .all(|right| right.namespace.as_deref() == Some("shop-test"))
        );
        assert!(inside.iter().all(|right| right.resource != "namespaces"));
    }
}
