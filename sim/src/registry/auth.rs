//! Who may use the registry: anybody, one account by password, or by tokens that live 60 seconds.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::json;

use super::refusal::Refusal;
use crate::call::Call;
use crate::clock::later;
use crate::world::World;

const TOKEN_LIFE: Duration = Duration::from_secs(60);
const REALM: &str = "Simulated registry";

/// How the registry asks for credentials.
#[derive(Clone, Debug, Default)]
pub enum Access {
    #[default]
    Anonymous,
    Basic {
        user: String,
        password: String,
    },
    /// The registry is its own token server, at `/token`.
    Token {
        user: String,
        password: String,
    },
}

/// A token that the registry's own token server gave out.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub scopes: Vec<String>,
    pub until: jiff::Timestamp,
}

pub(super) fn check(world: &World, call: &Call, name: &str) -> Result<(), Refusal> {
    let registry = world.registry();
    match &registry.access {
        Access::Anonymous => Ok(()),
        Access::Basic { user, password } => {
            let given = call.basic();
            let good = given.is_some_and(|(u, p)| u == *user && p == *password);
            good.then_some(())
                .ok_or_else(|| Refusal::Challenge(format!("Basic realm=\"{REALM}\"")))
        }
        Access::Token { .. } => {
            let token = call.bearer().and_then(|text| registry.tokens.get(text));
            let alive = token.filter(|token| world.clock().now() < token.until);
            let good = alive.is_some_and(|token| allows(token, call, name));
            good.then_some(())
                .ok_or_else(|| Refusal::Challenge(bearer_challenge(call, name)))
        }
    }
}

fn allows(token: &Token, call: &Call, name: &str) -> bool {
    let may = |action: &str| {
        let wanted = format!("repository:{name}:");
        token.scopes.iter().any(|scope| {
            let actions = scope.strip_prefix(&wanted).unwrap_or_default();
            actions.split(',').any(|granted| granted == action)
        })
    };
    name.is_empty() || may(action(call)) || (action(call) == "pull" && may("push"))
}

fn action(call: &Call) -> &'static str {
    match call.method {
        Method::GET | Method::HEAD => "pull",
        Method::DELETE => "delete",
        _ => "push",
    }
}

fn bearer_challenge(call: &Call, name: &str) -> String {
    let scope = match (name, action(call)) {
        ("", _) => String::new(),
        (name, "push") => format!(",scope=\"repository:{name}:pull,push\""),
        (name, action) => format!(",scope=\"repository:{name}:{action}\""),
    };
    format!(
        "Bearer realm=\"{}/token\",service=\"registry\"{scope}",
        call.origin
    )
}

/// The token server: a stranger gets a token too, but one that opens nothing.
pub(super) fn grant(world: &World, call: &Call) -> Result<Response, Refusal> {
    call.only(&["service", "scope", "account", "client_id", "offline_token"])?;
    let now = world.clock().now();
    let mut registry = world.registry();
    let Access::Token { user, password } = &registry.access else {
        return Err(call.unknown().into());
    };
    let known = match call.basic() {
        None => false,
        Some((u, p)) if u == *user && p == *password => true,
        Some(_) => return Err(Refusal::Challenge(format!("Basic realm=\"{REALM}\""))),
    };
    let asked = call.query.iter().filter(|(key, _)| known && key == "scope");
    let scopes = asked.flat_map(|(_, scope)| scope.split(' ').map(str::to_owned));
    let token = Token {
        scopes: scopes.collect(),
        until: later(now, TOKEN_LIFE),
    };
    let text = super::sha256(format!("token {}", registry.count()).as_bytes());
    let text = text.replace("sha256:", "sim-");
    registry.tokens.retain(|_, token| now < token.until);
    registry.tokens.insert(text.clone(), token);
    let body = json!({ "token": text, "expires_in": TOKEN_LIFE.as_secs() });
    Ok(Json(body).into_response())
}
