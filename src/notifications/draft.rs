//! From what somebody typed to a channel that may be stored.

use jiff::tz::TimeZone;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::channel::{Channel, Config, Kind, Sealed, Security};
use crate::connections::{check_key, is_forbidden};
use crate::cron::Cron;
use crate::error::{AppError, FieldError};
use crate::integrations::mail;
use crate::news::Happening;
use crate::web::text::Locale;

const MAX_TEXT: usize = 254;
const MAX_URL: usize = 1000;
const MAX_SECRET: usize = 500;

/// A channel as typed into the form or sent to the API.
#[derive(Debug, Clone)]
pub struct Draft {
    pub key: String,
    pub kind: Kind,
    pub locale: Locale,
    pub events: Vec<Happening>,
    /// Keys; none means all of them.
    pub projects: Vec<String>,
    pub config: Config,
    /// Left out, what is stored stays.
    pub url: Option<SecretString>,
    pub secret: Option<SecretString>,
    /// A cron expression; none is no digest.
    pub digest: Option<String>,
    pub time_zone: String,
}

/// The same, with every field lawful.
pub(super) struct Checked {
    pub key: String,
    pub kind: Kind,
    pub locale: Locale,
    pub events: Vec<Happening>,
    pub projects: Vec<String>,
    pub config: Config,
    /// `None` keeps what is sealed.
    pub sealed: Option<Sealed>,
    pub digest: Option<String>,
    pub time_zone: String,
}

type Wrong = Vec<FieldError>;

fn note(wrong: &mut Wrong, is_wrong: bool, field: &str, code: &str) {
    if is_wrong {
        wrong.push(FieldError::new(field, code));
    }
}

fn filled(text: Option<&str>) -> Option<String> {
    let text = text.map(str::trim).filter(|t| !t.is_empty())?;
    Some(text.to_owned())
}

fn typed(secret: Option<&SecretString>) -> Option<String> {
    filled(secret.map(ExposeSecret::expose_secret))
}

impl Draft {
    /// # Errors
    /// 400 naming every field that is wrong.
    pub(super) fn check(&self, before: Option<&Channel>) -> Result<Checked, AppError> {
        let mut wrong = Vec::new();
        check_key(&mut wrong, "key", &self.key);
        let kept = before.is_some_and(|b| b.secret_version > 0);
        let (config, sealed) = match self.kind {
            Kind::Mail => self.mail(&mut wrong, before),
            Kind::Webhook | Kind::Dingtalk | Kind::Wecom | Kind::Feishu => {
                self.address(&mut wrong, before.filter(|_| kept))
            }
        };
        let digest = filled(self.digest.as_deref());
        let zone_known = TimeZone::get(self.time_zone.trim()).is_ok();
        note(&mut wrong, !zone_known, "time_zone", "time-zone-unknown");
        let unreadable = |d: &String| Cron::parse(d, &self.time_zone).is_none();
        let bad = zone_known && digest.as_ref().is_some_and(unreadable);
        note(&mut wrong, bad, "digest", "cron-unreadable");
        let mut events = self.events.clone();
        events.sort_unstable();
        events.dedup();
        if !wrong.is_empty() {
            return Err(AppError::Invalid(wrong));
        }
        Ok(Checked {
            key: self.key.trim().to_owned(),
            kind: self.kind,
            locale: self.locale,
            events,
            projects: self.projects.clone(),
            config,
            sealed,
            digest,
            time_zone: self.time_zone.trim().to_owned(),
        })
    }

    fn mail(&self, wrong: &mut Wrong, before: Option<&Channel>) -> (Config, Option<Sealed>) {
        let server = filled(self.config.server.as_deref());
        let reachable = server.as_deref().is_some_and(is_host);
        note(wrong, !reachable, "config.server", "notice-server-grammar");
        let port = self.config.port.filter(|p| *p > 0);
        note(wrong, port.is_none(), "config.port", "notice-port-grammar");
        let sender = filled(self.config.sender.as_deref());
        let to = filled(self.config.to.as_deref());
        for (field, text) in [("config.sender", &sender), ("config.to", &to)] {
            note(
                wrong,
                !is_address(text.as_deref()),
                field,
                "mail-address-grammar",
            );
        }
        let user = filled(self.config.user.as_deref());
        let security = self.config.security.unwrap_or(Security::StartTls);
        let open = security == Security::None && user.is_some();
        note(
            wrong,
            open,
            "config.security",
            "notice-password-in-the-open",
        );
        let config = Config {
            host: None,
            server,
            port,
            security: Some(security),
            user,
            sender,
            to,
            for_people: self.config.for_people,
        };
        let sealed = self.password(wrong, &config, before.map(|b| &b.config));
        (config, sealed)
    }

