//! The kinds of object that the simulated API server serves.

/// One kind, as discovery shows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resource {
    pub group: &'static str,
    pub version: &'static str,
    pub plural: &'static str,
    pub singular: &'static str,
    pub kind: &'static str,
    pub short: &'static [&'static str],
    pub namespaced: bool,
    pub subresources: &'static [&'static str],
}

const fn core(plural: &'static str, singular: &'static str, kind: &'static str) -> Resource {
    Resource {
        group: "",
        version: "v1",
        plural,
        singular,
        kind,
        short: &[],
        namespaced: true,
        subresources: &[],
    }
}

pub(super) static RESOURCES: [Resource; 14] = [
    Resource {
        short: &["po"],
        subresources: &["status", "log", "exec", "ephemeralcontainers"],
        ..core("pods", "pod", "Pod")
    },
    Resource {
        short: &["svc"],
        subresources: &["status"],
        ..core("services", "service", "Service")
    },
    Resource {
        short: &["cm"],
        ..core("configmaps", "configmap", "ConfigMap")
    },
    core("secrets", "secret", "Secret"),
    Resource {
        short: &["ev"],
        ..core("events", "event", "Event")
    },
    Resource {
        short: &["ns"],
        namespaced: false,
        ..core("namespaces", "namespace", "Namespace")
    },
    Resource {
        short: &["no"],
        namespaced: false,
        ..core("nodes", "node", "Node")
    },
    Resource {
        group: "apps",
        short: &["deploy"],
        subresources: &["status", "scale"],
        ..core("deployments", "deployment", "Deployment")
    },
    Resource {
        group: "apps",
        short: &["rs"],
        subresources: &["status"],
        ..core("replicasets", "replicaset", "ReplicaSet")
    },
    Resource {
        group: "autoscaling",
        version: "v2",
        short: &["hpa"],
        subresources: &["status"],
        ..core(
            "horizontalpodautoscalers",
            "horizontalpodautoscaler",
            "HorizontalPodAutoscaler",
        )
    },
    Resource {
        group: "policy",
        short: &["pdb"],
        subresources: &["status"],
        ..core(
            "poddisruptionbudgets",
            "poddisruptionbudget",
            "PodDisruptionBudget",
        )
    },
    Resource {
        group: "networking.k8s.io",
        short: &["ing"],
        subresources: &["status"],
        ..core("ingresses", "ingress", "Ingress")
    },
    Resource {
        group: "batch",
        subresources: &["status"],
        ..core("jobs", "job", "Job")
    },
    Resource {
        group: "authorization.k8s.io",
        namespaced: false,
        ..core(
            "selfsubjectaccessreviews",
            "selfsubjectaccessreview",
            "SelfSubjectAccessReview",
        )
    },
];

impl Resource {
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// The plural with its group, as messages name it.
    pub(super) fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// A review is answered and never stored.
    pub(super) fn verbs(&self) -> &'static [&'static str] {
        if self.plural == "selfsubjectaccessreviews" {
            &["create"]
        } else {
            &[
                "create", "delete", "get", "list", "patch", "update", "watch",
            ]
        }
    }
}

pub(super) fn find(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| {
        resource.group == group && resource.version == version && resource.plural == plural
    })
}

/// The one of this kind; the simulator's own parts ask only for kinds that are in the table.
pub(super) fn of_kind(kind: &str) -> &'static Resource {
    let found = RESOURCES.iter().find(|resource| resource.kind == kind);
    found.unwrap_or(&RESOURCES[0])
}
