//! What a Deployment that runs could become: pure guesses that a person corrects.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Container, Service};
use serde::Serialize;

use super::Row;
use super::derive::{Near, derive, refusal};
use super::sources::{By, Clues, JobBy};
use super::store::Known;
use crate::error::Words;
use crate::projects::ProjectKey;

const PART_OF: &str = "app.kubernetes.io/part-of";
const NAME: &str = "app.kubernetes.io/name";
/// Containers that others put beside a service.
const SIDECARS: &[&str] = &[
    "istio-proxy",
    "linkerd-proxy",
    "envoy",
    "fluent-bit",
    "fluentd",
    "filebeat",
    "vault-agent",
    "cloud-sql-proxy",
    "otel-collector",
    "jaeger-agent",
];
/// A word in an image's name or a variable's, and the languages that it tells of.
const TELLS: &[(&str, &[&str])] = &[
    ("java", &["java"]),
    ("jvm", &["java"]),
    ("jdk", &["java"]),
    ("spring", &["java"]),
    ("node", &["node", "nodejs", "javascript"]),
    ("python", &["python"]),
    ("php", &["php"]),
    ("dotnet", &["dotnet", "csharp"]),
    ("nginx", &["nginx", "static"]),
    ("golang", &["go"]),
];

/// One Deployment of the table.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = IntakeProposal)]
pub struct Proposal {
    /// As a request may name it, once it is corrected.
    pub row: Row,
    /// The containers to choose from.
    pub containers: Vec<String>,
    /// Whether nothing told of the language.
    pub language_guessed: bool,
    /// Whether its project would be made.
    pub new_project: bool,
    /// What told of the repository; nothing where there is none, or the project is there.
    pub repository_by: Option<By>,
    /// Repositories that fit as well as each other, of which none is proposed.
    pub repositories: Vec<String>,
    /// What told of the job.
    pub job_by: Option<JobBy>,
    /// Jobs that fit as well as each other, of which none is proposed.
    pub jobs: Vec<String>,
    /// Why it cannot be taken over.
    pub refused: Option<Words>,
    pub notes: Vec<Words>,
    #[serde(skip)]
    pub(super) clues: Clues,
}

/// Everything of a cluster that is not the portal's, namespaces in order; where its source may
/// be is guessed by [`super::sources`].
#[must_use]
pub fn propose(
    deployments: &[Deployment],
    services: &[Service],
    autoscalers: &[HorizontalPodAutoscaler],
    known: &Known,
) -> Vec<Proposal> {
    let mut near: BTreeMap<&str, Near<'_>> = BTreeMap::new();
    for one in deployments {
        let place = one.metadata.namespace.as_deref().unwrap_or_default();
        near.entry(place).or_default().deployments.push(one);
    }
    for one in services {
        let place = one.metadata.namespace.as_deref().unwrap_or_default();
        near.entry(place).or_default().services.push(one);
    }
    for one in autoscalers {
        let place = one.metadata.namespace.as_deref().unwrap_or_default();
        near.entry(place).or_default().autoscalers.push(one);
    }
    let mut used = BTreeSet::new();
    let mut found = Vec::new();
    for near in near.values() {
        for read in &near.deployments {
            let object = |o: &Option<String>| o.clone().unwrap_or_default();
            let name = (
                object(&read.metadata.namespace),
                object(&read.metadata.name),
            );
            if !known.objects.contains(&name) {
                found.push(one(read, near, known, &mut used));
            }
        }
    }
    found
}

