//! Writing objects: who made what, who overrules whom.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Secret;
use serde_json::{Map, Value, json};
use slipway::integrations::CallError;
use slipway::integrations::kubernetes::path::{Path as Place, Step};
use slipway::integrations::kubernetes::{ApplyError, NamespaceError};

use super::target::Target;

/// A Deployment of one container `app`, with labels to select it by and no `replicas`.
pub fn deployment(target: &Target, image: &str) -> Deployment {
    with(target, &json!({"name": "app", "image": image}))
}

/// The same with a container of one's own.
pub fn with(target: &Target, container: &Value) -> Deployment {
    serde_json::from_value(json!({
        "metadata": {"name": "shop", "namespace": target.namespace},
        "spec": {
            "progressDeadlineSeconds": 5,
            "selector": {"matchLabels": {"app.kubernetes.io/name": "shop"}},
            "template": {
                "metadata": {"labels": {"app.kubernetes.io/name": "shop"}},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
            },
        },
    }))
    .expect("a Deployment")
}

pub async fn read(target: &Target) -> Deployment {
    let found = target
        .kubernetes
        .get::<Deployment>(&target.namespace, "shop")
        .await;
    found.expect("an answer").expect("a Deployment")
}

pub fn replicas(deployment: &Deployment) -> Option<i32> {
    deployment.spec.as_ref().and_then(|spec| spec.replicas)
}

pub async fn scale_to(target: &Target, replicas: i32) {
    target
        .until("a scale that is not stale", async || {
            let seen = target
                .kubernetes
                .scale(&target.namespace, "shop")
                .await
                .expect("a scale");
            let set = target
                .kubernetes
                .set_scale(&target.namespace, "shop", &seen, replicas);
            match set.await {
                Ok(scale) => Some(scale),
                Err(ApplyError::Stale) => None,
                Err(error) => panic!("{error}"),
            }
        })
        .await;
}

fn path(target: &Target) -> String {
    format!(
        "/apis/apps/v1/namespaces/{}/deployments/shop",
        target.namespace
    )
}

pub async fn a_namespace_is_made_once_and_never_taken_over(target: &Target) {
    let kubernetes = &target.kubernetes;
    kubernetes
        .ensure_namespace(&target.namespace)
        .await
        .expect("the same again");
    let foreign = kubernetes.ensure_namespace("kube-system").await;
    assert!(matches!(foreign, Err(NamespaceError::Foreign)));
    let absent = kubernetes.managed_namespace("contract-absent").await;
    assert!(matches!(
        absent,
        Err(NamespaceError::Call(CallError::NotFound { .. }))
    ));
}

pub async fn a_namespace_goes_with_what_is_in_it(target: &Target) {
    let kubernetes = &target.kubernetes;
    let foreign = kubernetes.delete_namespace("kube-system").await;
    assert!(matches!(foreign, Err(NamespaceError::Foreign)));
    let wanted = deployment(target, "r/placeholder:1");
    kubernetes
        .create_deployment_placeholder(&wanted)
        .await
        .expect("a placeholder");
    kubernetes
        .delete_namespace(&target.namespace)
        .await
        .expect("an end");
    target
        .until("a namespace that is gone", async || {
            match kubernetes.delete_namespace(&target.namespace).await {
                Err(NamespaceError::Terminating) => None,
                Err(NamespaceError::Call(CallError::NotFound { .. })) => Some(()),
                other => panic!("{other:?}"),
            }
        })
        .await;
    let left: Option<Deployment> = kubernetes
        .get(&target.namespace, "shop")
        .await
        .expect("an answer");
    assert!(left.is_none());
}

pub async fn a_placeholder_starts_nothing(target: &Target) {
    let kubernetes = &target.kubernetes;
    let mut wanted = deployment(target, "r/placeholder:1");
    wanted.spec.get_or_insert_default().replicas = Some(3);
    let made = kubernetes
        .create_deployment_placeholder(&wanted)
        .await
        .expect("a placeholder");
    assert_eq!(replicas(&made), Some(0));
    let again = kubernetes.create_deployment_placeholder(&wanted).await;
    assert!(matches!(
        again,
        Err(ApplyError::Call(CallError::Conflict { .. }))
    ));
    target
        .until("an observed placeholder", async || {
            read(target).await.status?.observed_generation
        })
        .await;
    let labels = BTreeMap::from([("app.kubernetes.io/name".to_owned(), "shop".to_owned())]);
    assert!(
        kubernetes
            .pods(&target.namespace, &labels)
            .await
            .expect("a list")
            .is_empty()
    );
    // What our own creating POST set is nobody else's.
    let first = deployment(target, "r/shop:1");
    let taken = kubernetes
        .what_apply_would_overwrite(&first)
        .await
        .expect("an answer");
    assert_eq!(taken, Vec::new());
}

