use serde_json::{Value, json};

use super::super::propose::propose;
use super::*;

const GITLAB: &str = "https://git.example/";

fn jenkins() -> ConnectionId {
    ConnectionId(uuid::Uuid::nil())
}

fn known() -> Known {
    Known {
        environments: vec!["test".to_owned()],
        languages: vec!["go".to_owned()],
        builders: [("go".to_owned(), jenkins())].into(),
        projects: [("shop".to_owned(), ("go".to_owned(), false))].into(),
        ..Known::default()
    }
}

fn sources(paths: &[&str], jobs: &[(&str, &[&str])]) -> Sources {
    let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    let job = |(name, paths): &(&str, &[&str])| Job {
        name: (*name).to_owned(),
        repositories: owned(paths),
    };
    Sources {
        gitlab: Url::parse(GITLAB).ok(),
        repositories: owned(paths),
        is_whole: true,
        jobs: [(jenkins(), jobs.iter().map(job).collect())].into(),
    }
}

fn deployment(name: &str, image: &str, annotations: &Value, of_pods: &Value) -> Deployment {
    let value = json!({
        "metadata": { "name": name, "namespace": "a", "uid": name, "annotations": annotations },
        "spec": { "selector": { "matchLabels": { "app": name } }, "template": {
            "metadata": { "labels": { "app": name }, "annotations": of_pods },
            "spec": { "containers": [{ "name": "web", "image": image }] } } },
    });
    serde_json::from_value(value).expect("a Deployment")
}

fn guess(all: &[Deployment], sources: &Sources, known: &Known) -> Vec<Proposal> {
    let mut found = propose(all, &[], &[], known);
    sources.guess(&mut found, known);
    found
}

/// The one row of a Deployment without annotations.
fn plain(name: &str, sources: &Sources) -> Proposal {
    let image = format!("registry:5000/x/{name}-image:1@sha256:00");
    let all = [deployment(name, &image, &json!({}), &json!({}))];
    guess(&all, sources, &known()).remove(0)
}

fn repository(found: &Proposal) -> (&str, Option<By>) {
    (found.row.repository.as_str(), found.repository_by)
}

fn job_of(found: &Proposal) -> (&str, Option<JobBy>) {
    (found.row.job.as_str(), found.job_by)
}

#[test]
fn addresses_of_our_gitlab_are_paths() {
    let path = |base: &str, address: &str| {
        let base = Url::parse(base).expect("an address");
        path_in(&base, address)
    };
    for address in [
        "https://git.example/apps/back/pay",
        "https://git.example/apps/back/pay.git",
        "https://me:secret@GIT.example:8443/apps/back/pay.git",
        "https://git.example/apps/back/pay/-/tree/main/deploy",
        "ssh://git@git.example:2222/apps/back/pay.git",
        "git@git.example:apps/back/pay.git",
        "git.example:apps/back/pay",
    ] {
        assert_eq!(
            path(GITLAB, address).as_deref(),
            Some("apps/back/pay"),
            "{address}"
        );
    }
    for address in [
        "",
        "pay",
        "https://git.example",
        "https://git.example/pay",
        "https://git.example/../../etc",
        "https://hub.example/apps/pay",
        "git@hub.example:apps/pay.git",
        "file:///apps/pay",
    ] {
        assert_eq!(path(GITLAB, address), None, "{address}");
    }
    let below = "https://git.example/lab";
    let inside = path(below, "https://git.example/lab/apps/pay");
    assert_eq!(inside.as_deref(), Some("apps/pay"));
    assert_eq!(path(below, "https://git.example/labs/apps/pay"), None);
    assert_eq!(path(below, "https://git.example/apps/pay"), None);
}

