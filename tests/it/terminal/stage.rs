//! A project with containers that run in test, and people who open shells in them.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use slipway_sim::kubernetes::Exec;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::company::Company;
use crate::support::{Browser, Portal};

/// What may be shown beyond what was confirmed.
pub const WINDOW: usize = 32 * 1024;
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Stage {
    pub company: Company,
    pub workload: Value,
    pub pod: String,
}

impl Stage {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let mut company = Company::start_over(Portal::start_with(settings).await).await;
        company.project("pay").await;
        company.containers("pay", "test").await;
        company.commit("pay", "Read a capture back after 409");
        company.open("pay").await;
        company.settle().await;
        let (workload, pod) = place(&mut company, "test").await;
        Self {
            company,
            workload,
            pod,
        }
    }

    /// The same with the release in production, and its place there.
    pub async fn start_in_production() -> Self {
        let mut company = Company::start().await;
        company.project_with_places("pay").await;
        company.commit("pay", "Read a capture back after 409");
        let release = company.open("pay").await;
        company.settle().await;
        company.confirm(&release).await;
        company.send_to_production(&release).await;
        let (workload, pod) = place(&mut company, "prod").await;
        Self {
            company,
            workload,
            pod,
        }
    }

    /// How containers of a cluster behave from now on.
    pub fn containers(&self, cluster: &str, exec: Exec) {
        let mut kubernetes = self.company.world.kubernetes();
        kubernetes.cluster(cluster).unwrap().settings.exec = exec;
    }

    pub fn asked(&self) -> Value {
        json!({ "workload": self.workload, "pod": self.pod, "reason": "killed for memory at 9" })
    }

    /// Lin opens a terminal.
    pub async fn open(&mut self) -> Way {
        let asked = self.asked();
        open(&mut self.company.developer, &asked).await
    }

    /// Lin opens a terminal and comes in.
    pub async fn enter(&mut self) -> (Way, Terminal) {
        let way = self.open().await;
        let terminal = self.come(&way).await;
        (way, terminal)
    }

    /// Lin comes with a pass.
    pub async fn come(&self, way: &Way) -> Terminal {
        let lin = &self.company.developer;
        Knock::of(lin, way).enter().await.expect("a terminal")
    }

    /// A new pass for Lin.
    pub async fn again(&mut self, id: &str) -> Way {
        let path = format!("/terminals/{id}/passes");
        let lin = &mut self.company.developer;
        let answer = lin.api(Method::POST, &path, &json!(null)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        way(&answer.json())
    }

    /// A terminal's row, once it says so.
    pub async fn until(&mut self, id: &str, so: impl Fn(&Value) -> bool) -> Value {
        let began = std::time::Instant::now();
        loop {
            let path = format!("/terminals/{id}");
            let row = self.company.ops.api_get(&path).await.json();
            if so(&row) {
                return row;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "it does not come to that: {row}"
            );
            tokio::task::yield_now().await;
        }
    }

    /// How it ended, once it has.
    pub async fn ending(&mut self, id: &str) -> String {
        let row = self.until(id, |row| !row["ended_at"].is_null()).await;
        row["ending"].as_str().unwrap().to_owned()
    }

    /// How it ended, as its recording says in the end.
    pub async fn last_word(&mut self, id: &str) -> String {
        let ending = self.ending(id).await;
        let cast = self.cast(id).await;
        let last = cast.last().unwrap()[2].as_str().unwrap();
        assert_eq!(last, ending);
        ending
    }

    /// Where the commands of its container run, on this machine.
    pub fn folder(&self) -> PathBuf {
        let mut kubernetes = self.company.world.kubernetes();
        let cluster = kubernetes.cluster("sh-test").unwrap();
        cluster.folder("pay-test", &self.pod, "pay").unwrap()
    }

    /// The recording's events, after its head.
    pub async fn cast(&mut self, id: &str) -> Vec<Value> {
        let path = format!("/recordings/{id}/cast");
        let answer = self.company.ops.api_get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let lines = answer
            .body
            .lines()
            .map(|l| serde_json::from_str(l).unwrap());
        lines.collect()
    }

    /// What a recording shows, once it shows this.
    pub async fn recorded(&mut self, id: &str, text: &str) -> String {
        let began = std::time::Instant::now();
        loop {
            let shown = shown(&self.cast(id).await);
            if shown.contains(text) {
                return shown;
            }
            assert!(began.elapsed() < PATIENCE, "not recorded: {shown:?}");
        }
    }

    /// What the audit trail has of one action.
    pub async fn trail(&mut self, action: &str) -> Vec<Value> {
        let path = format!("/audit?action={action}");
        let answer = self.company.admin.api_get(&path).await.json();
        answer["items"].as_array().unwrap().clone()
    }
}

