//! Signing in and out, as a browser and over the API.

use reqwest::Method;
use serde_json::json;
use slipway::config::{ConfigError, Settings};
use slipway::identity::PlatformRole;

use crate::support::Portal;
use crate::support::portal::{PASSWORD, random_key};

#[tokio::test]
async fn somebody_signs_in_is_known_and_signs_out() {
    let portal = Portal::start().await;
    portal.account("lin", &[PlatformRole::Ops]).await;
    let mut browser = portal.browser();

    let answer = browser.get("/").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, "/login?next=%2F")
    );

    let answer = browser
        .post("/login", &[("name", "lin"), ("password", "wrong horse")])
        .await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.text("[role=alert]"), "Name or password is wrong.");
    assert!(
        answer.body.contains(r#"value="lin""#),
        "what was typed is kept"
    );

    let form = [
        ("name", "lin"),
        ("password", PASSWORD),
        ("next", "/requests"),
    ];
    let answer = browser.post("/login", &form).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, "/requests")
    );
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );

    assert_eq!(browser.get("/").await.status, 200);
    let me = browser.api(Method::GET, "/me", &json!(null)).await.json();
    assert_eq!(me["user"], "lin");
    assert_eq!(me["roles"], json!(["ops"]));

    let old = browser.cookies.clone();
    assert_eq!(browser.post("/logout", &[]).await.status, 303);
    browser.cookies = old;
    assert_eq!(
        browser.get("/").await.status,
        303,
        "the old session is gone"
    );
}

#[tokio::test]
async fn a_session_gets_a_new_id_at_sign_in_and_is_stored_as_a_hash() {
    let portal = Portal::start().await;
    portal.account("lin", &[]).await;
    let mut browser = portal.signed_in("lin").await;
    let first = browser.cookies.clone();
    browser
        .post("/login", &[("name", "lin"), ("password", PASSWORD)])
        .await;
    assert_ne!(first, browser.cookies);

    let (_, cookie) = &browser.cookies[0];
    let rows: Vec<(Vec<u8>, String)> = sqlx::query_as("SELECT id_hash, data::text FROM session")
        .fetch_all(&portal.db.owner)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1, "the former session is gone");
    assert_eq!(rows[0].0.len(), 32);
    assert!(
        !rows[0].1.contains(cookie),
        "the id itself is nowhere in the table"
    );
}

#[tokio::test]
async fn guessing_gets_slower_and_the_right_person_still_gets_in() {
    let portal = Portal::start().await;
    portal.account("lin", &[]).await;
    let mut browser = portal.browser();
    let mut statuses = Vec::new();
    for _ in 0..7 {
        let form = [("name", "lin"), ("password", "wrong horse")];
        statuses.push(browser.post("/login", &form).await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 429]);
    let answer = browser
        .api(
            Method::POST,
            "/session",
            &json!({"user": "lin", "password": PASSWORD}),
        )
        .await;
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() <= 60);

    portal.db.set_clock_offset(120.0).await;
    let answer = browser
        .api(
            Method::POST,
            "/session",
            &json!({"user": "lin", "password": PASSWORD}),
        )
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[tokio::test]
async fn requests_from_other_sites_change_nothing() {
    let portal = Portal::start().await;
    portal.account("lin", &[]).await;
    let mut browser = portal.signed_in("lin").await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        browser.headers = vec![(name, value.to_owned())];
        assert_eq!(
            browser.post("/logout", &[]).await.status,
            403,
            "{name}: {value}"
        );
    }
    browser.headers = vec![("origin", portal.url.clone())];
    assert_eq!(browser.get("/").await.status, 200, "still signed in");
    assert_eq!(browser.post("/logout", &[]).await.status, 303);
}

#[tokio::test]
async fn pages_speak_the_readers_language_and_carry_a_strict_policy() {
    let portal = Portal::start().await;
    let mut browser = portal.browser();
    browser.headers = vec![("accept-language", "zh-CN,zh;q=0.9,en;q=0.5".to_owned())];
    let answer = browser.get("/login").await;
    assert_eq!(answer.text("h1"), "登录");
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(answer.header("cache-control"), "no-store");

    let answer = browser
        .post("/language", &[("language", "en"), ("next", "//evil")])
        .await;
    assert_eq!(
        answer.header("location"),
        "/",
        "only our own paths are followed"
    );
    assert_eq!(browser.get("/login").await.text("h1"), "Sign in");

    // What a form was sent to may be no page: the other language is that of the form's own.
    let asked = browser.get("/login?next=%2Fme").await;
    let comes_back = r#"name="next" value="/login?next=%2Fme""#;
    assert!(asked.body.contains(comes_back), "{}", asked.body);
    let referer = format!("{}/login?next=%2Fme", portal.url);
    browser.headers.push(("referer", referer));
    let wrong = [("name", "nobody"), ("password", "nothing"), ("next", "/me")];
    let refused = browser.post("/login", &wrong).await;
    assert_eq!(refused.status, 401);
    assert!(refused.body.contains(comes_back), "{}", refused.body);
}

