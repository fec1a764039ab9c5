//! Each rule against documents on both sides of its edge.

use serde_json::{Value, json};

use super::*;
use crate::standards::validate;

fn parameters(changes: &[(&str, Value)]) -> Parameters {
    let probe = json!({"kind": "http", "path": "/", "delay_seconds": 60, "period_seconds": 10,
        "timeout_seconds": 3, "failures": 3});
    let mut document = json!({
        "replicas": {"min": 2, "max": 4}, "cpu": {"request": "1", "limit": "2"},
        "memory": {"request": "1Gi", "limit": "2Gi"}, "access": "internal", "port": 8080,
        "env": [], "probes": {"readiness": probe, "liveness": probe}, "grace_seconds": 30,
    });
    for (pointer, value) in changes {
        match document.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None => document[pointer.trim_start_matches('/')] = value.clone(),
        }
    }
    validate(&document).unwrap()
}

fn found(language: &str, tier: Tier, why: &str, changes: &[(&str, Value)]) -> Vec<&'static str> {
    let parameters = parameters(changes);
    let subject = Subject {
        parameters: &parameters,
        language,
        tier,
        log_path: "/",
        why,
    };
    broken(&subject).into_iter().map(|b| b.rail.id).collect()
}

fn java(changes: &[(&str, Value)]) -> Vec<&'static str> {
    found("java", Tier::Production, "", changes)
}

/// A language of another name that runs on the same machine has the same rules.
#[test]
fn what_runs_on_the_java_machine_has_the_rules_of_java() {
    let early = [("/probes/liveness/delay_seconds", json!(59))];
    for language in ["java", "java17", "kotlin", "scala"] {
        let broken = found(language, Tier::Production, "", &early);
        assert_eq!(broken, ["java-start"], "{language}");
    }
    for language in ["go", "javascript", "javalike"] {
        let broken = found(language, Tier::Production, "", &early);
        assert!(broken.is_empty(), "{language}: {broken:?}");
    }
}

fn options(text: &str) -> Value {
    json!([{"name": "JAVA_OPTS", "value": text}])
}

#[test]
fn every_rule_has_its_edge() {
    assert!(java(&[]).is_empty());
    let liveness = |field: &str| format!("/probes/liveness/{field}");
    let readiness = |field: &str| format!("/probes/readiness/{field}");
    for (id, pointer, bad, good) in [
        (
            "java-start",
            liveness("delay_seconds"),
            json!(59),
            json!(60),
        ),
        ("probe-failures", liveness("failures"), json!(2), json!(3)),
        ("probe-failures", readiness("failures"), json!(1), json!(4)),
        (
            "probe-timeout",
            liveness("timeout_seconds"),
            json!(1),
            json!(2),
        ),
        (
            "probe-timeout",
            readiness("timeout_seconds"),
            json!(1),
            json!(5),
        ),
        (
            "production-two",
            "/replicas/min".to_owned(),
            json!(1),
            json!(2),
        ),
        ("grace", "/grace_seconds".to_owned(), json!(9), json!(10)),
        (
            "public-why",
            "/access".to_owned(),
            json!("public"),
            json!("internal"),
        ),
        (
            "java-threads",
            "/env".to_owned(),
            options("-XX:ParallelGCThreads=4"),
            options("-XX:ParallelGCThreads=2"),
        ),
    ] {
        assert_eq!(java(&[(&pointer, bad.clone())]), [id], "{pointer} = {bad}");
        assert!(
            java(&[(&pointer, good.clone())]).is_empty(),
            "{pointer} = {good}"
        );
    }
}

/// As a size or as a share; of several the last one counts, and a size before any share.
#[test]
fn a_heap_has_its_edges() {
    for (bad, good) in [
        ("-Xmx1536m", "-Xmx1535m"),
        ("-Xmx2g", "-Xms2g -Xmx1g"),
        ("-Xmx1t", "-Xmx1073741824"),
        ("-XX:MaxRAMPercentage=75.0", "-XX:MaxRAMPercentage=74.9"),
        (
            "-Xmx2g -XX:MaxRAMPercentage=50",
            "-Xmx1g -XX:MaxRAMPercentage=95",
        ),
    ] {
        assert_eq!(java(&[("/env", options(bad))]), ["java-heap"], "{bad}");
        assert!(java(&[("/env", options(good))]).is_empty(), "{good}");
    }
}

