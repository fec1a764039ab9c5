//! Layers of standards: what the platform, a language, an environment, a project and a workload
//! say, the later over the earlier, within the locks of those above.
//!
//! Invariant: a leaf that a layer above has locked is never otherwise in what holds; who wanted it
//! otherwise is told which layer forbids it, and why.

mod change;
mod effective;
#[cfg(test)]
mod effective_tests;
mod leaves;
mod store;
mod words;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

pub use change::{Pace, Proposal};
pub use effective::{Breach, Effective, Held, effective};
pub use leaves::{Leaves, compare, document, is_below, is_same, leaves};
pub use store::{hold, is_place, newest, overview, revise, revisions, take};
pub use words::text;

use super::versions;
use crate::db::{DbError, Tx};
use crate::projects::Project;

crate::words! {
    /// Uppermost first; each may overrule those before it, within their locks.
    pub enum Kind as LayerKind {
        Platform = "platform",
        Language = "language",
        Environment = "environment",
        Project = "project",
        Workload = "workload",
    }
}

/// Which layer: `platform`, `language:java`, `project:pay`.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[schema(as = LayerName)]
pub struct Name {
    pub kind: Kind,
    /// Of the language, environment or project; empty for the platform and for a workload.
    pub key: String,
}

impl Name {
    /// As it stands in an address: the platform's key is `all`.
    #[must_use]
    pub fn of_path(kind: &str, key: &str) -> Option<Self> {
        let kind = Kind::parse(kind).filter(|k| *k != Kind::Workload)?;
        match (kind, key) {
            (Kind::Platform, "all") => Some(Self::new(kind, "")),
            (Kind::Platform, _) => None,
            (_, key) => Some(Self::new(kind, key)),
        }
    }

    /// Its address.
    #[must_use]
    pub fn path(&self) -> String {
        let key = if self.key.is_empty() {
            "all"
        } else {
            &self.key
        };
        format!("/standards/{}/{key}", self.kind)
    }

    #[must_use]
    pub fn new(kind: Kind, key: &str) -> Self {
        Self {
            kind,
            key: key.to_owned(),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            write!(f, "{}", self.kind)
        } else {
            write!(f, "{}:{}", self.kind, self.key)
        }
    }
}

/// What one layer says.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    pub name: Name,
    /// 0 for what is no stored revision.
    pub revision: i32,
    pub document: Value,
    pub locks: Vec<Lock>,
}

/// What lower layers may not do with a leaf.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Lock {
    /// A JSON pointer: `/probes/liveness/delay_seconds`.
    pub pointer: String,
    #[serde(flatten)]
    pub rule: Rule,
    /// Shown to whoever it binds.
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = LockRule)]
pub enum Rule {
    /// Nobody below changes it.
    Fixed,
    Min {
        bound: Value,
    },
    Max {
        bound: Value,
    },
    OneOf {
        options: Vec<Value>,
    },
}

/// A layer as it is to be from now on.
pub struct NewRevision<'a> {
    pub name: &'a Name,
    pub document: &'a Value,
    pub locks: &'a [Lock],
    pub author: Uuid,
    pub note: &'a str,
    pub request: Uuid,
}

/// A layer in the list of all.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = LayerRow)]
pub struct Row {
    pub name: Name,
    /// 0 for one that has not spoken yet.
    pub revision: i32,
    #[schema(value_type = Object)]
    pub document: Value,
    pub locks: Vec<Lock>,
    pub at: Option<Timestamp>,
    pub by: Option<String>,
    /// How many workloads stand under it.
    pub reach: i64,
}

impl Row {
    /// A layer that has not spoken yet.
    #[must_use]
    pub fn silent(name: &Name) -> Self {
        Self {
            name: name.clone(),
            revision: 0,
            document: json!({}),
            locks: Vec::new(),
            at: None,
            by: None,
            reach: 0,
        }
    }
}

/// What a layer said from some time on.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = LayerRevision)]
pub struct Revision {
    pub number: i32,
    /// The version that it was written in; it is shown in the newest.
    pub schema_version: i32,
    #[schema(value_type = Object)]
    pub document: Value,
    pub locks: Vec<Lock>,
    pub note: String,
    pub at: Timestamp,
    /// Nobody for what the product itself brought.
    pub by: Option<String>,
    pub request: Option<i64>,
}

/// Where a service stands, with what its project says of itself.
#[derive(Debug, Clone)]
pub struct Place {
    pub language: String,
    pub environment: String,
    pub project: String,
    pub port: i32,
    pub health_path: String,
}

impl Place {
    /// Where a project's service stands in an environment.
    #[must_use]
    pub fn of(project: &Project, environment: &str) -> Self {
        Self {
            language: project.language.clone(),
            environment: environment.to_owned(),
            project: project.key.clone(),
            port: project.port,
            health_path: project.health_path.clone(),
        }
    }
}

/// The layers over a workload, uppermost first.
///
/// # Errors
/// No answer from the database.
pub async fn over(tx: &mut Tx, place: &Place) -> Result<Vec<Layer>, DbError> {
    let found = store::over(tx.connection(), place).await?;
    Ok(standing(&found, place))
}

/// Of all layers those over a place, uppermost first.
#[must_use]
pub fn standing(all: &[Layer], place: &Place) -> Vec<Layer> {
    let is_over = |l: &&Layer| reaches(&l.name, place);
    let mut found: Vec<Layer> = all.iter().filter(is_over).cloned().collect();
    found.extend(from_the_start(place));
    found.push(of_project(place));
    // What a project was onboarded with goes before what its layer says.
    found.sort_by_key(|l| (l.name.kind, l.revision));
    found
}

/// Whether a layer is over a place.
#[must_use]
pub fn reaches(name: &Name, place: &Place) -> bool {
    let key = match name.kind {
        Kind::Platform => "",
        Kind::Language => &place.language,
        Kind::Environment => &place.environment,
        Kind::Project => &place.project,
        Kind::Workload => return false,
    };
    name.key == key
}

/// What holds where nobody says anything, in the platform's name and in the language's.
fn from_the_start(place: &Place) -> impl Iterator<Item = Layer> {
    let layer = |name, document| Layer {
        name,
        revision: 0,
        document,
        locks: Vec::new(),
    };
    let platform = layer(Name::new(Kind::Platform, ""), versions::from_the_start());
    let language = versions::of_language(&place.language);
    let name = Name::new(Kind::Language, &place.language);
    std::iter::once(platform).chain(language.map(|document| layer(name, document)))
}

/// What a project has said of itself when it was onboarded; its layer may say otherwise.
fn of_project(place: &Place) -> Layer {
    let path = json!({ "path": place.health_path });
    Layer {
        name: Name::new(Kind::Project, &place.project),
        revision: 0,
        document: json!({
            "port": place.port, "probes": { "readiness": path, "liveness": path },
        }),
        locks: Vec::new(),
    }
}

/// A workload's own word, beneath all others.
#[must_use]
pub fn of_workload(own: Value) -> Layer {
    Layer {
        name: Name::new(Kind::Workload, ""),
        revision: 0,
        document: own,
        locks: Vec::new(),
    }
}

/// What holds over a place for a workload that says this itself.
#[must_use]
pub fn with_own(over: &[Layer], own: &Value) -> Effective {
    let mut all = over.to_vec();
    all.push(of_workload(own.clone()));
    effective(&all)
}
