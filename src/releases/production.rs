//! Releasing to production: at once, or after the approvals that the environment asks for.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rollout::{self, NewRollout};
use super::setbacks::{Retesting, retest};
use super::{ConfirmationKind, Event, Kind, Release, ReleaseId, State, store};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::clusters::{EnvironmentId, Tier};
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::halt::{self, Motion};
use crate::identity::{AccountId, Actor, Permission, Scope};
use crate::projects;
use crate::requests::{
    self, Approved, Computed, Fact, Filing, Involved, Quorum, Request, RequestKind, policy,
    schema_of,
};
use crate::standards::SCHEMA_VERSION;
use crate::standards::images::Remark;
use crate::workloads::{self, Workload};

/// The kind's name.
const KIND: &str = "production";

/// What pressing the button came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// On its way, as the release's deployments show.
    Rollout,
    /// Others are asked first.
    Request(i64),
}

/// Puts a release's artifact into an environment.
///
/// # Errors
/// 403 without the right, 404 for an environment without containers of the project, 409 without
/// a live confirmation or while something else is on its way there.
pub async fn deploy(
    app: &App,
    actor: &Actor,
    id: ReleaseId,
    environment: &str,
) -> Result<Started, AppError> {
    let release = super::get(app, actor, id).await?;
    let scope = Scope::Project(release.project_id);
    let found = projects::environment_by_key(app.db.pool(), environment).await?;
    let (environment_id, tier, approvals) =
        found.ok_or_else(|| AppError::field("environment", "environment-unknown"))?;
    if tier == Tier::Test {
        let to = Retesting {
            environment: environment_id,
            key: environment,
        };
        retest(app, actor, id, to).await?;
        return Ok(Started::Rollout);
    }
    actor.must(Permission::ReleaseToProduction, scope)?;
    halt::must_move(app, Motion::Forward).await?;
    check(&release)?;
    let mut tx = app.db.begin().await?;
    let is_asked = asks(&mut tx, &release, environment_id, approvals).await?;
    let started = if is_asked {
        Started::Request(ask(app, &mut tx, actor, &release, environment).await?)
    } else {
        let by = By {
            author: actor.id.0,
            request: None,
        };
        start(app, &mut tx, &release, environment_id, environment, &by).await?;
        Started::Rollout
    };
    let entry = Entry::done("release.deploy", "release", id)
        .in_project(release.project_id)
        .after(json!({ "environment": environment, "asked": is_asked }));
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(started)
}

/// Whether others are asked first: by a policy, or by the environment's own number.
async fn asks(
    tx: &mut Tx,
    release: &Release,
    environment: EnvironmentId,
    approvals: i32,
) -> Result<bool, AppError> {
    let project = Some(release.project_id);
    let policy = policy::terms(tx, KIND, Some(environment.0), project).await?;
    Ok(approvals > 0 || policy.is_some())
}

/// In words what PostgreSQL would refuse by constraint.
fn check(release: &Release) -> Result<(), AppError> {
    if release.artifact.is_none() || release.confirmation.is_none() {
        return Err(AppError::conflict("production-not-confirmed"));
    }
    match release.state {
        State::Confirmed | State::Released | State::Failed => Ok(()),
        State::AwaitingApproval => Err(AppError::conflict("request-release-twice")),
        State::DeployingProduction => Err(AppError::conflict("production-under-way")),
        State::Requested
        | State::Tagging
        | State::Building
        | State::DeployingTest
        | State::AwaitingConfirmation
        | State::Rejected
        | State::Cancelled => Err(AppError::conflict("production-not-confirmed")),
    }
}

async fn ask(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    release: &Release,
    environment: &str,
) -> Result<i64, AppError> {
    let filed = filed(app, tx, release, environment).await?;
    requests::insert(app, tx, actor, KIND, &filed, &release.note).await
}

