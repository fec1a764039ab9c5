//! Settings, parsed once at start from `SLIPWAY_*` variables.
//!
//! Invariant: an unknown variable, an empty value, or a key that somebody may have copied from
//! a page stops the start with the variable's name. What operations may change while it runs
//! lives in the database instead.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use jiff::tz::TimeZone;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::integrations::registry::Reference;
use crate::secrets::{KeyRing, KeyRingError};

/// A list that a person can still choose from.
const DEBUG_IMAGES_MAX: usize = 20;
const IMAGE_MAX_BYTES: usize = 500;
const MIB: u64 = 1024 * 1024;
/// In bytes: a flood is recorded again once so much of it may be.
pub const RECORDING_BURST_LEAST: u64 = MIB;
/// More than any database takes in a second.
const RECORDED_MAX_BYTES: u64 = 1024 * MIB;

/// Every variable with what it means; `slipway --help` prints this list.
pub const VARIABLES: &[(&str, &str)] = &[
    (
        "DATABASE_URL",
        "PostgreSQL as the application's role (or DATABASE_URL_FILE)",
    ),
    (
        "OWNER_DATABASE_URL",
        "PostgreSQL as the owner, for `migrate` (or OWNER_DATABASE_URL_FILE)",
    ),
    ("LISTEN", "address of the portal [127.0.0.1:8080]"),
    ("METRICS_LISTEN", "address of /metrics; none if unset"),
    (
        "PUBLIC_URL",
        "what people type into the browser, e.g. https://slipway.example",
    ),
    (
        "INNER_URL",
        "where other replicas find this one, http only [LISTEN, unless that is every address]",
    ),
    (
        "SECRET_KEYS",
        "id:base64 of 32 bytes, the first encrypts, comma-separated (or _FILE)",
    ),
    ("TIME_ZONE", "IANA name for tag names [UTC]"),
    (
        "SIGN_IN_AS",
        "user names that anybody may sign in as by a click; loopback only",
    ),
    ("LEASE_SECONDS", "how long a worker owns a step [45]"),
    ("STEP_LIMIT_SECONDS", "how long a step may run [30]"),
    (
        "LOOK_UP_GAP_SECONDS",
        "between two clean look-ups of a lost build [15]",
    ),
    (
        "POLL_SECONDS",
        "how often workers look for due steps unasked [5]",
    ),
    (
        "WATCH_SECONDS",
        "how often a build or a rollout is looked at [3]",
    ),
    (
        "TERMINAL_LENGTH_SECONDS",
        "how long a terminal may be open [3600]",
    ),
    (
        "TERMINAL_IDLE_SECONDS",
        "how long a terminal may be open without a key [900]",
    ),
    (
        "TERMINAL_GRACE_SECONDS",
        "how long a shell waits for a page that was lost [600]",
    ),
    (
        "TERMINALS_EACH",
        "terminals that one person may have open [5]",
    ),
    (
        "TERMINALS_IN_ALL",
        "terminals that may be open at once [500]",
    ),
    (
        "TERMINAL_FILE_MEGABYTES",
        "how big a file may be that goes in or out through a terminal, in MiB [256]",
    ),
    (
        "DEBUG_IMAGES",
        "images for debug containers, each with its host and a tag or digest, comma-separated",
    ),
    (
        "RECORDING_DAYS",
        "how many days recordings are kept at least, from 30 on; without it they are kept for ever",
    ),
    (
        "RECORDING_BYTES_PER_SECOND",
        "output of a terminal that is recorded whole for ever so long [4194304]",
    ),
    (
        "RECORDING_BURST_BYTES",
        "output of a terminal that is recorded whole when it comes at once [16777216]",
    ),
    (
        "STRICT_RECORDING",
        "where no terminal is without its recording: production or always [production]",
    ),
    ("LOG", "tracing filter [info]"),
    ("LOG_FORMAT", "text or json [text]"),
];

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{0} is not a setting; `slipway --help` lists them")]
    Unknown(String),
    #[error("{0} is missing: {1}")]
    Missing(&'static str, &'static str),
    #[error("{0} is empty; give it a value or unset it")]
    Empty(String),
    #[error("{name}: {why}")]
    Invalid { name: String, why: String },
}

