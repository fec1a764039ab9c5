//! Asking for containers: a workload on each of an environment's clusters.

use std::collections::BTreeMap;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::objects::objects;
use super::{Workload, WorkloadId, facts, hosts, secrets, store};
use crate::app::App;
use crate::audit::{self, Entry};
use crate::clusters::Tier;
use crate::db::Tx;
use crate::error::{AppError, FieldError};
use crate::identity::{Actor, Permission, Scope};
use crate::jobs::{self, NewEffect, NewRun, NewStep};
use crate::projects::{self, Project};
use crate::requests::{Approved, Computed, Fact, Filing, Request, RequestKind, Work, schema_of};
use crate::standards::layers::{self, Effective, Layer, Place};
use crate::standards::rails;
use crate::standards::{self, Parameters, SCHEMA_VERSION, Sealing};

/// What is asked for. `per_cluster` holds JSON merge patches by cluster key.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default = "main_component")]
    pub component: String,
    /// Keys; all of the environment's if left out.
    #[serde(default)]
    pub clusters: Option<Vec<String>>,
    /// By the schema of deployment parameters; what the layers give may be left out, and the value
    /// of a secret variable or the text of a secret file is sent as `secret_value`.
    #[schema(value_type = Object)]
    pub parameters: Value,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Object>)]
    pub per_cluster: BTreeMap<String, Value>,
}

fn main_component() -> String {
    "main".to_owned()
}

impl Asked {
    /// What a workload on a cluster is to say itself.
    #[must_use]
    pub fn on(&self, cluster: &str) -> Value {
        let mut own = self.parameters.clone();
        if let Some(patch) = self.per_cluster.get(cluster) {
            json_patch::merge(&mut own, patch);
        }
        own
    }
}

/// The kind `containers`.
pub struct Containers;

#[async_trait]
impl RequestKind for Containers {
    fn name(&self) -> &'static str {
        "containers"
    }

    fn schema(&self) -> Value {
        schema_of::<Asked>()
    }

    async fn compute(
        &self,
        app: &App,
        tx: &mut Tx,
        actor: &Actor,
        filing: &Filing,
    ) -> Result<Computed, AppError> {
        let key = filing.project.as_deref().ok_or_else(|| needed("project"))?;
        let project = projects::get(app, actor, key).await?;
        actor.must(Permission::FileRequest, Scope::Project(project.id))?;
        let mut asked: Asked = crate::parse::value(&filing.parameters, "parameters")?;
        if !is_component(&asked.component) {
            return Err(AppError::field("parameters.component", "component-grammar"));
        }
        let environment = filing
            .environment
            .as_deref()
            .ok_or_else(|| needed("environment"))?;
        let place = (&project, environment);
        seal(app, tx, place, &mut asked, filing.former.as_ref()).await?;
        let planned = plan(tx, &project, environment, &asked, &filing.note).await?;
        let payload = serde_json::to_value(&asked)
            .map_err(|e| AppError::Internal(format!("containers payload: {e}")))?;
        Ok(Computed {
            subject: project.key.clone(),
            project: Some(project.id),
            environment: planned.first().map(|p| p.workload.environment_id.0),
            release: None,
            payload,
            computed: computed(&planned),
        })
    }

    async fn recompute(
        &self,
        app: &App,
        tx: &mut Tx,
        request: &Request,
    ) -> Result<Value, AppError> {
        Ok(computed(&replan(app, tx, request).await?))
    }

    async fn works(&self, app: &App, request: &Request) -> Result<Vec<Work>, AppError> {
        Ok(store::works(app.db.pool(), request.id).await?)
    }

    async fn approved(&self, app: &App, tx: &mut Tx, approved: &Approved) -> Result<(), AppError> {
        let request = &approved.request;
        for planned in replan(app, tx, request).await? {
            let workload = planned.workload;
            store::insert(
                tx.connection(),
                &workload,
                (request.id.0, request.author_id),
            )
            .await
            .map_err(taken)?;
            hosts::moved(tx, None, &workload.parameters).await?;
            let run = NewRun {
                kind: "workload",
                subject: workload.id.0,
                project: Some(workload.project_id.0),
                parent: None,
            };
            let effect = NewEffect {
                kind: "namespace",
                target: workload.cluster.clone(),
                name: workload.namespace.clone(),
                intent: json!({ "namespace": workload.namespace }),
            };
            let input = json!({ "request": request.id });
            let step = NewStep::new("workload.namespace", workload.lane(), input);
            jobs::start_run(tx, &run, &step.with_effect(effect)).await?;
            let entry = Entry::done("workload.create", "workload", workload.id)
                .in_project(workload.project_id)
                .after(json!({ "cluster": workload.cluster, "environment": workload.environment }));
            audit::record(tx, &entry, &approved.origin).await?;
            tx.event(
                &projects::topic(workload.project_id),
                Some(workload.project_id.0),
            )
            .await?;
        }
        Ok(())
    }

    async fn rejected(&self, _: &App, _: &mut Tx, _: &Request) -> Result<(), AppError> {
        Ok(())
    }

    fn form(&self, request: &Request) -> Option<String> {
        Some(format!("/projects/{}/containers/new", request.subject))
    }

    async fn undo(
        &self,
        _: &App,
        actor: &Actor,
        request: &Request,
    ) -> Result<Option<String>, AppError> {
        let may = actor.may(Permission::FileRequest, request.scope());
        let environment = request.environment.as_ref().filter(|_| may);
        let project = &request.subject;
        let page = |key| format!("/projects/{project}/containers?environment={key}");
        Ok(environment.map(page))
    }

    fn facts(&self, request: &Request) -> Vec<Fact> {
        facts::of(&request.computed, &request.parameters["parameters"])
    }
}

