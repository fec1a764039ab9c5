//! Which projects there are to work in: a list of many pages, read up to a bound.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use url::Url;

use super::{GitLab, PAGE_MAX};
use crate::integrations::CallError;

/// Beyond it, somebody who waits for a page would wait for too long.
const PAGES_MAX: usize = 50;
/// Fewer than all places of the client, so that others get through meanwhile.
const AT_ONCE: usize = 6;
/// GitLab's number for the role Developer, the least that makes tags. Without it the list has
/// everything that is public.
const DEVELOPER: &str = "30";

/// The projects that a token may make tags in and that are not archived, in the order of their
/// numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repositories {
    /// Full paths (`group/name`).
    pub paths: Vec<String>,
    /// Whether these are all of them.
    pub is_whole: bool,
}

/// A project as lists show it with `simple`.
#[derive(Deserialize)]
struct Listed {
    path_with_namespace: String,
}

struct Page {
    paths: Vec<String>,
    /// GitLab counts them only where there are no more than ten thousand projects.
    pages: Option<usize>,
    goes_on: bool,
}

impl GitLab {
    /// Its own address, without `/api/v4`.
    #[must_use]
    pub const fn base(&self) -> &Url {
        &self.base
    }

    pub async fn repositories(&self) -> Result<Repositories, CallError> {
        let first = self.repositories_page(1).await?;
        let pages = match (first.goes_on, first.pages) {
            (false, _) => 1,
            (true, Some(pages)) => pages,
            (true, None) => usize::MAX,
        };
        let rest = stream::iter(2..=pages.min(PAGES_MAX));
        let rest = rest.map(|number| self.repositories_page(number));
        let rest: Vec<Page> = rest.buffered(AT_ONCE).try_collect().await?;
        let pages_read = std::iter::once(first).chain(rest);
        Ok(Repositories {
            paths: pages_read.flat_map(|page| page.paths).collect(),
            is_whole: pages <= PAGES_MAX,
        })
    }

    async fn repositories_page(&self, number: usize) -> Result<Page, CallError> {
        let (number, per_page) = (number.to_string(), PAGE_MAX.to_string());
        let query = [
            ("simple", "true"),
            ("archived", "false"),
            ("min_access_level", DEVELOPER),
            ("order_by", "id"),
            ("sort", "asc"),
            ("per_page", &per_page),
            ("page", &number),
        ];
        let answer = self.get(&["projects"], &query).await?;
        let listed: Vec<Listed> = answer.json()?;
        let header = |name| answer.header(name).filter(|value| !value.is_empty());
        Ok(Page {
            pages: header("x-total-pages").and_then(|value| value.parse().ok()),
            goes_on: header("x-next-page").is_some(),
            paths: listed.into_iter().map(|p| p.path_with_namespace).collect(),
        })
    }
}
