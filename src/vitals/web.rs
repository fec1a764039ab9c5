//! The page of the portal's own health.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State as Shared;
use axum::response::Response;

use super::{Round, Vitals, Worker};
use crate::app::App;
use crate::error::AppError;
use crate::identity::Actor;
use crate::jobs;
use crate::web::extract::{Ctx, IsPart};
use crate::web::layout::{Chrome, Nav, page};
use crate::web::parts::{State, Tone};

#[derive(Template)]
#[template(path = "vitals/health.html")]
struct HealthPage {
    c: Chrome,
    part: HealthPart,
}

#[derive(Template)]
#[template(path = "vitals/health_part.html")]
struct HealthPart {
    c: Chrome,
    v: Vitals,
}

impl HtmlSafe for HealthPart {}

impl HealthPart {
    /// What a timer does, and whose it is where each of several has its own (`name:whose`).
    fn timer(&self, round: &Round) -> (String, String) {
        let (name, whose) = round.name.split_once(':').unwrap_or((&round.name, ""));
        let code = format!("timer-{}", name.replace('.', "-"));
        (self.c.t(&code), whose.to_owned())
    }

    fn verdict(&self) -> State {
        let (tone, code) = if self.v.troubles.is_empty() {
            (Tone::Ok, "vitals-well")
        } else {
            (Tone::Wait, "vitals-trouble")
        };
        self.c.state(tone, self.c.t(code), None).pill()
    }

    fn worker(&self, worker: &Worker) -> State {
        let (tone, code) = if worker.alive {
            (Tone::Ok, "vitals-alive")
        } else {
            (Tone::Fail, "vitals-gone")
        };
        self.c.state(tone, self.c.t(code), Some(&worker.seen_at))
    }

    fn round(&self, round: &Round) -> State {
        let (tone, code) = match (&round.failure, round.ended_at) {
            (Some(_), _) => (Tone::Fail, "vitals-round-failed"),
            (None, Some(_)) => (Tone::Ok, "vitals-round-done"),
            (None, None) => (Tone::Run, "vitals-round-first"),
        };
        self.c.state(tone, self.c.t(code), round.ended_at.as_ref())
    }

    fn size(&self) -> String {
        format!("{} MiB", self.v.database.bytes / (1024 * 1024))
    }

    fn latency(&self) -> String {
        format!("{:.1}", self.v.database.millis)
    }
}

pub async fn show(
    Shared(app): Shared<App>,
    actor: Actor,
    ctx: Ctx,
    IsPart(is_part): IsPart,
) -> Result<Response, AppError> {
    let v = super::read(&app, &actor).await?;
    let c = Chrome::new(&ctx, Nav::Health).listening(&app.events, &[jobs::TOPIC.to_owned()]);
    let part = HealthPart { c, v };
    if is_part {
        return page(&part);
    }
    page(&HealthPage {
        c: part.c.clone(),
        part,
    })
}
