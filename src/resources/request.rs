//! Asking for a resource, and asking that one be retired.
//!
//! All kinds share one request; the schema of the kind is the only difference. A yes does not
//! make anything: people do, and write down where it is.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::keep::{self, announce, is_name, reason, retire_in, taken};
use super::{Kind, Resource, ResourceId, State, size, store};
use crate::app::App;
use crate::audit::{self, Entry};
use crate::clusters::EnvironmentId;
use crate::db::Tx;
use crate::error::{AppError, FieldError};
use crate::identity::{Actor, Permission, Scope};
use crate::projects;
use crate::requests::{
    self, Approved, Asking, Computed, Fact, Filing, Request, RequestKind, Typing, Work, schema_of,
};

/// `parameters` of a request of kind `resource`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub kind: Kind,
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// As much of it as its type has: `{"cores": 4, "memory_gib": 8, "disk_gib": 100}`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub size: Value,
}

/// The kind `resource`.
pub struct Supply;

#[async_trait]
impl RequestKind for Supply {
    fn name(&self) -> &'static str {
        "resource"
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
        let needed = || AppError::field("project", "field-required");
        let key = filing.project.as_deref().ok_or_else(needed)?;
        let project = projects::get(app, actor, key).await?;
        actor.must(Permission::FileRequest, Scope::Project(project.id))?;
        let asked: Asked = crate::parse::value(&filing.parameters, "parameters")?;
        let errors = wrong_fields(&asked);
        if !errors.is_empty() {
            return Err(AppError::Invalid(errors));
        }
        let environment = match filing.environment.as_deref().filter(|e| !e.is_empty()) {
            Some(key) => Some(keep::environment(app, key).await?.0),
            None => None,
        };
        Ok(Computed {
            subject: asked.name.trim().to_owned(),
            project: Some(project.id),
            environment,
            release: None,
            payload: json!(asked),
            computed: json!({}),
        })
    }

    async fn recompute(&self, _: &App, _: &mut Tx, _: &Request) -> Result<Value, AppError> {
        Ok(json!({}))
    }

    async fn approved(&self, _: &App, tx: &mut Tx, approved: &Approved) -> Result<(), AppError> {
        let request = &approved.request;
        let asked: Asked = crate::parse::value(&request.parameters, "parameters")?;
        let project = request.project_id.ok_or(AppError::NotFound)?;
        let row = store::Row {
            id: ResourceId::new(),
            kind: asked.kind,
            name: asked.name.trim(),
            project,
            environment: request.environment_id.map(EnvironmentId),
            site: "",
            size: &asked.size,
            labels: &[],
            keeper: "",
            note: asked.purpose.trim(),
        };
        let number = store::insert_asked(tx.connection(), &row, request.id.0)
            .await
            .map_err(taken)?;
        let entry = Entry::done("resource.ask", "resource", row.id)
            .in_project(project)
            .after(json!({ "number": number, "request": request.number, "asked": asked }));
        audit::record(tx, &entry, &approved.origin).await?;
        announce(tx, project).await?;
        Ok(())
    }

    async fn rejected(&self, _: &App, _: &mut Tx, _: &Request) -> Result<(), AppError> {
        Ok(())
    }

    async fn works(&self, _: &App, _: &Request) -> Result<Vec<Work>, AppError> {
        Ok(Vec::new())
    }

    fn is_done_by_hand(&self) -> bool {
        true
    }

    fn form(&self, request: &Request) -> Option<String> {
        let project = request.project.as_ref()?;
        Some(format!("/projects/{project}/resources/new"))
    }

    /// The page where it is retired, or that is asked for.
    async fn undo(
        &self,
        app: &App,
        actor: &Actor,
        request: &Request,
    ) -> Result<Option<String>, AppError> {
        let made = store::made_by(app.db.pool(), request.id.0).await?;
        let may = actor.may(Permission::FileRequest, request.scope())
            || actor.may(Permission::KeepResources, Scope::Platform);
        let made = made.filter(|_| may);
        Ok(made.map(|number| format!("/resources/{number}#retire")))
    }

    fn facts(&self, request: &Request) -> Vec<Fact> {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let fact = |code: String, value: String| Fact::text(code, value);
        let asked = &request.parameters;
        let kind = asked["kind"].as_str().unwrap_or("other");
        let environment = request.environment.clone().unwrap_or_default();
        let mut facts = vec![
            fact(format!("resource-kind-{kind}"), text(&asked["name"])),
            fact("resource-purpose".to_owned(), text(&asked["purpose"])),
            fact("resource-environment".to_owned(), environment),
        ];
        let size = asked["size"].as_object().into_iter().flatten();
        let sizes = size.map(|(name, value)| fact(format!("resource-size-{name}"), text(value)));
        facts.extend(sizes);
        facts
    }
}

