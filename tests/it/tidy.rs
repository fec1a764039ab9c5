//! House rules, as tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Lines of a source file that is not a test.
const MAX_FILE_LINES: usize = 600;
const MAX_FUNCTION_LINES: usize = 70;
const MAX_COLUMNS: usize = 100;
const MAX_TEMPLATE_LINES: usize = 120;

/// Functions that are longer on purpose, each with why.
const LONG_FUNCTIONS: &[(&str, &str)] = &[
    ("web/router.rs:router", "every route stands on one screen"),
    (
        "requests/store.rs:fetch",
        "one statement with all columns of a request",
    ),
    (
        "releases/store.rs:fetch",
        "one statement with all columns of a release",
    ),
    (
        "terminals/store.rs:select",
        "one statement with all columns of a terminal",
    ),
];

/// Domains, leftmost first: each may use those before it, never those after.
const ORDER: &[&str] = &[
    "identity",
    "audit",
    "secrets",
    "progress",
    "halt",
    "requests",
    "connections",
    "clusters",
    "projects",
    "resources",
    "standards",
    "workloads",
    "builds",
    "releases",
    "changes",
    "waves",
    // Takes away what the others made.
    "offboarding",
    // Takes in what the others did not make.
    "intake",
    // Holds what lives against what was deployed.
    "drift",
    // Shells in what the others run; nobody imports it.
    "terminals",
    // Gathers what all others know, and nobody imports it.
    "home",
    // Tells what all others did, from the outbox.
    "notifications",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let start = root().join(folder);
    collect(&start, extension, &mut |path| {
        let name = path
            .strip_prefix(&start)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        found.push((name, std::fs::read_to_string(path).unwrap()));
    });
    found.sort();
    found
}

fn collect(folder: &Path, extension: &str, take: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("vendor") {
            collect(&path, extension, take);
        } else if path.extension().is_some_and(|e| e == extension) {
            take(&path);
        }
    }
}

/// The part of a file before its unit tests.
fn code(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod ").next().unwrap()
}

fn report(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn files_and_lines_are_short() {
    let mut problems = Vec::new();
    for folder in ["src", "sim/src"] {
        for (name, text) in files(folder, "rs") {
            let lines = code(&text).lines().count();
            if lines > MAX_FILE_LINES {
                problems.push(format!("{folder}/{name} has {lines} lines"));
            }
            for (number, line) in text.lines().enumerate() {
                if line.chars().count() > MAX_COLUMNS {
                    problems.push(format!("{folder}/{name}:{} is too wide", number + 1));
                }
            }
        }
    }
    for (name, text) in files("templates", "html") {
        let lines = text.lines().count();
        if lines > MAX_TEMPLATE_LINES {
            problems.push(format!("templates/{name} has {lines} lines"));
        }
    }
    report(&problems);
}

#[test]
fn functions_are_short() {
    let mut problems = Vec::new();
    for folder in ["src", "sim/src"] {
        for (name, text) in files(folder, "rs") {
            for (function, lines) in functions(code(&text)) {
                let key = format!("{name}:{function}");
                let excused = LONG_FUNCTIONS.iter().any(|(k, _)| *k == key);
                if lines > MAX_FUNCTION_LINES && !excused {
                    problems.push(format!("{folder}/{key} has {lines} lines"));
                }
            }
        }
    }
    report(&problems);
}

/// Names and lengths of the functions of formatted code: from the `fn` line to the closing brace
/// of the same indentation.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let Some(name) = function_name(line.trim_start()) else {
            continue;
        };
        let end = format!("{}}}", " ".repeat(indent));
        let length = lines[start..]
            .iter()
            .position(|l| *l == end)
            .map_or(1, |n| n + 1);
        found.push((name, length));
    }
    found
}

