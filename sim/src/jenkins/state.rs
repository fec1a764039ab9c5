//! What Jenkins holds, and the builders by which a world is furnished.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

use super::config::{Config, Kind};
use super::run::Phase;
use super::templates::{Language, template};
use crate::clock::later;
use crate::registry::Made;

/// What a name's segment in an address holds only encoded.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// How long things take.
#[derive(Clone, Debug)]
pub struct Pace {
    pub quiet: Duration,
    /// Between leaving the queue and having a build number.
    pub handover: Duration,
    pub check_out: Duration,
    pub package: Duration,
    pub image: Duration,
    pub push: Duration,
    /// 503 on everything for so long after a restart.
    pub boot: Duration,
}

/// What an accepted trigger puts into `Location`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocationStyle {
    /// The host that the request named.
    Origin,
    /// Another address, as behind a proxy.
    Fixed(String),
    Absent,
}

/// Everything that the simulated Jenkins remembers.
#[derive(Debug)]
pub struct State {
    /// Its own address as it writes it into answers.
    pub root_url: String,
    pub pace: Pace,
    /// Whether a password's user needs a crumb.
    pub csrf: bool,
    pub executors: usize,
    pub location: LocationStyle,
    /// What builds log in to the registry with.
    pub registry_login: Option<(String, String)>,
    /// What Dockerfiles say of every image that is built from now on.
    pub made: Made,
    pub(super) accounts: Vec<Account>,
    pub(super) sessions: BTreeSet<String>,
    pub(super) boots: u64,
    starting_until: Option<Timestamp>,
    /// By full name in lower case, since names differ by more than case.
    pub(super) items: BTreeMap<String, Item>,
    pub(super) queue: BTreeMap<u64, Entry>,
    pub(super) last_finish: Timestamp,
    pub(super) counter: u64,
}

#[derive(Debug)]
pub(super) struct Account {
    pub user: String,
    pub password: String,
    pub token: String,
}

/// A folder or a job.
#[derive(Debug)]
pub(super) struct Item {
    pub full_name: String,
    pub kind: Kind,
    pub xml: String,
    /// A fresh copy that nobody saved: neither disabled nor buildable.
    pub held_off: bool,
    pub builds: BTreeMap<u64, Build>,
    pub next_build: u64,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub id: u64,
    pub job: String,
    pub parameters: Vec<(String, String)>,
    pub since: Timestamp,
    pub not_before: Timestamp,
    pub place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Waiting,
    Blocked { by: u64 },
    Buildable,
    Left { at: Timestamp, build: Option<u64> },
    Cancelled { at: Timestamp },
}

#[derive(Debug)]
pub(super) struct Build {
    pub number: u64,
    pub queue_id: u64,
    pub parameters: Vec<(String, String)>,
    pub started: Timestamp,
    pub ended: Option<(Timestamp, &'static str)>,
    pub log: String,
    /// Lines that will be shown at their time.
    pub pending: VecDeque<(Timestamp, String)>,
    pub stages: Vec<Stage>,
    pub phase: Phase,
    pub phase_started: Timestamp,
    pub prepared: bool,
    pub good: bool,
    /// The job's file was written meanwhile: shown as failed, beyond stopping, yet it runs on.
    pub disowned: bool,
}

#[derive(Debug)]
pub(super) struct Stage {
    pub name: &'static str,
    pub started: Timestamp,
    pub ended: Option<(Timestamp, &'static str)>,
}

impl Default for Pace {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            quiet: seconds(5),
            handover: Duration::ZERO,
            check_out: seconds(2),
            package: seconds(6),
            image: seconds(4),
            push: seconds(3),
            boot: seconds(10),
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            root_url: String::new(),
            pace: Pace::default(),
            csrf: true,
            executors: 2,
            location: LocationStyle::Origin,
            registry_login: None,
            made: Made::default(),
            accounts: Vec::new(),
            sessions: BTreeSet::new(),
            boots: 1,
            starting_until: None,
            items: BTreeMap::new(),
            queue: BTreeMap::new(),
            last_finish: Timestamp::MIN,
            counter: 0,
        }
    }
}

impl State {
    /// An account that may do everything, by password (with crumbs) or by API token.
    pub fn add_user(&mut self, user: &str, password: &str, token: &str) {
        self.accounts.push(Account {
            user: user.to_owned(),
            password: password.to_owned(),
            token: token.to_owned(),
        });
    }

    /// Puts the templates of all languages into a folder, named by language, each disabled.
    pub fn add_templates(&mut self, folder: &str, kind: Kind) {
        for language in Language::ALL {
            let name = format!("{folder}/{}", language.key());
            self.add_item(&name, &template(language, kind));
        }
    }

    /// Puts an item (and the folders around it) where no route would; an old one is replaced.
    /// Gives false for a configuration that Jenkins can't read.
    pub fn add_item(&mut self, full_name: &str, xml: &str) -> bool {
        let Ok(config) = Config::read(xml) else {
            return false;
        };
        if let Some((folder, _)) = full_name.rsplit_once('/')
            && !self.items.contains_key(&folder.to_lowercase())
        {
            let xml = format!("<{0}></{0}>", "com.cloudbees.hudson.plugins.folder.Folder");
            self.add_item(folder, &xml);
        }
        let item = Item {
            full_name: full_name.to_owned(),
            kind: config.kind,
            xml: xml.to_owned(),
            held_off: false,
            builds: BTreeMap::new(),
            next_build: 1,
        };
        self.items.insert(full_name.to_lowercase(), item);
        true
    }

