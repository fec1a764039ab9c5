//! Keys of stored secrets: what is used is told, a new one takes over, an old one can go.

use std::process::Output;

use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::json;
use slipway::identity::PlatformRole;
use slipway::secrets;
use tokio::process::Command;

use crate::support::Portal;
use crate::support::portal::random_key;

/// A key of its own under this id.
fn key(id: &str) -> String {
    random_key().replacen("k1", id, 1)
}

async fn slipway(portal: &Portal, keys: &[&str], args: &[&str]) -> (bool, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_slipway"))
        .args(args)
        .env_clear()
        .env("SLIPWAY_DATABASE_URL", portal.db.app_url.expose_secret())
        .env("SLIPWAY_SECRET_KEYS", keys.join(","))
        .output()
        .await
        .unwrap();
    let said = [stdout, stderr].concat();
    (status.success(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn a_new_key_takes_over_and_the_old_one_can_go() {
    let [first, second] = ["k1", "k2"].map(key);
    let portal = Portal::start_with(&[("SECRET_KEYS", &first)]).await;
    portal.account("admin", &[PlatformRole::Admin]).await;
    let mut admin = portal.signed_in("admin").await;
    for name in ["gitlab", "gitlab-two"] {
        let body = json!({
            "key": name, "kind": "gitlab", "url": "https://gitlab.example",
            "credential": format!("glpat-of-{name}"),
        });
        let answer = admin.api(Method::POST, "/connections", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }

    let (fit, said) = slipway(&portal, &[&second], &["check"]).await;
    assert!(
        !fit && said.contains("2 stored secrets need the key k1"),
        "{said}"
    );
    let (done, said) = slipway(&portal, &[&second], &["admin", "reseal"]).await;
    assert!(!done && said.contains("no key with id k1"), "{said}");
    assert_eq!(held(&portal).await, [("k1".to_owned(), 2)]);

    let (done, said) = slipway(&portal, &[&second, &first], &["admin", "reseal"]).await;
    assert!(done && said.contains("sealed again"), "{said}");
    assert!(!said.contains(&first) && !said.contains(&second), "{said}");
    assert_eq!(held(&portal).await, [("k2".to_owned(), 2)]);
    let (fit, said) = slipway(&portal, &[&second], &["check"]).await;
    assert!(fit, "{said}");

    // The value is the same: opened by the new key alone, it is sealed with a third one.
    let third = key("k3");
    let (done, said) = slipway(&portal, &[&third, &second], &["admin", "reseal"]).await;
    assert!(done, "{said}");
    let trail = admin.api_get("/audit?action=secrets.reseal").await.json();
    assert_eq!(
        trail["items"][0]["after"],
        json!({ "key": "k3", "values": 2 })
    );
}

async fn held(portal: &Portal) -> Vec<(String, i64)> {
    let keys = secrets::keys_in_use(&portal.app.db).await.unwrap();
    keys.into_iter().collect()
}

/// Whatever else is sealed one day is found as well: each `bytea` is a hash or has its key.
#[tokio::test]
async fn nothing_that_is_sealed_is_forgotten() {
    let portal = Portal::start().await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns c
         WHERE table_schema = 'public' AND data_type = 'bytea' AND column_name !~ 'hash$'
           AND table_name <> '_sqlx_migrations'
           -- What a terminal showed is kept as it was; no key opens it.
           AND table_name !~ '^recording_chunk'
           AND NOT EXISTS (SELECT FROM information_schema.columns k
               WHERE k.table_name = c.table_name AND k.column_name = c.column_name || '_key')",
    )
    .fetch_all(portal.app.db.pool())
    .await
    .unwrap();
    assert_eq!(columns, Vec::new());
}
