//! What operators install says the same as the program does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use slipway::config::VARIABLES;
use slipway::integrations::kubernetes::{IN_NAMESPACE, Needed, OF_CLUSTER};

/// Resource with group, and the verbs.
type Grants = BTreeMap<String, BTreeSet<String>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn documents(name: &str) -> Vec<Value> {
    let path = root().join("deploy/kubernetes").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    let documents = text.split("\n---\n");
    documents
        .map(|d| serde_saphyr::from_str(d).unwrap())
        .collect()
}

fn words(value: &Value) -> impl Iterator<Item = String> {
    let items = value.as_array().unwrap().iter();
    items.map(|item| item.as_str().unwrap().to_owned())
}

/// What a ClusterRole of a file grants.
fn granted(role: &str) -> Grants {
    let documents = documents("cluster.yaml");
    let fits = |d: &&Value| d["kind"] == "ClusterRole" && d["metadata"]["name"] == role;
    let role = documents.iter().find(fits).unwrap();
    let mut grants = Grants::new();
    for rule in role["rules"].as_array().unwrap() {
        for (group, resource) in words(&rule["apiGroups"]).zip(words(&rule["resources"])) {
            let verbs = words(&rule["verbs"]).collect();
            assert!(
                grants
                    .insert(format!("{group}/{resource}"), verbs)
                    .is_none()
            );
        }
    }
    grants
}

fn needed(rows: &[Needed]) -> Grants {
    let row = |(group, resource, subresource, verbs): &Needed| {
        let slash = if subresource.is_empty() { "" } else { "/" };
        let name = format!("{group}/{resource}{slash}{subresource}");
        (name, verbs.iter().map(|v| (*v).to_owned()).collect())
    };
    rows.iter().map(row).collect()
}

#[test]
fn a_cluster_grants_exactly_what_the_portal_asks_for() {
    assert_eq!(granted("slipway-workloads"), needed(IN_NAMESPACE));
    assert_eq!(granted("slipway-namespaces"), needed(OF_CLUSTER));
}

#[test]
fn every_setting_that_is_given_is_known() {
    let files = [
        "docker-compose.yml",
        "deploy/kubernetes/portal.yaml",
        "docs/operating.md",
        "README.md",
    ];
    let mut found = 0;
    for file in files {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        for rest in text.split("SLIPWAY_").skip(1) {
            let end = rest.find(|c: char| !c.is_ascii_uppercase() && c != '_');
            let name = rest[..end.unwrap_or(rest.len())].trim_end_matches("_FILE");
            let known = VARIABLES.iter().any(|(known, _)| *known == name);
            assert!(known, "{file} has SLIPWAY_{name}");
            found += 1;
        }
    }
    assert!(found > 10, "{found}");
}
