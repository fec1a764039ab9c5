//! A shell beside a container whose image has none.

use reqwest::Method;
use serde_json::{Value, json};
use slipway_sim::kubernetes::{Exec, Rights};

use super::stage::{Stage, Way, open};

const IMAGE: &str = "registry.example/tools/busybox:1.37";
const MISSING: &str = "registry.example/tools/none:1";

/// Containers hold nothing, and operations allow two images, of which the registry has one.
async fn stage() -> Stage {
    let images = format!("{IMAGE}, {MISSING}");
    let stage = Stage::start_with(&[("DEBUG_IMAGES", &images)]).await;
    stage.containers("sh-test", Exec::HoldsNothing);
    let mut registry = stage.company.world.registry();
    registry.put_image("tools/busybox", "1.37", &[]);
    drop(registry);
    stage
}

fn asked(stage: &Stage, image: &str) -> Value {
    let mut asked = stage.asked();
    asked["debug_image"] = json!(image);
    asked
}

async fn ask(stage: &mut Stage, image: &str) -> Way {
    let asked = asked(stage, image);
    open(&mut stage.company.developer, &asked).await
}

/// What was put beside the pod's own containers.
fn beside(stage: &Stage) -> Vec<Value> {
    let mut state = stage.company.world.kubernetes();
    let pod = state.cluster("sh-test").unwrap();
    let pod = pod.object("Pod", "pay-test", &stage.pod).unwrap();
    let list = pod["spec"]["ephemeralContainers"].as_array();
    list.cloned().unwrap_or_default()
}

/// Lets the cluster go on as soon as so many are there.
async fn settle(stage: &Stage, count: usize) {
    while beside(stage).len() < count {
        tokio::task::yield_now().await;
    }
    stage.company.world.settle().await;
}

#[tokio::test]
async fn a_shell_runs_beside_a_container_that_has_none() {
    let mut stage = stage().await;
    let (_, mut terminal) = stage.enter().await;
    assert_eq!(terminal.hear("ended").await["ending"], "no-shell");
    assert_eq!(beside(&stage), [] as [Value; 0], "nobody has chosen one");

    let way = ask(&mut stage, IMAGE).await;
    let mut terminal = stage.come(&way).await;
    settle(&stage, 1).await;
    terminal.type_in("echo bes''ide\n").await;
    terminal.until("beside").await;
    let row = stage.until(&way.id, |_| true).await;
    let debug = json!({ "image": IMAGE, "target": "pay" });
    assert_eq!(row["debug"], debug);
    let put = beside(&stage);
    assert_eq!(
        (&put[0]["name"], &put[0]["image"]),
        (&row["container"], &json!(IMAGE))
    );
    assert_eq!(put[0]["targetContainerName"], "pay");

    // Files are its own, and not those of the container that it looks at.
    let folder = |container: &str| {
        let mut state = stage.company.world.kubernetes();
        let cluster = state.cluster("sh-test").unwrap();
        cluster.folder("pay-test", &stage.pod, container).unwrap()
    };
    let (own, other) = (folder(row["container"].as_str().unwrap()), folder("pay"));
    std::fs::write(own.join("note"), "hello").unwrap();
    assert_ne!(own, other);
    let path = format!(
        "/terminals/{}/file?path={}",
        way.id,
        own.join("note").display()
    );
    let file = stage.company.developer.api_get(&path).await;
    assert_eq!((file.status, file.body.as_str()), (200, "hello"));

    // Whoever comes back finds the same shell in the same container.
    let again = stage.again(&way.id).await;
    let mut page = stage.come(&again).await;
    page.until("beside").await;
    page.type_in("exit 3\n").await;
    assert_eq!(page.hear("ended").await["exit_code"], 3);
    assert_eq!(stage.ending(&way.id).await, "exited");
    assert_eq!(beside(&stage).len(), 1);
    stage.recorded(&way.id, "beside").await;
    let trail = stage.trail("terminal.open").await;
    assert_eq!(trail[0]["after"]["debug"], debug);
    assert_eq!(trail[1]["after"]["debug"], json!(null));
    stage.company.check().await;
}

