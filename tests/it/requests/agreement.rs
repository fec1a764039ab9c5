//! The form, the API and the server agree about every document, and whatever they accept becomes
//! objects that hold to the deny policy.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};
use slipway::standards::web::document::{document, typed_of};
use slipway::web::form::Typed;

use crate::support::company::Company;
use crate::support::documents::{all_objects, any_document, denied, judged, workload};

/// What somebody would have typed to say the same.
fn typed(said: &Value) -> Typed {
    let mut typed = typed_of(said);
    for share in ["cpu", "memory"] {
        for (name, quantity) in said[share].as_object().unwrap() {
            let quantity = quantity.as_str().unwrap().to_owned();
            typed.insert(format!("parameters.{share}.{name}"), quantity);
        }
    }
    let rows = |list: &str| said[list].as_array().cloned().unwrap_or_default();
    for list in ["ports", "files", "scratch", "nodes", "env"] {
        for (at, row) in rows(list).iter().enumerate() {
            for (column, cell) in row.as_object().unwrap() {
                let cells = match cell.as_object() {
                    Some(secret) => vec![
                        ("secret.name", &secret["name"]),
                        ("secret.key", &secret["key"]),
                    ],
                    None => vec![(column.as_str(), cell)],
                };
                for (column, cell) in cells {
                    let text = cell
                        .as_str()
                        .map_or_else(|| cell.to_string(), str::to_owned);
                    typed.insert(format!("{list}.{at}.{column}"), text);
                }
            }
        }
    }
    typed
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn form_and_api_and_server_agree_and_no_object_is_more_than_it_may_be(said in any_document()) {
        let by_api = judged(&said);
        let by_form = judged(&document(&typed(&said)));
        prop_assert_eq!(&by_form, &by_api, "{}", said);
        if let Ok(parameters) = by_api {
            // What is written is read as what it was.
            let stored = serde_json::to_value(&parameters).unwrap();
            prop_assert_eq!(&judged(&stored), &Ok(parameters.clone()));
            for object in all_objects(&workload("pay-test", parameters)) {
                prop_assert_eq!(denied(&object), Vec::<String>::new(), "{}", object);
            }
        }
    }
}

/// How many go through the doors themselves.
const THROUGH_THE_DOORS: usize = 150;

/// The same documents in every run.
fn documents() -> Vec<Value> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let any = any_document();
    (0..THROUGH_THE_DOORS)
        .map(|_| any.new_tree(&mut runner).expect("a document").current())
        .collect()
}

/// The portal's own doors say of each document what the functions behind them do: the form's and
/// the API's, by what they answer and which fields they name.
#[tokio::test]
async fn both_doors_of_the_portal_say_the_same_of_each_document() {
    let mut company = Company::start().await;
    company.project("pay").await;
    let lin = &mut company.developer;
    let (mut accepted, mut refused) = (0, 0);
    for said in documents() {
        let body = json!({ "kind": "containers", "project": "pay", "environment": "test",
            "parameters": { "parameters": said }, "note": "Well known" });
        let by_api = lin.api(Method::POST, "/requests", &body).await;
        let typed = typed(&said);
        let mut form: Vec<(&str, &str)> = typed.iter().map(|(k, v)| (&**k, &**v)).collect();
        form.extend([("environment", "test"), ("component", "main")]);
        form.extend([("cluster.sh-test", "true"), ("note", "Well known")]);
        let by_form = lin.post("/projects/pay/containers/new", &form).await;
        let both = (by_api.status, by_form.status);
        let named = |part: &str| -> Vec<String> {
            let problem = by_api.json();
            let fields = problem["fields"].as_array().cloned().unwrap_or_default();
            let all = fields.iter().map(|f| f[part].as_str().expect("text"));
            let mut all: Vec<String> = all.map(str::to_owned).collect();
            all.sort();
            all.dedup();
            all
        };
        match judged(&said) {
            Ok(_) if both == (201, 303) => accepted += 1,
            // What holds as a document may still be against a guard rail of the place.
            Ok(_) => {
                assert_eq!(both, (400, 400), "{said}");
                let codes = named("code");
                assert!(
                    codes.iter().all(|c| c.starts_with("rail-")),
                    "{codes:?} {said}"
                );
            }
            Err(fields) => {
                refused += 1;
                assert_eq!(both, (400, 400), "{said}");
                let of_body = |field: &String| format!("parameters.{field}");
                let fields: Vec<String> = fields.iter().map(of_body).collect();
                assert_eq!(named("field"), fields, "{said}");
            }
        }
    }
    assert!(accepted > 10 && refused > 10, "{accepted} and {refused}");
}

#[test]
fn the_deny_policy_finds_what_it_denies() {
    let object = |pod: Value| {
        json!({"kind": "Deployment", "metadata": {"namespace": "pay-test"},
            "spec": {"template": {"spec": pod}}})
    };
    for bad in [
        json!({"hostNetwork": true}),
        json!({"volumes": [{"name": "a", "hostPath": {"path": "/"}}]}),
        json!({"containers": [{"securityContext": {"privileged": true}}]}),
        json!({"serviceAccountName": "default"}),
    ] {
        assert!(!denied(&object(bad.clone())).is_empty(), "{bad}");
    }
    assert!(!denied(&json!({"kind": "Pod"})).is_empty());
}
