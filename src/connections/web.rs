//! The pages of connections.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use secrecy::SecretString;
use serde::Deserialize;

use super::{Connection, Credential, Draft, Fields, Kind, Subject, TOPIC};
use crate::app::App;
use crate::error::{AppError, FieldError};
use crate::identity::{Actor, Permission, Scope};
use crate::web::extract::{Ctx, Form, Path, Query, is_part};
use crate::web::layout::{Chrome, Errors, Nav, page, page_with, see_other};
use crate::web::strip::Strip;

#[derive(Template)]
#[template(path = "connections/list.html")]
struct ListPage {
    c: Chrome,
    part: ListPart,
}

#[derive(Template)]
#[template(path = "connections/list_part.html")]
struct ListPart {
    c: Chrome,
    rows: Vec<Connection>,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "connections/new.html")]
struct NewPage {
    c: Chrome,
    form: ConnectionForm,
    credential_help: String,
    errors: Errors,
}

#[derive(Template)]
#[template(path = "connections/show.html")]
struct ShowPage {
    c: Chrome,
    connection: Connection,
    path: String,
    form: ConnectionForm,
    credential_help: String,
    strip: Strip,
    errors: Errors,
    may_change: bool,
}

/// What was typed; a credential is taken and never given back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionForm {
    kind: Kind,
    #[serde(default)]
    key: String,
    #[serde(default)]
    url: String,
    #[serde(default, rename = "config.user")]
    user: String,
    #[serde(default, rename = "config.folder")]
    folder: String,
    #[serde(default, rename = "config.prefix")]
    prefix: String,
    #[serde(default)]
    credential: Option<SecretString>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewQuery {
    kind: Option<Kind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteForm {
    confirm: String,
}

impl Kind {
    /// The message code of its name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gitlab => "connection-kind-gitlab",
            Self::Jenkins => "connection-kind-jenkins",
            Self::Registry => "connection-kind-registry",
        }
    }
}

impl Connection {
    const fn kind_code(&self) -> &'static str {
        self.config.kind().code()
    }
}

impl ConnectionForm {
    const fn empty(kind: Kind) -> Self {
        Self {
            kind,
            key: String::new(),
            url: String::new(),
            user: String::new(),
            folder: String::new(),
            prefix: String::new(),
            credential: None,
        }
    }

    fn draft(&self) -> Draft {
        Draft {
            key: self.key.clone(),
            kind: self.kind,
            url: self.url.clone(),
            config: Fields {
                user: Some(self.user.clone()),
                folder: Some(self.folder.clone()),
                prefix: Some(self.prefix.clone()),
            },
            credential: self.credential.clone(),
        }
    }

    fn title(&self) -> String {
        format!("connection-new-{}", self.kind)
    }

    fn button(&self) -> String {
        format!("connection-create-{}", self.kind)
    }

    fn help(&self, field: &str) -> String {
        format!("connection-{field}-help-{}", self.kind)
    }
}

impl From<&Connection> for ConnectionForm {
    fn from(connection: &Connection) -> Self {
        let Fields {
            user,
            folder,
            prefix,
        } = connection.config.fields();
        Self {
            kind: connection.config.kind(),
            key: connection.key.clone(),
            url: connection.address().to_owned(),
            user: user.unwrap_or_default(),
            folder: folder.unwrap_or_default(),
            prefix: prefix.unwrap_or_default(),
            credential: None,
        }
    }
}

pub async fn list(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let c = Chrome::new(&ctx, Nav::Connections).listening(&app.events, &[TOPIC.to_owned()]);
    let part = ListPart {
        c: c.clone(),
        rows: super::list(&app).await?,
        may_change: may_change(&actor),
    };
    if is_part(&headers) {
        page(&part)
    } else {
        page(&ListPage { c, part })
    }
}

pub async fn new(
    actor: Actor,
    ctx: Ctx,
    Query(query): Query<NewQuery>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageConnections, Scope::Platform)?;
    let form = ConnectionForm::empty(query.kind.unwrap_or(Kind::Gitlab));
    new_page(&ctx, form, Errors::default(), StatusCode::OK)
}

