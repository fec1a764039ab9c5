//! One more person in a terminal: who looks, who types, and how they are put out.

use reqwest::Method;
use serde_json::{Value, json};
use slipway_sim::kubernetes::Exec;

use super::program::Program;
use super::stage::{Knock, Stage, Terminal, Way};
use crate::support::Browser;
use crate::support::browser::Answer;
use crate::support::portal::random_key;
use crate::support::seed;

async fn invite(owner: &mut Browser, id: &str, name: &str) -> Answer {
    let path = format!("/terminals/{id}/guest");
    owner
        .api(Method::PUT, &path, &json!({ "person": name }))
        .await
}

async fn keyboard(owner: &mut Browser, id: &str, guest: bool) -> Answer {
    let path = format!("/terminals/{id}/keyboard");
    owner
        .api(Method::PUT, &path, &json!({ "guest": guest }))
        .await
}

async fn dismiss(who: &mut Browser, id: &str) -> Answer {
    let path = format!("/terminals/{id}/guest");
    who.api(Method::DELETE, &path, &json!(null)).await
}

/// A pass for somebody, or the status that they were refused with.
async fn pass(who: &mut Browser, id: &str) -> Result<Way, u16> {
    let path = format!("/terminals/{id}/passes");
    let answer = who.api(Method::POST, &path, &json!(null)).await;
    match answer.status {
        201 => Ok(Way {
            id: id.to_owned(),
            pass: answer.json()["pass"].as_str().unwrap().to_owned(),
        }),
        status => Err(status),
    }
}

async fn come(who: &mut Browser, id: &str) -> Terminal {
    let way = pass(who, id).await.expect("a pass");
    Knock::of(who, &way).enter().await.expect("a terminal")
}

/// Until they are told this of who is in it.
async fn told(terminal: &mut Terminal, so: impl Fn(&Value) -> bool) -> Value {
    loop {
        let said = terminal.hear("company").await;
        if so(&said) {
            return said;
        }
    }
}

/// Marks of a recording that speak of a guest.
async fn marks(stage: &mut Stage, id: &str) -> Vec<String> {
    let cast = stage.cast(id).await;
    let marks = cast.iter().filter(|e| e[1] == "m");
    let marks = marks.map(|e| e[2].as_str().unwrap().to_owned());
    marks.filter(|m| m.ends_with(" zhao")).collect()
}

#[tokio::test]
async fn a_guest_watches_types_when_handed_the_keyboard_and_is_put_out() {
    let mut stage = Stage::start().await;
    let (way, mut owner) = stage.enter().await;
    owner.type_in("echo be''fore\n").await;
    owner.until("before").await;
    assert_eq!(pass(&mut stage.company.ops, &way.id).await.err(), Some(403));
    let home = async |who: &mut Browser| who.get("/").await.body;
    let link = format!(r#"href="/terminals/{}""#, way.id);
    assert!(!home(&mut stage.company.ops).await.contains(&link));
    let lin = &mut stage.company.developer;
    assert_eq!(invite(lin, &way.id, "zhao").await.status, 204);
    assert!(home(&mut stage.company.ops).await.contains(&link));
    let mut guest = come(&mut stage.company.ops, &way.id).await;
    let met = told(&mut guest, |c| c["guest_here"] == true).await;
    assert_eq!(
        (&met["you"], &met["owner"]["user"], &met["columns"]),
        (&json!("guest"), &json!("lin"), &json!(80))
    );
    let met = told(&mut owner, |c| c["guest_here"] == true).await;
    assert_eq!(met["guest"]["person"]["user"], "zhao");
    guest.until("before").await;

    let size = json!({ "kind": "resize", "columns": 10, "rows": 10 });
    guest.tell(&size).await.unwrap();
    guest.type_in("echo only''looks\n").await;
    guest.is_heard().await;
    let lin = &mut stage.company.developer;
    assert_eq!(keyboard(lin, &way.id, true).await.status, 204);
    told(&mut guest, |c| c["guest"]["types"] == true).await;
    told(&mut owner, |c| c["guest"]["types"] == true).await;
    owner.type_in("echo nor''mine\n").await;
    guest.type_in("stty size; echo of''guest\n").await;
    owner.until("ofguest").await;
    assert!(owner.text().contains("24 80"), "{}", owner.text());
    let lin = &mut stage.company.developer;
    assert_eq!(keyboard(lin, &way.id, false).await.status, 204);
    told(&mut owner, |c| c["guest"]["types"] == false).await;
    guest.type_in("echo not''any-more\n").await;
    owner.type_in("echo of''owner\n").await;
    guest.until("ofowner").await;
    for absent in ["onlylooks", "normine", "notany-more"] {
        assert!(!guest.text().contains(absent), "{}", guest.text());
    }

    assert_eq!(
        dismiss(&mut stage.company.developer, &way.id).await.status,
        204
    );
    assert_eq!(guest.hear("dismissed").await["kind"], "dismissed");
    assert!(guest.is_closed().await);
    assert_eq!(pass(&mut stage.company.ops, &way.id).await.err(), Some(403));
    assert!(!home(&mut stage.company.ops).await.contains(&link));
    owner.type_in("exit\n").await;
    owner.hear("ended").await;
    assert_eq!(stage.ending(&way.id).await, "exited");
    let came = [
        "guest-came",
        "keyboard-given",
        "keyboard-taken",
        "guest-left",
    ];
    assert_eq!(
        marks(&mut stage, &way.id).await,
        came.map(|m| format!("{m} zhao"))
    );
    let trail = stage.trail("terminal").await;
    let of_guest = trail.iter().filter(|e| e["after"]["guest"] == "zhao");
    let actions: Vec<_> = of_guest.map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "terminal.dismiss",
            "terminal.keyboard-take",
            "terminal.keyboard-give",
            "terminal.invite",
        ]
    );
    stage.company.check().await;
}

