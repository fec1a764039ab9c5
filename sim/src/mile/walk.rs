//! The walk itself, step by step.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::crew::Crew;
use super::ledger::{Failed, Ledger};
use super::route::Route;
use crate::portal::acts::{self, Service};
use crate::portal::wait::{Look, until};

/// Between the autoscaler's bounds and neither of them, so that whoever touches it is seen.
const SCALED_TO: i64 = 3;

/// Goes all of it.
///
/// # Errors
/// The first thing that was not so; its line is printed.
pub async fn walk(route: &Route, ledger: &mut Ledger) -> Result<(), Failed> {
    let crew = ledger
        .step("everybody signs in", Crew::gather(route))
        .await?;
    let known: Vec<&str> = crew.clusters.iter().map(|(key, _)| key.as_str()).collect();
    if known.is_empty() {
        println!("NOTE  no cluster can be asked what runs: there is no --kubeconfig");
    } else {
        println!("NOTE  asked themselves: {}", known.join(", "));
    }
    let walk = Walk { crew, route };
    walk.found(ledger).await?;
    let first = walk.release(ledger, "the first release").await?;
    let place = format!("somebody at the cluster scales production to {SCALED_TO}");
    ledger.step(&place, walk.scale()).await?;
    let second = walk.release(ledger, "the second release").await?;
    let differ = async {
        ensure!(first.digest != second.digest, "both are {}", first.digest);
        Ok(())
    };
    ledger.step("each build has its own digest", differ).await?;
    let kept = "the release left the number of containers alone";
    ledger.step(kept, walk.still_scaled()).await?;
    walk.back(ledger, &first).await?;
    let kept = "the rollback left the number of containers alone";
    ledger.step(kept, walk.still_scaled()).await
}

/// A release that went all the way.
struct Arrived {
    artifact: String,
    digest: String,
}

struct Walk<'a> {
    crew: Crew,
    route: &'a Route,
}

