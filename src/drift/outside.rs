//! What a cluster makes of what was deployed, for a page: at most three seconds, no effect.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use serde_json::{Value, json};

use super::compare::{Difference, Held, Of, Owner, owners};
use super::said::{self, Spoken};
use super::{Line, Said, Sort};
use crate::app::App;
use crate::clusters;
use crate::connections::within;
use crate::error::{AppError, Words};
use crate::integrations::CallError;
use crate::integrations::kubernetes::path::Path;
use crate::integrations::kubernetes::{ApplyError, Kind, Kubernetes};
use crate::releases::{Last, Removal};
use crate::workloads::Workload;
use crate::workloads::objects::{Objects, objects};

const LIMIT: Duration = Duration::from_secs(3);
/// More is another object, and nobody reads it line by line.
const MOST_LINES: usize = 200;

/// What was deployed.
pub struct Wanted<'a> {
    /// With the parameters that were deployed.
    pub workload: &'a Workload,
    pub objects: &'a Objects,
    /// What others wrote beside ours counts from here on, where it does not count from ever.
    pub since: Option<Timestamp>,
}

/// What came of a look.
#[derive(Debug, Default)]
pub struct Found {
    pub lines: Vec<Line>,
    pub refused: Vec<Words>,
    pub notes: Vec<Words>,
    pub adopts: Vec<Said>,
    /// Where others set something beside ours.
    pub beside: Vec<Removal>,
}

/// Asks the cluster.
///
/// # Errors
/// 503 with the cluster's name when it does not answer in time.
pub async fn ask(app: &App, last: &Last) -> Result<Found, AppError> {
    let workload = &last.workload;
    let made = objects(workload, &workload.parameters, Some(&last.stamp));
    let wanted = Wanted {
        workload,
        objects: &made,
        // What was found had other writers, and stays as it was.
        since: workload.found.as_ref().map(|_| last.first_at),
    };
    let asked = async {
        let kubernetes = clusters::kubernetes(app, workload.cluster_id).await?;
        Ok(compared(&kubernetes, &wanted).await?)
    };
    within(&workload.cluster, LIMIT, asked).await
}

/// Holds every object of a workload against what lives.
///
/// # Errors
/// The cluster's.
pub async fn compared(kubernetes: &Kubernetes, wanted: &Wanted<'_>) -> Result<Found, CallError> {
    let all = wanted.objects;
    let namespace = wanted.workload.namespace.as_str();
    // Seven calls at once are too much for one stack.
    let (service, deployment, autoscaler, budget, ingress, files, scalers) = tokio::try_join!(
        Box::pin(read(kubernetes, all.service.as_ref())),
        Box::pin(read(kubernetes, Some(&all.deployment))),
        Box::pin(read(kubernetes, all.autoscaler.as_ref())),
        Box::pin(read(kubernetes, all.budget.as_ref())),
        Box::pin(read(kubernetes, all.ingress.as_ref())),
        Box::pin(read(kubernetes, all.files.as_ref())),
        Box::pin(kubernetes.all_in::<HorizontalPodAutoscaler>(namespace)),
    )?;
    let read = [service, deployment, autoscaler, budget, ingress, files];
    let mut found = told(wanted, read.into_iter().flatten().collect());
    found.notes = scalers.iter().filter_map(|s| other(wanted, s)).collect();
    Ok(found)
}

/// An autoscaler that moves this workload and is none that the portal put there for it.
fn other(wanted: &Wanted<'_>, found: &HorizontalPodAutoscaler) -> Option<Words> {
    let ours = wanted.objects.autoscaler.as_ref();
    let is_ours = ours.is_some_and(|ours| ours.metadata.name == found.metadata.name);
    let spec = found.spec.as_ref()?;
    let target = &spec.scale_target_ref;
    let moves = target.kind == "Deployment" && target.name == wanted.workload.object_name;
    (moves && !is_ours).then(|| {
        Words::new("drift-other-autoscaler")
            .with("name", found.metadata.name.as_deref().unwrap_or_default())
            .with("min", spec.min_replicas.unwrap_or(1))
            .with("max", spec.max_replicas)
    })
}

/// One object, and what the cluster has of it.
struct Read {
    kind: String,
    name: String,
    wanted: Value,
    live: Option<Live>,
}

struct Live {
    object: Value,
    owners: Vec<Owner>,
    /// What an apply would make of it, or why the cluster would refuse it.
    made: Result<Value, String>,
}

async fn read<K: Kind>(
    kubernetes: &Kubernetes,
    object: Option<&K>,
) -> Result<Option<Read>, CallError> {
    let Some(object) = object else {
        return Ok(None);
    };
    let meta = object.meta();
    let (namespace, name) = (meta.namespace.as_deref(), meta.name.as_deref());
    let name = name.unwrap_or_default();
    let live: Option<K> = kubernetes.get(namespace.unwrap_or_default(), name).await?;
    let live = match live {
        None => None,
        Some(live) => {
            let made = match kubernetes.what_apply_would_make(object).await {
                Ok(made) => Ok(json!(made)),
                Err(ApplyError::Invalid { detail, .. }) => Err(detail),
                Err(ApplyError::Call(error)) => return Err(error),
                Err(error @ ApplyError::Stale) => {
                    let detail = error.to_string();
                    return Err(CallError::Conflict { detail });
                }
            };
            Some(Live {
                owners: owners(live.meta().managed_fields.as_deref().unwrap_or_default()),
                object: json!(live),
                made,
            })
        }
    };
    Ok(Some(Read {
        kind: K::kind(&()).into_owned(),
        name: name.to_owned(),
        wanted: json!(object),
        live,
    }))
}