fn function_name(line: &str) -> Option<String> {
    let rest = ["pub ", "pub(super) ", "pub(crate) "]
        .iter()
        .find_map(|p| line.strip_prefix(p))
        .unwrap_or(line);
    let rest = ["const ", "async "]
        .iter()
        .fold(rest, |r, p| r.strip_prefix(p).unwrap_or(r));
    let name = rest.strip_prefix("fn ")?;
    Some(
        name.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect(),
    )
}

#[test]
fn each_layer_says_only_its_own_words() {
    let sql = |name: &str| {
        name.ends_with("store.rs")
            || name.starts_with("jobs/")
            || ["db.rs", "ids.rs", "error.rs", "web/session.rs"].contains(&name)
    };
    let outside = |name: &str| name.starts_with("integrations/");
    let mut problems = Vec::new();
    for (name, text) in files("src", "rs") {
        let text = code(&text);
        if !sql(&name) && text.contains("sqlx::") && !text.contains("jiff_sqlx::") {
            problems.push(format!("src/{name} says sqlx::"));
        }
        if !outside(&name) && (text.contains("reqwest::") || text.contains("kube::Client")) {
            problems.push(format!("src/{name} speaks to the outside itself"));
        }
        if name.ends_with("web.rs") && text.contains("store::") {
            problems.push(format!("src/{name} goes past its domain to the store"));
        }
        if name.ends_with("/mod.rs") && text.contains("use axum::") {
            problems.push(format!("src/{name} knows HTTP"));
        }
    }
    report(&problems);
}

/// The engine stays small enough to be read in one sitting: lines of code, without comments,
/// blanks and tests.
#[test]
fn the_engine_stays_small() {
    let is_code = |l: &&str| !l.trim().is_empty() && !l.trim_start().starts_with("//");
    let lines = |text: &str| code(text).lines().filter(is_code).count();
    let jobs = files("src/jobs", "rs");
    let total: usize = jobs.iter().map(|(_, text)| lines(text)).sum();
    assert!((1..=1000).contains(&total), "src/jobs has {total} lines");
}

#[test]
fn imports_flow_one_way() {
    let mut problems = Vec::new();
    for (name, text) in files("src", "rs") {
        let mine = name.split('/').next().unwrap();
        for other in used_modules(code(&text)) {
            if !may_import(mine, &other) {
                problems.push(format!("src/{name} imports {other}"));
            }
        }
    }
    report(&problems);
}

fn used_modules(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in text.split("crate::").skip(1) {
        found.insert(
            part.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect(),
        );
    }
    found
}

fn may_import(mine: &str, other: &str) -> bool {
    let place = |name: &str| ORDER.iter().position(|d| *d == name);
    match (mine, other) {
        // The engine and the clients know no domain, and the clients no database either.
        ("integrations", _) => matches!(other, "integrations" | "clock"),
        ("jobs", _) => matches!(
            other,
            "jobs" | "db" | "error" | "config" | "clock" | "cron" | "id" | "words"
        ),
        _ => match (place(mine), place(other)) {
            // Who is asking and what is on record belong together.
            (Some(0 | 1), Some(0 | 1)) => true,
            (Some(mine), Some(other)) => other <= mine,
            (Some(_), None) | (None, _) => true,
        },
    }
}

#[test]
fn both_languages_have_the_same_words_and_pages_use_known_ones() {
    let en = messages("locales/en");
    let zh = messages("locales/zh-CN");
    let mut problems = Vec::new();
    let (en_keys, zh_keys): (BTreeSet<_>, BTreeSet<_>) = (en.keys().collect(), zh.keys().collect());
    for key in en_keys.symmetric_difference(&zh_keys) {
        problems.push(format!("{key} is in one language only"));
    }
    for (key, arguments) in &en {
        if zh.get(key).is_some_and(|other| other != arguments) {
            problems.push(format!("{key} has other arguments in Chinese"));
        }
    }
    for (name, text) in files("templates", "html") {
        for key in codes(&text) {
            if !en.contains_key(&key) {
                problems.push(format!("templates/{name} uses {key}, which has no words"));
            }
        }
    }
    for (name, text) in files("src", "rs") {
        for key in codes(code(&text)) {
            if !en.contains_key(&key) {
                problems.push(format!("src/{name} uses {key}, which has no words"));
            }
        }
    }
    report(&problems);
}

