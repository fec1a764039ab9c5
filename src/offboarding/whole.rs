//! The kind `offboarding`: a project goes, with everything that the portal made for it. Its
//! history, its recordings and its images in the registry stay.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{begin, mark, must_rest, shown, store};
use crate::app::App;
use crate::audit::{self, Entry};
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, ProjectId, ProjectRole, Scope};
use crate::jobs::{self, Claim, NewRun, NewStep, Step, StepResult};
use crate::onboarding;
use crate::projects;
use crate::requests::{
    self, Approved, Asking, Computed, Fact, Filing, Made, Request, RequestId, RequestKind, Typing,
    Work, schema_of,
};
use crate::workloads::{self, StepError, settle};

/// Each removal that ends wakes the project's; this is for the case that a wake-up was lost.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// `parameters` of a request of kind `offboarding`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Going {
    /// The project's key once more, so that nobody means another one.
    pub key: String,
}

pub struct Offboarding;

#[async_trait]
impl RequestKind for Offboarding {
    fn name(&self) -> &'static str {
        "offboarding"
    }

    fn schema(&self) -> Value {
        schema_of::<Going>()
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
        let project = projects::get(app, actor, key).await?;
        actor.must(Permission::EditProject, Scope::Project(project.id))?;
        let going: Going = crate::parse::value(&filing.parameters, "parameters")?;
        if going.key.trim() != project.key {
            return Err(AppError::field("parameters.key", "offboarding-key-differs"));
        }
        if filing.note.trim().is_empty() {
            return Err(AppError::field("note", "removal-says-why"));
        }
        must_be_free(tx, project.id).await?;
        Ok(Computed {
            subject: project.key.clone(),
            project: Some(project.id),
            environment: None,
            release: None,
            payload: json!({ "key": project.key }),
            computed: computed(tx, project.id).await?,
        })
    }

    async fn recompute(&self, _: &App, tx: &mut Tx, request: &Request) -> Result<Value, AppError> {
        computed(tx, request.project_id.ok_or(AppError::NotFound)?).await
    }

    async fn approved(&self, _: &App, tx: &mut Tx, approved: &Approved) -> Result<(), AppError> {
        let request = &approved.request;
        let project = request.project_id.ok_or(AppError::NotFound)?;
        // From here on PostgreSQL lets nothing new begin in it.
        if !projects::leave(tx, project).await? {
            return Err(AppError::conflict("project-leaving"));
        }
        must_be_free(tx, project).await?;
        let all = workloads::list(tx.connection(), project, None, None).await?;
        for workload in &all {
            mark(tx, workload, &approved.origin).await?;
            begin(tx, workload, request.id, true).await?;
        }
        // Namespaces whose workloads went before are empty, and go as well.
        for id in store::emptied_places(tx.connection(), project).await? {
            if let Some(workload) = workloads::find(tx.connection(), id).await? {
                begin(tx, &workload, request.id, true).await?;
            }
        }
        must_rest(tx, project.0, &all).await?;
        stop_making(tx, project).await?;
        let run = NewRun {
            kind: "offboarding",
            subject: request.id.0,
            project: Some(project.0),
            parent: None,
        };
        let input = json!({ "project": project, "request": request.id });
        let step = NewStep::new("offboarding.workloads", "portal", input);
        jobs::start_run(tx, &run, &step).await?;
        let entry = Entry::done("project.offboard", "project", &request.subject);
        audit::record(tx, &entry.in_project(project), &approved.origin).await?;
        Ok(())
    }

    async fn rejected(&self, _: &App, _: &mut Tx, _: &Request) -> Result<(), AppError> {
        Ok(())
    }

    async fn works(&self, app: &App, request: &Request) -> Result<Vec<Work>, AppError> {
        let mut works = store::works(app.db.pool(), request.id).await?;
        works.push(Work {
            subject: request.id.0,
            place: String::new(),
        });
        Ok(works)
    }

    fn right(&self) -> Permission {
        Permission::EditProject
    }

    fn asks(&self) -> Vec<Asking> {
        vec![Asking::new("key", "offboarding-key", Typing::Anew)]
    }

    /// The form of a new project, with what was asked for when this one began.
    async fn undo(
        &self,
        app: &App,
        actor: &Actor,
        request: &Request,
    ) -> Result<Option<String>, AppError> {
        if projects::must_ask(actor).is_err() {
            return Ok(None);
        }
        let made = Made {
            kind: "onboarding",
            project: &request.subject,
            environment: None,
            component: None,
        };
        Ok(Some(match requests::that_made(app, actor, &made).await? {
            Some(number) => format!("/projects/new?copy={number}"),
            None => "/projects/new".to_owned(),
        }))
    }

    fn facts(&self, request: &Request) -> Vec<Fact> {
        facts(&request.computed)
    }
}

fn facts(computed: &Value) -> Vec<Fact> {
    let list = |name: &str| computed[name].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut facts: Vec<_> = list("workloads")
        .map(|w| Fact::text("removal-goes", shown::line(w)))
        .collect();
    facts.extend(list("namespaces").map(|n| Fact::text("offboarding-namespace", text(n))));
    let job = |job: &Value| {
        let code = match job["adopted"] == true {
            true => "offboarding-job-stays",
            false => "offboarding-job",
        };
        let name = format!("{} · {}", text(&job["connection"]), text(&job["job"]));
        Fact::text(code, name)
    };
    facts.extend(list("jobs").map(job));
    if let Some(number) = computed["webhook"].as_i64() {
        let what = format!("GitLab · {number}");
        facts.push(Fact::text("offboarding-webhook", what));
    }
    for role in ProjectRole::ALL {
        let mine = list("members").filter(|m| m["role"] == role.as_str());
        let names: Vec<_> = mine.map(|m| text(&m["name"])).collect();
        if !names.is_empty() {
            let words = Words::new(&format!("offboarding-members-{}", role.as_str()));
            facts.push(Fact::words(
                "offboarding-members",
                words.with("names", names.join(", ")),
            ));
        }
    }
    let stays = Words::new("offboarding-stays-what");
    facts.push(Fact::words("offboarding-stays", stays));
    facts
}