fn new_page(
    ctx: &Ctx,
    form: ConnectionForm,
    errors: Errors,
    status: StatusCode,
) -> Result<Response, AppError> {
    let c = Chrome::new(ctx, Nav::Connections);
    let credential_help = c.t(&form.help("credential"));
    let new = NewPage {
        c,
        form,
        credential_help,
        errors,
    };
    page_with(status, &new)
}

pub async fn create(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Form(form): Form<ConnectionForm>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageConnections, Scope::Platform)?;
    match super::create(&app, &form.draft(), &ctx.origin()).await {
        Ok(_) => Ok(see_other(&format!("/connections/{}", form.key.trim()))),
        Err(error) => {
            let (status, errors) = Errors::of_refusal(error, "key")?;
            new_page(&ctx, form, errors, status)
        }
    }
}

pub async fn show(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
) -> Result<Response, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let connection = by_key(&app, &key).await?;
    let form = ConnectionForm::from(&connection);
    let shown = Shown {
        actor: &actor,
        connection,
        form,
        errors: Errors::default(),
    };
    show_page(&app, &ctx, shown, StatusCode::OK).await
}

/// What the page of a connection is made of.
struct Shown<'a> {
    actor: &'a Actor,
    connection: Connection,
    form: ConnectionForm,
    errors: Errors,
}

async fn show_page(
    app: &App,
    ctx: &Ctx,
    shown: Shown<'_>,
    status: StatusCode,
) -> Result<Response, AppError> {
    let Shown {
        actor,
        connection,
        form,
        errors,
    } = shown;
    let c = Chrome::new(ctx, Nav::Connections);
    let credential_help = match connection.credential {
        Credential::Set { version, .. } => c.t1("credential-keep", "version", &version),
        Credential::Unset => c.t(&form.help("credential")),
    };
    let day = super::day(app, Subject::Connection, connection.id.0).await?;
    let show = ShowPage {
        strip: super::strip(&c, &day),
        c,
        path: format!("/connections/{}", connection.key),
        connection,
        form,
        credential_help,
        errors,
        may_change: may_change(actor),
    };
    page_with(status, &show)
}

pub async fn update(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
    Form(form): Form<ConnectionForm>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageConnections, Scope::Platform)?;
    let connection = by_key(&app, &key).await?;
    match super::update(&app, connection.id, &form.draft(), &ctx.origin()).await {
        Ok(()) => Ok(see_other(&format!("/connections/{}", form.key.trim()))),
        Err(error) => {
            let (status, errors) = Errors::of_refusal(error, "key")?;
            let shown = Shown {
                actor: &actor,
                connection,
                form,
                errors,
            };
            show_page(&app, &ctx, shown, status).await
        }
    }
}

pub async fn test(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageConnections, Scope::Platform)?;
    let connection = by_key(&app, &key).await?;
    super::test(&app, connection.id, &ctx.origin()).await?;
    Ok(see_other(&format!("/connections/{}", connection.key)))
}

/// The name must be typed, because the credential is gone with the row.
pub async fn delete(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    Path(key): Path<String>,
    Form(form): Form<DeleteForm>,
) -> Result<Response, AppError> {
    actor.must(Permission::ManageConnections, Scope::Platform)?;
    let connection = by_key(&app, &key).await?;
    let done = if form.confirm.trim() == connection.key {
        super::delete(&app, connection.id, &ctx.origin()).await
    } else {
        let wrong = FieldError::new("confirm", "delete-confirm-wrong");
        Err(AppError::Invalid(vec![wrong]))
    };
    match done {
        Ok(()) => Ok(see_other("/connections")),
        Err(error) => {
            let (status, errors) = Errors::of_refusal(error, "confirm")?;
            let shown = Shown {
                actor: &actor,
                form: ConnectionForm::from(&connection),
                connection,
                errors,
            };
            show_page(&app, &ctx, shown, status).await
        }
    }
}

async fn by_key(app: &App, key: &str) -> Result<Connection, AppError> {
    let found = super::find_by_key(app, key).await?;
    found.ok_or(AppError::NotFound)
}

fn may_change(actor: &Actor) -> bool {
    actor.may(Permission::ManageConnections, Scope::Platform)
}
