//! What those who decide should see of a place as it is right now, in words. None of it is bound
//! by a decision: it changes while nobody asks.

use super::{Seen, Workload, seen};
use crate::app::App;
use crate::error::{AppError, Words};
use crate::identity::ProjectId;

/// One or more sentences for each workload of an environment, in the order of its clusters.
/// `most` tells of a workload how many containers it could have at most after a yes.
///
/// # Errors
/// No answer from the database; a cluster that is silent is one of the sentences.
pub async fn now(
    app: &App,
    project: ProjectId,
    environment: &str,
    most: impl Fn(&Workload) -> Option<i32>,
) -> Result<Vec<Words>, AppError> {
    let all = seen(app, project, environment).await?;
    Ok(all
        .iter()
        .flat_map(|s| said(s, most(&s.workload)))
        .collect())
}

fn said(seen: &Seen, most: Option<i32>) -> Vec<Words> {
    let workload = &seen.workload;
    let place = match workload.component.as_str() {
        "main" => workload.cluster.clone(),
        component => format!("{} {component}", workload.cluster),
    };
    let words = |code: &str| Words::new(code).with("place", &place);
    let Ok(live) = &seen.live else {
        return vec![words("now-dark")];
    };
    let load = match live.load_percent {
        Some(percent) => words("now-runs-at").with("percent", percent),
        None => words("now-runs"),
    };
    let mut all = vec![load.with("ready", live.ready).with("n", live.desired)];
    if let Some(most) = most.filter(|most| *most < live.desired) {
        let fewer = words("now-fewer").with("n", live.desired);
        all.push(fewer.with("most", most));
    }
    let ours = seen.current.as_ref().map(|c| c.digest.as_str());
    if let (Some(ours), Some(image)) = (ours, &live.image)
        && !image.ends_with(ours)
    {
        all.push(words("now-other-image").with("image", image));
    }
    let replicas = &workload.parameters.replicas;
    if let Some((min, max)) = live.autoscaler
        && (min, max) != (replicas.min, replicas.max)
        && ours.is_some()
    {
        let other = words("now-other-range").with("min", min).with("max", max);
        all.push(other);
    }
    let hands = live.hands.iter().filter(|_| ours.is_some());
    all.extend(hands.map(|who| words("now-other-hand").with("who", who)));
    all
}
