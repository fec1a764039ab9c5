//! Another process of this portal, over a WebSocket in the network that they share.

use std::time::Duration;

use http::{HeaderValue, header};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::CallError;
use super::answer::shorten;

pub type Connection = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A neighbour answers at once or is away.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// Many of these are open at once, and most are silent.
const READ_BUFFER_BYTES: usize = 32 * 1024;
const MESSAGE_BYTES: usize = 1024 * 1024;

/// Opens a WebSocket at an `http` address.
///
/// # Errors
/// `Unavailable` where nobody answers in time, `Refused` for any other answer.
pub async fn connect(address: &str, authorization: &str) -> Result<Connection, CallError> {
    let refused = |detail: &str| CallError::Refused {
        detail: shorten(detail),
    };
    let away = |detail: &str| CallError::Unavailable {
        detail: shorten(detail),
        retry_after: None,
    };
    let address = address.replacen("http", "ws", 1);
    let mut request = address
        .into_client_request()
        .map_err(|error| refused(&error.to_string()))?;
    let mut said = HeaderValue::from_str(authorization).map_err(|_| refused("a bad header"))?;
    said.set_sensitive(true);
    request.headers_mut().insert(header::AUTHORIZATION, said);
    let limits = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(Some(MESSAGE_BYTES))
        .max_frame_size(Some(MESSAGE_BYTES));
    // Keys are small, and none waits for the answer to the one before.
    let no_delay = true;
    let opened = connect_async_with_config(request, Some(limits), no_delay);
    match timeout(ANSWERS_WITHIN, opened).await {
        Ok(Ok((connection, _))) => Ok(connection),
        Ok(Err(error)) => Err(away(&error.to_string())),
        Err(_) => Err(away("no answer in time")),
    }
}
