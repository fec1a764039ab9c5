//! Rules for images: what the registry holds is judged after each build and at each import.

use reqwest::Method;
use serde_json::{Value, json};
use slipway_sim::registry::Made;

use crate::support::company::Company;

const PATH: &str = "/standards/images";

fn strict() -> Value {
    json!({ "bases": ["base/go:1"], "ports": [22, 23], "root_allowed": false, "most_mib": 1,
        "packages": ["telnetd", "nmap"] })
}

async fn bound(company: &mut Company, language: Option<&str>, bounds: Value) {
    let body = json!({ "language": language, "bounds": bounds, "reason": "As we agreed" });
    let answer = company.ops.api(Method::PUT, PATH, &body).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|&text| text.to_owned()).collect()
}

/// An image that breaks no rule.
fn good() -> Made {
    Made {
        user: "app".to_owned(),
        ports: texts(&["8080/tcp"]),
        labels: [("slipway.packages".to_owned(), "curl=8, tini".to_owned())].into(),
        layers: texts(&["a distribution", "go"]),
    }
}

async fn company() -> Company {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    let base = Made {
        layers: good().layers,
        ..Made::default()
    };
    company.world.registry().put("base/go", "1", &base);
    company
}

/// A release whose build pushes an image that is made so, when nothing moves any more.
async fn built(company: &mut Company, made: Made) -> Value {
    company.world.jenkins().made = made;
    let id = company.open("pay").await;
    company.settle().await;
    company.release(&id).await
}

/// The page of a release, in words and as it is.
async fn page(company: &mut Company, story: &Value) -> (String, String) {
    let path = format!("/projects/pay/releases/{}", story["number"]);
    let page = company.developer.get(&path).await;
    assert!(!page.body.contains('⟦'), "{}", page.body);
    (page.text("main"), page.body)
}

fn remarks(story: &Value) -> Vec<(&str, bool)> {
    let all = story["remarks"].as_array().unwrap().iter();
    all.map(|r| (r["rail"].as_str().unwrap(), r["refused"].as_bool().unwrap()))
        .collect()
}

async fn overrule(company: &mut Company, rail: &str) {
    let asked = json!({ "rail": rail, "project": "pay", "environment": "prod",
        "reason": "Until the vendor mends it" });
    let path = "/rails/overrides";
    let answer = company.ops.api(Method::POST, path, &asked).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
}