/// How the engine works; seconds in the settings, durations here.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    pub lease: Duration,
    pub step_limit: Duration,
    pub look_up_gap: Duration,
    pub poll: Duration,
    pub watch: Duration,
}

/// What limits terminals; each is shown before it strikes.
#[derive(Debug, Clone)]
pub struct TerminalSettings {
    pub length: Duration,
    pub idle: Duration,
    pub grace: Duration,
    pub each: i64,
    pub in_all: i64,
    /// The most that one file may have that goes in or out through one.
    pub file_bytes: u64,
    /// What debug containers may be made of, the usual one first; none where there are none.
    pub debug_images: Vec<String>,
    /// How long recordings are kept; none for ever.
    pub recording_days: Option<i32>,
    pub recording_rate: RecordingRate,
    /// Whether no shell is without its recording in test either.
    pub is_strict_in_test: bool,
}

/// How fast a terminal's output may come and still be recorded whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordingRate {
    /// For ever so long.
    pub bytes_per_second: u64,
    /// At once, on top of it; at least [`RECORDING_BURST_LEAST`].
    pub burst_bytes: u64,
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub database_url: SecretString,
    pub owner_database_url: Option<SecretString>,
    pub listen: SocketAddr,
    pub metrics_listen: Option<SocketAddr>,
    pub public_url: Url,
    /// Where other replicas find this process; without one they cannot pass terminals on to it.
    pub inner_url: Option<Url>,
    pub keys: KeyRing,
    pub time_zone: TimeZone,
    pub sign_in_as: Vec<String>,
    pub engine: EngineSettings,
    pub terminals: TerminalSettings,
    pub log: String,
    pub log_json: bool,
}

impl Settings {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// The first thing that is wrong, with the variable's name.
    pub fn from_environment() -> Result<Self, ConfigError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads settings"
        )]
        Self::from_pairs(std::env::vars())
    }

    /// Reads settings from names and values; names without the prefix are not ours.
    ///
    /// # Errors
    /// As [`Settings::from_environment`].
    pub fn from_pairs(
        pairs: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let values = Values::collect(pairs)?;
        let listen = values
            .parse("LISTEN")?
            .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)));
        let settings = Self {
            database_url: values.secret("DATABASE_URL")?,
            owner_database_url: values.text("OWNER_DATABASE_URL").map(SecretString::from),
            listen,
            metrics_listen: values.parse("METRICS_LISTEN")?,
            public_url: public_url(&values, listen)?,
            inner_url: inner_url(&values, listen)?,
            keys: key_ring(&values)?,
            time_zone: time_zone(&values)?,
            sign_in_as: values.list("SIGN_IN_AS"),
            engine: engine(&values)?,
            terminals: terminals(&values)?,
            log: values.text("LOG").unwrap_or_else(|| "info".to_owned()),
            log_json: values.one_of("LOG_FORMAT", &["text", "json"])? == Some("json"),
        };
        if !settings.sign_in_as.is_empty() && !settings.listen.ip().is_loopback() {
            return Err(invalid(
                "SIGN_IN_AS",
                "refused unless LISTEN is a loopback address",
            ));
        }
        Ok(settings)
    }

    /// Whether browsers reach us by TLS; decides the cookie's name and its `Secure` mark.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

fn invalid(name: &str, why: impl ToString) -> ConfigError {
    ConfigError::Invalid {
        name: format!("SLIPWAY_{name}"),
        why: why.to_string(),
    }
}

fn public_url(values: &Values, listen: SocketAddr) -> Result<Url, ConfigError> {
    let text = values
        .text("PUBLIC_URL")
        .unwrap_or_else(|| format!("http://{listen}"));
    let url: Url = text.parse().map_err(|e| invalid("PUBLIC_URL", e))?;
    let loopback = listen.ip().is_loopback();
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        _ => Err(invalid(
            "PUBLIC_URL",
            "must be https, or http while LISTEN is loopback",
        )),
    }
}