fn one(
    read: &Deployment,
    near: &Near<'_>,
    known: &Known,
    used: &mut BTreeSet<(String, String, String)>,
) -> Proposal {
    let meta = &read.metadata;
    let namespace = meta.namespace.clone().unwrap_or_default();
    let deployment = meta.name.clone().unwrap_or_default();
    let containers = containers(read);
    let main = main_of(&containers, &deployment);
    let environment = environment(&namespace, &deployment, &known.environments);
    let (mut project, component) = place_of(read, &environment);
    let place = |project: &str| (project.to_owned(), environment.clone(), component.clone());
    if known.places.contains(&place(&project)) || !used.insert(place(&project)) {
        let longer = format!("{}-{project}", without(&namespace, &environment));
        project = key_of(&longer);
        used.insert(place(&project));
    }
    let told = main.and_then(|m| language(m, &known.languages));
    let of_project = known
        .projects
        .get(&project)
        .map(|(language, _)| language.clone());
    let first = || known.languages.first().cloned().unwrap_or_default();
    let container = main.map(|m| m.name.clone()).unwrap_or_default();
    let derived = match main {
        Some(_) => derive(read, &container, near).map(|d| d.notes),
        None => refusal(read).map_or_else(|| Ok(vec![Words::new("intake-choose-container")]), Err),
    };
    let mut notes = derived.as_ref().cloned().unwrap_or_default();
    notes.splice(0..0, kept_by(read));
    Proposal {
        language_guessed: of_project.is_none() && told.is_none(),
        new_project: of_project.is_none(),
        repository_by: None,
        repositories: Vec::new(),
        job_by: None,
        jobs: Vec::new(),
        clues: Clues::of(
            read,
            main.and_then(|m| m.image.as_deref()).unwrap_or_default(),
        ),
        containers: containers.iter().map(|c| c.name.clone()).collect(),
        refused: derived.err(),
        notes,
        row: Row {
            uid: meta.uid.clone().unwrap_or_default(),
            namespace,
            deployment,
            container,
            component,
            environment,
            language: of_project.or(told).unwrap_or_else(first),
            repository: String::new(),
            job: String::new(),
            owner: String::new(),
            project,
        },
    }
}

fn containers(read: &Deployment) -> Vec<&Container> {
    let pod = read.spec.as_ref().and_then(|s| s.template.spec.as_ref());
    pod.map(|p| p.containers.iter().collect())
        .unwrap_or_default()
}

/// The one that is no known sidecar, or the one that is named like a service's own.
fn main_of<'a>(all: &[&'a Container], deployment: &str) -> Option<&'a Container> {
    let mut own = all.iter().filter(|c| !SIDECARS.contains(&c.name.as_str()));
    match (own.next(), own.next()) {
        (Some(only), None) => Some(only),
        (None, _) => None,
        (Some(_), Some(_)) => {
            let named = |c: &&&Container| c.name == deployment || c.name == "app";
            all.iter().find(named).copied()
        }
    }
}

/// Another tool that would undo what the portal does.
fn kept_by(read: &Deployment) -> Option<Words> {
    let labels = read.metadata.labels.iter().flatten();
    let annotations = read.metadata.annotations.iter().flatten();
    let mut all = labels.chain(annotations);
    let tool = all.find_map(|(key, value)| {
        let helm = key == "app.kubernetes.io/managed-by" && value == "Helm";
        let argo = key.starts_with("argocd.argoproj.io/");
        helm.then_some("Helm").or(argo.then_some("Argo CD"))
    })?;
    Some(Words::new("intake-kept-by").with("tool", tool))
}

/// An environment whose key the namespace or the name says, else the first one.
fn environment(namespace: &str, deployment: &str, known: &[String]) -> String {
    let says = |text: &str, key: &str| text.split('-').any(|part| part == key);
    let mut said = [namespace, deployment]
        .into_iter()
        .flat_map(|text| known.iter().filter(move |key| says(text, key)));
    said.next().or(known.first()).cloned().unwrap_or_default()
}

/// A name without the word for its environment.
fn without(name: &str, environment: &str) -> String {
    let parts: Vec<&str> = name.split('-').filter(|p| *p != environment).collect();
    parts.join("-")
}

/// Project and component, by the labels that many charts set, else by the name.
fn place_of(read: &Deployment, environment: &str) -> (String, String) {
    let label = |key: &str| read.metadata.labels.as_ref()?.get(key).cloned();
    let name = without(
        read.metadata.name.as_deref().unwrap_or_default(),
        environment,
    );
    let whole = label(PART_OF).filter(|part| key_of(part) != key_of(&name));
    let Some(whole) = whole else {
        let named = label(NAME).unwrap_or(name);
        return (key_of(&without(&named, environment)), "main".to_owned());
    };
    let project = key_of(&without(&whole, environment));
    let rest = name.strip_prefix(&format!("{project}-")).unwrap_or(&name);
    let good = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let component: String = rest.chars().filter(good).take(15).collect();
    let component = component.trim_start_matches(|c: char| c.is_ascii_digit());
    let component = if component.is_empty() {
        "main"
    } else {
        component
    };
    (project, component.to_owned())
}

