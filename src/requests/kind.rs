//! What a kind of request brings: its checks, what it would do, and what happens on a yes.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Involved, Quorum, Request};
use crate::app::App;
use crate::audit::Origin;
use crate::db::{DbError, Tx};
use crate::error::{AppError, Words};
use crate::identity::{AccountId, Actor, Permission, ProjectId};

/// A request as it is filed over the API or by a form.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Filing {
    pub kind: String,
    #[serde(default)]
    pub project: Option<String>,
    #[serde(default)]
    pub environment: Option<String>,
    pub parameters: Value,
    #[serde(default)]
    pub note: String,
    /// What the former revision held, where this one changes a request.
    #[serde(skip)]
    pub former: Option<Value>,
    /// The address of the form whose draft this ends.
    #[serde(skip)]
    pub draft: Option<String>,
    /// The field of a form that asked for this besides the form's own.
    #[serde(skip)]
    pub asked_as: Option<String>,
}

impl Filing {
    /// A filing of nothing but its parameters.
    #[must_use]
    pub fn of(kind: &str, parameters: Value) -> Self {
        Self {
            kind: kind.to_owned(),
            project: None,
            environment: None,
            parameters,
            note: String::new(),
            former: None,
            draft: None,
            asked_as: None,
        }
    }
}

/// What the common form lets be typed of a request's parameters, one by one.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The parameter's name.
    pub name: &'static str,
    /// The message that names it; `{code}-help` explains it.
    pub code: &'static str,
    pub typing: Typing,
}

/// How a parameter is typed.
#[derive(Debug, Clone)]
pub enum Typing {
    Line,
    /// A line that is typed anew each time: what stood there is never carried over.
    Anew,
    Number,
    /// The last day of what ends at midnight in UTC after it, or nothing.
    LastDay,
    /// One of these: a value, and the message for it.
    Choice(Vec<(String, String)>),
    /// Why it is asked for, which some kinds keep among their parameters instead of the note.
    Reason,
}

impl Asking {
    #[must_use]
    pub const fn new(name: &'static str, code: &'static str, typing: Typing) -> Self {
        Self { name, code, typing }
    }
}

/// A filing that holds, with what would follow from it.
#[derive(Debug, Clone)]
pub struct Computed {
    /// What lists call it: a project's key, a tag.
    pub subject: String,
    pub project: Option<ProjectId>,
    pub environment: Option<Uuid>,
    pub release: Option<Uuid>,
    /// Normalised, without secret values.
    pub payload: Value,
    pub computed: Value,
}

/// A request that has all its yeses. Only `requests` makes one.
#[derive(Debug, Clone)]
pub struct Approved {
    pub request: Request,
    /// Where the last yes came from, for what it makes.
    pub origin: Origin,
}

/// One line of what is asked: a message code, and its value as it was typed or in words.
#[derive(Debug, Clone)]
pub struct Fact {
    pub code: String,
    pub value: Said,
}

/// What a fact says.
#[derive(Debug, Clone)]
pub enum Said {
    /// A name, a number, a path: the same in every language.
    Text(String),
    /// A digest, a commit, a tag, which are easier to compare letter by letter.
    Exact(String),
    Words(Words),
}

impl Fact {
    #[must_use]
    pub fn text(code: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            value: Said::Text(value.into()),
        }
    }

    #[must_use]
    pub fn exact(code: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            value: Said::Exact(value.into()),
        }
    }

    #[must_use]
    pub fn words(code: impl Into<String>, words: Words) -> Self {
        Self {
            code: code.into(),
            value: Said::Words(words),
        }
    }

    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.value {
            Said::Text(text) | Said::Exact(text) => text.is_empty(),
            Said::Words(_) => false,
        }
    }
}

/// What durable work an approval started, by what the work is about.
#[derive(Debug, Clone)]
pub struct Work {
    pub subject: Uuid,
    /// The cluster that it is done on, where it is done on one.
    pub place: String,
}

#[async_trait]
pub trait RequestKind: Send + Sync {
    fn name(&self) -> &'static str;

    /// JSON Schema of `parameters` as they are filed, by [`schema_of`] their type.
    fn schema(&self) -> Value;

    /// Checks a filing and computes what it would do. Secret values are stored here, in the
    /// filing's transaction, and replaced by their versions.
    ///
    /// # Errors
    /// 400 naming fields, 403, 404, 409.
    async fn compute(
        &self,
        app: &App,
        tx: &mut Tx,
        actor: &Actor,
        filing: &Filing,
    ) -> Result<Computed, AppError>;

    /// Computes anew what a stored payload would do now; when it differs, decisions are refused.
    ///
    /// # Errors
    /// As `compute`.
    async fn recompute(&self, app: &App, tx: &mut Tx, request: &Request)
    -> Result<Value, AppError>;

