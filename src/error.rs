//! The one map from what went wrong to what is answered.
//!
//! Handlers return [`AppError`]; a layer (`web::problem`) renders it as a page, a part or
//! `application/problem+json` in the reader's language. Internal text never leaves the process:
//! the reader gets an operation id that is also in the log.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::db::DbError;
use crate::integrations::CallError;

/// A stored or shown text: a message code with its arguments, rendered in the reader's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Words {
    pub code: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<(String, String)>,
}

impl Words {
    #[must_use]
    pub fn new(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            args: Vec::new(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.args.push((name.to_owned(), value.to_string()));
        self
    }
}

/// One field of a form or document that was refused. `field` is the form's name for it, or a
/// JSON pointer without the leading slash, parts joined by dots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    pub field: String,
    pub words: Words,
}

impl FieldError {
    #[must_use]
    pub fn new(field: &str, code: &str) -> Self {
        Self {
            field: field.to_owned(),
            words: Words::new(code),
        }
    }
}

/// Everything that a request can be answered with besides its success.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppError {
    /// Nobody is signed in.
    #[error("not signed in")]
    Unauthorized,
    /// Not there, or not for this person to know of.
    #[error("not found")]
    NotFound,
    /// May be seen, but not done; the words say who may.
    #[error("forbidden: {}", .0.code)]
    Forbidden(Words),
    /// The input is wrong; each field says how.
    #[error("invalid input: {0:?}")]
    Invalid(Vec<FieldError>),
    /// The world is not as the request assumed; the words say how it is.
    #[error("conflict: {}", .0.code)]
    Conflict(Words),
    /// Slow down.
    #[error("too many requests")]
    TooMany { retry_after_seconds: u64 },
    /// An outside system, or our own database, does not answer.
    #[error("unavailable: {}", .0.code)]
    Unavailable(Words),
    /// The body or a part of it is larger than allowed.
    #[error("too large")]
    TooLarge,
    /// Our fault. The text goes to the log alone.
    #[error("internal: {0}")]
    Internal(String),
}

impl AppError {
    #[must_use]
    pub fn conflict(code: &str) -> Self {
        Self::Conflict(Words::new(code))
    }

    #[must_use]
    pub fn forbidden(code: &str) -> Self {
        Self::Forbidden(Words::new(code))
    }

    #[must_use]
    pub fn field(field: &str, code: &str) -> Self {
        Self::Invalid(vec![FieldError::new(field, code)])
    }

    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The words for the reader.
    #[must_use]
    pub fn words(&self) -> Words {
        match self {
            Self::Forbidden(words) | Self::Conflict(words) | Self::Unavailable(words) => {
                words.clone()
            }
            Self::Unauthorized => Words::new("error-unauthorized"),
            Self::NotFound => Words::new("error-not-found"),
            Self::Invalid(_) => Words::new("error-invalid"),
            Self::TooMany {
                retry_after_seconds,
            } => Words::new("error-too-many").with("seconds", retry_after_seconds),
            Self::TooLarge => Words::new("error-too-large"),
            Self::Internal(_) => Words::new("error-internal"),
        }
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        // The body is made by the rendering layer, which knows the reader.
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<DbError> for AppError {
    fn from(error: DbError) -> Self {
        match &error {
            DbError::Sql(sqlx::Error::Database(refusal)) if is_nul(&**refusal) => {
                Self::field("", "field-nul")
            }
            DbError::Sql(sqlx::Error::Database(refusal)) if is_in_need(&**refusal) => {
                tracing::error!(%refusal, "the database is in need");
                Self::Unavailable(Words::new("error-database-away"))
            }
            // Two rules of the schema that any new beginning can run into.
            DbError::Sql(_) if error.constraint() == Some("project_stays") => {
                Self::conflict("project-leaving")
            }
            DbError::Sql(_) if error.constraint() == Some("workload_stays") => {
                Self::conflict("workload-leaving")
            }
            DbError::Sql(
                sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::PoolClosed,
            ) => Self::Unavailable(Words::new("error-database-away")),
            DbError::Sql(_) | DbError::Migrate(_) | DbError::OldSchema { .. } | DbError::Row(_) => {
                Self::Internal(error.to_string())
            }
        }
    }
}

/// Whether the server lacks disk, memory or connections, or is being stopped: classes 53 and 57P
/// of PostgreSQL's error codes. Trying again helps once it was helped.
fn is_in_need(refusal: &dyn sqlx::error::DatabaseError) -> bool {
    refusal
        .code()
        .is_some_and(|code| code.starts_with("53") || code.starts_with("57P"))
}

/// Whether a text with the one character that PostgreSQL cannot hold came past the edge.
fn is_nul(refusal: &dyn sqlx::error::DatabaseError) -> bool {
    const CODES: [&str; 2] = ["22021", "22P05"];
    refusal.code().is_some_and(|code| CODES.contains(&&*code))
}

/// An outside system's failure as an answer to a person who asked for it just now.
#[must_use]
pub fn outside(system: &str, error: &CallError) -> AppError {
    let code = match error {
        CallError::Unavailable { .. } => "error-outside-away",
        CallError::Denied { .. } => "error-outside-denied",
        CallError::NotFound { .. } => "error-outside-not-found",
        CallError::Conflict { .. } => "error-outside-conflict",
        CallError::Refused { .. } => "error-outside-refused",
        CallError::Unexpected { .. } => "error-outside-unexpected",
    };
    AppError::Unavailable(Words::new(code).with("system", system))
}
