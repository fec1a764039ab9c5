//! What handlers take from a request: who is asking, and input that has a shape.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use axum_extra::extract::CookieJar;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use tower_sessions::Session;
use uuid::Uuid;

use super::layout::Banner;
use super::session::{ACCOUNT, TOUCHED};
use super::text::Locale;
use crate::app::App;
use crate::audit::Origin;
use crate::error::{AppError, Words};
use crate::identity::{self, AccountId, Actor};

/// A JSON document is as deep as it is long; more than this is no form of ours.
pub const MAX_JSON_BYTES: usize = 256 * 1024;

/// What is known of a request before any handler runs.
#[derive(Debug)]
pub struct Context {
    pub operation: Uuid,
    /// The peer of the connection; forwarded headers are not believed.
    pub address: Option<IpAddr>,
    pub locale: Locale,
    pub theme: Option<&'static str>,
    pub path: String,
    /// The path, and the query if there was one.
    pub full_path: String,
    /// Where the reader can come back to: the page itself, or the one whose form was sent.
    pub page: String,
    /// Filled by the [`Actor`] extractor, for the layers around the handler.
    pub actor: OnceLock<Actor>,
    /// The requests that wait for this person, the newest first and no more than the menu counts;
    /// unset where no menu is shown.
    pub waiting: OnceLock<Vec<i64>>,
    /// What every whole page says on top; unset where there is nothing to say.
    pub banner: OnceLock<Banner>,
}

impl Context {
    /// Where an audit entry of this request comes from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.actor.get().map_or_else(
            || Origin {
                account: None,
                address: self.address,
                operation: Some(self.operation),
                token: None,
            },
            Origin::from,
        )
    }
}

/// The request's context, for handlers.
#[derive(Debug, Clone)]
pub struct Ctx(pub Arc<Context>);

impl std::ops::Deref for Ctx {
    type Target = Context;
    fn deref(&self) -> &Context {
        &self.0
    }
}

/// Puts a [`Context`] into each request and the operation's id into each answer.
pub async fn add_context(mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let full_path = request.uri().path_and_query().map_or("/", |a| a.as_str());
    let page = match *request.method() {
        Method::GET => full_path.to_owned(),
        _ => sent_from(request.headers()),
    };
    let context = Arc::new(Context {
        operation: Uuid::now_v7(),
        address: peer.map(|p| p.0.ip()),
        locale: locale(request.headers()),
        theme: theme(request.headers()),
        path: request.uri().path().to_owned(),
        full_path: full_path.to_owned(),
        page,
        actor: OnceLock::new(),
        waiting: OnceLock::new(),
        banner: OnceLock::new(),
    });
    request.extensions_mut().insert(Ctx(context.clone()));
    let mut response = next.run(request).await;
    response.extensions_mut().insert(Ctx(context.clone()));
    if let Ok(id) = context.operation.to_string().parse() {
        response.headers_mut().insert("x-operation-id", id);
    }
    response
}

/// The page that a form stands on, as the browser says; what it sends to may not be a page.
fn sent_from(headers: &HeaderMap) -> String {
    let header = headers.get("referer").and_then(|v| v.to_str().ok());
    let page = header.and_then(|text| url::Url::parse(text).ok());
    page.map_or_else(
        || "/".to_owned(),
        |page| page[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
    )
}

fn locale(headers: &HeaderMap) -> Locale {
    let jar = CookieJar::from_headers(headers);
    let chosen = jar.get("lang").and_then(|c| Locale::parse(c.value()));
    let accepted = || {
        let header = headers.get("accept-language").and_then(|v| v.to_str().ok());
        header.map_or(Locale::En, Locale::from_accept)
    };
    chosen.unwrap_or_else(accepted)
}

fn theme(headers: &HeaderMap) -> Option<&'static str> {
    let jar = CookieJar::from_headers(headers);
    let chosen = jar.get("theme")?.value();
    ["light", "dark"].into_iter().find(|t| *t == chosen)
}

