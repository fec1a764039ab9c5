//! What the reader can do on a release's page: confirm, release to production, go back.

use crate::clusters::Tier;
use crate::identity::Permission;
use crate::projects::ProjectAccess;
use crate::releases::rollback::Candidate;
use crate::releases::tale::{Tale, WayBack};
use crate::releases::{ConfirmationKind, Release, State};
use crate::web::layout::Chrome;
use crate::web::marks::short_digest;

/// The tester's form, or why it is shut.
pub struct Confirm {
    pub digest: String,
    pub short: String,
    pub shut: Option<String>,
}

/// The way into production: where to, what it changes, who is asked first.
pub struct Next {
    pub tag: String,
    pub title: String,
    pub said: String,
    pub targets: Vec<Target>,
    pub shut: Option<String>,
}

pub struct Target {
    pub environment: String,
    pub asks: String,
    /// Cluster, what runs there, what would.
    pub changes: Vec<(String, String, String)>,
}

/// One environment's way back.
pub struct Back {
    pub environment: String,
    pub clusters: Vec<String>,
    pub from: String,
    pub to: Candidate,
    /// The button's words, with its object.
    pub label: String,
    pub undoes: String,
    pub others: Vec<(Candidate, String)>,
    pub shut: Option<String>,
}

impl Back {
    pub fn short<'a>(&self, candidate: &'a Candidate) -> &'a str {
        short_digest(&candidate.artifact.digest)
    }
}

#[must_use]
pub fn confirm(c: &Chrome, access: &ProjectAccess, tale: &Tale) -> Option<Confirm> {
    let release = tale.release();
    let artifact = release.artifact.as_ref()?;
    if release.state != State::AwaitingConfirmation {
        return None;
    }
    let own = release.author_id == access.actor.responsible.0 && !access.project.may_confirm_own;
    let shut = if !access.may(Permission::Confirm) {
        let names = tale.testers.iter().map(|m| m.display_name.as_str());
        let names: Vec<&str> = names.collect();
        Some(if names.is_empty() {
            c.t("confirm-no-testers")
        } else {
            c.t1("confirm-ask-testers", "who", &names.join(", "))
        })
    } else if own {
        Some(c.t("confirm-own"))
    } else if crate::releases::environments(&tale.lanes, Tier::Test).is_empty() {
        Some(c.t("confirm-no-test-place"))
    } else if !tale.test_runs_it() {
        Some(c.t("confirm-test-moved-on"))
    } else {
        None
    };
    Some(Confirm {
        digest: artifact.digest.clone(),
        short: short_digest(&artifact.digest).to_owned(),
        shut,
    })
}

#[must_use]
pub fn next(c: &Chrome, access: &ProjectAccess, tale: &Tale) -> Option<Next> {
    let release = tale.release();
    let word = release.confirmation.as_ref()?;
    let targets = tale.targets();
    if targets.is_empty() {
        return None;
    }
    let may = access.may(Permission::ReleaseToProduction);
    let title = if release.state == State::Failed {
        "next-again"
    } else {
        "next-ready"
    };
    Some(Next {
        tag: release.tag.clone(),
        title: c.t1(title, "n", &release.number),
        said: match word.kind {
            ConfirmationKind::Tested | ConfirmationKind::Baseline => {
                c.t1("next-confirmed-by", "who", &word.display_name)
            }
            ConfirmationKind::Waiver => c.t2(
                "next-waived-by",
                ("who", &word.display_name),
                ("why", &word.note),
            ),
        },
        targets: targets
            .into_iter()
            .map(|key| target(c, tale, release, key))
            .collect(),
        shut: match (may, &c.banner) {
            (false, _) => Some(c.t("may-not-release-to-production")),
            (true, Some(stopped)) => Some(c.w(&stopped.words)),
            (true, None) => None,
        },
    })
}

fn target(c: &Chrome, tale: &Tale, release: &Release, environment: String) -> Target {
    let digest = release.artifact.as_ref().map_or("", |a| a.digest.as_str());
    let here = tale
        .lanes
        .iter()
        .filter(|l| l.environment == environment && l.prepared);
    let lanes: Vec<_> = here.collect();
    let (approvals, by_policy) = lanes
        .first()
        .map_or((0, false), |l| (l.approvals, l.by_policy));
    let change = |l: &&crate::releases::Lane| {
        let runs = l.runs.as_ref();
        let from = runs.map_or_else(|| c.t("wave-empty"), |r| short_digest(&r.digest).to_owned());
        (l.cluster.clone(), from, short_digest(digest).to_owned())
    };
    Target {
        asks: match (approvals, by_policy) {
            (0, _) => c.t("next-asks-nobody"),
            (_, true) => c.t1("next-asks-policy", "n", &approvals),
            (_, false) => c.t1("next-asks", "n", &approvals),
        },
        changes: lanes.iter().map(change).collect(),
        environment,
    }
}

#[must_use]
pub fn backs(c: &Chrome, access: &ProjectAccess, tale: &Tale) -> Vec<Back> {
    let may = access.may(Permission::RollBack);
    let back = |way: &WayBack| back(c, tale, way, may);
    tale.ways_back.iter().filter_map(back).collect()
}

fn back(c: &Chrome, tale: &Tale, way: &WayBack, may: bool) -> Option<Back> {
    let (to, others) = way.to.split_first()?;
    let here = tale.lanes.iter();
    let here: Vec<_> = here.filter(|l| l.environment == way.environment).collect();
    let under_way = here.iter().find_map(|l| l.under_way());
    let runs = here.iter().find_map(|l| l.runs.as_ref());
    let from = if way.away {
        tale.release().artifact.as_ref().map(|a| a.digest.clone())
    } else {
        under_way.or(runs).map(|r| r.digest.clone())
    };
    let label = |candidate: &Candidate| match candidate.release_number {
        Some(number) => c.t1("rollback-to-release", "n", &number),
        None => c.t1("rollback-to-tag", "tag", &candidate.artifact.tag),
    };
    let undoes = match under_way {
        Some(_) => c.t("rollback-stops"),
        None => c.t("rollback-replaces"),
    };
    Some(Back {
        environment: way.environment.clone(),
        clusters: way.clusters.clone(),
        from: short_digest(&from.unwrap_or_default()).to_owned(),
        label: label(to),
        undoes,
        others: others.iter().map(|o| (o.clone(), label(o))).collect(),
        to: to.clone(),
        shut: (!may).then(|| c.t("may-not-roll-back")),
    })
}
