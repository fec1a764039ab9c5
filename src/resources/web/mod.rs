//! Pages of resources: a project's, one, its form, and asking for one. The list of all is among
//! the pages that gather.

mod asking;
mod edit;
mod project;
mod show;
mod table;

pub use asking::{ask, ask_form};
pub use edit::{edit, form, register, save};
pub use project::of_project;
pub use show::{ask_retirement, make, nav, retire, show};
pub use table::Table;

use serde_json::Value;

use super::{Kind, Property, Resource, State, properties};
use crate::web::layout::Chrome;
use crate::web::parts::{self, Tone};

/// How a resource is.
#[must_use]
pub fn state(c: &Chrome, resource: &Resource) -> parts::State {
    let (tone, since) = match resource.state {
        State::Asked => (Tone::Wait, Some(&resource.created_at)),
        State::Active => (Tone::Ok, resource.active_at.as_ref()),
        State::Retired => (Tone::Idle, resource.retired_at.as_ref()),
    };
    let word = c.t(&format!("resource-state-{}", resource.state));
    c.state(tone, word, since)
}

/// What it is of and how big, with units.
#[must_use]
pub fn sizes(c: &Chrome, resource: &Resource) -> Vec<(String, String)> {
    let known = properties(resource.kind).into_iter();
    let one = |property: Property| {
        let name = property.name.as_str();
        let value = resource.size.get(name)?;
        Some((c.t(&format!("resource-size-{name}")), shown(c, name, value)))
    };
    known.filter_map(one).collect()
}

fn shown(c: &Chrome, name: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match name {
        "reach" => c.t(&format!("resource-reach-{text}")),
        "engine" if text == "other" => c.t("resource-kind-other"),
        name if name.ends_with("_gib") => format!("{text} GiB"),
        _ => text,
    }
}

/// The icon of a kind.
#[must_use]
pub const fn icon(kind: Kind) -> &'static str {
    match kind {
        Kind::Server => "server",
        Kind::Database => "database",
        Kind::Cache => "stack-2",
        Kind::Queue => "list",
        Kind::Objects => "box",
        Kind::Domain => "world",
        Kind::Other => "dots",
    }
}
