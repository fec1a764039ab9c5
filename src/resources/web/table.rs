//! Resources as rows.

use askama::Template;
use askama::filters::HtmlSafe;

use super::{icon, sizes, state};
use crate::resources::Resource;
use crate::web::layout::Chrome;
use crate::web::parts;

/// The table of all resources, and of one project's.
#[derive(Template)]
#[template(path = "resources/table_part.html")]
pub struct Table {
    c: Chrome,
    rows: Vec<Resource>,
}

impl HtmlSafe for Table {}

impl Table {
    #[must_use]
    pub fn of(c: &Chrome, rows: Vec<Resource>) -> Self {
        Self { c: c.clone(), rows }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn state(&self, row: &Resource) -> parts::State {
        state(&self.c, row)
    }

    fn icon(&self, row: &Resource) -> parts::Icon {
        self.c.i(icon(row.kind))
    }

    /// Kind and size in one line.
    fn sub(&self, row: &Resource) -> String {
        let kind = self.c.t(&format!("resource-kind-{}", row.kind));
        let sizes = sizes(&self.c, row).into_iter().map(|(label, value)| {
            // A number says nothing without its name.
            match value.starts_with(|first: char| first.is_ascii_digit()) {
                true => format!("{label} {value}"),
                false => value,
            }
        });
        let words: Vec<String> = std::iter::once(kind).chain(sizes).collect();
        words.join(" · ")
    }

    /// Environment and site, as far as they are known.
    fn place(&self, row: &Resource) -> String {
        let words = [row.environment.as_deref(), Some(row.site.as_str())];
        let words: Vec<&str> = words.into_iter().flatten().collect();
        let known = words.into_iter().filter(|w| !w.is_empty());
        known.collect::<Vec<_>>().join(" · ")
    }
}