/// Whatever the audit trail holds is named there, also when it was refused.
#[test]
fn every_deed_on_record_has_words() {
    let en = messages("locales/en");
    let mut problems = Vec::new();
    let mut deeds = 0;
    for (name, text) in files("src", "rs") {
        for part in code(&text).split("Entry::").skip(1) {
            let Some((call, rest)) = part.split_once('(') else {
                continue;
            };
            let Some(rest) = rest.trim_start().strip_prefix('"') else {
                continue;
            };
            let deed = rest.split('"').next().unwrap_or_default();
            deeds += 1;
            let key = format!("audit-did-{}", deed.replace(['.', '_'], "-"));
            if !en.contains_key(&key) {
                problems.push(format!("src/{name}: {call} of {deed} has no {key}"));
            }
        }
    }
    assert!(deeds > 80, "only {deeds} were found");
    report(&problems);
}

/// Keys with the names of their arguments.
fn messages(folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, text) in files(folder, "ftl") {
        let mut current = String::new();
        for line in text.lines() {
            if let Some((key, _)) = line.split_once(" =")
                && line.starts_with(|c: char| c.is_ascii_lowercase())
            {
                current = key.to_owned();
                assert!(
                    found.insert(current.clone(), BTreeSet::new()).is_none(),
                    "{key} twice"
                );
            }
            for part in line.split('$').skip(1) {
                let name = part
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                found.get_mut(&current).unwrap().insert(name);
            }
        }
    }
    found
}

/// Message codes that are written out: in templates `c.t("…")` and its kin, in code the
/// constructors that take one.
fn codes(text: &str) -> BTreeSet<String> {
    const BEFORE: &[&str] = &[
        ".t(\"",
        ".t1(\"",
        ".t2(\"",
        "Words::new(\"",
        "conflict(\"",
        "forbidden(\"",
    ];
    let mut found = BTreeSet::new();
    for before in BEFORE {
        for part in text.split(before).skip(1) {
            found.insert(part.split('"').next().unwrap().to_owned());
        }
    }
    found
}

/// A test in a program would not be run: programs are not compiled for tests.
#[test]
fn programs_hold_no_tests() {
    let mut programs = files("sim/src/bin", "rs");
    let main = std::fs::read_to_string(root().join("src/main.rs"));
    programs.push(("main.rs".to_owned(), main.expect("the program")));
    assert!(programs.len() > 1);
    let has_tests = |(_, text): &&(String, String)| text.contains("#[test]");
    let found: Vec<_> = programs.iter().filter(has_tests).collect();
    report(
        &found
            .iter()
            .map(|(name, _)| format!("{name} holds tests"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_template_is_used() {
    let rust: String = files("src", "rs")
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    let html = files("templates", "html");
    let mut problems = Vec::new();
    for (name, _) in &html {
        let quoted = format!("\"{name}\"");
        let used = rust.contains(&quoted) || html.iter().any(|(_, text)| text.contains(&quoted));
        if !used {
            problems.push(format!("templates/{name} is an orphan"));
        }
    }
    report(&problems);
}

#[test]
fn migrations_only_expand_or_contract() {
    let mut problems = Vec::new();
    for (name, text) in files("migrations", "sql") {
        for line in text.lines().filter(|l| l.contains("ADD COLUMN")) {
            if line.contains("NOT NULL") && !line.contains("DEFAULT") {
                problems.push(format!(
                    "migrations/{name}: NOT NULL without a default: {line}"
                ));
            }
        }
        if text.contains("RENAME COLUMN") || text.contains("RENAME TO") {
            problems.push(format!(
                "migrations/{name} renames what the former version uses"
            ));
        }
    }
    report(&problems);
}