    /// A job's config.xml.
    #[must_use]
    pub fn config(&self, full_name: &str) -> Option<&str> {
        self.item(full_name).map(|item| item.xml.as_str())
    }

    /// Changes a job's config.xml as a person at the web page would.
    pub fn edit_config(&mut self, full_name: &str, edit: impl FnOnce(&str) -> String) {
        if let Some(item) = self.items.get_mut(&full_name.to_lowercase()) {
            item.xml = edit(&item.xml);
        }
    }

    /// A build's result: `None` while it runs or where there is no such build.
    #[must_use]
    pub fn result(&self, full_name: &str, number: u64) -> Option<&'static str> {
        let build = self.item(full_name)?.builds.get(&number)?;
        build.ended.map(|(_, result)| result)
    }

    /// How many builds a job has had.
    #[must_use]
    pub fn build_count(&self, full_name: &str) -> usize {
        self.item(full_name).map_or(0, |item| item.builds.len())
    }

    /// Forgets a build, as log rotation does.
    pub fn delete_build(&mut self, full_name: &str, number: u64) {
        if let Some(item) = self.items.get_mut(&full_name.to_lowercase()) {
            item.builds.remove(&number);
        }
    }

    /// Restarts Jenkins: 503 for a while, another session, queue kept, what left it forgotten.
    /// Freestyle builds that ran are aborted; pipelines go on where they were.
    pub fn restart(&mut self, now: Timestamp) {
        self.boots += 1;
        self.starting_until = Some(later(now, self.pace.boot));
        self.sessions.clear();
        self.queue.retain(|_, entry| entry.is_queued());
        for item in self.items.values_mut() {
            item.held_off = false;
            item.builds
                .values_mut()
                .for_each(|build| build.disowned = false);
            let freestyle = item.kind == Kind::Freestyle;
            let running = item.builds.values_mut().filter(|b| b.ended.is_none());
            running
                .filter(|_| freestyle)
                .for_each(|build| build.end(now, "ABORTED"));
        }
    }

    /// Whether it is still starting, and therefore answers 503.
    #[must_use]
    pub fn is_starting(&self, now: Timestamp) -> bool {
        self.starting_until.is_some_and(|until| now < until)
    }

    /// The value of `X-Jenkins-Session`.
    #[must_use]
    pub fn session(&self) -> String {
        format!("{:08x}", 0x5eed_0000 + self.boots)
    }

    pub(super) fn item(&self, full_name: &str) -> Option<&Item> {
        self.items.get(&full_name.to_lowercase())
    }

    pub(super) fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Builds that run now.
    pub(super) fn running(&self) -> usize {
        let builds = self.items.values().flat_map(|item| item.builds.values());
        builds.filter(|build| build.ended.is_none()).count()
    }
}

impl Item {
    pub fn config(&self) -> Option<Config> {
        Config::read(&self.xml).ok()
    }

    pub fn is_disabled(&self) -> bool {
        let config = self.config();
        config.is_some_and(|config| config.field("disabled") == Some("true"))
    }

    pub fn is_buildable(&self) -> bool {
        !self.held_off && !self.is_disabled()
    }

    pub fn running(&self) -> Option<u64> {
        let mut builds = self.builds.values();
        builds
            .find(|build| build.ended.is_none())
            .map(|build| build.number)
    }

    /// `/job/a/job/b/` below the root, each name encoded.
    pub fn path(&self) -> String {
        let encode = |name| percent_encoding::utf8_percent_encode(name, &ENCODED).to_string();
        let names = self.full_name.split('/').map(encode);
        names.map(|name| format!("/job/{name}")).collect::<String>() + "/"
    }

    pub fn leaf(&self) -> &str {
        self.full_name.rsplit('/').next().unwrap_or_default()
    }
}

impl Entry {
    pub fn is_queued(&self) -> bool {
        match self.place {
            Place::Waiting | Place::Blocked { .. } | Place::Buildable => true,
            Place::Left { .. } | Place::Cancelled { .. } => false,
        }
    }
}

impl Build {
    /// The end that the API tells of.
    pub fn shown_end(&self) -> Option<(Timestamp, &'static str)> {
        match self.disowned {
            true => Some((self.started, "FAILURE")),
            false => self.ended,
        }
    }

    pub fn say(&mut self, line: &str) {
        self.log.push_str(line);
        self.log.push('\n');
    }

    /// Ends the build, its open stage, and its log.
    pub fn end(&mut self, at: Timestamp, result: &'static str) {
        self.pending.clear();
        self.close_stage(
            at,
            match result {
                "SUCCESS" => "SUCCESS",
                "ABORTED" => "ABORTED",
                _ => "FAILED",
            },
        );
        self.say(&format!("Finished: {result}"));
        self.ended = Some((at, result));
    }

    pub fn close_stage(&mut self, at: Timestamp, status: &'static str) {
        if let Some(stage) = self.stages.last_mut() {
            stage.ended.get_or_insert((at, status));
        }
    }
}
