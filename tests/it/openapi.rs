//! The description of the API. That every answer in these tests is as described is held by
//! `support::described`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use slipway::web::api;

use crate::support::Portal;

/// A visitor without an account reads the description and opens Swagger UI, and no file of it
/// names another host.
#[tokio::test]
async fn it_is_served_with_its_reader() {
    let portal = Portal::start().await;
    let mut visitor = portal.browser();
    let document = visitor.get("/api/v1/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], "/api/v1");
    assert_eq!(
        visitor.get("/api/docs").await.header("location"),
        "/api/docs/"
    );
    let page = visitor.get("/api/docs/").await;
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("://"), "{}", page.body);
    for file in ["swagger-ui-bundle.js", "swagger-ui.css", "index.css"] {
        assert!(page.body.contains(file), "{}", page.body);
        assert_eq!(visitor.get(&format!("/api/docs/{file}")).await.status, 200);
    }
    let start = visitor.get("/api/docs/swagger-initializer.js").await;
    assert!(
        start.body.contains("/api/v1/openapi.json"),
        "{}",
        start.body
    );
    assert_eq!(visitor.get("/api/docs/../../Cargo.toml").await.status, 404);
    assert_eq!(visitor.get("/api/docs/none.js").await.status, 404);
}

/// Whoever generates a client gets a name and a sentence for each call.
#[test]
fn every_call_has_a_name_and_a_sentence() {
    let document = serde_json::to_value(api::document()).unwrap();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, call) in item.as_object().unwrap() {
            let name = call["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is there twice");
            let summary = call["summary"].as_str().unwrap_or_default();
            assert!(summary.ends_with('.'), "{method} {path}: {summary:?}");
            let problem = &call["responses"]["default"]["content"]["application/problem+json"];
            assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem");
            let keyed = call["parameters"].to_string().contains("Idempotency-Key");
            assert_eq!(keyed, method == "post", "{method} {path}");
        }
    }
    assert!(names.len() > 70, "{}", names.len());
}

/// Two types of one name would overwrite each other without a word.
#[test]
fn no_two_types_share_a_name() {
    let document = serde_json::to_value(api::document()).unwrap();
    let described = document["components"]["schemas"].as_object().unwrap();
    let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for name in named(&text).filter(|name| described.contains_key(name)) {
            places.entry(name).or_default().push(file.clone());
        }
    }
    let twice: Vec<_> = places.iter().filter(|(_, files)| files.len() > 1).collect();
    assert!(twice.is_empty(), "rename with `as`: {twice:#?}");
    let found = places.len();
    assert!(
        found > 60,
        "{found} of {} types were found",
        described.len()
    );
    let missing = refs(&document)
        .into_iter()
        .filter(|r| !described.contains_key(r));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<String>::new());
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|p| p.is_dir());
    let inner = folders.iter().flat_map(|f| sources(f));
    files.into_iter().chain(inner).collect()
}

/// The names under which a file's types are described: of each `ToSchema` and each list of words.
fn named(text: &str) -> impl Iterator<Item = String> {
    let mut names = Vec::new();
    let (mut derived, mut renamed, mut in_words) = (false, None, false);
    for line in text.lines() {
        in_words = (in_words || line.starts_with("words! {")) && line != "}";
        derived |= line.contains("ToSchema");
        if let Some((_, alias)) = line.split_once("#[schema(as = ") {
            renamed = alias.split(')').next().map(str::to_owned);
        }
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric()).collect();
        let words: Vec<&str> = words.into_iter().filter(|w| !w.is_empty()).collect();
        let at = words.iter().position(|w| ["struct", "enum"].contains(w));
        let Some(name) = at.and_then(|at| words.get(at + 1)) else {
            continue;
        };
        let alias = at.filter(|at| words.get(at + 2) == Some(&"as"));
        let alias = alias
            .and_then(|at| words.get(at + 3))
            .map(|a| (*a).to_owned());
        if line.trim_end().ends_with('{') && (derived || in_words) {
            names.push(renamed.take().or(alias).unwrap_or((*name).to_owned()));
        }
        (derived, renamed) = (false, None);
    }
    names.into_iter()
}

fn refs(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(to) = value["$ref"].as_str() {
        found.insert(to.rsplit('/').next().unwrap_or(to).to_owned());
    }
    let inner: Vec<&Value> = match value {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(items) => items.iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    found.extend(inner.into_iter().flat_map(refs));
    found
}
