//! What people say about a request, in the open and never taken back.

mod store;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Request, announce, get};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::db::DbError;
use crate::error::{AppError, FieldError};
use crate::identity::{Actor, Person, TokenScope};

/// In characters; the table says the same.
const MAX_TEXT: usize = 4000;
/// In bytes; the table says the same.
const MAX_ATTACHMENT: usize = 64 * 1024;
const MAX_NAME: usize = 120;
/// Shown of one request, the newest; a longer talk belongs elsewhere.
const SHOWN: i64 = 500;

/// One comment, with the text file that came with it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = RequestComment)]
pub struct Comment {
    pub author: Person,
    pub text: String,
    pub attachment: Option<Attachment>,
    pub at: Timestamp,
}

/// A text that belongs to a comment: a log, a plan, a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CommentAttachment)]
pub struct Attachment {
    pub name: String,
    pub text: String,
}

/// A comment as it is made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewComment)]
pub struct Commenting {
    pub text: String,
    #[serde(default)]
    pub attachment: Option<Attachment>,
}

/// In the order they were made.
///
/// # Errors
/// No answer from the database.
pub async fn comments(app: &App, request: &Request) -> Result<Vec<Comment>, DbError> {
    store::select(app.db.pool(), request.id, SHOWN).await
}

/// Says something about a request that one may see, also after it was decided.
///
/// # Errors
/// 404, 400 naming the field.
pub async fn comment(
    app: &App,
    actor: &Actor,
    number: i64,
    commenting: &Commenting,
) -> Result<(), AppError> {
    let request = get(app, actor, number).await?;
    actor.must_hold(TokenScope::Request)?;
    check(commenting)?;
    let mut tx = app.db.begin().await?;
    store::insert(tx.connection(), request.id, actor.id, commenting).await?;
    let entry = Entry::done("request.comment", "request", number);
    let entry = match request.project_id {
        Some(project) => entry.in_project(project),
        None => entry,
    };
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    announce(&mut tx, number, request.project_id).await?;
    tx.commit().await?;
    Ok(())
}

fn check(commenting: &Commenting) -> Result<(), AppError> {
    let mut errors = Vec::new();
    let text = commenting.text.trim();
    if text.is_empty() {
        errors.push(FieldError::new("text", "field-required"));
    } else if text.chars().count() > MAX_TEXT {
        errors.push(FieldError::new("text", "field-too-long"));
    }
    if let Some(file) = &commenting.attachment {
        let name = file.name.trim();
        if name.is_empty() {
            errors.push(FieldError::new("attachment.name", "field-required"));
        } else if name.chars().count() > MAX_NAME {
            errors.push(FieldError::new("attachment.name", "field-too-long"));
        }
        if file.text.is_empty() {
            errors.push(FieldError::new("attachment.text", "field-required"));
        } else if file.text.len() > MAX_ATTACHMENT {
            errors.push(FieldError::new(
                "attachment.text",
                "comment-attachment-size",
            ));
        }
    }
    match errors.is_empty() {
        true => Ok(()),
        false => Err(AppError::Invalid(errors)),
    }
}
