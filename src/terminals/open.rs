//! Opening a terminal, coming back to one, ending one: who may, and with what reason.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{interval, timeout};

use super::debug::{self, Chosen};
use super::{Ending, TOPIC, Terminal, TerminalId, outside, pass, right, settle, store};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::clusters::{self, Tier};
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::workloads::{self, Workload, WorkloadId};

const SETTLED_WITHIN: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const MAX_REASON: usize = 2000;
const MAX_LABEL: usize = 63;
const MAX_POD: usize = 253;

/// What is asked for. Which shell is the portal's choice, and no command is taken.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTerminal)]
pub struct Opening {
    pub workload: WorkloadId,
    pub pod: String,
    /// The pod's first, where none is named.
    #[serde(default)]
    pub container: Option<String>,
    /// The image of a debug container beside that one, for the shell: one that operations allow.
    #[serde(default)]
    pub debug_image: Option<String>,
    /// A must in production.
    #[serde(default)]
    pub reason: String,
}

/// A way into a terminal.
#[derive(Debug)]
pub struct Way {
    pub terminal: Terminal,
    pub pass: SecretString,
}

/// Opens one; its shell starts when somebody comes with the pass.
///
/// # Errors
/// 404 for what may not be seen or is not the project's, 403 without the right, 400 for names
/// that are none and for a missing reason, 409 at a limit, 503 when the cluster does not answer.
pub async fn open(app: &App, actor: &Actor, asked: &Opening) -> Result<Way, AppError> {
    let workload = workloads::get(app, asked.workload).await?;
    let workload = workload.ok_or(AppError::NotFound)?;
    let scope = Scope::Project(workload.project_id);
    if !actor.may(Permission::ViewProject, scope) {
        return Err(AppError::NotFound);
    }
    must_open(app, actor, &workload).await?;
    check(workload.tier, asked)?;
    debug::check(app, asked.debug_image.as_deref())?;
    let found = outside::container(app, &workload, asked).await?;
    settle::sweep(app).await?;
    let id = TerminalId::new();
    let chosen = Chosen::new(id, found, asked.debug_image.as_deref());
    let pass = insert(app, actor, &workload, (id, asked, &chosen)).await?;
    let terminal = super::seen(app, actor, id).await?;
    Ok(Way { terminal, pass })
}

/// Whether this person may open a shell there, by a role or by what was given for a while.
///
/// # Errors
/// 403 without, no answer from the database.
pub(super) async fn must_open(
    app: &App,
    actor: &Actor,
    workload: &Workload,
) -> Result<(), AppError> {
    let environment = clusters::environment_by_key(app, &workload.environment).await?;
    let environment = environment.ok_or(AppError::NotFound)?;
    let shells = environment.shells_of(workload.project_id);
    actor.must(right(workload.tier), Scope::Shell(shells))
}

async fn insert(
    app: &App,
    actor: &Actor,
    workload: &Workload,
    (id, asked, chosen): (TerminalId, &Opening, &Chosen),
) -> Result<SecretString, AppError> {
    let limits = &app.settings.terminals;
    let new = store::NewTerminal {
        id,
        account: actor.id,
        workload,
        pod: &asked.pod,
        chosen,
        reason: asked.reason.trim(),
        strict: workload.tier == Tier::Production || limits.is_strict_in_test,
        length_seconds: limits.length.as_secs_f64(),
        replica: app.terminals.replica,
    };
    let mut tx = app.db.begin().await?;
    store::lock_opening(tx.connection()).await?;
    let open = store::count_open(&mut *tx.connection(), actor.id).await?;
    check_limits(app, open)?;
    store::insert(tx.connection(), &new).await?;
    let pass = pass::make(&mut tx, id, actor).await?;
    let entry = Entry::done("terminal.open", "terminal", id)
        .in_project(workload.project_id)
        .after(json!({
            "cluster": workload.cluster, "namespace": workload.namespace, "pod": asked.pod,
            "container": chosen.container, "debug": chosen.debug, "reason": new.reason,
            "recorded": true,
        }));
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.event(TOPIC, Some(workload.project_id.0)).await?;
    tx.commit().await?;
    Ok(pass)
}

/// A new pass into one's own terminal, for a page that was lost or reloaded, or into one that one
/// was let into. The right is asked for anew.
///
/// # Errors
/// 404 for what may not be seen, 403 for another's, 409 when it is over.
pub async fn resume(app: &App, actor: &Actor, id: TerminalId) -> Result<Way, AppError> {
    // Whoever has lost a terminal comes here, and is told if its process has died.
    settle::sweep(app).await?;
    let terminal = super::seen(app, actor, id).await?;
    terminal.must_be_in(actor)?;
    if let Some(ending) = terminal.ending {
        return Err(over(ending));
    }
    let mut tx = app.db.begin().await?;
    pass::check_pace(&mut tx, actor).await?;
    let pass = pass::make(&mut tx, id, actor).await?;
    tx.commit().await?;
    Ok(Way { terminal, pass })
}

