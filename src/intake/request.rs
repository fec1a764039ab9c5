//! The kind `intake`: Deployments of one cluster that are to become workloads.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::store::{self, Known};
use super::{Asked, MOST_ROWS, Row, TOPIC, cell, id_of};
use crate::app::App;
use crate::clusters::{self, ClusterId};
use crate::connections::ConnectionId;
use crate::db::Tx;
use crate::error::{AppError, FieldError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::jobs::{self, NewRun, NewStep};
use crate::requests::{Approved, Computed, Fact, Filing, Request, RequestKind, schema_of};

/// Longest list of new projects on the request's page.
const MOST_FACTS: usize = 30;

pub struct Intake;

#[async_trait]
impl RequestKind for Intake {
    fn name(&self) -> &'static str {
        "intake"
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
        actor.must(Permission::HandleRequests, Scope::Platform)?;
        let mut asked: Asked = crate::parse::value(&filing.parameters, "parameters")?;
        agree(&mut asked.rows);
        if filing.note.trim().is_empty() {
            return Err(AppError::field("note", "intake-says-why"));
        }
        let computed = outlook(app, tx, &asked).await?;
        let payload = serde_json::to_value(&asked)
            .map_err(|e| AppError::Internal(format!("intake payload: {e}")))?;
        Ok(Computed {
            subject: asked.cluster,
            project: None,
            environment: None,
            release: None,
            payload,
            computed,
        })
    }

    async fn recompute(
        &self,
        app: &App,
        tx: &mut Tx,
        request: &Request,
    ) -> Result<Value, AppError> {
        let asked: Asked = crate::parse::value(&request.parameters, "parameters")?;
        outlook(app, tx, &asked).await
    }

    async fn approved(&self, app: &App, tx: &mut Tx, approved: &Approved) -> Result<(), AppError> {
        let request = &approved.request;
        let asked: Asked = crate::parse::value(&request.parameters, "parameters")?;
        let cluster = cluster(app, &asked.cluster).await?;
        store::insert(tx.connection(), request.id, cluster, &asked.rows).await?;
        let run = NewRun {
            kind: "intake",
            subject: request.id.0,
            project: None,
            parent: None,
        };
        let input = json!({ "cluster": asked.cluster, "cluster_id": cluster });
        let lane = format!("cluster:{cluster}");
        jobs::start_run(tx, &run, &NewStep::new("intake.adopt", lane, input)).await?;
        Ok(tx.event(TOPIC, None).await?)
    }

    async fn rejected(&self, _: &App, _: &mut Tx, _: &Request) -> Result<(), AppError> {
        Ok(())
    }

    fn right(&self) -> Permission {
        Permission::HandleRequests
    }

    /// Its page leads to each workload, where that is taken away again by itself.
    async fn undo(
        &self,
        _: &App,
        actor: &Actor,
        request: &Request,
    ) -> Result<Option<String>, AppError> {
        let may = actor.may(self.right(), Scope::Platform);
        Ok(may.then(|| format!("/intakes/{}", request.number)))
    }

    fn page(&self, request: &Request) -> Option<String> {
        Some(format!("/intakes/{}", request.number))
    }

    fn facts(&self, request: &Request) -> Vec<Fact> {
        let rows = request.parameters["rows"].as_array();
        let made = request.computed["projects"].as_array();
        let count = |list: Option<&Vec<Value>>| list.map_or(0, Vec::len).to_string();
        let mut facts = vec![
            Fact::text("intake-cluster", &request.subject),
            Fact::text("intake-deployments", count(rows)),
            Fact::text("intake-new-projects", count(made)),
        ];
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let line = |row: &Value| {
            let from = format!("{}/{}", text(row, "namespace"), text(row, "deployment"));
            let to = ["project", "component", "environment"].map(|name| text(row, name));
            Fact::text("intake-becomes", format!("{from} → {}", to.join(" · ")))
        };
        facts.extend(rows.into_iter().flatten().take(MOST_FACTS).map(line));
        let keys = made.into_iter().flatten().filter_map(Value::as_str);
        for key in keys.take(MOST_FACTS) {
            let mut rows = rows.into_iter().flatten();
            if let Some(row) = rows.find(|row| row["project"] == key) {
                facts.extend(of_new(row));
            }
        }
        facts
    }
}

/// Where a new project's source is, and the job that is there for it already.
fn of_new(row: &Value) -> Vec<Fact> {
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    let source = format!("{} ← {}", text("project"), text("repository"));
    let mut facts = vec![Fact::text("intake-built-from", source)];
    if !text("job").is_empty() {
        let words = Words::new("intake-asks-about-job");
        let words = words.with("project", text("project"));
        facts.push(Fact::words(
            "intake-built-by",
            words.with("job", text("job")),
        ));
    }
    facts
}