/// Of the network that replicas share; what they say to each other is sealed, what terminals show
/// is not.
fn inner_url(values: &Values, listen: SocketAddr) -> Result<Option<Url>, ConfigError> {
    let Some(text) = values.text("INNER_URL") else {
        let known = (!listen.ip().is_unspecified()).then(|| format!("http://{listen}"));
        return Ok(known.and_then(|text| text.parse().ok()));
    };
    let url: Url = text.parse().map_err(|e| invalid("INNER_URL", e))?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.username().is_empty();
    if url.scheme() != "http" || !is_bare {
        return Err(invalid("INNER_URL", "must be http:// and an address alone"));
    }
    Ok(Some(url))
}

fn key_ring(values: &Values) -> Result<KeyRing, ConfigError> {
    let text = values.secret("SECRET_KEYS")?;
    KeyRing::parse(text.expose_secret()).map_err(|e: KeyRingError| invalid("SECRET_KEYS", e))
}

fn time_zone(values: &Values) -> Result<TimeZone, ConfigError> {
    let name = values.text("TIME_ZONE").unwrap_or_else(|| "UTC".to_owned());
    TimeZone::get(&name).map_err(|e| invalid("TIME_ZONE", e))
}

fn engine(values: &Values) -> Result<EngineSettings, ConfigError> {
    let settings = EngineSettings {
        lease: values.seconds("LEASE_SECONDS", 45)?,
        step_limit: values.seconds("STEP_LIMIT_SECONDS", 30)?,
        look_up_gap: values.seconds("LOOK_UP_GAP_SECONDS", 15)?,
        poll: values.seconds("POLL_SECONDS", 5)?,
        watch: values.seconds("WATCH_SECONDS", 3)?,
    };
    if settings.step_limit >= settings.lease {
        return Err(invalid(
            "STEP_LIMIT_SECONDS",
            "must be less than SLIPWAY_LEASE_SECONDS",
        ));
    }
    Ok(settings)
}

fn terminals(values: &Values) -> Result<TerminalSettings, ConfigError> {
    Ok(TerminalSettings {
        length: values.seconds("TERMINAL_LENGTH_SECONDS", 3600)?,
        idle: values.seconds("TERMINAL_IDLE_SECONDS", 900)?,
        grace: values.seconds("TERMINAL_GRACE_SECONDS", 600)?,
        each: values.count("TERMINALS_EACH", 5)?,
        in_all: values.count("TERMINALS_IN_ALL", 500)?,
        file_bytes: values
            .count("TERMINAL_FILE_MEGABYTES", 256)?
            .unsigned_abs()
            .saturating_mul(1024 * 1024),
        debug_images: debug_images(values)?,
        recording_days: recording_days(values)?,
        recording_rate: recording_rate(values)?,
        is_strict_in_test: values.one_of("STRICT_RECORDING", &["production", "always"])?
            == Some("always"),
    })
}

fn recording_rate(values: &Values) -> Result<RecordingRate, ConfigError> {
    let bytes = |name, default, least| {
        let bytes = values.parse(name)?.unwrap_or(default);
        if (least..=RECORDED_MAX_BYTES).contains(&bytes) {
            return Ok(bytes);
        }
        let why = format!("must be {least} to {RECORDED_MAX_BYTES} bytes");
        Err(invalid(name, why))
    };
    Ok(RecordingRate {
        bytes_per_second: bytes("RECORDING_BYTES_PER_SECOND", 4 * MIB, 64 * 1024)?,
        burst_bytes: bytes("RECORDING_BURST_BYTES", 16 * MIB, RECORDING_BURST_LEAST)?,
    })
}