#[tokio::test]
async fn a_build_that_breaks_a_rule_is_refused_in_the_rules_words() {
    let mut company = company().await;
    bound(&mut company, None, strict()).await;
    let held = || [("slipway.packages".to_owned(), "curl nmap".to_owned())];
    let cases = [
        (
            "image-base",
            Made {
                layers: texts(&["go", "a distribution"]),
                ..good()
            },
            "None of the allowed bases lies beneath it: base/go:1.",
        ),
        (
            "image-user",
            Made {
                user: "0:0".to_owned(),
                ..good()
            },
            "It runs as root: its user is 0:0.",
        ),
        (
            "image-ports",
            Made {
                ports: texts(&["8080/tcp", "22/tcp"]),
                ..good()
            },
            "It exposes 22; forbidden are 22, 23.",
        ),
        (
            "image-packages",
            Made {
                labels: held().into(),
                ..good()
            },
            "It holds nmap, which no image may hold.",
        ),
    ];
    for (rail, made, words) in cases {
        let story = built(&mut company, made).await;
        assert_eq!(story["state"], "failed", "{rail}: {story}");
        assert_eq!(
            story["failure"]["code"],
            format!("{rail}-rule").replace("image", "rail-image")
        );
        assert_eq!(story["artifact"], Value::Null);
        assert_eq!(remarks(&story), [(rail, true)]);
        let (text, html) = page(&mut company, &story).await;
        assert!(text.contains(words), "{rail}: {text}");
        assert!(
            html.contains(&format!(r#"href="/help/rails/{rail}""#)),
            "{html}"
        );
        assert!(text.contains("Look at the image of release"), "{text}");
    }
    let worst = Made {
        user: String::new(),
        ports: texts(&["23"]),
        ..good()
    };
    let story = built(&mut company, worst).await;
    assert_eq!(story["failure"]["code"], "artifact-breaks-rules");
    let (text, _) = page(&mut company, &story).await;
    assert!(
        text.contains("The image breaks 2 rules") && text.contains("its user is –"),
        "{text}"
    );

    let story = built(&mut company, good()).await;
    assert_eq!(story["state"], "awaiting_confirmation", "{story}");
    assert_eq!(remarks(&story), []);
    company.check().await;
}

#[tokio::test]
async fn a_big_image_is_taken_and_shown_as_big() {
    let mut company = company().await;
    bound(&mut company, None, strict()).await;
    let mut made = good();
    // Digests are as good as noise, which compresses badly.
    let noise = (0..60_000_u32).map(|n| slipway_sim::registry::sha256(&n.to_le_bytes()));
    made.layers.push(noise.collect());
    let story = built(&mut company, made).await;
    assert_eq!(story["state"], "awaiting_confirmation", "{story}");
    assert_eq!(remarks(&story), [("image-size", false)]);
    assert_eq!(story["remarks"][0]["bound"], "1");
    let (text, _) = page(&mut company, &story).await;
    assert!(
        text.contains("MiB compressed; 1 MiB are meant to be enough."),
        "{text}"
    );
    assert!(text.contains("Taken all the same"), "{text}");
    company.check().await;
}

#[tokio::test]
async fn operations_let_an_image_pass_and_it_is_looked_at_again() {
    let mut company = company().await;
    bound(&mut company, None, strict()).await;
    let root = Made {
        user: "root".to_owned(),
        ..good()
    };
    let story = built(&mut company, root).await;
    let id = story["id"].as_str().unwrap().to_owned();
    let builds = format!("/releases/{id}/builds");
    let asked = json!({ "rail": "image-user", "project": "pay", "environment": "test",
        "reason": "Only for test" });
    let asked = company
        .ops
        .api(Method::POST, "/rails/overrides", &asked)
        .await;
    // A word for test is none for production, where the image goes as it is.
    let told = asked.json();
    let told = (asked.status, told["fields"][0]["field"].as_str().unwrap());
    assert_eq!(told, (400, "environment"));
    for passes in [false, true] {
        if passes {
            overrule(&mut company, "image-user").await;
        }
        let press = json!(null);
        let answer = company.developer.api(Method::POST, &builds, &press).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        company.settle().await;
        let story = company.release(&id).await;
        assert_eq!(remarks(&story), [("image-user", !passes)]);
        let state = match passes {
            true => "awaiting_confirmation",
            false => "failed",
        };
        assert_eq!(story["state"], state, "{story}");
    }
    let story = company.release(&id).await;
    assert_eq!(
        story["builds"].as_array().unwrap().len(),
        1,
        "nothing was built again"
    );
    assert_eq!(
        story["remarks"][0]["overruled"]["reason"],
        "Until the vendor mends it"
    );
    let (text, _) = page(&mut company, &story).await;
    let by = story["remarks"][0]["overruled"]["by"].as_str().unwrap();
    assert!(
        text.contains(&format!("Let pass by {by}: Until the vendor mends it")),
        "{text}"
    );
    let again = company
        .developer
        .api(Method::POST, &builds, &json!(null))
        .await;
    assert_eq!(again.json()["code"], "rebuild-tag-there");
    let looks: i64 = sqlx::query_scalar("SELECT count(*) FROM image_look")
        .fetch_one(&company.portal.db.owner)
        .await
        .unwrap();
    assert_eq!(looks, 3, "each look stays");

    // Whoever decides on production is shown what was let pass, and by whom.
    company.confirm(&id).await;
    company.send_to_production(&id).await;
    let number: i64 = sqlx::query_scalar("SELECT number FROM request WHERE kind = 'production'")
        .fetch_one(&company.portal.db.owner)
        .await
        .unwrap();
    let path = format!("/requests/{number}");
    let text = company.ops.get(&path).await.text("main");
    for said in ["Images do not run as root", "Until the vendor mends it"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    company.check().await;
}

#[tokio::test]
async fn a_base_is_proven_by_its_layers_and_by_no_label() {
    let mut company = company().await;
    let bounds = json!({ "bases": ["base/java:21", "base/go:1"], "ports": [],
        "root_allowed": true, "most_mib": 1024, "packages": [] });
    bound(&mut company, None, bounds).await;
    let digest = company.world.registry().digest("base/go", "1").unwrap();
    let claim = |name: &str, value: &str| {
        (
            format!("org.opencontainers.image.base.{name}"),
            value.to_owned(),
        )
    };
    let claims = Made {
        labels: [claim("digest", &digest), claim("name", "base/go:1")].into(),
        layers: texts(&["another distribution"]),
        ..good()
    };
    let story = built(&mut company, claims).await;
    assert_eq!(remarks(&story), [("image-base", true)]);
    assert_eq!(
        story["remarks"][0]["is"], "base/java:21",
        "the registry lacks it"
    );
    let story = built(&mut company, good()).await;
    assert_eq!(story["state"], "awaiting_confirmation", "{story}");
    // The base moves on, and what is built on the old one is on none.
    let next = Made {
        layers: texts(&["a distribution", "go, mended"]),
        ..Made::default()
    };
    company.world.registry().put("base/go", "1", &next);
    let story = built(&mut company, good()).await;
    assert_eq!(remarks(&story), [("image-base", true)]);
    company.check().await;
}

#[tokio::test]
async fn a_languages_bounds_count_instead_of_everybodys() {
    let mut company = company().await;
    let rooted = || Made {
        user: "root".to_owned(),
        ..good()
    };
    let story = built(&mut company, rooted()).await;
    assert_eq!(
        story["state"], "awaiting_confirmation",
        "nobody has set bounds: {story}"
    );
    assert_eq!(remarks(&story), []);
    bound(&mut company, None, strict()).await;
    let story = built(&mut company, rooted()).await;
    assert_eq!(remarks(&story), [("image-user", true)]);
    let mut lax = strict();
    lax["root_allowed"] = json!(true);
    bound(&mut company, Some("go"), lax.clone()).await;
    let story = built(&mut company, rooted()).await;
    assert_eq!(remarks(&story), []);
    let shown = company.ops.api_get(PATH).await.json();
    assert_eq!(shown["items"][0]["language"], Value::Null);
    assert_eq!(shown["items"][1]["language"], "go");
    assert_eq!(shown["items"][1]["bounds"], lax);
    let text = company
        .ops
        .get("/standards/images?language=go")
        .await
        .text("main");
    assert!(
        text.contains("As root too") && text.contains("Not as root"),
        "{text}"
    );
    company.check().await;
}

#[tokio::test]
async fn bounds_are_set_by_operations_and_refused_by_their_field() {
    let mut company = Company::start().await;
    let body = |bounds: Value, reason: &str| json!({ "bounds": bounds, "reason": reason });
    let silent = company
        .developer
        .api(Method::PUT, PATH, &body(strict(), "why"))
        .await;
    assert_eq!(silent.status, 403);
    let name = |n: usize| format!("package{n}");
    for (field, value) in [
        ("bases", json!(["base/go"])),
        ("bases", json!(["registry.example/base/go:1"])),
        ("bases", json!(vec!["base/go:1"; 21])),
        ("ports", json!([0])),
        ("ports", json!([65536])),
        ("ports", json!((1..=51).collect::<Vec<_>>())),
        ("most_mib", json!(0)),
        ("most_mib", json!(1_048_577)),
        ("packages", json!(["curl, nmap"])),
        ("packages", json!([""])),
        ("packages", json!((0..201).map(name).collect::<Vec<_>>())),
    ] {
        let mut bounds = strict();
        bounds[field] = value;
        let answer = company
            .ops
            .api(Method::PUT, PATH, &body(bounds, "why"))
            .await;
        let told = answer.json();
        assert_eq!(
            (answer.status, &told["fields"][0]["field"]),
            (400, &json!(format!("bounds.{field}")))
        );
    }
    let silent = company
        .ops
        .api(Method::PUT, PATH, &body(strict(), " "))
        .await;
    assert_eq!(silent.json()["fields"][0]["field"], "reason");
    let unknown = json!({ "language": "cobol", "bounds": strict(), "reason": "why" });
    let unknown = company.ops.api(Method::PUT, PATH, &unknown).await;
    assert_eq!(unknown.json()["fields"][0]["field"], "language");

    let page = company.ops.get(PATH).await;
    assert!(page.text("main").contains("Until then no image is refused"));
    assert!(
        page.body.contains("22, 23"),
        "what is proposed: {}",
        page.body
    );
    let form = |ports| {
        [
            ("language", ""),
            ("bases", "base/go:1\nbase/java:21"),
            ("ports", ports),
            ("most_mib", "512"),
            ("packages", "nmap"),
            ("reason", "Our own bases"),
        ]
    };
    let wrong = company.ops.post(PATH, &form("ssh")).await;
    assert_eq!(wrong.status, 400);
    assert!(
        wrong.text("main").contains("ssh is not a port"),
        "{}",
        wrong.body
    );
    assert_eq!(company.ops.post(PATH, &form("22 23")).await.status, 303);
    let text = company.ops.get(PATH).await.text("main");
    for said in [
        "Built on base/go:1, base/java:21",
        "Not as root",
        "Our own bases",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let action: String = sqlx::query_scalar(
        "SELECT action FROM audit_entry WHERE target_kind = 'rail' AND target_id = 'all'",
    )
    .fetch_one(&company.portal.db.owner)
    .await
    .unwrap();
    assert_eq!(action, "rail.bound-images");
}

#[tokio::test]
async fn an_imported_image_is_held_to_the_same_rules() {
    let mut company = company().await;
    bound(&mut company, Some("go"), strict()).await;
    let rooted = Made {
        user: String::new(),
        ..good()
    };
    company.world.registry().put("vendor/redis", "7.4", &rooted);
    let body = json!({ "image": "vendor/redis:7.4", "note": "The vendor's cache" });
    let path = "/projects/pay/images";
    let refused = company.ops.api(Method::POST, path, &body).await;
    let told = refused.json();
    assert_eq!(
        (refused.status, &told["fields"][0]["field"]),
        (400, &json!("image"))
    );
    let form = [
        ("image", "vendor/redis:7.4"),
        ("note", "The vendor's cache"),
        ("baseline", ""),
    ];
    let page = company.ops.post("/projects/pay/images/new", &form).await;
    assert!(
        page.text("main").contains("It runs as root: its user is –"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains(r#"href="/help/rails/image-user""#),
        "{}",
        page.body
    );
    overrule(&mut company, "image-user").await;
    let taken = company.ops.api(Method::POST, path, &body).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
    company.settle().await;
    let id = taken.json()["id"].as_str().unwrap().to_owned();
    let story = company.release(&id).await;
    assert_eq!(story["state"], "awaiting_confirmation", "{story}");
    assert_eq!(remarks(&story), [("image-user", false)]);
    company.check().await;
}

#[tokio::test]
async fn an_index_is_judged_by_every_image_in_it() {
    let mut company = company().await;
    bound(&mut company, None, strict()).await;
    let rooted = Made {
        user: String::new(),
        ports: texts(&["22"]),
        ..good()
    };
    {
        let mut registry = company.world.registry();
        let base = registry.digest("base/go", "1").unwrap();
        registry.put_index("base/go", "1", &[base]);
        let fine = registry.put("vendor/redis", "a", &good());
        let bad = registry.put("vendor/redis", "b", &rooted);
        registry.put_index("vendor/redis", "mixed", &[fine.clone(), bad]);
        registry.put_index("vendor/redis", "fine", &[fine]);
        registry.put_index("vendor/redis", "empty", &[]);
    }
    for (tag, status, refused) in [
        (
            "mixed",
            400,
            &["rail-image-user-rule", "rail-image-ports-rule"][..],
        ),
        (
            "empty",
            400,
            &["rail-image-base-rule", "rail-image-user-rule"],
        ),
        ("fine", 201, &[]),
    ] {
        let body = json!({ "image": format!("vendor/redis:{tag}"), "note": "Of the vendor" });
        let path = "/projects/pay/images";
        let answer = company.ops.api(Method::POST, path, &body).await;
        assert_eq!(answer.status, status, "{tag}: {}", answer.body);
        let told = answer.json();
        let fields = told["fields"].as_array().cloned().unwrap_or_default();
        let codes: Vec<&str> = fields.iter().map(|f| f["code"].as_str().unwrap()).collect();
        assert_eq!(codes, refused, "{tag}: {told}");
    }
    company.settle().await;
    company.check().await;
}
