//! Lists by keyset: what comes after a row, never how many rows to skip.

use serde::{Deserialize, Serialize};

use crate::error::AppError;

const USUAL: i64 = 50;
const MOST: i64 = 200;

/// How many, and after which row.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Page {
    #[serde(default)]
    pub limit: Option<i64>,
    #[serde(default)]
    pub after: Option<String>,
}

impl Page {
    /// Rows to show.
    ///
    /// # Errors
    /// A limit beyond 1 to 200.
    pub fn limit(&self) -> Result<i64, AppError> {
        let limit = self.limit.unwrap_or(USUAL);
        if (1..=MOST).contains(&limit) {
            Ok(limit)
        } else {
            Err(AppError::field("limit", "query-limit"))
        }
    }

    /// The number of the row to go on after, for lists ordered by one.
    ///
    /// # Errors
    /// What is no number.
    pub fn after_number(&self) -> Result<Option<i64>, AppError> {
        let wrong = |_| AppError::field("after", "query-wrong");
        let after = self.after.as_deref().filter(|a| !a.is_empty());
        after.map(|a| a.parse().map_err(wrong)).transpose()
    }
}

/// One page of a list; `next` is what to pass as `after` for the rest.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct List<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// A list that fits one answer.
impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

impl<T> List<T> {
    /// From rows of which one more was fetched than is shown.
    #[must_use]
    pub fn cut(mut rows: Vec<T>, limit: i64, key: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(key) } else { None };
        Self { items: rows, next }
    }

    #[must_use]
    pub fn map<U>(self, to: impl FnMut(T) -> U) -> List<U> {
        List {
            items: self.items.into_iter().map(to).collect(),
            next: self.next,
        }
    }
}

/// An address with a query of those pairs that have a value.
#[must_use]
pub fn link(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::{List, link};

    #[test]
    fn a_list_says_where_it_goes_on() {
        let key = |n: &i32| n.to_string();
        assert_eq!(List::cut(vec![3, 2, 1], 2, key).next.as_deref(), Some("2"));
        assert_eq!(List::cut(vec![3, 2], 2, key).next, None);
    }

    #[test]
    fn links_hold_what_has_a_value() {
        assert_eq!(link("/x", &[("a", ""), ("b", "ü&")]), "/x?b=%C3%BC%26");
        assert_eq!(link("/x", &[]), "/x");
    }
}
