//! The page's side of a terminal: it shows what comes, and confirms what it has shown.

use anyhow::{Context as _, bail};
use axum::body::Bytes;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use http::{HeaderValue, header};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::portal::Person;

/// As often as the page does while it is behind.
const CONFIRM_EVERY_BYTES: u64 = 16 * 1024;

pub struct Viewer {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub id: String,
    /// Up to where everything was shown.
    shown: u64,
    confirmed: u64,
}

impl Viewer {
    /// # Errors
    /// The portal's refusal.
    pub async fn enter(person: &Person, way: &Value) -> anyhow::Result<Self> {
        let text = |key: &str| way[key].as_str().context("no way in");
        let (base, cookie) = person.browser();
        let url = format!("{}{}", base.replace("http", "ws"), text("stream")?);
        let mut request = url.into_client_request()?;
        let offered = format!("{}, pass.{}", text("protocol")?, text("pass")?);
        let headers = [
            (header::ORIGIN, base),
            (header::COOKIE, cookie),
            (header::SEC_WEBSOCKET_PROTOCOL, &offered),
        ];
        for (name, value) in headers {
            request
                .headers_mut()
                .insert(name, HeaderValue::from_str(value)?);
        }
        // As a browser does.
        let no_delay = true;
        let (socket, _) = connect_async_with_config(request, None, no_delay).await?;
        let id = way["terminal"]["id"].as_str().unwrap_or_default();
        Ok(Self {
            socket,
            id: id.to_owned(),
            shown: 0,
            confirmed: 0,
        })
    }

    /// The next output, confirmed when there is much of it or nothing behind it; nothing once it
    /// has ended.
    ///
    /// # Errors
    /// A connection that broke.
    pub async fn show(&mut self) -> anyhow::Result<Option<Bytes>> {
        if self.shown - self.confirmed >= CONFIRM_EVERY_BYTES {
            self.confirm().await;
        }
        if let Some(message) = self.socket.next().now_or_never() {
            return self.heard(message).await;
        }
        self.confirm().await;
        let message = self.socket.next().await;
        self.heard(message).await
    }

    /// The next output, which whoever is slow confirms later.
    ///
    /// # Errors
    /// A connection that broke.
    pub async fn take(&mut self) -> anyhow::Result<Option<Bytes>> {
        let message = self.socket.next().await;
        self.heard(message).await
    }

    async fn heard(
        &mut self,
        mut message: Option<Result<Message, Error>>,
    ) -> anyhow::Result<Option<Bytes>> {
        loop {
            match message.context("it broke without a word")?? {
                Message::Binary(bytes) => {
                    self.shown += bytes.len() as u64;
                    return Ok(Some(bytes));
                }
                Message::Text(text) => {
                    let said: Value = serde_json::from_str(&text)?;
                    match said["kind"].as_str() {
                        Some("welcome" | "here") => {}
                        Some("skipped") => self.shown = said["offset"].as_u64().unwrap_or_default(),
                        Some("ended") => return Ok(None),
                        _ => bail!("it said {said}"),
                    }
                }
                Message::Close(_) => bail!("it closed without a word"),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
            message = self.socket.next().await;
        }
    }

    /// Tells that everything was shown.
    pub async fn confirm(&mut self) {
        if self.confirmed == self.shown {
            return;
        }
        self.confirmed = self.shown;
        let said = json!({ "kind": "shown", "offset": self.shown });
        // The other side may have ended, with words that are still on their way; what broke
        // otherwise is heard by who reads.
        let _ = self.socket.send(Message::text(said.to_string())).await;
    }

    /// # Errors
    /// A connection that broke.
    pub async fn type_in(&mut self, keys: &'static [u8]) -> anyhow::Result<()> {
        Ok(self.socket.send(Message::binary(keys)).await?)
    }
}
