//! What a list of terminals is narrowed to; the page and the API ask alike.

use serde::Deserialize;
use uuid::Uuid;

use super::TerminalId;
use super::store::Filter;
use crate::error::AppError;
use crate::identity::AccountId;
use crate::parse::{some, time};
use crate::web::paging::Page;

#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(default)]
    pub project: String,
    #[serde(default)]
    pub environment: String,
    /// A pod's name, or its beginning.
    #[serde(default)]
    pub pod: String,
    #[serde(default)]
    pub user: String,
    /// `open` for those that are not over.
    #[serde(default)]
    pub state: String,
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
    pub fn filter(&self, visible: Option<(AccountId, Vec<Uuid>)>) -> Result<Filter, AppError> {
        let page = Page {
            limit: self.limit,
            after: None,
        };
        let open = match self.state.as_str() {
            "" => false,
            "open" => true,
            _ => return Err(AppError::field("state", "query-wrong")),
        };
        let after = self.after.as_deref().and_then(some);
        let wrong = |_| AppError::field("after", "query-wrong");
        Ok(Filter {
            id: None,
            visible,
            project: some(&self.project),
            environment: some(&self.environment),
            pod: some(&self.pod),
            account: some(&self.user),
            open,
            from: time("from", &self.from, 0)?,
            to: time("to", &self.to, 1)?,
            before: after
                .map(|a| a.parse::<TerminalId>().map_err(wrong))
                .transpose()?,
            limit: page.limit()?,
        })
    }

    /// As name and value, for addresses that hold the same.
    #[must_use]
    pub fn pairs(&self) -> [(&'static str, &str); 7] {
        [
            ("project", &self.project),
            ("environment", &self.environment),
            ("pod", &self.pod),
            ("user", &self.user),
            ("state", &self.state),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }

    #[must_use]
    pub fn is_all(&self) -> bool {
        self.pairs().iter().all(|(_, value)| some(value).is_none())
    }
}