pub async fn an_apply_leaves_the_scale_alone(target: &Target) {
    let kubernetes = &target.kubernetes;
    let placeholder = deployment(target, "r/placeholder:1");
    kubernetes
        .create_deployment_placeholder(&placeholder)
        .await
        .expect("a placeholder");
    let applied = kubernetes
        .apply(&deployment(target, "r/shop:1"))
        .await
        .expect("an apply");
    assert_eq!(replicas(&applied), Some(0));
    scale_to(target, 2).await;
    let applied = kubernetes
        .apply(&deployment(target, "r/shop:2"))
        .await
        .expect("an apply");
    assert_eq!(replicas(&applied), Some(2));
}

pub async fn an_apply_from_an_old_reading_is_stale(target: &Target) {
    let kubernetes = &target.kubernetes;
    let mut old = kubernetes
        .apply(&deployment(target, "r/shop:1"))
        .await
        .expect("an apply");
    kubernetes
        .apply(&deployment(target, "r/shop:2"))
        .await
        .expect("another apply");
    let mut late = deployment(target, "r/shop:3");
    late.metadata.resource_version = old.metadata.resource_version.take();
    let refused = kubernetes.apply(&late).await;
    assert!(matches!(refused, Err(ApplyError::Stale)), "{refused:?}");
}

/// A version alone does not keep an apply from making again what was deleted; an identity does.
pub async fn an_apply_makes_again_what_was_deleted_unless_it_names_its_uid(target: &Target) {
    let kubernetes = &target.kubernetes;
    let first = kubernetes
        .apply(&deployment(target, "r/shop:1"))
        .await
        .expect("an apply");
    kubernetes
        .delete::<Deployment>(&target.namespace, "shop")
        .await
        .expect("a deletion");
    target
        .until("the end of it", async || {
            let found = kubernetes
                .get::<Deployment>(&target.namespace, "shop")
                .await;
            found.expect("an answer").is_none().then_some(())
        })
        .await;
    let mut late = deployment(target, "r/shop:2");
    late.metadata.resource_version = first.metadata.resource_version;
    late.metadata.uid = first.metadata.uid;
    let first_uid = late.metadata.uid.clone();
    let refused = kubernetes.apply(&late).await;
    assert!(matches!(refused, Err(ApplyError::Stale)), "{refused:?}");
    late.metadata.uid = None;
    kubernetes
        .apply(&late)
        .await
        .expect("made again, whatever the version says");
    late.metadata.resource_version = None;
    late.metadata.uid = first_uid;
    let refused = kubernetes.apply(&late).await;
    assert!(matches!(refused, Err(ApplyError::Stale)), "{refused:?}");
}

pub async fn what_an_apply_leaves_out_is_removed(target: &Target) {
    let env = |names: &[&str]| -> Vec<Value> {
        names
            .iter()
            .map(|name| json!({"name": name, "value": "1"}))
            .collect()
    };
    let probe = json!({"httpGet": {"path": "/health", "port": 8080}});
    let full = json!({"name": "app", "image": "r/shop:1", "env": env(&["A", "B"]),
        "readinessProbe": probe, "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}});
    let kubernetes = &target.kubernetes;
    kubernetes
        .apply(&with(target, &full))
        .await
        .expect("an apply");
    let less = json!({"name": "app", "image": "r/shop:1", "env": env(&["B"]),
        "resources": {"limits": {"cpu": "1"}}});
    let applied = kubernetes
        .apply(&with(target, &less))
        .await
        .expect("an apply");
    let applied = serde_json::to_value(applied).expect("JSON");
    let container = &applied["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["env"], json!([{"name": "B", "value": "1"}]));
    assert_eq!(container["readinessProbe"], Value::Null);
    assert_eq!(container["resources"]["limits"], json!({"cpu": "1"}));
}

pub async fn other_hands_are_seen_before_they_are_overruled(target: &Target) {
    let kubernetes = &target.kubernetes;
    let ours = deployment(target, "r/shop:1");
    kubernetes.apply(&ours).await.expect("an apply");
    let body = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "app", "image": "r/shop:by-hand"},
    ]}}}});
    let by_hand = format!("{}?fieldManager=kubectl-edit", path(target));
    assert_eq!(target.other().patch(&by_hand, &body).await.0, 200);
    let taken = kubernetes
        .what_apply_would_overwrite(&ours)
        .await
        .expect("an answer");
    let [taken] = taken.as_slice() else {
        panic!("one field, not {taken:?}");
    };
    assert_eq!(
        taken.field,
        ".spec.template.spec.containers[name=\"app\"].image"
    );
    assert_eq!(taken.manager, "kubectl-edit");
    let applied = kubernetes.apply(&ours).await.expect("a forced apply");
    let spec = applied.spec.expect("a spec").template.spec.expect("a pod");
    assert_eq!(spec.containers[0].image.as_deref(), Some("r/shop:1"));
    let taken = kubernetes
        .what_apply_would_overwrite(&ours)
        .await
        .expect("an answer");
    assert_eq!(taken, Vec::new());
}

