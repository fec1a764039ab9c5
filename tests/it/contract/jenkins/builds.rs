//! Triggering, the queue, builds and their logs.

use futures_util::FutureExt as _;
use reqwest::Method;
use slipway::integrations::CallError;
use slipway::integrations::jenkins::{BuildResult, QueueItem};

use super::super::{Behaviour, header, json};
use super::{PATIENCE, Target, fresh, path};

pub fn behaviours(target: &Target) -> Vec<Behaviour<'_>> {
    vec![
        ("POST buildWithParameters", triggering(target).boxed_local()),
        (
            "POST buildWithParameters, merged",
            merging(target).boxed_local(),
        ),
        (
            "POST buildWithParameters, refused",
            refused(target).boxed_local(),
        ),
        ("POST queue/cancelItem", cancelling(target).boxed_local()),
        ("GET queue/item", leaving(target).boxed_local()),
        ("GET builds", finding(target).boxed_local()),
        ("GET progressiveText", reading(target).boxed_local()),
        ("POST stop", stopping(target).boxed_local()),
        (
            "GET wfapi/describe of a freestyle job",
            stages(target).boxed_local(),
        ),
    ]
}

fn queue_id(location: &str) -> u64 {
    let (_, id) = location
        .trim_end_matches('/')
        .rsplit_once("/queue/item/")
        .unwrap();
    id.parse().unwrap()
}

/// In the quiet period of an ordinary trigger.
async fn triggering(target: &Target) {
    let job = target.job().await;
    let action = path(&job, "buildWithParameters");
    let form = [("RELEASE_ID", "r1"), ("UNKNOWN", "dropped")];
    let answer = target
        .ask(Method::POST, &action)
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    let id = queue_id(header(&answer, "location").unwrap());
    let item = target.client.queue_item(id).await.unwrap();
    assert!(matches!(item, Some(QueueItem::Waiting { .. })), "{item:?}");
    assert!(target.client.job(&job).await.unwrap().unwrap().in_queue);
    let raw = json(
        target
            .send(Method::GET, &format!("queue/item/{id}/api/json"))
            .await,
    )
    .await;
    let parameters = raw["actions"].as_array().unwrap().iter();
    let mut parameters = parameters.filter_map(|action| action["parameters"].as_array());
    let names: Vec<_> = parameters
        .next()
        .unwrap()
        .iter()
        .map(|p| &p["name"])
        .collect();
    assert_eq!(names, ["RELEASE_ID", "SERVICE"]);
    let found = target
        .client
        .find_by_parameter(&job, "RELEASE_ID", "r1")
        .await
        .unwrap();
    assert_eq!(found.queued, [id]);
    assert!(target.client.cancel_queue_item(id).await.unwrap());
}

async fn merging(target: &Target) {
    let job = target.job().await;
    let action = path(&job, "buildWithParameters");
    let trigger = |release| {
        target
            .ask(Method::POST, &action)
            .form(&[("RELEASE_ID", release)])
            .send()
    };
    let first = trigger("same").await.unwrap();
    let again = trigger("same").await.unwrap();
    assert_eq!(
        (first.status().as_u16(), again.status().as_u16()),
        (201, 303)
    );
    assert_eq!(header(&first, "location"), header(&again, "location"));
    let other = trigger("other").await.unwrap();
    assert_eq!(other.status(), 201);
    for answer in [first, other] {
        let id = queue_id(header(&answer, "location").unwrap());
        assert!(target.client.cancel_queue_item(id).await.unwrap());
    }
}

async fn refused(target: &Target) {
    let job = target.job().await;
    let action = path(&job, "buildWithParameters");
    assert_eq!(target.send(Method::GET, &action).await.status(), 405);
    let twice = target
        .ask(Method::POST, &action)
        .form(&[("SERVICE", "a"), ("SERVICE", "b")]);
    assert_eq!(twice.send().await.unwrap().status(), 500);
    target.send(Method::POST, &path(&job, "disable")).await;
    let error = target
        .client
        .trigger(&job, &[("RELEASE_ID", "r")])
        .await
        .unwrap_err();
    assert!(matches!(error, CallError::Conflict { .. }), "{error}");
    let plain = target.folder.child(&fresh("plain")).unwrap();
    target
        .client
        .create_job_from_xml(&plain, "<project></project>")
        .await
        .unwrap();
    let error = target
        .client
        .trigger(&plain, &[("RELEASE_ID", "r")])
        .await
        .unwrap_err();
    assert!(matches!(error, CallError::Refused { .. }), "{error}");
    let none = target.folder.child("none").unwrap();
    let error = target.client.trigger(&none, &[]).await.unwrap_err();
    assert!(matches!(error, CallError::NotFound { .. }), "{error}");
}

