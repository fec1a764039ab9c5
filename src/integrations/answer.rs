//! An answer as it came, and its meaning as a [`CallError`] where it is not a success.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;

use super::error::CallError;

/// The longest wait that an answer may ask of us; a greater wish is cut to this.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// How much of a foreign text an error may quote.
const DETAIL_MAX_CHARS: usize = 300;

/// One whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// The body was longer than the limit and ends early.
    pub cut: bool,
}

impl Answer {
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body's text, with what is not UTF-8 replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        serde_json::from_slice(&self.body).map_err(|error| CallError::Unexpected {
            detail: format!("the JSON is not as documented: {error}"),
        })
    }

    /// What a status other than the hoped-for one means; `detail` is the system's own text.
    #[must_use]
    pub fn error(&self, detail: &str) -> CallError {
        let detail = format!("{}: {}", self.status.as_u16(), shorten(detail));
        match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => CallError::Denied { detail },
            StatusCode::NOT_FOUND | StatusCode::GONE => CallError::NotFound { detail },
            StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => {
                CallError::Conflict { detail }
            }
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => self.unavailable(detail),
            status if status.is_server_error() => self.unavailable(detail),
            status if status.is_client_error() => CallError::Refused { detail },
            _ => CallError::Unexpected { detail },
        }
    }

    fn unavailable(&self, detail: String) -> CallError {
        CallError::Unavailable {
            detail,
            retry_after: self.retry_after(),
        }
    }

    /// Seconds, or a date, which is read against the answer's own date so that clocks need not
    /// agree.
    fn retry_after(&self) -> Option<Duration> {
        let wish = self.header(RETRY_AFTER.as_str())?.trim();
        let wish = match wish.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let until = jiff::fmt::rfc2822::parse(wish).ok()?;
                let now = jiff::fmt::rfc2822::parse(self.header(DATE.as_str())?).ok()?;
                Duration::try_from(until.duration_since(&now)).ok()?
            }
        };
        Some(wish.min(RETRY_AFTER_MAX))
    }
}

/// One line of at most [`DETAIL_MAX_CHARS`] characters.
#[must_use]
pub fn shorten(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(DETAIL_MAX_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)]) -> Answer {
        let headers = headers.iter().map(|(name, value)| {
            (
                reqwest::header::HeaderName::from_static(name),
                reqwest::header::HeaderValue::from_static(value),
            )
        });
        Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: headers.collect(),
            body: Vec::new(),
            cut: false,
        }
    }

    fn wish(headers: &[(&'static str, &'static str)]) -> Option<Duration> {
        match answer(429, headers).error("slow down") {
            CallError::Unavailable { retry_after, .. } => retry_after,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_bounded() {
        assert_eq!(wish(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(wish(&[("retry-after", "999999")]), Some(RETRY_AFTER_MAX));
        let date = ("date", "Fri, 20 Nov 2026 08:00:00 GMT");
        let until = ("retry-after", "Fri, 20 Nov 2026 08:01:30 GMT");
        assert_eq!(wish(&[date, until]), Some(Duration::from_secs(90)));
        assert_eq!(wish(&[until]), None);
        assert_eq!(wish(&[("retry-after", "soon")]), None);
    }

    #[test]
    fn statuses_mean_what_the_caller_does_next() {
        let kind = |status| match answer(status, &[]).error("") {
            CallError::Unavailable { .. } => "later",
            CallError::Denied { .. } => "mend",
            CallError::NotFound { .. } => "absent",
            CallError::Conflict { .. } => "read",
            CallError::Refused { .. } => "never",
            CallError::Unexpected { .. } => "puzzled",
        };
        let statuses = [400, 401, 403, 404, 409, 422, 429, 500, 503, 302, 200];
        assert_eq!(
            statuses.map(kind),
            [
                "never", "mend", "mend", "absent", "read", "never", "later", "later", "later",
                "puzzled", "puzzled"
            ]
        );
    }
}
