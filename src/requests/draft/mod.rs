//! Drafts: what somebody has typed into a form and does not file yet.
//!
//! Invariant: a draft is text and nothing else. It is neither checked nor computed, gives no right,
//! holds no secret, and is seen by its owner alone.

mod store;

use jiff::Timestamp;
use url::form_urlencoded::{Serializer, parse};

use crate::app::App;
use crate::db::{DbError, Tx};
use crate::error::{AppError, FieldError, Words};
use crate::identity::{AccountId, Actor, TokenScope};
use crate::web::form::Typed;

/// Drafts that one person may have.
pub const MOST: i64 = 20;
/// Longest body, in bytes as a browser sends it; the table says the same.
pub const MAX_BYTES: usize = 64 * 1024;
/// Longest address of a form, in bytes; the table says the same.
pub const MAX_PATH: usize = 200;
/// Longest name in a list.
const MAX_SUBJECT: usize = 60;
/// Days after its last change that a draft stays.
pub const KEPT_DAYS: i32 = 30;

/// What is kept of one form.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The form's address, with what it was opened for.
    pub path: String,
    pub kind: String,
    /// A project's key, or nothing.
    pub subject: String,
    pub fields: Typed,
    pub kept_at: Timestamp,
}

/// The form that a draft is of.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub path: &'a str,
    pub kind: &'a str,
    pub subject: &'a str,
}

/// Keeps what was typed in place of what was kept of the same form before.
///
/// # Errors
/// 400 if it is too long, 409 for one more than anybody may have, 403 for a token without the
/// right to ask.
pub async fn keep(
    app: &App,
    actor: &Actor,
    place: &Place<'_>,
    fields: &Typed,
) -> Result<(), AppError> {
    actor.must_hold(TokenScope::Request)?;
    let body = encode(fields);
    if body.len() > MAX_BYTES {
        let words = Words::new("draft-too-large").with("n", MAX_BYTES / 1024);
        let field = "draft".to_owned();
        return Err(AppError::Invalid(vec![FieldError { field, words }]));
    }
    let mut tx = app.db.begin().await?;
    store::lock(tx.connection(), actor.id).await?;
    if store::count_others(tx.connection(), actor.id, place.path).await? >= MOST {
        return Err(AppError::Conflict(
            Words::new("draft-too-many").with("n", MOST),
        ));
    }
    store::put(tx.connection(), actor.id, place, &body).await?;
    tx.commit().await?;
    Ok(())
}

/// This person's draft of the form at an address.
///
/// # Errors
/// No answer from the database.
pub async fn find(app: &App, actor: &Actor, path: &str) -> Result<Option<Draft>, DbError> {
    let mut found = store::list(app.db.pool(), actor.id, Some(path)).await?;
    Ok(found.pop())
}

/// This person's drafts, the last kept first.
///
/// # Errors
/// No answer from the database.
pub async fn mine(app: &App, actor: &Actor) -> Result<Vec<Draft>, DbError> {
    store::list(app.db.pool(), actor.id, None).await
}

/// Throws this person's draft away.
///
/// # Errors
/// 404 if there is none.
pub async fn throw_away(app: &App, actor: &Actor, path: &str) -> Result<(), AppError> {
    // The database could not even be asked for this character.
    let is_there = !path.contains('\0') && store::delete(app.db.pool(), actor.id, path).await?;
    is_there.then_some(()).ok_or(AppError::NotFound)
}

/// It was filed, in this transaction.
///
/// # Errors
/// No answer from the database.
pub async fn filed(tx: &mut Tx, account: AccountId, path: &str) -> Result<(), DbError> {
    store::delete(tx.connection(), account, path).await?;
    Ok(())
}

/// Lets go what nobody came back to.
///
/// # Errors
/// No answer from the database.
pub async fn forget_old(app: &App) -> Result<(), DbError> {
    store::delete_old(app.db.pool()).await
}

/// As much of a key as lists show; what somebody typed need not be one yet.
#[must_use]
pub fn subject(key: &str) -> String {
    let plain = key.chars().filter(char::is_ascii_graphic);
    plain.take(MAX_SUBJECT).collect()
}

/// The fields as a browser sends them, but for what is secret: the value of a variable and the text
/// of a file in whose row the box is ticked.
fn encode(fields: &Typed) -> String {
    let is_secret = |name: &str| {
        [(".value", "secret"), (".text", "stored")]
            .into_iter()
            .any(|(said, ticked)| {
                let row = name.strip_suffix(said);
                row.is_some_and(|row| fields.contains_key(&format!("{row}.{ticked}")))
            })
    };
    let kept = fields.iter().filter(|(name, _)| !is_secret(name));
    Serializer::new(String::new()).extend_pairs(kept).finish()
}

fn decode(body: &str) -> Typed {
    parse(body.as_bytes()).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(fields: &[(&str, &str)]) -> Typed {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        fields.iter().map(owned).collect()
    }

    #[test]
    fn every_field_comes_back_as_it_was_typed() {
        let fields = typed(&[
            ("note", "双十一 & more = 100%\r\n第二行\0"),
            ("env.0.name", "A"),
            ("env.0.value", " b+c "),
            ("cluster.sh-test", "true"),
            ("empty", ""),
        ]);
        assert_eq!(decode(&encode(&fields)), fields);
    }

    #[test]
    fn the_value_of_a_secret_is_not_kept() {
        let fields = typed(&[
            ("env.1.name", "TOKEN"),
            ("env.1.value", "hunter2"),
            ("env.1.secret", "true"),
            ("files.1.secret.name", "tls"),
            ("files.1.text", "kept"),
            ("files.2.path", "/etc/key"),
            ("files.2.stored", "true"),
            ("files.2.text", "hunter2"),
        ]);
        let body = encode(&fields);
        assert!(!body.contains("hunter2"), "{body}");
        let mut expected = fields;
        expected.remove("env.1.value");
        expected.remove("files.2.text");
        assert_eq!(decode(&body), expected);
    }
}