fn debug_images(values: &Values) -> Result<Vec<String>, ConfigError> {
    let images = values.list("DEBUG_IMAGES");
    if images.len() > DEBUG_IMAGES_MAX {
        let why = format!("must be {DEBUG_IMAGES_MAX} images at most");
        return Err(invalid("DEBUG_IMAGES", why));
    }
    match images.iter().find(|image| !is_whole(image)) {
        None => Ok(images),
        Some(image) => {
            let like = "such as registry.example/tools/busybox:1.37";
            let why = format!("{image:?} needs a registry's host and a tag or a digest, {like}");
            Err(invalid("DEBUG_IMAGES", why))
        }
    }
}

/// Whether an image's name says where it is and which one of its name.
fn is_whole(image: &str) -> bool {
    let read = Reference::parse(image);
    image.len() <= IMAGE_MAX_BYTES && read.is_some_and(|read| read.host.is_some())
}

fn recording_days(values: &Values) -> Result<Option<i32>, ConfigError> {
    let days = values.parse("RECORDING_DAYS")?;
    match days {
        Some(days) if !(30..=36_500).contains(&days) => {
            Err(invalid("RECORDING_DAYS", "must be 30 to 36500 days"))
        }
        days => Ok(days),
    }
}

/// The variables that are ours, by name without the prefix, with `_FILE` ones already read.
struct Values(BTreeMap<&'static str, String>);

impl Values {
    fn collect(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut values = BTreeMap::new();
        for (name, value) in pairs {
            let Some(ours) = name.strip_prefix("SLIPWAY_") else {
                continue;
            };
            if value.trim().is_empty() {
                return Err(ConfigError::Empty(name));
            }
            if let Some(known) = known(ours) {
                values.insert(known, value);
            } else if let Some(known) = ours.strip_suffix("_FILE").and_then(known_secret) {
                values.insert(known, read_file(&name, Path::new(&value))?);
            } else {
                return Err(ConfigError::Unknown(name));
            }
        }
        Ok(Self(values))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn secret(&self, name: &'static str) -> Result<SecretString, ConfigError> {
        let help = VARIABLES
            .iter()
            .find(|(n, _)| *n == name)
            .map_or("", |(_, help)| *help);
        self.text(name)
            .map(SecretString::from)
            .ok_or(ConfigError::Missing(name, help))
    }

    fn parse<T>(&self, name: &str) -> Result<Option<T>, ConfigError>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        self.0
            .get(name)
            .map(|v| v.parse().map_err(|e| invalid(name, e)))
            .transpose()
    }

    fn seconds(&self, name: &str, default: u64) -> Result<Duration, ConfigError> {
        let value: f64 = self.parse(name)?.unwrap_or(default as f64);
        if !(0.01..=3600.0).contains(&value) {
            return Err(invalid(name, "must be 0.01 to 3600 seconds"));
        }
        Ok(Duration::from_secs_f64(value))
    }

    fn count(&self, name: &str, default: i64) -> Result<i64, ConfigError> {
        let value = self.parse(name)?.unwrap_or(default);
        if !(1..=100_000).contains(&value) {
            return Err(invalid(name, "must be 1 to 100000"));
        }
        Ok(value)
    }

    fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',')
            .map(str::trim)
            .filter(|s| !s.is_empty())
            .map(str::to_owned)
            .collect()
    }

    fn one_of(
        &self,
        name: &str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, ConfigError> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        let found = words.iter().find(|w| *w == value).copied();
        found
            .map(Some)
            .ok_or_else(|| invalid(name, format!("must be one of {}", words.join(", "))))
    }
}

fn known(name: &str) -> Option<&'static str> {
    VARIABLES.iter().map(|(n, _)| *n).find(|n| *n == name)
}

/// The settings that may come from a file, as container platforms mount secrets.
fn known_secret(name: &str) -> Option<&'static str> {
    known(name).filter(|n| matches!(*n, "DATABASE_URL" | "OWNER_DATABASE_URL" | "SECRET_KEYS"))
}

fn read_file(name: &str, path: &Path) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|e| ConfigError::Invalid {
        name: name.to_owned(),
        why: format!("cannot read {}: {e}", path.display()),
    })?;
    let text = text.trim().to_owned();
    if text.is_empty() {
        Err(ConfigError::Empty(name.to_owned()))
    } else {
        Ok(text)
    }
}