#[test]
fn rules_know_language_tier_and_reason() {
    let delay = ("/probes/liveness/delay_seconds", json!(5));
    assert!(found("go", Tier::Production, "", &[delay]).is_empty());
    let one = ("/replicas/min", json!(1));
    assert!(found("java", Tier::Test, "", &[one]).is_empty());
    let public = ("/access", json!("public"));
    assert!(found("java", Tier::Test, "The shop's door", &[public]).is_empty());
}

#[test]
fn an_override_lets_pass_and_is_told() {
    let parameters = parameters(&[("/replicas/min", json!(1)), ("/grace_seconds", json!(5))]);
    let subject = Subject {
        parameters: &parameters,
        language: "go",
        tier: Tier::Production,
        log_path: "/var/log/app",
        why: "",
    };
    let refused = judge(&subject, &[]).unwrap_err();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].field, "parameters.replicas.min");
    let by = Override {
        id: overrides::OverrideId::new(),
        rail: "production-two".to_owned(),
        project: "pay".to_owned(),
        environment: "prod".to_owned(),
        tier: Tier::Production,
        component: "main".to_owned(),
        reason: "A leader by itself".to_owned(),
        by: "Zhao".to_owned(),
        at: jiff::Timestamp::UNIX_EPOCH,
    };
    let notes = judge(&subject, &[by]).unwrap();
    let told: Vec<_> = notes
        .iter()
        .map(|n| (n.rail, n.overruled.as_deref()))
        .collect();
    let expected = [
        ("production-two", Some("A leader by itself")),
        ("grace", None),
    ];
    assert_eq!(told, expected);
}

#[test]
fn every_rule_has_its_words_in_both_languages() {
    use crate::web::text::Locale;
    for rail in RAILS {
        for part in ["", "-rule", "-why"] {
            let code = rail.code(part);
            for locale in [Locale::En, Locale::ZhCn] {
                let words = Words::new(&code).with("is", 1).with("bound", 2);
                let said = locale.words(&words);
                assert!(!said.contains(&code), "{code}: {said}");
            }
        }
        assert!(rail.source.starts_with("https://"));
    }
}

#[test]
fn a_start_check_covers_the_start_of_java() {
    let early = ("/probes/liveness/delay_seconds", json!(5));
    let start = |failures: i64| {
        let probe = json!({"kind": "http", "path": "/", "delay_seconds": 10,
            "period_seconds": 5, "timeout_seconds": 3, "failures": failures});
        let ready = json!({"kind": "http", "path": "/"});
        let live = json!({"kind": "http", "path": "/", "delay_seconds": 5});
        json!({"startup": probe, "readiness": ready, "liveness": live})
    };
    assert_eq!(java(&[early]), ["java-start"]);
    assert!(java(&[("/probes", start(10))]).is_empty());
    assert_eq!(java(&[("/probes", start(9))]), ["java-start"]);
    let mut once = start(10);
    once["startup"]["failures"] = json!(2);
    once["startup"]["delay_seconds"] = json!(60);
    assert_eq!(java(&[("/probes", once.clone())]), ["probe-failures"]);
    once["startup"]["failures"] = json!(3);
    once["startup"]["timeout_seconds"] = json!(1);
    assert_eq!(java(&[("/probes", once)]), ["probe-timeout"]);
}

