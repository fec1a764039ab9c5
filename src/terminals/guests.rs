//! One more person in a terminal: let in to look, handed the keyboard, and put out again.
//!
//! Invariant: who is let in is a row, and the process that holds the shell goes by it; a guest
//! may see the project's terminals anyway, and types only with the right to open one there.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::session::Session;
use super::session::company::Guest;
use super::{TOPIC, Terminal, TerminalId, open, store};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{self, AccountId, Actor, Permission, ProjectId, Scope};

/// Somebody's terminal that one was let into.
pub struct Invitation {
    pub terminal: TerminalId,
    pub pod: String,
    pub project: String,
    pub project_id: ProjectId,
    /// By display name.
    pub owner: String,
    pub since: Timestamp,
}

/// The terminals that somebody was let into and may still look at, the newest first.
///
/// # Errors
/// No answer from the database.
pub async fn invitations(app: &App, actor: &Actor, limit: i64) -> Result<Vec<Invitation>, DbError> {
    let mut all = store::invitations(app.db.pool(), actor.id, limit).await?;
    all.retain(|i| actor.may(looking(), Scope::Project(i.project_id)));
    Ok(all)
}

/// Lets somebody look, by the name that they sign in with.
///
/// # Errors
/// 404 for what may not be seen, 403 for another's, 400 for whom it cannot be, 409 when it is over
/// or somebody else was let in.
pub async fn invite(app: &App, actor: &Actor, id: TerminalId, name: &str) -> Result<(), AppError> {
    let terminal = own(app, actor, id).await?;
    let account = store::account(app.db.pool(), name.trim()).await?;
    let guest = account.filter(|account| *account != actor.id);
    let nobody = || AppError::field("person", "terminal-guest-unknown");
    let guest = may(app, guest.ok_or_else(nobody)?, &terminal, false).await?;
    if let Some(there) = &terminal.guest {
        let words = Words::new("terminal-guest-there").with("person", &there.person.display_name);
        return Err(AppError::Conflict(words));
    }
    let mut tx = app.db.begin().await?;
    let added = store::insert_guest(tx.connection(), id, guest.id).await;
    added.map_err(|error| match error.constraint() {
        Some("terminal_guest_one") => AppError::conflict("terminal-guest-there-already"),
        Some(_) | None => error.into(),
    })?;
    done(app, tx, (actor, &terminal, "terminal.invite"), &guest.name).await
}

/// Hands the keyboard to the guest, or takes it back.
///
/// # Errors
/// As for [`invite`]; 409 where there is no guest.
pub async fn hand_over(
    app: &App,
    actor: &Actor,
    id: TerminalId,
    types: bool,
) -> Result<(), AppError> {
    let terminal = own(app, actor, id).await?;
    let guest = terminal.guest.as_ref();
    let guest = guest.ok_or_else(|| AppError::conflict("terminal-guest-none"))?;
    if types {
        may(app, guest.account, &terminal, true).await?;
    }
    let mut tx = app.db.begin().await?;
    store::give_keyboard(tx.connection(), id, types).await?;
    let action = if types {
        "terminal.keyboard-give"
    } else {
        "terminal.keyboard-take"
    };
    done(app, tx, (actor, &terminal, action), &guest.person.name).await
}

/// Puts the guest out, or lets them go; nothing where there is none.
///
/// # Errors
/// 404 for what may not be seen, 403 for whom it does not concern.
pub async fn dismiss(app: &App, actor: &Actor, id: TerminalId) -> Result<(), AppError> {
    let terminal = super::seen(app, actor, id).await?;
    let is_guest = terminal.is_guest(actor);
    if terminal.account_id != actor.id && !is_guest {
        return Err(AppError::forbidden("terminal-not-yours"));
    }
    let Some(guest) = &terminal.guest else {
        return Ok(());
    };
    let mut tx = app.db.begin().await?;
    store::end_guest(tx.connection(), id).await?;
    let name = &guest.person.name;
    done(app, tx, (actor, &terminal, "terminal.dismiss"), name).await
}

const fn looking() -> Permission {
    Permission::ViewRecordings
}

