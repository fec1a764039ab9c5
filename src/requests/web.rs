//! Pages of requests: the inbox, one request, deciding on it.

pub mod again;
pub mod form;
pub(super) mod objects;
mod part;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Request as HttpRequest, State as Shared};
use axum::middleware::Next;
use axum::response::Response;
use serde::Deserialize;

pub use part::{fact, state};

use super::draft::{self, Draft};
use super::{Attachment, Commenting, Counts, Deciding, Narrowed, Request, State, Verdict, View};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::Actor;
use crate::web::extract::{Ctx, Form, IsPart, Path, Query};
use crate::web::form::{Typed, shown_by_form};
use crate::web::layout::{Chrome, Nav, page, see_other};
use crate::web::paging::{List, Page, link};
use crate::web::problem::shown;
use part::RequestPart;

#[derive(Template)]
#[template(path = "requests/inbox.html")]
struct InboxPage {
    c: Chrome,
    part: InboxPart,
}

#[derive(Template)]
#[template(path = "requests/inbox_part.html")]
struct InboxPart {
    c: Chrome,
    /// The address of this very list.
    here: String,
    view: View,
    open_only: bool,
    counts: Counts,
    requests: List<Request>,
    older: Option<String>,
    /// What this person began and has not filed, the last kept first.
    drafts: Vec<Draft>,
}

impl HtmlSafe for InboxPart {}

impl InboxPart {
    fn title(&self, request: &Request) -> String {
        self.c.w(&title(request))
    }

    fn state(&self, request: &Request) -> crate::web::parts::State {
        state(&self.c, request)
    }

    /// The words of an empty list.
    fn none(&self, more: &str) -> String {
        self.c.t(&format!("inbox-none-{}{more}", self.view))
    }

    /// What waits is open anyway; the other lists hold more than they count.
    fn count(&self, view: &View) -> String {
        let open = |n: i64| self.c.t1("inbox-count-open", "n", &n);
        match view {
            View::Me => self.counts.me.to_string(),
            View::Mine => open(self.counts.mine),
            View::All => open(self.counts.all),
        }
    }
}

/// What lists and titles call a request. Each kind has its own sentence.
#[must_use]
pub fn title(request: &Request) -> Words {
    Words::new(&format!("request-title-{}", request.kind))
        .with("subject", &request.subject)
        .with("project", request.project.as_deref().unwrap_or_default())
        .with(
            "environment",
            request.environment.as_deref().unwrap_or_default(),
        )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxQuery {
    #[serde(rename = "for")]
    view: Option<View>,
    state: Option<State>,
    after: Option<String>,
}

pub async fn inbox(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    IsPart(is_part): IsPart,
    Query(query): Query<InboxQuery>,
) -> Result<Response, AppError> {
    let part = inbox_part(&app, &actor, &ctx, query).await?;
    if is_part {
        return page(&part);
    }
    page(&InboxPage {
        c: part.c.clone(),
        part,
    })
}

async fn inbox_part(
    app: &App,
    actor: &Actor,
    ctx: &Ctx,
    query: InboxQuery,
) -> Result<InboxPart, AppError> {
    let me = match ctx.waiting.get() {
        Some(known) => known.len(),
        None => super::all_waiting(app, actor).await?.len(),
    };
    let counts = super::counts(app, actor, i64::try_from(me).unwrap_or(i64::MAX)).await?;
    // Who has nothing to decide sees what they filed first.
    let usual = if counts.me > 0 { View::Me } else { View::Mine };
    let view = query.view.unwrap_or(usual);
    let state = query.state.map_or("", State::as_str);
    let after = query.after.clone().unwrap_or_default();
    let narrowed = Narrowed {
        view: Some(view),
        state: query.state,
        page: Page {
            limit: None,
            after: query.after,
        },
    };
    let requests = super::list(app, actor, &narrowed).await?;
    let address = |after: &str| {
        let pairs = [("for", view.as_str()), ("state", state), ("after", after)];
        link("/requests", &pairs)
    };
    Ok(InboxPart {
        c: Chrome::new(ctx, Nav::Requests).listening(&app.events, &["requests".to_owned()]),
        here: address(&after),
        view,
        open_only: query.state == Some(State::Open),
        counts,
        older: requests.next.as_deref().map(address),
        drafts: draft::mine(app, actor).await?,
        requests,
    })
}

/// A draft by its address: thrown away from the list, or from the form to begin it anew.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemovalForm {
    #[serde(default)]
    draft: Option<String>,
    #[serde(default)]
    anew: Option<String>,
}

