//! The kind `parameters`: other parameters for containers that are there.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::plan::{self, Planned, Rails, Which, begin, computed, plan, project_of};
use crate::app::App;
use crate::db::Tx;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::projects::{self, Project};
use crate::requests::{Approved, Computed, Fact, Filing, Request, RequestKind, Work, schema_of};
use crate::workloads::{self, Asked};

pub struct Change;

#[async_trait]
impl RequestKind for Change {
    fn name(&self) -> &'static str {
        "parameters"
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
        let needed = |field: &str| AppError::field(field, "field-required");
        let key = filing.project.as_deref().ok_or_else(|| needed("project"))?;
        let project = projects::get(app, actor, key).await?;
        actor.must(Permission::FileRequest, Scope::Project(project.id))?;
        let environment = filing.environment.as_deref().filter(|e| !e.is_empty());
        let environment = environment.ok_or_else(|| needed("environment"))?;
        let mut asked: Asked = crate::parse::value(&filing.parameters, "parameters")?;
        let former = filing.former.as_ref();
        workloads::seal(app, tx, (&project, environment), &mut asked, former).await?;
        let planned = planned(tx, &project, environment, &asked, &filing.note).await?;
        Ok(Computed {
            subject: asked.component.clone(),
            project: Some(project.id),
            environment: planned.first().map(|p| p.workload.environment_id.0),
            release: None,
            payload: json!(asked),
            computed: computed(&planned),
        })
    }

    async fn recompute(
        &self,
        app: &App,
        tx: &mut Tx,
        request: &Request,
    ) -> Result<Value, AppError> {
        Ok(computed(&replanned(app, tx, request).await?))
    }

    async fn works(&self, app: &App, request: &Request) -> Result<Vec<Work>, AppError> {
        plan::works(app, request).await
    }

    async fn beside(&self, app: &App, request: &Request) -> Result<Vec<Words>, AppError> {
        let most = |to: &Value| to["replicas"]["max"].as_i64();
        plan::now(app, request, |w| {
            let asked: Asked = serde_json::from_value(request.parameters.clone()).ok()?;
            i32::try_from(most(&asked.on(&w.cluster))?).ok()
        })
        .await
    }

    async fn approved(&self, app: &App, tx: &mut Tx, approved: &Approved) -> Result<(), AppError> {
        let planned = replanned(app, tx, &approved.request).await?;
        begin(tx, approved, &planned).await
    }

    async fn rejected(&self, _: &App, _: &mut Tx, _: &Request) -> Result<(), AppError> {
        Ok(())
    }

    fn form(&self, request: &Request) -> Option<String> {
        let project = request.project.as_ref()?;
        Some(format!("/projects/{project}/containers/change"))
    }

    async fn undo(
        &self,
        _: &App,
        actor: &Actor,
        request: &Request,
    ) -> Result<Option<String>, AppError> {
        Ok(plan::undo(actor, request))
    }

    fn facts(&self, request: &Request) -> Vec<Fact> {
        plan::facts(request)
    }
}

async fn replanned(app: &App, tx: &mut Tx, request: &Request) -> Result<Vec<Planned>, AppError> {
    let project = project_of(app, request).await?;
    let environment = request.environment.as_deref().ok_or(AppError::NotFound)?;
    let asked: Asked = crate::parse::value(&request.parameters, "parameters")?;
    workloads::hold(tx.connection(), project.id, environment).await?;
    planned(tx, &project, environment, &asked, &request.note).await
}

async fn planned(
    tx: &mut Tx,
    project: &Project,
    environment: &str,
    asked: &Asked,
    why: &str,
) -> Result<Vec<Planned>, AppError> {
    let patched: Vec<&str> = asked.per_cluster.keys().map(String::as_str).collect();
    let which = Which {
        environment,
        component: &asked.component,
        clusters: asked.clusters.as_deref(),
        patched: &patched,
    };
    plan(tx, project, &which, (Rails::All, why), |workload| {
        asked.on(&workload.cluster)
    })
    .await
}
