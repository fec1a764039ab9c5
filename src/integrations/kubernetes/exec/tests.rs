use std::time::Duration;

use futures_util::SinkExt as _;
use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::handshake::server::{Request as Asked, Response};

use super::*;

const SIZE: Size = Size {
    columns: 80,
    rows: 24,
};
/// Long enough for a busy machine to show that nothing moves.
const STUCK: Duration = Duration::from_millis(300);
const PIPE_BYTES: usize = 64 * 1024;
const EXITED: &[u8] = br#"{"status": "Success"}"#;

/// A command whose cluster is played by the test, over a pipe.
async fn played(can_half_close: bool, pulse: Pulse) -> (Running, WebSocketStream<DuplexStream>) {
    let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
    let ours = WebSocketStream::from_raw_socket(ours, Role::Client, Some(limits())).await;
    let theirs = WebSocketStream::from_raw_socket(theirs, Role::Server, None).await;
    (
        talk::start(ours, Manner::Terminal(SIZE), pulse, can_half_close).await,
        theirs,
    )
}

/// The next message that is not a ping.
async fn heard(cluster: &mut WebSocketStream<DuplexStream>) -> Vec<u8> {
    loop {
        match cluster.next().await {
            Some(Ok(Message::Binary(frame))) => return frame.to_vec(),
            Some(Ok(Message::Ping(_))) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn frame(channel: u8, bytes: &[u8]) -> Message {
    Message::binary([&[channel], bytes].concat())
}

fn exited() -> Message {
    frame(3, EXITED)
}

async fn drained(output: &mut Output) -> (usize, End) {
    let mut bytes = 0;
    loop {
        match output.next().await {
            Ok(piece) => bytes += piece.len(),
            Err(end) => return (bytes, end),
        }
    }
}

#[tokio::test]
async fn a_flood_that_nobody_takes_is_not_read_and_ctrl_c_gets_through() {
    let (mut running, mut cluster) = played(true, PULSE).await;
    let mut sent = 0;
    while let Ok(done) =
        tokio::time::timeout(STUCK, cluster.send(frame(1, &[b'x'; PIECE_BYTES]))).await
    {
        done.expect("an open connection");
        sent += PIECE_BYTES;
        assert!(sent < 1024 * 1024, "it takes more than it may hold");
    }
    running.input.write("\x03").await.expect("a command");
    assert_eq!(heard(&mut cluster).await[0], 4);
    assert_eq!(heard(&mut cluster).await, [0, 3]);
    let (end, sent_all) = tokio::join!(drained(&mut running.output), cluster.send(exited()));
    sent_all.expect("a status that is taken");
    assert!(end.0 >= sent, "{} of {sent} bytes", end.0);
    assert_eq!(end.1, End::Exited { code: 0 });
    // The end stays what it was.
    assert_eq!(running.output.next().await, Err(End::Exited { code: 0 }));
}

#[tokio::test]
async fn the_end_of_input_is_told_where_the_protocol_can() {
    for (can_half_close, expected) in [(true, vec![255, 0]), (false, vec![])] {
        let (mut running, mut cluster) = played(can_half_close, PULSE).await;
        drop(running.input);
        let size = heard(&mut cluster).await;
        assert_eq!(size, b"\x04{\"Width\":80,\"Height\":24}");
        if !expected.is_empty() {
            assert_eq!(heard(&mut cluster).await, expected);
        }
        cluster
            .send(exited())
            .await
            .expect("somebody still listens");
        assert_eq!(
            drained(&mut running.output).await.1,
            End::Exited { code: 0 }
        );
    }
}

#[tokio::test]
async fn whoever_drops_the_output_closes_the_connection() {
    let (running, mut cluster) = played(true, PULSE).await;
    let Running { input, output } = running;
    drop(output);
    while let Some(Ok(message)) = cluster.next().await {
        assert!(!matches!(message, Message::Text(_)));
    }
    assert_eq!(input.write("late").await, Err(Ended));
}

#[tokio::test]
async fn a_broken_connection_is_an_end_nobody_knows() {
    let (mut running, cluster) = played(true, PULSE).await;
    drop(cluster);
    let (_, end) = drained(&mut running.output).await;
    assert!(matches!(end, End::Lost { .. }), "{end:?}");
    let (mut running, mut cluster) = played(true, PULSE).await;
    let much = vec![1; MESSAGE_BYTES + 1];
    // It hangs up in the middle of it.
    let _ = tokio::join!(cluster.send(Message::binary(much)), async {
        let (bytes, end) = drained(&mut running.output).await;
        assert_eq!(bytes, 0);
        assert!(matches!(end, End::Lost { .. }), "{end:?}");
        drop(running);
    });
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_gone() {
    let pulse = Pulse {
        ping_every: Duration::from_millis(20),
        heard_within: Duration::from_millis(200),
    };
    let (mut running, _silent) = played(true, pulse).await;
    let (_, end) = drained(&mut running.output).await;
    let detail = "the cluster no longer answers".to_owned();
    assert_eq!(end, End::Lost { detail });
}

/// A cluster that says nothing but pongs until it has heard so many pings, and then a status.
async fn silent(listener: TcpListener, pings: usize) {
    let (stream, _) = listener.accept().await.expect("a client");
    #[expect(clippy::result_large_err, reason = "the signature is the library's")]
    let negotiate = |_: &Asked, mut response: Response| {
        let headers = response.headers_mut();
        let chosen = "v4.channel.k8s.io".parse().expect("a header");
        headers.insert("sec-websocket-protocol", chosen);
        Ok(response)
    };
    let mut socket = tokio_tungstenite::accept_hdr_async(stream, negotiate)
        .await
        .expect("a WebSocket");
    let mut heard = 0;
    while heard < pings {
        let message = socket.next().await.expect("a ping").expect("a ping");
        heard += usize::from(message.is_ping());
    }
    socket.send(exited()).await.expect("somebody listens");
}

#[tokio::test]
async fn the_clients_read_timeout_does_not_cut_a_silent_command() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let uri = format!("http://{address}").parse().expect("a URI");
    let mut config = kube::Config::new(uri);
    config.read_timeout = Some(Duration::from_millis(750));
    let kubernetes = Kubernetes::of(config).expect("a client");
    // Thirty pings are twice the read timeout.
    let pulse = Pulse {
        ping_every: Duration::from_millis(50),
        heard_within: Duration::from_secs(5),
    };
    let cluster = tokio::spawn(silent(listener, 30));
    let place = Place {
        namespace: "shop",
        pod: "shop",
        container: "app",
    };
    let running = kubernetes
        .exec_with(place, &["sh"], Manner::Terminal(SIZE), pulse)
        .await;
    let (_, end) = drained(&mut running.expect("an upgrade").output).await;
    assert_eq!(end, End::Exited { code: 0 });
    cluster.await.expect("a cluster that was content");
}
