//! The pages of releases and containers, through the front door.

use sqlx::{AssertSqlSafe, Executor as _};

use slipway::identity::PlatformRole;

use crate::support::Portal;

const RELEASES: &str = include_str!("fixtures/releases.sql");
const HERE: &str = "/projects/pay-gateway";

async fn company() -> Portal {
    let portal = Portal::start().await;
    for name in ["dev", "test1", "own", "stranger"] {
        portal.account(name, &[]).await;
    }
    portal.account("ops", &[PlatformRole::Ops]).await;
    let mut connection = portal.db.owner.acquire().await.unwrap();
    connection.execute(AssertSqlSafe(RELEASES)).await.unwrap();
    drop(connection);
    portal
}

#[tokio::test]
async fn history_is_filtered_and_paged() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let all = dev.get(&format!("{HERE}/releases")).await;
    assert_eq!(all.status, 200);
    assert!(all.body.contains("Settlement file by 02:00"));
    let failed = dev.get(&format!("{HERE}/releases?state=failed")).await;
    assert!(failed.body.contains("Daily rates from the new table"));
    assert!(!failed.body.contains("Settlement file by 02:00"));
    let page = dev.get(&format!("{HERE}/releases?limit=2")).await;
    assert!(page.body.contains("after="));
    let wrong = dev.get(&format!("{HERE}/releases?state=nonsense")).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn a_release_is_for_those_who_may_see_its_project() {
    let portal = company().await;
    let mut stranger = portal.signed_in("stranger").await;
    for path in ["releases", "releases/42", "releases/42/log", "containers"] {
        let answer = stranger.get(&format!("{HERE}/{path}")).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let mut dev = portal.signed_in("dev").await;
    assert_eq!(dev.get(&format!("{HERE}/releases/99")).await.status, 404);
}

#[tokio::test]
async fn every_state_has_its_page_without_untranslated_words() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    for number in 40..=46 {
        let answer = dev.get(&format!("{HERE}/releases/{number}")).await;
        assert_eq!(answer.status, 200, "{number}");
        assert!(!answer.body.contains('⟦'), "{number}: {}", answer.body);
        let primary = answer.body.matches("btn-primary").count();
        assert!(primary <= 1, "{number} has {primary} primary buttons");
    }
    let log = dev.get(&format!("{HERE}/releases/42/log")).await;
    assert_eq!(log.header("content-type"), "text/plain; charset=utf-8");
    assert!(log.body.contains("<script>alert(1)</script>"));
    let page = dev.get(&format!("{HERE}/releases/42")).await;
    assert!(!page.body.contains("<script>alert(1)"));
}

#[tokio::test]
async fn who_may_not_confirm_reads_who_may() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let path = format!("{HERE}/releases/43");
    let page = dev.get(&path).await;
    assert!(
        page.body
            .contains("Only testers of the project may confirm: test1")
    );
    let form = [("digest", "sha256:0"), ("note", "")];
    let refused = dev.post(&format!("{path}/confirmation"), &form).await;
    assert_eq!(refused.status, 403);
    assert!(
        refused
            .body
            .contains("Only testers of the project may confirm.")
    );
    let mut tester = portal.signed_in("test1").await;
    let form = [("digest", "sha256:0"), ("note", "Tested the till.")];
    let refused = tester.post(&format!("{path}/confirmation"), &form).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("You looked at another one."));
    assert!(refused.body.contains("Tested the till."));
}

#[tokio::test]
async fn the_button_to_production_asks_those_who_approve() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let path = format!("{HERE}/releases/42");
    let page = dev.get(&path).await;
    assert!(page.body.contains("to production</button>"));
    let form = [("environment", "prod")];
    let asked = dev.post(&format!("{path}/deployments"), &form).await;
    assert_eq!(asked.status, 303);
    assert!(asked.header("location").starts_with("/requests/"));
    let page = dev.get(&path).await;
    assert!(page.body.contains("Waits for approval"));
    let again = dev.post(&format!("{path}/deployments"), &form).await;
    assert_eq!(again.status, 409);
}

#[tokio::test]
async fn a_form_keeps_what_was_typed_while_gitlab_is_away() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let path = format!("{HERE}/releases/new");
    let form = dev.get(&path).await;
    assert_eq!(form.status, 200);
    assert!(
        form.body
            .contains("You can still type a branch, tag or commit.")
    );
    let typed = [("ref", "no such ref"), ("note", "Faster refunds")];
    let refused = dev.post(&path, &typed).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("Faster refunds"));
    assert!(refused.body.contains("no such ref"));
}

#[tokio::test]
async fn a_dark_cluster_says_so() {
    let portal = company().await;
    let mut dev = portal.signed_in("dev").await;
    let page = dev.get(&format!("{HERE}/containers")).await;
    assert_eq!(page.status, 200);
    assert!(
        page.body
            .contains("No cluster of this environment answers right now.")
    );
    assert!(page.body.contains("pay-gateway.pay-gateway-prod:80"));
}
