//! What every page has round it, and how a page becomes an answer.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;

use super::assets;
use super::events::Hub;
use super::extract::Context;
use super::text::Locale;
use crate::error::{AppError, FieldError, Words};
use crate::identity::{Actor, Permission, Scope};

crate::words! {
    /// The place in the menu that a page belongs to.
    pub enum Nav {
        Home = "home",
        Projects = "projects",
        Requests = "requests",
        Resources = "resources",
        Runs = "runs",
        Health = "health",
        ProductionStop = "production-stop",
        Standards = "standards",
        Clusters = "clusters",
        Connections = "connections",
        Notices = "notices",
        People = "people",
        Policies = "policies",
        Audit = "audit",
        Recordings = "recordings",
        Nowhere = "nowhere",
    }
}

impl Nav {
    /// Places of the menu itself; operations' own share one entry and a row of tabs.
    pub const MENU: &[Self] = &[Self::Home, Self::Projects, Self::Requests];
    pub const PLATFORM: &[Self] = &[
        Self::Runs,
        Self::Health,
        Self::ProductionStop,
        Self::Resources,
        Self::Standards,
        Self::Clusters,
        Self::Connections,
        Self::Notices,
        Self::People,
        Self::Policies,
        Self::Audit,
        Self::Recordings,
    ];

    /// The keys that go there.
    #[must_use]
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::Home => Some("g h"),
            Self::Projects => Some("g p"),
            Self::Requests => Some("g r"),
            Self::Resources
            | Self::Runs
            | Self::Health
            | Self::ProductionStop
            | Self::Standards
            | Self::Clusters
            | Self::Connections
            | Self::Notices
            | Self::People
            | Self::Policies
            | Self::Audit
            | Self::Recordings
            | Self::Nowhere => None,
        }
    }

    /// The message code of its name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Home => "nav-home",
            Self::Projects => "nav-projects",
            Self::Requests => "nav-requests",
            Self::Resources => "nav-resources",
            Self::Runs => "nav-runs",
            Self::Health => "nav-health",
            Self::ProductionStop => "nav-production-stop",
            Self::Standards => "nav-standards",
            Self::Clusters => "nav-clusters",
            Self::Connections => "nav-connections",
            Self::Notices => "nav-notices",
            Self::People => "nav-people",
            Self::Policies => "nav-policies",
            Self::Audit => "nav-audit",
            Self::Recordings => "nav-recordings",
            Self::Nowhere => "nav-main",
        }
    }
}

/// The frame of a page: language, theme, menu, who is here.
#[derive(Debug, Clone)]
pub struct Chrome {
    pub locale: Locale,
    /// The reader's choice; `None` leaves it to the system.
    pub theme: Option<&'static str>,
    pub active: Nav,
    pub me: Option<Actor>,
    pub path: String,
    pub page: String,
    /// The address of the page's events; empty for a page that stands still.
    pub events: String,
    /// Requests that wait for this person.
    pub waiting: i64,
    pub banner: Option<Banner>,
    pub now: Timestamp,
}

/// What the banner's part listens to, on every page that listens at all.
const BANNER_TOPIC: &str = "production-stop";

/// What stands on top of every page, whatever it is about.
#[derive(Debug, Clone)]
pub struct Banner {
    pub words: Words,
    pub since: Timestamp,
}

/// The menu counts no further; more than this is simply many.
pub const MOST_COUNTED: i64 = 100;

impl Chrome {
    #[must_use]
    pub fn new(context: &Context, active: Nav) -> Self {
        Self {
            locale: context.locale,
            theme: context.theme,
            active,
            me: context.actor.get().cloned(),
            path: context.path.clone(),
            page: context.page.clone(),
            events: String::new(),
            waiting: context
                .waiting
                .get()
                .map_or(0, |all| i64::try_from(all.len()).unwrap_or(i64::MAX)),
            banner: context.banner.get().cloned(),
            now: crate::clock::now(),
        }
    }

    /// Makes the page listen to topics, from the newest event that this process knows.
    #[must_use]
    pub fn listening(mut self, hub: &Hub, topics: &[String]) -> Self {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for topic in topics {
            query.append_pair("topic", topic);
        }
        query.append_pair("topic", BANNER_TOPIC);
        query.append_pair("after", &hub.newest().to_string());
        self.events = format!("/events?{}", query.finish());
        self
    }

