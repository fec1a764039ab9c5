//! `intake.adopt`: reads so many of a request's Deployments as they are now, writes them down as
//! workloads, and goes on with the next until none is left.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Service;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::derive::{Derived, Near, derive};
use super::{Row, TOPIC, store};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::clusters::{self, ClusterId};
use crate::db::{DbError, Tx};
use crate::error::Words;
use crate::integrations::CallError;
use crate::integrations::kubernetes::{Kubernetes, NamespaceError};
use crate::jobs::{Claim, NewStep, Step, StepResult};
use crate::projects::{self, NewProject, Outside, Project};
use crate::releases;
use crate::requests::{self, RequestId};
use crate::standards::layers;
use crate::workloads::{self, Adopting, Found, StepError, WorkloadId, settle};

/// Read within one step's time, and written in one transaction.
const AT_ONCE: usize = 20;
/// Between so many and the next.
const NEXT: Duration = Duration::from_millis(10);

pub struct Adopt(pub App);

#[derive(Serialize, Deserialize)]
struct Input {
    cluster: String,
    cluster_id: ClusterId,
}

/// What was read of one row.
#[derive(Serialize, Deserialize)]
struct Read {
    position: i32,
    row: Row,
    #[serde(default)]
    derived: Option<Derived>,
    #[serde(default)]
    trouble: Option<Words>,
}

fn input(claim: &Claim) -> Option<Input> {
    serde_json::from_value(claim.input.clone()).ok()
}

