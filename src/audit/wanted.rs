//! What the trail is narrowed to; the page, the API and the export ask alike.

use serde::Deserialize;

use super::Filter;
use crate::error::AppError;
use crate::parse::{some, time};
use crate::web::paging::Page;

#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(default)]
    pub user: String,
    /// An action, or the beginning of one: `release` finds `release.open`.
    #[serde(default)]
    pub action: String,
    #[serde(default)]
    pub project: String,
    /// What it was done to.
    #[serde(default)]
    pub target: String,
    /// `done` or `refused`.
    #[serde(default)]
    pub result: String,
    /// A day in UTC, or an exact time.
    #[serde(default)]
    pub from: String,
    /// The last day in UTC, or an exact time.
    #[serde(default)]
    pub to: String,
    pub limit: Option<i64>,
    pub after: Option<String>,
}

impl Wanted {
    /// # Errors
    /// 400 naming what makes no sense.
    pub fn filter(&self) -> Result<Filter, AppError> {
        let page = Page {
            limit: self.limit,
            after: self.after.clone(),
        };
        let result = some(&self.result);
        if result
            .as_deref()
            .is_some_and(|r| !["done", "refused"].contains(&r))
        {
            return Err(AppError::field("result", "query-wrong"));
        }
        Ok(Filter {
            action: some(&self.action),
            account: some(&self.user),
            project: some(&self.project),
            target: some(&self.target),
            result,
            from: time("from", &self.from, 0)?,
            to: time("to", &self.to, 1)?,
            before: page.after_number()?,
            limit: page.limit()?,
        })
    }

    /// As name and value, for addresses that hold the same.
    #[must_use]
    pub fn pairs(&self) -> [(&'static str, &str); 7] {
        [
            ("user", &self.user),
            ("action", &self.action),
            ("project", &self.project),
            ("target", &self.target),
            ("result", &self.result),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }

    #[must_use]
    pub fn is_all(&self) -> bool {
        self.pairs()
            .iter()
            .all(|(_, value)| value.trim().is_empty())
    }
}
