//! People: accounts, roles, memberships, and the one question whether somebody may do something.
//!
//! Invariant: pages, API and streams ask [`Actor::may`]; there is no other check of a right.

pub mod delegation;
pub mod groups;
mod password;
pub mod people;
mod presence;
mod rights;
mod store;
mod throttle;
pub mod tokens;
pub mod web;

use std::collections::BTreeMap;
use std::net::IpAddr;

use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

pub use people::Temporary;
pub use presence::{Door, Presence, present};
pub use rights::{
    GivenShell, Permission, PlatformRole, ProjectRole, Scope, ShellPlace, TokenScope,
};
pub use tokens::TokenId;

use crate::app::App;
use crate::audit::{self, Entry};
use crate::db::{Db, DbError, Tx};
use crate::error::{AppError, FieldError, Words};
use crate::web::text::Locale;

crate::id! {
    AccountId,
    /// Memberships name projects, so their id is known this far left.
    ProjectId,
}

/// Somebody who is signed in, with all rights as of this request.
#[derive(Debug, Clone)]
pub struct Actor {
    pub id: AccountId,
    /// The person who answers for what is done: oneself, or whoever made a project's program.
    /// Authors are these, so that nobody gets round a second pair of eyes by a program.
    pub responsible: AccountId,
    pub number: i64,
    pub name: String,
    pub display_name: String,
    pub locale: Option<Locale>,
    pub roles: Vec<PlatformRole>,
    pub memberships: BTreeMap<ProjectId, Vec<ProjectRole>>,
    /// Shells that were given for a while, beside what roles give.
    pub shells: Vec<GivenShell>,
    /// The groups of people this person is in, by key.
    pub groups: Vec<String>,
    /// Who is away and has this person decide in their place.
    pub stands_for: Vec<AccountId>,
    /// Where this request came from.
    pub address: Option<IpAddr>,
    /// The request's id, in the answer, the log and the audit entry.
    pub operation: Uuid,
    /// The token that this request came with; it narrows every right.
    pub token: Option<(TokenId, Vec<TokenScope>)>,
}

impl Actor {
    /// Whether this person has the right there. A platform role's rights hold in every project.
    #[must_use]
    pub fn may(&self, permission: Permission, scope: Scope) -> bool {
        self.token_lets(permission) && self.is_granted(permission, scope)
    }

    fn is_granted(&self, permission: Permission, scope: Scope) -> bool {
        let everywhere = || self.roles.iter().any(|role| role.grants(permission));
        match scope {
            Scope::Platform => everywhere(),
            Scope::Project(id) => {
                let roles = self.memberships.get(&id);
                everywhere() || roles.is_some_and(|all| all.iter().any(|r| r.grants(permission)))
            }
            Scope::Shell(place) => {
                let project = Scope::Project(place.project);
                let by_role = || !place.by_request && self.is_granted(permission, project);
                // What was given counts as long as its holder sees the project.
                let sees = || self.is_granted(Permission::ViewProject, project);
                let given = |shell: &GivenShell| shell.grants(permission, &place);
                by_role() || (self.shells.iter().any(given) && sees())
            }
        }
    }

    /// # Errors
    /// 403 with the permission's own words, which say who may.
    pub fn must(&self, permission: Permission, scope: Scope) -> Result<(), AppError> {
        if !self.is_granted(permission, scope) {
            return Err(match scope {
                Scope::Shell(place) if place.by_request => {
                    AppError::forbidden("shell-access-needed")
                }
                Scope::Platform | Scope::Project(_) | Scope::Shell(_) => {
                    AppError::forbidden(&format!("may-not-{permission}"))
                }
            });
        }
        if self.token_lets(permission) {
            return Ok(());
        }
        let code = TokenScope::of(permission).map_or("token-never", |_| "token-scope-missing");
        let scope = TokenScope::of(permission).map_or("", TokenScope::as_str);
        Err(AppError::Forbidden(Words::new(code).with("scope", scope)))
    }

    /// Whether the token, if the request came with one, has the scope of a right. Every token
    /// reads: what may be changed may be looked at.
    fn token_lets(&self, permission: Permission) -> bool {
        let Some((_, scopes)) = &self.token else {
            return true;
        };
        let needed = TokenScope::of(permission);
        needed.is_some_and(|n| n == TokenScope::Read || scopes.contains(&n))
    }