#[tokio::test]
async fn the_pages_offer_one_where_there_is_no_shell_and_say_where_it_is() {
    let mut stage = stage().await;
    let way = stage.open().await;
    let (shown, kept) = (
        format!("/terminals/{}", way.id),
        format!("/recordings/{}", way.id),
    );
    let option = format!("<option>{IMAGE}</option>");
    let lin = &mut stage.company.developer;
    let page = lin.get(&shown).await.body;
    assert!(
        page.contains("id=\"debug\" hidden") && page.contains(&option),
        "{page}"
    );
    let open = lin.get(&kept).await.body;
    assert!(
        !open.contains(&option),
        "only what has no shell is offered one: {open}"
    );
    let mut terminal = stage.come(&way).await;
    assert_eq!(terminal.hear("ended").await["ending"], "no-shell");
    stage.ending(&way.id).await;

    let lin = &mut stage.company.developer;
    let page = lin.get(&kept).await.body;
    assert!(page.contains(&option), "{page}");
    assert!(page.contains("name=\"container\" value=\"pay\""), "{page}");
    let workload = stage.workload.as_str().unwrap();
    let address = format!("/terminals/new?workload={workload}&pod={}", stage.pod);
    assert!(lin.get(&address).await.body.contains(&option));

    let form = |image| {
        [
            ("workload", workload),
            ("pod", &stage.pod),
            ("container", "pay"),
            ("reason", "killed at 9"),
            ("debug_image", image),
        ]
    };
    let refused = lin.post("/terminals", &form("r.example/x:1")).await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.body.contains("Choose one of theirs"),
        "{}",
        refused.body
    );
    let done = lin.post("/terminals", &form(IMAGE)).await;
    assert_eq!(done.status, 303, "{}", done.body);
    let list = lin.get("/recordings").await.body;
    assert!(
        list.contains("Debug container") && list.contains("beside pay"),
        "{list}"
    );
    let to = done.header("location").to_owned();
    let page = lin.get(&to).await.body;
    assert!(
        page.contains("data-debug") && page.contains("beside pay"),
        "{page}"
    );
    let page = lin.get(&to.replace("terminals", "recordings")).await.body;
    assert!(
        page.contains(IMAGE) && page.contains("beside pay"),
        "{page}"
    );

    let mut none = Stage::start().await;
    none.containers("sh-test", Exec::HoldsNothing);
    let (way, mut terminal) = none.enter().await;
    assert_eq!(terminal.hear("ended").await["ending"], "no-shell");
    none.ending(&way.id).await;
    let kept = format!("/recordings/{}", way.id);
    let page = none.company.developer.get(&kept).await.body;
    assert!(page.contains("SLIPWAY_DEBUG_IMAGES"), "{page}");
}

#[tokio::test]
async fn only_an_image_that_operations_allow_is_taken() {
    let mut stage = stage().await;
    let refused = async |stage: &mut Stage, image: &str| {
        let asked = asked(stage, image);
        let lin = &mut stage.company.developer;
        let answer = lin.api(Method::POST, "/terminals", &asked).await;
        let field = answer.json()["fields"][0].clone();
        (answer.status, field["field"].clone(), field["code"].clone())
    };
    let other = refused(&mut stage, "registry.example/tools/busybox:1.38").await;
    let unknown = "debug-image-unknown";
    assert_eq!(other, (400, json!("debug_image"), json!(unknown)));
    let mut none = Stage::start().await;
    let off = refused(&mut none, IMAGE).await;
    assert_eq!(off, (400, json!("debug_image"), json!("debug-images-none")));
    assert_eq!(beside(&stage).len() + beside(&none).len(), 0);
}

#[tokio::test]
async fn a_debug_container_that_does_not_come_is_an_ending_in_words() {
    let mut stage = stage().await;
    let way = ask(&mut stage, MISSING).await;
    let mut terminal = stage.come(&way).await;
    settle(&stage, 1).await;
    assert_eq!(terminal.hear("ended").await["ending"], "debug-no-image");
    assert_eq!(stage.ending(&way.id).await, "debug-no-image");

    let denied = Rights::AllBut(vec![(
        "pods/ephemeralcontainers".to_owned(),
        "patch".to_owned(),
    )]);
    let company = &stage.company;
    company
        .test
        .kubeconfig_for(&company.world, "sh-test", "admin", denied);
    let way = ask(&mut stage, IMAGE).await;
    let mut terminal = stage.come(&way).await;
    assert_eq!(terminal.hear("ended").await["ending"], "debug-refused");
    assert_eq!(stage.ending(&way.id).await, "debug-refused");
    let lin = &mut stage.company.developer;
    let open = lin.api_get("/recordings?state=open").await.json();
    assert_eq!(open["items"], json!([]));
    stage.company.check().await;
}

#[tokio::test]
async fn whoever_ends_it_does_not_wait_for_its_container() {
    let mut stage = stage().await;
    let way = ask(&mut stage, IMAGE).await;
    let mut terminal = stage.come(&way).await;
    while beside(&stage).is_empty() {
        tokio::task::yield_now().await;
    }
    let path = format!("/terminals/{}", way.id);
    let lin = &mut stage.company.developer;
    let done = lin.api(Method::DELETE, &path, &json!(null)).await;
    assert_eq!(done.status, 204);
    assert_eq!(terminal.hear("ended").await["ending"], "closed");
    assert_eq!(stage.ending(&way.id).await, "closed");
}

#[tokio::test]
async fn a_debug_container_asks_for_the_same_right() {
    let mut stage = Stage::start_in_production().await;
    let asked = asked(&stage, IMAGE);
    let tester = &mut stage.company.tester;
    let refused = tester.api(Method::POST, "/terminals", &asked).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
}
