//! A program in a container with nothing between: how quick the pretended cluster itself is.

use anyhow::Context as _;
use axum::body::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderValue, header};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STATUS: u8 = 3;

pub struct Direct(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Direct {
    /// # Errors
    /// A cluster that refuses.
    pub async fn enter(address: &str) -> anyhow::Result<Self> {
        let mut request = address.into_client_request()?;
        let protocol = HeaderValue::from_static("v5.channel.k8s.io");
        request
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
        let (socket, _) = connect_async_with_config(request, None, true).await?;
        Ok(Self(socket))
    }

    /// The next output; nothing once it has ended.
    ///
    /// # Errors
    /// A connection that broke.
    pub async fn show(&mut self) -> anyhow::Result<Option<Bytes>> {
        loop {
            let message = self.0.next().await.context("it broke without a word")??;
            let Message::Binary(frame) = message else {
                continue;
            };
            match frame.first() {
                Some(&STDOUT) if frame.len() > 1 => return Ok(Some(frame.slice(1..))),
                Some(&STATUS) => return Ok(None),
                _ => {}
            }
        }
    }

    /// # Errors
    /// A connection that broke.
    pub async fn type_in(&mut self, keys: &[u8]) -> anyhow::Result<()> {
        let frame = [&[STDIN], keys].concat();
        Ok(self.0.send(Message::binary(frame)).await?)
    }
}
