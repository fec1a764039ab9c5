//! What the server says of itself and of the kinds that it serves.

use serde_json::{Value, json};

use super::resources::{RESOURCES, Resource};

/// Media type of the discovery that answers everything at once.
const AGGREGATED: &str = "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Whether the client asks for discovery at once; the content type to answer it with.
pub(super) fn aggregated_type(accept: &str) -> Option<String> {
    accept
        .contains(AGGREGATED)
        .then(|| format!("application/json;{AGGREGATED}"))
}

pub(super) fn version(git_version: &str) -> Value {
    let mut parts = git_version.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next(), parts.next());
    json!({
        "major": major, "minor": minor, "gitVersion": git_version,
        "gitCommit": "simulated", "gitTreeState": "clean", "buildDate": "2026-01-01T00:00:00Z",
        "goVersion": "none", "compiler": "none", "platform": "linux/amd64",
    })
}

/// `/api`.
pub(super) fn core_versions() -> Value {
    json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
}

/// `/apis`.
pub(super) fn groups() -> Value {
    let groups: Vec<Value> = groups_with_version()
        .into_iter()
        .map(|(group, version)| {
            let one = json!({"groupVersion": format!("{group}/{version}"), "version": version});
            json!({"name": group, "versions": [one], "preferredVersion": one})
        })
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/api/v1` and `/apis/<group>/<version>`; `None` for a group that is not served.
pub(super) fn resources(group: &str, version: &str) -> Option<Value> {
    let list: Vec<Value> = of_group(group, version)
        .flat_map(with_subresources)
        .collect();
    let name = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    (!list.is_empty()).then(|| {
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name,
            "resources": list})
    })
}

/// Everything at once, for `/api` (the core group) or `/apis` (the others).
pub(super) fn aggregated(core: bool) -> Value {
    let groups = if core {
        vec![("", "v1")]
    } else {
        groups_with_version()
    };
    let items: Vec<Value> = groups
        .into_iter()
        .map(|(group, version)| {
            let resources: Vec<Value> = of_group(group, version).map(aggregated_resource).collect();
            json!({
                "metadata": {"name": group, "creationTimestamp": null},
                "versions": [{"version": version, "resources": resources, "freshness": "Current"}],
            })
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {}, "items": items,
    })
}

fn aggregated_resource(resource: &Resource) -> Value {
    let kind = |kind: &str| {
        json!({"group": resource.group, "version": resource.version,
        "kind": kind})
    };
    let subresources: Vec<Value> = resource
        .subresources
        .iter()
        .map(|name| {
            json!({"subresource": name, "responseKind": kind(resource.kind),
                "verbs": ["get", "patch", "update"]})
        })
        .collect();
    json!({
        "resource": resource.plural, "responseKind": kind(resource.kind),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular, "verbs": resource.verbs(),
        "shortNames": resource.short, "subresources": subresources,
        "categories": if resource.group == "apps" || resource.plural == "pods" {
            json!(["all"])
        } else {
            json!([])
        },
    })
}

fn with_subresources(resource: &Resource) -> Vec<Value> {
    let mut list = vec![json!({
        "name": resource.plural, "singularName": resource.singular, "kind": resource.kind,
        "namespaced": resource.namespaced, "verbs": resource.verbs(),
        "shortNames": resource.short,
    })];
    for subresource in resource.subresources {
        list.push(json!({
            "name": format!("{}/{subresource}", resource.plural), "singularName": "",
            "kind": resource.kind, "namespaced": resource.namespaced,
            "verbs": ["get", "patch", "update"],
        }));
    }
    list
}

fn of_group(group: &str, version: &str) -> impl Iterator<Item = &'static Resource> {
    RESOURCES
        .iter()
        .filter(move |resource| resource.group == group && resource.version == version)
}

fn groups_with_version() -> Vec<(&'static str, &'static str)> {
    let mut groups: Vec<_> = RESOURCES
        .iter()
        .filter(|resource| !resource.group.is_empty())
        .map(|resource| (resource.group, resource.version))
        .collect();
    groups.dedup();
    groups
}