    /// The text of a code, for templates.
    #[must_use]
    pub fn t(&self, code: &str) -> String {
        self.locale.t(code)
    }

    /// The text of a code with one argument.
    #[must_use]
    pub fn t1(&self, code: &str, name: &str, value: &impl ToString) -> String {
        self.locale
            .words(&Words::new(code).with(name, value.to_string()))
    }

    /// The text of a code with two arguments.
    #[must_use]
    pub fn t2(
        &self,
        code: &str,
        one: (&str, &dyn std::fmt::Display),
        two: (&str, &dyn std::fmt::Display),
    ) -> String {
        self.locale
            .words(&Words::new(code).with(one.0, one.1).with(two.0, two.1))
    }

    #[must_use]
    pub fn w(&self, words: &Words) -> String {
        self.locale.words(words)
    }

    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    #[must_use]
    pub fn icon(&self, name: &str) -> String {
        format!("{}#{name}", assets::url("icons.svg"))
    }

    /// Whether the menu shows a place.
    #[must_use]
    pub fn shows(&self, nav: &Nav) -> bool {
        let may = |p| {
            self.me
                .as_ref()
                .is_some_and(|me| me.may(p, Scope::Platform))
        };
        match nav {
            Nav::Home | Nav::Projects | Nav::Requests => self.me.is_some(),
            Nav::Resources
            | Nav::Runs
            | Nav::Health
            | Nav::ProductionStop
            | Nav::Standards
            | Nav::Clusters
            | Nav::Connections
            | Nav::Notices
            | Nav::People
            | Nav::Policies => may(Permission::ViewPlatform),
            Nav::Audit => may(Permission::ViewAudit),
            Nav::Recordings => may(Permission::ViewRecordings),
            Nav::Nowhere => false,
        }
    }

    #[must_use]
    pub fn href(&self, nav: &Nav) -> String {
        match nav {
            Nav::Home | Nav::Nowhere => "/".to_owned(),
            Nav::Projects
            | Nav::Requests
            | Nav::Resources
            | Nav::Runs
            | Nav::Health
            | Nav::ProductionStop
            | Nav::Standards
            | Nav::Clusters
            | Nav::Connections
            | Nav::Notices
            | Nav::People
            | Nav::Policies
            | Nav::Audit
            | Nav::Recordings => format!("/{nav}"),
        }
    }

    /// Operations' places that this person may see, in the order of the tabs.
    #[must_use]
    pub fn platform(&self) -> Vec<Nav> {
        let shown = Nav::PLATFORM.iter().filter(|nav| self.shows(nav));
        shown.copied().collect()
    }

    /// Whether this person sees operations' places at all.
    #[must_use]
    pub fn is_platform_reader(&self) -> bool {
        self.shows(&Nav::ProductionStop)
    }

    /// Whether this page is one of operations' places.
    #[must_use]
    pub fn is_platform(&self) -> bool {
        Nav::PLATFORM.contains(&self.active)
    }

    #[must_use]
    pub fn is(&self, nav: &Nav) -> bool {
        self.active == *nav
    }

    /// How many wait behind a place in the menu.
    #[must_use]
    pub fn badge(&self, nav: &Nav) -> Option<String> {
        match nav {
            Nav::Requests if self.waiting >= MOST_COUNTED => Some(format!("{}+", MOST_COUNTED - 1)),
            Nav::Requests if self.waiting > 0 => Some(self.waiting.to_string()),
            Nav::Home
            | Nav::Projects
            | Nav::Requests
            | Nav::Resources
            | Nav::Runs
            | Nav::Health
            | Nav::ProductionStop
            | Nav::Standards
            | Nav::Clusters
            | Nav::Connections
            | Nav::Notices
            | Nav::People
            | Nav::Policies
            | Nav::Audit
            | Nav::Recordings
            | Nav::Nowhere => None,
        }
    }

    /// "26 min ago", in the reader's language; the browser keeps it true.
    #[must_use]
    pub fn ago(&self, at: &Timestamp) -> String {
        let seconds = self.now.duration_since(*at).as_secs().max(0);
        self.locale.words(&ago_words(seconds))
    }

