//! The form of a channel: what each kind asks for, and what was typed as a draft.

use secrecy::SecretString;

use crate::app::App;
use crate::error::{AppError, Words};
use crate::news::Happening;
use crate::notifications::{Channel, Config, Draft, Kind, Security};
use crate::web::form::{Control, Field, Section, Summary, Typed};
use crate::web::layout::{Chrome, Errors};
use crate::web::text::Locale;

/// What a form was filled with, and what is wrong with it.
pub struct Filled {
    pub typed: Typed,
    pub errors: Errors,
    pub sentence: Option<Words>,
}

impl Filled {
    /// Everything that happens, in the reader's language.
    #[must_use]
    pub fn fresh(app: &App, locale: Locale) -> Self {
        let on = |h: &Happening| (format!("event-{h}"), "true".to_owned());
        let mut typed: Typed = Happening::ALL.iter().map(on).collect();
        let fixed = [
            ("language", locale.as_str()),
            ("config.port", "587"),
            ("config.security", Security::StartTls.as_str()),
            ("time_zone", home_zone(app)),
        ];
        typed.extend(fixed.map(|(k, v)| (k.to_owned(), v.to_owned())));
        Self {
            typed,
            errors: Errors::default(),
            sentence: None,
        }
    }
}

/// The zone that this portal was set up for.
#[must_use]
pub fn home_zone(app: &App) -> &str {
    app.settings.time_zone.iana_name().unwrap_or("UTC")
}

/// One thing that may be told: its code, its words, whether it is chosen.
pub struct Choice {
    pub name: String,
    pub words: String,
    pub chosen: bool,
}

/// What may be told to those who are in projects and no more.
#[must_use]
pub fn of_projects() -> Vec<Happening> {
    let all = Happening::ALL.iter().copied();
    all.filter(|h| !h.is_platforms()).collect()
}

/// What may be told, as boxes.
#[must_use]
pub fn choices(c: &Chrome, offered: &[Happening], typed: &Typed) -> Vec<Choice> {
    let choice = |h: &Happening| {
        let name = format!("event-{h}");
        Choice {
            words: c.t(&format!("happening-{h}")),
            chosen: typed.contains_key(&name),
            name,
        }
    };
    offered.iter().map(choice).collect()
}

/// What was chosen.
#[must_use]
pub fn chosen(typed: &Typed) -> Vec<Happening> {
    let all = Happening::ALL.iter();
    all.filter(|h| typed.contains_key(&format!("event-{h}")))
        .copied()
        .collect()
}

pub struct ChannelForm {
    pub way: Section,
    pub choices: Vec<Choice>,
    pub digest: Section,
    pub summary: Option<Summary>,
}

impl ChannelForm {
    /// `known` is the channel that is changed; a new one has none.
    #[must_use]
    pub fn new(c: &Chrome, kind: Kind, known: Option<&Channel>, filled: &Filled) -> Self {
        let fill = |f: Field| f.filled(c, &filled.typed, &filled.errors);
        let own = match kind {
            Kind::Mail => mail_fields(c),
            Kind::Webhook | Kind::Dingtalk | Kind::Wecom | Kind::Feishu => robot_fields(c, kind),
        };
        let own = own.into_iter().map(|f| kept(c, f, known));
        let key = Field::new(c, "key", "notice-key", Control::Line);
        let language = Field::new(c, "language", "notice-language", languages());
        let projects = Field::new(c, "projects", "notice-projects", Control::Line).optional(c);
        let fields = std::iter::once(key).chain(own).chain([language, projects]);
        let way = Section {
            legend: c.t("notice-way"),
            fields: fields.map(fill).collect(),
        };
        let zone = Field::new(c, "time_zone", "notice-time-zone", Control::Line);
        let digest = Field::new(c, "digest", "notice-digest-at", Control::Line).optional(c);
        let digest = Section {
            legend: c.t("notice-digest-legend"),
            fields: [digest, zone].into_iter().map(fill).collect(),
        };
        let sections = [way, digest];
        let summary = match &filled.sentence {
            Some(words) => Some(Summary::sentence(c, words)),
            None => Summary::of(c, &sections, &filled.errors),
        };
        let [way, digest] = sections;
        Self {
            way,
            choices: choices(c, Happening::ALL, &filled.typed),
            digest,
            summary,
        }
    }
}

/// What is sealed already need not be typed again.
fn kept(c: &Chrome, mut field: Field, known: Option<&Channel>) -> Field {
    let Some(channel) = known.filter(|_| field.control == Control::Password) else {
        return field;
    };
    let code = match (channel.kind, &channel.config.user) {
        // A server that wants no user wants no password either.
        (Kind::Mail, None) => return field,
        (Kind::Mail, Some(_)) => "notice-kept-password",
        (Kind::Webhook | Kind::Dingtalk | Kind::Wecom | Kind::Feishu, _) => "notice-kept",
    };
    field.from = c.t1(code, "version", &channel.secret_version);
    field
}