async fn cancelling(target: &Target) {
    let job = target.job().await;
    let action = path(&job, "buildWithParameters");
    let answer = target.send(Method::POST, &action).await;
    let id = queue_id(header(&answer, "location").unwrap());
    let raw = target
        .send(Method::POST, &format!("queue/cancelItem?id={id}"))
        .await;
    assert_eq!(raw.status(), 204);
    assert_eq!(
        target.client.queue_item(id).await.unwrap(),
        Some(QueueItem::Cancelled)
    );
    assert!(!target.client.cancel_queue_item(99_999_999).await.unwrap());
}

async fn leaving(target: &Target) {
    let job = target.job().await;
    let triggered = target
        .client
        .trigger(&job, &[("RELEASE_ID", "r")])
        .await
        .unwrap();
    let id = triggered.queue_id.unwrap();
    for _ in 0..PATIENCE {
        target.second().await;
        let item = target.client.queue_item(id).await.unwrap();
        if let Some(QueueItem::Left {
            build: Some(number),
        }) = item
        {
            let build = target.client.build(&job, number).await.unwrap().unwrap();
            assert_eq!((build.number, build.queue_id), (1, Some(id)));
            return;
        }
    }
    panic!("the item never left the queue");
}

async fn finding(target: &Target) {
    let job = target.job().await;
    let number = target.start(&job, "release-7").await;
    let client = &target.client;
    let found = client
        .find_by_parameter(&job, "RELEASE_ID", "release-7")
        .await
        .unwrap();
    let build = &found.builds[0];
    assert_eq!((found.builds.len(), build.number), (1, number));
    assert!(build.building && build.finished().is_none() && build.duration.is_zero());
    let service = ("SERVICE".to_owned(), "shop".to_owned());
    assert!(build.parameters.contains(&service));
    let other = client
        .find_by_parameter(&job, "RELEASE_ID", "release-8")
        .await
        .unwrap();
    assert!(other.builds.is_empty() && other.queued.is_empty());
    assert_eq!(client.build(&job, 99).await.unwrap(), None);
}

/// Offsets are the file's; line ends in the body count twice, which offsets do not show.
async fn reading(target: &Target) {
    let job = target.job().await;
    let number = target.start(&job, "r").await;
    let mut text = String::new();
    let mut start = 0;
    for _ in 0..PATIENCE {
        let chunk = target.client.log(&job, number, start).await.unwrap();
        text.push_str(&chunk.text);
        start = chunk.next;
        if !chunk.more {
            break;
        }
        target.second().await;
    }
    assert!(
        text.contains("Started by") && text.contains("Finished: "),
        "{text}"
    );
    assert!(!text.contains('\r'));
    let at = |start| {
        path(
            &job,
            &format!("{number}/logText/progressiveText?start={start}"),
        )
    };
    let whole = target.send(Method::GET, &at(0)).await;
    assert_eq!(
        header(&whole, "x-text-size"),
        Some(start.to_string().as_str())
    );
    assert_eq!(header(&whole, "x-more-data"), None);
    let body = whole.text().await.unwrap();
    assert!(body.contains("\r\n"));
    let end = target.client.log(&job, number, start).await.unwrap();
    assert_eq!(
        (end.text.as_str(), end.next, end.restarted),
        ("", start, false)
    );
    let beyond = target.client.log(&job, number, start + 1000).await.unwrap();
    assert!(beyond.restarted);
    assert_eq!(beyond.text, text);
    let missing = target.client.log(&job, 99, 0).await.unwrap_err();
    assert!(matches!(missing, CallError::NotFound { .. }), "{missing}");
}

async fn stopping(target: &Target) {
    let job = target.job().await;
    let number = target.start(&job, "r").await;
    let get = target
        .send(Method::GET, &path(&job, &format!("{number}/stop")))
        .await;
    assert_eq!(get.status(), 405);
    target.client.stop(&job, number).await.unwrap();
    for _ in 0..PATIENCE {
        let build = target.client.build(&job, number).await.unwrap().unwrap();
        if let Some(result) = build.finished() {
            assert_eq!(result, BuildResult::Aborted);
            // Stopping what has ended is answered the same and changes nothing.
            target.client.stop(&job, number).await.unwrap();
            return;
        }
        target.second().await;
    }
    panic!("the build never stopped");
}

async fn stages(target: &Target) {
    let job = target.job().await;
    let number = target.start(&job, "r").await;
    assert_eq!(target.client.stages(&job, number).await.unwrap(), None);
}
