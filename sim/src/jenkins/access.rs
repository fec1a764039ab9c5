//! Who may ask: Basic credentials always, and a crumb with each POST of a password's user.

use http::{HeaderValue, Method, header};
use sha2::{Digest as _, Sha256};

use super::refusal::Refusal;
use super::state::State;
use crate::call::Call;

const COOKIE: &str = "JSESSIONID.sim";

/// Checks the caller; gives the user's name.
pub(super) fn check(jenkins: &State, call: &Call) -> Result<String, Refusal> {
    let Some((user, secret)) = call.basic() else {
        return Err(Refusal::Permission("hudson.model.Hudson.Read"));
    };
    let account = jenkins.accounts.iter().find(|account| account.user == user);
    let account = account.ok_or(Refusal::Credentials)?;
    if secret == account.token {
        return Ok(user);
    }
    if secret != account.password {
        return Err(Refusal::Credentials);
    }
    let needs_crumb = jenkins.csrf && call.method == Method::POST;
    let session = session(call).filter(|id| jenkins.sessions.contains(*id));
    let crumb = session.map(|session| crumb(jenkins, &user, session));
    if needs_crumb && (crumb.is_none() || call.header("jenkins-crumb") != crumb.as_deref()) {
        return Err(Refusal::Crumb);
    }
    Ok(user)
}

/// A crumb for the caller's session, with a cookie where the session is new.
pub(super) fn issue(
    jenkins: &mut State,
    user: &str,
    call: &Call,
) -> Result<(String, Option<HeaderValue>), Refusal> {
    if !jenkins.csrf {
        return Err(Refusal::NotFound);
    }
    if let Some(known) = session(call).filter(|id| jenkins.sessions.contains(*id)) {
        return Ok((crumb(jenkins, user, known), None));
    }
    let session = format!("node0{}", jenkins.count());
    jenkins.sessions.insert(session.clone());
    let cookie = HeaderValue::from_str(&format!("{COOKIE}={session}; Path=/; HttpOnly"));
    Ok((crumb(jenkins, user, &session), cookie.ok()))
}

fn session(call: &Call) -> Option<&str> {
    let cookies = call.header(header::COOKIE.as_str())?;
    let mut pairs = cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, id)| id)
}

fn crumb(jenkins: &State, user: &str, session: &str) -> String {
    let text = format!("{user};{session}{}", jenkins.session());
    hex::encode(Sha256::digest(text.as_bytes()))
}