impl<S: Send + Sync> FromRequestParts<S> for Ctx {
    type Rejection = AppError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        let missing = || AppError::Internal("the context layer is missing".to_owned());
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

impl FromRequestParts<App> for Actor {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        let context = Ctx::from_request_parts(parts, app).await?;
        if let Some(actor) = context.actor.get() {
            return Ok(actor.clone());
        }
        if let Some(token) = bearer(&parts.headers) {
            let (address, operation) = (context.address, context.operation);
            let actor = identity::tokens::authenticate(app, &token, address, operation).await?;
            let _ = context.actor.set(actor.clone());
            return Ok(actor);
        }
        let session = Session::from_request_parts(parts, app)
            .await
            .map_err(|(_, why)| AppError::Internal(why.to_owned()))?;
        let id: Option<AccountId> = session.get(ACCOUNT).await.map_err(session_error)?;
        let id = id.ok_or(AppError::Unauthorized)?;
        touch(&session).await?;
        let actor = identity::load_actor(app, id, context.address, context.operation).await?;
        let actor = actor.ok_or(AppError::Unauthorized)?;
        let _ = context.actor.set(actor.clone());
        Ok(actor)
    }
}

/// The token of a program (RFC 6750), which then needs no session.
fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    let header = headers.get("authorization")?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| SecretString::from(token.trim().to_owned()))
}

/// Keeps a session alive with at most one write a minute.
async fn touch(session: &Session) -> Result<(), AppError> {
    let minute = crate::clock::now().as_second() / 60;
    let last: Option<i64> = session.get(TOUCHED).await.map_err(session_error)?;
    if last != Some(minute) {
        session
            .insert(TOUCHED, minute)
            .await
            .map_err(session_error)?;
    }
    Ok(())
}

/// A session store that does not answer is the database's absence.
pub fn session_error(error: tower_sessions::session::Error) -> AppError {
    tracing::warn!(%error, "a session could not be read or written");
    AppError::Unavailable(Words::new("error-database-away"))
}

/// A JSON body. A field that is unknown, missing or of the wrong type is named in the answer.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, _: &App) -> Result<Self, AppError> {
        let kind = request
            .headers()
            .get("content-type")
            .and_then(|v| v.to_str().ok());
        if !kind.is_some_and(|k| k.starts_with("application/json")) {
            return Err(AppError::field("", "field-not-json"));
        }
        let bytes = axum::body::to_bytes(request.into_body(), MAX_JSON_BYTES)
            .await
            .map_err(|_| AppError::TooLarge)?;
        crate::parse::json(&bytes).map(Self)
    }
}

/// A path's parts; what does not parse is not there.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = AppError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        // No name of ours has this character, and the database could not even be asked for it.
        if parts.uri.path().contains("%00") {
            return Err(AppError::NotFound);
        }
        let found = axum::extract::Path::<T>::from_request_parts(parts, app).await;
        found.map(|p| Self(p.0)).map_err(|_| AppError::NotFound)
    }
}

/// A query string; an unknown or wrong part is refused.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = AppError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        let found = axum_extra::extract::Query::<T>::from_request_parts(parts, app).await;
        found
            .map(|q| Self(q.0))
            .map_err(|_| AppError::field("", "query-wrong"))
    }
}

/// Whether a part of a page was asked for, which htmx marks by a header.
#[must_use]
pub fn is_part(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request")
}

/// The same, as a handler's argument.
pub struct IsPart(pub bool);

impl<S: Send + Sync> FromRequestParts<S> for IsPart {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(is_part(&parts.headers)))
    }
}

/// A form's fields, kept as they were typed.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = AppError;
    async fn from_request(request: Request, app: &App) -> Result<Self, AppError> {
        let found = axum_extra::extract::Form::<T>::from_request(request, app).await;
        found
            .map(|f| Self(f.0))
            .map_err(|_| AppError::field("", "form-wrong"))
    }
}
