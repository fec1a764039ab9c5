//! What can come of a call to an outside system, split by what the caller does next.

use std::time::Duration;

/// Texts are for operators and logs; none holds a credential or a URL with one.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// Not answering, starting up, limiting or failing inside: the same call may succeed later.
    /// `retry_after` is the system's own wish where it gave one.
    #[error("unavailable: {detail}")]
    Unavailable {
        detail: String,
        retry_after: Option<Duration>,
    },
    /// The credential is wrong or lacks a right (401, 403): somebody must mend it first.
    #[error("denied: {detail}")]
    Denied { detail: String },
    /// The thing asked for is not there, or hidden from this credential.
    #[error("not found: {detail}")]
    NotFound { detail: String },
    /// Somebody else was first (409, "already exists"): read again, then decide.
    #[error("conflict: {detail}")]
    Conflict { detail: String },
    /// The request itself was refused as wrong (400, 422): repeating it is of no use.
    #[error("refused: {detail}")]
    Refused { detail: String },
    /// An answer that this client cannot understand.
    #[error("unexpected answer: {detail}")]
    Unexpected { detail: String },
}
