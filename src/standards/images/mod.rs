//! What operations allow of images, and what guard rails find of one.
//!
//! Invariant: a rule judges what the registry holds at that moment. Where an image says something
//! of itself that anybody could write, no rule takes it for a proof that the image is good.

pub mod api;
pub(super) mod rules;
mod store;
pub mod web;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use rules::{Base, PACKAGES_LABEL, Subject};

use super::rails::{Check, Override, RAILS, Rail, Severity};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::clusters;
use crate::db::DbError;
use crate::error::{AppError, FieldError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::integrations::registry::Reference;

const MOST_BASES: usize = 20;
const MOST_PORTS: usize = 50;
const MOST_PACKAGES: usize = 200;
const MOST_MIB: i32 = 1_048_576;
const MAX_NAME: usize = 255;
const MAX_REASON: usize = 2000;

/// What an image may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImageBounds)]
pub struct Bounds {
    /// Each `repository:tag` in the project's registry; none for any base.
    pub bases: Vec<String>,
    /// Those that no image may expose.
    pub ports: Vec<i32>,
    pub root_allowed: bool,
    /// Compressed, in mebibytes.
    pub most_mib: i32,
    /// Those that no image may hold.
    pub packages: Vec<String>,
}

/// Nothing is refused where nobody has said anything, so that no build fails of a sudden.
impl Default for Bounds {
    fn default() -> Self {
        Self {
            bases: Vec::new(),
            ports: Vec::new(),
            root_allowed: true,
            most_mib: 1024,
            packages: Vec::new(),
        }
    }
}

impl Bounds {
    /// What is proposed to whoever sets bounds for the first time: no shells over the network,
    /// and nobody as root.
    #[must_use]
    pub fn proposed() -> Self {
        Self {
            ports: vec![22, 23],
            root_allowed: false,
            ..Self::default()
        }
    }

    fn wrong(&self) -> Vec<FieldError> {
        let is_base = |name: &str| {
            let named = Reference::parse(name).filter(|_| name.len() <= MAX_NAME);
            named.is_some_and(|n| n.host.is_none() && n.tag.is_some() && n.digest.is_none())
        };
        let is_port = |port: &i32| (1..=65535).contains(port);
        let is_package = |name: &String| {
            let length = 1..=MAX_NAME;
            length.contains(&name.len()) && name == rules::package(name) && name.is_ascii()
        };
        let base = self.bases.iter().find(|name| !is_base(name));
        let port = self.ports.iter().find(|port| !is_port(port));
        let package = self.packages.iter().find(|name| !is_package(name));
        let error = |field: &str, words| FieldError {
            field: field.to_owned(),
            words,
        };
        let one =
            |field, code, is: Option<String>| Some(error(field, Words::new(code).with("is", is?)));
        let many = |field, count: usize, most| {
            let words = Words::new("image-bounds-too-many").with("most", most);
            (count > most).then(|| error(field, words))
        };
        let lawful = (1..=MOST_MIB).contains(&self.most_mib);
        let size = (!lawful).then(|| self.most_mib.to_string());
        [
            one("bounds.bases", "image-bounds-base-wrong", base.cloned()),
            many("bounds.bases", self.bases.len(), MOST_BASES),
            one(
                "bounds.ports",
                "image-bounds-port-wrong",
                port.map(i32::to_string),
            ),
            many("bounds.ports", self.ports.len(), MOST_PORTS),
            one("bounds.most_mib", "image-bounds-size-wrong", size),
            one(
                "bounds.packages",
                "image-bounds-package-wrong",
                package.cloned(),
            ),
            many("bounds.packages", self.packages.len(), MOST_PACKAGES),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The newest bounds for everybody or for one language.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ImageBoundsRow)]
pub struct Row {
    /// None for every language that has no bounds of its own.
    pub language: Option<String>,
    pub bounds: Bounds,
    pub reason: String,
    pub by: String,
    pub at: Timestamp,
}

/// Bounds as somebody sets them.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImageBounding)]
pub struct Bounding {
    #[serde(default)]
    pub language: Option<String>,
    pub bounds: Bounds,
    #[serde(default)]
    pub reason: String,
}

/// Who let a rule pass, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Overruled {
    pub by: String,
    pub reason: String,
}

/// What a rule found of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ImageRemark)]
pub struct Remark {
    pub rail: String,
    pub is: String,
    pub bound: String,
    /// Whether the image is not taken because of it.
    pub refused: bool,
    pub overruled: Option<Overruled>,
}

impl Remark {
    #[must_use]
    pub fn words(&self) -> Words {
        let words = Words::new(&format!("rail-{}-rule", self.rail));
        words.with("is", &self.is).with("bound", &self.bound)
    }
}

/// Holds an image against every rule for images.
#[must_use]
pub fn judge(subject: &Subject<'_>, live: &[Override]) -> Vec<Remark> {
    let remark = |rail: &Rail| {
        let Check::Image(check) = rail.check else {
            return None;
        };
        let finding = check(subject)?;
        let by = live.iter().find(|o| o.rail == rail.id);
        Some(Remark {
            rail: rail.id.to_owned(),
            is: finding.is,
            bound: finding.bound,
            refused: by.is_none() && rail.severity == Severity::Refuse,
            overruled: by.map(|o| Overruled {
                by: o.by.clone(),
                reason: o.reason.clone(),
            }),
        })
    };
    RAILS.iter().filter_map(remark).collect()
}

/// What counts for a language's images: its own bounds, else everybody's, else what is built in.
///
/// # Errors
/// No answer from the database.
pub async fn bounds_for(app: &App, language: &str) -> Result<Bounds, DbError> {
    let all = store::newest(app.db.pool()).await?;
    let of = |wanted: Option<&str>| all.iter().find(|r| r.language.as_deref() == wanted);
    let row = of(Some(language)).or_else(|| of(None));
    Ok(row.map(|r| r.bounds.clone()).unwrap_or_default())
}

/// All bounds as they are now, everybody's first.
///
/// # Errors
/// 403 without the right to look.
pub async fn all(app: &App, actor: &Actor) -> Result<Vec<Row>, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    Ok(store::newest(app.db.pool()).await?)
}

/// Sets bounds; images that were taken stay.
///
/// # Errors
/// 400 naming the field, 403 without the right.
pub async fn set(app: &App, actor: &Actor, asked: &Bounding) -> Result<(), AppError> {
    actor.must(Permission::HandleRequests, Scope::Platform)?;
    let language = asked.language.as_deref().filter(|l| !l.is_empty());
    let mut wrong = asked.bounds.wrong();
    if let Some(key) = language
        && clusters::language_by_key(app, key).await?.is_none()
    {
        wrong.push(FieldError::new("language", "image-bounds-language-unknown"));
    }
    let reason = asked.reason.trim();
    match reason.chars().count() {
        0 => wrong.push(FieldError::new("reason", "field-required")),
        1..=MAX_REASON => {}
        _ => wrong.push(FieldError::new("reason", "field-too-long")),
    }
    if !wrong.is_empty() {
        return Err(AppError::Invalid(wrong));
    }
    let mut tx = app.db.begin().await?;
    store::insert(tx.connection(), language, &asked.bounds, reason, actor.id).await?;
    let entry = Entry::done("rail.bound-images", "rail", language.unwrap_or("all"))
        .after(json!({ "bounds": asked.bounds, "reason": reason }));
    audit::record(&mut tx, &entry, &Origin::from(actor)).await?;
    tx.commit().await?;
    Ok(())
}