/// Each by its own name.
#[must_use]
pub fn languages() -> Control {
    let one = |l: &Locale| (l.to_string(), l.t("language-name"), String::new());
    Control::Radio(Locale::ALL.iter().map(one).collect())
}

fn mail_fields(c: &Chrome) -> Vec<Field> {
    let security = |s: &Security| {
        let means = c.t(&format!("notice-security-{s}-means"));
        (s.to_string(), c.t(&format!("notice-security-{s}")), means)
    };
    let guards = Control::Radio(Security::ALL.iter().map(security).collect());
    vec![
        Field::new(c, "config.server", "notice-server", Control::Line),
        Field::new(c, "config.port", "notice-port", Control::Number),
        Field::new(c, "config.security", "notice-security", guards),
        Field::new(c, "config.user", "notice-user", Control::Line).optional(c),
        Field::new(c, "secret", "notice-password", Control::Password).optional(c),
        Field::new(c, "config.sender", "notice-sender", Control::Line),
        Field::new(c, "config.to", "notice-to", Control::Line),
        Field::new(c, "config.for_people", "notice-for-people", Control::Check),
    ]
}

/// Addresses of robots are credentials, so what is typed is not shown.
#[must_use]
pub fn robot_fields(c: &Chrome, kind: Kind) -> Vec<Field> {
    let url = format!("notice-url-{kind}");
    let url = Field::new(c, "url", &url, Control::Password);
    let secret = |code: &str| Field::new(c, "secret", code, Control::Password);
    match kind {
        // WeCom knows no signature; its address is all that it has.
        Kind::Wecom | Kind::Mail => vec![url],
        Kind::Webhook => vec![url, secret("notice-secret-webhook")],
        Kind::Dingtalk | Kind::Feishu => vec![url, secret("notice-secret").optional(c)],
    }
}

/// # Errors
/// 400 for no kind of ours.
pub fn kind(typed: &Typed) -> Result<Kind, AppError> {
    let kind = typed.get("kind").and_then(|k| Kind::parse(k));
    kind.ok_or_else(|| AppError::field("kind", "form-wrong"))
}

/// # Errors
/// 400 for a choice that is none of the form's.
pub fn draft(kind: Kind, typed: &Typed) -> Result<Draft, AppError> {
    let text = |name: &str| typed.get(name).cloned();
    let secret = |name: &str| text(name).map(SecretString::from);
    let language = text("language").unwrap_or_default();
    let locale = Locale::parse(&language);
    let locale = locale.ok_or_else(|| AppError::field("language", "form-wrong"))?;
    let projects = text("projects").unwrap_or_default();
    let keys = projects.split([',', '，', ' ']).map(str::trim);
    Ok(Draft {
        key: text("key").unwrap_or_default(),
        kind,
        locale,
        events: chosen(typed),
        projects: keys.filter(|k| !k.is_empty()).map(str::to_owned).collect(),
        config: Config {
            host: None,
            server: text("config.server"),
            port: text("config.port").and_then(|p| p.trim().parse().ok()),
            security: text("config.security").and_then(|s| Security::parse(&s)),
            user: text("config.user"),
            sender: text("config.sender"),
            to: text("config.to"),
            for_people: typed.contains_key("config.for_people"),
        },
        url: secret("url"),
        secret: secret("secret"),
        digest: text("digest"),
        time_zone: text("time_zone").unwrap_or_default(),
    })
}

/// A channel as its form shows it.
#[must_use]
pub fn typed(channel: &Channel) -> Typed {
    let config = &channel.config;
    let on = |h: &Happening| (format!("event-{h}"), "true".to_owned());
    let mut typed: Typed = channel.events.iter().map(on).collect();
    let port = config.port.map(|p| p.to_string());
    let security = config.security.map(|s| s.to_string());
    let fields = [
        ("key", Some(channel.key.clone())),
        ("language", Some(channel.locale.to_string())),
        ("projects", Some(channel.project_keys().join(", "))),
        ("config.server", config.server.clone()),
        ("config.port", port),
        ("config.security", security),
        ("config.user", config.user.clone()),
        ("config.sender", config.sender.clone()),
        ("config.to", config.to.clone()),
        ("digest", channel.digest.clone()),
        ("time_zone", Some(channel.time_zone.clone())),
    ];
    let filled = fields.into_iter().filter_map(|(k, v)| Some((k, v?)));
    typed.extend(filled.map(|(k, v)| (k.to_owned(), v)));
    if config.for_people {
        typed.insert("config.for_people".to_owned(), "true".to_owned());
    }
    typed
}
