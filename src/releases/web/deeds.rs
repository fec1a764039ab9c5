//! What can be taken back or broken off on a release's page: each a small form of its own, or a
//! shut button that says why.

use crate::clusters::Tier;
use crate::error::AppError;
use crate::identity::{Permission, Scope};
use crate::projects::ProjectAccess;
use crate::releases::setbacks;
use crate::releases::tale::Tale;
use crate::releases::{self, Deployment, Release, environments};
use crate::web::layout::Chrome;
use crate::web::parts::Icon;

pub struct Deed {
    pub id: String,
    pub title: String,
    /// What it does.
    pub says: String,
    /// The button's words, with its object.
    pub label: String,
    pub icon: Icon,
    pub action: String,
    pub hidden: Option<(&'static str, String)>,
    /// A text that goes along: name, label, whether it may be left out.
    pub asks: Option<(&'static str, String, bool)>,
    pub shut: Option<String>,
    /// Open from the start, because it is what one came for.
    pub open: bool,
}

/// Where a form goes, and what it is called.
struct Form<'a> {
    code: &'static str,
    icon: &'static str,
    path: &'static str,
    release: &'a Release,
}

fn deed(c: &Chrome, form: &Form<'_>, allowed: Result<(), AppError>) -> Deed {
    let (code, release) = (form.code, form.release);
    Deed {
        id: code.to_owned(),
        title: c.t(&format!("deed-{code}")),
        says: c.t(&format!("deed-{code}-says")),
        label: c.t1(&format!("deed-{code}-button"), "n", &release.number),
        icon: c.i(form.icon),
        action: format!(
            "/projects/{}/releases/{}/{}",
            release.project, release.number, form.path
        ),
        hidden: None,
        asks: None,
        shut: allowed.err().map(|e| c.w(&e.words())),
        open: false,
    }
}

/// Everything but the retry of a build, which stands beside its failure.
#[must_use]
pub fn deeds(c: &Chrome, access: &ProjectAccess, tale: &Tale) -> Vec<Deed> {
    let mut all = aborts(c, access, tale);
    all.extend(waive(c, access, tale));
    all.extend(reject(c, access, tale));
    all.extend(retests(c, access, tale));
    all.extend(withdraw(c, access, tale));
    all.extend(cancel(c, access, tale));
    all
}

fn must(access: &ProjectAccess, permission: Permission) -> Result<(), AppError> {
    let scope = Scope::Project(access.project.id);
    access.actor.must(permission, scope)
}

fn aborts(c: &Chrome, access: &ProjectAccess, tale: &Tale) -> Vec<Deed> {
    let all = tale.story.deployments.iter();
    let under_way = all.filter(|d| setbacks::abortable(d.state));
    let abort = |d: &Deployment| {
        let form = Form {
            code: "abort",
            icon: "player-stop",
            path: "aborts",
            release: tale.release(),
        };
        Deed {
            id: format!("abort-{}", d.cluster),
            title: c.t1("deed-abort", "cluster", &d.cluster),
            label: c.t1("deed-abort-button", "cluster", &d.cluster),
            hidden: Some(("deployment", d.id.to_string())),
            asks: Some(("reason", c.t("rollback-reason"), true)),
            open: true,
            ..deed(c, &form, must(access, Permission::RollBack))
        }
    };
    under_way.map(abort).collect()
}

fn reject(c: &Chrome, access: &ProjectAccess, tale: &Tale) -> Option<Deed> {
    let release = tale.release();
    setbacks::rejectable(release).ok()?;
    let form = Form {
        code: "reject",
        icon: "circle-x",
        path: "rejection",
        release,
    };
    Some(Deed {
        asks: Some(("note", c.t("deed-reject-note"), false)),
        open: access.may(Permission::RejectRelease) && release.confirmation.is_none(),
        ..deed(c, &form, must(access, Permission::RejectRelease))
    })
}

/// Letting an imported image through without a test.
fn waive(c: &Chrome, access: &ProjectAccess, tale: &Tale) -> Option<Deed> {
    let release = tale.release();
    let artifact = releases::waivable(release).ok()?;
    let form = Form {
        code: "waive",
        icon: "alert-triangle",
        path: "waiver",
        release,
    };
    Some(Deed {
        hidden: Some(("digest", artifact.digest.clone())),
        asks: Some(("note", c.t("deed-waive-note"), false)),
        ..deed(c, &form, releases::may_waive(&access.actor, release))
    })
}

fn withdraw(c: &Chrome, access: &ProjectAccess, tale: &Tale) -> Option<Deed> {
    let release = tale.release();
    release.confirmation.as_ref()?;
    let form = Form {
        code: "withdraw",
        icon: "arrow-back-up",
        path: "withdrawal",
        release,
    };
    let allowed = setbacks::may_withdraw(&access.actor, release);
    Some(Deed {
        asks: Some(("reason", c.t("rollback-reason"), false)),
        ..deed(c, &form, allowed)
    })
}

fn cancel(c: &Chrome, access: &ProjectAccess, tale: &Tale) -> Option<Deed> {
    let release = tale.release();
    setbacks::cancellable(release).ok()?;
    let form = Form {
        code: "cancel",
        icon: "circle-minus",
        path: "cancellation",
        release,
    };
    Some(Deed {
        asks: Some(("reason", c.t("rollback-reason"), true)),
        ..deed(c, &form, must(access, Permission::OpenRelease))
    })
}

/// One for each environment of test that does not run the image and is not about to.
fn retests(c: &Chrome, access: &ProjectAccess, tale: &Tale) -> Vec<Deed> {
    let release = tale.release();
    let Ok(artifact) = setbacks::retestable(release) else {
        return Vec::new();
    };
    let mut keys = environments(&tale.lanes, Tier::Test);
    keys.retain(|key| {
        let mut here = tale.lanes.iter().filter(|l| &l.environment == key);
        here.any(|l| {
            let coming = l.under_way().is_some_and(|r| r.digest == artifact.digest);
            !l.runs_digest(&artifact.digest) && !coming
        })
    });
    let retest = |key: String| {
        let form = Form {
            code: "retest",
            icon: "player-play",
            path: "deployments",
            release,
        };
        Deed {
            id: format!("retest-{key}"),
            title: c.t1("deed-retest", "environment", &key),
            label: c.t2(
                "deed-retest-button",
                ("n", &release.number),
                ("environment", &key),
            ),
            hidden: Some(("environment", key)),
            ..deed(c, &form, must(access, Permission::OpenRelease))
        }
    };
    keys.into_iter().map(retest).collect()
}

/// The retry of a failed build, or of the look at a refused image, beside its failure.
#[must_use]
pub fn rebuild(c: &Chrome, access: &ProjectAccess, tale: &Tale) -> Option<Deed> {
    let release = tale.release();
    setbacks::rebuildable(release).ok()?;
    let form = Form {
        code: match setbacks::is_refused(release) {
            true => "look-again",
            false => "rebuild",
        },
        icon: "refresh",
        path: "builds",
        release,
    };
    Some(deed(c, &form, must(access, Permission::OpenRelease)))
}