type Said = (&'static str, Value);

/// A rule's id, what is said besides, what breaks it, what does not.
type Edge = (&'static str, Vec<Said>, Said, Said);

fn hold(edges: Vec<Edge>) {
    for (id, rest, bad, good) in edges {
        let with = |one: &Said| {
            let mut all = rest.clone();
            all.push(one.clone());
            java(&all)
        };
        assert_eq!(with(&bad), [id], "{bad:?}");
        assert!(with(&good).is_empty(), "{good:?}: {:?}", with(&good));
    }
}

#[test]
fn rules_about_the_end_have_their_edges() {
    let stop = |kind: &str, field: &str, value: Value| json!({"kind": kind, field: value});
    let sleep = |seconds: i64| ("/before_stop", stop("sleep", "seconds", json!(seconds)));
    let run = |text: &str| {
        let command = json!(["sh", "-c", text]);
        ("/before_stop", stop("exec", "command", command))
    };
    let call = ("/before_stop", stop("http", "path", json!("/bye")));
    let eureka = vec![("/discovery", json!("eureka"))];
    let grace = |seconds: i64| ("/grace_seconds", json!(seconds));
    let (short, long) = (run("leave; sleep 9"), run("leave; sleep 10"));
    hold(vec![
        ("registry-stop", eureka.clone(), short, long.clone()),
        ("registry-stop", eureka.clone(), sleep(9), long.clone()),
        ("registry-leave", eureka.clone(), sleep(10), long.clone()),
        (
            "registry-leave",
            eureka.clone(),
            run("sleep 15"),
            long.clone(),
        ),
        ("registry-stop", eureka.clone(), call, long.clone()),
        ("registry-wait", eureka.clone(), run("/app/leave.sh"), long),
        ("room-to-stop", vec![sleep(24)], grace(29), grace(30)),
    ]);
    assert_eq!(java(&eureka), ["registry-stop"]);
}

#[test]
fn rules_about_a_life_have_their_edges() {
    let rolling = |unavailable: i64| {
        let says = json!({"kind": "rolling", "surge": 1, "unavailable": unavailable});
        ("/rollout", says)
    };
    let recreate = ("/rollout", json!({"kind": "recreate"}));
    let scaling = |percent: i64| ("/scaling", json!({ "memory_percent": percent }));
    let away = |n: i64| ("/disruption", json!({ "most_away": n }));
    let workers = |said: &str| {
        let text = format!("user nginx;\nworker_processes {said};");
        ("/files", json!([{"path": "/etc/nginx.conf", "text": text}]))
    };
    let args = |said: &str| ("/args", json!(["-g", said]));
    let (auto, one) = (args("worker_processes auto;"), args("worker_processes 1;"));
    hold(vec![
        ("java-scaling", vec![], scaling(1), scaling(0)),
        ("one-ready", vec![], rolling(2), rolling(1)),
        ("recreate-why", vec![], recreate.clone(), rolling(0)),
        ("one-left", vec![], away(2), away(1)),
        ("nginx-workers", vec![], workers("3"), workers("2")),
        ("nginx-workers", vec![], auto, one),
    ]);
    let why = "It holds a lock on its disk";
    assert!(found("java", Tier::Production, why, &[recreate]).is_empty());
    let host = json!({"host": "pay.example.com"});
    let outside = [("/ingress", host), ("/access", json!("ingress"))];
    assert_eq!(java(&outside), ["public-why"]);
}

#[test]
fn thread_pools_have_their_edge() {
    let env = |name: &str, value: &str| ("/env", json!([{"name": name, "value": value}]));
    let args = |all: &[&str]| ("/args", json!(all));
    let (wide, narrow) = (
        args(&["-Enode.processors=3"]),
        args(&["-Enode.processors=2"]),
    );
    hold(vec![
        (
            "pools-fit",
            vec![],
            env("GOMAXPROCS", "3"),
            env("GOMAXPROCS", "2"),
        ),
        ("pools-fit", vec![], wide, narrow),
    ]);
}

#[test]
fn rules_about_room_have_their_edges() {
    let env = |name: &str, value: &str| ("/env", json!([{"name": name, "value": value}]));
    let args = |all: &[&str]| ("/args", json!(all));
    let scratch = ("/scratch", json!([{"path": "/var/log/app", "size": "1Gi"}]));
    let logs = |path: &str| env("LOGGING_FILE_NAME", path);
    let java_log9 = |how: &str| env("JAVA_OPTS", &format!("-Xmx1g -Xlog:{how}"));
    let java_log = |path: &str| env("JAVA_OPTS", &format!("-Xmx1g -Xloggc:{path}"));
    let two_words = |path: &str| args(&["serve", "--log-file", path]);
    let inside = "/var/log/app/a.log";
    hold(vec![
        (
            "logs-bounded",
            vec![],
            logs("/data/a.log"),
            logs("/dev/stdout"),
        ),
        (
            "logs-bounded",
            vec![scratch.clone()],
            logs("/var/log/apple"),
            logs(inside),
        ),
        (
            "logs-bounded",
            vec![scratch.clone()],
            java_log("/gc.log"),
            java_log(inside),
        ),
        (
            "logs-bounded",
            vec![scratch.clone()],
            java_log9("gc*:file=/gc.log:time"),
            java_log9("gc*:file=/var/log/app/gc.log:time"),
        ),
        (
            "logs-bounded",
            vec![],
            java_log9("gc:gc.log"),
            java_log9("gc:stderr"),
        ),
        (
            "logs-bounded",
            vec![],
            logs("a.log"),
            logs("$(LOG_HOME)/a.log"),
        ),
        (
            "logs-bounded",
            vec![scratch.clone()],
            two_words("/tmp/a.log"),
            two_words(inside),
        ),
    ]);
}

#[test]
fn a_log_is_a_file_where_it_is_named_as_one() {
    let env = |name: &str, value: &str| ("/env", json!([{"name": name, "value": value}]));
    let args = |all: &[&str]| ("/args", json!(all));
    let scratch = ("/scratch", json!([{"path": "/var/log/app", "size": "1Gi"}]));
    let logs = |path: &str| env("LOGGING_FILE_NAME", path);
    // The next option is no file, and a word that follows one is.
    for fine in [
        args(&["--log-file", "stdout", "--port", "8080"]),
        args(&["--log-file", "--verbose", "/data"]),
        args(&["--log-file", "-", "/data"]),
        env("JAVA_OPTS", "-Xmx1g -Xlog -XX:+UseG1GC"),
        logs("Console"),
        logs("/proc/self/fd/1"),
    ] {
        assert!(java(std::slice::from_ref(&fine)).is_empty(), "{fine:?}");
    }
    assert!(!java(&[args(&["serve", "--log-file", "app.log"])]).is_empty());
    // A name that says nothing of a log, and one that names no file.
    assert!(java(&[env("DATA_DIR", "/data")]).is_empty());
    assert!(java(&[logs("stdout")]).is_empty());
    // A relative name beside a folder is a file in it, but for one that leads out of it.
    let beside = |folder: &str, file: &str| {
        let both = json!([{"name": "LOG_DIR", "value": folder},
            {"name": "LOG_FILE", "value": file}]);
        java(&[scratch.clone(), ("/env", both)])
    };
    for (folder, file) in [
        ("/var/log/app", "a.log"),
        ("/var/log/app", "sub/a.log"),
        ("$(LOG_HOME)", "a.log"),
    ] {
        assert!(beside(folder, file).is_empty(), "{folder} {file}");
    }
    assert!(!beside("/var/log/app", "../../a.log").is_empty());
}

#[test]
fn logs_are_bounded_and_stand_where_the_project_says() {
    let broken_by = |path: &str| {
        let parameters = parameters(&[
            ("/scratch", json!([{"path": "/var/log", "size": "1Gi"}])),
            ("/env", json!([{"name": "LOG_FILE", "value": path}])),
        ]);
        let subject = Subject {
            parameters: &parameters,
            language: "go",
            tier: Tier::Test,
            log_path: "/var/log/app/",
            why: "",
        };
        let all = broken(&subject).into_iter();
        all.map(|b| (b.rail.id, b.finding.bound))
            .collect::<Vec<_>>()
    };
    let bounded = || ("logs-bounded", String::new());
    let declared = || ("logs-declared", "/var/log/app/".to_owned());
    assert_eq!(broken_by("/var/log/app/a.log"), []);
    assert_eq!(broken_by("/var/log/app"), []);
    assert_eq!(broken_by("/var/log/apple/a.log"), [declared()]);
    assert_eq!(broken_by("/tmp/a.log"), [bounded(), declared()]);
    assert_eq!(
        broken_by("/var/log/app/../../a.log"),
        [bounded(), declared()]
    );
    assert_eq!(broken_by("logs/a.log"), [bounded()]);
}
