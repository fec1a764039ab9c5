//! Onboarding: asking for a project.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Outside, ProjectKey, store};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{DbError, Tx};
use crate::error::{AppError, FieldError, Words};
use crate::identity::{Actor, Permission, ProjectId, ProjectRole, Scope};
use crate::jobs::{self, NewRun, NewStep};
use crate::requests::{Approved, Computed, Fact, Filing, Request, RequestKind, schema_of};

/// What a developer tells operations about a service.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub key: String,
    #[serde(default)]
    pub description: String,
    pub language: String,
    /// The repository's path in GitLab, with its groups.
    pub repository: String,
    /// Keys of connections; may be left out while there is one of each.
    #[serde(default)]
    pub gitlab: Option<String>,
    #[serde(default)]
    pub registry: Option<String>,
    pub owners: Vec<String>,
    #[serde(default)]
    pub developers: Vec<String>,
    #[serde(default)]
    pub testers: Vec<String>,
    pub deploy_path: String,
    pub log_path: String,
    pub start_command: String,
    pub stop_command: String,
    pub health_path: String,
    pub port: u16,
    #[serde(default)]
    pub callbacks: Callbacks,
    #[serde(default)]
    pub may_confirm_own: bool,
}

/// Scripts that the service wants run round a deployment.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Callbacks {
    #[serde(default)]
    pub before: String,
    #[serde(default)]
    pub after: String,
}

const MAX_PEOPLE: usize = 50;

/// The kind `onboarding`.
pub struct Onboarding;