#[test]
fn an_annotation_goes_before_a_name() {
    let sources = sources(&["apps/pay", "old/Ledger", "apps/till_2"], &[]);
    let said = json!({ SOURCE: "https://git.example/old/ledger.git" });
    let elsewhere = json!({ SOURCE: "https://hub.example/old/ledger" });
    let unlisted = json!({ SOURCE: "https://git.example/private/thing" });
    let devops = json!({ AUTO_DEVOPS: "apps-till-2" });
    let none = json!({});
    let all = [
        deployment("pay", "r/pay:1", &said, &none),
        deployment("pay-two", "r/pay:1", &none, &said),
        deployment("ledger", "r/x:1", &elsewhere, &none),
        deployment("thing", "r/pay:1", &unlisted, &none),
        deployment("pay-till", "r/pay:1", &none, &devops),
    ];
    let found = guess(&all, &sources, &known());
    let found: Vec<_> = found.iter().map(repository).collect();
    let expected = [
        ("old/Ledger", Some(By::Annotation)),
        ("old/Ledger", Some(By::Annotation)),
        ("old/Ledger", Some(By::Name)),
        ("private/thing", Some(By::Annotation)),
        ("apps/till_2", Some(By::Annotation)),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_name_tells_only_where_it_is_the_only_one() {
    let mut all = sources(&["a/b/c/Pay", "a/pay-service", "a/pays"], &[]);
    assert_eq!(
        repository(&plain("pay", &all)),
        ("a/b/c/Pay", Some(By::Name))
    );
    all.repositories.push("a/till-image".to_owned());
    assert_eq!(
        repository(&plain("till", &all)),
        ("a/till-image", Some(By::Name))
    );
    assert_eq!(repository(&plain("none", &all)), ("", None));
    assert_eq!(
        repository(&plain("shop", &all)),
        ("", None),
        "it is there already"
    );

    // The same path twice is one; another one of the name makes it a choice.
    all.repositories.push("a/b/c/Pay".to_owned());
    assert_eq!(repository(&plain("pay", &all)).0, "a/b/c/Pay");
    all.repositories.push("z/pay".to_owned());
    let found = plain("pay", &all);
    assert_eq!(repository(&found), ("", None));
    assert_eq!(found.repositories, ["a/b/c/Pay", "z/pay"]);

    // While there is more than was read, nobody knows that there is one only.
    let mut cut = sources(&["a/pay"], &[]);
    cut.is_whole = false;
    let found = plain("pay", &cut);
    assert_eq!(
        (repository(&found), found.repositories.len()),
        (("", None), 1)
    );
}

#[test]
fn a_job_tells_which_of_several_it_fetches() {
    let jobs: &[(&str, &[&str])] = &[("Pay", &["z/pay"]), ("till", &["a/till", "a/lib"])];
    let all = sources(&["a/pay", "z/pay"], jobs);
    let found = plain("pay", &all);
    assert_eq!(repository(&found), ("z/pay", Some(By::Job)));
    assert_eq!(job_of(&found), ("Pay", Some(JobBy::Repository)));
    let found = plain("till", &all);
    assert_eq!(repository(&found), ("", None), "it fetches two");
    assert_eq!(job_of(&found), ("till", Some(JobBy::Name)));
}

#[test]
fn a_job_is_told_by_its_repository_and_then_by_its_name() {
    let paths = ["a/pay", "a/till"];
    let by_repository = sources(&paths, &[("build-pay", &["A/Pay"]), ("pay", &["a/other"])]);
    let found = plain("pay", &by_repository);
    assert_eq!(job_of(&found), ("build-pay", Some(JobBy::Repository)));

    let two = sources(&paths, &[("one", &["a/pay"]), ("two", &["a/pay"])]);
    let found = plain("pay", &two);
    assert_eq!(job_of(&found), ("", None));
    assert_eq!(found.jobs, ["one", "two"]);
    let named = sources(&paths, &[("one", &["a/pay"]), ("pay", &["a/pay"])]);
    assert_eq!(
        job_of(&plain("pay", &named)),
        ("pay", Some(JobBy::Repository))
    );

    // What a row cannot name, and what is another project's, is none.
    let unfit = sources(&paths, &[("build pay", &["a/pay"])]);
    assert_eq!(job_of(&plain("pay", &unfit)), ("", None));
    let mut known = known();
    known.jobs.insert((jenkins(), "build-pay".to_owned()));
    let all = [deployment("pay", "r/pay:1", &json!({}), &json!({}))];
    let found = guess(&all, &by_repository, &known).remove(0);
    assert_eq!(job_of(&found), ("pay", Some(JobBy::Name)));
}

#[test]
fn rows_of_one_new_project_have_one_repository() {
    let labels = |name: &str, annotations: Value| {
        let mut one = deployment(name, "r/x:1", &annotations, &json!({}));
        let part_of = ("app.kubernetes.io/part-of".to_owned(), "pay".to_owned());
        one.metadata.labels = Some([part_of].into());
        one
    };
    let said = json!({ SOURCE: "https://git.example/z/payments" });
    let all = [labels("pay-api", json!({})), labels("pay-web", said)];
    let found = guess(&all, &sources(&["a/pay"], &[]), &known());
    let projects: Vec<&str> = found.iter().map(|p| p.row.project.as_str()).collect();
    assert_eq!(projects, ["pay", "pay"]);
    for one in &found {
        assert_eq!(repository(one), ("z/payments", Some(By::Annotation)));
    }
}

#[test]
fn slugs_are_as_gitlab_makes_them() {
    assert_eq!(slug("Apps/Back_End/pay.api"), "apps-back-end-pay-api");
    assert_eq!(slug("_a/b-"), "a-b");
    assert_eq!(slug(&format!("a/{}", "x".repeat(80))).len(), MAX_SLUG);
}