fn wrong_fields(asked: &Asked) -> Vec<FieldError> {
    let mut errors = size::wrong(asked.kind, &asked.size, "parameters.size");
    if !is_name(&asked.name) {
        errors.push(FieldError::new("parameters.name", "resource-name-wrong"));
    }
    match asked.purpose.trim().chars().count() {
        0 => errors.push(FieldError::new("parameters.purpose", "field-required")),
        1..=keep::MAX_NOTE => {}
        _ => errors.push(FieldError::new("parameters.purpose", "field-too-long")),
    }
    errors
}

/// `parameters` of a request of kind `retirement`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unneeded {
    /// The resource's number.
    pub resource: i64,
    pub reason: String,
}

/// The kind `retirement`.
pub struct Retirement;

#[async_trait]
impl RequestKind for Retirement {
    fn name(&self) -> &'static str {
        "retirement"
    }

    fn schema(&self) -> Value {
        schema_of::<Unneeded>()
    }

    async fn compute(
        &self,
        app: &App,
        _: &mut Tx,
        actor: &Actor,
        filing: &Filing,
    ) -> Result<Computed, AppError> {
        let asked: Unneeded = crate::parse::value(&filing.parameters, "parameters")?;
        let resource = super::by_number(app, actor, asked.resource).await?;
        actor.must(Permission::FileRequest, Scope::Project(resource.project_id))?;
        reason(&asked.reason)
            .map_err(|_| AppError::field("parameters.reason", "resource-retire-says-why"))?;
        if resource.state == State::Retired {
            return Err(AppError::conflict("resource-is-retired"));
        }
        Ok(Computed {
            subject: resource.name.clone(),
            project: Some(resource.project_id),
            environment: None,
            release: None,
            payload: json!(asked),
            computed: shown(&resource),
        })
    }

    async fn recompute(&self, _: &App, tx: &mut Tx, request: &Request) -> Result<Value, AppError> {
        Ok(shown(&of(tx, request).await?))
    }

    async fn approved(&self, _: &App, tx: &mut Tx, approved: &Approved) -> Result<(), AppError> {
        let request = &approved.request;
        let asked: Unneeded = crate::parse::value(&request.parameters, "parameters")?;
        let resource = of(tx, request).await?;
        retire_in(tx, &resource, asked.reason.trim(), &approved.origin).await?;
        requests::finish(tx, request.id, true).await?;
        Ok(())
    }

    async fn rejected(&self, _: &App, _: &mut Tx, _: &Request) -> Result<(), AppError> {
        Ok(())
    }

    async fn works(&self, _: &App, _: &Request) -> Result<Vec<Work>, AppError> {
        Ok(Vec::new())
    }

    fn asks(&self) -> Vec<Asking> {
        vec![Asking::new(
            "reason",
            "resource-retired-why",
            Typing::Reason,
        )]
    }

    /// The form that asks for one like it, with what was asked for at first.
    async fn undo(
        &self,
        app: &App,
        actor: &Actor,
        request: &Request,
    ) -> Result<Option<String>, AppError> {
        let may = actor.may(Permission::FileRequest, request.scope());
        let asked: Unneeded = crate::parse::value(&request.parameters, "parameters")?;
        let found = store::find_by_number(app.db.pool(), asked.resource).await?;
        let Some(resource) = found.filter(|_| may) else {
            return Ok(None);
        };
        let form = format!("/projects/{}/resources/new", resource.project);
        Ok(Some(match resource.request {
            Some(number) => format!("{form}?copy={number}"),
            None => format!("{form}?kind={}", resource.kind),
        }))
    }

    fn facts(&self, request: &Request) -> Vec<Fact> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let computed = &request.computed;
        let list = |name: &str| {
            let items = computed[name].as_array().into_iter().flatten();
            let items: Vec<&str> = items.filter_map(Value::as_str).collect();
            items.join(", ")
        };
        let kind = computed["kind"].as_str().unwrap_or("other");
        let fact = |code: String, value: String| Fact::text(code, value);
        vec![
            fact(format!("resource-kind-{kind}"), text(&computed["name"])),
            fact("resource-addresses".to_owned(), list("addresses")),
            fact("resource-used-by".to_owned(), list("used_by")),
            fact(
                "resource-retired-why".to_owned(),
                text(&request.parameters["reason"]),
            ),
        ]
    }
}

/// What a decider is shown of it: who still uses it counts.
fn shown(resource: &Resource) -> Value {
    json!({
        "number": resource.number, "kind": resource.kind, "name": resource.name,
        "state": resource.state, "addresses": resource.addresses,
        "used_by": resource.used_by,
    })
}

async fn of(tx: &mut Tx, request: &Request) -> Result<Resource, AppError> {
    let asked: Unneeded = crate::parse::value(&request.parameters, "parameters")?;
    let found = store::find_by_number(tx.connection(), asked.resource).await?;
    found.ok_or(AppError::NotFound)
}
