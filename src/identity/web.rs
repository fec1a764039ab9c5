//! Signing in and out, language, and who am I.

pub mod me;
pub mod token;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::people::door::CHOOSING;
use super::{AccountId, Actor, Person, SignIn};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::web::extract::{Ctx, Form, Json, Query, session_error};
use crate::web::layout::{Chrome, Nav, page, see_other};
use crate::web::session::ACCOUNT;
use crate::web::text::Locale;

#[derive(Template)]
#[template(path = "identity/login.html")]
struct LoginPage {
    c: Chrome,
    name: String,
    next: String,
    problem: Option<String>,
    people: Vec<Visitor>,
}

/// One of those whom anybody may walk in as.
struct Visitor {
    person: Person,
    roles: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginQuery {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginForm {
    name: String,
    password: SecretString,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInAsForm {
    #[serde(rename = "as")]
    name: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageForm {
    language: Locale,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiSignIn {
    user: String,
    #[schema(value_type = String, write_only)]
    password: SecretString,
}

/// `GET /me` of the API.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Me {
    user: String,
    display_name: String,
    number: i64,
    roles: Vec<String>,
}

impl From<&Actor> for Me {
    fn from(actor: &Actor) -> Self {
        Self {
            user: actor.name.clone(),
            display_name: actor.display_name.clone(),
            number: actor.number,
            roles: actor.roles.iter().map(ToString::to_string).collect(),
        }
    }
}

pub async fn login_page(
    State(app): State<App>,
    ctx: Ctx,
    Query(query): Query<LoginQuery>,
) -> Result<Response, AppError> {
    login_form(&app, &ctx, "", &query.next, None).await
}

async fn login_form(
    app: &App,
    ctx: &Ctx,
    name: &str,
    next: &str,
    problem: Option<Words>,
) -> Result<Response, AppError> {
    let people = super::people_to_sign_in_as(app).await?;
    let roles = |roles: Vec<String>| {
        let words = roles.iter().map(|r| ctx.locale.t(&format!("role-{r}")));
        words.collect::<Vec<_>>().join(" · ")
    };
    page(&LoginPage {
        c: Chrome::new(ctx, Nav::Nowhere),
        name: name.to_owned(),
        next: safe_next(next).to_owned(),
        problem: problem.map(|w| ctx.locale.words(&w)),
        people: people
            .into_iter()
            .map(|(person, r)| Visitor {
                person,
                roles: roles(r),
            })
            .collect(),
    })
}

pub async fn sign_in(
    State(app): State<App>,
    ctx: Ctx,
    session: Session,
    Form(form): Form<LoginForm>,
) -> Result<Response, AppError> {
    let (status, words) =
        match super::sign_in(&app, &form.name, &form.password, &ctx.origin()).await? {
            SignIn::Welcome(id) => {
                open_session(&session, id).await?;
                return Ok(see_other(safe_next(&form.next)));
            }
            SignIn::Choose(shown) => {
                session.cycle_id().await.map_err(session_error)?;
                session
                    .insert(CHOOSING, shown)
                    .await
                    .map_err(session_error)?;
                return Ok(see_other("/login/password"));
            }
            SignIn::Refused => (StatusCode::UNAUTHORIZED, Words::new("login-refused")),
            SignIn::Slow {
                retry_after_seconds,
            } => (
                StatusCode::TOO_MANY_REQUESTS,
                Words::new("error-too-many").with("seconds", retry_after_seconds),
            ),
        };
    let mut response = login_form(&app, &ctx, &form.name, &form.next, Some(words)).await?;
    *response.status_mut() = status;
    Ok(response)
}

pub async fn sign_in_as(
    State(app): State<App>,
    ctx: Ctx,
    session: Session,
    Form(form): Form<SignInAsForm>,
) -> Result<Response, AppError> {
    let id = super::sign_in_as(&app, &form.name, &ctx.origin()).await?;
    open_session(&session, id).await?;
    Ok(see_other(safe_next(&form.next)))
}

pub async fn sign_out(session: Session) -> Result<Response, AppError> {
    session.flush().await.map_err(session_error)?;
    Ok(see_other("/login"))
}

/// The choice is kept in a cookie, and in the account of whoever is signed in.
pub async fn set_language(
    State(app): State<App>,
    session: Session,
    Form(form): Form<LanguageForm>,
) -> Result<Response, AppError> {
    let id: Option<AccountId> = session.get(ACCOUNT).await.map_err(session_error)?;
    if let Some(id) = id {
        super::set_locale(&app, id, form.language).await?;
    }
    let secure = if app.settings.is_https() {
        "; Secure"
    } else {
        ""
    };
    let cookie = format!(
        "lang={}; Path=/; Max-Age=31536000; SameSite=Lax{secure}",
        form.language
    );
    let mut response = see_other(safe_next(&form.next));
    if let Ok(value) = cookie.parse() {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Signs in with user id and password; the answer sets the session's cookie.
#[utoipa::path(
    post,
    path = "/session",
    operation_id = "sign_in",
    tag = "session",
    request_body = ApiSignIn,
    security(()),
    responses((status = 201, body = Me, description = "Done")),
)]
pub async fn api_sign_in(
    State(app): State<App>,
    ctx: Ctx,
    session: Session,
    Json(body): Json<ApiSignIn>,
) -> Result<Response, AppError> {
    match super::sign_in(&app, &body.user, &body.password, &ctx.origin()).await? {
        SignIn::Welcome(id) => {
            open_session(&session, id).await?;
            let actor = super::load_actor(&app, id, ctx.address, ctx.operation).await?;
            let actor = actor.ok_or(AppError::Unauthorized)?;
            Ok((StatusCode::CREATED, axum::Json(Me::from(&actor))).into_response())
        }
        SignIn::Choose(_) => Err(AppError::forbidden("account-password-temporary")),
        SignIn::Refused => Err(AppError::Unauthorized),
        SignIn::Slow {
            retry_after_seconds,
        } => Err(AppError::TooMany {
            retry_after_seconds,
        }),
    }
}

/// Ends the session.
#[utoipa::path(
    delete,
    path = "/session",
    operation_id = "sign_out",
    tag = "session",
    responses((status = 204, description = "Done")),
)]
pub async fn api_sign_out(session: Session) -> Result<StatusCode, AppError> {
    session.flush().await.map_err(session_error)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is asking, and with which roles.
#[utoipa::path(
    get,
    path = "/me",
    operation_id = "me",
    tag = "session",
    responses((status = 200, body = Me, description = "As it is now")),
)]
pub async fn api_me(actor: Actor) -> axum::Json<Me> {
    axum::Json(Me::from(&actor))
}

/// A fresh id at sign-in, so that an id known before it is of no use.
///
/// # Errors
/// No database.
pub async fn open_session(session: &Session, id: AccountId) -> Result<(), AppError> {
    session.cycle_id().await.map_err(session_error)?;
    session.insert(ACCOUNT, id).await.map_err(session_error)
}

/// Only a path of our own: one slash, then no slash, backslash or control character.
#[must_use]
pub fn safe_next(next: &str) -> &str {
    let mut chars = next.chars();
    let ours = chars.next() == Some('/')
        && !matches!(chars.next(), Some('/' | '\\'))
        && !next.chars().any(char::is_control);
    if ours { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::safe_next;

    #[test]
    fn only_paths_of_ours_are_followed() {
        for next in ["/", "/projects/a?b=c", "/x#y"] {
            assert_eq!(safe_next(next), next);
        }
        for next in [
            "",
            "//evil",
            "/\\evil",
            "javascript:x",
            "https://evil",
            "/a\nb",
            "/\tx",
        ] {
            assert_eq!(safe_next(next), "/");
        }
    }
}