/// What was begun for the project outside and waits for something is given up. What somebody is
/// at right now would come back after it was taken away.
async fn stop_making(tx: &mut Tx, project: ProjectId) -> Result<(), AppError> {
    let making = store::making(tx.connection(), project).await?;
    if making.iter().any(|m| m.in_hand) {
        return Err(AppError::conflict("setup-under-way"));
    }
    let subjects: Vec<_> = making.iter().map(|m| m.subject).collect();
    jobs::abandon_all(tx, &subjects, &Words::new("project-leaving")).await?;
    for onboarding in making.iter().filter(|m| m.is_onboarding) {
        requests::finish(tx, RequestId(onboarding.subject), false).await?;
    }
    Ok(())
}

/// What would go, for the form that asks for it, and what stands in the way of it.
pub async fn outlook(
    app: &App,
    project: ProjectId,
) -> Result<(Vec<Fact>, Option<AppError>), AppError> {
    let mut tx = app.db.begin().await?;
    let in_the_way = must_be_free(&mut tx, project).await.err();
    Ok((facts(&computed(&mut tx, project).await?), in_the_way))
}

/// What has to be settled by people before a project can go.
async fn must_be_free(tx: &mut Tx, project: ProjectId) -> Result<(), AppError> {
    let found = store::in_the_way(tx.connection(), project).await?;
    if let Some(number) = found.release {
        let words = Words::new("offboarding-release-under-way").with("n", number);
        return Err(AppError::Conflict(words));
    }
    if found.resources > 0 {
        let words = Words::new("offboarding-resources").with("n", found.resources);
        return Err(AppError::Conflict(words));
    }
    Ok(())
}

async fn computed(tx: &mut Tx, project: ProjectId) -> Result<Value, AppError> {
    let all = workloads::list(tx.connection(), project, None, None).await?;
    let current = workloads::current(tx.connection(), project).await?;
    let mut former = Vec::new();
    for id in store::emptied_places(tx.connection(), project).await? {
        former.extend(workloads::find(tx.connection(), id).await?);
    }
    let made = all.iter().chain(&former);
    let made = made.filter(|w| w.makes_namespaces && w.found.is_none());
    let mut namespaces: Vec<_> = made
        .map(|w| format!("{} · {}", w.cluster, w.namespace))
        .collect();
    namespaces.sort();
    namespaces.dedup();
    let jobs = store::jobs(tx.connection(), project).await?;
    let place = onboarding::place_in(tx, project).await?;
    let jobs = jobs
        .iter()
        .map(|j| json!({ "connection": j.connection, "job": j.job, "adopted": j.adopted }));
    let members = projects::members_in(tx, project).await?;
    let members = members
        .iter()
        .map(|m| json!({ "name": m.display_name, "role": m.role }));
    Ok(json!({
        "workloads": shown::workloads(&all, &current, true), "namespaces": namespaces,
        "jobs": jobs.collect::<Vec<_>>(), "members": members.collect::<Vec<_>>(),
        "webhook": place.and_then(|p| p.hook),
    }))
}

/// `offboarding.workloads`: waits until every workload is away.
pub struct Workloads(pub App);

#[async_trait]
impl Step for Workloads {
    fn name(&self) -> &'static str {
        "offboarding.workloads"
    }

    async fn perform(&self, claim: &Claim) -> StepResult {
        settle(claim, "Slipway", self.look(claim).await)
    }

    async fn record(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        result: &StepResult,
    ) -> Result<Option<NewStep>, DbError> {
        let Some(project) = claim.project else {
            return Ok(None);
        };
        match result {
            StepResult::Done(_) => {}
            StepResult::Fail(_) => {
                give_up(tx, ProjectId(project), RequestId(claim.subject)).await?;
                return Ok(None);
            }
            StepResult::Wait { .. } | StepResult::Retry { .. } => return Ok(None),
        }
        let jobs = store::jobs(tx.connection(), ProjectId(project)).await?;
        let lane = jobs
            .first()
            .map_or_else(|| "portal".to_owned(), |j| format!("jenkins:{}", j.jenkins));
        let step = NewStep::new("offboarding.jobs", lane, claim.input.clone());
        Ok(Some(step))
    }
}

/// Somebody decided otherwise: what is still there stays, and the project with it.
pub async fn give_up(tx: &mut Tx, project: ProjectId, request: RequestId) -> Result<(), DbError> {
    let over = store::give_back(tx.connection(), request, None).await?;
    jobs::abandon_all(tx, &over, &Words::new("offboarding-given-up")).await?;
    projects::stay(tx, project).await?;
    requests::finish(tx, request, false).await?;
    tx.event(&projects::topic(project), Some(project.0)).await
}

impl Workloads {
    async fn look(&self, claim: &Claim) -> Result<StepResult, StepError> {
        let left = store::left(self.0.db.pool(), RequestId(claim.subject)).await?;
        if left == 0 {
            return Ok(StepResult::Done(Value::Null));
        }
        Ok(StepResult::Wait {
            after: LOOK_AGAIN,
            for_what: Words::new("waits-for-removals").with("n", left),
            seen: Value::Null,
        })
    }
}
