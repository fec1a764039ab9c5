//! Jobs and folders: making, copying, reading, changing.

use futures_util::FutureExt as _;
use reqwest::Method;
use slipway::integrations::CallError;
use slipway::integrations::jenkins::{CreateJobError, Jenkins, JobName};

use super::super::{Behaviour, header, json};
use super::{CONFIG, Target, path};

pub fn behaviours(target: &Target) -> Vec<Behaviour<'_>> {
    vec![
        ("GET /whoAmI/api/json", identity(target).boxed_local()),
        (
            "any route with a wrong password",
            denied(target).boxed_local(),
        ),
        ("POST createItem", creating(target).boxed_local()),
        ("POST createItem, refused", refused(target).boxed_local()),
        ("POST createItem?mode=copy", copying(target).boxed_local()),
        ("POST createItem?mode=Folder", folders(target).boxed_local()),
        ("GET, POST config.xml", configuring(target).boxed_local()),
        (
            "POST enable, disable, description",
            saving(target).boxed_local(),
        ),
        ("POST doDelete, DELETE", deleting(target).boxed_local()),
        ("GET api/json?tree", trees(target).boxed_local()),
        (
            "GET api/json?tree of a folder",
            listing(target).boxed_local(),
        ),
    ]
}

async fn identity(target: &Target) {
    let identity = target.client.identity().await.unwrap();
    assert_eq!(identity.user, target.user);
    let answer = target.send(Method::GET, "api/json?tree=mode").await;
    assert_eq!(
        header(&answer, "x-jenkins"),
        Some(identity.version.as_str())
    );
    let session = header(&answer, "x-jenkins-session");
    assert_eq!(session, Some(identity.session.as_str()));
}

async fn denied(target: &Target) {
    let wrong = "wrong".to_owned().into();
    let stranger = Jenkins::new(target.base.clone(), &target.user, wrong).unwrap();
    let error = stranger.identity().await.unwrap_err();
    assert!(matches!(error, CallError::Denied { .. }), "{error}");
}

async fn creating(target: &Target) {
    let name = target.job().await;
    let job = target.client.job(&name).await.unwrap().unwrap();
    assert!(job.buildable && !job.disabled && !job.in_queue);
    assert_eq!(job.next_build_number, 1);
    assert_eq!(job.parameters, ["RELEASE_ID", "SERVICE"]);
    let missing = target.folder.child("none").unwrap();
    assert_eq!(target.client.job(&missing).await.unwrap(), None);

    let again = target.client.create_job_from_xml(&name, CONFIG).await;
    assert!(matches!(again, Err(CreateJobError::Exists)), "{again:?}");
    let upper = name.leaf().to_uppercase();
    let upper = target.folder.child(&upper).unwrap();
    let again = target.client.create_job_from_xml(&upper, CONFIG).await;
    assert!(matches!(again, Err(CreateJobError::Exists)), "{again:?}");
}

async fn refused(target: &Target) {
    target.client.ensure_folder(&target.folder).await.unwrap();
    let create = |name: &str| path(&target.folder, &format!("createItem?name={name}"));
    let bad = target.create(&create("a%3Ab"), CONFIG).await;
    assert_eq!(bad.status(), 400);
    assert!(bad.headers().contains_key("x-error"));
    let nameless = target.create(&create(""), CONFIG).await;
    assert_eq!(nameless.status(), 400);
    let typeless = target.ask(Method::POST, &create("typeless")).body(CONFIG);
    assert_eq!(typeless.send().await.unwrap().status(), 400);
    let malformed = target.create(&create("malformed"), "<project>").await;
    assert_eq!(malformed.status(), 500);
    // What would harm Jenkins does not leave our client.
    let name = target.folder.child("harmful").unwrap();
    let error = target.client.create_job_from_xml(&name, "<maven/>").await;
    let Err(CreateJobError::Call(CallError::Refused { .. })) = error else {
        panic!("{error:?}");
    };
}

/// A copy is held off until somebody saves it, and writing its file is not saving.
async fn copying(target: &Target) {
    let source = target.job().await;
    let copy = target.folder.child(&super::fresh("copy")).unwrap();
    let (leaf, from) = (copy.leaf(), source.leaf());
    let action = format!("createItem?name={leaf}&mode=copy&from={from}");
    let answer = target
        .send(Method::POST, &path(&target.folder, &action))
        .await;
    assert_eq!(answer.status(), 302);
    let location = header(&answer, "location").unwrap();
    assert!(
        location.ends_with(&format!("/job/{leaf}/configure")),
        "{location}"
    );
    let state = || async { target.client.job(&copy).await.unwrap().unwrap() };
    let held = state().await;
    assert!(!held.buildable && !held.disabled);
    let refused = target.client.trigger(&copy, &[("RELEASE_ID", "1")]).await;
    assert!(
        matches!(refused, Err(CallError::Conflict { .. })),
        "{refused:?}"
    );
    target.client.update_config(&copy, CONFIG).await.unwrap();
    target.send(Method::POST, &path(&copy, "enable")).await;
    assert!(!state().await.buildable);
    target.send(Method::POST, &path(&copy, "disable")).await;
    target.send(Method::POST, &path(&copy, "enable")).await;
    assert!(state().await.buildable);

    let action = format!("createItem?name={leaf}-2&mode=copy&from=none");
    let missing = target
        .send(Method::POST, &path(&target.folder, &action))
        .await;
    assert_eq!(missing.status(), 400);
    assert!(missing.headers().contains_key("x-error"));
}

