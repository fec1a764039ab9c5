//! A project's overview: what runs now, its releases, its people, its source.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::app::App;
use crate::error::AppError;
use crate::identity::{Person, ProjectRole};
use crate::projects::web::{Frame, Tab};
use crate::projects::{self, Member, Project, ProjectAccess};
use crate::releases::web::{self as releases, LastReleases, RunsNow};
use crate::web::extract::{Ctx, IsPart};
use crate::web::layout::{Chrome, Nav, page};
use crate::web::parts::Who;

#[derive(Template)]
#[template(path = "projects/overview.html")]
struct Overview {
    c: Chrome,
    f: Frame,
    part: OverviewPart,
}

#[derive(Template)]
#[template(path = "projects/overview_part.html")]
struct OverviewPart {
    c: Chrome,
    f: Frame,
    topic: String,
    project: Project,
    /// Members by role, for roles that somebody has.
    people: Vec<(ProjectRole, Vec<Member>)>,
    runs_now: RunsNow,
    releases: LastReleases,
}

impl HtmlSafe for OverviewPart {}

impl OverviewPart {
    fn who(&self, member: &Member) -> Who {
        self.c.who(&Person {
            name: member.user.clone(),
            display_name: member.display_name.clone(),
        })
    }

    fn day(&self, at: &Timestamp) -> String {
        let day = at.to_zoned(TimeZone::UTC);
        day.strftime("%Y-%m-%d").to_string()
    }
}

pub async fn overview(
    State(app): State<App>,
    access: ProjectAccess,
    ctx: Ctx,
    IsPart(is_part): IsPart,
) -> Result<Response, AppError> {
    let members = projects::members(&app, access.project.id).await?;
    let topic = projects::topic(access.project.id);
    let c = Chrome::new(&ctx, Nav::Projects).listening(&app.events, std::slice::from_ref(&topic));
    let (runs_now, releases) = releases::parts(&app, &c, &access).await?;
    let project = access.project;
    let part = OverviewPart {
        c,
        f: Frame::new(&project, Tab::Overview),
        topic,
        people: by_role(&members),
        project,
        runs_now,
        releases,
    };
    if is_part {
        return page(&part);
    }
    page(&Overview {
        c: part.c.clone(),
        f: part.f.clone(),
        part,
    })
}

fn by_role(members: &[Member]) -> Vec<(ProjectRole, Vec<Member>)> {
    let with = |role: &ProjectRole| {
        let theirs: Vec<Member> = members
            .iter()
            .filter(|m| m.role == *role)
            .cloned()
            .collect();
        (!theirs.is_empty()).then_some((*role, theirs))
    };
    ProjectRole::ALL.iter().filter_map(with).collect()
}
