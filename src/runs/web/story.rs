//! One run as a story: steps with their attempts and effects, and what an operator can do.

use askama::Template;
use askama::filters::HtmlSafe;

use super::words;
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::jobs::{self, RunId, StepState};
use crate::runs::{Attempt, Run, Step, Story};
use crate::web::extract::Ctx;
use crate::web::form::Summary;
use crate::web::layout::{Chrome, Errors, Nav};
use crate::web::parts::{self, Tone};

/// Runs below this one that its page listens to as well.
const HEARD: usize = 40;

#[derive(Template)]
#[template(path = "runs/story_part.html")]
pub struct StoryPart {
    pub c: Chrome,
    pub title: String,
    topics: String,
    run: Run,
    state: parts::State,
    steps: Vec<StepView>,
    parent: Option<(Run, String)>,
    children: Vec<(Run, String, parts::State)>,
    /// Why this reader cannot press anything; `None` for those who operate runs.
    shut: Option<String>,
    reason: String,
    reason_error: Option<String>,
    summary: Option<Summary>,
}

impl HtmlSafe for StoryPart {}

struct StepView {
    title: String,
    tone: Tone,
    icon: parts::Icon,
    said: String,
    says: Option<String>,
    attempts: Vec<AttemptView>,
    effect_state: Option<String>,
    step: Step,
}

struct AttemptView {
    mark: parts::State,
    detail: Option<String>,
    attempt: Attempt,
}

impl StepView {
    fn may_retry(&self) -> bool {
        let state = self.step.state;
        state == StepState::Errored || (state == StepState::Ready && self.step.errors > 0)
    }

    fn may_look(&self) -> bool {
        self.step.state == StepState::Waiting
    }

    fn is_open(&self) -> bool {
        self.step.ended_at.is_none()
    }
}

impl StoryPart {
    /// # Errors
    /// 403 without the right to see runs, 404 for no such run.
    pub async fn of(app: &App, actor: &Actor, ctx: &Ctx, id: RunId) -> Result<Self, AppError> {
        let Story {
            run,
            story,
            parent_run,
            children,
        } = crate::runs::story(app, actor, id).await?;
        let heard = children.iter().take(HEARD).map(|r| jobs::topic(r.id));
        let topics: Vec<String> = std::iter::once(jobs::topic(id)).chain(heard).collect();
        let c = Chrome::new(ctx, Nav::Runs).listening(&app.events, &topics);
        let child = |r: Run| (r.clone(), c.w(&words::title(&r)), words::state(&c, &r));
        let may = actor.must(Permission::OperateRuns, Scope::Platform);
        Ok(Self {
            title: c.w(&words::title(&run)),
            topics: topics.join(" "),
            state: words::state(&c, &run).pill(),
            steps: story.into_iter().map(|s| step_view(&c, s)).collect(),
            parent: parent_run.map(|r| (r.clone(), c.w(&words::title(&r)))),
            children: children.into_iter().map(child).collect(),
            shut: may.err().map(|e| c.w(&e.words())),
            reason: String::new(),
            reason_error: None,
            summary: None,
            run,
            c,
        })
    }

    /// The same after a press was refused: what was typed is kept.
    #[must_use]
    pub fn with_refusal(self, reason: &str, errors: &Errors, sentence: Option<&Words>) -> Self {
        Self {
            reason: reason.to_owned(),
            reason_error: errors.of("reason").map(|w| self.c.w(w)),
            summary: sentence.map(|w| Summary::sentence(&self.c, w)),
            ..self
        }
    }
}

fn step_view(c: &Chrome, step: Step) -> StepView {
    let tone = words::tone(step.state, step.errors);
    let icon = match tone {
        Tone::Run => c.turning(),
        Tone::Ok | Tone::Wait | Tone::Fail | Tone::Hold | Tone::Idle => c.i(tone.icon()),
    };
    let last = step.attempts.iter().rev().find_map(|a| a.detail.as_ref());
    let says = match step.state {
        StepState::Waiting => step.waits_for.as_ref(),
        StepState::Done => None,
        StepState::Ready
        | StepState::Running
        | StepState::Failed
        | StepState::Errored
        | StepState::Abandoned => last,
    };
    let said = match step.state {
        StepState::Ready if step.errors > 0 => c.t1("step-errors", "n", &step.errors),
        other => c.t(&format!("step-state-{other}")),
    };
    let effect_state = step.effect.as_ref().map(|e| format!("effect-{}", e.state));
    StepView {
        title: words::step_name(c, &step.name),
        tone,
        icon,
        said,
        says: says.map(|w| c.w(w)),
        attempts: step.attempts.iter().map(|a| attempt_view(c, a)).collect(),
        effect_state: effect_state.map(|code| c.t(&code)),
        step,
    }
}

fn attempt_view(c: &Chrome, attempt: &Attempt) -> AttemptView {
    let (tone, word) = words::outcome(c, attempt);
    AttemptView {
        mark: c.state(tone, word, None),
        detail: attempt.detail.as_ref().map(|w| c.w(w)),
        attempt: attempt.clone(),
    }
}