impl Walk<'_> {
    /// From nothing to a project with places to run in.
    async fn found(&self, ledger: &mut Ledger) -> Result<(), Failed> {
        let Crew {
            developer,
            tester,
            ops,
            project,
            repository,
            ..
        } = &self.crew;
        let service = Service {
            key: project,
            description: "A fresh project that goes the whole mile",
            language: &self.crew.language,
            repository,
            owners: &[&self.crew.owner],
            developers: &[&developer.user],
            testers: &[&tester.user],
        };
        let what = format!("the developer asks for the project {project}");
        let asked = ledger
            .step(&what, acts::ask_for_project(developer, &service))
            .await?;
        let own = acts::decide(developer, asked, "approve");
        let own = async { own.await?.expect(403).map(|_| ()) };
        let what = "the developer may not approve their own request";
        ledger.step(what, own).await?;
        let what = "operations approve the project";
        ledger.step(what, acts::approve(ops, asked)).await?;
        let what = format!("the project is bound to {repository}");
        ledger.step(&what, acts::await_done(ops, asked)).await?;
        for environment in [&self.route.test, &self.route.production] {
            self.containers(ledger, environment).await?;
        }
        Ok(())
    }

    async fn containers(&self, ledger: &mut Ledger, environment: &str) -> Result<(), Failed> {
        let Crew {
            developer,
            ops,
            project,
            ..
        } = &self.crew;
        let what = format!("the developer asks for containers in {environment}");
        let alike = json!({});
        let asking = acts::ask_for_containers(developer, project, environment, &alike);
        let asked = ledger.step(&what, asking).await?;
        let what = format!("operations approve the containers in {environment}");
        ledger.step(&what, acts::approve(ops, asked)).await?;
        let what = format!("{environment} is prepared");
        let prepared = acts::await_prepared(developer, project, environment);
        ledger.step(&what, prepared).await?;
        let waits = async {
            for (cluster, place) in self.crew.places(environment).await? {
                let now = cluster.running(&place).await?;
                ensure!(now.desired == 0, "{} containers are wanted", now.desired);
                cluster.range(&place).await?;
            }
            Ok(())
        };
        let what = format!("{environment}'s clusters hold the Deployment, at no containers");
        ledger.step(&what, waits).await
    }

    /// One commit to production.
    async fn release(&self, ledger: &mut Ledger, name: &str) -> Result<Arrived, Failed> {
        let Crew {
            developer, project, ..
        } = &self.crew;
        let what = format!("the developer opens {name}");
        let opening = acts::open(developer, project, name);
        let opened = ledger.step(&what, opening).await?;
        let id = ledger
            .step("it has an id and a tag", async {
                acts::text(&opened, "/tag")?;
                acts::id(&opened)
            })
            .await?;
        let lines = self.log_grows(&id);
        ledger
            .step("the build's log grows line by line", lines)
            .await?;
        let built = self.digest(&id);
        let what = "the registry's digest is read back";
        let arrived = ledger.step(what, built).await?;
        let rolled = async {
            acts::await_state(developer, &id, "awaiting_confirmation").await?;
            self.runs(&self.route.test, &arrived.digest).await
        };
        let what = "test runs that digest and waits for a word";
        ledger.step(what, rolled).await?;
        self.confirm(ledger, &id, &arrived.digest).await?;
        self.produce(ledger, &id, &arrived.digest).await?;
        Ok(arrived)
    }

    async fn confirm(&self, ledger: &mut Ledger, id: &str, digest: &str) -> Result<(), Failed> {
        let Crew {
            developer, tester, ..
        } = &self.crew;
        let own = async {
            let answer = acts::confirm(developer, id, digest).await?;
            answer.expect(403).map(|_| ())
        };
        let what = "the developer may not confirm their own release";
        ledger.step(what, own).await?;
        let early = async {
            let body = json!({ "environment": self.route.production });
            let path = format!("/releases/{id}/deployments");
            let answer = developer.post(&path, &body).await?;
            answer.expect(409).map(|_| ())
        };
        let what = "what nobody confirmed may not go to production";
        ledger.step(what, early).await?;
        let other = async {
            let wrong = format!("sha256:{}", "0".repeat(64));
            let answer = acts::confirm(tester, id, &wrong).await?;
            let status = answer.status;
            ensure!(status.is_client_error(), "it answered {status}");
            Ok(())
        };
        let what = "the tester may not confirm another digest";
        ledger.step(what, other).await?;
        let right = async {
            acts::confirm(tester, id, digest).await?.expect(201)?;
            acts::await_state(developer, id, "confirmed").await
        };
        let what = "the tester confirms that digest";
        ledger.step(what, right).await.map(|_| ())
    }

    async fn produce(&self, ledger: &mut Ledger, id: &str, digest: &str) -> Result<(), Failed> {
        let Crew { developer, ops, .. } = &self.crew;
        let pressing = async {
            let asked = acts::to_production(developer, id, &self.route.production).await?;
            asked.context("it went without asking anybody")
        };
        let what = "the developer presses the button, and somebody else is asked";
        let asked = ledger.step(what, pressing).await?;
        let own = async {
            let answer = acts::decide(developer, asked, "approve").await?;
            answer.expect(403).map(|_| ())
        };
        let what = "the developer may not approve their own release";
        ledger.step(what, own).await?;
        let what = "operations approve the release";
        ledger.step(what, acts::approve(ops, asked)).await?;
        let rolled = async {
            acts::await_state(developer, id, "released").await?;
            self.runs(&self.route.production, digest).await
        };
        let what = "production runs the same digest";
        ledger.step(what, rolled).await
    }

    /// The log is longer at every look until the build is over, and not there all at once.
    async fn log_grows(&self, id: &str) -> anyhow::Result<()> {
        let mut sizes: Vec<usize> = Vec::new();
        let path = format!("/releases/{id}/log");
        until(async || {
            let story = acts::story(&self.crew.developer, id).await?;
            ensure!(
                story["state"] != "failed",
                "it failed: {}",
                story["failure"]
            );
            if story["builds"].as_array().is_none_or(Vec::is_empty) {
                return Ok(Look::NotYet("there is no build".to_owned()));
            }
            Ok(Look::Found(()))
        })
        .await?;
        until(async || {
            let log = self.crew.developer.get(&path).await?;
            let chunks = log["lines"].as_array().into_iter().flatten();
            let text = chunks.filter_map(|chunk| chunk["text"].as_str());
            sizes.push(text.map(|text| text.lines().count()).sum());
            Ok(match log["complete"] == true {
                true => Look::Found(()),
                false => Look::NotYet(format!("{} lines", sizes.last().unwrap_or(&0))),
            })
        })
        .await?;
        ensure!(sizes.is_sorted(), "it shrank: {sizes:?}");
        sizes.dedup();
        ensure!(sizes.len() > 2, "it was there at once: {sizes:?}");
        Ok(())
    }

    async fn digest(&self, id: &str) -> anyhow::Result<Arrived> {
        until(async || {
            let story = acts::story(&self.crew.developer, id).await?;
            ensure!(
                story["state"] != "failed",
                "it failed: {}",
                story["failure"]
            );
            Ok(match acts::text(&story, "/artifact/digest") {
                Ok(digest) => Look::Found(Arrived {
                    artifact: acts::text(&story, "/artifact/id")?,
                    digest,
                }),
                Err(_) => Look::NotYet(format!("the release is {}", story["state"])),
            })
        })
        .await
    }

    /// By the clusters' own word.
    async fn runs(&self, environment: &str, digest: &str) -> anyhow::Result<()> {
        for (cluster, place) in self.crew.places(environment).await? {
            cluster
                .await_digest(&place, digest)
                .await
                .with_context(|| place.cluster.clone())?;
        }
        Ok(())
    }

    async fn scale(&self) -> anyhow::Result<()> {
        for (cluster, place) in self.crew.places(&self.route.production).await? {
            let (min, max) = cluster.range(&place).await?;
            ensure!(
                min < SCALED_TO && SCALED_TO < max,
                "the autoscaler's range is {min} to {max}"
            );
            cluster.scale(&place, SCALED_TO).await?;
        }
        Ok(())
    }

    async fn still_scaled(&self) -> anyhow::Result<()> {
        for (cluster, place) in self.crew.places(&self.route.production).await? {
            let now = cluster.running(&place).await?.desired;
            ensure!(now == SCALED_TO, "{} wants {now} containers", place.cluster);
        }
        Ok(())
    }

    /// One button back to what ran before.
    async fn back(&self, ledger: &mut Ledger, to: &Arrived) -> Result<(), Failed> {
        let Crew {
            developer, project, ..
        } = &self.crew;
        let path = format!(
            "/projects/{project}/environments/{}/rollbacks",
            self.route.production
        );
        let offered = async {
            let offered = developer.get(&path).await?;
            let items = offered["items"].as_array().into_iter().flatten();
            let found = items.filter(|item| item["artifact"]["id"] == to.artifact.as_str());
            ensure!(found.count() == 1, "it is not offered: {offered}");
            Ok(())
        };
        let what = "the first release's image is offered to go back to";
        ledger.step(what, offered).await?;
        let pressed = async {
            let body = json!({ "artifact": to.artifact, "reason": "the second was slower" });
            developer.post(&path, &body).await?.expect(201).map(|_| ())
        };
        let what = "the developer presses rollback";
        ledger.step(what, pressed).await?;
        let back = async {
            self.recorded(&to.digest).await?;
            self.runs(&self.route.production, &to.digest).await
        };
        let what = "production runs the former digest";
        ledger.step(what, back).await
    }

    /// Waits for the portal's record of a digest on all of production.
    async fn recorded(&self, digest: &str) -> anyhow::Result<()> {
        let Crew {
            developer, project, ..
        } = &self.crew;
        until(async || {
            let found = acts::workloads(developer, project, &self.route.production).await?;
            let runs = |workload: &Value| workload["current"]["digest"] == digest;
            Ok(match found.iter().all(runs) {
                true => Look::Found(()),
                false => Look::NotYet("the record says something else".to_owned()),
            })
        })
        .await
    }
}
