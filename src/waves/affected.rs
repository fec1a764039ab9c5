//! What a change of a layer would do to each workload under it.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::db::Tx;
use crate::diff::{Change, changes};
use crate::error::{AppError, FieldError, Words};
use crate::standards::layers::{
    self, Effective, Kind, Layer, Leaves, Name, Proposal, effective, leaves, reaches, text,
};
use crate::standards::rails::{self, Severity};
use crate::standards::{self, Parameters};
use crate::workloads::objects::objects;
use crate::workloads::{self, Workload, diff};

/// A workload whose document would be another one.
pub struct Affected {
    pub workload: Workload,
    /// Objects that change, with their fields, and what changes in none of them.
    pub objects: Vec<Value>,
    /// What the workload or a layer above it wanted and no longer gets.
    pub overruled: Vec<String>,
}

/// What follows from a proposal.
pub struct Outlook {
    /// The revision that the layer has now; 0 for one that has not spoken yet.
    pub base: i32,
    /// What the layer itself says otherwise, by pointer.
    pub said: Vec<Change>,
    pub affected: Vec<Affected>,
    /// Workloads under the layer to which nothing happens.
    pub unchanged: usize,
}

/// Computes it for every workload under the layer.
///
/// # Errors
/// 400 where the layer breaks a lock above it, or leaves a workload without a valid document.
pub async fn outlook(tx: &mut Tx, proposal: &Proposal) -> Result<Outlook, AppError> {
    let mut all = layers::newest(tx.connection()).await?;
    let (base, said) = put(&mut all, proposal);
    check_alone(&all, &proposal.layer)?;
    let live = rails::live_everywhere(tx).await?;
    let mut affected = Vec::new();
    let mut unchanged = 0;
    let mut places = HashSet::new();
    for workload in workloads::all(tx.connection()).await? {
        if !reaches(&proposal.layer, &workload.place()) {
            continue;
        }
        let (made, parameters) = computed(&all, &workload, &proposal.layer)?;
        if parameters == workload.parameters {
            unchanged += 1;
            continue;
        }
        hold_rails(&workload, &parameters, &live)?;
        let place = workloads::callers_come_at(&parameters);
        let place =
            place.map(|(host, path)| (workload.cluster_id, host.to_owned(), path.to_owned()));
        let is_second = place.is_some_and(|place| !places.insert(place));
        let before = Some(&workload.parameters);
        let claimed = workloads::claim(tx, &workload, before, &parameters).await;
        match claimed {
            Ok(()) if !is_second => {}
            Ok(()) | Err(AppError::Invalid(_)) => return Err(takes_calls(&workload)),
            Err(error) => return Err(error),
        }
        let overruled = made.breaches.iter().map(|b| {
            let place = format!("{} {}", b.by, b.pointer);
            format!("{place}: {}", text(&b.wanted))
        });
        let mut objects = diff::objects(
            &listed(&workload, &workload.parameters),
            &listed(&workload, &parameters),
        );
        objects.extend(unseen(&workload, &parameters));
        affected.push(Affected {
            objects,
            overruled: overruled.collect(),
            workload,
        });
    }
    Ok(Outlook {
        base,
        said,
        affected,
        unchanged,
    })
}

/// What changes without being in any object: how many there are where nothing scales them, what
/// runs once before a deployment, where the service registers.
fn unseen(workload: &Workload, parameters: &Parameters) -> Option<Value> {
    let of = |p: &Parameters| {
        json!({ "replicas": p.replicas, "before_deploy": p.before_deploy,
            "discovery": p.discovery })
    };
    let changed = changes(&of(&workload.parameters), &of(parameters));
    (!changed.is_empty()).then(|| {
        json!({ "kind": "Parameters", "metadata": { "name": workload.object_name },
            "changes": changed })
    })
}

/// Two services on one cluster would be at one host and path.
fn takes_calls(workload: &Workload) -> AppError {
    let words = Words::new("layer-shares-host")
        .with("project", &workload.project)
        .with("environment", &workload.environment)
        .with("cluster", &workload.cluster);
    AppError::Invalid(vec![FieldError {
        field: "parameters.document".to_owned(),
        words,
    }])
}

/// Puts the proposed layer in its place; what it was, and what it says otherwise.
fn put(all: &mut Vec<Layer>, proposal: &Proposal) -> (i32, Vec<Change>) {
    let new = Layer {
        name: proposal.layer.clone(),
        revision: 0,
        document: proposal.document.clone(),
        locks: proposal.locks.clone(),
    };
    let found = all.iter().position(|l| l.name == new.name);
    let old = found.map(|at| all.remove(at));
    let base = old.as_ref().map_or(0, |l| l.revision);
    let said = said(old.as_ref(), &new);
    all.push(Layer {
        revision: base + 1,
        ..new
    });
    (base, said)
}