#[tokio::test]
async fn the_api_names_the_field_that_is_wrong() {
    let portal = Portal::start().await;
    let mut browser = portal.browser();
    for (body, field, code) in [
        (json!({"user": "lin"}), "password", "field-required"),
        (
            json!({"user": 1, "password": "x"}),
            "user",
            "field-wrong-type",
        ),
        (
            json!({"user": "lin", "password": "x", "role": "admin"}),
            "role",
            "field-unknown",
        ),
    ] {
        let answer = browser.api(Method::POST, "/session", &body).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!(problem["fields"][0]["field"], field, "{problem}");
        assert_eq!(problem["fields"][0]["code"], code, "{problem}");
        assert_eq!(problem["operation_id"], answer.header("x-operation-id"));
    }
}

#[tokio::test]
async fn walking_in_is_for_those_whom_the_settings_name() {
    let portal = Portal::start_with(&[("SIGN_IN_AS", "lin")]).await;
    portal.account("lin", &[]).await;
    portal.account("root", &[PlatformRole::Admin]).await;
    let mut browser = portal.browser();
    assert_eq!(
        browser.post("/login/as", &[("as", "root")]).await.status,
        404
    );
    assert_eq!(
        browser.post("/login/as", &[("as", "lin")]).await.status,
        303
    );
    assert_eq!(browser.get("/").await.status, 200);
}

#[test]
fn settings_that_are_unknown_empty_or_samples_are_refused() {
    let settings = |pairs: &[(&str, &str)]| {
        let base = [
            ("SLIPWAY_DATABASE_URL", "postgres://127.0.0.1/x".to_owned()),
            ("SLIPWAY_SECRET_KEYS", random_key()),
        ];
        let base = base.into_iter().map(|(k, v)| (k.to_owned(), v));
        let more = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Settings::from_pairs(base.chain(more))
    };
    assert!(settings(&[]).is_ok());
    assert!(
        settings(&[("HOME", "/")]).is_ok(),
        "other programs' variables are not ours"
    );
    let refused = |pairs: &[(&str, &str)]| settings(pairs).unwrap_err();
    assert!(matches!(
        refused(&[("SLIPWAY_LITSEN", "x")]),
        ConfigError::Unknown(_)
    ));
    assert!(matches!(
        refused(&[("SLIPWAY_LOG", " ")]),
        ConfigError::Empty(_)
    ));
    let zeros = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for (name, value) in [
        ("SLIPWAY_SECRET_KEYS", zeros),
        ("SLIPWAY_SECRET_KEYS", "secret"),
        ("SLIPWAY_LISTEN", "nowhere"),
        ("SLIPWAY_TIME_ZONE", "Mars/Base"),
        ("SLIPWAY_STEP_LIMIT_SECONDS", "45"),
        ("SLIPWAY_DEBUG_IMAGES", "busybox:1.37"),
        ("SLIPWAY_DEBUG_IMAGES", "r.example/tools/busybox"),
        ("SLIPWAY_RECORDING_BYTES_PER_SECOND", "65535"),
        ("SLIPWAY_RECORDING_BYTES_PER_SECOND", "1073741825"),
        ("SLIPWAY_RECORDING_BYTES_PER_SECOND", "4 MB"),
        ("SLIPWAY_RECORDING_BURST_BYTES", "1048575"),
        ("SLIPWAY_STRICT_RECORDING", "never"),
    ] {
        let error = refused(&[(name, value)]);
        assert!(error.to_string().starts_with(name), "{error}");
    }
    let open = [
        ("SLIPWAY_LISTEN", "0.0.0.0:80"),
        ("SLIPWAY_PUBLIC_URL", "https://a.example"),
    ];
    assert!(settings(&open).is_ok());
    let mut walk_in = open.to_vec();
    walk_in.push(("SLIPWAY_SIGN_IN_AS", "lin"));
    assert!(refused(&walk_in).to_string().contains("SIGN_IN_AS"));
}
