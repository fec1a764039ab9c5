//! The portal itself is replaced by its next version in the middle of a working day: hundreds are
//! in terminals, and hundreds of pages listen.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Response};
use serde_json::Value;
use slipway_sim::kubernetes::Exec;
use tokio::process::Command;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::program::{Program, take_all_files};
use super::stage::{Knock, Stage, Way, open};
use crate::support::portal::{PASSWORD, random_key};
use crate::support::{Browser, seed};

const PEOPLE: usize = 10;
const EACH: usize = 20;
const PAGES: usize = 400;
/// Within this everybody has been told and the process is gone.
const DRAINED: Duration = Duration::from_secs(30);
/// More than a page that comes back is told one by one.
const MISSED: i64 = 600;

/// People of the project, each signed in at the program that is to go.
async fn people(stage: &Stage, program: &Program) -> Vec<Browser> {
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        let name = format!("dev{n}");
        let portal = &stage.company.portal;
        portal.account(&name, &[]).await;
        seed::member(portal, "pay", &name, "developer").await;
        let mut browser = Browser::new(&program.lin.base);
        let form = [("name", name.as_str()), ("password", PASSWORD)];
        assert_eq!(browser.post("/login", &form).await.status, 303);
        people.push(browser);
    }
    people
}

/// Somebody in each of their terminals: types something, and is there until it ends.
async fn enter(browser: &mut Browser, stage: &Stage, typed: &Sender<()>) -> Vec<(Way, Life)> {
    let mut entered = Vec::new();
    for _ in 0..EACH {
        let way = open(browser, &stage.asked()).await;
        let terminal = Knock::of(browser, &way).enter().await;
        let mut terminal = terminal.expect("a terminal");
        let typed = typed.clone();
        let life = tokio::spawn(async move {
            terminal.type_in("last words").await;
            terminal.until("last words").await;
            typed.send(()).await.expect("somebody counts");
            terminal.hear("ended").await
        });
        entered.push((way, life));
    }
    entered
}

type Life = JoinHandle<Value>;

/// A page that listens to projects, and comes back like a browser's when its stream ends.
struct Page<'a> {
    browser: &'a Browser,
    /// The last event that it knows of.
    last: String,
    told: String,
    stream: Response,
}

impl<'a> Page<'a> {
    async fn open(browser: &'a Browser, last: String) -> Self {
        let request = browser.request(Method::GET, "/events?topic=projects&topic=others");
        let stream = request.header("last-event-id", &last).send().await;
        let stream = stream.expect("a stream");
        assert_eq!(stream.status(), 200);
        assert_eq!(stream.headers()[CONTENT_TYPE], "text/event-stream");
        Self {
            browser,
            last,
            told: String::new(),
            stream,
        }
    }

    /// Waits until it is told something.
    async fn hear(&mut self) {
        loop {
            let piece = timeout(DRAINED, self.stream.chunk()).await;
            match piece.expect("in time").expect("a stream") {
                None => {
                    let again = Self::open(self.browser, self.last.clone()).await;
                    self.stream = again.stream;
                }
                Some(piece) => {
                    let text = String::from_utf8_lossy(&piece).into_owned();
                    let mut ids = text.lines().filter_map(|line| line.strip_prefix("id: "));
                    if let Some(last) = ids.next_back() {
                        self.last = last.to_owned();
                        self.told.push_str(&text);
                        return;
                    }
                }
            }
        }
    }

    async fn until(&mut self, topic: &str) {
        let topic = format!("data: {topic}\n");
        while !self.told.contains(&topic) {
            self.hear().await;
        }
    }

    async fn until_over(mut self) {
        while let Ok(Some(_)) = self.stream.chunk().await {}
    }
}

/// The newest event that a page knows of which is shown now.
async fn newest(browser: &mut Browser) -> String {
    let page = browser.get("/projects").await.body;
    let (_, after) = page.split_once("after=").expect("a page that listens");
    let end = |c: char| !c.is_ascii_digit() && c != '.';
    after.split(end).next().unwrap_or_default().to_owned()
}

async fn happen(stage: &Stage, topic: &str, times: i64) {
    let sql = "INSERT INTO event (topic) SELECT $1 FROM generate_series(1, $2)";
    let done = sqlx::query(sql)
        .bind(topic)
        .bind(times)
        .execute(&stage.company.portal.db.owner);
    done.await.expect("events");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_is_replaced_tells_everybody_and_nothing_is_lost() {
    take_all_files();
    let key = random_key();
    let each = EACH.to_string();
    let all = (PEOPLE * EACH).to_string();
    let limits = [("TERMINALS_EACH", &*each), ("TERMINALS_IN_ALL", &*all)];
    let settings: Vec<_> = [("SECRET_KEYS", &*key)].into_iter().chain(limits).collect();
    let mut stage = Stage::start_with(&settings).await;
    stage.containers("sh-test", Exec::Echoes);
    let mut program = Program::start_with(&stage, &key, &limits).await;
    let mut people = people(&stage, &program).await;
    let (typed, mut done) = channel(PEOPLE * EACH);
    let entering = people
        .iter_mut()
        .map(|browser| enter(browser, &stage, &typed));
    let terminals = join_all(entering).await.into_iter().flatten();
    let (ways, lives): (Vec<Way>, Vec<Life>) = terminals.unzip();
    for _ in 0..PEOPLE * EACH {
        done.recv().await.expect("words that came back");
    }
    let after = newest(&mut people[0]).await;
    let opening = (0..PAGES).map(|n| Page::open(&people[n % PEOPLE], after.clone()));
    let mut pages: Vec<Page> = futures_util::stream::iter(opening)
        .buffer_unordered(50)
        .collect()
        .await;
    happen(&stage, "projects", 1).await;
    join_all(pages.iter_mut().map(|page| page.until("projects"))).await;

    let id = program.child.id().expect("it runs").to_string();
    let told = Command::new("kill").arg(&id).status().await;
    assert!(told.expect("a signal").success());
    let last = pages[0].last.clone();
    let leaving = async {
        for ended in join_all(lives).await {
            assert_eq!(ended.expect("an end")["ending"], "portal-stopped");
        }
        join_all(pages.into_iter().map(Page::until_over)).await;
        program.child.wait().await.expect("it ends")
    };
    let status = timeout(DRAINED, leaving).await.expect("drained in time");
    assert!(status.success());

    // What happens while a page is between two processes is told by the next one.
    happen(&stage, "projects", 1).await;
    let here = &stage.company.developer;
    let mut page = Page::open(here, last).await;
    page.until("projects").await;
    happen(&stage, "others", MISSED).await;
    happen(&stage, "projects", 1).await;
    let mut page = Page::open(here, page.last).await;
    page.until("others").await;
    page.until("projects").await;

    let sql = "SELECT count(*) FROM terminal
        WHERE ending = 'portal-stopped' AND output_hash IS NOT NULL";
    let ended: i64 = sqlx::query_scalar(sql)
        .fetch_one(&stage.company.portal.db.owner)
        .await
        .expect("a count");
    assert_eq!(usize::try_from(ended), Ok(PEOPLE * EACH));
    for way in [&ways[0], &ways[PEOPLE * EACH - 1]] {
        let recorded = stage.recorded(&way.id, "last words").await;
        assert!(recorded.contains("last words"), "{recorded}");
    }
    let (_, mut another) = stage.enter().await;
    another.type_in("a new one").await;
    another.until("a new one").await;
}