/// Lines with the differences that they are of; a whole object has none.
type Lines = Vec<(Line, Option<Difference>)>;

fn told(wanted: &Wanted<'_>, all: Vec<Read>) -> Found {
    let mut found = Found::default();
    let mut lines: Lines = Vec::new();
    // What would be there without any drift, and what is.
    let (mut base, mut here) = (Spoken::default(), Spoken::default());
    for read in &all {
        let Some(live) = &read.live else {
            lines.push((gone(read), None));
            // One that is gone says nothing, so it is read as it was.
            keep(&mut base, &read.kind, &read.wanted);
            keep(&mut here, &read.kind, &read.wanted);
            continue;
        };
        if let Err(detail) = &live.made {
            found.refused.push(refused(read, detail));
        }
        let these = compare(wanted, read, live);
        let mut without = live.object.clone();
        for (_, difference) in &these {
            difference
                .iter()
                .for_each(|d| d.path.put(&mut without, &d.wanted));
        }
        keep(&mut base, &read.kind, &without);
        keep(&mut here, &read.kind, &live.object);
        lines.extend(these);
    }
    lines.truncate(MOST_LINES);
    // What was taken over had other writers before: theirs is told, and not for us to take away.
    let is_ours = wanted.workload.found.is_none();
    let beside = lines
        .iter()
        .filter(|(line, _)| is_ours && line.sort == Sort::Beside);
    let removal = |(line, difference): &(Line, Option<Difference>)| {
        Some(Removal {
            kind: line.kind.clone(),
            place: difference.as_ref()?.path.clone(),
        })
    };
    found.beside = beside.filter_map(removal).collect();
    let container = wanted.workload.container();
    if let Some(said) = base.read(container) {
        for (line, difference) in &mut lines {
            let mut one = base.clone();
            let (Some(difference), Some(object)) = (difference, one.of(&line.kind)) else {
                continue;
            };
            difference.path.put(object, &difference.live);
            line.said = one
                .read(container)
                .map(|with| said::differ(&said, &with))
                .unwrap_or_default();
        }
        let live = here.read(container);
        found.adopts = live
            .map(|live| said::differ(&said, &live))
            .unwrap_or_default();
    }
    found.lines = lines.into_iter().map(|(line, _)| line).collect();
    found
}

fn keep(spoken: &mut Spoken, kind: &str, object: &Value) {
    match kind {
        "Service" => spoken.service = Some(object.clone()),
        "HorizontalPodAutoscaler" => spoken.autoscaler = Some(object.clone()),
        "Deployment" => spoken.deployment = object.clone(),
        "PodDisruptionBudget" => spoken.budget = Some(object.clone()),
        "Ingress" => spoken.ingress = Some(object.clone()),
        _ => {}
    }
}

fn compare(wanted: &Wanted<'_>, read: &Read, live: &Live) -> Lines {
    let held = Held {
        kind: &read.kind,
        name: &read.name,
        wanted: &read.wanted,
        made: live.made.as_ref().unwrap_or(&read.wanted),
        live: &live.object,
        owners: &live.owners,
        of: if live.made.is_ok() {
            Of::Both
        } else {
            Of::Wanted
        },
    };
    let mut ours = held.ours();
    if read.kind == "Deployment" {
        ours.extend(count(wanted, &live.object));
    }
    let mut beside = held.beside(wanted.since);
    beside.retain(|b| !ours.iter().any(|o| o.path.meets(&b.path)));
    let line = |sort: Sort, difference: Difference| {
        let line = held.line(sort, &difference);
        (line, Some(difference))
    };
    let ours = ours.into_iter().map(|d| line(Sort::Changed, d));
    let beside = beside.into_iter().map(|d| line(Sort::Beside, d));
    ours.chain(beside).collect()
}

/// How many there are, where nobody else owns the number: an autoscaler that was switched off by
/// a zero owns none.
fn count(wanted: &Wanted<'_>, live: &Value) -> Option<Difference> {
    let path = Path::default().field("spec").field("replicas");
    let here = path.find(live).cloned().unwrap_or_default();
    let fewest = json!(wanted.workload.parameters.replicas.min);
    let is_owned = wanted.objects.autoscaler.is_some() && here != 0;
    (!is_owned && here != fewest).then_some(Difference {
        path,
        wanted: fewest,
        live: here,
    })
}

fn gone(read: &Read) -> Line {
    Line {
        kind: read.kind.clone(),
        name: read.name.clone(),
        field: String::new(),
        sort: Sort::Gone,
        wanted: Value::Null,
        live: Value::Null,
        by: None,
        at: None,
        said: Vec::new(),
    }
}

fn refused(read: &Read, detail: &str) -> Words {
    Words::new("drift-refused")
        .with("kind", &read.kind)
        .with("name", &read.name)
        .with("detail", detail)
}
