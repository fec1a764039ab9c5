//! Who goes the mile, where, and from which repository.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Deserialize;

use crate::portal::Login;

/// The demo's repositories for this begin so; each walk takes one that no project has.
const POOL: &str = "mile/";
const POOL_SIZE: u32 = 20;

/// The command line.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The folder of a running `cargo demo`; tells everything else.
    #[arg(long, value_name = "DIR")]
    pub demo: Option<PathBuf>,
    /// The portal's address.
    #[arg(long)]
    pub url: Option<String>,
    /// Who opens releases; works on some project already, since only such people ask for more.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = Login::parse)]
    pub developer: Option<Login>,
    /// Who confirms.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = Login::parse)]
    pub tester: Option<Login>,
    /// Who approves; has the platform role `ops`.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = Login::parse)]
    pub ops: Option<Login>,
    /// The user name of the project's owner; the developer if left out.
    #[arg(long, value_name = "USER")]
    pub owner: Option<String>,
    /// A cluster's key and its kubeconfig, so that the cluster itself is asked what runs.
    #[arg(long, value_name = "KEY=FILE", value_parser = pair)]
    pub kubeconfig: Vec<(String, PathBuf)>,
    /// The repository of the fresh project, with a branch `main`.
    #[arg(long, value_name = "GROUP/NAME")]
    pub repository: Option<String>,
    /// The fresh project's language.
    #[arg(long, default_value = "go")]
    pub language: String,
    /// The environment that releases go to first.
    #[arg(long, default_value = "test")]
    pub test: String,
    /// The environment that needs a confirmation.
    #[arg(long, default_value = "prod")]
    pub production: String,
}

fn pair(text: &str) -> Result<(String, PathBuf), String> {
    let (key, file) = text.split_once('=').ok_or("must be KEY=FILE")?;
    Ok((key.to_owned(), PathBuf::from(file)))
}

/// Everything that a walk needs.
#[derive(Clone, Debug)]
pub struct Route {
    pub url: String,
    pub developer: Login,
    pub tester: Login,
    pub ops: Login,
    pub owner: String,
    pub kubeconfigs: Vec<(String, PathBuf)>,
    /// The first that no project has is taken.
    pub repositories: Vec<String>,
    pub language: String,
    pub test: String,
    pub production: String,
}

/// What a demo tells of itself.
#[derive(Deserialize)]
struct Told {
    url: String,
    people: Vec<ToldPerson>,
    clusters: Vec<ToldCluster>,
}

#[derive(Deserialize)]
struct ToldPerson {
    user: String,
    password: String,
    roles: Vec<String>,
}

#[derive(Deserialize)]
struct ToldCluster {
    key: String,
    kubeconfig: PathBuf,
}

impl Route {
    /// From the command line; what is given there wins over what a demo tells.
    ///
    /// # Errors
    /// What is missing.
    pub fn new(options: Options) -> anyhow::Result<Self> {
        let told = options.demo.as_deref().map(read).transpose()?;
        let somebody = |given: Option<Login>, role: &str| match given {
            Some(login) => Ok(login),
            None => told
                .as_ref()
                .and_then(|told| told.person(role))
                .with_context(|| format!("--{role} is missing, and there is no --demo")),
        };
        let developer = somebody(options.developer, "developer")?;
        let url = options.url.or_else(|| told.as_ref().map(|t| t.url.clone()));
        let mut kubeconfigs = options.kubeconfig;
        for cluster in told.iter().flat_map(|told| &told.clusters) {
            kubeconfigs.push((cluster.key.clone(), cluster.kubeconfig.clone()));
        }
        let repositories = match (options.repository, &told) {
            (Some(repository), _) => vec![repository],
            (None, Some(_)) => pool(),
            (None, None) => bail!("--repository is missing, and there is no --demo"),
        };
        Ok(Self {
            url: url.context("--url is missing, and there is no --demo")?,
            owner: options.owner.unwrap_or_else(|| developer.user.clone()),
            developer,
            tester: somebody(options.tester, "tester")?,
            ops: somebody(options.ops, "ops")?,
            kubeconfigs,
            repositories,
            language: options.language,
            test: options.test,
            production: options.production,
        })
    }
}

/// The repositories that a demo keeps for walks.
#[must_use]
pub fn pool() -> Vec<String> {
    (1..=POOL_SIZE)
        .map(|n| format!("{POOL}mile-{n:02}"))
        .collect()
}

impl Told {
    fn person(&self, role: &str) -> Option<Login> {
        let has = |person: &&ToldPerson| person.roles.iter().any(|r| r == role);
        self.people.iter().find(has).map(|person| Login {
            user: person.user.clone(),
            password: person.password.clone(),
        })
    }
}

fn read(folder: &Path) -> anyhow::Result<Told> {
    let file = folder.join("demo.json");
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("no demo runs in {}", folder.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no demo's", file.display()))
}