    /// # Errors
    /// 403 for a token without the scope of what anybody may do with their own.
    pub fn must_hold(&self, scope: TokenScope) -> Result<(), AppError> {
        match &self.token {
            Some((_, scopes)) if !scopes.contains(&scope) => Err(AppError::Forbidden(
                Words::new("token-scope-missing").with("scope", scope),
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// # Errors
    /// 403 for what only a person who is signed in does.
    pub fn must_be_signed_in(&self) -> Result<(), AppError> {
        match self.token {
            None => Ok(()),
            Some(_) => Err(AppError::forbidden("token-never")),
        }
    }

    /// Whether this person sees every project.
    #[must_use]
    pub fn sees_all_projects(&self) -> bool {
        self.may(Permission::ViewProject, Scope::Platform)
    }

    /// The projects this person is a member of.
    #[must_use]
    pub fn project_ids(&self) -> Vec<Uuid> {
        self.memberships.keys().map(|id| id.0).collect()
    }
}

/// A person as others see them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Person {
    #[serde(rename = "user")]
    pub name: String,
    pub display_name: String,
}

impl Person {
    /// The first two characters, for the square beside a name.
    #[must_use]
    pub fn initials(&self) -> String {
        self.display_name
            .chars()
            .filter(|c| !c.is_whitespace())
            .take(2)
            .collect()
    }
}

/// A new account.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub name: String,
    pub display_name: String,
    pub password: Option<SecretString>,
    pub roles: Vec<PlatformRole>,
}

/// Passwords of fewer characters are guessed too soon.
const MIN_PASSWORD: usize = 8;
/// Longer ones would only cost hashing time.
const MAX_PASSWORD: usize = 200;

/// Makes an account with its platform roles.
///
/// # Errors
/// Fields that are wrong, a name that is taken.
pub async fn create_account(
    app: &App,
    tx: &mut Tx,
    new: &NewAccount,
) -> Result<AccountId, AppError> {
    let hash = match &new.password {
        Some(password) => Some(password::hash(app, password).await?),
        None => None,
    };
    let id = AccountId::new();
    store::insert_account(
        tx.connection(),
        id,
        &new.name,
        &new.display_name,
        hash.as_deref(),
    )
    .await
    .map_err(account_error)?;
    for role in &new.roles {
        store::insert_platform_role(tx.connection(), id, *role).await?;
    }
    Ok(id)
}

fn account_error(error: DbError) -> AppError {
    match error.constraint() {
        Some("account_name_key") => AppError::conflict("account-name-taken"),
        Some("account_name_grammar") => AppError::field("name", "account-name-grammar"),
        Some("account_display_name_size") => AppError::field("display_name", "field-required"),
        Some(_) | None => error.into(),
    }
}

/// Checks that a password may be used.
///
/// # Errors
/// The field with what is allowed.
pub fn check_password(password: &str) -> Result<(), AppError> {
    let length = password.chars().count();
    if (MIN_PASSWORD..=MAX_PASSWORD).contains(&length) {
        return Ok(());
    }
    let mut error = FieldError::new("password", "account-password-length");
    error.words = error
        .words
        .with("min", MIN_PASSWORD)
        .with("max", MAX_PASSWORD);
    Err(AppError::Invalid(vec![error]))
}

/// What a sign-in attempt came to.
#[derive(Debug)]
pub enum SignIn {
    Welcome(AccountId),
    /// The password was made by somebody else: it is good for choosing one's own, and no more.
    Choose(Temporary),
    Refused,
    Slow {
        retry_after_seconds: u64,
    },
}

/// Checks a name and password; failures make the next tries from there slower.
///
/// # Errors
/// No database.
pub async fn sign_in(
    app: &App,
    name: &str,
    password: &SecretString,
    origin: &audit::Origin,
) -> Result<SignIn, AppError> {
    let keys = throttle::keys(name, origin.address);
    if let Some(seconds) = throttle::blocked_for(&app.db, &keys).await? {
        return Ok(SignIn::Slow {
            retry_after_seconds: seconds,
        });
    }
    let found = store::find_for_sign_in(app.db.pool(), name).await?;
    let stored = found.as_ref().and_then(|a| a.password_hash.as_deref());
    // A name that does not exist costs the same hashing as one that does.
    let right = password::verify(app, password, stored).await?;
    match found {
        Some(account) if right && account.temporary => {
            throttle::forgive(&app.db, &keys).await?;
            Ok(SignIn::Choose(Temporary::of(
                account.id,
                account.password_hash.as_deref(),
            )))
        }
        Some(account) if right => {
            throttle::forgive(&app.db, &keys).await?;
            record_sign_in(app, account.id, name, origin).await?;
            Ok(SignIn::Welcome(account.id))
        }
        Some(_) | None => {
            throttle::count_failure(&app.db, &keys).await?;
            let mut tx = app.db.begin().await?;
            audit::record(
                &mut tx,
                &Entry::refused("session.create", "account", name),
                origin,
            )
            .await?;
            tx.commit().await?;
            Ok(SignIn::Refused)
        }
    }
}

/// Signs in as one of the people whom the settings name, without a password.
///
/// # Errors
/// 404 unless the settings name this person.
pub async fn sign_in_as(
    app: &App,
    name: &str,
    origin: &audit::Origin,
) -> Result<AccountId, AppError> {
    if !app.settings.sign_in_as.iter().any(|n| n == name) {
        return Err(AppError::NotFound);
    }
    let found = store::find_for_sign_in(app.db.pool(), name).await?;
    let id = found.ok_or(AppError::NotFound)?.id;
    record_sign_in(app, id, name, origin).await?;
    Ok(id)
}

async fn record_sign_in(
    app: &App,
    id: AccountId,
    name: &str,
    origin: &audit::Origin,
) -> Result<(), AppError> {
    let origin = audit::Origin {
        account: Some((id, name.to_owned())),
        ..origin.clone()
    };
    let mut tx = app.db.begin().await?;
    audit::record(
        &mut tx,
        &Entry::done("session.create", "account", name),
        &origin,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The actor behind a session, with roles and memberships that have not expired: one statement.
///
/// # Errors
/// No database.
pub async fn load_actor(
    app: &App,
    id: AccountId,
    address: Option<IpAddr>,
    operation: Uuid,
) -> Result<Option<Actor>, AppError> {
    let found = store::load_actors(app.db.pool(), &[id.0], address, operation).await?;
    Ok(found.into_iter().next())
}

/// The people who may be signed in as by a click, with what they are.
///
/// # Errors
/// No database.
pub async fn people_to_sign_in_as(app: &App) -> Result<Vec<(Person, Vec<String>)>, AppError> {
    if app.settings.sign_in_as.is_empty() {
        return Ok(Vec::new());
    }
    Ok(store::people_with_roles(app.db.pool(), &app.settings.sign_in_as).await?)
}

/// Remembers somebody's language.
///
/// # Errors
/// No database.
pub async fn set_locale(app: &App, id: AccountId, locale: Locale) -> Result<(), AppError> {
    Ok(store::set_locale(app.db.pool(), id, locale.as_str()).await?)
}

/// A new password of one's own; all sessions end, so the caller opens one.
///
/// # Errors
/// 400 for a wrong current one or a new one that is too short, 429 after many wrong ones.
pub async fn change_password(
    app: &App,
    actor: &Actor,
    current: &SecretString,
    new: &SecretString,
) -> Result<(), AppError> {
    actor.must_be_signed_in()?;
    check_password(new.expose_secret())?;
    check_own_password(app, actor, current).await?;
    let mut tx = app.db.begin().await?;
    set_password(app, &mut tx, &actor.name, new).await?;
    let entry = Entry::done("account.password", "account", &actor.name);
    audit::record(&mut tx, &entry, &audit::Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(())
}

/// Asks once more who somebody is, before something that a borrowed session must not do.
///
/// # Errors
/// 400 for a wrong password, 429 after many wrong ones.
pub async fn check_own_password(
    app: &App,
    actor: &Actor,
    current: &SecretString,
) -> Result<(), AppError> {
    let keys = throttle::keys(&actor.name, actor.address);
    if let Some(seconds) = throttle::blocked_for(&app.db, &keys).await? {
        return Err(AppError::TooMany {
            retry_after_seconds: seconds,
        });
    }
    let found = store::find_for_sign_in(app.db.pool(), &actor.name).await?;
    let stored = found.as_ref().and_then(|a| a.password_hash.as_deref());
    if password::verify(app, current, stored).await? {
        return Ok(());
    }
    throttle::count_failure(&app.db, &keys).await?;
    Err(AppError::field("current", "password-wrong"))
}

/// Gives an account a new password and ends its sessions; false if there is none of that name.
///
/// # Errors
/// No database.
pub async fn set_password(
    app: &App,
    tx: &mut Tx,
    name: &str,
    password: &SecretString,
) -> Result<bool, AppError> {
    let hash = password::hash(app, password).await?;
    Ok(store::set_password(tx.connection(), name, &hash).await?)
}

/// Forgets failed sign-ins of a day ago.
///
/// # Errors
/// No database.
pub async fn forget_old_failures(db: &Db) -> Result<(), DbError> {
    store::delete_old_login_failures(db.pool()).await.map(drop)
}