/// A text in the grammar of project keys.
fn key_of(text: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_lowercase() || c.is_ascii_digit() => c,
        _ => '-',
    };
    let key: String = text.chars().map(plain).take(40).collect();
    let key = key.trim_matches('-').to_owned();
    match ProjectKey::parse(&key) {
        Some(_) => key,
        None => format!("app-{key}")
            .trim_end_matches('-')
            .chars()
            .take(40)
            .collect(),
    }
}

/// By the words of the image and of the variables' names.
fn language(main: &Container, known: &[String]) -> Option<String> {
    let names = main.env.iter().flatten().map(|v| v.name.as_str());
    let words: Vec<&str> = main.image.as_deref().into_iter().chain(names).collect();
    let words = words.join(" ").to_ascii_lowercase();
    let told = TELLS.iter().filter(|(word, _)| words.contains(word));
    let mut keys = told.flat_map(|(_, keys)| *keys);
    let found = keys.find(|key| known.iter().any(|k| k == *key))?;
    Some((*found).to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(name: &str, namespace: &str, labels: serde_json::Value) -> Deployment {
        let value = json!({
            "metadata": { "name": name, "namespace": namespace, "labels": labels, "uid": name },
            "spec": { "selector": { "matchLabels": { "app": name } },
                "template": { "metadata": { "labels": { "app": name } }, "spec": { "containers": [
                    { "name": "istio-proxy" },
                    { "name": "web", "image": "r/base-java:1", "ports": [{ "containerPort": 80 }] },
                ] } } },
        });
        serde_json::from_value(value).expect("a Deployment")
    }

    fn known() -> Known {
        Known {
            environments: vec!["test".to_owned(), "prod".to_owned()],
            languages: vec!["go".to_owned(), "java".to_owned()],
            projects: [("shop".to_owned(), ("go".to_owned(), false))].into(),
            ..Known::default()
        }
    }

    #[test]
    fn names_labels_and_images_tell_where_it_belongs() {
        let part_of = json!({ PART_OF: "shop" });
        let all = [
            deployment("pay-prod", "money", json!({})),
            deployment("shop-cart", "shop-test", part_of),
            deployment("pay", "other", json!({ NAME: "Pay_Api" })),
            deployment("dns", "kube-system", json!({})),
        ];
        let found = propose(&all, &[], &[], &known());
        let said = |name: &str| {
            let one = found.iter().find(|p| p.row.deployment == name);
            let one = one.expect("a proposal");
            let row = &one.row;
            let place = [
                &row.project,
                &row.component,
                &row.environment,
                &row.language,
            ];
            (
                place.map(String::as_str).join(" "),
                one.refused.is_some(),
                one.new_project,
            )
        };
        assert_eq!(
            said("pay-prod"),
            ("pay main prod java".to_owned(), false, true)
        );
        assert_eq!(
            said("shop-cart"),
            ("shop cart test go".to_owned(), false, false)
        );
        assert_eq!(
            said("pay"),
            ("pay-api main test java".to_owned(), false, true)
        );
        assert!(said("dns").1, "the cluster's own stays its own");
        assert!(found.iter().all(|p| p.row.container == "web"));
    }

    #[test]
    fn two_of_one_name_get_two_projects_and_other_tools_are_told() {
        let helm = json!({ "app.kubernetes.io/managed-by": "Helm" });
        let all = [
            deployment("web", "a", helm),
            deployment("web", "b", json!({})),
        ];
        let found = propose(&all, &[], &[], &known());
        let projects: Vec<&str> = found.iter().map(|p| p.row.project.as_str()).collect();
        assert_eq!(projects, ["web", "b-web"]);
        assert_eq!(found[0].notes[0].code, "intake-kept-by");
        assert_eq!(key_of("9 Lives!"), "app-9-lives");
    }
}
