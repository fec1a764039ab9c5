//! How much slower pages are for fifty people while ten releases run.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;
use tokio::task::JoinSet;

use super::Verdict;
use crate::demo::people::{self, PEOPLE};
use crate::demo::{self, Demo};
use crate::portal::wait::pause;
use crate::portal::{Build, Person, acts};
use crate::postgres::{Durability, free_port};

const PAGES: [&str; 8] = [
    "/",
    "/projects",
    "/projects/pay-gateway",
    "/projects/pay-gateway/releases",
    "/projects/pay-gateway/releases/1",
    "/projects/pay-gateway/containers",
    "/requests",
    "/resources",
];
/// Whose builds end well; that of search-api waits for operations' yes to its job.
const PROJECTS: [&str; 5] = [
    "pay-gateway",
    "web-shop",
    "order-api",
    "session-cache",
    "pay-gateway",
];
const RELEASES_OF_EACH: usize = 2;
const READERS: usize = 50;
/// Somebody looks at a page before they go on.
const BETWEEN_PAGES: Duration = Duration::from_secs(1);
const IDLE_ROUNDS: usize = 30;
const LOADED_FOR: Duration = Duration::from_secs(30);
const MOST_RATIO: f64 = 2.0;

type Times = BTreeMap<&'static str, Vec<Duration>>;

/// No page's median is more than twice what it is for one reader of an idle portal.
pub async fn readers() -> anyhow::Result<Verdict> {
    let folder = tempfile::tempdir()?;
    let options = demo::Options {
        port: Some(free_port()?),
        data: folder.path().to_owned(),
        empty: false,
        durability: Durability::Kept,
        build: Build::Release,
        settings: Vec::new(),
    };
    let demo = demo::start(&options).await?;
    let outcome = measure(&demo).await;
    demo.stop().await;
    outcome
}

async fn measure(demo: &Demo) -> anyhow::Result<Verdict> {
    let url = demo.portal.url.as_str();
    let somebody = async |user: &str| {
        let login = people::login(user).context("nobody of that name")?;
        Person::sign_in(url, &login).await
    };
    let lin = somebody("lin").await?;
    let mut idle = Times::new();
    for _ in 0..IDLE_ROUNDS {
        for page in PAGES {
            let took = lin.time_page(page).await?;
            idle.entry(page).or_default().push(took);
        }
    }
    let mut everybody = Vec::new();
    // Who is in no project would be refused.
    let readers = PEOPLE.iter().filter(|p| p.role != "outsider");
    for person in readers.cycle().take(READERS) {
        everybody.push(somebody(person.user).await?);
    }
    let mut releases = Vec::new();
    for number in 0..RELEASES_OF_EACH {
        for project in PROJECTS {
            let note = format!("While fifty people read, {number}");
            releases.push(acts::id(&acts::open(&lin, project, &note).await?)?);
        }
    }
    let loaded = read_together(everybody).await?;
    let mut under_way = 0;
    for id in &releases {
        let story = acts::story(&lin, id).await?;
        under_way += usize::from(story["state"] != "awaiting_confirmation");
    }
    println!(
        "{under_way} of {} releases are still under way",
        releases.len()
    );
    Ok(judge(idle, loaded, releases.len()))
}

/// Each goes from page to page for a while.
async fn read_together(everybody: Vec<Person>) -> anyhow::Result<Times> {
    let mut readers = JoinSet::new();
    for (number, reader) in everybody.into_iter().enumerate() {
        readers.spawn(async move {
            let begun = Instant::now();
            let mut times = Vec::new();
            // They do not all press at the same moment.
            pause(BETWEEN_PAGES / 50 * u32::try_from(number)?).await;
            let mut pages = PAGES.iter().cycle().skip(number);
            while begun.elapsed() < LOADED_FOR {
                let page = *pages.next().context("pages never end")?;
                times.push((page, reader.time_page(page).await?));
                pause(BETWEEN_PAGES).await;
            }
            anyhow::Ok(times)
        });
    }
    let mut all = Times::new();
    while let Some(times) = readers.join_next().await {
        for (page, took) in times?? {
            all.entry(page).or_default().push(took);
        }
    }
    Ok(all)
}

fn judge(mut idle: Times, mut loaded: Times, releases: usize) -> Verdict {
    let mut pages = serde_json::Map::new();
    let mut worst: f64 = 0.0;
    for page in PAGES {
        let median = |times: &mut Times| {
            let mut of_page = times.remove(page).unwrap_or_default();
            of_page.sort_unstable();
            let middle = of_page.get(of_page.len() / 2).copied();
            middle.map_or(f64::NAN, |m| m.as_secs_f64() * 1e3)
        };
        let (one, fifty) = (median(&mut idle), median(&mut loaded));
        println!("{page:36} {one:7.1} ms alone, {fifty:7.1} ms together");
        // A page that nobody read is not as quick as it should be either.
        worst = worst.max(if (fifty / one).is_nan() {
            f64::INFINITY
        } else {
            fifty / one
        });
        pages.insert(
            page.to_owned(),
            json!({ "alone_ms": one, "together_ms": fifty }),
        );
    }
    Verdict {
        name: "readers",
        ours: json!({ "readers": READERS, "releases": releases, "medians": pages }),
        peer: None,
        ratio: Some(worst),
        bar: json!({ "ratio": MOST_RATIO }),
        holds: worst <= MOST_RATIO,
    }
}
