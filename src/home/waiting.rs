//! What waits for one person: requests to decide on, releases to move on.

use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Actor;
use crate::releases::{self, Release, Turn};
use crate::requests::{self, Narrowed, Request, State, View};
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

/// Requests and releases that it is somebody's turn with.
///
/// # Errors
/// No answer from the database.
pub async fn all(
    app: &App,
    actor: &Actor,
) -> Result<(Vec<Request>, Vec<(Turn, Release)>), AppError> {
    let requests = listed(app, actor, View::Me, None).await?;
    let turns = releases::waiting_for(app, actor, SHOWN).await?;
    Ok((requests, turns))
}

/// What somebody asked for and nobody has decided.
///
/// # Errors
/// No answer from the database.
pub async fn mine(app: &App, actor: &Actor) -> Result<Vec<Request>, AppError> {
    listed(app, actor, View::Mine, Some(State::Open)).await
}

async fn listed(
    app: &App,
    actor: &Actor,
    view: View,
    state: Option<State>,
) -> Result<Vec<Request>, AppError> {
    let narrowed = Narrowed {
        view: Some(view),
        state,
        page: Page {
            limit: Some(SHOWN),
            after: None,
        },
    };
    let found = requests::list(app, actor, &narrowed).await?;
    Ok(found.items)
}

/// Releases first: they are what the visitor can move at once.
#[must_use]
pub fn items(c: &Chrome, requests: Vec<Request>, turns: Vec<(Turn, Release)>) -> Vec<Item> {
    let releases = turns.iter().map(|(turn, r)| release(c, *turn, r));
    let requests = requests.iter().map(|r| request(c, r));
    releases.chain(requests).collect()
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