/// All output of a recording.
pub fn shown(cast: &[Value]) -> String {
    let output = cast.iter().filter(|event| event[1] == "o");
    output.map(|event| event[2].as_str().unwrap()).collect()
}

/// A workload of `pay`, and one of its pods.
async fn place(company: &mut Company, environment: &str) -> (Value, String) {
    let all = company.ops.api_get("/projects/pay/workloads").await.json();
    let items = all["items"].as_array().unwrap();
    let mut here = items.iter().filter(|w| w["environment"] == environment);
    let id = here.next().unwrap()["id"].clone();
    let path = format!("/workloads/{}/pods", id.as_str().unwrap());
    let pods = company.ops.api_get(&path).await.json();
    let pod = pods["pods"][0]["name"].as_str().unwrap().to_owned();
    (id, pod)
}

pub async fn open(browser: &mut Browser, asked: &Value) -> Way {
    let answer = browser.api(Method::POST, "/terminals", asked).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    way(&answer.json())
}

/// A terminal, and a pass into it.
#[derive(Debug, Clone)]
pub struct Way {
    pub id: String,
    pub pass: String,
}

fn way(answer: &Value) -> Way {
    Way {
        id: answer["terminal"]["id"].as_str().unwrap().to_owned(),
        pass: answer["pass"].as_str().unwrap().to_owned(),
    }
}

/// One try to come in, with everything that can be wrong with it.
pub struct Knock {
    pub url: String,
    pub origin: Option<String>,
    pub cookie: Option<String>,
    pub authorization: Option<String>,
    pub protocols: String,
}

impl Knock {
    pub fn of(browser: &Browser, way: &Way) -> Self {
        let base = browser.base.clone();
        let cookies: Vec<String> = browser
            .cookies
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        Self {
            url: format!(
                "{}/api/v1/terminals/{}/stream",
                base.replace("http", "ws"),
                way.id
            ),
            origin: Some(base),
            cookie: Some(cookies.join("; ")),
            authorization: None,
            protocols: format!("slipway.terminal.v1, pass.{}", way.pass),
        }
    }