fn item(list: &str, name: &str) -> Place {
    let container = Map::from_iter([("name".to_owned(), json!("app"))]);
    let named = Map::from_iter([("name".to_owned(), json!(name))]);
    let spec = Place::default()
        .field("spec")
        .field("template")
        .field("spec");
    let app = spec.field("containers").below(Step::Item(container));
    app.field(list).below(Step::Item(named))
}

/// What comes of it on top of the newest reading: controllers write to the object as well.
async fn without(target: &Target, places: &[&Place]) -> Result<Deployment, ApplyError> {
    target
        .until("a removal that is not stale", async || {
            match target.kubernetes.without(read(target).await, places).await {
                Err(ApplyError::Stale) => None,
                other => Some(other),
            }
        })
        .await
}

pub async fn what_another_hand_added_goes_once(target: &Target) {
    let kubernetes = &target.kubernetes;
    let ours = with(
        target,
        &json!({"name": "app", "image": "r/shop:1", "env": [{"name": "M", "value": "1"}]}),
    );
    kubernetes.apply(&ours).await.expect("an apply");
    let added = [("A", "1"), ("B", "2"), ("C", "3")];
    let added = added.map(|(name, value)| json!({"name": name, "value": value}));
    let body = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "app", "env": added, "workingDir": "/srv"},
    ]}}}});
    let by_hand = format!("{}?fieldManager=kubectl-edit", path(target));
    assert_eq!(target.other().patch(&by_hand, &body).await.0, 200);
    let old = read(target).await;
    let mut moved = ours.clone();
    moved.metadata.annotations = Some(BTreeMap::from([("slipway/sequence".into(), "2".into())]));
    kubernetes.apply(&moved).await.expect("an apply");

    let (a, c, gone) = (item("env", "A"), item("env", "C"), item("env", "X"));
    let places = [&a, &c, &gone];
    let stale = kubernetes.without(old, &places).await;
    assert!(matches!(stale, Err(ApplyError::Stale)), "{stale:?}");
    let left = without(target, &places).await.expect("an object");
    let left = serde_json::to_value(&left).expect("JSON");
    let container = &left["spec"]["template"]["spec"]["containers"][0];
    let names = |container: &Value| -> Vec<String> {
        let items = container["env"].as_array().into_iter().flatten();
        let mut names: Vec<String> = items.map(|i| i["name"].to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(names(container), ["\"B\"", "\"M\""]);
    assert_eq!(container["workingDir"], "/srv");
    // What is not there any more needs no call, and changes nothing.
    let again: Deployment = serde_json::from_value(left.clone()).expect("a Deployment");
    let again = kubernetes.without(again, &places).await.expect("an object");
    assert_eq!(serde_json::to_value(again).expect("JSON"), left);
    // And the next apply brings none of it back.
    let applied = kubernetes.apply(&moved).await.expect("an apply");
    let applied = serde_json::to_value(applied).expect("JSON");
    let container = &applied["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(names(container), ["\"B\"", "\"M\""]);
}

/// A check that another hand made to ask otherwise goes whole: without its handler it is none.
pub async fn a_check_goes_with_its_handler(target: &Target) {
    let kubernetes = &target.kubernetes;
    let ours = json!({"name": "app", "image": "r/shop:1",
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 20}});
    let ours = with(target, &ours);
    kubernetes.apply(&ours).await.expect("an apply");
    let body = json!({"spec": {"template": {"spec": {"containers": [{"name": "app",
        "livenessProbe": {"httpGet": null, "tcpSocket": {"port": 8080}}}]}}}});
    let by_hand = format!("{}?fieldManager=kubectl-edit", path(target));
    assert_eq!(target.other().patch(&by_hand, &body).await.0, 200);
    let container = Map::from_iter([("name".to_owned(), json!("app"))]);
    let spec = Place::default()
        .field("spec")
        .field("template")
        .field("spec");
    let app = spec.field("containers").below(Step::Item(container));
    let handler = app.field("livenessProbe").field("tcpSocket");
    let left = without(target, &[&handler]).await;
    let left = serde_json::to_value(left.expect("an object")).expect("JSON");
    let probe = |object: &Value| {
        object["spec"]["template"]["spec"]["containers"][0]["livenessProbe"].clone()
    };
    assert_eq!(probe(&left), Value::Null);
    let applied = kubernetes.apply(&ours).await.expect("an apply");
    let applied = probe(&serde_json::to_value(applied).expect("JSON"));
    assert_eq!(
        (&applied["httpGet"]["path"], &applied["tcpSocket"]),
        (&json!("/health"), &Value::Null)
    );
    // What cannot be without a field says so, and is not taken for a moved object.
    let image = app.field("image");
    let invalid = without(target, &[&image]).await;
    assert!(
        matches!(invalid, Err(ApplyError::Invalid { .. })),
        "{invalid:?}"
    );
}