    /// What being asked means for others, in the transaction that files it.
    ///
    /// # Errors
    /// 409 when something else was asked meanwhile.
    async fn filed(&self, _: &mut Tx, _: &Computed) -> Result<(), AppError> {
        Ok(())
    }

    /// Whose yes it needs where no policy says otherwise.
    ///
    /// # Errors
    /// No answer from the database.
    async fn usual_quorum(
        &self,
        _: &mut Tx,
        _environment: Option<Uuid>,
    ) -> Result<Vec<Quorum>, DbError> {
        Ok(Quorum::operations())
    }

    /// Whether somebody made and somebody tested what it is about.
    fn involves(&self) -> &'static [Involved] {
        &[]
    }

    /// Who made and who tested what it is about; a policy may leave them out of deciding.
    ///
    /// # Errors
    /// No answer from the database.
    async fn involved(
        &self,
        _: &mut Tx,
        _about: &Computed,
    ) -> Result<Vec<(Involved, AccountId)>, DbError> {
        Ok(Vec::new())
    }

    /// The page with the form that it is filed by, where one has all of it: with `?revise=` and a
    /// request's number it changes that request, with `?copy=` it starts from one. A kind without
    /// is changed and asked again by the common form.
    fn form(&self, _: &Request) -> Option<String> {
        None
    }

    /// What the common form lets be typed, besides the note.
    fn asks(&self) -> Vec<Asking> {
        Vec::new()
    }

    /// The page that tells more of what it is about than the request does.
    fn page(&self, _: &Request) -> Option<String> {
        None
    }

    /// What those who decide should know besides: what the world is like right now, which no
    /// decision binds. Asked for while it is open.
    ///
    /// # Errors
    /// No answer from the database.
    async fn beside(&self, _: &App, _: &Request) -> Result<Vec<Words>, AppError> {
        Ok(Vec::new())
    }

    /// What it takes to file one.
    fn right(&self) -> Permission {
        Permission::FileRequest
    }

    /// The page on which this reader takes back what a yes made, or asks for that; nothing for
    /// who may not.
    ///
    /// # Errors
    /// No answer from the database.
    async fn undo(&self, _: &App, _: &Actor, _: &Request) -> Result<Option<String>, AppError> {
        Ok(None)
    }

    /// Makes what was asked, or starts the run that does, in the deciding transaction.
    ///
    /// # Errors
    /// 409 when the world has moved; then the decision is not made either.
    async fn approved(&self, app: &App, tx: &mut Tx, approved: &Approved) -> Result<(), AppError>;

    /// What a no or a withdrawal means for others.
    ///
    /// # Errors
    /// No answer from the database.
    async fn rejected(&self, app: &App, tx: &mut Tx, request: &Request) -> Result<(), AppError>;

    /// The work that its page follows; a kind whose work is told elsewhere has none.
    ///
    /// # Errors
    /// No answer from the database.
    async fn works(&self, _app: &App, request: &Request) -> Result<Vec<Work>, AppError> {
        Ok(vec![Work {
            subject: request.id.0,
            place: String::new(),
        }])
    }

    /// Whether people carry it out and say when it is done, rather than durable steps.
    fn is_done_by_hand(&self) -> bool {
        false
    }

    /// What is asked, line by line, for the request's page.
    fn facts(&self, request: &Request) -> Vec<Fact>;
}

/// The JSON Schema (draft 2020-12) of a type, with what it refers to in it.
#[must_use]
pub fn schema_of<T: utoipa::ToSchema>() -> Value {
    let mut named = Vec::new();
    T::schemas(&mut named);
    let parts = named.into_iter().map(|(name, part)| (name, json!(part)));
    let parts: serde_json::Map<String, Value> = parts.collect();
    let mut schema = json!(T::schema());
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    if !parts.is_empty() {
        schema["$defs"] = parts.into();
    }
    point_inside(&mut schema);
    schema
}

/// What points into a description of a whole API points into the schema itself.
fn point_inside(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field
                    .as_str()
                    .and_then(|to| to.strip_prefix("#/components/schemas/"))
                {
                    Some(part) if name == "$ref" => *field = json!(format!("#/$defs/{part}")),
                    Some(_) | None => point_inside(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(point_inside),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The kinds that this portal knows, by name.
#[derive(Default)]
pub struct Kinds(BTreeMap<&'static str, Arc<dyn RequestKind>>);

impl Kinds {
    #[must_use]
    pub fn new(kinds: Vec<Arc<dyn RequestKind>>) -> Self {
        Self(kinds.into_iter().map(|k| (k.name(), k)).collect())
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn RequestKind>> {
        self.0.values()
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn RequestKind>> {
        self.0.get(name)
    }
}
