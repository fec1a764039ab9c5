//! The moving part of a request's page: what is asked, who must decide, what became of it.

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::Timestamp;

use super::form::{self, Way};
use super::objects::{Object, objects};
use super::title;
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Person, delegation};
use crate::jobs::StepState;
use crate::progress::{self, StepRow};
use crate::requests::policy::{Electorate, electorates, web::asks};
use crate::requests::revisions::web::{Changes, shown};
use crate::requests::{
    Because, Comment, Decision, Fact, Request, Said, Say, Standing, State, Verdict, Voters, Work,
    comments, get, has_moved, in_the_way, revisions, together,
};
use crate::web::extract::Ctx;
use crate::web::form::{Summary, Typed};
use crate::web::layout::{Chrome, Errors, Nav};
use crate::web::parts::{self, Tone};

#[derive(Template)]
#[template(path = "requests/request_part.html")]
pub struct RequestPart {
    pub c: Chrome,
    request: Request,
    /// What the page listens to.
    topics: String,
    pub title: String,
    lede: String,
    state: parts::State,
    /// What it says, and whether that is read letter by letter.
    facts: Vec<(String, String, bool)>,
    /// What the world is like right now, beside what is decided on.
    beside: Vec<String>,
    /// Where more is told of what it is about.
    page: Option<String>,
    objects: Vec<Object>,
    /// The revision that the reader saw before, while it is open, and what is otherwise now.
    since: Option<(i32, Changes)>,
    /// Whose yes is missing, and who could give it.
    waits_for: Vec<(String, String)>,
    desk: Desk,
    steps: Vec<StepView>,
    /// What was asked for by the same form, with the component of another one.
    together: Vec<(Request, Option<String>)>,
    comment: String,
    comment_error: Option<String>,
    summary: Option<Summary>,
    said: Vec<Comment>,
    /// What was typed of a comment, and what is wrong with it.
    saying: Typed,
    saying_errors: Errors,
    /// Whether a decider would be shown it differently now.
    has_moved: bool,
    /// Why it could not be carried out as it stands.
    stuck: Option<String>,
    /// Whether this reader may bring it up to date.
    may_renew: bool,
    /// The page on which its author changes it, and the one that starts a copy of it.
    revise: Option<String>,
    copy: Option<String>,
    /// The page on which what came of it is asked to be taken back.
    undo: Option<String>,
}

impl HtmlSafe for RequestPart {}

/// Whether a yes has made something.
fn has_ended(request: &Request) -> bool {
    matches!(request.state, State::Done | State::Failed)
}

/// What the reader can do about it.
enum Desk {
    /// Decide, now.
    Decide {
        starts_work: bool,
        /// Who is away and is stood in for.
        stands_for: Option<String>,
    },
    /// Take it back; deciding is for others, and the words say for whom.
    Withdraw { why: String },
    /// Only look; the words say who decides.
    Shut { why: String },
    /// It is decided, by this person or altogether.
    Nothing,
}

/// One durable step of what an approval started.
struct StepView {
    state: parts::State,
    /// The cluster that it works on, if it is one's.
    place: String,
    /// What it does now.
    does: String,
    /// What it waits for, or what is wrong.
    says: Option<String>,
    /// When it ended, or began.
    at: Timestamp,
    step: StepRow,
}

impl RequestPart {
    /// # Errors
    /// 404 for what this person may not know of.
    pub async fn of(app: &App, actor: &Actor, ctx: &Ctx, number: i64) -> Result<Self, AppError> {
        let request = get(app, actor, number).await?;
        let together = together(app, actor, &request).await?;
        let topics = topics(&request, &together);
        let c = Chrome::new(ctx, Nav::Requests).listening(&app.events, &topics);
        let kind = app.kinds.get(&request.kind);
        let facts = kind.map(|k| k.facts(&request)).unwrap_or_default();
        let said = facts.into_iter().filter(|f| !f.is_empty());
        let beside = match (kind, request.state) {
            (Some(kind), State::Open) => kind.beside(app, &request).await?,
            (Some(_) | None, _) => Vec::new(),
        };
        let absent = delegation::absent(app, actor).await?;
        let project = request.project_id.map(|p| p.0);
        let waits_for = match request.state {
            State::Open => waits_for(
                &c,
                &request,
                &electorates(app, &request.quorum, project).await?,
            ),
            _ => Vec::new(),
        };
        let (has_moved, stuck) = moved(app, &c, &request).await?;
        let is_author = actor.responsible.0 == request.author_id;
        let again = |what: Way| kind.map(|kind| form::address(kind.as_ref(), &request, what));
        let undo = match kind {
            Some(kind) if has_ended(&request) => kind.undo(app, actor, &request).await?,
            Some(_) | None => None,
        };
        let steps = match kind {
            Some(kind) => steps(app, &c, &kind.works(app, &request).await?).await?,
            None => Vec::new(),
        };
        Ok(Self {
            topics: topics.join(" "),
            title: c.w(&title(&request)),
            lede: c.w(&lede(&request, kind.is_some_and(|k| k.is_done_by_hand()))),
            state: state(&c, &request).pill(),
            facts: said.map(|f| fact(&c, f)).collect(),
            page: kind.and_then(|k| k.page(&request)),
            beside: beside.iter().map(|w| c.w(w)).collect(),
            objects: objects(&request.computed),
            since: since(app, actor, &request).await?,
            waits_for,
            desk: desk(&c, &request, actor, &absent),
            said: comments(app, &request).await?,
            saying: Typed::new(),
            saying_errors: Errors::default(),
            may_renew: has_moved && (is_author || request.say_of(actor, &absent).is_ok()),
            has_moved,
            stuck,
            revise: again(Way::Revision).filter(|_| is_author && request.state == State::Open),
            copy: again(Way::Copy).filter(|_| is_author && request.state != State::Open),
            undo,
            steps,
            together,
            comment: String::new(),
            comment_error: None,
            summary: None,
            request,
            c,
        })
    }

