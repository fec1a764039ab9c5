//! Where what runs may have its source, and which job may build it: guesses from what GitLab and
//! Jenkins list, which a person corrects.
//!
//! Invariant: pure. A fact goes before a name, and of several that fit none is taken: they are
//! what a person chooses from.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::Deployment;
use url::Url;

use super::Row;
use super::propose::Proposal;
use super::store::Known;
use crate::connections::ConnectionId;
use crate::projects::is_repository;
use crate::releases::is_job_name;

/// Names the source wherever it stands. The same label of the image itself is not read: it would
/// take several calls for each image, and an image has it from its base unless somebody set it,
/// so that it often names the base's source.
const SOURCE: &str = "org.opencontainers.image.source";
/// GitLab's Auto DevOps writes the project's `CI_PROJECT_PATH_SLUG` here.
const AUTO_DEVOPS: &str = "app.gitlab.com/app";
const MAX_SLUG: usize = 63;
/// More names than this are nothing to choose from.
const MAX_CHOICES: usize = 20;

crate::words! {
    /// What told of a repository, the strongest first.
    pub enum By as IntakeRepositoryBy {
        Annotation = "annotation",
        Job = "job",
        Name = "name",
    }

    /// What told of a job.
    pub enum JobBy as IntakeJobBy {
        Repository = "repository",
        Name = "name",
    }
}

/// What GitLab and Jenkins list.
#[derive(Debug, Default)]
pub struct Sources {
    /// GitLab's own address.
    pub gitlab: Option<Url>,
    /// Full paths, and whether these are all there are.
    pub repositories: Vec<String>,
    pub is_whole: bool,
    /// The jobs in the folder of each Jenkins.
    pub jobs: BTreeMap<ConnectionId, Vec<Job>>,
}

/// A job that is there, and the repositories of our GitLab that it fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub name: String,
    pub repositories: Vec<String>,
}

/// What a Deployment says of where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clues {
    source: Option<String>,
    slug: Option<String>,
    /// The last part of its image's name.
    image: String,
}

/// What was found for a row.
struct Found<T> {
    one: Option<(String, T)>,
    choices: Vec<String>,
}

impl Clues {
    /// `image` is that of the container which releases will change.
    pub fn of(read: &Deployment, image: &str) -> Self {
        let pods = read.spec.as_ref().map(|spec| &spec.template);
        let pods = pods.and_then(|template| template.metadata.as_ref());
        let all = [Some(&read.metadata), pods].into_iter().flatten();
        let all: Vec<_> = all.filter_map(|meta| meta.annotations.as_ref()).collect();
        let said = |key: &str| all.iter().find_map(|said| said.get(key)).cloned();
        Self {
            source: said(SOURCE),
            slug: said(AUTO_DEVOPS),
            image: leaf_of_image(image).to_owned(),
        }
    }
}

/// `pay` of `registry:5000/shop/pay:1.0@sha256:…`.
fn leaf_of_image(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or_default();
    let leaf = name.rsplit('/').next().unwrap_or_default();
    leaf.split(':').next().unwrap_or_default()
}

fn leaf(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// The path of a repository in the GitLab at `base`, of its page's or its clone address. What is
/// in another place has none. No credential in the address is looked at.
#[must_use]
pub fn path_in(base: &Url, address: &str) -> Option<String> {
    let address = address.trim();
    let is_ours = |host: &str| base.host_str().is_some_and(|ours| same(ours, host));
    let (host, path) = match Url::parse(address) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            let below = base.path().trim_end_matches('/');
            let path = url.path().strip_prefix(below);
            let path = path.filter(|path| path.starts_with('/'))?;
            (url.host_str()?.to_owned(), path.to_owned())
        }
        Ok(url) if url.scheme() == "ssh" => (url.host_str()?.to_owned(), url.path().to_owned()),
        // Git's own short form, `git@host:group/name.git`.
        Ok(_) | Err(_) => {
            let (before, path) = address.split_once(':')?;
            let host = before.rsplit('@').next().unwrap_or_default();
            (host.to_owned(), path.to_owned())
        }
    };
    let path = path.split("/-/").next().unwrap_or_default();
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    (is_ours(&host) && is_repository(path)).then(|| path.to_owned())
}

/// As GitLab makes `CI_PROJECT_PATH_SLUG` of a path.
fn slug(path: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_lowercase() || c.is_ascii_digit() => c,
        _ => '-',
    };
    let slug: String = path.chars().map(plain).take(MAX_SLUG).collect();
    slug.trim_matches('-').to_owned()
}

impl Sources {
    /// Fills in what new projects come from and what builds them.
    pub(super) fn guess(&self, proposals: &mut [Proposal], known: &Known) {
        let index = Index::of(&self.repositories);
        for one in proposals.iter_mut().filter(|p| p.new_project) {
            let found = self.repository(&index, one, known);
            one.repositories = found.choices;
            if let Some((path, by)) = found.one {
                one.row.repository = path;
                one.repository_by = Some(by);
            }
        }
        agree(proposals);
        for one in proposals.iter_mut().filter(|p| p.new_project) {
            let found = job(&self.free_jobs(&one.row, known), &one.row);
            one.jobs = found.choices;
            if let Some((name, by)) = found.one {
                one.row.job = name;
                one.job_by = Some(by);
            }
        }
    }

