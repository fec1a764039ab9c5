//! What every page of tokens shows alike: those that work, the one just made, the form.

use askama::Template;
use askama::filters::HtmlSafe;
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::AppError;
use crate::error::Words;
use crate::identity::TokenScope;
use crate::identity::tokens::{NewToken, Token};
use crate::web::form::{Control, Field, Typed, shown_by_form};
use crate::web::layout::{Chrome, Errors};

/// The tokens that work, each with its button.
#[derive(Template)]
#[template(path = "identity/tokens_part.html")]
pub struct TokenRows {
    pub c: Chrome,
    pub tokens: Vec<Token>,
    /// The page's own path below which a token is revoked.
    pub base: String,
    /// Whether they act as accounts of their own, which are then shown.
    pub of_programs: bool,
}

/// The token that was just made, once.
#[derive(Template)]
#[template(path = "identity/token_made_part.html")]
pub struct MadeToken {
    pub c: Chrome,
    pub token: String,
}

impl HtmlSafe for TokenRows {}
impl HtmlSafe for MadeToken {}

impl TokenRows {
    fn scopes(&self, token: &Token) -> String {
        let words = token
            .scopes
            .iter()
            .map(|s| self.c.t(&format!("token-scope-{s}")));
        words.collect::<Vec<_>>().join(", ")
    }
}

impl MadeToken {
    #[must_use]
    pub fn of(c: &Chrome, token: &SecretString) -> Self {
        Self {
            c: c.clone(),
            token: token.expose_secret().to_owned(),
        }
    }
}

/// What a form holds before anything was typed: a token that reads, for a quarter.
#[must_use]
pub fn fresh() -> Typed {
    let typed = [("scope-read", "true"), ("days", "90")];
    typed.map(|(k, v)| (k.to_owned(), v.to_owned())).into()
}

#[must_use]
pub fn fields(c: &Chrome) -> Vec<Field> {
    let scope = |s: &TokenScope| {
        let code = format!("token-scope-{s}");
        Field::new(c, &format!("scope-{s}"), &code, Control::Check)
    };
    std::iter::once(Field::new(c, "name", "token-name", Control::Line))
        .chain(TokenScope::ALL.iter().map(scope))
        .chain([Field::new(c, "days", "token-days", Control::Number)])
        .collect()
}

/// What was typed; what cannot be read is left for the check that names fields.
#[must_use]
pub fn wanted(typed: &Typed) -> NewToken {
    let days = typed.get("days").and_then(|d| d.trim().parse().ok());
    let chosen = |s: &&TokenScope| typed.contains_key(&format!("scope-{s}"));
    NewToken {
        name: typed.get("name").cloned().unwrap_or_default(),
        scopes: TokenScope::ALL.iter().filter(chosen).copied().collect(),
        days: days.unwrap_or(0),
    }
}

/// What is wrong, beside the form's own boxes.
///
/// # Errors
/// What no form can show.
pub fn wrong(error: &AppError) -> Result<(Errors, Option<Words>), AppError> {
    let (mut errors, sentence) = shown_by_form(error, "")?;
    for wrong in &mut errors.0 {
        // The form has a box for each scope; the first one stands for them all.
        if wrong.field == "scopes" {
            "scope-read".clone_into(&mut wrong.field);
        }
    }
    Ok((errors, sentence))
}
