//! A person's browser: one cookie jar, no redirects followed, forms and JSON.

use reqwest::{Client, Method, RequestBuilder};
use scraper::{Html, Selector};
use serde_json::Value;

use super::described;

pub struct Browser {
    client: Client,
    pub base: String,
    pub cookies: Vec<(String, String)>,
    pub headers: Vec<(&'static str, String)>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// What a browser would send of the page's form, as nobody touched it.
    pub fn fields(&self) -> Vec<(String, String)> {
        let page = Html::parse_document(&self.body);
        let all = Selector::parse("main form :is(input, textarea, select)").unwrap();
        let chosen = Selector::parse("option[selected]").unwrap();
        let first = Selector::parse("option").unwrap();
        let mut fields = Vec::new();
        for element in page.select(&all) {
            let (Some(name), value) = (element.attr("name"), element.attr("value")) else {
                continue;
            };
            let kind = element.attr("type").unwrap_or_default();
            let is_box = matches!(kind, "checkbox" | "radio");
            if (is_box && element.attr("checked").is_none()) || element.attr("disabled").is_some() {
                continue;
            }
            let value = match element.value().name() {
                "textarea" => element.text().collect(),
                "select" => {
                    let option = element.select(&chosen).next();
                    let option = option.or_else(|| element.select(&first).next()).unwrap();
                    option
                        .attr("value")
                        .map_or_else(|| option.text().collect(), str::to_owned)
                }
                _ => value.unwrap_or_default().to_owned(),
            };
            fields.push((name.to_owned(), value));
        }
        fields
    }

    /// The text of what a selector finds, white space folded.
    pub fn text(&self, selector: &str) -> String {
        let page = Html::parse_document(&self.body);
        let selector = Selector::parse(selector).unwrap();
        let found = page.select(&selector);
        let text: Vec<String> = found
            .flat_map(|e| e.text())
            .flat_map(str::split_whitespace)
            .map(str::to_owned)
            .collect();
        text.join(" ")
    }
}

impl Browser {
    #[expect(
        clippy::disallowed_methods,
        reason = "a browser is not the product's client"
    )]
    pub fn new(base: &str) -> Self {
        let redirect = reqwest::redirect::Policy::none();
        let client = Client::builder().redirect(redirect).build().unwrap();
        Self {
            client,
            base: base.to_owned(),
            cookies: Vec::new(),
            headers: Vec::new(),
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(self.request(Method::POST, path).form(form)).await
    }

    pub async fn api(&mut self, method: Method, path: &str, body: &Value) -> Answer {
        let answer = self.try_api(method, path, body).await;
        answer.expect("the portal answers")
    }

    /// A request without a body.
    pub async fn bare(&mut self, method: Method, path: &str) -> Answer {
        let answer = self.send(self.request(method.clone(), path)).await;
        described::hold(&method, path, None, &answer);
        answer
    }

    /// A form as it goes over the wire.
    pub async fn typed(&mut self, path: &str, form: &str) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        let request = self.request(Method::POST, path);
        let request = request.header("content-type", kind);
        self.send(request.body(form.to_owned())).await
    }

    /// A GET of a portal that may not be there.
    pub async fn try_get(&mut self, path: &str) -> Option<Answer> {
        self.try_send(self.request(Method::GET, path)).await.ok()
    }

    /// As [`Browser::api`], of a portal that may not be there.
    pub async fn try_api(&mut self, method: Method, path: &str, body: &Value) -> Option<Answer> {
        let path = format!("/api/v1{path}");
        let request = self.request(method.clone(), &path).json(body);
        let answer = self.try_send(request).await.ok()?;
        described::hold(&method, &path, Some(body), &answer);
        Some(answer)
    }

    /// A GET of the API.
    pub async fn api_get(&mut self, path: &str) -> Answer {
        let path = format!("/api/v1{path}");
        let answer = self.get(&path).await;
        described::hold(&Method::GET, &path, None, &answer);
        answer
    }

    /// A request as this person sends it, for what has bytes of its own.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        let request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .header("cookie", cookies.join("; "));
        self.headers
            .iter()
            .fold(request, |r, (name, value)| r.header(*name, value))
    }

    async fn send(&mut self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.unwrap()
    }

    async fn try_send(&mut self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let response = request.send().await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.text().await?;
        for value in headers.get_all("set-cookie") {
            let pair = value.to_str().unwrap().split(';').next();
            let (name, value) = pair.unwrap_or_default().split_once('=').unwrap();
            self.cookies.retain(|(n, _)| n != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        Ok(Answer {
            status,
            headers,
            body,
        })
    }
}