    fn repository(&self, index: &Index<'_>, one: &Proposal, known: &Known) -> Found<By> {
        let (clues, row) = (&one.clues, &one.row);
        let ours = |address: &String| path_in(self.gitlab.as_ref()?, address);
        if let Some(path) = clues.source.as_ref().and_then(ours) {
            // Written as GitLab writes it, which takes any case.
            let written = index.by_leaf(leaf(&path));
            let written = written.iter().find(|known| same(known, &path));
            let path = written.map_or(path, |known| (*known).to_owned());
            return Found::only(path, By::Annotation);
        }
        let by_slug = clues.slug.as_deref().map(|slug| index.by_slug(slug));
        if let Some(fitting) = by_slug.filter(|fitting| !fitting.is_empty()) {
            return self.one_of(&fitting, By::Annotation);
        }
        let names = [row.project.as_str(), clues.image.as_str()].map(|name| index.by_leaf(name));
        let fitting = names.into_iter().find(|fitting| !fitting.is_empty());
        let found = self.one_of(&fitting.unwrap_or_default(), By::Name);
        if found.one.is_some() {
            return found;
        }
        let jobs = self.free_jobs(row, known);
        let built = jobs.iter().find(|job| same(&job.name, &row.project));
        match built.map(|job| job.repositories.as_slice()) {
            Some([path]) => Found {
                one: Some((path.clone(), By::Job)),
                ..found
            },
            Some(_) | None => found,
        }
    }

    /// The only one, where nothing that nobody has seen could fit as well.
    fn one_of(&self, fitting: &[&str], by: By) -> Found<By> {
        match fitting {
            [only] if self.is_whole => Found::only((*only).to_owned(), by),
            several => Found {
                one: None,
                choices: choices(several),
            },
        }
    }

    /// The jobs of the row's language that are no other project's, and that a row can name.
    fn free_jobs(&self, row: &Row, known: &Known) -> Vec<&Job> {
        let Some(jenkins) = known.builders.get(&row.language) else {
            return Vec::new();
        };
        let jobs = self.jobs.get(jenkins).into_iter().flatten();
        let taken = |job: &Job| known.jobs.contains(&(*jenkins, job.name.to_lowercase()));
        jobs.filter(|job| is_job_name(&job.name) && !taken(job))
            .collect()
    }
}

impl<T> Found<T> {
    const fn only(name: String, by: T) -> Self {
        Self {
            one: Some((name, by)),
            choices: Vec::new(),
        }
    }
}

fn choices(of: &[&str]) -> Vec<String> {
    let first = of.iter().take(MAX_CHOICES);
    first.map(|name| (*name).to_owned()).collect()
}

/// What there is by the last part of its path, and by GitLab's slug of all of it.
struct Index<'a> {
    leaves: BTreeMap<String, Vec<&'a str>>,
    slugs: BTreeMap<String, Vec<&'a str>>,
}

impl<'a> Index<'a> {
    fn of(paths: &'a [String]) -> Self {
        let mut index = Self {
            leaves: BTreeMap::new(),
            slugs: BTreeMap::new(),
        };
        // A page that moved on while it was read has a path twice.
        for path in paths.iter().collect::<BTreeSet<_>>() {
            let name = leaf(path).to_ascii_lowercase();
            index.leaves.entry(name).or_default().push(path);
            index.slugs.entry(slug(path)).or_default().push(path);
        }
        index
    }

    fn by_leaf(&self, name: &str) -> Vec<&'a str> {
        let found = self.leaves.get(&name.to_ascii_lowercase());
        found.cloned().unwrap_or_default()
    }

    fn by_slug(&self, slug: &str) -> Vec<&'a str> {
        self.slugs.get(slug).cloned().unwrap_or_default()
    }
}

/// The rows of one new project have one repository: what the strongest word of them says.
fn agree(proposals: &mut [Proposal]) {
    let mut best: BTreeMap<String, (By, String)> = BTreeMap::new();
    for one in proposals.iter() {
        let Some(by) = one.repository_by else {
            continue;
        };
        let known = best.get(&one.row.project);
        if known.is_none_or(|(known, _)| by < *known) {
            let said = (by, one.row.repository.clone());
            best.insert(one.row.project.clone(), said);
        }
    }
    for one in proposals.iter_mut() {
        let Some((by, path)) = best.get(&one.row.project) else {
            continue;
        };
        if one.repository_by.is_none_or(|mine| *by < mine) {
            one.row.repository.clone_from(path);
            one.repository_by = Some(*by);
        }
    }
}

/// The job that fetches the row's repository, else one of the project's name, for which the
/// first release would ask anyway.
fn job(jobs: &[&Job], row: &Row) -> Found<JobBy> {
    let fetches = |job: &&&Job| {
        let mut all = job.repositories.iter();
        all.any(|path| same(path, &row.repository))
    };
    let fitting: Vec<&str> = jobs
        .iter()
        .filter(fetches)
        .map(|j| j.name.as_str())
        .collect();
    let mut names = jobs.iter().map(|job| job.name.as_str());
    let named = names.find(|name| same(name, &row.project));
    let one = match (fitting.as_slice(), named) {
        (several, Some(named)) if several.contains(&named) => Some((named, JobBy::Repository)),
        ([only], _) => Some((*only, JobBy::Repository)),
        ([], Some(named)) => Some((named, JobBy::Name)),
        (_, _) => None,
    };
    Found {
        choices: match one {
            Some(_) => Vec::new(),
            None => choices(&fitting),
        },
        one: one.map(|(name, by)| (name.to_owned(), by)),
    }
}

#[cfg(test)]
#[path = "sources_tests.rs"]
mod tests;
