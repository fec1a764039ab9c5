//! The kind `removal`: one component's workloads in an environment are no longer needed.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{begin, mark, must_rest, shown, store};
use crate::app::App;
use crate::db::Tx;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, ProjectId, Scope};
use crate::projects;
use crate::requests::{
    self, Approved, Computed, Fact, Filing, Made, Request, RequestKind, Work, schema_of,
};
use crate::workloads::{self, Workload};

/// `parameters` of a request of kind `removal`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unneeded {
    #[serde(default = "main_component")]
    pub component: String,
    /// Keys; all that it is on if left out.
    #[serde(default)]
    pub clusters: Option<Vec<String>>,
}

fn main_component() -> String {
    "main".to_owned()
}

pub struct Removal;

#[async_trait]
impl RequestKind for Removal {
    fn name(&self) -> &'static str {
        "removal"
    }

    fn schema(&self) -> Value {
        schema_of::<Unneeded>()
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
        let environment = filing.environment.as_deref();
        let environment = environment.ok_or_else(|| needed("environment"))?;
        if filing.note.trim().is_empty() {
            return Err(AppError::field("note", "removal-says-why"));
        }
        let asked: Unneeded = crate::parse::value(&filing.parameters, "parameters")?;
        let found = look(tx, project.id, environment, &asked).await?;
        Ok(Computed {
            subject: asked.component.clone(),
            project: Some(project.id),
            environment: found.0.first().map(|w| w.environment_id.0),
            release: None,
            payload: json!(asked),
            computed: found.1,
        })
    }

    async fn recompute(&self, _: &App, tx: &mut Tx, request: &Request) -> Result<Value, AppError> {
        Ok(again(tx, request).await?.1)
    }

    async fn approved(&self, _: &App, tx: &mut Tx, approved: &Approved) -> Result<(), AppError> {
        let request = &approved.request;
        let project = request.project_id.ok_or(AppError::NotFound)?;
        let (going, _) = again(tx, request).await?;
        for workload in &going {
            mark(tx, workload, &approved.origin).await?;
            begin(tx, workload, request.id, false).await?;
        }
        must_rest(tx, project.0, &going).await
    }

    async fn rejected(&self, _: &App, _: &mut Tx, _: &Request) -> Result<(), AppError> {
        Ok(())
    }

    async fn works(&self, app: &App, request: &Request) -> Result<Vec<Work>, AppError> {
        Ok(store::works(app.db.pool(), request.id).await?)
    }

    /// The form of containers, with what was asked for when the place was made.
    async fn undo(
        &self,
        app: &App,
        actor: &Actor,
        request: &Request,
    ) -> Result<Option<String>, AppError> {
        let may = actor.may(Permission::FileRequest, request.scope());
        let (Some(project), Some(key), true) = (&request.project, &request.environment, may) else {
            return Ok(None);
        };
        let made = Made {
            kind: "containers",
            project,
            environment: request.environment_id,
            component: Some(&request.subject),
        };
        let form = format!("/projects/{project}/containers/new");
        Ok(Some(match requests::that_made(app, actor, &made).await? {
            Some(number) => format!("{form}?copy={number}"),
            None => format!("{form}?environment={key}"),
        }))
    }

    fn facts(&self, request: &Request) -> Vec<Fact> {
        let environment = request.environment.as_deref().unwrap_or_default();
        facts(environment, &request.computed)
    }
}

fn facts(environment: &str, computed: &Value) -> Vec<Fact> {
    let all = computed["workloads"].as_array().into_iter().flatten();
    let mut facts = vec![Fact::text("removal-environment", environment)];
    facts.extend(all.map(|w| Fact::text("removal-goes", shown::line(w))));
    facts.push(Fact::words(
        "offboarding-stays",
        Words::new("removal-stays-what"),
    ));
    facts
}

/// What would go with one workload, for the form that asks for it.
pub async fn outlook(app: &App, workload: &Workload) -> Result<Vec<Fact>, AppError> {
    let asked = Unneeded {
        component: workload.component.clone(),
        clusters: Some(vec![workload.cluster.clone()]),
    };
    let mut tx = app.db.begin().await?;
    let (_, computed) = look(&mut tx, workload.project_id, &workload.environment, &asked).await?;
    Ok(facts(&workload.environment, &computed))
}

async fn look(
    tx: &mut Tx,
    project: ProjectId,
    environment: &str,
    asked: &Unneeded,
) -> Result<(Vec<Workload>, Value), AppError> {
    let all = workloads::list(tx.connection(), project, Some(environment), None).await?;
    let going = shown::meant(all, &asked.component, asked.clusters.as_deref())?;
    let current = workloads::current(tx.connection(), project).await?;
    let computed = json!({ "workloads": shown::workloads(&going, &current, false) });
    Ok((going, computed))
}

async fn again(tx: &mut Tx, request: &Request) -> Result<(Vec<Workload>, Value), AppError> {
    let asked: Unneeded = crate::parse::value(&request.parameters, "parameters")?;
    let project = request.project_id.ok_or(AppError::NotFound)?;
    let environment = request.environment.as_deref().ok_or(AppError::NotFound)?;
    look(tx, project, environment, &asked).await
}