fn needed(field: &str) -> AppError {
    AppError::field(field, "field-required")
}

pub(super) fn is_component(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=15).contains(&text.len())
        && text.bytes().all(good)
        && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
}

fn taken(error: crate::db::DbError) -> AppError {
    match error.constraint() {
        Some("workload_identity") => AppError::conflict("containers-there-already"),
        Some("workload_object") => AppError::conflict("containers-name-taken"),
        Some(_) | None => error.into(),
    }
}

/// A workload as it would be made.
struct Planned {
    workload: Workload,
    /// What guard rails say of it.
    notes: Vec<rails::Note>,
}

async fn replan(app: &App, tx: &mut Tx, request: &Request) -> Result<Vec<Planned>, AppError> {
    let asked: Asked = crate::parse::value(&request.parameters, "parameters")?;
    let id = request.project_id.ok_or(AppError::NotFound)?;
    let project = projects::by_id(app, id).await?.ok_or(AppError::NotFound)?;
    let environment = request.environment.as_deref().ok_or(AppError::NotFound)?;
    plan(tx, &project, environment, &asked, &request.note).await
}

/// One workload for each cluster, with its own document.
async fn plan(
    tx: &mut Tx,
    project: &Project,
    environment: &str,
    asked: &Asked,
    why: &str,
) -> Result<Vec<Planned>, AppError> {
    let places = store::places(tx.connection(), project.id, environment, &asked.component).await?;
    if places.is_empty() {
        return Err(AppError::field("environment", "containers-no-environment"));
    }
    layers::hold(tx.connection()).await?;
    let over = layers::over(tx, &Place::of(project, environment)).await?;
    let live = rails::live_in(tx, project.id, environment, &asked.component).await?;
    check_clusters(asked, &places)?;
    let mut planned = Vec::new();
    for place in places {
        if asked
            .clusters
            .as_ref()
            .is_some_and(|keys| !keys.contains(&place.cluster))
        {
            continue;
        }
        if place.taken {
            return Err(AppError::conflict("containers-there-already"));
        }
        let (own, made, parameters) = document_for(&over, asked, &place.cluster)?;
        let mut workload = workload(project, place, &asked.component, parameters);
        workload.layer_versions = made.versions;
        workload.own = own;
        let subject = workload.judged(&workload.parameters, why);
        let notes = rails::judge(&subject, &live).map_err(inner)?;
        hosts::claim(tx, &workload, None, &workload.parameters).await?;
        planned.push(Planned { workload, notes });
    }
    if planned.is_empty() {
        return Err(AppError::field("parameters.clusters", "field-required"));
    }
    Ok(planned)
}