/// What one row says of a new project its other rows say too, so that each of them can make it.
fn agree(rows: &mut [Row]) {
    let mut said: BTreeMap<String, [String; 4]> = BTreeMap::new();
    for row in rows.iter() {
        let mine = [&row.language, &row.repository, &row.job, &row.owner];
        let known = said.entry(row.project.clone()).or_default();
        for (known, mine) in known.iter_mut().zip(mine) {
            if known.is_empty() {
                known.clone_from(mine);
            }
        }
    }
    for row in rows {
        let known = said.get(&row.project).into_iter().flatten();
        let mine = [
            &mut row.language,
            &mut row.repository,
            &mut row.job,
            &mut row.owner,
        ];
        for (mine, known) in mine.into_iter().zip(known) {
            if mine.is_empty() {
                mine.clone_from(known);
            }
        }
    }
}

async fn cluster(app: &App, key: &str) -> Result<ClusterId, AppError> {
    let found = clusters::find_by_key(app, key).await?;
    id_of(found.map(|c| c.id))
}

/// What a decider's yes is on: which projects would be made, and by which connections.
async fn outlook(app: &App, tx: &mut Tx, asked: &Asked) -> Result<Value, AppError> {
    let cluster = cluster(app, &asked.cluster).await?;
    if asked.rows.is_empty() {
        return Err(AppError::field("parameters.rows", "intake-nothing"));
    }
    if asked.rows.len() > MOST_ROWS {
        return Err(AppError::field("parameters.rows", "intake-too-many"));
    }
    let named = (asked.gitlab.as_deref(), asked.registry.as_deref());
    let known = store::known(tx.connection(), cluster, named).await?;
    let errors = wrong(asked, &known);
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors));
    }
    let made: BTreeSet<&str> = asked.rows.iter().map(|r| r.project.as_str()).collect();
    let made: Vec<&str> = made
        .into_iter()
        .filter(|key| !known.projects.contains_key(*key))
        .collect();
    Ok(json!({
        "cluster": cluster, "rows": asked.rows.len(), "projects": made,
        "gitlab": known.gitlab, "registry": known.registry,
    }))
}

/// Every cell that is wrong, by row and column.
fn wrong(asked: &Asked, known: &Known) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut objects = BTreeSet::new();
    let mut places = BTreeSet::new();
    let mut new = New::default();
    for (n, row) in asked.rows.iter().enumerate() {
        let mut found = row.wrong();
        let object = (row.namespace.clone(), row.deployment.clone());
        if known.objects.contains(&object) || !objects.insert(object) {
            found.push(("deployment", "intake-taken"));
        }
        let place = [&row.project, &row.environment, &row.component].map(Clone::clone);
        let place = place.into();
        if known.places.contains(&place) || !places.insert(place) {
            found.push(("component", "intake-place-taken"));
        }
        if !known.environments.contains(&row.environment) {
            found.push(("environment", "intake-environment-unknown"));
        }
        match known.projects.get(&row.project) {
            Some((_, true)) => found.push(("project", "project-leaving")),
            Some((_, false)) => {}
            None => found.extend(wrong_of_new(row, known, &mut new)),
        }
        errors.extend(
            found
                .into_iter()
                .map(|(column, code)| cell(n, column, code)),
        );
    }
    if !new.first.is_empty() {
        let lacks = [("gitlab", known.gitlab), ("registry", known.registry)];
        let lacks = lacks.into_iter().filter(|(_, id)| id.is_none());
        let error = |(name, _): (&str, _)| {
            FieldError::new(
                &format!("parameters.{name}"),
                "onboarding-connection-unknown",
            )
        };
        errors.extend(lacks.map(error));
    }
    errors
}

/// The new projects of a table, as its rows come.
#[derive(Default)]
struct New<'a> {
    /// The first row of each.
    first: BTreeMap<&'a str, &'a Row>,
    jobs: BTreeSet<(ConnectionId, String)>,
}

/// What a new project lacks; its rows say the same of it, or nothing.
fn wrong_of_new<'a>(
    row: &'a Row,
    known: &Known,
    new: &mut New<'a>,
) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    let first = *new.first.entry(&row.project).or_insert(row);
    if std::ptr::eq(first, row) {
        if !known.languages.contains(&row.language) {
            found.push(("language", "onboarding-language-unknown"));
        }
        if row.repository.is_empty() {
            found.push(("repository", "intake-repository-needed"));
        }
        found.extend(wrong_job(row, known, &mut new.jobs).map(|code| ("job", code)));
    } else {
        let same = [
            ("language", row.language == first.language),
            ("repository", row.repository == first.repository),
            ("job", row.job == first.job),
        ];
        let other = same.into_iter().filter(|(_, is_same)| !is_same);
        found.extend(other.map(|(column, _)| (column, "intake-says-otherwise")));
    }
    if !row.owner.is_empty() && !known.people.contains(&row.owner) {
        found.push(("owner", "intake-person-unknown"));
    }
    found
}

/// One job builds one project. A job that nobody named is asked about when it is needed.
fn wrong_job(
    row: &Row,
    known: &Known,
    jobs: &mut BTreeSet<(ConnectionId, String)>,
) -> Option<&'static str> {
    let jenkins = known.builders.get(&row.language)?;
    let job = (*jenkins, row.job_name().to_lowercase());
    let is_taken = known.jobs.contains(&job) || !jobs.insert(job);
    (is_taken && !row.job.is_empty()).then_some("intake-job-taken")
}