#[async_trait]
impl RequestKind for Onboarding {
    fn name(&self) -> &'static str {
        "onboarding"
    }

    fn schema(&self) -> Value {
        schema_of::<Asked>()
    }

    async fn compute(
        &self,
        _: &App,
        tx: &mut Tx,
        actor: &Actor,
        filing: &Filing,
    ) -> Result<Computed, AppError> {
        must_ask(actor)?;
        let asked: Asked = crate::parse::value(&filing.parameters, "parameters")?;
        let errors = wrong_fields(&asked);
        if !errors.is_empty() {
            return Err(AppError::Invalid(errors));
        }
        let computed = look_up(tx, &asked).await?;
        let payload = serde_json::to_value(&asked)
            .map_err(|e| AppError::Internal(format!("onboarding payload: {e}")))?;
        Ok(Computed {
            subject: asked.key,
            project: None,
            environment: None,
            release: None,
            payload,
            computed,
        })
    }

    async fn recompute(&self, _: &App, tx: &mut Tx, request: &Request) -> Result<Value, AppError> {
        look_up(tx, &crate::parse::value(&request.parameters, "parameters")?).await
    }

    async fn undo(
        &self,
        app: &App,
        actor: &Actor,
        request: &Request,
    ) -> Result<Option<String>, AppError> {
        let project = match super::get(app, actor, &request.subject).await {
            Ok(project) => project,
            Err(AppError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let may = actor.may(Permission::EditProject, Scope::Project(project.id));
        let form = format!("/projects/{}/offboarding", project.key);
        Ok(Some(form).filter(|_| may && project.leaving_at.is_none()))
    }

    async fn approved(&self, _: &App, tx: &mut Tx, approved: &Approved) -> Result<(), AppError> {
        let request = &approved.request;
        let asked: Asked = crate::parse::value(&request.parameters, "parameters")?;
        let outside = Outside {
            gitlab: id_in(&request.computed, "gitlab")?,
            registry: id_in(&request.computed, "registry")?,
        };
        let run = |_| ("onboarding", request.id.0);
        make(tx, (&asked, &outside), run, &approved.origin)
            .await
            .map_err(taken)?;
        Ok(())
    }

    async fn rejected(&self, _: &App, _: &mut Tx, _: &Request) -> Result<(), AppError> {
        Ok(())
    }

    fn form(&self, _: &Request) -> Option<String> {
        Some("/projects/new".to_owned())
    }

    fn facts(&self, request: &Request) -> Vec<Fact> {
        let text = |name: &str| match &request.parameters[name] {
            Value::String(text) => text.clone(),
            Value::Array(list) => list
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(", "),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        const SHOWN: &[&str] = &[
            "key",
            "description",
            "language",
            "gitlab",
            "repository",
            "registry",
            "owners",
            "developers",
            "testers",
            "deploy_path",
            "log_path",
            "start_command",
            "stop_command",
            "health_path",
            "port",
        ];
        let fact = |name: &&str| Fact::text(format!("onboarding-{name}"), text(name));
        let mut facts: Vec<Fact> = SHOWN.iter().map(fact).collect();
        for when in ["before", "after"] {
            let script = request.parameters["callbacks"][when].as_str();
            let code = format!("onboarding-callbacks-{when}");
            facts.push(Fact::text(code, script.unwrap_or_default()));
        }
        if request.parameters["may_confirm_own"] == true {
            let words = Words::new("onboarding-may_confirm_own-help");
            facts.push(Fact::words("onboarding-may_confirm_own", words));
        }
        facts
    }
}

/// Makes a project whose connections are known, and starts the run that binds it to its
/// repository and makes its place outside: by its kind and by what it is about.
///
/// # Errors
/// A key that is taken, no answer from the database.
pub async fn make(
    tx: &mut Tx,
    (asked, outside): (&Asked, &Outside),
    run: impl FnOnce(ProjectId) -> (&'static str, Uuid) + Send,
    origin: &Origin,
) -> Result<ProjectId, DbError> {
    let id = ProjectId::new();
    store::insert(tx.connection(), id, asked, outside).await?;
    for (role, names) in people(asked) {
        store::insert_members(tx.connection(), id, names, role).await?;
    }
    let (kind, subject) = run(id);
    let run = NewRun {
        kind,
        subject,
        project: Some(id.0),
        parent: None,
    };
    let lane = format!("gitlab:{}", outside.gitlab);
    let step = NewStep::new("project.bind", lane, json!({ "project": id }));
    jobs::start_run(tx, &run, &step).await?;
    let entry = Entry::done("project.create", "project", &asked.key).in_project(id);
    audit::record(tx, &entry, origin).await?;
    tx.event("projects", None).await?;
    Ok(id)
}

/// Everybody with an account may ask for a project, also for a company's first one. Only who is
/// here to read, an auditor without a project, is not among them.
///
/// # Errors
/// 403 for those.
pub fn must_ask(actor: &Actor) -> Result<(), AppError> {
    if actor.roles.is_empty() || !actor.memberships.is_empty() {
        return Ok(());
    }
    actor.must(Permission::FileOnboarding, Scope::Platform)
}

fn people(asked: &Asked) -> [(ProjectRole, &[String]); 3] {
    [
        (ProjectRole::Owner, &asked.owners),
        (ProjectRole::Developer, &asked.developers),
        (ProjectRole::Tester, &asked.testers),
    ]
}

fn taken(error: crate::db::DbError) -> AppError {
    match error.constraint() {
        Some("project_key_key") => AppError::conflict("project-key-taken"),
        Some(_) | None => error.into(),
    }
}

fn id_in(computed: &Value, name: &str) -> Result<Uuid, AppError> {
    let id = computed[name].as_str().and_then(|text| text.parse().ok());
    id.ok_or_else(|| AppError::Internal(format!("an onboarding request without {name}")))
}

/// What the names in a payload stand for now: connections, language, people.
async fn look_up(tx: &mut Tx, asked: &Asked) -> Result<Value, AppError> {
    let found = store::look_up(tx.connection(), asked).await?;
    let mut errors = Vec::new();
    if found.key_taken {
        return Err(AppError::conflict("project-key-taken"));
    }
    if !found.language_known {
        errors.push(FieldError::new(
            "parameters.language",
            "onboarding-language-unknown",
        ));
    }
    if found.gitlab.is_none() {
        errors.push(FieldError::new(
            "parameters.gitlab",
            "onboarding-connection-unknown",
        ));
    }
    if found.registry.is_none() {
        errors.push(FieldError::new(
            "parameters.registry",
            "onboarding-connection-unknown",
        ));
    }
    for (role, names) in people(asked) {
        if let Some(name) = names.iter().find(|n| !found.people.contains(*n)) {
            let field = format!("parameters.{role}s");
            let mut error = FieldError::new(&field, "onboarding-person-unknown");
            error.words = error.words.with("name", name);
            errors.push(error);
        }
    }
    match (errors.is_empty(), found.gitlab, found.registry) {
        (true, Some(gitlab), Some(registry)) => {
            Ok(json!({ "gitlab": gitlab, "registry": registry }))
        }
        _ => Err(AppError::Invalid(errors)),
    }
}

/// What is wrong without looking anything up.
fn wrong_fields(asked: &Asked) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut check = |fits: bool, field: &str, code: &str| {
        if !fits {
            errors.push(FieldError::new(&format!("parameters.{field}"), code));
        }
    };
    check(
        ProjectKey::parse(&asked.key).is_some(),
        "key",
        "project-key-grammar",
    );
    check(
        asked.description.chars().count() <= 200,
        "description",
        "field-too-long",
    );
    check(
        is_repository(&asked.repository),
        "repository",
        "onboarding-repository-grammar",
    );
    let paths = [
        ("deploy_path", &asked.deploy_path),
        ("log_path", &asked.log_path),
        ("health_path", &asked.health_path),
    ];
    for (field, path) in paths {
        check(is_path(path), field, "onboarding-path-grammar");
    }
    let lines = [
        ("start_command", &asked.start_command, 1),
        ("stop_command", &asked.stop_command, 1),
        ("callbacks.before", &asked.callbacks.before, 0),
        ("callbacks.after", &asked.callbacks.after, 0),
    ];
    for (field, line, least) in lines {
        check(is_line(line, least), field, "onboarding-line-grammar");
    }
    check(asked.port > 0, "port", "field-port");
    check(
        !asked.owners.is_empty(),
        "owners",
        "onboarding-owner-needed",
    );
    for (role, names) in people(asked) {
        check(
            names.len() <= MAX_PEOPLE,
            &format!("{role}s"),
            "onboarding-too-many-people",
        );
    }
    errors
}

/// Groups and a name, as GitLab writes them.
#[must_use]
pub fn is_repository(text: &str) -> bool {
    let part = |p: &str| {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        !p.is_empty() && !p.starts_with(['-', '.']) && !p.ends_with('.') && p.chars().all(good)
    };
    text.len() <= 255 && text.contains('/') && text.split('/').all(part) && !text.contains("..")
}

fn is_path(text: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/');
    text.starts_with('/') && text.len() <= 200 && text.chars().all(good) && !text.contains("..")
}

/// One line of printable text; it is shown and kept, never run by the portal.
fn is_line(text: &str, least: usize) -> bool {
    let length = text.trim().chars().count();
    (least..=200).contains(&length)
        && !text
            .chars()
            .any(|c| c.is_control() || matches!(c, '`' | '$'))
}