    /// A stored password is kept only for the server and the user that it was given for.
    fn password(
        &self,
        wrong: &mut Wrong,
        config: &Config,
        before: Option<&Config>,
    ) -> Option<Sealed> {
        let secret = typed(self.secret.as_ref());
        let same = before.is_some_and(|b| {
            (&b.server, b.port, &b.user) == (&config.server, config.port, &config.user)
        });
        if config.user.is_some() && secret.is_none() {
            note(wrong, !same, "secret", "field-required");
            return None;
        }
        let secret = secret.filter(|_| config.user.is_some());
        Some(Sealed { url: None, secret })
    }

    /// An address that is a credential is given with its secret, both anew or neither.
    fn address(&self, wrong: &mut Wrong, before: Option<&Channel>) -> (Config, Option<Sealed>) {
        let secret = typed(self.secret.as_ref());
        let Some(text) = typed(self.url.as_ref()) else {
            note(wrong, before.is_none(), "url", "field-required");
            note(wrong, secret.is_some(), "url", "notice-url-again");
            return (before.map(|b| b.config.clone()).unwrap_or_default(), None);
        };
        let lacks = self.kind == Kind::Webhook && secret.is_none();
        note(wrong, lacks, "secret", "field-required");
        let long = secret.as_ref().is_some_and(|s| s.len() > MAX_SECRET);
        note(wrong, long, "secret", "field-too-long");
        let url = match read_url(&text) {
            Ok(url) => url,
            Err(code) => {
                note(wrong, true, "url", code);
                return (Config::default(), None);
            }
        };
        let config = Config {
            host: url.host_str().map(str::to_owned),
            ..Config::default()
        };
        let sealed = Sealed {
            url: Some(url.into()),
            secret,
        };
        (config, Some(sealed))
    }
}

/// As for connections, but robots carry their token in the query.
fn read_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "address-malformed")?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || text.len() > MAX_URL {
        return Err("address-malformed");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("address-user-info");
    }
    if is_forbidden(&url) {
        return Err("address-forbidden");
    }
    Ok(url)
}

fn is_host(text: &str) -> bool {
    let url = Url::parse(&format!("http://{text}/"));
    text.len() <= MAX_TEXT
        && !text.contains(['/', '@', ':', '?', '#'])
        && url.is_ok_and(|u| u.has_host() && !is_forbidden(&u))
}

pub(super) fn is_address(text: Option<&str>) -> bool {
    text.is_some_and(|t| t.len() <= MAX_TEXT && mail::is_mailbox(t))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn robot(url: &str) -> Draft {
        Draft {
            key: "ops".to_owned(),
            kind: Kind::Wecom,
            locale: Locale::En,
            events: vec![
                Happening::SystemUp,
                Happening::SystemDown,
                Happening::SystemUp,
            ],
            projects: Vec::new(),
            config: Config::default(),
            url: Some(SecretString::from(url)),
            secret: None,
            digest: None,
            time_zone: "UTC".to_owned(),
        }
    }

    fn fields(draft: &Draft) -> Vec<String> {
        match draft.check(None) {
            Ok(_) => Vec::new(),
            Err(AppError::Invalid(wrong)) => wrong.into_iter().map(|w| w.field).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn an_address_shows_its_host_alone_and_leads_to_no_metadata() {
        let checked = robot("https://robots.example/send?key=canary").check(None);
        let checked = checked.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(checked.config.host.as_deref(), Some("robots.example"));
        assert_eq!(checked.events.len(), 2);
        for bad in [
            "",
            "file:///x",
            "http://169.254.169.254/x",
            "https://u:p@robots.example/",
        ] {
            assert_eq!(fields(&robot(bad)), ["url"], "{bad}");
        }
    }

    #[test]
    fn a_password_never_goes_in_the_open() {
        let mut draft = robot("");
        draft.kind = Kind::Mail;
        draft.config = Config {
            server: Some("mail.example".to_owned()),
            port: Some(25),
            security: Some(Security::None),
            user: Some("portal".to_owned()),
            sender: Some("slipway@example.com".to_owned()),
            to: Some("team@example.com".to_owned()),
            ..Config::default()
        };
        draft.secret = Some(SecretString::from("x"));
        assert_eq!(fields(&draft), ["config.security"]);
        draft.config.security = Some(Security::Tls);
        assert_eq!(fields(&draft), Vec::<String>::new());
        draft.config.server = Some("metadata.google.internal".to_owned());
        assert_eq!(fields(&draft), ["config.server"]);
    }
}
