//! What a decider is shown of what goes, and what the request's hash covers.

use serde_json::{Value, json};

use crate::error::{AppError, FieldError};
use crate::workloads::{Current, Workload};

/// Workloads as they are now: a newer deployment or revision makes another hash.
#[must_use]
pub fn workloads(all: &[Workload], current: &[Current], whole: bool) -> Vec<Value> {
    let one = |w: &Workload| {
        let runs = current.iter().find(|c| c.workload == w.id);
        json!({
            "workload": w.id, "environment": w.environment, "cluster": w.cluster,
            "site": w.site, "component": w.component, "namespace": w.namespace,
            "name": w.object_name, "revision": w.parameters_revision, "sequence": w.sequence,
            "tag": runs.map(|r| &r.tag), "digest": runs.map(|r| &r.digest),
            "namespace_goes": whole && w.makes_namespaces && w.found.is_none(),
        })
    };
    all.iter().map(one).collect()
}

/// The workloads that are meant: of one component, on the named clusters or on all.
///
/// # Errors
/// 400 naming what is not there.
pub fn meant(
    all: Vec<Workload>,
    component: &str,
    clusters: Option<&[String]>,
) -> Result<Vec<Workload>, AppError> {
    let all: Vec<_> = all
        .into_iter()
        .filter(|w| w.component == component)
        .collect();
    if all.is_empty() {
        return Err(AppError::field(
            "parameters.component",
            "removal-nothing-there",
        ));
    }
    let Some(keys) = clusters else {
        return Ok(all);
    };
    if let Some(key) = keys.iter().find(|k| all.iter().all(|w| w.cluster != **k)) {
        let mut error = FieldError::new("parameters.clusters", "removal-not-on-cluster");
        error.words = error.words.with("cluster", key);
        return Err(AppError::Invalid(vec![error]));
    }
    let chosen = all.into_iter().filter(|w| keys.contains(&w.cluster));
    let chosen: Vec<_> = chosen.collect();
    if chosen.is_empty() {
        return Err(AppError::field("parameters.clusters", "field-required"));
    }
    Ok(chosen)
}

/// One workload in a line: where it is, and what it runs.
#[must_use]
pub fn line(workload: &Value) -> String {
    let text = |name: &str| workload[name].as_str().unwrap_or_default();
    let place = format!(
        "{} · {} · {}/{}",
        text("site"),
        text("cluster"),
        text("namespace"),
        text("name")
    );
    match text("tag") {
        "" => place,
        tag => format!("{place} · {tag}"),
    }
}
