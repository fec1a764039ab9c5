//! Files in and out of containers: whole or not at all, and on record.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use slipway_sim::kubernetes::Exec;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::stage::Stage;

const MIB: usize = 1024 * 1024;

/// Bytes of which no two pieces are the same.
fn bytes(length: usize) -> Vec<u8> {
    let words = (0..length.div_ceil(4)).map(|n| u32::try_from(n * 2_654_435_761 % 4_294_967_291));
    let mut bytes: Vec<u8> = words.flat_map(|w| w.unwrap().to_le_bytes()).collect();
    bytes.truncate(length);
    bytes
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl Stage {
    fn address(id: &str, path: &str) -> String {
        let path: String = path
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' => {
                    char::from(byte).to_string()
                }
                _ => format!("%{byte:02X}"),
            })
            .collect();
        format!("/api/v1/terminals/{id}/file?path={path}")
    }

    async fn fetch(&self, id: &str, path: &str) -> Response {
        let lin = &self.company.developer;
        let request = lin.request(Method::GET, &Self::address(id, path));
        request.send().await.unwrap()
    }

    async fn put(&self, id: &str, path: &str, bytes: Vec<u8>) -> (u16, Value) {
        let lin = &self.company.developer;
        let request = lin.request(Method::PUT, &Self::address(id, path));
        let answer = request.body(bytes).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// What is on record of a terminal's files, once the last one has ended.
    async fn moved(&mut self, id: &str) -> Vec<Value> {
        loop {
            let path = format!("/terminals/{id}/files");
            let list = self.company.ops.api_get(&path).await.json();
            let items = list["items"].as_array().unwrap().clone();
            if items.iter().all(|file| !file["outcome"].is_null()) {
                return items;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// The code of the first wrong field, or of the refusal itself.
fn code(problem: &Value) -> &str {
    let field = problem["fields"][0]["code"].as_str();
    field.or(problem["code"].as_str()).unwrap_or_default()
}

#[tokio::test]
async fn a_file_goes_in_and_comes_out_as_it_was() {
    let mut stage = Stage::start().await;
    let (way, _terminal) = stage.enter().await;
    let folder = stage.folder();
    for (name, bytes) in [
        ("heap dump 堆.hprof", bytes(3 * MIB + 7)),
        ("-rf", b"not an option".to_vec()),
        ("empty", Vec::new()),
        ("a block", bytes(512)),
    ] {
        let path = format!("{}/{name}", folder.display());
        let (status, taken) = stage.put(&way.id, &path, bytes.clone()).await;
        assert_eq!(status, 201, "{taken}");
        assert_eq!(
            taken,
            json!({ "path": path, "bytes": bytes.len(), "sha256": hash(&bytes) })
        );
        assert_eq!(std::fs::read(folder.join(name)).unwrap(), bytes);
        let given = stage.fetch(&way.id, &path).await;
        assert_eq!(given.status(), 200);
        assert_eq!(given.content_length(), Some(bytes.len() as u64));
        assert!(
            given.headers()["content-disposition"]
                .to_str()
                .unwrap()
                .starts_with("attachment")
        );
        assert_eq!(given.bytes().await.unwrap(), bytes);
    }
    let names = std::fs::read_dir(&folder).unwrap();
    assert_eq!(names.count(), 4, "nothing half-written is left");

    let moved = stage.moved(&way.id).await;
    let ways: Vec<_> = moved
        .iter()
        .map(|m| m["direction"].as_str().unwrap())
        .collect();
    assert_eq!(ways, ["in", "out"].repeat(4));
    assert!(moved.iter().all(|m| m["outcome"] == "done"), "{moved:?}");
    let trail = stage.trail("terminal.file-out").await;
    assert_eq!(trail.len(), 4);
    let first = &trail[3]["after"];
    assert_eq!(first["sha256"], hash(&bytes(3 * MIB + 7)), "{trail:?}");
    let page = stage
        .company
        .ops
        .get(&format!("/recordings/{}", way.id))
        .await;
    assert!(
        page.text("main").contains("heap dump 堆.hprof"),
        "{}",
        page.body
    );
    stage.company.check().await;
}

#[tokio::test]
async fn a_file_takes_the_place_of_one_and_no_link_is_followed() {
    let mut stage = Stage::start().await;
    let (way, _terminal) = stage.enter().await;
    let folder = stage.folder();
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("target");
    std::fs::write(&target, "kept").unwrap();
    std::os::unix::fs::symlink(&target, folder.join("link")).unwrap();
    let path = format!("{}/link", folder.display());

    let given = stage.fetch(&way.id, &path).await;
    assert_eq!(given.status(), 400);
    assert_eq!(code(&given.json().await.unwrap()), "file-is-link");
    let (status, _) = stage.put(&way.id, &path, b"new".to_vec()).await;
    assert_eq!(status, 201);
    assert_eq!(std::fs::read(&target).unwrap(), b"kept");
    assert_eq!(std::fs::read(folder.join("link")).unwrap(), b"new");
    let (status, _) = stage.put(&way.id, &path, b"newer".to_vec()).await;
    assert_eq!(status, 201);
    assert_eq!(std::fs::read(folder.join("link")).unwrap(), b"newer");
    stage.company.check().await;
}

#[tokio::test]
async fn what_is_no_ordinary_file_or_too_big_is_refused_in_words() {
    let mut stage = Stage::start_with(&[("TERMINAL_FILE_MEGABYTES", "1")]).await;
    let (way, _terminal) = stage.enter().await;
    let folder = stage.folder();
    std::fs::create_dir(folder.join("logs")).unwrap();
    std::fs::write(folder.join("big"), vec![b'x'; 2 * MIB]).unwrap();
    let at = |name: &str| format!("{}/{name}", folder.display());
    for (path, status, expected) in [
        (at("logs"), 400, "file-is-folder"),
        (at("logs/"), 400, "file-path-folder"),
        (at("big"), 400, "file-too-big"),
        (at("missing"), 409, "file-container-refused"),
        (at("missing/x"), 409, "file-container-refused"),
        (at("../x"), 400, "file-path-odd"),
        ("tmp/x".to_owned(), 400, "file-path-relative"),
        ("/dev/null".to_owned(), 400, "file-is-special"),
    ] {
        let given = stage.fetch(&way.id, &path).await;
        assert_eq!(given.status(), status, "{path}");
        let problem: Value = given.json().await.unwrap();
        assert_eq!(code(&problem), expected, "{path}: {problem}");
    }
    for (path, bytes, status, expected) in [
        (at("logs"), vec![1], 400, "file-is-folder"),
        (at("x"), vec![0; 2 * MIB], 400, "file-too-big"),
        (at("missing/x"), vec![1], 409, "file-container-refused"),
        ("/proc/x".to_owned(), vec![1], 409, "file-container-refused"),
        (at("a/../x"), vec![1], 400, "file-path-odd"),
    ] {
        let (answered, problem) = stage.put(&way.id, &path, bytes).await;
        assert_eq!(
            (answered, code(&problem)),
            (status, expected),
            "{path}: {problem}"
        );
    }
    let moved = stage.moved(&way.id).await;
    assert!(moved.iter().all(|m| m["outcome"] == "refused"), "{moved:?}");
    stage.containers("sh-test", Exec::RunsAllBut("tar"));
    let given = stage.fetch(&way.id, &at("big")).await;
    assert_eq!(code(&given.json().await.unwrap()), "file-no-tar");
    stage.company.check().await;
}

#[tokio::test]
async fn a_file_that_breaks_off_leaves_nothing_behind() {
    let mut stage = Stage::start().await;
    let (way, _terminal) = stage.enter().await;
    let folder = stage.folder();
    std::fs::write(folder.join("config"), "as it was").unwrap();
    let path = format!("{}/config", folder.display());
    let lin = &stage.company.developer;
    let request = lin.request(Method::PUT, &Stage::address(&way.id, &path));
    let request = request.build().unwrap();
    let host = request.url().socket_addrs(|| None).unwrap()[0];
    let mut line = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "PUT {}?{} HTTP/1.1\r\nhost: {host}\r\ncookie: {}\r\ncontent-length: {MIB}\r\n\r\n",
        request.url().path(),
        request.url().query().unwrap(),
        request.headers()["cookie"].to_str().unwrap(),
    );
    line.write_all(head.as_bytes()).await.unwrap();
    line.write_all(&bytes(100_000)).await.unwrap();
    // It has begun when it is on record, and then its sender is gone.
    loop {
        let path = format!("/terminals/{}/files", way.id);
        let list = stage.company.ops.api_get(&path).await.json();
        if list["items"][0]["direction"] == "in" {
            break;
        }
    }
    drop(line);
    let moved = stage.moved(&way.id).await;
    assert_eq!(moved[0]["outcome"], "broken-off", "{moved:?}");
    assert!(moved[0]["sha256"].is_null());
    let left: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().file_name())
        .collect();
    assert_eq!(left, ["config"]);
    assert_eq!(std::fs::read(folder.join("config")).unwrap(), b"as it was");
    stage.company.check().await;
}

#[tokio::test]
async fn files_move_in_ones_own_open_terminal_alone() {
    let mut stage = Stage::start().await;
    let unopened = stage.open().await;
    let (way, _terminal) = stage.enter().await;
    let folder = stage.folder();
    std::fs::write(folder.join("big"), bytes(24 * MIB)).unwrap();
    let path = format!("{}/big", folder.display());
    let early = stage.fetch(&unopened.id, &path).await;
    assert_eq!(code(&early.json().await.unwrap()), "terminal-not-begun");
    let ops = &stage.company.ops;
    let other = ops.request(Method::GET, &Stage::address(&way.id, &path));
    let other = other.send().await.unwrap();
    assert_eq!(other.status(), 403);
    assert_eq!(code(&other.json().await.unwrap()), "terminal-not-yours");

    // What is on its way when the terminal ends does not arrive.
    let mut given = stage.fetch(&way.id, &path).await;
    assert_eq!(given.status(), 200);
    given.chunk().await.unwrap().expect("a first piece");
    let end = format!("/terminals/{}", way.id);
    let done = stage
        .company
        .ops
        .api(Method::DELETE, &end, &json!(null))
        .await;
    assert_eq!(done.status, 204);
    let moved = stage.moved(&way.id).await;
    assert_eq!(moved[0]["outcome"], "broken-off", "{moved:?}");
    let rest = async {
        while given.chunk().await?.is_some() {}
        Ok::<_, reqwest::Error>(())
    };
    assert!(rest.await.is_err(), "it looked whole");
    let late = stage.fetch(&way.id, &path).await;
    assert_eq!(late.status(), 409);
    assert_eq!(code(&late.json().await.unwrap()), "terminal-over");
    stage.company.check().await;
}

/// Begins a request and hangs up when it is told to, by being dropped.
async fn half(stage: &Stage, head: &str) -> TcpStream {
    let base = stage.company.portal.url.replace("http://", "");
    let mut socket = TcpStream::connect(&base).await.unwrap();
    let cookies = &stage.company.developer.cookies;
    let cookies: Vec<_> = cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let cookies = cookies.join("; ");
    let origin = format!("http://{base}");
    let text = format!("{head}host: {base}\r\norigin: {origin}\r\ncookie: {cookies}\r\n\r\n");
    socket.write_all(text.as_bytes()).await.unwrap();
    socket
}

/// What is on record of a terminal's files so far.
async fn begun(stage: &mut Stage, id: &str) -> Vec<Value> {
    let path = format!("/terminals/{id}/files");
    let list = stage.company.ops.api_get(&path).await.json();
    list["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn whoever_hangs_up_before_anything_came_is_on_record_too() {
    let mut stage = Stage::start().await;
    // A program that never says anything by itself.
    stage.containers("sh-test", Exec::Echoes);
    let (way, _terminal) = stage.enter().await;
    let address = Stage::address(&way.id, "/app/x");
    let socket = half(&stage, &format!("GET {address} HTTP/1.1\r\n")).await;
    while begun(&mut stage, &way.id).await.is_empty() {
        tokio::task::yield_now().await;
    }
    drop(socket);
    let moved = stage.moved(&way.id).await;
    assert_eq!(moved[0]["outcome"], "refused", "{moved:?}");
    let trail = stage.trail("terminal.file-out").await;
    assert_eq!((trail.len(), &trail[0]["result"]), (1, &json!("refused")));
}

#[tokio::test]
async fn one_person_who_trickles_leaves_places_for_others() {
    let mut stage = Stage::start().await;
    let (way, _terminal) = stage.enter().await;
    let mut slow = Vec::new();
    for n in 0..4 {
        let address = Stage::address(&way.id, &format!("/app/{n}"));
        let head = format!("PUT {address} HTTP/1.1\r\ncontent-length: 100\r\n");
        slow.push(half(&stage, &head).await);
    }
    while begun(&mut stage, &way.id).await.len() < 4 {
        tokio::task::yield_now().await;
    }
    let (status, problem) = stage.put(&way.id, "/app/fifth", b"x".to_vec()).await;
    assert_eq!((status, code(&problem)), (409, "file-too-many-mine"));
    let asked = stage.asked();
    let ops = super::stage::open(&mut stage.company.ops, &asked).await;
    let knock = super::stage::Knock::of(&stage.company.ops, &ops);
    let _theirs = knock.enter().await.unwrap();
    let folder = stage.folder();
    let path = format!("{}/other", folder.display());
    let address = Stage::address(&ops.id, &path);
    let request = stage.company.ops.request(Method::PUT, &address);
    let answer = request.body("x").send().await.unwrap();
    assert_eq!(answer.status(), 201, "{:?}", answer.text().await);
    drop(slow);
    let moved = stage.moved(&way.id).await;
    assert!(
        moved.iter().all(|file| file["outcome"] != "done"),
        "{moved:?}"
    );
}
