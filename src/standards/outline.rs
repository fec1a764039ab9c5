//! The outline of the schema: its leaves in its own order, each with its section, how it is typed,
//! what it begins with and with what it is of any use. Forms, layers and the help follow it, so
//! that a leaf that the schema gains is in all of them.
//!
//! Besides JSON Schema's own words it reads `x-form`, which may stand beside any part; `section`,
//! `begin` and `with` hold for what is below it too:
//!
//! - `sections` (at the top): `id` in the order of the form; `folded` until somebody says
//!   something there;
//! - `section`: where a part stands;
//! - `unit`: in what a number is counted, or `cores` and `mebibytes` for quantities;
//! - `words`: each word of a choice is called `{words}-{word}`;
//! - `widget`: `radio` for a choice whose words are explained, `text` for a column of several
//!   lines, `seal` for a column that keeps the text of its row secret, `variables` for a list with
//!   rows of its own in a workload's form, `hidden` for what nobody types;
//! - `begin`: what an empty field begins with, or an object of such by property;
//! - `with`: the part is of use while another leaf is this word.

mod schema;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use super::layers::is_below;

/// What a schema says of its leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    pub sections: Vec<Section>,
    pub lists: Vec<List>,
    pub parts: Vec<Part>,
}

/// Leaves under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub id: String,
    /// Hardly any service says something of it: folded away until one does.
    pub is_folded: bool,
    pub leaves: Vec<Leaf>,
}

/// A leaf by its name in the document, with dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    pub name: String,
    pub pointer: String,
    pub shape: Shape,
    /// A text, or lines of it, that may be left out.
    pub is_optional: bool,
    /// No document is without it.
    pub is_needed: bool,
    pub begins: Option<String>,
    /// What holds where its part leaves it out.
    pub default: Option<String>,
    /// Another leaf, and the words of it with which this one is of any use.
    pub with: Option<(String, Vec<String>)>,
    pub least: Option<i64>,
    pub most: Option<i64>,
}

/// How a leaf is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    Word,
    /// A whole number of this unit; one without unit has none to show.
    Number(String),
    Cores,
    Mebibytes,
    /// One of these words, each called `{set}-{word}`.
    Choice {
        set: String,
        words: Vec<String>,
        is_explained: bool,
    },
    /// One argument a line.
    Lines,
}

/// A list of objects; its first column tells them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    pub name: String,
    pub pointer: String,
    pub columns: Vec<Column>,
    /// Groups of columns of which an item has one, by the first name of each.
    pub either: Vec<String>,
    /// A workload's form has rows of its own for it.
    pub has_own_rows: bool,
}

/// A field of a list's item, by its path in it, with dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub path: String,
    pub is_number: bool,
    /// Several lines.
    pub is_text: bool,
    /// A box to tick: the text of the row is kept as a secret, and is never shown again.
    pub is_seal: bool,
}

/// An object whose fields depend on its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub pointer: String,
    /// Each kind with the fields that it has besides.
    pub kinds: Vec<(String, Vec<String>)>,
}

/// The outline of the newest schema.
#[must_use]
pub fn outline() -> &'static Outline {
    static NEWEST: LazyLock<Outline> =
        LazyLock::new(|| Outline::read(super::schema::NEWEST).unwrap_or_default());
    &NEWEST
}

/// The JSON Pointer of a name with dots.
#[must_use]
pub fn pointer(name: &str) -> String {
    format!("/{}", name.replace('.', "/"))
}

impl Outline {
    /// Reads a schema.
    ///
    /// # Errors
    /// What is no schema of ours, and a leaf that stands in no section, by its name.
    pub fn read(text: &str) -> Result<Self, String> {
        schema::read(text)
    }

    /// Every leaf outside lists, in the order of the form.
    pub fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        self.sections.iter().flat_map(|s| s.leaves.iter())
    }

    #[must_use]
    pub fn leaf(&self, pointer: &str) -> Option<&Leaf> {
        self.leaves().find(|leaf| leaf.pointer == pointer)
    }

    /// The list that a pointer leads into.
    #[must_use]
    pub fn list_of(&self, pointer: &str) -> Option<&List> {
        let mut lists = self.lists.iter();
        lists.find(|list| is_below(pointer, &list.pointer))
    }

    /// The part that a pointer leads into.
    #[must_use]
    pub fn part_of(&self, pointer: &str) -> Option<&Part> {
        let mut parts = self.parts.iter();
        parts.find(|part| is_below(pointer, &part.pointer))
    }
}

impl Section {
    /// The message of its heading.
    #[must_use]
    pub fn code(&self) -> String {
        format!("form-{}", self.id)
    }
}

impl List {
    /// The message that names a column.
    #[must_use]
    pub fn code(&self, column: &Column) -> String {
        format!("form-{}-{}", self.name, column.path.replace('.', "-"))
    }

    /// What tells its items apart.
    #[must_use]
    pub fn key(&self) -> &str {
        self.columns.first().map_or("", |column| &column.path)
    }
}

impl Part {
    /// The fields of a kind; none of one that there is not.
    #[must_use]
    pub fn fields(&self, kind: &str) -> &[String] {
        let found = self.kinds.iter().find(|(name, _)| name == kind);
        found.map_or(&[], |(_, fields)| fields)
    }
}

impl Leaf {
    /// The message that names it; `{code}-help` explains it.
    #[must_use]
    pub fn code(&self) -> String {
        format!("form-{}", self.name.replace('.', "-"))
    }

    /// Whether it is of any use, given what other leaves are.
    pub fn belongs(&self, word_of: impl Fn(&str) -> String) -> bool {
        let with = self.with.as_ref();
        with.is_none_or(|(leaf, words)| words.contains(&word_of(leaf)))
    }
}
