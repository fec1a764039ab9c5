//! Whether those who came in may still be in: asked for many at once, for what lives longer than
//! a request.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AccountId, Actor, TokenId, TokenScope, store, tokens};
use crate::app::App;
use crate::db::DbError;
use crate::web::session;

/// What somebody came in by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Door {
    /// A browser's session, by the key that it is listed under.
    Session(String),
    Token(TokenId, Vec<TokenScope>),
}

/// Somebody who came in once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    pub account: AccountId,
    pub door: Door,
}

/// Of each, what they may by now; nothing for whoever has signed out, was put out, or whose
/// session or token is over. Three statements, however many there are.
///
/// # Errors
/// No answer from the database.
pub async fn present(app: &App, all: &[Presence]) -> Result<Vec<Option<Actor>>, DbError> {
    let mut accounts = BTreeSet::new();
    let (mut keys, mut ids) = (Vec::new(), Vec::new());
    for presence in all {
        accounts.insert(presence.account.0);
        match &presence.door {
            Door::Session(key) => keys.push(key.clone()),
            Door::Token(id, _) => ids.push(id.0),
        }
    }
    let accounts: Vec<Uuid> = accounts.into_iter().collect();
    let operation = Uuid::now_v7();
    let actors = store::load_actors(app.db.pool(), &accounts, None, operation).await?;
    let keys = session::still_open(&app.db, &keys).await?;
    let ids = tokens::working(app, &ids).await?;
    let of = |presence: &Presence| {
        let actor = actors.iter().find(|a| a.id == presence.account)?.clone();
        let token = match &presence.door {
            Door::Session(key) => keys.contains(key).then_some(None)?,
            Door::Token(id, scopes) => ids.contains(&id.0).then(|| Some((*id, scopes.clone())))?,
        };
        Some(Actor { token, ..actor })
    };
    Ok(all.iter().map(of).collect())
}
