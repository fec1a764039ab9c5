//! What GitLab holds, and the builders by which a world is furnished.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::hooks::{Delivery, Hook, Moved};
use crate::faults::fits;

/// Everything that the simulated GitLab remembers.
#[derive(Debug, Default)]
pub struct State {
    /// Its own address as it writes it into answers.
    pub root_url: String,
    users: Vec<User>,
    tokens: BTreeMap<String, (u64, Scope)>,
    pub(super) projects: BTreeMap<u64, Project>,
    /// Paths that projects had before they moved.
    pub(super) moved: BTreeMap<String, u64>,
    /// How reliable webhooks are.
    pub delivery: Delivery,
    /// What was delivered so far: the receiver's address and its answer, if any came.
    pub deliveries: Vec<(String, Option<u16>)>,
    pub(super) hooks: BTreeMap<u64, Vec<Hook>>,
    pub(super) moved_refs: Vec<Moved>,
    pub(super) counter: u64,
}

#[derive(Clone, Debug)]
pub struct User {
    pub id: u64,
    pub username: String,
    pub name: String,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Read,
    /// Everything that the role Developer may, such as making tags.
    Developer,
    /// Everything that the role Maintainer may, such as making webhooks.
    Api,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Project {
    pub id: u64,
    /// `group/name`.
    pub path: String,
    pub default_branch: String,
    pub archived: bool,
    /// Users who do not see this project at all.
    pub hidden_from: Vec<u64>,
    /// Patterns of tag names that nobody may create, as protected tags.
    pub protected_tags: Vec<String>,
    pub(super) commits: BTreeMap<String, Commit>,
    pub(super) branches: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, Tag>,
}

impl Project {
    /// The names of its tags, sorted.
    #[must_use]
    pub fn tag_names(&self) -> Vec<&str> {
        self.tags.keys().map(String::as_str).collect()
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Commit {
    pub id: String,
    pub parent: Option<String>,
    pub message: String,
    pub author: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tag {
    pub name: String,
    pub commit: String,
    /// Of an annotated tag, whose own object has another id than the commit.
    pub annotation: Option<Annotation>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Annotation {
    pub object: String,
    pub message: String,
    pub at: Timestamp,
}

impl State {
    /// Adds a user with a token; gives the user's id.
    pub fn add_user(&mut self, username: &str, token: &str, scope: Scope) -> u64 {
        let id = self.count();
        self.users.push(User {
            id,
            username: username.to_owned(),
            name: username.to_owned(),
        });
        self.tokens.insert(token.to_owned(), (id, scope));
        id
    }

    pub fn revoke_token(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    /// Adds a project with an empty repository whose default branch will be `main`.
    pub fn add_project(&mut self, path: &str) -> u64 {
        let id = self.count();
        let project = Project {
            id,
            path: path.to_owned(),
            default_branch: "main".to_owned(),
            archived: false,
            hidden_from: Vec::new(),
            protected_tags: Vec::new(),
            commits: BTreeMap::new(),
            branches: BTreeMap::new(),
            tags: BTreeMap::new(),
        };
        self.projects.insert(id, project);
        id
    }

    /// Adds a commit to a branch, which begins at the default branch's head where it is new.
    /// Gives the commit's id, or `None` for an unknown project.
    pub fn commit(
        &mut self,
        project: u64,
        branch: &str,
        message: &str,
        author: &str,
        at: Timestamp,
    ) -> Option<String> {
        let project = self.projects.get_mut(&project)?;
        let heads = [branch, &project.default_branch];
        let parent = heads
            .iter()
            .find_map(|name| project.branches.get(*name))
            .cloned();
        let order = project.commits.len();
        let id = object_id(&format!(
            "{} {order} {parent:?} {message} {author}",
            project.path
        ));
        let commit = Commit {
            id: id.clone(),
            parent,
            message: message.to_owned(),
            author: author.to_owned(),
            at,
        };
        project.commits.insert(id.clone(), commit);
        let before = project.branches.insert(branch.to_owned(), id.clone());
        self.moved_refs.push(Moved {
            project: project.id,
            name: format!("refs/heads/{branch}"),
            before,
            after: id.clone(),
        });
        Some(id)
    }

    /// Adds a tag as a person would; annotated where there is a message.
    pub fn add_tag(
        &mut self,
        project: u64,
        name: &str,
        commit: &str,
        message: Option<&str>,
        at: Timestamp,
    ) {
        let annotation = message.map(|message| Annotation {
            object: object_id(&format!("tag {name} {commit} {message}")),
            message: message.to_owned(),
            at,
        });
        let tag = Tag {
            name: name.to_owned(),
            commit: commit.to_owned(),
            annotation,
        };
        if let Some(project) = self.projects.get_mut(&project) {
            self.moved_refs.push(Moved {
                project: project.id,
                name: format!("refs/tags/{name}"),
                before: None,
                after: tag.commit.clone(),
            });
            project.tags.insert(name.to_owned(), tag);
        }
    }

    /// The receivers of a project.
    #[must_use]
    pub fn hooks(&self, project: u64) -> Vec<Hook> {
        self.hooks.get(&project).cloned().unwrap_or_default()
    }

    /// Registers a receiver of all events of a project, as its owner would by the web page.
    pub fn add_hook(&mut self, project: u64, url: &str, token: &str) {
        let hook = Hook {
            id: self.count(),
            url: url.to_owned(),
            token: token.to_owned(),
            pushes: true,
            tags: true,
        };
        self.hooks.entry(project).or_default().push(hook);
    }

    pub fn remove_tag(&mut self, project: u64, name: &str) {
        if let Some(project) = self.projects.get_mut(&project) {
            project.tags.remove(name);
        }
    }

    /// Gives a project another path; asked for by its old one, it redirects.
    pub fn move_project(&mut self, id: u64, path: &str) {
        if let Some(project) = self.projects.get_mut(&id) {
            let old = std::mem::replace(&mut project.path, path.to_owned());
            self.moved.insert(old, id);
        }
    }

    #[must_use]
    pub fn project(&self, id: u64) -> Option<&Project> {
        self.projects.get(&id)
    }

    pub fn project_mut(&mut self, id: u64) -> Option<&mut Project> {
        self.projects.get_mut(&id)
    }

    /// The project whose clone address this is, whatever host it names.
    #[must_use]
    pub fn project_by_url(&self, url: &str) -> Option<&Project> {
        let path = url::Url::parse(url).ok()?.path().to_owned();
        let path = path.trim_matches('/').trim_end_matches(".git");
        self.projects.values().find(|project| project.path == path)
    }

    pub(super) fn token(&self, token: &str) -> Option<(User, Scope)> {
        let (id, scope) = self.tokens.get(token)?;
        let user = self.users.iter().find(|user| user.id == *id)?;
        Some((user.clone(), *scope))
    }

    pub(super) fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }
}

impl Project {
    /// The commit that a branch, a tag, an id or the beginning of one names.
    #[must_use]
    pub fn resolve(&self, name: &str) -> Option<&Commit> {
        let tag = self.tags.get(name).map(|tag| &tag.commit);
        if let Some(id) = self.branches.get(name).or(tag) {
            return self.commits.get(id);
        }
        let is_short = name.len() >= 7 && name.bytes().all(|b| b.is_ascii_hexdigit());
        let mut fitting = self
            .commits
            .range(name.to_owned()..)
            .take_while(|_| is_short);
        let (id, commit) = fitting.next()?;
        id.starts_with(name).then_some(commit)
    }

    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&Tag> {
        self.tags.get(name)
    }

    /// A commit and all before it, newest first.
    pub fn history(&self, from: &Commit) -> impl Iterator<Item = &Commit> {
        let parent = |commit: &&Commit| self.commits.get(commit.parent.as_ref()?);
        std::iter::successors(self.commits.get(&from.id), parent)
    }

    pub(super) fn forbids_tag(&self, name: &str) -> bool {
        self.protected_tags
            .iter()
            .any(|pattern| fits(pattern, name))
    }
}

/// Forty hex digits that look like Git's and never change for the same text.
fn object_id(text: &str) -> String {
    let mut id = hex::encode(Sha256::digest(text.as_bytes()));
    id.truncate(40);
    id
}
