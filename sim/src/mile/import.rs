//! What ran in a real cluster before the portal is taken over by one request, and nothing of it is
//! started anew.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::Outcome;
use super::cluster::Cluster;
use super::ledger::{Failed, Ledger};
use super::route::Route;
use crate::portal::wait::{Look, until};
use crate::portal::{Login, Person, acts};

const HOW_MANY: usize = 300;
const NAMESPACE: &str = "older";
const PROJECT: &str = "older";

/// Takes over three hundred Deployments, printing a line a step. `asks` is another of operations
/// than the route's, who says yes.
pub async fn take_over(route: &Route, asks: &Login) -> Outcome {
    let mut ledger = Ledger::default();
    let whole = walk(route, asks, &mut ledger).await.is_ok();
    Outcome {
        passed: ledger.passed,
        whole,
    }
}

/// What would be different if anything had been touched.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    pods: BTreeSet<String>,
    /// Each Deployment's uid and generation, which any write to what it asks for raises.
    deployments: BTreeMap<String, (String, i64)>,
}

async fn walk(route: &Route, asks: &Login, ledger: &mut Ledger) -> Result<(), Failed> {
    let gather = async {
        let asks = Person::sign_in(&route.url, asks).await?;
        let ops = Person::sign_in(&route.url, &route.ops).await?;
        let (key, file) = route.kubeconfigs.first().context("no kubeconfig")?;
        Ok((asks, ops, key.clone(), Cluster::of(file)?))
    };
    let (asks, ops, key, cluster) = ledger.step("two of operations sign in", gather).await?;
    let what = format!("{HOW_MANY} Deployments run that the portal did not make");
    let ran = ledger.step(&what, deploy(&cluster)).await?;
    let looking = async {
        let found = asks
            .get(&format!("/clusters/{key}/intake?namespace={NAMESPACE}"))
            .await?;
        rows(&found, &ran, route)
    };
    let what = "each of them is proposed as it runs";
    let rows = ledger.step(what, looking).await?;
    let filing = async {
        let body = json!({ "kind": "intake", "note": "They ran before the portal",
            "parameters": { "cluster": key, "rows": rows } });
        let filed = asks.post("/requests", &body).await?.expect(201)?;
        filed["number"].as_i64().context("a request without number")
    };
    let what = "one request asks for all of them";
    let number = ledger.step(what, filing).await?;
    let what = "somebody else of operations approves it";
    ledger.step(what, acts::approve(&ops, number)).await?;
    let what = "the request is done";
    ledger.step(what, acts::await_done(&ops, number)).await?;
    let told = async {
        let story = ops.get(&format!("/intakes/{number}")).await?;
        let items = story["items"].as_array().context("no story")?;
        let refused = items.iter().find(|item| item["adopted"] != true);
        ensure!(items.len() == HOW_MANY && refused.is_none(), "{refused:?}");
        Ok(())
    };
    let what = "it tells of each that it was taken over";
    ledger.step(what, told).await?;
    let known = async {
        let path = format!("/projects/{PROJECT}/workloads");
        let found = ops.list(&path).await?;
        ensure!(found.len() == HOW_MANY, "{} are workloads", found.len());
        Ok(())
    };
    ledger.step("each of them is a workload", known).await?;
    let same = async {
        let now = look(&cluster).await?;
        ensure!(now == ran, "something was touched: {now:?}");
        Ok(())
    };
    let what = "no pod was started anew, and no Deployment was written to";
    ledger.step(what, same).await
}

/// Applies them by hand and waits for their pods.
async fn deploy(cluster: &Cluster) -> anyhow::Result<Ran> {
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": NAMESPACE, "labels": { "slipway/managed": "true" } } });
    cluster.make("/api/v1/namespaces", namespace).await?;
    let path = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments");
    for n in 0..HOW_MANY {
        cluster
            .make(&path, deployment(&format!("svc-{n:03}")))
            .await?;
    }
    until(async || {
        let found = cluster.list(&path).await?;
        let ready = found.iter().filter(|d| d["status"]["readyReplicas"] == 1);
        Ok(match ready.count() {
            HOW_MANY => Look::Found(()),
            ready => Look::NotYet(format!("{ready} are ready")),
        })
    })
    .await?;
    look(cluster).await
}

fn deployment(name: &str) -> Value {
    json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name },
        "spec": { "replicas": 1, "selector": { "matchLabels": { "app": name } },
            "template": { "metadata": { "labels": { "app": name } },
                "spec": { "containers": [{ "name": "app", "image": "any.example/svc:1",
                    "ports": [{ "containerPort": 9000 }],
                    "resources": { "requests": { "cpu": "10m", "memory": "16Mi" } },
                    "readinessProbe": { "httpGet": { "path": "/ready", "port": 9000 } } }] } } } })
}

async fn look(cluster: &Cluster) -> anyhow::Result<Ran> {
    let text = |object: &Value, name: &str| {
        let found = object["metadata"][name].as_str();
        found.map(str::to_owned).context("an object without a name")
    };
    let path = format!("/api/v1/namespaces/{NAMESPACE}/pods");
    let pods = cluster.list(&path).await?;
    let path = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments");
    let deployments = cluster.list(&path).await?;
    ensure!(pods.len() == HOW_MANY, "{} pods", pods.len());
    let known = deployments.iter().map(|one| {
        let generation = one["metadata"]["generation"].as_i64();
        let generation = generation.context("no generation")?;
        Ok((text(one, "name")?, (text(one, "uid")?, generation)))
    });
    Ok(Ran {
        deployments: known.collect::<anyhow::Result<_>>()?,
        pods: pods
            .iter()
            .map(|pod| text(pod, "uid"))
            .collect::<anyhow::Result<_>>()?,
    })
}

/// The rows of a dry run, with what operations correct: one project for all, each its component.
fn rows(found: &Value, ran: &Ran, route: &Route) -> anyhow::Result<Vec<Value>> {
    let items = found["items"].as_array().context("no proposals")?;
    ensure!(items.len() == HOW_MANY, "{} are proposed", items.len());
    let corrected = items.iter().map(|item| {
        ensure!(item["refused"].is_null(), "refused: {}", item["refused"]);
        let mut row = item["row"].clone();
        let name = row["deployment"].as_str().context("a row without a name")?;
        let (uid, _) = ran.deployments.get(name).context("of something else")?;
        ensure!(row["uid"] == **uid && row["container"] == "app", "{row}");
        let component = name.replace('-', "");
        row["project"] = json!(PROJECT);
        row["component"] = json!(component);
        row["environment"] = json!(route.test);
        row["language"] = json!(route.language);
        row["repository"] = json!(route.repositories.first());
        row["job"] = json!("");
        row["owner"] = json!(route.owner);
        Ok(row)
    });
    corrected.collect()
}