/// Values by their pointers, and locks by theirs, that are otherwise than they were.
fn said(old: Option<&Layer>, new: &Layer) -> Vec<Change> {
    let old = old.map(sayings).unwrap_or_default();
    let new = sayings(new);
    let mut fields: Vec<&str> = old.iter().chain(new.iter()).map(|(p, _)| p).collect();
    fields.sort_unstable();
    fields.dedup();
    let value = |of: &Leaves<Value>, field: &str| of.get(field).cloned().unwrap_or(Value::Null);
    let change = |field: &&str| Change {
        field: (*field).to_owned(),
        from: value(&old, field),
        to: value(&new, field),
    };
    let changes = fields.iter().map(change);
    changes.filter(|c| c.from != c.to).collect()
}

fn sayings(layer: &Layer) -> Leaves<Value> {
    let mut found = leaves(&layer.document);
    for lock in &layer.locks {
        let same = layer.locks.iter().filter(|l| l.pointer == lock.pointer);
        let same: Vec<String> = same.map(layers::Lock::brief).collect();
        found.put(&format!("lock {}", lock.pointer), json!(same.join("; ")));
    }
    found
}

/// The layer over the platform alone: what it may not say is refused though nobody stands there.
fn check_alone(all: &[Layer], name: &Name) -> Result<(), AppError> {
    let is_part = |l: &&Layer| l.name.kind == Kind::Platform || l.name == *name;
    let mut few: Vec<Layer> = all.iter().filter(is_part).cloned().collect();
    few.sort_by_key(|l| l.name.kind);
    refuse_own_breaches(&effective(&few), name)
}

fn refuse_own_breaches(made: &Effective, name: &Name) -> Result<(), AppError> {
    let own = made.breaches.iter().filter(|b| b.by == *name);
    let errors: Vec<FieldError> = own
        .map(|b| FieldError {
            field: b
                .refusal()
                .field
                .replacen("parameters", "parameters.document", 1),
            words: b.held.words(),
        })
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(AppError::Invalid(errors))
    }
}

/// What would hold for a workload.
fn computed(
    all: &[Layer],
    workload: &Workload,
    name: &Name,
) -> Result<(Effective, Parameters), AppError> {
    let over = layers::standing(all, &workload.place());
    let made = layers::with_own(&over, &workload.own);
    refuse_own_breaches(&made, name)?;
    let parameters = standards::validate(&made.document).map_err(|errors| {
        let field = errors.first().map_or("", |e| e.field.as_str());
        let words = Words::new("layer-breaks-workload")
            .with("project", &workload.project)
            .with("environment", &workload.environment)
            .with("cluster", &workload.cluster)
            .with("field", field.trim_start_matches("parameters."));
        AppError::Invalid(vec![FieldError {
            field: "parameters.document".to_owned(),
            words,
        }])
    })?;
    Ok((made, parameters))
}

/// A layer makes no workload break a rule that it did not break before.
fn hold_rails(
    workload: &Workload,
    parameters: &Parameters,
    live: &[rails::Override],
) -> Result<(), AppError> {
    let subject = |parameters| workload.judged(parameters, "a standard says why itself");
    let before = rails::broken(&subject(&workload.parameters));
    let passes = |rail: &str| {
        let here = |o: &&rails::Override| {
            o.project == workload.project
                && o.environment == workload.environment
                && o.component == workload.component
        };
        let known = before.iter().any(|b| b.rail.id == rail);
        known || live.iter().filter(here).any(|o| o.rail == rail)
    };
    let after = rails::broken(&subject(parameters));
    let mut refused = after.iter().filter(|b| b.rail.severity == Severity::Refuse);
    match refused.find(|b| !passes(b.rail.id)) {
        None => Ok(()),
        Some(broken) => {
            let words = Words::new("layer-breaks-rail")
                .with("project", &workload.project)
                .with("environment", &workload.environment)
                .with("rail", broken.rail.id)
                .with("field", broken.finding.field);
            Err(AppError::Invalid(vec![FieldError {
                field: format!("parameters.document.{}", broken.finding.field),
                words,
            }]))
        }
    }
}

/// A workload's objects as JSON.
fn listed(workload: &Workload, parameters: &Parameters) -> Vec<Value> {
    objects(workload, parameters, None).listed()
}