/// `POST /requests/drafts/removal`
pub async fn throw_draft_away(
    Shared(app): Shared<App>,
    actor: Actor,
    Form(form): Form<RemovalForm>,
) -> Result<Response, AppError> {
    let (path, next) = match (&form.draft, &form.anew) {
        (Some(path), None) => (path, "/requests"),
        (None, Some(path)) => (path, path.as_str()),
        _ => return Err(AppError::NotFound),
    };
    draft::throw_away(&app, &actor, path).await?;
    Ok(see_other(next))
}

#[derive(Template)]
#[template(path = "requests/request.html")]
struct RequestPage {
    c: Chrome,
    part: RequestPart,
}

pub async fn request(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    IsPart(is_part): IsPart,
    Path(number): Path<i64>,
) -> Result<Response, AppError> {
    let part = RequestPart::of(&app, &actor, &ctx, number).await?;
    if is_part {
        page(&part)
    } else {
        page(&whole(part))
    }
}

fn whole(part: RequestPart) -> RequestPage {
    RequestPage {
        c: part.c.clone(),
        part,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionForm {
    verdict: Verdict,
    hash: String,
    #[serde(default)]
    comment: String,
}

pub async fn decide(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(number): Path<i64>,
    Form(form): Form<DecisionForm>,
) -> Result<Response, AppError> {
    let deciding = Deciding {
        verdict: form.verdict,
        hash: form.hash,
        comment: form.comment,
    };
    match super::decide(&app, &actor, number, &deciding).await {
        Ok(_) => Ok(see_other(&format!("/requests/{number}"))),
        Err(error) => {
            let (errors, sentence) = shown_by_form(&error, "")?;
            let part = RequestPart::of(&app, &actor, &ctx, number).await?;
            let part = part.with_refusal(&deciding.comment, &errors, sentence.as_ref());
            Ok(shown(page(&whole(part))?, &error))
        }
    }
}

pub async fn withdraw(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(number): Path<i64>,
) -> Result<Response, AppError> {
    super::withdraw(&app, &actor, number).await?;
    Ok(see_other(&format!("/requests/{number}")))
}

/// Counts, for the menu of whole pages, what waits for whoever is signed in.
pub async fn count_for_menu(
    Shared(app): Shared<App>,
    ctx: Ctx,
    actor: Result<Actor, AppError>,
    IsPart(is_part): IsPart,
    request: HttpRequest,
    next: Next,
) -> Response {
    if let (Ok(actor), false) = (actor, is_part) {
        match super::all_waiting(&app, &actor).await {
            Ok(numbers) => drop(ctx.waiting.set(numbers)),
            Err(error) => tracing::warn!(%error, "cannot count what waits"),
        }
    }
    next.run(request).await
}

pub async fn renew(
    Shared(app): Shared<App>,
    actor: Actor,
    Path(number): Path<i64>,
) -> Result<Response, AppError> {
    super::renew_by(&app, &actor, number).await?;
    Ok(see_other(&format!("/requests/{number}")))
}

pub async fn comment(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    Path(number): Path<i64>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    match super::comment(&app, &actor, number, &commenting(&typed)).await {
        Ok(()) => Ok(see_other(&format!("/requests/{number}#said"))),
        Err(error) => {
            let (errors, _) = shown_by_form(&error, "")?;
            let part = RequestPart::of(&app, &actor, &ctx, number).await?;
            let part = part.with_saying(typed, errors);
            Ok(shown(page(&whole(part))?, &error))
        }
    }
}

/// A name or a text alone is an attachment with something missing, which is said.
fn commenting(typed: &Typed) -> Commenting {
    let text = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let file = Attachment {
        name: text("attachment.name"),
        text: text("attachment.text"),
    };
    let is_empty = file.name.trim().is_empty() && file.text.trim().is_empty();
    Commenting {
        text: text("text"),
        attachment: (!is_empty).then_some(file),
    }
}