/// What is filed: the release, and what a decider is shown of it.
async fn filed(
    app: &App,
    tx: &mut Tx,
    release: &Release,
    environment: &str,
) -> Result<Computed, AppError> {
    let (computed, environment_id) = compute(app, tx, release, environment).await?;
    Ok(Computed {
        subject: release.tag.clone(),
        project: Some(release.project_id),
        environment: Some(environment_id.0),
        release: Some(release.id.0),
        payload: json!({ "release": release.number, "tag": release.tag }),
        computed,
    })
}

/// What a decider is shown: the digest, and each workload's desired revision now.
async fn compute(
    app: &App,
    tx: &mut Tx,
    release: &Release,
    environment: &str,
) -> Result<(Value, EnvironmentId), AppError> {
    let _ = app;
    let workloads = targets(tx, release, environment).await?;
    let artifact = release.artifact.as_ref();
    let artifact = artifact.ok_or_else(|| AppError::conflict("production-not-confirmed"))?;
    let current = workloads::current(tx.connection(), release.project_id).await?;
    let shown = |w: &Workload| {
        let now = current.iter().find(|c| c.workload == w.id);
        Ok(json!({
            "cluster": w.cluster, "site": w.site, "component": w.component,
            "parameters_revision": w.parameters_revision, "schema_version": SCHEMA_VERSION,
            "layer_versions": w.layer_versions, "objects": workloads::objects::sum(w)?,
            "runs": now.map(|c| &c.digest), "runs_tag": now.map(|c| &c.tag),
        }))
    };
    let list = workloads.iter().map(shown);
    let list = list.collect::<Result<Vec<Value>, AppError>>()?;
    let id = workloads
        .first()
        .map(|w| w.environment_id)
        .ok_or_else(nowhere)?;
    let mut computed = json!({
        "digest": artifact.digest, "tag": artifact.tag, "commit": release.commit,
        "confirmation": release.confirmation.as_ref().map(|c| c.id), "workloads": list,
    });
    if !release.remarks.is_empty() {
        computed["remarks"] = json!(release.remarks);
    }
    // What no test ran is decided on with open eyes.
    if let Some(word) = &release.confirmation
        && word.kind != ConfirmationKind::Tested
    {
        computed[word.kind.as_str()] = json!(format!("{}: {}", word.display_name, word.note));
    }
    Ok((computed, id))
}

fn nowhere() -> AppError {
    AppError::conflict("production-no-place")
}

/// The environment's prepared workloads, in the order of its clusters.
async fn targets(
    tx: &mut Tx,
    release: &Release,
    environment: &str,
) -> Result<Vec<Workload>, AppError> {
    // Nobody gives them other parameters between what was shown and the rollout.
    workloads::hold(tx.connection(), release.project_id, environment).await?;
    let all = workloads::list(tx.connection(), release.project_id, Some(environment), None).await?;
    let ready: Vec<Workload> = all
        .into_iter()
        .filter(|w| w.prepared_at.is_some())
        .collect();
    if ready.is_empty() {
        Err(nowhere())
    } else {
        Ok(ready)
    }
}

/// Whose rollout it is.
struct By {
    author: uuid::Uuid,
    request: Option<requests::RequestId>,
}

async fn start(
    app: &App,
    tx: &mut Tx,
    release: &Release,
    environment_id: EnvironmentId,
    environment: &str,
    by: &By,
) -> Result<(), AppError> {
    let _ = app;
    let workloads = targets(tx, release, environment).await?;
    let busy = rollout::unfinished_in(tx.connection(), release.project_id, environment_id).await?;
    if let Some(who) = busy {
        return Err(AppError::Conflict(
            Words::new("production-busy").with("who", who),
        ));
    }
    let (Some(artifact), Some(confirmation)) = (&release.artifact, &release.confirmation) else {
        return Err(AppError::conflict("production-not-confirmed"));
    };
    if !super::advance(tx, release.id, Event::ProductionStarted, None).await? {
        return Err(AppError::conflict("production-not-confirmed"));
    }
    let new = NewRollout {
        project: release.project_id,
        environment: environment_id,
        tier: Tier::Production,
        kind: Kind::Deploy,
        artifact: artifact.id,
        release: Some(release.id),
        confirmation: Some(confirmation.id),
        request: by.request,
        author: by.author,
        reason: "",
        workloads: &workloads,
        takes_away: &[],
    };
    rollout::start(tx, &new).await?;
    Ok(())
}

