//! What waits for one person: requests to decide on, releases to move on.

use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Actor;
use crate::releases::{self, Release, Turn};
use crate::requests::{self, Narrowed, Request, State, View};
use crate::resources::{self, Resource};
use crate::terminals::{self, Invitation};
use crate::web::layout::Chrome;
use crate::web::paging::Page;
use crate::web::parts::{Icon, Time};

/// Lines of each kind; the rest is a link away.
const SHOWN: i64 = 10;

/// One line of the list.
pub struct Item {
    pub icon: Icon,
    pub href: String,
    pub title: String,
    pub why: String,
    pub since: Time,
    pub button: String,
}

/// What it is somebody's turn with.
pub struct Waiting {
    pub requests: Vec<Request>,
    pub turns: Vec<(Turn, Release)>,
    /// Approved, and to be made by hand.
    pub to_make: Vec<Resource>,
    /// Releases that found somebody else's job in Jenkins.
    pub jobs: Vec<Release>,
    /// Somebody's terminals that the visitor was let into.
    pub invitations: Vec<Invitation>,
}

impl Waiting {
    /// How many there are besides requests.
    #[must_use]
    pub fn besides(&self) -> usize {
        self.turns.len() + self.to_make.len() + self.jobs.len() + self.invitations.len()
    }
}

/// Requests, releases and resources that it is somebody's turn with; the menu may know the
/// numbers of the requests.
///
/// # Errors
/// No answer from the database.
pub async fn all(app: &App, actor: &Actor, known: Option<&[i64]>) -> Result<Waiting, AppError> {
    Ok(Waiting {
        requests: requests::first_waiting(app, actor, (known, SHOWN)).await?,
        turns: releases::waiting_for(app, actor, SHOWN).await?,
        to_make: resources::to_make(app, actor, SHOWN).await?,
        jobs: releases::jobs_to_decide(app, actor, SHOWN).await?,
        invitations: terminals::invitations(app, actor, SHOWN).await?,
    })
}

/// What somebody asked for and nobody has decided.
///
/// # Errors
/// No answer from the database.
pub async fn mine(app: &App, actor: &Actor) -> Result<Vec<Request>, AppError> {
    let narrowed = Narrowed {
        view: Some(View::Mine),
        state: Some(State::Open),
        page: Page {
            limit: Some(SHOWN),
            after: None,
        },
    };
    let found = requests::list(app, actor, &narrowed).await?;
    Ok(found.items)
}

/// Whoever is in a terminal waits for no other; then releases, which the visitor can move at once.
#[must_use]
pub fn items(c: &Chrome, waiting: &Waiting) -> Vec<Item> {
    let releases = waiting.turns.iter().map(|(turn, r)| release(c, *turn, r));
    let jobs = waiting.jobs.iter().map(|r| job(c, r));
    let to_make = waiting.to_make.iter().map(|r| resource(c, r));
    let requests = waiting.requests.iter().map(|r| request(c, r));
    let invitations = waiting.invitations.iter().map(|i| invitation(c, i));
    invitations
        .chain(jobs)
        .chain(releases)
        .chain(to_make)
        .chain(requests)
        .collect()
}

fn invitation(c: &Chrome, invitation: &Invitation) -> Item {
    Item {
        icon: c.i("terminal-2"),
        href: format!("/terminals/{}", invitation.terminal),
        title: c.t2(
            "home-invited",
            ("project", &invitation.project),
            ("who", &invitation.owner),
        ),
        why: invitation.pod.clone(),
        since: c.time(&invitation.since),
        button: c.t("terminal-watch"),
    }
}

fn job(c: &Chrome, release: &Release) -> Item {
    Item {
        icon: c.i("alert-triangle"),
        href: format!(
            "/projects/{}/releases/{}/job",
            release.project, release.number
        ),
        title: c.t1("home-job", "project", &release.project),
        why: c.t1("home-job-why", "who", &release.author.display_name),
        since: c.time(&release.state_since),
        button: c.t("home-job-go"),
    }
}

fn resource(c: &Chrome, resource: &Resource) -> Item {
    let kind = c.t(&format!("resource-kind-{}", resource.kind));
    Item {
        icon: c.i(resources::web::icon(resource.kind)),
        href: format!("/resources/{}", resource.number),
        title: c.t2(
            "home-make",
            ("project", &resource.project),
            ("name", &resource.name),
        ),
        why: c.t1("home-make-why", "kind", &kind),
        since: c.time(&resource.created_at),
        button: c.t("home-make-go"),
    }
}

fn release(c: &Chrome, turn: Turn, release: &Release) -> Item {
    let (code, icon) = match turn {
        Turn::Confirm => ("confirm", "shield-check"),
        Turn::Release => ("release", "rocket"),
    };
    Item {
        icon: c.i(icon),
        href: format!("/projects/{}/releases/{}", release.project, release.number),
        title: c.t2(
            &format!("home-turn-{code}"),
            ("project", &release.project),
            ("tag", &release.tag),
        ),
        why: c.t2(
            &format!("home-turn-{code}-why"),
            ("what", &releases::web::title(release)),
            ("who", &release.author.display_name),
        ),
        since: c.time(&release.state_since),
        button: c.t(&format!("home-turn-{code}-go")),
    }
}

fn request(c: &Chrome, request: &Request) -> Item {
    let asked = Words::new("home-asked-by").with("who", &request.author.display_name);
    let number = c.t1("request-number", "n", &request.number);
    Item {
        icon: c.i("clipboard-list"),
        href: format!("/requests/{}", request.number),
        title: c.w(&requests::web::title(request)),
        why: format!("{number} · {}", c.w(&asked)),
        since: c.time(&request.created_at),
        button: c.t("home-review"),
    }
}
