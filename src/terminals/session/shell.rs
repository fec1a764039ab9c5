//! The task that owns a terminal's shell: it starts it, passes bytes both ways, and ends it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Bytes;

use super::clock::{self, Limits};
use super::keys::Telling;
use super::pace::Pace;
use super::{Ended, Session};
use crate::app::App;
use crate::clusters;
use crate::connections::ConnectionError;
use crate::integrations::CallError;
use crate::integrations::kubernetes::{End, Input, Output, Place, Running, Size};
use crate::terminals::debug::{self, DebugContainer};
use crate::terminals::pods::Pod;
use crate::terminals::{Ending, recording, settle};

/// What is shown at once; the scroll keeps this and one more piece beyond its window.
const TOGETHER_BYTES: usize = 16 * 1024;
/// What a shell gets to say goodbye before its connection is cut.
const FAREWELL: Duration = Duration::from_millis(500);
/// Breaks off what runs in front, and ends the shell's input.
const GOODBYE: &str = "\x03\x04";

/// Where the shell is to run.
#[derive(Debug, Clone)]
pub struct Spot {
    pub pod: Pod,
    pub container: String,
    /// What is to be put there first.
    pub debug: Option<DebugContainer>,
    pub size: Size,
}

/// From the first byte to the last line of the record.
pub async fn live(app: App, session: Arc<Session>, spot: Spot) {
    let ended = hold(&app, &session, &spot).await;
    let bytes = session.close(ended);
    settle::settle(&app, &session, ended, bytes).await;
}

async fn hold(app: &App, session: &Session, spot: &Spot) -> Ended {
    if !recording::begin(app, session, spot.size).await {
        return Ending::NoRecorder.into();
    }
    let started = tokio::select! {
        started = start(app, spot) => started,
        why = over(app, session) => return why.into(),
    };
    let mut running = match started {
        Ok(running) => running,
        Err(why) => return why.into(),
    };
    let (input, output) = (&running.input, &mut running.output);
    let why = tokio::select! {
        end = pass_output(app, session, output) => return ended(&end),
        () = pass_input(session, input) => None,
        why = over(app, session) => Some(why),
    };
    match why {
        Some(why) => {
            part(running).await;
            why.into()
        }
        // It takes no input any longer; how it ended is known in a moment.
        None => drain(app, session, &mut running.output).await,
    }
}

async fn start(app: &App, spot: &Spot) -> Result<Running, Ending> {
    let kubernetes = clusters::kubernetes(app, spot.pod.cluster).await;
    let kubernetes = kubernetes.map_err(|error| refused(&error))?;
    let place = Place {
        namespace: &spot.pod.namespace,
        pod: &spot.pod.name,
        container: &spot.container,
    };
    if let Some(wanted) = &spot.debug {
        debug::start(app, &kubernetes, place, wanted).await?;
    }
    let running = kubernetes.exec_shell(place, spot.size).await;
    running.map_err(|error| refused(&error.into()))
}

fn refused(error: &ConnectionError) -> Ending {
    tracing::warn!(%error, "a shell could not be started");
    match error {
        ConnectionError::Call(CallError::NotFound { .. }) => Ending::Gone,
        ConnectionError::Call(CallError::Unavailable { .. }) => Ending::Unreachable,
        _ => Ending::Failed,
    }
}

fn ended(end: &End) -> Ended {
    match end {
        End::Exited { code } => Ended {
            ending: Ending::Exited,
            exit_code: Some(*code),
        },
        End::Killed => Ending::Killed.into(),
        End::Missing { .. } => Ending::NoShell.into(),
        End::Failed { detail } => {
            tracing::warn!(detail, "a shell could not be run");
            Ending::Failed.into()
        }
        End::Lost { detail } => {
            tracing::info!(detail, "a shell was lost");
            Ending::Lost.into()
        }
    }
}

/// Reads no more than can be shown and recorded.
async fn pass_output(app: &App, session: &Session, output: &mut Output) -> End {
    let mut pace = Pace::default();
    loop {
        pace.keep(session).await;
        let hall = &app.terminals;
        while !session.has_room(hall.room()) {
            session.room.notified().await;
        }
        let first = tokio::select! {
            biased;
            first = output.next() => first,
            () = caught_up(session) => {
                session.end_jump();
                continue;
            }
        };
        let first = match first {
            Ok(first) => first,
            Err(end) => return end,
        };
        if session.show(together(first, output)) {
            hall.hurry();
        }
    }
}

/// Until somebody has broken off a flood, and what was on its way has come.
async fn caught_up(session: &Session) {
    loop {
        match session.jump_ends_at() {
            None => session.jumps.notified().await,
            Some(at) if at <= Instant::now() => return,
            Some(at) => drop(timeout_at(at, std::future::pending::<()>()).await),
        }
    }
}

/// Small pieces that are there already are shown with the first one.
fn together(first: Bytes, output: &mut Output) -> impl Iterator<Item = Bytes> {
    let (mut first, mut bytes) = (Some(first), 0);
    std::iter::from_fn(move || {
        let next = first.take().or_else(|| {
            let has_room = bytes < TOGETHER_BYTES;
            has_room.then(|| output.next_now()).flatten()
        })?;
        bytes += next.len();
        Some(next)
    })
}

async fn pass_input(session: &Session, input: &Input) {
    loop {
        let told = match session.telling().await {
            Telling::Keys(keys) => {
                let told = input.write(&keys).await;
                session.took(keys.len());
                told
            }
            Telling::Size(size) => input.resize(size).await,
            Telling::Nothing(_) => Ok(()),
        };
        if told.is_err() {
            return;
        }
    }
}

/// Until it was told to end, or a limit strikes.
async fn over(app: &App, session: &Session) -> Ending {
    let settings = &app.settings.terminals;
    let limits = Limits {
        idle: settings.idle,
        grace: settings.grace,
    };
    loop {
        if let Some(why) = session.told_to_end() {
            return why;
        }
        let (why, at) = clock::next(&session.facts(), &limits);
        if at <= Instant::now() {
            return why;
        }
        // Keys only move limits away; whatever brings one nearer rings.
        let _ = timeout_at(at, session.limits.notified()).await;
    }
}

/// A shell that is left to itself goes on in its container, so it is asked to end first.
async fn part(mut running: Running) {
    let goodbye = async {
        let _ = running.input.write(GOODBYE).await;
        while running.output.next().await.is_ok() {}
    };
    let _ = timeout(FAREWELL, goodbye).await;
}

async fn drain(app: &App, session: &Session, output: &mut Output) -> Ended {
    match timeout(FAREWELL, pass_output(app, session, output)).await {
        Ok(end) => ended(&end),
        Err(_) => Ending::Lost.into(),
    }
}