    /// "in 7 days", or that it is over.
    #[must_use]
    pub fn until(&self, at: &Timestamp) -> String {
        let seconds = at.duration_since(self.now).as_secs();
        match seconds {
            ..=0 => self.t("until-over"),
            1..86400 => self.t1("until-hours", "n", &(seconds / 3600)),
            _ => self.t1("until-days", "n", &(seconds / 86400)),
        }
    }

    /// "3 min 18 s" between two times.
    #[must_use]
    pub fn lasted(&self, from: &Timestamp, to: &Timestamp) -> String {
        let seconds = to.duration_since(*from).as_secs().max(0);
        self.locale.words(&duration_words(seconds))
    }

    /// "40 s", from seconds.
    #[must_use]
    pub fn seconds(&self, seconds: i64) -> String {
        self.locale.words(&duration_words(seconds))
    }

    /// "40 s", "22 min" up to now.
    #[must_use]
    pub fn since(&self, at: &Timestamp) -> String {
        self.lasted(at, &self.now)
    }

    /// The exact time, for a title.
    #[must_use]
    pub fn exact(&self, at: &Timestamp) -> String {
        self.locale.exact(*at)
    }

    /// The clock's face in UTC; the browser shows its own zone.
    #[must_use]
    pub fn clock(&self, at: &Timestamp) -> String {
        at.to_zoned(jiff::tz::TimeZone::UTC)
            .strftime("%H:%M:%S")
            .to_string()
    }
}

fn ago_words(seconds: i64) -> Words {
    match seconds {
        0..60 => Words::new("ago-seconds").with("n", seconds),
        60..3600 => Words::new("ago-minutes").with("n", seconds / 60),
        3600..86400 => Words::new("ago-hours").with("n", seconds / 3600),
        _ => Words::new("ago-days").with("n", seconds / 86400),
    }
}

fn duration_words(seconds: i64) -> Words {
    match seconds {
        0..60 => Words::new("lasted-seconds").with("n", seconds),
        60..3600 => Words::new("lasted-minutes")
            .with("n", seconds / 60)
            .with("rest", seconds % 60),
        3600..86400 => Words::new("lasted-hours").with("n", seconds / 3600),
        _ => Words::new("lasted-days").with("n", seconds / 86400),
    }
}

/// What a form's template asks about one of its fields.
#[derive(Debug, Clone, Default)]
pub struct Errors(pub Vec<FieldError>);

impl Errors {
    #[must_use]
    pub fn of(&self, field: &str) -> Option<&Words> {
        self.0.iter().find(|e| e.field == field).map(|e| &e.words)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a form shows beside its fields when it was refused; a conflict is about `field`.
    ///
    /// # Errors
    /// Everything that the form cannot mend.
    pub fn of_refusal(error: AppError, field: &str) -> Result<(StatusCode, Self), AppError> {
        let status = error.status();
        match error {
            AppError::Invalid(fields) => Ok((status, Self(fields))),
            AppError::Conflict(words) => {
                let field = field.to_owned();
                Ok((status, Self(vec![FieldError { field, words }])))
            }
            AppError::Unauthorized
            | AppError::NotFound
            | AppError::Forbidden(_)
            | AppError::TooMany { .. }
            | AppError::Unavailable(_)
            | AppError::TooLarge
            | AppError::Internal(_) => Err(error),
        }
    }
}

/// Renders a page.
///
/// # Errors
/// A template's failure, which is ours.
pub fn page(template: &impl Template) -> Result<Response, AppError> {
    let html = template
        .render()
        .map_err(|e| AppError::Internal(format!("template: {e}")))?;
    Ok(Html(html).into_response())
}

/// Renders a page with another status, such as that of a form that was refused.
///
/// # Errors
/// As [`page`].
pub fn page_with(status: StatusCode, template: &impl Template) -> Result<Response, AppError> {
    let mut response = page(template)?;
    *response.status_mut() = status;
    Ok(response)
}

/// Sends the browser elsewhere with a GET, after a form did its work.
#[must_use]
pub fn see_other(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, to.to_owned())]).into_response()
}
