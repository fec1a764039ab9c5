use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;
use crate::kubernetes::{Api, Pulls, Rights, serve};

const BOTH: &str = "v5.channel.k8s.io, v4.channel.k8s.io";

/// A world with one running pod.
async fn east(exec: Exec) -> (World, Api) {
    let world = World::explicit();
    let api = serve(&world, "east", 0).await.expect("a free port");
    {
        let mut state = world.kubernetes();
        let cluster = state.cluster("east").expect("a cluster");
        cluster.settings.pulls = Pulls::Anything;
        cluster.settings.exec = exec;
        let pod = json!({"metadata": {"name": "shop", "namespace": "default", "uid": "one"},
            "spec": {"containers": [{"name": "shop", "image": "r/shop:1"}]}});
        cluster.put_new(of_kind("Pod"), pod, world.clock().now());
    }
    for _ in 0..3 {
        world.advance(Duration::from_secs(5)).await;
    }
    (world, api)
}

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>, String);

impl Client {
    async fn try_open(api: &Api, query: &str, protocols: &str) -> Result<Self, u16> {
        let base = api.server.base_url().replace("http://", "ws://");
        let url = format!("{base}/api/v1/namespaces/default/pods/shop/exec?{query}");
        let mut request = url.into_client_request().expect("an address");
        let headers = request.headers_mut();
        headers.insert(
            "authorization",
            "Bearer simulated-east-admin".parse().expect("a header"),
        );
        headers.insert(
            "sec-websocket-protocol",
            protocols.parse().expect("a header"),
        );
        match connect_async(request).await {
            Ok((stream, answer)) => {
                let chosen = answer.headers()["sec-websocket-protocol"]
                    .to_str()
                    .expect("a name");
                Ok(Self(stream, chosen.to_owned()))
            }
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn open(api: &Api, command: &str) -> Self {
        let query = format!("container=shop&stdin=true&stdout=true&tty=true&command={command}");
        Self::try_open(api, &query, BOTH).await.expect("a command")
    }

    async fn send(&mut self, channel: u8, bytes: &[u8]) {
        let frame = [&[channel], bytes].concat();
        self.0
            .send(Message::Binary(frame.into()))
            .await
            .expect("a listener");
    }

    async fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        match self.0.next().await?.ok()? {
            Message::Binary(m) => Some((m[0], m[1..].to_vec())),
            _ => None,
        }
    }

    /// Output until it holds a text.
    async fn until(&mut self, text: &str) -> String {
        let mut shown = Vec::new();
        while !String::from_utf8_lossy(&shown).contains(text) {
            let (channel, bytes) = self.next().await.expect("more output");
            assert_eq!(channel, 1, "{}", String::from_utf8_lossy(&bytes));
            shown.extend(bytes);
        }
        String::from_utf8(shown).expect("text")
    }

    /// The status, after whatever output is left, and that nothing follows it.
    async fn status(&mut self) -> (Value, usize) {
        let mut output = 0;
        loop {
            let (channel, bytes) = self.next().await.expect("a status");
            if channel == 3 {
                assert!(self.next().await.is_none(), "something after the status");
                return (serde_json::from_slice(&bytes).expect("a status"), output);
            }
            output += bytes.len();
        }
    }
}

#[tokio::test]
async fn a_shell_runs_with_a_size_and_ends_with_its_code() {
    let (world, api) = east(Exec::Runs).await;
    let mut shell = Client::open(&api, "sh").await;
    assert_eq!(shell.1, "v5.channel.k8s.io");
    assert_eq!(shell.next().await, Some((1, Vec::new())));
    shell.send(4, br#"{"Width":101,"Height":31}"#).await;
    shell
        .send(0, b"stty size; echo \"[$DATABASE_URL$CARGO]\" 'a\\tb'\n")
        .await;
    let shown = shell.until("[]").await;
    assert!(shown.contains("31 101"), "{shown}");
    shell
        .send(
            0,
            "printf '\\344\\275\\240\\345\\245\\275'; exit 7\n".as_bytes(),
        )
        .await;
    shell.until("你好").await;
    let (status, _) = shell.status().await;
    assert_eq!(status["reason"], "NonZeroExitCode");
    assert_eq!(
        status["details"]["causes"][0],
        json!({"reason": "ExitCode", "message": "7"})
    );
    let mut fine = Client::open(&api, "true").await;
    assert_eq!(fine.status().await.0["status"], "Success");
    world.transcript().check().expect("only what is known");
}

#[tokio::test]
async fn a_missing_program_is_a_status_and_not_an_http_error() {
    let (_world, api) = east(Exec::Runs).await;
    let (status, _) = Client::open(&api, "no-such-shell").await.status().await;
    assert!(
        status["message"]
            .as_str()
            .expect("a message")
            .contains("not found"),
        "{status}"
    );
    assert!(status["details"].is_null(), "{status}");
    for (exec, bare) in [(Exec::HoldsNothing, None), (Exec::Runs, Some("r/shop"))] {
        let (world, api) = east(exec).await;
        {
            let mut state = world.kubernetes();
            let cluster = state.cluster("east").expect("a cluster");
            cluster.settings.bare = bare;
        }
        let (status, _) = Client::open(&api, "sh").await.status().await;
        assert!(
            status["message"]
                .as_str()
                .expect("a message")
                .contains("not found"),
            "{status}"
        );
    }
}

#[tokio::test]
async fn protocols_are_negotiated_and_strangers_refused() {
    let (world, api) = east(Exec::Echoes).await;
    let tty = "tty=true&command=sh";
    let old = Client::try_open(&api, tty, "v4.channel.k8s.io").await;
    assert_eq!(old.expect("the older one").1, "v4.channel.k8s.io");
    let refused = |result: Result<Client, u16>| result.err().expect("a refusal");
    assert_eq!(
        refused(Client::try_open(&api, tty, "channel.k8s.io").await),
        400
    );
    let elsewhere = format!("{tty}&container=side");
    assert_eq!(refused(Client::try_open(&api, &elsewhere, BOTH).await), 400);
    let verdict = async |version: &str, denied: &str| {
        let rights = Rights::AllBut(vec![("pods/exec".to_owned(), denied.to_owned())]);
        {
            let mut state = world.kubernetes();
            let cluster = state.cluster("east").expect("a cluster");
            version.clone_into(&mut cluster.settings.version);
            let tokens = &mut cluster.tokens;
            tokens.insert("simulated-east-admin".to_owned(), rights);
        }
        Client::try_open(&api, tty, BOTH).await.err()
    };
    assert_eq!(verdict("v1.33.4", "get").await, Some(403));
    assert_eq!(verdict("v1.33.4", "create").await, None);
    assert_eq!(verdict("v1.35.0", "get").await, Some(403));
    assert_eq!(verdict("v1.35.0", "create").await, Some(403));
    world.transcript().check().expect("only what is known");
}

#[tokio::test]
async fn an_echo_is_the_same_bytes_and_a_flood_is_whole_or_interrupted() {
    let (world, api) = east(Exec::Echoes).await;
    let mut echo = Client::open(&api, "cat").await;
    echo.send(0, b"\xff\x00half of \xe4").await;
    assert_eq!(echo.next().await, Some((1, Vec::new())));
    assert_eq!(
        echo.next().await,
        Some((1, b"\xff\x00half of \xe4".to_vec()))
    );
    echo.send(0, b"\x03").await;
    assert_eq!(
        echo.status().await.0["details"]["causes"][0]["message"],
        "130"
    );
    let flood = |frames| Exec::Floods {
        frames,
        bytes: 16 * 1024,
    };
    world
        .kubernetes()
        .cluster("east")
        .expect("a cluster")
        .settings
        .exec = flood(100);
    let (status, bytes) = Client::open(&api, "yes").await.status().await;
    assert_eq!(
        (&status["status"], bytes),
        (&json!("Success"), 100 * 16 * 1024)
    );
    world
        .kubernetes()
        .cluster("east")
        .expect("a cluster")
        .settings
        .exec = flood(usize::MAX);
    let mut endless = Client::open(&api, "yes").await;
    endless.send(0, b"\x03").await;
    assert_eq!(
        endless.status().await.0["details"]["causes"][0]["message"],
        "130"
    );
}

#[tokio::test]
async fn a_shell_ends_with_its_pod() {
    let (world, api) = east(Exec::Runs).await;
    let mut shell = Client::open(&api, "sh").await;
    shell.until("$").await;
    {
        let mut state = world.kubernetes();
        let cluster = state.cluster("east").expect("a cluster");
        cluster.take(of_kind("Pod"), "default", "shop");
    }
    assert_eq!(
        shell.status().await.0["details"]["causes"][0]["message"],
        "137"
    );
}