/// A terminal that is over says how it ended.
pub(super) fn over(ending: Ending) -> AppError {
    AppError::Conflict(Words::new("terminal-over").with("ending", ending))
}

/// Ends one, wherever its shell is held. One that is over stays as it is.
///
/// # Errors
/// 404 for what may not be seen, 403 for another's without the right to both look and open.
pub async fn close(app: &App, actor: &Actor, id: TerminalId) -> Result<(), AppError> {
    let terminal = super::get(app, actor, id).await?;
    if terminal.account_id != actor.id {
        actor.must(terminal.right(), terminal.scope())?;
    }
    if terminal.ended_at.is_some() {
        return Ok(());
    }
    let mut tx = app.db.begin().await?;
    let entry = Entry::done("terminal.close", "terminal", id).in_project(terminal.project_id);
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    let held = app.terminals.find(id);
    match &held {
        Some(session) => session.end(Ending::Closed),
        // Nobody came yet, or another process holds it and sees that its row is over.
        None => {
            store::end(
                tx.connection(),
                id,
                Ending::Closed.into(),
                &store::Output::default(),
            )
            .await?;
            tx.event(TOPIC, Some(terminal.project_id.0)).await?;
        }
    }
    tx.commit().await?;
    if held.is_some() {
        // Whoever looks at its recording next finds the whole of it.
        let _ = timeout(SETTLED_WITHIN, settled(app, id)).await;
    }
    Ok(())
}

/// Waits until the end of a terminal that this process holds is on record.
async fn settled(app: &App, id: TerminalId) {
    let mut looks = interval(LOOK_EVERY);
    while app.terminals.find(id).is_some() {
        looks.tick().await;
    }
}

/// Until when a pass that is made now is good, for whoever waits with it.
#[must_use]
pub fn good_until() -> Timestamp {
    let seconds = i64::from(pass::SECONDS);
    crate::clock::now() + jiff::SignedDuration::from_secs(seconds)
}

fn check(tier: Tier, asked: &Opening) -> Result<(), AppError> {
    if !is_name(&asked.pod, MAX_POD, true) {
        return Err(AppError::field("pod", "terminal-name-wrong"));
    }
    let container = asked.container.as_deref();
    if container.is_some_and(|name| !is_name(name, MAX_LABEL, false)) {
        return Err(AppError::field("container", "terminal-name-wrong"));
    }
    let length = asked.reason.trim().chars().count();
    if length > MAX_REASON {
        return Err(AppError::field("reason", "field-too-long"));
    }
    match tier {
        Tier::Production if length == 0 => Err(AppError::field("reason", "terminal-reason-needed")),
        Tier::Production | Tier::Test => Ok(()),
    }
}

/// What Kubernetes lets a container be called; a pod's name may have dots between such.
fn is_name(text: &str, longest: usize, dots: bool) -> bool {
    let end = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
    let label = |part: &[u8]| end(part.first()) && end(part.last()) && part.iter().all(inner);
    let mut parts = text.as_bytes().split(|b| dots && *b == b'.');
    text.len() <= longest && parts.all(label)
}

/// How long a terminal may be open and how many there may be, with how many there are: told before
/// any of it is in somebody's way.
///
/// # Errors
/// No answer from the database.
pub async fn limits(app: &App, actor: &Actor) -> Result<Words, AppError> {
    let limits = &app.settings.terminals;
    let (mine, all) = store::count_open(app.db.pool(), actor.id).await?;
    Ok(Words::new("terminal-limits")
        .with("minutes", limits.length.as_secs() / 60)
        .with("idle", limits.idle.as_secs() / 60)
        .with("mine", mine)
        .with("each", limits.each)
        .with("all", all)
        .with("in_all", limits.in_all))
}

fn check_limits(app: &App, (mine, all): (i64, i64)) -> Result<(), AppError> {
    let limits = &app.settings.terminals;
    if mine >= limits.each {
        let words = Words::new("terminal-too-many-mine").with("n", limits.each);
        return Err(AppError::Conflict(words));
    }
    if all >= limits.in_all {
        let words = Words::new("terminal-too-many").with("n", limits.in_all);
        return Err(AppError::Conflict(words));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn names_are_those_of_kubernetes() {
        for name in ["a", "pay-gateway-59b7c-k4vzn", "0", &"a".repeat(63)] {
            assert!(is_name(name, 63, false), "{name}");
        }
        assert!(is_name("web-0.pay", 253, true));
        for name in [
            "",
            ".",
            "..",
            "a..b",
            "-a",
            "a-",
            "A",
            "a b",
            "a/b",
            "%2f",
            "a\n",
            "é",
            "a_b",
            "a,b",
            &"a".repeat(10_000),
        ] {
            assert!(
                !is_name(name, 63, false) && !is_name(name, 253, true),
                "{name}"
            );
        }
        assert!(!is_name("a.b", 63, false));
    }
}
