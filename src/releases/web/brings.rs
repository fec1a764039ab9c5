//! What a release brings: its commits since the one before, and whether it was built already.

use crate::app::App;
use crate::error::AppError;
use crate::projects::Project;
use crate::releases::Since;
use crate::releases::since::{self, Built};
use crate::web::layout::Chrome;
use crate::web::marks::short_commit;

/// Commits since another release, with links into the repository where its address is known.
pub struct Brings {
    pub base: i32,
    pub count: usize,
    pub lines: Vec<Brought>,
    /// How many more there are than lines.
    pub more: usize,
    /// The comparison in GitLab.
    pub compare: Option<String>,
}

pub struct Brought {
    pub line: since::Line,
    pub short: String,
    pub href: Option<String>,
}

impl Brings {
    #[must_use]
    pub fn of(project: &Project, since: &Since, to: &str) -> Self {
        let web = project.web_url.as_deref().filter(|u| is_web(u));
        let brought = |line: &since::Line| Brought {
            short: short_commit(&line.id).to_owned(),
            href: web.map(|web| format!("{web}/-/commit/{}", line.id)),
            line: line.clone(),
        };
        Self {
            base: since.release,
            count: since.count,
            more: since.count.saturating_sub(since.commits.len()),
            lines: since.commits.iter().map(brought).collect(),
            compare: web.map(|web| format!("{web}/-/compare/{}...{to}", since.commit)),
        }
    }
}

/// Nothing but an address of the web becomes a link, whatever the repository calls its own.
fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// What the chosen reference stands for right now.
pub struct Preview {
    pub reference: String,
    pub short: String,
    pub title: String,
    pub brings: Option<Brings>,
    /// The release that built this commit before, and where its image can be put again.
    pub built: Option<Built>,
}

/// Looks a reference up for the form.
///
/// # Errors
/// GitLab away, an unknown reference.
pub async fn preview(app: &App, project: &Project, reference: &str) -> Result<Preview, AppError> {
    let (commit, built) = since::built_of(app, project, reference).await?;
    let since = since::since(app, project, &commit.id).await?;
    Ok(Preview {
        reference: reference.to_owned(),
        short: short_commit(&commit.id).to_owned(),
        title: commit.title,
        brings: since.map(|s| Brings::of(project, &s, &commit.id)),
        built,
    })
}

/// The sentence over the commits.
#[must_use]
pub fn head(c: &Chrome, brings: &Brings) -> String {
    c.t2("brings-since", ("n", &brings.count), ("base", &brings.base))
}
