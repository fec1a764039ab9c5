//! The kind `membership`: somebody asks for a role in a project, for themselves or for another.

use async_trait::async_trait;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Joining, give, store};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::error::AppError;
use crate::identity::{Actor, Permission, ProjectRole};
use crate::projects;
use crate::requests::{
    self, Approved, Asking, Computed, Fact, Filing, Quorum, Request, RequestKind, Typing, Work,
    schema_of,
};

/// The kind `membership`; `parameters` are those of a new member.
pub struct Membership;

#[async_trait]
impl RequestKind for Membership {
    fn name(&self) -> &'static str {
        "membership"
    }

    fn schema(&self) -> Value {
        schema_of::<Joining>()
    }

    async fn compute(
        &self,
        app: &App,
        tx: &mut Tx,
        actor: &Actor,
        filing: &Filing,
    ) -> Result<Computed, AppError> {
        let needed = || AppError::field("project", "field-required");
        let key = filing.project.as_deref().ok_or_else(needed)?;
        // Whoever sees the project may ask.
        let project = projects::get(app, actor, key).await?;
        let joining: Joining = crate::parse::value(&filing.parameters, "parameters")?;
        let joining = Joining {
            user: joining.user.trim().to_owned(),
            ..joining
        };
        joining.check("parameters.")?;
        let roles = store::roles_of(tx.connection(), project.id, &joining.user).await?;
        let unknown = || AppError::field("parameters.user", "people-unknown");
        Ok(Computed {
            subject: joining.user.clone(),
            project: Some(project.id),
            environment: None,
            release: None,
            computed: json!({ "roles": roles.ok_or_else(unknown)? }),
            payload: json!(joining),
        })
    }

    async fn recompute(&self, _: &App, tx: &mut Tx, request: &Request) -> Result<Value, AppError> {
        let project = request.project_id.ok_or(AppError::NotFound)?;
        let roles = store::roles_of(tx.connection(), project, &request.subject).await?;
        let roles = roles.ok_or_else(|| AppError::conflict("membership-person-gone"))?;
        Ok(json!({ "roles": roles }))
    }

    async fn usual_quorum(&self, _: &mut Tx, _: Option<Uuid>) -> Result<Vec<Quorum>, DbError> {
        Ok(vec![Quorum::of(Permission::ManageMembers, 1)])
    }

    /// Whoever sees the project may ask.
    fn right(&self) -> Permission {
        Permission::ViewProject
    }

    fn asks(&self) -> Vec<Asking> {
        let role = |role: &ProjectRole| (role.to_string(), format!("role-{role}"));
        let roles = ProjectRole::ALL.iter().rev().map(role).collect();
        vec![
            Asking::new("user", "membership-user", Typing::Line),
            Asking::new("role", "membership-role", Typing::Choice(roles)),
            Asking::new("expires_at", "membership-until", Typing::LastDay),
        ]
    }

    async fn undo(
        &self,
        _: &App,
        actor: &Actor,
        request: &Request,
    ) -> Result<Option<String>, AppError> {
        let may = actor.may(Permission::ManageMembers, request.scope());
        let project = request.project.as_ref().filter(|_| may);
        Ok(project.map(|key| format!("/projects/{key}/members")))
    }

    async fn approved(&self, _: &App, tx: &mut Tx, approved: &Approved) -> Result<(), AppError> {
        let request = &approved.request;
        let project = request.project_id.ok_or(AppError::NotFound)?;
        let joining: Joining = crate::parse::value(&request.parameters, "parameters")?;
        // A day that is over by now gives nothing.
        let over = || AppError::conflict("membership-day-over");
        joining.check("").map_err(|_| over())?;
        give(tx, project, &joining, &approved.origin).await?;
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
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let role = |code: &str| crate::error::Words::new(&format!("role-{code}"));
        let asked = &request.parameters;
        let mut facts = vec![
            Fact::text("membership-user", text(&asked["user"])),
            Fact::words("membership-role", role(&text(&asked["role"]))),
        ];
        if let Some(until) = asked["expires_at"].as_str() {
            facts.push(Fact::text("membership-until", until));
        }
        let now = request.computed["roles"].as_array();
        let now = now.into_iter().flatten().map(|r| role(&text(r)));
        facts.extend(now.map(|words| Fact::words("membership-has", words)));
        facts
    }
}
