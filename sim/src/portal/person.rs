//! Somebody who is signed in and asks the API.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use reqwest::{Client, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The portal gives its own requests fifteen seconds.
const TIMEOUT: Duration = Duration::from_secs(20);

/// An account with its password.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Login {
    pub user: String,
    pub password: String,
}

impl Login {
    /// Reads `user:password`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (user, password) = text.split_once(':').ok_or("must be user:password")?;
        Ok(Self {
            user: user.to_owned(),
            password: password.to_owned(),
        })
    }
}

/// A session; requests carry its cookie as a browser's do.
#[derive(Clone, Debug)]
pub struct Person {
    pub user: String,
    client: Client,
    base: String,
    cookie: String,
}

/// Status and body, not yet judged.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
    asked: String,
}

impl Answer {
    /// The body, if the status is the one that was hoped for.
    ///
    /// # Errors
    /// The status that came in its place, with the portal's own words.
    pub fn expect(self, status: u16) -> anyhow::Result<Value> {
        if self.status.as_u16() == status {
            return Ok(self.body);
        }
        bail!(
            "{} answered {}, not {status}: {}",
            self.asked,
            self.status.as_u16(),
            self.words()
        )
    }

    /// What a refusal says, with the fields that it names.
    fn words(&self) -> String {
        let detail = self.body["detail"].as_str().unwrap_or_default();
        let fields = self.body["fields"].as_array();
        let fields = fields.filter(|list| !list.is_empty());
        match fields {
            Some(fields) => format!("{detail} {}", Value::from(fields.clone())),
            None if detail.is_empty() => self.body.to_string(),
            None => detail.to_owned(),
        }
    }
}

impl Person {
    /// Signs in over `POST /session`.
    ///
    /// # Errors
    /// A portal that is away, or does not know them.
    pub async fn sign_in(base: &str, login: &Login) -> anyhow::Result<Self> {
        let base = base.trim_end_matches('/');
        let mut person = Self {
            user: login.user.clone(),
            client: client()?,
            base: format!("{base}/api/v1"),
            cookie: String::new(),
        };
        let body = json!({ "user": login.user, "password": login.password });
        let sent = person.request(Method::POST, "/session").json(&body).send();
        let answer = sent.await.context("the portal does not answer")?;
        if answer.status() != StatusCode::CREATED {
            bail!("signing in as {} answered {}", login.user, answer.status());
        }
        let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
        let cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        person.cookie = cookies.collect::<Vec<_>>().join("; ");
        Ok(person)
    }

    /// What a browser of theirs sends along: the portal's address, and the cookie.
    #[must_use]
    pub fn browser(&self) -> (&str, &str) {
        (self.base.trim_end_matches("/api/v1"), &self.cookie)
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        let request = request.header(header::ACCEPT_LANGUAGE, "en");
        if self.cookie.is_empty() {
            request
        } else {
            request.header(header::COOKIE, &self.cookie)
        }
    }

    /// The body of a `GET` that must succeed.
    ///
    /// # Errors
    /// Anything but 200.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.request(Method::GET, path).send().await;
        read(answer, format!("GET {path}")).await?.expect(200)
    }

    /// How long a page takes to arrive, from asking to its last byte.
    ///
    /// # Errors
    /// Anything but 200.
    pub async fn time_page(&self, path: &str) -> anyhow::Result<Duration> {
        let url = format!("{}{path}", self.base.trim_end_matches("/api/v1"));
        let request = self.client.get(url).header(header::COOKIE, &self.cookie);
        let begun = Instant::now();
        let answer = request.send().await.context("the portal does not answer")?;
        let status = answer.status();
        answer.bytes().await?;
        anyhow::ensure!(status == StatusCode::OK, "GET {path} answered {status}");
        Ok(begun.elapsed())
    }

    /// Every item of a list, page by page.
    ///
    /// # Errors
    /// Anything but 200.
    pub async fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let mut items = Vec::new();
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut after = String::new();
        loop {
            let mut page = self.get(&format!("{path}{after}")).await?;
            if let Some(found) = page["items"].as_array_mut() {
                items.append(found);
            }
            match page["next"].as_str() {
                Some(next) => after = format!("{joint}after={next}"),
                None => return Ok(items),
            }
        }
    }

    /// Whatever a `POST` is answered.
    ///
    /// # Errors
    /// No answer at all.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        let answer = self.request(Method::POST, path).json(body).send().await;
        read(answer, format!("POST {path}")).await
    }
}

async fn read(sent: reqwest::Result<reqwest::Response>, asked: String) -> anyhow::Result<Answer> {
    let answer = sent.with_context(|| format!("{asked} got no answer"))?;
    let status = answer.status();
    let body = answer.bytes().await?;
    let text = || Value::from(String::from_utf8_lossy(&body).into_owned());
    Ok(Answer {
        status,
        body: serde_json::from_slice(&body).unwrap_or_else(|_| text()),
        asked,
    })
}

/// A client that follows no redirect, so that a sign-in page is never taken for an answer.
///
/// # Errors
/// No TLS to be had.
#[expect(
    clippy::disallowed_methods,
    reason = "a customer's client, not one of the product's"
)]
pub fn client() -> reqwest::Result<Client> {
    let builder = Client::builder().timeout(TIMEOUT);
    builder.redirect(reqwest::redirect::Policy::none()).build()
}
