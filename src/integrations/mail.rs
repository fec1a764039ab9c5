//! Mail by SMTP: one text to one address.
//!
//! A password is sent only inside of TLS. What the server refuses for good (5xx) and what it asks
//! for later (4xx) are told apart; accepted is not yet delivered, which nobody can know.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::{self, AsyncSmtpTransport};
use lettre::{AsyncTransport as _, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};

use super::CallError;
use super::answer::shorten;

const LIMIT: Duration = Duration::from_secs(10);

/// How the way to the server is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte, usually on port 465.
    Tls,
    /// The server must offer TLS, usually on port 587.
    StartTls,
    /// In the open; for servers inside that want no password.
    None,
}

pub struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub login: Option<(String, SecretString)>,
}

/// One mail. `id` is the left half of its Message-ID, and the same at every repeat.
pub struct Mail {
    pub id: String,
    pub sender: String,
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// RFC 3834: nobody's out-of-office answers this.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Whether somebody can be written to at this address, with or without a name beside it.
#[must_use]
pub fn is_mailbox(text: &str) -> bool {
    !text.contains(['\r', '\n']) && text.parse::<Mailbox>().is_ok()
}

impl Server {
    /// Hands a mail over.
    ///
    /// # Errors
    /// `Unavailable` for no answer and for 4xx, `Denied` for a password that is wrong, `Refused`
    /// for 5xx and for what is no mail.
    pub async fn send(&self, mail: &Mail, now: Timestamp) -> Result<(), CallError> {
        let message = message(mail, now)?;
        let transport = self.transport()?;
        let sent = transport.send(message);
        match tokio::time::timeout(LIMIT, sent).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(meaning(&error)),
            Err(_) => Err(unavailable("no answer in time")),
        }
    }

    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, CallError> {
        type Smtp = AsyncSmtpTransport<Tokio1Executor>;
        let builder = match self.security {
            Security::Tls => Smtp::relay(&self.host).map_err(|e| meaning(&e))?,
            Security::StartTls => Smtp::starttls_relay(&self.host).map_err(|e| meaning(&e))?,
            Security::None => Smtp::builder_dangerous(&self.host),
        };
        let builder = builder.port(self.port).timeout(Some(LIMIT));
        let guarded = self.security != Security::None;
        Ok(match self.login.as_ref().filter(|_| guarded) {
            Some((user, password)) => builder
                .credentials(Credentials::new(
                    user.clone(),
                    password.expose_secret().to_owned(),
                ))
                .build(),
            None => builder.build(),
        })
    }
}

fn message(mail: &Mail, now: Timestamp) -> Result<Message, CallError> {
    let mailbox = |text: &str| -> Result<Mailbox, CallError> {
        text.parse().map_err(|_| refused("that is no mail address"))
    };
    let sender = mailbox(&mail.sender)?;
    let domain = sender.email.domain().to_owned();
    let subject: String = mail.subject.chars().filter(|c| !c.is_control()).collect();
    Message::builder()
        .from(sender)
        .to(mailbox(&mail.to)?)
        .subject(subject)
        .date(SystemTime::from(now))
        .message_id(Some(format!("<{}@{domain}>", mail.id)))
        .header(AutoSubmitted)
        .body(mail.text.clone())
        .map_err(|error| refused(&error.to_string()))
}

fn meaning(error: &smtp::Error) -> CallError {
    let detail = shorten(&error.to_string());
    let code = error.status().map(|code| code.to_string());
    match code.as_deref() {
        Some("530" | "534" | "535" | "538") => CallError::Denied { detail },
        Some(code) if code.starts_with('5') => CallError::Refused { detail },
        // A certificate that does not fit is mended by people, not by time.
        None if error.is_tls() => CallError::Denied { detail },
        None if error.is_client() => CallError::Unexpected { detail },
        Some(_) | None => unavailable(&detail),
    }
}

fn unavailable(detail: &str) -> CallError {
    CallError::Unavailable {
        detail: detail.to_owned(),
        retry_after: None,
    }
}

fn refused(detail: &str) -> CallError {
    CallError::Refused {
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(subject: &str, to: &str) -> Mail {
        Mail {
            id: "0192".to_owned(),
            sender: "Slipway <slipway@example.com>".to_owned(),
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: "第一行\n.\nlast".to_owned(),
        }
    }

    #[test]
    fn headers_hold_what_was_meant_and_no_more() {
        let written = |m: &Mail| {
            let message = message(m, Timestamp::UNIX_EPOCH).expect("a message");
            String::from_utf8(message.formatted()).expect("text")
        };
        let text = written(&mail("发布\r\nBcc: thief@example.com", "lin@example.com"));
        assert!(text.contains("Message-ID: <0192@example.com>"), "{text}");
        assert!(text.contains("Auto-Submitted: auto-generated"), "{text}");
        assert!(text.contains("Subject: =?utf-8?"), "{text}");
        assert!(!text.contains("\nBcc:"), "{text}");
        assert!(message(&mail("x", "a@b.c\r\nBcc: d@e.f"), Timestamp::UNIX_EPOCH).is_err());
        assert!(is_mailbox("Lin <lin@example.com>") && !is_mailbox("lin"));
    }
}