    /// The terminal, or the status that it was refused with.
    pub async fn enter(&self) -> Result<Terminal, u16> {
        let mut request = self.url.as_str().into_client_request().unwrap();
        let protocols = Some(self.protocols.clone());
        for (name, value) in [
            ("origin", &self.origin),
            ("cookie", &self.cookie),
            ("authorization", &self.authorization),
            ("sec-websocket-protocol", &protocols),
        ] {
            if let Some(value) = value {
                request.headers_mut().insert(name, value.parse().unwrap());
            }
        }
        match connect_async(request).await {
            Ok((socket, _)) => {
                let mut terminal = Terminal {
                    socket,
                    shown: Vec::new(),
                    offset: 0,
                    confirms: true,
                };
                let welcome = terminal.hear("welcome").await;
                terminal.offset = welcome["offset"].as_u64().unwrap();
                Ok(terminal)
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }
}

/// A page's side of a terminal.
pub struct Terminal {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub shown: Vec<u8>,
    /// Where the next byte stands.
    pub offset: u64,
    /// Whether what is shown is confirmed.
    pub confirms: bool,
}

impl Terminal {
    async fn next(&mut self) -> Option<Value> {
        // Pings come however long nothing is said.
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let message = tokio::time::timeout_at(deadline, self.socket.next()).await;
            match message.expect("something is said in time")? {
                Ok(Message::Binary(bytes)) => {
                    self.offset += bytes.len() as u64;
                    self.shown.extend_from_slice(&bytes);
                    if self.confirms {
                        self.confirm().await;
                    }
                    return Some(json!({ "kind": "output" }));
                }
                Ok(Message::Text(text)) => {
                    let said: Value = serde_json::from_str(&text).unwrap();
                    match said["kind"].as_str() {
                        Some("here") => continue,
                        Some("skipped") => self.skip(&said),
                        _ => {}
                    }
                    return Some(said);
                }
                Ok(Message::Pong(_)) => return Some(json!({ "kind": "pong" })),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Goes on where it is told to.
    fn skip(&mut self, said: &Value) {
        let bytes = said["bytes"].as_u64().unwrap();
        assert_eq!(said["offset"], self.offset + bytes, "{said}");
        self.offset += bytes;
    }

    pub async fn confirm(&mut self) {
        let offset = self.offset;
        // Whoever has been replaced may find the connection gone.
        let _ = self
            .tell(&json!({ "kind": "shown", "offset": offset }))
            .await;
    }

    /// Until the other side has taken in everything that was said to it.
    pub async fn is_heard(&mut self) {
        let ping = Message::Ping(Vec::new().into());
        self.socket.send(ping).await.unwrap();
        self.hear("pong").await;
    }

    /// Until a message of this kind comes.
    pub async fn hear(&mut self, kind: &str) -> Value {
        loop {
            let said = self.next().await;
            let said = said.unwrap_or_else(|| panic!("it went without {kind}: {}", self.text()));
            if said["kind"] == kind {
                return said;
            }
        }
    }

    /// Until so much was shown.
    pub async fn until(&mut self, text: &str) {
        const MORE: &[&str] = &["output", "company", "skipped"];
        while !self.text().contains(text) {
            let said = self.next().await;
            let kind = said.as_ref().and_then(|s| s["kind"].as_str());
            let more = kind.is_some_and(|kind| MORE.contains(&kind));
            assert!(more, "{said:?} before {text}: {}", self.text());
        }
    }

    /// Until it shows that many bytes.
    pub async fn until_bytes(&mut self, bytes: usize) {
        while self.shown.len() < bytes {
            let said = self.next().await.expect("more");
            assert_eq!(said["kind"], "output");
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }

    pub async fn type_in(&mut self, keys: &str) {
        let keys = Message::binary(keys.as_bytes().to_vec());
        self.socket.send(keys).await.unwrap();
    }

    /// The same into what may be closed by now.
    pub async fn try_type(&mut self, keys: &str) -> Result<(), Error> {
        let keys = Message::binary(keys.as_bytes().to_vec());
        self.socket.send(keys).await
    }

    pub async fn tell(&mut self, said: &Value) -> Result<(), Error> {
        self.socket.send(Message::text(said.to_string())).await
    }

    /// Begins a message of so many bytes, and says none of them.
    pub async fn begin_long(&mut self, bytes: u64) {
        // The last of one message, of bytes, masked, with a length of eight bytes; then a mask.
        let head = [&[0x82, 0xff], &bytes.to_be_bytes()[..], &[0; 4]].concat();
        self.socket.get_mut().write_all(&head).await.unwrap();
    }

    /// Until the other side has closed, whatever it still had to show.
    pub async fn until_closed(&mut self) {
        while self.next().await.is_some() {}
    }

    /// Whether the other side has closed, without more to say.
    pub async fn is_closed(&mut self) -> bool {
        self.next().await.is_none()
    }
}