/// A patch of a cluster that was not chosen would be kept without ever being looked at.
fn check_clusters(asked: &Asked, places: &[store::PlaceRow]) -> Result<(), AppError> {
    let known = |key: &String| places.iter().any(|p| &p.cluster == key);
    let chosen = |key: &String| {
        asked
            .clusters
            .as_ref()
            .is_none_or(|keys| keys.contains(key))
    };
    let refuse = |field: &str, code: &str, key: &str| {
        let mut error = FieldError::new(field, code);
        error.words = error.words.with("cluster", key);
        Err(AppError::Invalid(vec![error]))
    };
    if let Some(key) = asked.clusters.iter().flatten().find(|k| !known(k)) {
        return refuse("parameters.clusters", "containers-cluster-unknown", key);
    }
    let mut patched = asked.per_cluster.keys();
    match patched.find(|k| !known(k) || !chosen(k)) {
        Some(key) => refuse("parameters.per_cluster", "containers-patch-not-chosen", key),
        None => Ok(()),
    }
}

/// What a cluster's workload says itself, what holds with it, and that typed.
fn document_for(
    over: &[Layer],
    asked: &Asked,
    cluster: &str,
) -> Result<(Value, Effective, Parameters), AppError> {
    let own = asked.on(cluster);
    settled(over, &own)
}

/// The same of what a workload would say itself: reduced to what the layers do not give anyway.
///
/// # Errors
/// 400 naming the fields that a lock or the schema refuses.
pub fn settled(over: &[Layer], wanted: &Value) -> Result<(Value, Effective, Parameters), AppError> {
    let own = layers::effective(over).own_of(wanted);
    let made = layers::with_own(over, &own);
    let refusals = made.refusals();
    let checked = if refusals.is_empty() {
        standards::validate(&made.document)
    } else {
        Err(refusals)
    };
    let parameters = checked.map_err(inner)?;
    Ok((own, made, parameters))
}

/// Errors of a document, by their fields in the request.
#[must_use]
pub fn inner(errors: Vec<FieldError>) -> AppError {
    let named = errors.into_iter().map(|e| FieldError {
        field: format!("parameters.{}", e.field),
        words: e.words,
    });
    AppError::Invalid(named.collect())
}

/// Stores secret values that were typed, and keeps of the document what differs from the layers,
/// so that the rest moves with them. References that workloads there have held, or the former
/// revision holds, may be held on to.
///
/// # Errors
/// 400 for a reference to anybody else's secret, or a value that is none.
pub async fn seal(
    app: &App,
    tx: &mut Tx,
    (project, environment): (&Project, &str),
    asked: &mut Asked,
    former: Option<&Value>,
) -> Result<(), AppError> {
    let place = (environment, asked.component.as_str());
    let said = store::said(tx.connection(), project.id, place).await?;
    let mut held = secrets_in(former);
    held.extend(said.iter().flat_map(references));
    seal_all(app, tx, project, asked, &held).await?;
    let over = layers::over(tx, &Place::of(project, environment)).await?;
    asked.parameters = layers::effective(&over).own_of(&asked.parameters);
    Ok(())
}

/// A workload as the portal makes one in a place; nothing is stored by it.
pub(super) fn workload(
    project: &Project,
    place: store::PlaceRow,
    component: &str,
    parameters: Parameters,
) -> Workload {
    Workload {
        id: WorkloadId::new(),
        project_id: project.id,
        project: project.key.clone(),
        language: project.language.clone(),
        project_port: project.port,
        project_health_path: project.health_path.clone(),
        project_log_path: project.log_path.clone(),
        environment_id: place.environment_id,
        namespace: super::namespace(&project.key, &place.environment),
        environment: place.environment,
        tier: place.tier,
        cluster_id: place.cluster_id,
        cluster: place.cluster,
        site: place.site,
        makes_namespaces: place.makes_namespaces,
        registry_host: place.registry_host,
        component: component.to_owned(),
        object_name: super::object_name(&project.key, component),
        selector: super::selector(&project.key, component),
        found: None,
        sequence: 0,
        parameters_revision: 1,
        parameters,
        own: Value::Null,
        layer_versions: BTreeMap::new(),
        prepared_at: None,
    }
}

