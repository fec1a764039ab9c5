//! The form, the API and the server agree about every document, and whatever they accept becomes
//! objects that hold to the deny policy.

use proptest::prelude::*;
use serde_json::{Value, json};
use slipway::standards::web::document::{document, typed_of};
use slipway::web::form::Typed;

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
    for list in ["files", "scratch", "nodes", "env"] {
        for (at, row) in rows(list).iter().enumerate() {
            for (column, cell) in row.as_object().unwrap() {
                let cells = match cell.as_object() {
                    Some(secret) => vec![("secret", &secret["name"]), ("key", &secret["key"])],
                    None => vec![(column.as_str(), cell)],
                };
                for (column, cell) in cells {
                    let text = cell.as_str().unwrap().to_owned();
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
