//! Projects as rows: what runs where, and how each one stands.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;

use crate::clusters::Tier;
use crate::identity::{Person, ProjectId};
use crate::projects::Project;
use crate::releases::web as releases;
use crate::releases::{Lane, Ran, Standing};
use crate::web::layout::Chrome;
use crate::web::marks::Pips;
use crate::web::parts::{self, Time, Tone};

/// The table of the start page and of the list of projects.
#[derive(Template)]
#[template(path = "home/rows_part.html")]
pub struct Rows {
    c: Chrome,
    /// Keys of environments, test before production.
    environments: Vec<String>,
    /// Whether a column names the owners.
    pub shows_owners: bool,
    rows: Vec<Row>,
}

struct Row {
    key: String,
    sub: String,
    owners: Vec<Person>,
    /// One for each environment.
    cells: Vec<Vec<Group>>,
    state: parts::State,
    /// What failed, or which release the state is of.
    said: String,
}

/// The places of one environment that run the same image.
struct Group {
    tag: String,
    lines: Vec<Line>,
}

struct Line {
    /// The cluster, where the environment has several.
    place: String,
    /// Marks while it moves.
    pips: Option<Pips>,
    ready: String,
    since: Time,
}

impl HtmlSafe for Rows {}

impl Rows {
    /// `subs` are the second lines, `owners` the people to name, both in the order of projects.
    #[must_use]
    pub fn of(
        c: &Chrome,
        projects: &[Project],
        standings: &BTreeMap<ProjectId, Standing>,
        subs: Vec<String>,
    ) -> Self {
        let none = Standing::default();
        let standing = |p: &Project| standings.get(&p.id).unwrap_or(&none);
        let environments = environments(projects.iter().flat_map(|p| &standing(p).lanes));
        let row = |(project, sub): (&Project, String)| {
            let standing = standing(project);
            let cell = |key: &String| cell(c, &standing.lanes, key);
            Row {
                key: project.key.clone(),
                sub,
                owners: Vec::new(),
                cells: environments.iter().map(cell).collect(),
                state: state(c, standing),
                said: said(c, standing),
            }
        };
        Self {
            c: c.clone(),
            shows_owners: false,
            rows: projects.iter().zip(subs).map(row).collect(),
            environments,
        }
    }

    #[must_use]
    pub fn with_owners(
        mut self,
        projects: &[Project],
        owners: &BTreeMap<ProjectId, Vec<Person>>,
    ) -> Self {
        self.shows_owners = true;
        for (row, project) in self.rows.iter_mut().zip(projects) {
            row.owners = owners.get(&project.id).cloned().unwrap_or_default();
        }
        self
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn environment(&self, index: &usize) -> &str {
        self.environments.get(*index).map_or("", String::as_str)
    }
}

/// Those in which any of the projects has a place.
fn environments<'a>(lanes: impl Iterator<Item = &'a Lane>) -> Vec<String> {
    let (mut test, mut production) = (Vec::new(), Vec::new());
    for lane in lanes {
        let keys = match lane.tier {
            Tier::Test => &mut test,
            Tier::Production => &mut production,
        };
        if !keys.contains(&lane.environment) {
            keys.push(lane.environment.clone());
        }
    }
    test.extend(production);
    test
}

fn cell(c: &Chrome, lanes: &[Lane], environment: &str) -> Vec<Group> {
    let here: Vec<&Lane> = lanes
        .iter()
        .filter(|l| l.environment == environment)
        .collect();
    let mut groups: Vec<Group> = Vec::new();
    for lane in &here {
        let Some(shown) = lane.under_way().or(lane.runs.as_ref()) else {
            let tag = c.t("lane-taken-over");
            if lane.taken_over && groups.iter().all(|g| g.tag != tag) {
                let lines = Vec::new();
                groups.push(Group { tag, lines });
            }
            continue;
        };
        let line = line(c, lane, shown, here.len() > 1);
        match groups.iter_mut().find(|g| g.tag == shown.tag) {
            Some(group) => group.lines.push(line),
            None => groups.push(Group {
                tag: shown.tag.clone(),
                lines: vec![line],
            }),
        }
    }
    groups
}

fn line(c: &Chrome, lane: &Lane, shown: &Ran, named: bool) -> Line {
    let (ready, all, count) = releases::counted(shown);
    Line {
        place: if named {
            lane.cluster.clone()
        } else {
            String::new()
        },
        pips: shown.ended_at.is_none().then(|| c.pips(count)),
        ready: c.t2("pips-of", ("ready", &ready), ("all", &all)),
        since: c.for_long(&shown.since()),
    }
}

fn state(c: &Chrome, standing: &Standing) -> parts::State {
    match &standing.newest {
        Some(release) => releases::state(c, &standing.lanes, release),
        None if standing.lanes.is_empty() => c.state(Tone::Idle, c.t("home-no-place"), None),
        None => c.state(Tone::Idle, c.t("home-no-release"), None),
    }
}

fn said(c: &Chrome, standing: &Standing) -> String {
    let Some(release) = &standing.newest else {
        return String::new();
    };
    match &release.failure {
        Some(failure) => c.w(failure),
        None => c.t1("release-number", "n", &release.number),
    }
}