#[tokio::test]
async fn only_somebody_who_may_see_it_is_let_in_and_only_one() {
    let mut stage = Stage::start().await;
    let roles = [slipway::identity::PlatformRole::Auditor];
    stage.company.portal.account("wei", &roles).await;
    let way = stage.open().await;
    let (id, field) = (way.id.as_str(), |answer: &Answer| {
        answer.json()["fields"][0]["code"].clone()
    });
    let lin = &mut stage.company.developer;
    for (name, code) in [
        ("nobody", "terminal-guest-unknown"),
        ("", "terminal-guest-unknown"),
        ("lin", "terminal-guest-unknown"),
        ("chen", "terminal-guest-may-not-look"),
    ] {
        let refused = invite(lin, id, name).await;
        assert_eq!(
            (refused.status, field(&refused)),
            (400, json!(code)),
            "{name}"
        );
    }
    let none = keyboard(lin, id, true).await;
    assert_eq!(
        (none.status, &none.json()["code"]),
        (409, &json!("terminal-guest-none"))
    );
    assert_eq!(dismiss(lin, id).await.status, 204, "nobody is out already");
    assert_eq!(invite(&mut stage.company.ops, id, "wei").await.status, 403);
    let lin = &mut stage.company.developer;
    assert_eq!(invite(lin, id, "wei").await.status, 204);
    let second = invite(lin, id, "zhao").await;
    assert_eq!(
        (second.status, &second.json()["code"]),
        (409, &json!("terminal-guest-there"))
    );
    // An auditor looks, and has no right to a shell.
    let refused = keyboard(lin, id, true).await;
    let expected = (400, json!("terminal-guest-may-not-type"));
    assert_eq!((refused.status, field(&refused)), expected);
    // The owner comes first: a guest starts no shell.
    let mut wei = stage.company.portal.signed_in("wei").await;
    let early = pass(&mut wei, id).await.unwrap();
    assert_eq!(Knock::of(&wei, &early).enter().await.err(), Some(409));
    assert_eq!(dismiss(&mut stage.company.ops, id).await.status, 403);
    assert_eq!(dismiss(&mut wei, id).await.status, 204, "a guest may go");
    assert_eq!(pass(&mut wei, id).await.err(), Some(403));
}

#[tokio::test]
async fn a_guest_who_may_no_longer_be_there_is_out_and_the_shell_goes_on() {
    let mut stage = Stage::start().await;
    seed::member(&stage.company.portal, "pay", "chen", "owner").await;
    let (way, mut owner) = stage.enter().await;
    let lin = &mut stage.company.developer;
    assert_eq!(invite(lin, &way.id, "chen").await.status, 204);
    let mut guest = come(&mut stage.company.tester, &way.id).await;
    told(&mut guest, |c| c["guest_here"] == true).await;
    let path = "/api/v1/projects/pay/members/chen/owner";
    let answer = stage.company.developer.bare(Method::DELETE, path).await;
    assert!(answer.status < 300, "{}", answer.body);
    guest.hear("dismissed").await;
    told(&mut owner, |c| c["guest"].is_null()).await;
    owner.type_in("echo go''on\n").await;
    owner.until("goon").await;
}

/// A guest's slow screen holds nobody up: they are sent on, with a true offset.
#[tokio::test]
async fn a_guest_who_is_slow_holds_nobody_up() {
    let mut stage = Stage::start().await;
    let (way, mut owner) = stage.enter().await;
    let lin = &mut stage.company.developer;
    assert_eq!(invite(lin, &way.id, "zhao").await.status, 204);
    let mut guest = come(&mut stage.company.ops, &way.id).await;
    guest.confirms = false;
    told(&mut guest, |c| c["guest_here"] == true).await;
    told(&mut owner, |c| c["guest_here"] == true).await;
    owner
        .type_in("yes abcdefgh | head -c 4000000; echo the''end\n")
        .await;
    owner.until("theend").await;
    guest.hear("skipped").await;
    guest.confirms = true;
    guest.confirm().await;
    guest.until("theend").await;
    assert!((guest.shown.len() as u64) < guest.offset, "all of it");
    assert!(guest.offset > 4_000_000, "{}", guest.offset);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_comes_through_another_replica_and_is_put_out_there() {
    let key = random_key();
    let mut stage = Stage::start_with(&[("SECRET_KEYS", &key)]).await;
    stage.containers("sh-test", Exec::Echoes);
    let mut program = Program::start(&stage, &key).await;
    let (way, mut owner) = program.enter(&stage).await;
    // All of it is asked of the replica that does not hold the shell.
    let lin = &mut stage.company.developer;
    assert_eq!(invite(lin, &way.id, "zhao").await.status, 204);
    let mut guest = come(&mut stage.company.ops, &way.id).await;
    told(&mut guest, |c| c["guest_here"] == true).await;
    told(&mut owner, |c| c["guest_here"] == true).await;
    owner.type_in("of the owner").await;
    guest.until("of the owner").await;
    let lin = &mut stage.company.developer;
    assert_eq!(keyboard(lin, &way.id, true).await.status, 204);
    told(&mut guest, |c| c["guest"]["types"] == true).await;
    guest.type_in("of the guest").await;
    owner.until("of the guest").await;
    assert_eq!(
        dismiss(&mut stage.company.developer, &way.id).await.status,
        204
    );
    guest.hear("dismissed").await;
}
