//! The kind `shell`: somebody asks for shells in one environment of a project, for some hours.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ShellAccessId, announce, store};
use crate::app::App;
use crate::audit::{self, Entry};
use crate::clusters::{self, Environment};
use crate::db::{DbError, Tx};
use crate::error::{AppError, FieldError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::projects;
use crate::requests::{
    self, Approved, Computed, Fact, Filing, Quorum, Request, RequestKind, Work, schema_of,
};

/// What may be asked for, in hours; the table takes no more either.
pub const HOURS: &[i32] = &[1, 2, 4, 8, 24, 72];
const MAX_REASON: usize = 2000;

/// `parameters` of a request of kind `shell`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// From the yes on.
    pub hours: i32,
    /// Whether files are to go in and out as well.
    #[serde(default)]
    pub files: bool,
    pub reason: String,
}

/// The kind `shell`.
pub struct ShellRequest;

#[async_trait]
impl RequestKind for ShellRequest {
    fn name(&self) -> &'static str {
        "shell"
    }

    fn schema(&self) -> Value {
        schema_of::<Asked>()
    }

    async fn compute(
        &self,
        app: &App,
        _: &mut Tx,
        actor: &Actor,
        filing: &Filing,
    ) -> Result<Computed, AppError> {
        let needed = |field: &str| AppError::field(field, "field-required");
        let key = filing.project.as_deref().ok_or_else(|| needed("project"))?;
        let project = projects::get(app, actor, key).await?;
        actor.must(Permission::FileRequest, Scope::Project(project.id))?;
        let asked: Asked = crate::parse::value(&filing.parameters, "parameters")?;
        let mut errors = wrong_fields(&asked);
        let key = filing.environment.as_deref().filter(|e| !e.is_empty());
        let environment = match key {
            Some(key) => clusters::environment_by_key(app, key).await?,
            None => None,
        };
        if environment.is_none() {
            let code = key.map_or("field-required", |_| "shell-access-no-environment");
            errors.push(FieldError::new("environment", code));
        }
        match environment {
            Some(environment) if errors.is_empty() => Ok(Computed {
                subject: environment.key.clone(),
                project: Some(project.id),
                environment: Some(environment.id.0),
                release: None,
                payload: json!(Asked {
                    reason: asked.reason.trim().to_owned(),
                    ..asked
                }),
                computed: shown(&environment),
            }),
            _ => Err(AppError::Invalid(errors)),
        }
    }

    async fn recompute(&self, app: &App, _: &mut Tx, request: &Request) -> Result<Value, AppError> {
        let key = request.environment.as_deref().unwrap_or_default();
        let found = clusters::environment_by_key(app, key).await?;
        found.as_ref().map(shown).ok_or(AppError::NotFound)
    }

    async fn usual_quorum(&self, _: &mut Tx, _: Option<Uuid>) -> Result<Vec<Quorum>, DbError> {
        Ok(vec![Quorum::of(Permission::ApproveProduction, 1)])
    }

    fn form(&self, request: &Request) -> Option<String> {
        let project = request.project.as_ref()?;
        Some(format!("/projects/{project}/shell-access"))
    }

    async fn undo(
        &self,
        _: &App,
        actor: &Actor,
        request: &Request,
    ) -> Result<Option<String>, AppError> {
        let may = actor.may(Permission::FileRequest, request.scope());
        let project = request.project.as_ref().filter(|_| may);
        Ok(project.map(|key| format!("/projects/{key}/shell-access")))
    }

    async fn approved(&self, _: &App, tx: &mut Tx, approved: &Approved) -> Result<(), AppError> {
        let request = &approved.request;
        let asked: Asked = crate::parse::value(&request.parameters, "parameters")?;
        let project = request.project_id.ok_or(AppError::NotFound)?;
        let new = store::NewAccess {
            id: ShellAccessId::new().0,
            request: request.id.0,
            account: request.author_id,
            project: project.0,
            environment: request.environment_id.ok_or(AppError::NotFound)?,
            files: asked.files,
            hours: asked.hours,
        };
        store::insert(tx.connection(), &new).await?;
        let entry = Entry::done("shell.give", "shell-access", new.id)
            .in_project(project)
            .after(json!({
                "person": request.author.name, "environment": request.environment,
                "hours": asked.hours, "files": asked.files, "request": request.number,
            }));
        audit::record(tx, &entry, &approved.origin).await?;
        announce(tx, project.0).await?;
        requests::finish(tx, request.id, true).await?;
        Ok(())
    }

    async fn rejected(&self, _: &App, _: &mut Tx, _: &Request) -> Result<(), AppError> {
        Ok(())
    }

    async fn works(&self, _: &App, _: &Request) -> Result<Vec<Work>, AppError> {
        Ok(Vec::new())
    }

    fn facts(&self, request: &Request) -> Vec<Fact> {
        let asked = &request.parameters;
        let files = match asked["files"].as_bool() {
            Some(true) => "shell-access-with-files",
            Some(false) | None => "shell-access-without-files",
        };
        let hours = Words::new("shell-access-n-hours").with("n", &asked["hours"]);
        let environment = request.environment.clone().unwrap_or_default();
        let reason = asked["reason"].as_str().unwrap_or_default();
        vec![
            Fact::text("shell-access-environment", environment),
            Fact::words("shell-access-hours", hours),
            Fact::words("shell-access-files", Words::new(files)),
            Fact::text("shell-access-reason", reason),
        ]
    }
}

fn wrong_fields(asked: &Asked) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !HOURS.contains(&asked.hours) {
        errors.push(FieldError::new(
            "parameters.hours",
            "shell-access-hours-one-of",
        ));
    }
    match asked.reason.trim().chars().count() {
        0 => errors.push(FieldError::new("parameters.reason", "field-required")),
        1..=MAX_REASON => {}
        _ => errors.push(FieldError::new("parameters.reason", "field-too-long")),
    }
    errors
}

/// What a decider is shown of the environment; where it becomes production, they look again.
fn shown(environment: &Environment) -> Value {
    json!({ "tier": environment.tier })
}
