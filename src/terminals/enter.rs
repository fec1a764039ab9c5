//! Coming into a terminal with a pass: the first who comes starts its shell.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::json;
use tokio::time::Instant;

use super::inner::Holder;
use super::pods::Pod;
use super::session::shell::{self, Spot};
use super::session::{Opened, Session};
use super::{Hall, Terminal, TerminalId, guests, open, pass, store};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::error::AppError;
use crate::identity::{Actor, Presence};
use crate::integrations::kubernetes::Size;

/// Who comes, and how big their screen is.
pub struct Visitor<'a> {
    pub actor: &'a Actor,
    pub presence: Presence,
    pub pass: &'a SecretString,
    pub size: Size,
}

/// Where the shell is that somebody has come to.
pub enum Entered {
    Here(Arc<Session>),
    /// Another replica holds it.
    There(Holder),
}

/// The open terminal; the pass is used up by it.
///
/// # Errors
/// 401 for a pass that is no good, 404 and 403 as for the terminal, 409 when it is over.
pub async fn enter(app: &App, id: TerminalId, visitor: &Visitor<'_>) -> Result<Entered, AppError> {
    let actor = visitor.actor;
    let mut tx = app.db.begin().await?;
    pass::redeem(&mut tx, id, actor, visitor.pass).await?;
    let terminal = super::seen(app, actor, id).await?;
    terminal.must_be_in(actor)?;
    let found = app.terminals.find(id);
    let is_owner = terminal.account_id == actor.id;
    let starts =
        is_owner && found.is_none() && store::start(tx.connection(), id, &here(app)).await?;
    let came = match terminal.ending {
        Some(ending) => Err(open::over(ending)),
        None if !is_owner && terminal.started_at.is_none() => {
            Err(AppError::conflict("terminal-not-begun"))
        }
        None => Ok(()),
    };
    let entry = match &came {
        Ok(()) => Entry::done("terminal.attach", "terminal", id),
        Err(no) => Entry::refused("terminal.attach", "terminal", id).because(&no.words().code),
    };
    let entry = entry.in_project(terminal.project_id);
    let entry = entry.after(json!({ "starts": starts }));
    let holder = store::holder(tx.connection(), id).await?;
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    // A pass is used up even where nothing comes of it.
    tx.commit().await?;
    came?;
    guests::refresh(app, found.as_slice()).await?;
    Ok(match (found, starts) {
        (Some(session), _) => Entered::Here(session),
        (None, true) => Entered::Here(begin(app, &terminal, visitor)),
        (None, false) => Entered::There(holder),
    })
}

fn here(app: &App) -> Holder {
    Holder {
        replica: app.terminals.replica,
        url: app.settings.inner_url.as_ref().map(ToString::to_string),
    }
}

fn begin(app: &App, terminal: &Terminal, visitor: &Visitor<'_>) -> Arc<Session> {
    let pod = Pod {
        cluster: terminal.cluster_id,
        namespace: terminal.namespace.clone(),
        name: terminal.pod.clone(),
        uid: terminal.pod_uid.clone(),
    };
    let opened = Opened {
        id: terminal.id,
        account: terminal.account_id,
        person: terminal.person.clone(),
        project: terminal.project_id,
        right: terminal.right(),
        scope: terminal.scope(),
        strict: terminal.strict,
        pod: pod.clone(),
        ends_at: terminal.ends_at,
        origin: Origin::from(visitor.actor),
    };
    let settings = &app.settings.terminals;
    let terms = (Instant::now() + settings.length, settings.recording_rate);
    let who = (visitor.presence.clone(), visitor.size);
    let session = Arc::new(Session::new(opened, who, terms));
    Hall::take_in(app, &session);
    let spot = Spot {
        pod,
        container: terminal.container.clone(),
        debug: terminal.debug.clone(),
        size: visitor.size,
    };
    tokio::spawn(shell::live(app.clone(), session.clone(), spot));
    session
}