    /// The same after a decision was refused: what was typed is kept.
    #[must_use]
    pub fn with_refusal(self, comment: &str, errors: &Errors, sentence: Option<&Words>) -> Self {
        Self {
            comment: comment.to_owned(),
            comment_error: errors.of("comment").map(|w| self.c.w(w)),
            summary: sentence.map(|w| Summary::sentence(&self.c, w)),
            ..self
        }
    }

    /// The same after a comment was refused: what was typed is kept.
    #[must_use]
    pub fn with_saying(self, saying: Typed, errors: Errors) -> Self {
        Self {
            saying,
            saying_errors: errors,
            ..self
        }
    }

    fn state_of(&self, other: &Request) -> parts::State {
        state(&self.c, other)
    }

    fn typed(&self, name: &str) -> &str {
        self.saying.get(name).map_or("", String::as_str)
    }

    fn wrong(&self, name: &str) -> Option<String> {
        self.saying_errors.of(name).map(|words| self.c.w(words))
    }

    fn lines(&self, text: &str) -> usize {
        text.lines().count()
    }

    /// What is to come is told otherwise than what is over.
    fn tense(&self, code: &'static str) -> &'static str {
        match (code, self.request.state) {
            (_, State::Open) => code,
            ("request-objects", State::Done) => "request-objects-made",
            ("request-voters", _) => "request-voters-past",
            _ => code,
        }
    }

    /// Whether a decision was made on what is shown now.
    fn counts(&self, decision: &Decision) -> bool {
        decision.revision == self.request.revision && decision.hash == self.request.hash
    }

    /// Why a yes to what is shown counts for less than when it was given.
    fn lapsed(&self, decision: &Decision) -> Option<String> {
        let lost = |at: &&i32| !decision.fills.contains(at);
        let lost = decision.given_for.iter().find(lost)?;
        let place = usize::try_from(*lost).ok();
        let asked = place.and_then(|at| self.request.quorum.get(at));
        match asked.map(|q| &q.by).filter(|_| self.counts(decision))? {
            _ if decision.is_gone => Some(self.c.t("request-yes-gone")),
            Voters::Group(key) => Some(self.c.t1("request-yes-left", "group", key)),
            Voters::Permission(_) => Some(self.c.t("request-yes-no-right")),
        }
    }

    fn tone(&self, decision: &Decision) -> Tone {
        let is_whole = self.counts(decision) && self.lapsed(decision).is_none();
        match decision.verdict {
            Verdict::Approve if is_whole => Tone::Ok,
            Verdict::Approve => Tone::Wait,
            Verdict::Reject => Tone::Fail,
        }
    }
}

async fn since(
    app: &App,
    actor: &Actor,
    request: &Request,
) -> Result<Option<(i32, Changes)>, AppError> {
    let seen = revisions::seen_before(request, &actor.name);
    match seen.filter(|_| request.state == State::Open) {
        Some(seen) => {
            let was = revisions::beside(app, request, seen).await?;
            Ok(Some((seen, shown(&was))))
        }
        None => Ok(None),
    }
}

pub fn fact(c: &Chrome, fact: Fact) -> (String, String, bool) {
    let label = c.t(&fact.code);
    match fact.value {
        Said::Text(text) => (label, text, false),
        Said::Exact(text) => (label, text, true),
        Said::Words(words) => (label, c.w(&words), false),
    }
}

/// The request itself, and its project, whose topic tells of the work.
fn topics(request: &Request, together: &[(Request, Option<String>)]) -> Vec<String> {
    let project = request.project_id.map(|id| format!("project:{id}"));
    let all = std::iter::once(request).chain(together.iter().map(|(other, _)| other));
    let own = all.map(|r| format!("request:{}", r.number));
    own.chain(project).collect()
}

/// How a request is, for lists and its page.
#[must_use]
pub fn state(c: &Chrome, request: &Request) -> parts::State {
    let tone = match request.state {
        State::Open if request.stuck.is_some() => Tone::Hold,
        State::Open => Tone::Wait,
        State::Approved => Tone::Run,
        State::Done => Tone::Ok,
        State::Rejected | State::Failed => Tone::Fail,
        State::Withdrawn | State::Expired | State::Void => Tone::Idle,
    };
    let since = request.decided_at.unwrap_or(request.created_at);
    let word = match (&request.stuck, request.state) {
        (Some(_), State::Open) => c.t("request-state-stuck"),
        (_, state) => c.t(&format!("request-state-{state}")),
    };
    c.state(tone, word, Some(&since))
}

fn lede(request: &Request, by_hand: bool) -> Words {
    let decider = request.decisions.last();
    let who = decider.map_or("", |d| d.display_name.as_str());
    let code = match request.state {
        State::Approved if by_hand => "request-lede-by-hand".to_owned(),
        other => format!("request-lede-{other}"),
    };
    Words::new(&code)
        .with("author", &request.author.display_name)
        .with("who", who)
        .with("missing", request.missing())
}

/// Whose yes is still needed: one line for each group, and who is in it.
fn waits_for(c: &Chrome, request: &Request, who: &[Electorate]) -> Vec<(String, String)> {
    let standing = request.standing();
    let missing = standing.iter().zip(who).filter(|(s, _)| s.missing() > 0);
    let line = |(standing, who): (&Standing, &Electorate)| {
        let asks = asks(c, &standing.quorum, standing.missing());
        let may =
            |p: &&Person| !request.is_kept_out(&p.name) && request.decision_of(&p.name).is_none();
        let names = who
            .people
            .iter()
            .filter(may)
            .map(|p| p.display_name.as_str());
        let mut names = names.collect::<Vec<_>>().join(", ");
        if who.others() > 0 {
            names.push(' ');
            names.push_str(&c.t1("policy-and-others", "n", &who.others()));
        }
        (c.t1("request-waits", "whom", &asks), names)
    };
    missing.map(line).collect()
}

/// Whether a decider would be shown it differently now, and why it could not be carried out;
/// neither for a request that is decided.
async fn moved(
    app: &App,
    c: &Chrome,
    request: &Request,
) -> Result<(bool, Option<String>), AppError> {
    if request.state != State::Open {
        return Ok((false, None));
    }
    match has_moved(app, request).await {
        Ok(moved) => Ok((moved, None)),
        Err(error) => {
            let words = in_the_way(&error).ok_or(error)?;
            Ok((false, Some(c.w(&words))))
        }
    }
}

fn desk(c: &Chrome, request: &Request, actor: &Actor, absent: &[Actor]) -> Desk {
    if request.state != State::Open || request.decision_of(&actor.name).is_some() {
        return Desk::Nothing;
    }
    match request.say_of(actor, absent) {
        Ok(say) => Desk::Decide {
            starts_work: ends_it(request, &say),
            stands_for: say.stands_for.map(|(_, name)| name),
        },
        Err(error) => {
            let why = c.w(&error.words());
            if actor.id.0 == request.author_id {
                Desk::Withdraw { why }
            } else {
                Desk::Shut { why }
            }
        }
    }
}

/// Whether a yes of these groups is the last that is needed.
fn ends_it(request: &Request, say: &Say) -> bool {
    let standing = request.standing();
    let mut left = (0..)
        .zip(&standing)
        .map(|(position, s)| s.missing() - i64::from(say.fills.contains(&position)));
    left.all(|missing| missing <= 0)
}

/// The steps of all the work, one place after the other.
async fn steps(app: &App, c: &Chrome, works: &[Work]) -> Result<Vec<StepView>, AppError> {
    let subjects: Vec<_> = works.iter().map(|w| w.subject).collect();
    let runs = progress::runs_of_all(app.db.pool(), &subjects).await?;
    let mut views = Vec::new();
    for work in works {
        let ours = runs.iter().filter(|r| r.subject == work.subject);
        let steps = ours.flat_map(|r| &r.steps);
        views.extend(steps.map(|s| step_view(c, &work.place, s.clone())));
    }
    Ok(views)
}

fn step_view(c: &Chrome, place: &str, step: StepRow) -> StepView {
    let tone = match step.state {
        StepState::Ready if step.errors > 0 => Tone::Wait,
        StepState::Ready | StepState::Running => Tone::Run,
        StepState::Waiting | StepState::Errored => Tone::Wait,
        StepState::Done => Tone::Ok,
        StepState::Failed => Tone::Fail,
        StepState::Abandoned => Tone::Hold,
    };
    let says = match step.state {
        StepState::Waiting => step.waits_for.as_ref(),
        StepState::Done => None,
        StepState::Ready
        | StepState::Running
        | StepState::Failed
        | StepState::Errored
        | StepState::Abandoned => step.last_error.as_ref(),
    };
    let name = c.t(&format!("step-name-{}", step.name.replace('.', "-")));
    let since = step.ended_at.unwrap_or(step.created_at);
    let does = match step.state {
        StepState::Ready if step.errors > 0 => c.t("step-tries-again"),
        other => c.t(&format!("step-state-{other}")),
    };
    StepView {
        does,
        place: place.to_owned(),
        state: c.state(tone, name, Some(&since)),
        says: says.map(|words| c.w(words)),
        at: since,
        step,
    }
}