/// One's own, which is not over.
async fn own(app: &App, actor: &Actor, id: TerminalId) -> Result<Terminal, AppError> {
    let terminal = super::seen(app, actor, id).await?;
    if terminal.account_id != actor.id {
        return Err(AppError::forbidden("terminal-not-yours"));
    }
    actor.must(terminal.right(), terminal.scope())?;
    match terminal.ending {
        Some(ending) => Err(open::over(ending)),
        None => Ok(terminal),
    }
}

/// Somebody who may look where the terminal is, or type there too.
async fn may(
    app: &App,
    account: AccountId,
    terminal: &Terminal,
    typing: bool,
) -> Result<Actor, AppError> {
    let found = identity::load_actor(app, account, None, Uuid::now_v7()).await?;
    let project = Scope::Project(terminal.project_id);
    let looks = |guest: &Actor| guest.may(looking(), project);
    let types = |guest: &Actor| guest.may(terminal.right(), terminal.scope());
    let (found, code) = if typing {
        (
            found.filter(|g| looks(g) && types(g)),
            "terminal-guest-may-not-type",
        )
    } else {
        (found.filter(looks), "terminal-guest-may-not-look")
    };
    found.ok_or_else(|| AppError::field("person", code))
}

async fn done(
    app: &App,
    mut tx: Tx,
    (actor, terminal, action): (&Actor, &Terminal, &'static str),
    guest: &str,
) -> Result<(), AppError> {
    let entry = Entry::done(action, "terminal", terminal.id)
        .in_project(terminal.project_id)
        .after(json!({ "guest": guest }));
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.event(TOPIC, Some(terminal.project_id.0)).await?;
    tx.commit().await?;
    // Another process that holds it is told by the event.
    let here = app.terminals.find(terminal.id);
    refresh(app, here.as_slice()).await?;
    Ok(())
}

/// Lets those in who were let in meanwhile, and puts out who was put out.
///
/// # Errors
/// No answer from the database.
pub async fn refresh(app: &App, sessions: &[Arc<Session>]) -> Result<(), DbError> {
    if sessions.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = sessions.iter().map(|s| s.opened.id.0).collect();
    let found = store::guests(app.db.pool(), &ids).await?;
    for session in sessions {
        let mut mine = found.iter().filter(|(id, _)| *id == session.opened.id);
        session.let_in(mine.next().map(|(_, guest)| guest.clone()));
    }
    Ok(())
}

/// Puts out the guests who may no longer be there, or no longer type.
///
/// # Errors
/// No answer from the database.
pub async fn look(app: &App, sessions: &[Arc<Session>]) -> Result<(), DbError> {
    refresh(app, sessions).await?;
    let guests = sessions
        .iter()
        .filter_map(|session| Some((session, session.guest_here()?)));
    let (with, presences): (Vec<_>, Vec<_>) = guests.map(|(s, (g, p))| ((s, g), p)).unzip();
    let present = identity::present(app, &presences).await?;
    for ((session, guest), actor) in with.into_iter().zip(present) {
        if !is_welcome(session, &guest, actor.as_ref()) {
            lapse(app, session, &guest).await?;
        }
    }
    Ok(())
}

fn is_welcome(session: &Session, guest: &Guest, actor: Option<&Actor>) -> bool {
    let opened = &session.opened;
    let may = |right, scope| actor.is_some_and(|actor| actor.may(right, scope));
    let types = || may(opened.right, opened.scope);
    may(looking(), Scope::Project(opened.project)) && (!guest.types || types())
}

async fn lapse(app: &App, session: &Session, guest: &Guest) -> Result<(), DbError> {
    let (id, project) = (session.opened.id, session.opened.project);
    let mut tx = app.db.begin().await?;
    store::end_guest(tx.connection(), id).await?;
    let entry = Entry::done("terminal.dismiss", "terminal", id)
        .in_project(project)
        .because("terminal-guest-lapsed")
        .after(json!({ "guest": guest.person.name }));
    audit::record(&mut tx, &entry, &Origin::default()).await?;
    tx.event(TOPIC, Some(project.0)).await?;
    tx.commit().await?;
    session.let_in(None);
    Ok(())
}