pub async fn every_change_counts_as_a_generation_and_a_repeat_does_not(target: &Target) {
    let kubernetes = &target.kubernetes;
    let mut wanted = deployment(target, "r/shop:1");
    let first = kubernetes.apply(&wanted).await.expect("an apply");
    let note = |text: &str| BTreeMap::from([("slipway/sequence".to_owned(), text.to_owned())]);
    wanted.metadata.annotations = Some(note("2"));
    let noted = kubernetes.apply(&wanted).await.expect("an apply");
    assert!(
        noted.metadata.generation > first.metadata.generation,
        "a note counts too"
    );
    let template = &mut wanted.spec.get_or_insert_default().template;
    template.metadata.get_or_insert_default().annotations = Some(note("2"));
    let rolled = kubernetes.apply(&wanted).await.expect("an apply");
    assert!(
        rolled.metadata.generation > noted.metadata.generation,
        "a note on the pods"
    );
    let again = kubernetes.apply(&wanted).await.expect("an apply");
    assert_eq!(again.metadata.generation, rolled.metadata.generation);
}

pub async fn content_that_cannot_be_is_refused_by_its_field(target: &Target) {
    let mut wanted = deployment(target, "r/shop:1");
    let template = &mut wanted.spec.get_or_insert_default().template;
    template.metadata.get_or_insert_default().labels = Some(BTreeMap::new());
    let refused = target.kubernetes.apply(&wanted).await;
    let Err(ApplyError::Invalid { fields, .. }) = refused else {
        panic!("labels that the selector does not select: {refused:?}");
    };
    assert_eq!(fields[0].field, "spec.template.metadata.labels");
}

pub async fn a_field_that_does_not_exist_is_refused(target: &Target) {
    let mut wanted = serde_json::to_value(deployment(target, "r/shop:1")).expect("JSON");
    wanted["spec"]["template"]["spec"]["containers"][0]["imagee"] = json!("r/shop:2");
    let other = target.other();
    let apply = format!("{}?fieldManager=x&fieldValidation=Strict", path(target));
    let (code, told) = other
        .call("PATCH", &apply, "application/apply-patch+yaml", &wanted)
        .await;
    // A failure of the server by its code, and of the client by what it says.
    assert_eq!(code, 500, "{told}");
    assert!(
        told["message"]
            .as_str()
            .is_some_and(|text| text.contains("imagee")),
        "{told}"
    );
    let create = path(target).replace("/shop", "?fieldValidation=Strict");
    let (code, told) = other
        .call("POST", &create, "application/json", &wanted)
        .await;
    assert_eq!(
        (code, &told["reason"]),
        (400, &json!("BadRequest")),
        "{told}"
    );
}

pub async fn secrets_are_made_read_and_deleted(target: &Target) {
    let (kubernetes, namespace) = (&target.kubernetes, &target.namespace);
    let secret: Secret = serde_json::from_value(json!({
        "metadata": {"name": "shop-v1", "namespace": namespace},
        "stringData": {"PASSWORD": "correct horse"},
    }))
    .expect("a Secret");
    kubernetes.create(&secret).await.expect("a Secret");
    let found = kubernetes
        .get::<Secret>(namespace, "shop-v1")
        .await
        .expect("an answer");
    let data = found.and_then(|secret| secret.data).expect("data");
    assert_eq!(data["PASSWORD"].0, b"correct horse");
    for _ in 0..2 {
        kubernetes
            .delete::<Secret>(namespace, "shop-v1")
            .await
            .expect("gone, or gone already");
    }
    let found = kubernetes
        .get::<Secret>(namespace, "shop-v1")
        .await
        .expect("an answer");
    assert!(found.is_none());
}