/// `parameters` of a request of kind `production`.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The release's number in its project.
    release: i32,
    /// Said with it, never asked for: a release has one.
    #[serde(default)]
    tag: String,
}

/// Who made and who tested a release.
pub(super) async fn involved(
    tx: &mut Tx,
    release: ReleaseId,
) -> Result<Vec<(Involved, AccountId)>, DbError> {
    let (builder, confirmer) = store::involved(tx.connection(), release).await?;
    let builder = builder.map(|id| (Involved::Builder, id));
    let confirmer = confirmer.map(|id| (Involved::Confirmer, id));
    Ok(builder.into_iter().chain(confirmer).collect())
}

/// The kind `production`: filed by the release's button, changed and asked again like any other.
pub struct Production;

#[async_trait]
impl RequestKind for Production {
    fn name(&self) -> &'static str {
        KIND
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
        actor.must(Permission::ReleaseToProduction, Scope::Project(project.id))?;
        let environment = filing.environment.as_deref().filter(|e| !e.is_empty());
        let environment = environment.ok_or_else(|| needed("environment"))?;
        let asked: Asked = crate::parse::value(&filing.parameters, "parameters")?;
        let found = projects::environment_by_key(tx.connection(), environment).await?;
        let (id, tier, approvals) =
            found.ok_or_else(|| AppError::field("environment", "environment-unknown"))?;
        let found = store::find_by_number(tx.connection(), project.id, asked.release).await?;
        let release = found.filter(|r| asked.tag.is_empty() || r.tag == asked.tag);
        let unknown = || AppError::field("parameters.release", "production-no-release");
        let release = release.ok_or_else(unknown)?;
        halt::must_move(app, Motion::Forward).await?;
        match &filing.former {
            // The release waits for this very request.
            Some(former) if former["release"] == asked.release => {}
            Some(_) => return Err(AppError::field("parameters.release", "production-another")),
            None => check(&release)?,
        }
        if tier == Tier::Test || !asks(tx, &release, id, approvals).await? {
            return Err(AppError::conflict("production-by-button"));
        }
        filed(app, tx, &release, environment).await
    }

    async fn filed(&self, tx: &mut Tx, computed: &Computed) -> Result<(), AppError> {
        let id = computed.release.map(ReleaseId).ok_or(AppError::NotFound)?;
        match super::advance(tx, id, Event::ApprovalAsked, None).await? {
            true => Ok(()),
            false => Err(AppError::conflict("production-not-confirmed")),
        }
    }

    fn right(&self) -> Permission {
        Permission::ReleaseToProduction
    }

    /// The page on which this environment goes back to what ran before.
    async fn undo(
        &self,
        _: &App,
        actor: &Actor,
        request: &Request,
    ) -> Result<Option<String>, AppError> {
        let may = actor.may(Permission::RollBack, request.scope());
        let (Some(page), Some(key), true) = (self.page(request), &request.environment, may) else {
            return Ok(None);
        };
        Ok(Some(format!("{page}#back-{key}")))
    }

    async fn recompute(
        &self,
        app: &App,
        tx: &mut Tx,
        request: &Request,
    ) -> Result<Value, AppError> {
        let release = of(tx, request).await?;
        let environment = request.environment.as_deref().ok_or(AppError::NotFound)?;
        Ok(compute(app, tx, &release, environment).await?.0)
    }

    /// As many as the environment says, of operations or owners.
    async fn usual_quorum(
        &self,
        tx: &mut Tx,
        environment: Option<uuid::Uuid>,
    ) -> Result<Vec<Quorum>, DbError> {
        let approvals = store::approvals(tx.connection(), environment).await?;
        let quorum = Quorum::of(Permission::ApproveProduction, approvals.max(1));
        Ok(vec![quorum])
    }

    fn involves(&self) -> &'static [Involved] {
        Involved::ALL
    }

    async fn involved(
        &self,
        tx: &mut Tx,
        about: &Computed,
    ) -> Result<Vec<(Involved, AccountId)>, DbError> {
        match about.release {
            Some(id) => involved(tx, ReleaseId(id)).await,
            None => Ok(Vec::new()),
        }
    }

    fn page(&self, request: &Request) -> Option<String> {
        let project = request.project.as_ref()?;
        let number = request.parameters["release"].as_i64()?;
        Some(format!("/projects/{project}/releases/{number}"))
    }

    async fn beside(&self, app: &App, request: &Request) -> Result<Vec<Words>, AppError> {
        let (Some(project), Some(release)) = (request.project_id, request.release_id) else {
            return Ok(Vec::new());
        };
        // A busy service is not starved: what is newer is told of, and changes nothing.
        let newer = store::newer_confirmed(app.db.pool(), ReleaseId(release)).await?;
        let newer = newer.map(|(number, tag)| {
            let words = Words::new("production-newer").with("n", number);
            words.with("tag", tag)
        });
        let environment = request.environment.as_deref().unwrap_or_default();
        let now = workloads::now(app, project, environment, |_| None).await?;
        Ok(newer.into_iter().chain(now).collect())
    }

    async fn approved(&self, app: &App, tx: &mut Tx, approved: &Approved) -> Result<(), AppError> {
        let request = &approved.request;
        let release = of(tx, request).await?;
        let environment = request.environment.as_deref().ok_or(AppError::NotFound)?;
        let id = request
            .environment_id
            .map(EnvironmentId)
            .ok_or(AppError::NotFound)?;
        let by = By {
            author: request.author_id,
            request: Some(request.id),
        };
        start(app, tx, &release, id, environment, &by).await
    }

    async fn rejected(&self, _: &App, tx: &mut Tx, request: &Request) -> Result<(), AppError> {
        if let Some(id) = request.release_id {
            super::advance(tx, ReleaseId(id), Event::ApprovalRefused, None).await?;
        }
        Ok(())
    }

    fn facts(&self, request: &Request) -> Vec<Fact> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let fact = |code: &str, value: String| Fact::text(code, value);
        let exact = |code: &str, value: String| Fact::exact(code, value);
        let mut facts = vec![
            exact("production-tag", text(&request.computed["tag"])),
            exact("production-digest", text(&request.computed["digest"])),
            exact("production-commit", text(&request.computed["commit"])),
            fact("production-waiver", text(&request.computed["waiver"])),
            fact("production-baseline", text(&request.computed["baseline"])),
        ];
        let remarks = request.computed["remarks"].clone();
        for remark in serde_json::from_value::<Vec<Remark>>(remarks).unwrap_or_default() {
            facts.push(Fact::words(format!("rail-{}", remark.rail), remark.words()));
            if let Some(by) = remark.overruled {
                facts.push(fact(
                    "production-overruled",
                    format!("{}: {}", by.by, by.reason),
                ));
            }
        }
        let workloads = request.computed["workloads"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        for workload in workloads {
            let from = workload["runs_tag"].as_str().unwrap_or("–");
            let value = format!(
                "{}: {from} → {}",
                text(&workload["cluster"]),
                text(&request.computed["tag"])
            );
            facts.push(exact("production-change", value));
            let layers = workload["layer_versions"].as_object().into_iter().flatten();
            let layers: Vec<_> = layers.map(|(layer, n)| format!("{layer} {n}")).collect();
            let words = Words::new("production-parameters-revision")
                .with("cluster", text(&workload["cluster"]))
                .with("n", &workload["parameters_revision"])
                .with("layers", layers.join(", "));
            facts.push(Fact::words("production-parameters", words));
        }
        facts
    }
}

async fn of(tx: &mut Tx, request: &Request) -> Result<Release, AppError> {
    let id = request
        .release_id
        .map(ReleaseId)
        .ok_or(AppError::NotFound)?;
    store::find(tx.connection(), id)
        .await?
        .ok_or(AppError::NotFound)
}
