//! What a change does to each workload: its next document, and its objects field by field.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::audit::{self, Entry};
use crate::clusters::Tier;
use crate::db::Tx;
use crate::diff;
use crate::error::{AppError, FieldError, Words};
use crate::identity::{Actor, Permission, ProjectId};
use crate::projects::{self, Project};
use crate::releases::{self, Rolled};
use crate::requests::{self, Approved, Fact, Request, Work};
use crate::standards::layers::{self, Effective, Place, text};
use crate::standards::rails::{self, Note};
use crate::standards::{Parameters, SCHEMA_VERSION};
use crate::workloads::objects::objects;
use crate::workloads::{self, Revised, Workload};

/// Which of a project's workloads are to change.
#[derive(Debug, Clone, Copy)]
pub struct Which<'a> {
    pub environment: &'a str,
    pub component: &'a str,
    /// Keys of clusters; all that it is on if left out.
    pub clusters: Option<&'a [String]>,
    /// Those that something is said of by themselves.
    pub patched: &'a [&'a str],
}

/// How strictly guard rails hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rails {
    /// The whole document must keep them.
    All,
    /// What was broken before may stay so: nobody mends a probe while customers wait.
    NewOnly,
}

/// A workload with what would hold for it.
pub struct Planned {
    pub workload: Workload,
    pub own: Value,
    pub made: Effective,
    pub parameters: Parameters,
    notes: Vec<Note>,
    /// Whether the portal has deployed anything there.
    runs: bool,
}

/// The workloads that would be otherwise, in the order of their clusters.
///
/// # Errors
/// 400 naming the field where there is none, where the document does not hold, or where nothing
/// would change; 409 for one that is not prepared yet, or was taken over and never released.
pub async fn plan(
    tx: &mut Tx,
    project: &Project,
    which: &Which<'_>,
    (rails, why): (Rails, &str),
    wanted: impl Fn(&Workload) -> Value,
) -> Result<Vec<Planned>, AppError> {
    layers::hold(tx.connection()).await?;
    let all = chosen(tx, project.id, which).await?;
    let over = layers::over(tx, &Place::of(project, which.environment)).await?;
    let live = rails::live_in(tx, project.id, which.environment, which.component).await?;
    let current = workloads::current(tx.connection(), project.id).await?;
    let mut planned = Vec::new();
    for workload in all {
        let runs = current.iter().any(|c| c.workload == workload.id);
        // What runs there is not the portal's yet, so a yes would change nothing in the cluster.
        if workload.found.is_some() && !runs {
            return Err(AppError::conflict("change-not-released"));
        }
        if workload.prepared_at.is_none() {
            return Err(AppError::conflict("change-not-prepared"));
        }
        let (own, made, parameters) =
            workloads::settled(&over, &as_said(&wanted(&workload), &workload.own))?;
        // The same document in other words is no change.
        if parameters == workload.parameters {
            continue;
        }
        let notes = judge(&workload, &parameters, &live, (rails, why))?;
        workloads::claim(tx, &workload, Some(&workload.parameters), &parameters).await?;
        planned.push(Planned {
            workload,
            own,
            made,
            parameters,
            notes,
            runs,
        });
    }
    match planned.is_empty() {
        true => Err(AppError::field("parameters", "change-nothing")),
        false => Ok(planned),
    }
}

/// What means the same stays in the words that it was said in: `500m` does not become `0.5`.
fn as_said(wanted: &Value, said: &Value) -> Value {
    let (wanted, said) = (layers::leaves(wanted), layers::leaves(said));
    let kept = wanted.iter().map(|(pointer, value)| {
        let old = said
            .get(pointer)
            .filter(|old| layers::is_same(pointer, old, value));
        (pointer, old.unwrap_or(value))
    });
    layers::document(kept)
}

async fn chosen(
    tx: &mut Tx,
    project: ProjectId,
    which: &Which<'_>,
) -> Result<Vec<Workload>, AppError> {
    let environment = Some(which.environment);
    let mut all = workloads::list(tx.connection(), project, environment, None).await?;
    all.retain(|w| w.component == which.component);
    if all.is_empty() {
        return Err(AppError::field("environment", "change-nothing-there"));
    }
    let named = which
        .clusters
        .unwrap_or_default()
        .iter()
        .map(String::as_str);
    let is_none = |key: &&str| !all.iter().any(|w| w.cluster == **key);
    for (field, key) in [
        ("parameters.clusters", named.clone().find(is_none)),
        (
            "parameters.per_cluster",
            which.patched.iter().copied().find(is_none),
        ),
    ] {
        if let Some(key) = key {
            let mut error = FieldError::new(field, "change-not-on-cluster");
            error.words = error.words.with("cluster", key);
            return Err(AppError::Invalid(vec![error]));
        }
    }
    let Some(keys) = which.clusters else {
        return Ok(all);
    };
    all.retain(|w| keys.contains(&w.cluster));
    match all.is_empty() {
        true => Err(AppError::field("parameters.clusters", "field-required")),
        false => Ok(all),
    }
}

fn judge(
    workload: &Workload,
    parameters: &Parameters,
    live: &[rails::Override],
    (strict, why): (Rails, &str),
) -> Result<Vec<Note>, AppError> {
    let subject = workload.judged(parameters, why);
    let judged = match strict {
        Rails::All => rails::judge(&subject, live),
        Rails::NewOnly => rails::judge_next(&subject, &workload.parameters, live),
    };
    judged.map_err(workloads::inner)
}

/// What a decider is shown, and what the hash covers: each workload by its desired revision.
#[must_use]
pub fn computed(planned: &[Planned]) -> Value {
    let clusters: Vec<Value> = planned.iter().map(shown).collect();
    let first = planned.first();
    json!({
        "schema_version": SCHEMA_VERSION,
        "layer_versions": first.map(|p| &p.made.versions),
        "tier": first.map_or(Tier::Test, |p| p.workload.tier), "clusters": clusters,
    })
}

