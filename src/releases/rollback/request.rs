//! The kind `rollback`, for places where a policy asks others before anybody goes back.

use async_trait::async_trait;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{RollingBack, Way, begin, must_be_there, store, way};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{AccountId, Actor, Permission, ProjectId, Scope};
use crate::projects;
use crate::releases::{self, production};
use crate::requests::{
    Approved, Asking, Computed, Fact, Filing, Involved, Quorum, Request, RequestKind, Typing, Work,
    schema_of,
};
use crate::standards::SCHEMA_VERSION;
use crate::workloads;

pub const KIND: &str = "rollback";

/// The kind; `parameters` are those of a rollback.
pub struct Rollback;

#[async_trait]
impl RequestKind for Rollback {
    fn name(&self) -> &'static str {
        KIND
    }

    fn schema(&self) -> Value {
        schema_of::<RollingBack>()
    }

    async fn compute(
        &self,
        app: &App,
        tx: &mut Tx,
        actor: &Actor,
        filing: &Filing,
    ) -> Result<Computed, AppError> {
        let needed = |field: &str| AppError::field(field, "field-required");
        let key = filing.project.as_deref().ok_or_else(|| needed("project"))?;
        let project = projects::get(app, actor, key).await?;
        actor.must(Permission::RollBack, Scope::Project(project.id))?;
        let environment = filing.environment.as_deref().filter(|e| !e.is_empty());
        let environment = environment.ok_or_else(|| needed("environment"))?;
        let asked: RollingBack = crate::parse::value(&filing.parameters, "parameters")?;
        let way = way(app, project.id, environment, &asked).await?;
        must_be_there(app, &project, &way).await?;
        filed(tx, project.id, &way, &asked).await
    }

    async fn recompute(
        &self,
        app: &App,
        tx: &mut Tx,
        request: &Request,
    ) -> Result<Value, AppError> {
        let (project, asked) = of(request)?;
        let way = way(app, project, environment(request)?, &asked).await?;
        Ok(filed(tx, project, &way, &asked).await?.computed)
    }

    async fn usual_quorum(&self, _: &mut Tx, _: Option<Uuid>) -> Result<Vec<Quorum>, DbError> {
        Ok(vec![Quorum::of(Permission::ApproveProduction, 1)])
    }

    async fn works(&self, app: &App, request: &Request) -> Result<Vec<Work>, AppError> {
        let found = releases::rollout_of_request(app, request.id).await?;
        let work = |subject| Work {
            subject,
            place: String::new(),
        };
        Ok(found.map(work).into_iter().collect())
    }

    async fn beside(&self, app: &App, request: &Request) -> Result<Vec<Words>, AppError> {
        let (project, _) = of(request)?;
        workloads::now(app, project, environment(request)?, |_| None).await
    }

    async fn approved(&self, app: &App, tx: &mut Tx, approved: &Approved) -> Result<(), AppError> {
        let request = &approved.request;
        let (project, asked) = of(request)?;
        let way = way(app, project, environment(request)?, &asked).await?;
        let found = projects::by_id(app, project).await?;
        must_be_there(app, &found.ok_or(AppError::NotFound)?, &way).await?;
        let by = (request.author_id, Some(request.id));
        begin(tx, project, &way, (by, &asked.reason), &approved.origin).await?;
        Ok(())
    }

    async fn rejected(&self, _: &App, _: &mut Tx, _: &Request) -> Result<(), AppError> {
        Ok(())
    }

    fn involves(&self) -> &'static [Involved] {
        Involved::ALL
    }

    async fn involved(
        &self,
        tx: &mut Tx,
        about: &Computed,
    ) -> Result<Vec<(Involved, AccountId)>, DbError> {
        let Some(project) = about.project else {
            return Ok(Vec::new());
        };
        let digest = about.computed["digest"].as_str().unwrap_or_default();
        match store::release_of(tx.connection(), project, digest, &about.subject).await? {
            Some(release) => production::involved(tx, release).await,
            None => Ok(Vec::new()),
        }
    }

    fn right(&self) -> Permission {
        Permission::RollBack
    }

    fn asks(&self) -> Vec<Asking> {
        vec![Asking::new("reason", "rollback-reason", Typing::Reason)]
    }

    /// Forward again goes a release, by the ordinary way.
    async fn undo(
        &self,
        _: &App,
        actor: &Actor,
        request: &Request,
    ) -> Result<Option<String>, AppError> {
        let may = actor.may(Permission::ReleaseToProduction, request.scope());
        let project = request.project.as_ref().filter(|_| may);
        Ok(project.map(|key| format!("/projects/{key}/releases")))
    }

    fn facts(&self, request: &Request) -> Vec<Fact> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let computed = &request.computed;
        let mut facts = vec![
            Fact::exact("production-tag", text(&computed["tag"])),
            Fact::exact("production-digest", text(&computed["digest"])),
            Fact::text("rollback-reason", text(&request.parameters["reason"])),
        ];
        for workload in computed["workloads"].as_array().into_iter().flatten() {
            let from = workload["runs_tag"].as_str().unwrap_or("–");
            let cluster = text(&workload["cluster"]);
            let value = format!("{cluster}: {from} → {}", text(&computed["tag"]));
            facts.push(Fact::exact("production-change", value));
        }
        facts
    }
}

fn of(request: &Request) -> Result<(ProjectId, RollingBack), AppError> {
    let project = request.project_id.ok_or(AppError::NotFound)?;
    Ok((
        project,
        crate::parse::value(&request.parameters, "parameters")?,
    ))
}

fn environment(request: &Request) -> Result<&str, AppError> {
    request.environment.as_deref().ok_or(AppError::NotFound)
}

/// What is filed: to which digest, and what each workload runs and is to be by now.
pub(super) async fn filed(
    tx: &mut Tx,
    project: ProjectId,
    way: &Way,
    asked: &RollingBack,
) -> Result<Computed, AppError> {
    let artifact = &way.candidate.artifact;
    let current = workloads::current(tx.connection(), project).await?;
    let runs = way.targets.iter().map(|w| {
        let runs = current.iter().find(|c| c.workload == w.id);
        Ok(json!({
            "cluster": w.cluster, "revision": w.parameters_revision,
            "schema_version": SCHEMA_VERSION, "layer_versions": w.layer_versions,
            "objects": workloads::objects::sum(w)?,
            "runs": runs.map(|c| &c.digest), "runs_tag": runs.map(|c| &c.tag),
        }))
    });
    let runs = runs.collect::<Result<Vec<_>, AppError>>()?;
    Ok(Computed {
        subject: artifact.tag.clone(),
        project: Some(project),
        environment: Some(way.environment.0),
        release: None,
        payload: json!(asked),
        computed: json!({
            "digest": artifact.digest, "tag": artifact.tag, "tier": way.tier,
            "workloads": runs,
        }),
    })
}
