//! The kind `scale`: more or fewer of what runs, and nothing else.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::plan::{self, Planned, Rails, Which, begin, computed, plan, project_of};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::projects::{self, Project};
use crate::requests::{
    Approved, Asking, Computed, Fact, Filing, Quorum, Request, RequestKind, Typing, Work, schema_of,
};

/// `parameters` of a request of kind `scale`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default = "main_component")]
    pub component: String,
    /// Keys; all that it is on if left out.
    #[serde(default)]
    pub clusters: Option<Vec<String>>,
    pub min: i32,
    /// The same as `min` for a fixed number.
    pub max: i32,
}

fn main_component() -> String {
    "main".to_owned()
}

pub struct Scale;

#[async_trait]
impl RequestKind for Scale {
    fn name(&self) -> &'static str {
        "scale"
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
        let asked: Asked = crate::parse::value(&filing.parameters, "parameters")?;
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

    async fn usual_quorum(&self, _: &mut Tx, _: Option<Uuid>) -> Result<Vec<Quorum>, DbError> {
        Ok(vec![Quorum::of(Permission::ApproveProduction, 1)])
    }

    async fn works(&self, app: &App, request: &Request) -> Result<Vec<Work>, AppError> {
        plan::works(app, request).await
    }

    async fn beside(&self, app: &App, request: &Request) -> Result<Vec<Words>, AppError> {
        let asked: Asked = crate::parse::value(&request.parameters, "parameters")?;
        plan::now(app, request, |w| {
            let keys = asked.clusters.as_ref();
            let meant =
                w.component == asked.component && keys.is_none_or(|keys| keys.contains(&w.cluster));
            meant.then_some(asked.max)
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

    fn asks(&self) -> Vec<Asking> {
        let number = |name, code| Asking::new(name, code, Typing::Number);
        vec![number("min", "scale-min"), number("max", "scale-max")]
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
    crate::workloads::hold(tx.connection(), project.id, environment).await?;
    planned(tx, &project, environment, &asked, &request.note).await
}

/// Each workload says of itself what it said before, but for how many there are.
async fn planned(
    tx: &mut Tx,
    project: &Project,
    environment: &str,
    asked: &Asked,
    why: &str,
) -> Result<Vec<Planned>, AppError> {
    let which = Which {
        environment,
        component: &asked.component,
        clusters: asked.clusters.as_deref(),
        patched: &[],
    };
    let replicas = json!({ "replicas": { "min": asked.min, "max": asked.max } });
    let planned = plan(tx, project, &which, (Rails::NewOnly, why), |workload| {
        let mut own = workload.own.clone();
        json_patch::merge(&mut own, &replicas);
        own
    });
    planned.await.map_err(as_asked)
}

/// What is wrong with the numbers, under the names by which they were asked for.
fn as_asked(error: AppError) -> AppError {
    let AppError::Invalid(mut fields) = error else {
        return error;
    };
    for error in &mut fields {
        if let Some(number) = error.field.strip_prefix("parameters.parameters.replicas.") {
            error.field = format!("parameters.{number}");
        }
    }
    AppError::Invalid(fields)
}