fn shown(planned: &Planned) -> Value {
    let workload = &planned.workload;
    let listed = |parameters| objects(workload, parameters, None).listed();
    let said = diff::changes(&json!(workload.parameters), &json!(planned.parameters));
    json!({
        "cluster": workload.cluster, "site": workload.site, "namespace": workload.namespace,
        "workload": workload.id, "revision": workload.parameters_revision, "said": said,
        "objects": workloads::diff::objects(
            &listed(&workload.parameters),
            &listed(&planned.parameters),
        ),
        "rails": planned.notes, "runs": planned.runs,
    })
}

/// What becomes otherwise, field by field: once where it is the same on all clusters.
#[must_use]
pub fn facts(request: &Request) -> Vec<Fact> {
    let clusters = request.computed["clusters"].as_array();
    let clusters: Vec<&Value> = clusters.into_iter().flatten().collect();
    let same = clusters.iter().all(|c| c["said"] == clusters[0]["said"]);
    let named = |c: &Value| match same {
        true => String::new(),
        false => format!("{}: ", text(&c["cluster"])),
    };
    let keys: Vec<String> = clusters.iter().map(|c| text(&c["cluster"])).collect();
    let mut facts = vec![
        Fact::text(
            "change-environment",
            request.environment.clone().unwrap_or_default(),
        ),
        Fact::text("change-clusters", keys.join(", ")),
    ];
    let shown = clusters.iter().take(if same { 1 } else { clusters.len() });
    for cluster in shown {
        for change in cluster["said"].as_array().into_iter().flatten() {
            let (from, to) = (short(&change["from"]), short(&change["to"]));
            let line = format!(
                "{}{}: {from} → {to}",
                named(cluster),
                text(&change["field"])
            );
            facts.push(Fact::text("change-says", line));
        }
        for note in cluster["rails"].as_array().into_iter().flatten() {
            let code = format!("rail-{}", text(&note["rail"]));
            let is = format!(
                "{}{}: {}",
                named(cluster),
                text(&note["field"]),
                text(&note["is"])
            );
            facts.push(Fact::text(code, is));
        }
    }
    if clusters.iter().any(|c| c["runs"] == false) {
        let later = Words::new("change-with-first-release");
        facts.push(Fact::words("change-when", later));
    }
    facts
}

fn short(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        other => text(other),
    }
}

/// The form that asks for what the workloads said before.
#[must_use]
pub fn undo(actor: &Actor, request: &Request) -> Option<String> {
    let project = request.project.as_ref()?;
    let number = request.number;
    let form = format!("/projects/{project}/containers/change?before={number}");
    actor
        .may(Permission::FileRequest, request.scope())
        .then_some(form)
}

/// What those who decide see beside: how it is there right now, and what a yes would take away.
///
/// # Errors
/// 404 for a project that is gone.
pub async fn now(
    app: &App,
    request: &Request,
    most: impl Fn(&Workload) -> Option<i32>,
) -> Result<Vec<Words>, AppError> {
    let project = request.project_id.ok_or(AppError::NotFound)?;
    let environment = request.environment.as_deref().ok_or(AppError::NotFound)?;
    workloads::now(app, project, environment, most).await
}

/// The project that a stored request is about.
///
/// # Errors
/// 404 for one that is gone.
pub async fn project_of(app: &App, request: &Request) -> Result<Project, AppError> {
    let id = request.project_id.ok_or(AppError::NotFound)?;
    projects::by_id(app, id).await?.ok_or(AppError::NotFound)
}

/// Stores each next revision and starts the rollout that brings them. Where nothing runs yet the
/// first deployment will, and the request is done.
///
/// # Errors
/// 409 while something is on its way there, and where what runs in production is not confirmed.
pub async fn begin(tx: &mut Tx, approved: &Approved, all: &[Planned]) -> Result<(), AppError> {
    let request = &approved.request;
    for planned in all {
        let workload = &planned.workload;
        let revised = Revised {
            parameters: &planned.parameters,
            own: &planned.own,
            layer_versions: &planned.made.versions,
            request: request.id.0,
            author: request.author_id,
        };
        workloads::revise(tx.connection(), workload.id, &revised).await?;
        workloads::moved(tx, Some(&workload.parameters), &planned.parameters).await?;
        let entry = Entry::done("workload.change", "workload", workload.id)
            .in_project(workload.project_id)
            .before(json!(workload.parameters))
            .after(json!(planned.parameters));
        audit::record(tx, &entry, &approved.origin).await?;
    }
    let workloads: Vec<Workload> = all.iter().map(|p| p.workload.clone()).collect();
    let by = (request.author_id, request.id);
    match releases::change_parameters(tx, &workloads, by, &request.note).await? {
        Rolled::Started(_) => {}
        Rolled::Nothing => requests::finish(tx, request.id, true).await?,
        Rolled::Busy => return Err(AppError::conflict("change-busy")),
        Rolled::NotConfirmed => return Err(AppError::conflict("change-not-confirmed")),
        Rolled::Different => return Err(AppError::conflict("change-different-images")),
    }
    if let Some(project) = request.project_id {
        tx.event(&projects::topic(project), Some(project.0)).await?;
    }
    Ok(())
}

/// The rollout that a yes started.
///
/// # Errors
/// No answer from the database.
pub async fn works(app: &App, request: &Request) -> Result<Vec<Work>, AppError> {
    let found: Option<Uuid> = releases::rollout_of_request(app, request.id).await?;
    let work = |subject| Work {
        subject,
        place: String::new(),
    };
    Ok(found.map(work).into_iter().collect())
}
