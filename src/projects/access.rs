//! A project that may be seen, as a handler's argument.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;

use super::Project;
use crate::app::App;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::Path;

/// Who is asking, and the project of the path's `{key}`, which they may see.
pub struct ProjectAccess {
    pub actor: Actor,
    pub project: Project,
}

/// Proof that a person holds a right in a project. Only [`ProjectAccess::must`] makes one.
pub struct Access<'a> {
    pub actor: &'a Actor,
    pub project: &'a Project,
    permission: Permission,
}

impl Access<'_> {
    /// The right that was asked for.
    #[must_use]
    pub fn permission(&self) -> Permission {
        self.permission
    }
}

impl ProjectAccess {
    /// # Errors
    /// 403 with who may, 409 for a project that is being off-boarded.
    pub fn must(&self, permission: Permission) -> Result<Access<'_>, AppError> {
        self.actor
            .must(permission, Scope::Project(self.project.id))?;
        if self.is_shut(permission) {
            return Err(AppError::conflict("project-leaving"));
        }
        Ok(Access {
            actor: &self.actor,
            project: &self.project,
            permission,
        })
    }

    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.actor.may(permission, Scope::Project(self.project.id)) && !self.is_shut(permission)
    }

    /// What is being off-boarded can be looked at, and nothing else.
    fn is_shut(&self, permission: Permission) -> bool {
        const READS: [Permission; 4] = [
            Permission::ViewProject,
            Permission::ViewRecordings,
            Permission::ViewAudit,
            Permission::ViewPlatform,
        ];
        self.project.leaving_at.is_some() && !READS.contains(&permission)
    }
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

impl FromRequestParts<App> for ProjectAccess {
    type Rejection = AppError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let Path(path) = Path::<Key>::from_request_parts(parts, app).await?;
        let project = super::get(app, &actor, &path.key).await?;
        Ok(Self { actor, project })
    }
}