#[async_trait]
impl Step for Adopt {
    fn name(&self) -> &'static str {
        "intake.adopt"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        let system = claim.input["cluster"].as_str().unwrap_or("Kubernetes");
        settle(claim, system, self.read(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        let request = RequestId(claim.subject);
        match result {
            StepResult::Wait { seen, .. } => take_over(tx, claim, seen).await?,
            StepResult::Done(output) => {
                take_over(tx, claim, output).await?;
                let adopted = store::adopted(tx.connection(), request).await?;
                requests::finish(tx, request, adopted > 0).await?;
            }
            StepResult::Fail(_) => requests::finish(tx, request, false).await?,
            StepResult::Retry { .. } => {}
        }
        Ok(None)
    }
}

impl Adopt {
    async fn read(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let broken = || StepError::Retry(Words::new("step-input-broken"));
        let input = input(claim).ok_or_else(broken)?;
        let request = RequestId(claim.subject);
        let rows = store::waiting(
            self.0.db.pool(),
            request,
            i64::try_from(AT_ONCE).unwrap_or(1),
        )
        .await?;
        let is_full = rows.len() == AT_ONCE;
        let kubernetes = clusters::kubernetes(&self.0, input.cluster_id).await?;
        let mut by_namespace: BTreeMap<String, Vec<(i32, Row)>> = BTreeMap::new();
        for (position, row) in rows {
            let place = by_namespace.entry(row.namespace.clone()).or_default();
            place.push((position, row));
        }
        let asked = by_namespace.into_iter();
        let asked = asked.map(|(namespace, rows)| in_namespace(&kubernetes, namespace, rows));
        let read: Vec<Read> = try_join_all(asked).await?.into_iter().flatten().collect();
        let seen = json!({ "read": read });
        if !is_full {
            return Ok(StepResult::Done(seen));
        }
        Ok(StepResult::Wait {
            after: NEXT,
            for_what: Words::new("waits-intake"),
            seen,
        })
    }
}

/// The rows of one namespace, with all that stands round them read once.
async fn in_namespace(
    kubernetes: &Kubernetes,
    namespace: String,
    rows: Vec<(i32, Row)>,
) -> Result<Vec<Read>, CallError> {
    let (deployments, services, autoscalers, managed) = tokio::try_join!(
        kubernetes.all_in::<Deployment>(&namespace),
        kubernetes.all_in::<Service>(&namespace),
        kubernetes.all_in::<HorizontalPodAutoscaler>(&namespace),
        is_managed(kubernetes, &namespace),
    )?;
    let near = Near {
        deployments: deployments.iter().collect(),
        services: services.iter().collect(),
        autoscalers: autoscalers.iter().collect(),
    };
    let one = |(position, row): (i32, Row)| {
        let mut derived = one(&row, &near);
        if let (Ok(derived), false) = (&mut derived, managed) {
            let unlabelled = Words::new("intake-namespace-unlabelled");
            derived
                .notes
                .push(unlabelled.with("namespace", &row.namespace));
        }
        Read {
            position,
            row,
            trouble: derived.as_ref().err().cloned(),
            derived: derived.ok(),
        }
    };
    Ok(rows.into_iter().map(one).collect())
}

fn one(row: &Row, near: &Near<'_>) -> Result<Derived, Words> {
    let named = |d: &&&Deployment| d.metadata.name.as_ref() == Some(&row.deployment);
    let gone = || Words::new("intake-gone");
    let read = near.deployments.iter().find(named).ok_or_else(gone)?;
    if read.metadata.uid.as_ref() != Some(&row.uid) {
        return Err(Words::new("intake-another"));
    }
    derive(read, &row.container, near)
}

/// Whether the portal may write there: its label is an administrator's word.
async fn is_managed(kubernetes: &Kubernetes, namespace: &str) -> Result<bool, CallError> {
    match kubernetes.managed_namespace(namespace).await {
        Ok(()) => Ok(true),
        Err(NamespaceError::Foreign | NamespaceError::Terminating) => Ok(false),
        Err(NamespaceError::Call(CallError::Denied { .. } | CallError::NotFound { .. })) => {
            Ok(false)
        }
        Err(NamespaceError::Call(error)) => Err(error),
    }
}

/// Layers before projects, projects before workloads, and those by name.
async fn take_over(tx: &mut Tx, claim: &Claim, output: &Value) -> Result<(), DbError> {
    let read = serde_json::from_value(output["read"].clone());
    let mut read: Vec<Read> = read.map_err(|e| DbError::Row(format!("intake.adopt: {e}")))?;
    let request = RequestId(claim.subject);
    let gone = || DbError::Row("intake.adopt without a request".to_owned());
    let input = input(claim).ok_or_else(gone)?;
    let source = store::source(tx.connection(), request).await?;
    let source = source.ok_or_else(gone)?;
    layers::hold(tx.connection()).await?;
    read.sort_by(|a, b| a.row.project.cmp(&b.row.project));
    for one in read {
        let position = (request, one.position);
        let (outcome, notes) = match one.derived {
            Some(derived) => {
                let notes = derived.notes.clone();
                let adopted = adopt(tx, &source, (request, &input), &one.row, derived).await?;
                (adopted, notes)
            }
            None => (
                Err(one.trouble.unwrap_or_else(|| Words::new("intake-gone"))),
                Vec::new(),
            ),
        };
        let ended = outcome.as_ref().copied();
        store::end(tx.connection(), position, ended, &notes).await?;
    }
    // Somebody may have asked for one of these places meanwhile.
    requests::look_again(tx, None).await?;
    tx.event(TOPIC, None).await
}

async fn adopt(
    tx: &mut Tx,
    source: &store::Source,
    (request, input): (RequestId, &Input),
    row: &Row,
    derived: Derived,
) -> Result<Result<WorkloadId, Words>, DbError> {
    let project = match project(tx, source, row, &derived.said).await? {
        Ok(project) => project,
        Err(words) => return Ok(Err(words)),
    };
    let adopting = Adopting {
        project: &project,
        environment: &row.environment,
        cluster: input.cluster_id,
        component: &row.component,
        namespace: &row.namespace,
        object_name: &row.deployment,
        selector: &derived.selector,
        said: &derived.said,
        stays: &derived.stays,
        found: Found {
            uid: derived.uid,
            container: derived.container,
            service: derived.service,
            hpa: derived.hpa,
            stays: BTreeMap::new(),
        },
        from: (request.0, source.author),
    };
    let workload = match workloads::adopt(tx, adopting).await? {
        Ok(workload) => workload,
        Err(words) => return Ok(Err(words)),
    };
    let entry = Entry::done("workload.adopt", "workload", workload.id)
        .in_project(workload.project_id)
        .after(json!({
            "cluster": workload.cluster, "environment": workload.environment,
            "namespace": workload.namespace, "deployment": workload.object_name,
        }));
    audit::record(tx, &entry, &Origin::default()).await?;
    let topic = projects::topic(workload.project_id);
    tx.event(&topic, Some(workload.project_id.0)).await?;
    Ok(Ok(workload.id))
}

/// The project of a row, made where it is not there yet.
async fn project(
    tx: &mut Tx,
    source: &store::Source,
    row: &Row,
    said: &Value,
) -> Result<Result<Project, Words>, DbError> {
    if let Some(found) = projects::hold(tx, &row.project).await? {
        return Ok(match found.leaving_at {
            None => Ok(found),
            Some(_) => Err(Words::new("project-leaving")),
        });
    }
    let id = |name: &str| {
        source.computed[name]
            .as_str()
            .and_then(|id| id.parse().ok())
    };
    let (Some(gitlab), Some(registry)) = (id("gitlab"), id("registry")) else {
        return Ok(Err(Words::new("onboarding-connection-unknown")));
    };
    let asked = new_project(source, row, said);
    let run = |id: crate::identity::ProjectId| ("setup", id.0);
    let outside = Outside { gitlab, registry };
    let id = projects::make(tx, (&asked, &outside), run, &Origin::default()).await?;
    if row.job_name() != row.project {
        releases::name_job(tx, id, &row.job).await?;
    }
    let made = projects::hold(tx, &row.project).await?;
    Ok(made.ok_or_else(|| Words::new("project-gone")))
}

/// What onboarding would have asked for; what only machines without containers need is not known.
fn new_project(source: &store::Source, row: &Row, said: &Value) -> NewProject {
    let path = said
        .pointer("/probes/readiness/path")
        .and_then(Value::as_str);
    let owner = match row.owner.as_str() {
        "" => source.author_name.clone(),
        owner => owner.to_owned(),
    };
    NewProject {
        key: row.project.clone(),
        description: String::new(),
        language: row.language.clone(),
        repository: row.repository.clone(),
        gitlab: None,
        registry: None,
        owners: vec![owner],
        developers: Vec::new(),
        testers: Vec::new(),
        deploy_path: "/".to_owned(),
        log_path: "/".to_owned(),
        start_command: "–".to_owned(),
        stop_command: "–".to_owned(),
        health_path: path.unwrap_or("/").to_owned(),
        port: said["port"]
            .as_u64()
            .and_then(|p| u16::try_from(p).ok())
            .unwrap_or(8080),
        callbacks: projects::Callbacks::default(),
        may_confirm_own: false,
    }
}