async fn folders(target: &Target) {
    let inner = target.folder.child("one").unwrap().child("two").unwrap();
    target.client.ensure_folder(&inner).await.unwrap();
    target.client.ensure_folder(&inner).await.unwrap();
    let job = target.job().await;
    let error = target.client.ensure_folder(&job).await.unwrap_err();
    assert!(matches!(error, CallError::Conflict { .. }), "{error}");
}

async fn configuring(target: &Target) {
    let name = target.job().await;
    let read = target.client.job_config(&name).await.unwrap().unwrap();
    assert!(read.contains("<name>RELEASE_ID</name>"));
    let changed = read.replace("plain", "\u{63cf}\u{8ff0}");
    target.client.update_config(&name, &changed).await.unwrap();
    let read = target.client.job_config(&name).await.unwrap().unwrap();
    assert!(read.contains("\u{63cf}\u{8ff0}"), "{read}");
    let malformed = target.create(&path(&name, "config.xml"), "<project>").await;
    assert_eq!(malformed.status(), 500);
    let missing = JobName::parse("slipway-contract-none").unwrap();
    assert_eq!(target.client.job_config(&missing).await.unwrap(), None);
}

async fn saving(target: &Target) {
    let name = target.job().await;
    let disabled = target.send(Method::POST, &path(&name, "disable")).await;
    assert_eq!(disabled.status(), 302);
    let job = target.client.job(&name).await.unwrap().unwrap();
    assert!(job.disabled && !job.buildable);
    let get = target.send(Method::GET, &path(&name, "enable")).await;
    assert_eq!(get.status(), 405);
    target.send(Method::POST, &path(&name, "enable")).await;
    assert!(target.client.job(&name).await.unwrap().unwrap().buildable);
    let describe = target.ask(Method::POST, &path(&name, "description"));
    let described = describe
        .form(&[("description", "<new>")])
        .send()
        .await
        .unwrap();
    assert_eq!(described.status(), 204);
    let read = target.client.job_config(&name).await.unwrap().unwrap();
    assert!(read.contains("&lt;new&gt;"), "{read}");
}

async fn deleting(target: &Target) {
    for (method, action, status) in [(Method::POST, "doDelete", 302), (Method::DELETE, "", 204)] {
        let name = target.job().await;
        let answer = target.send(method, &path(&name, action)).await;
        assert_eq!(answer.status(), status);
        assert_eq!(target.client.job(&name).await.unwrap(), None);
    }
    let name = target.job().await;
    for _ in 0..2 {
        target.client.delete_job(&name).await.unwrap();
        assert_eq!(target.client.job(&name).await.unwrap(), None);
    }
}

async fn trees(target: &Target) {
    let name = target.job().await;
    let tree = "api/json?tree=name,nothing,property[parameterDefinitions[name]{0,1}]";
    let answer = json(target.send(Method::GET, &path(&name, tree)).await).await;
    assert_eq!(answer["name"], name.leaf());
    assert!(answer.get("nothing").is_none() && answer.get("buildable").is_none());
    assert!(
        answer["_class"]
            .as_str()
            .unwrap()
            .ends_with("FreeStyleProject")
    );
    let properties = answer["property"].as_array().unwrap().iter();
    let definitions = properties.filter_map(|p| p["parameterDefinitions"].as_array());
    let counts: Vec<usize> = definitions.map(Vec::len).collect();
    assert_eq!(counts, [1]);
}

/// Jobs alone, and only those that stand in the folder itself.
async fn listing(target: &Target) {
    let folder = target.folder.child(&super::fresh("listed")).unwrap();
    assert!(target.client.jobs_in(&folder).await.unwrap().is_empty());
    let inner = folder.child("inner").unwrap();
    target.client.ensure_folder(&inner).await.unwrap();
    for name in [folder.child("one").unwrap(), inner.child("two").unwrap()] {
        let made = target.client.create_job_from_xml(&name, CONFIG).await;
        made.unwrap();
    }
    let found = target.client.jobs_in(&folder).await.unwrap();
    let found: Vec<_> = found
        .into_iter()
        .map(|job| (job.name, job.sources))
        .collect();
    assert_eq!(found, [("one".to_owned(), Vec::new())]);
    let plain = json(target.send(Method::GET, &path(&folder, "api/json")).await).await;
    let names: Vec<_> = plain["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|j| &j["name"])
        .collect();
    assert_eq!(names, ["inner", "one"]);
    assert!(plain["jobs"][1].get("lastBuild").is_none());
}