/// What a decider is shown, and what the hash covers: versions and objects for each cluster.
fn computed(planned: &[Planned]) -> Value {
    let clusters: Vec<Value> = planned
        .iter()
        .map(|p| {
            let workload = Workload {
                id: WorkloadId(uuid::Uuid::nil()),
                ..p.workload.clone()
            };
            let made = objects(&workload, &workload.parameters, None);
            json!({
                "cluster": workload.cluster, "site": workload.site,
                "namespace": workload.namespace, "objects": made.listed(),
                "parameters": workload.parameters, "rails": p.notes,
            })
        })
        .collect();
    let first = planned.first().map(|p| &p.workload);
    json!({
        "schema_version": SCHEMA_VERSION,
        "layer_versions": first.map(|w| &w.layer_versions),
        "tier": first.map_or(Tier::Test, |w| w.tier), "clusters": clusters,
    })
}

/// The references that the request held before, which it may go on holding.
fn secrets_in(former: Option<&Value>) -> Vec<Value> {
    let Some(asked) = former.and_then(|f| serde_json::from_value::<Asked>(f.clone()).ok()) else {
        return Vec::new();
    };
    let documents = std::iter::once(&asked.parameters).chain(asked.per_cluster.values());
    documents.flat_map(references).collect()
}

/// The secrets that a document names.
fn references(document: &Value) -> Vec<Value> {
    let named = |sealing: Sealing| {
        let items = document.get(sealing.list).and_then(Value::as_array);
        let items = items.into_iter().flatten();
        items.filter_map(move |item| item.get(sealing.reference).cloned())
    };
    Sealing::ALL.into_iter().flat_map(named).collect()
}

/// Replaces each `secret_value` by a stored secret's version, before anything is kept: in the
/// document, and in the patches that change it.
async fn seal_all(
    app: &App,
    tx: &mut Tx,
    project: &Project,
    asked: &mut Asked,
    held: &[Value],
) -> Result<(), AppError> {
    let document = ("parameters.parameters".to_owned(), &mut asked.parameters);
    let patches = asked.per_cluster.iter_mut();
    let patches = patches.map(|(key, patch)| (format!("parameters.per_cluster.{key}"), patch));
    for (at, document) in std::iter::once(document).chain(patches) {
        for sealing in Sealing::ALL {
            let items = document.get_mut(sealing.list).and_then(Value::as_array_mut);
            let field = format!("{at}.{}", sealing.list);
            for item in items.into_iter().flatten() {
                seal_one((app, tx, project), sealing, item, &field, held).await?;
            }
        }
    }
    Ok(())
}

async fn seal_one(
    (app, tx, project): (&App, &mut Tx, &Project),
    sealing: Sealing,
    item: &mut Value,
    field: &str,
    held: &[Value],
) -> Result<(), AppError> {
    let Some(object) = item.as_object_mut() else {
        return Ok(());
    };
    if let Some(secret) = object.get(sealing.reference) {
        // Only the portal makes references: another project's would open otherwise.
        return match held.contains(secret) {
            true => Ok(()),
            false => Err(AppError::field(field, "containers-secret-by-value")),
        };
    }
    let Some(value) = object.remove(Sealing::VALUE) else {
        return Ok(());
    };
    let text = value.as_str();
    let text = text.filter(|t| (1..=sealing.most).contains(&t.len()));
    // What nobody is ever shown again comes empty from a form that was refused.
    let code = match value.as_str() {
        Some("") | None => "parameters-secret-again",
        Some(_) => "field-too-long",
    };
    let wrong = || AppError::field(&format!("{field}.{}", Sealing::VALUE), code);
    let secret = SecretString::from(text.ok_or_else(wrong)?.to_owned());
    let version = secrets::create(app, tx, project.id, &secret).await?;
    object.insert(sealing.reference.to_owned(), json!(version));
    Ok(())
}
