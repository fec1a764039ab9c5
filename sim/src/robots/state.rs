//! What robots know, and what they have heard.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// Older messages are forgotten beyond this many, so that a demo may run for days.
const HEARD_MAX: usize = 5000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    DingTalk,
    WeCom,
    Feishu,
    Webhook,
    Mail,
}

impl Vendor {
    /// Messages a minute, seconds of silence for whoever sends more, bytes of one text.
    const fn limits(self) -> (usize, i64, usize) {
        match self {
            Self::DingTalk => (20, 600, 20_000),
            Self::WeCom => (20, 60, 2048),
            Self::Feishu => (100, 60, 20_000),
            Self::Webhook | Self::Mail => (usize::MAX, 0, usize::MAX),
        }
    }
}

/// One message that was taken.
#[derive(Clone, Debug, Serialize)]
pub struct Heard {
    pub at: Timestamp,
    pub vendor: Vendor,
    /// The robot's token, the webhook's name, the mail's receiver.
    pub to: String,
    pub subject: String,
    pub text: String,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    Unknown,
    Signature,
    Keyword,
    TooFast,
    TooLong,
}

#[derive(Clone, Debug, Default)]
struct Robot {
    secret: Option<String>,
    keyword: Option<String>,
    sent: Vec<Timestamp>,
    blocked_until: Option<Timestamp>,
}

#[derive(Debug, Default)]
pub struct State {
    robots: BTreeMap<String, Robot>,
    pub heard: Vec<Heard>,
    /// What the mail server answers to the next receivers, with how many of them.
    pub refuse_mail: Option<(u16, u32)>,
}

impl State {
    /// A robot that listens under a token, with a secret where it asks for signatures.
    pub fn add(&mut self, token: &str, secret: Option<&str>) {
        let robot = Robot {
            secret: secret.map(str::to_owned),
            ..Robot::default()
        };
        self.robots.insert(token.to_owned(), robot);
    }

    /// Makes a robot listen only to what holds a word.
    pub fn ask_keyword(&mut self, token: &str, keyword: &str) {
        if let Some(robot) = self.robots.get_mut(token) {
            robot.keyword = Some(keyword.to_owned());
        }
    }

    /// What somebody has heard, oldest first.
    #[must_use]
    pub fn heard_by(&self, to: &str) -> Vec<Heard> {
        let mine = self.heard.iter().filter(|h| h.to == to);
        mine.cloned().collect()
    }

    pub fn hear(
        &mut self,
        vendor: Vendor,
        token: &str,
        text: &str,
        now: Timestamp,
        signed: impl Fn(&str) -> bool,
    ) -> Result<(), Refused> {
        let robot = self.robots.get_mut(token).ok_or(Refused::Unknown)?;
        if robot.secret.as_deref().is_some_and(|s| !signed(s)) {
            return Err(Refused::Signature);
        }
        if robot
            .keyword
            .as_ref()
            .is_some_and(|k| !text.contains(k.as_str()))
        {
            return Err(Refused::Keyword);
        }
        let (most, silence, bytes) = vendor.limits();
        if text.len() > bytes {
            return Err(Refused::TooLong);
        }
        if robot.blocked_until.is_some_and(|until| now < until) {
            return Err(Refused::TooFast);
        }
        let minute = SignedDuration::from_secs(60);
        robot.sent.retain(|at| now.duration_since(*at) < minute);
        if robot.sent.len() >= most {
            robot.blocked_until = now.checked_add(SignedDuration::from_secs(silence)).ok();
            return Err(Refused::TooFast);
        }
        robot.sent.push(now);
        self.keep(Heard {
            at: now,
            vendor,
            to: token.to_owned(),
            subject: String::new(),
            text: text.to_owned(),
        });
        Ok(())
    }

    pub fn keep(&mut self, heard: Heard) {
        if self.heard.len() >= HEARD_MAX {
            self.heard.remove(0);
        }
        self.heard.push(heard);
    }
}
