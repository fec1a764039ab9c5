//! Schema versions side by side: each stored document knows its own and is read in the newest.
//!
//! Invariant: what a document of an earlier version implied, it says after its migration, so that
//! the objects computed from it stay as they were.

use serde_json::{Value, json};

use super::Parameters;
use super::layers::{Kind, Name};
use crate::db::DbError;

/// The schema version that new documents are written in.
pub const SCHEMA_VERSION: i32 = 2;

/// The first version scaled by memory too, except for Java, whose heap never shrinks.
const FIRST_CPU_PERCENT: i32 = 70;
const FIRST_MEMORY_PERCENT: i32 = 80;

const fn memory_percent(language: &str) -> i32 {
    match language.as_bytes() {
        b"java" => 0,
        _ => FIRST_MEMORY_PERCENT,
    }
}

/// A whole stored document, in the newest version.
#[must_use]
pub fn whole(version: i32, mut document: Value, language: &str) -> Value {
    if version < 2 && document.is_object() && document.get("scaling").is_none() {
        document["scaling"] = json!({
            "cpu_percent": FIRST_CPU_PERCENT, "memory_percent": memory_percent(language),
        });
    }
    document
}

/// What a stored layer says, in the newest version.
#[must_use]
pub fn layer(version: i32, name: &Name, mut document: Value) -> Value {
    let speaks = name.kind == Kind::Platform && document.is_object();
    if version < 2 && speaks && document.get("scaling").is_none() {
        document["scaling"] = json!({
            "cpu_percent": FIRST_CPU_PERCENT, "memory_percent": FIRST_MEMORY_PERCENT,
        });
    }
    document
}

/// A stored document, typed.
///
/// # Errors
/// A row of a version later than ours, or one that is none.
pub fn read(version: i32, document: Value, language: &str) -> Result<Parameters, DbError> {
    if version > SCHEMA_VERSION {
        return Err(DbError::Row(format!("parameters of version {version}")));
    }
    serde_json::from_value(whole(version, document, language))
        .map_err(|e| DbError::Row(format!("parameters: {e}")))
}

/// What holds where no layer says anything: beneath all others, and in the platform's name.
#[must_use]
pub fn from_the_start() -> Value {
    json!({
        "scaling": {"cpu_percent": 70, "memory_percent": 0, "up_seconds": 0, "up_most": 0,
            "down_seconds": 300, "down_most": 0},
        "discovery": "none",
        "probes": {"startup": {"kind": "none"}},
        "before_stop": {"kind": "none"},
        "grace_seconds": 30,
        "rollout": {"kind": "rolling", "surge": 1, "unavailable": 0, "warm_seconds": 0},
        "before_deploy": {"kind": "none"},
        "disruption": {"most_away": 0},
        "spread": {"zones": "none", "hosts": "none"},
    })
}

/// What holds for a language before its layer says anything, whatever the platform says.
#[must_use]
pub fn of_language(language: &str) -> Option<Value> {
    is_java(language).then(|| json!({ "scaling": { "memory_percent": 0 } }))
}

/// Whether what is written in a language runs on the Java virtual machine, by its key: `java`,
/// one with a version as `java17`, or a language that is compiled for it.
#[must_use]
pub fn is_java(language: &str) -> bool {
    let version = language.strip_prefix("java");
    version.is_some_and(|v| v.bytes().all(|b| b.is_ascii_digit()))
        || ["kotlin", "scala", "groovy", "clojure"].contains(&language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standards::{schema, validate};

    fn first() -> Value {
        let probe = json!({"kind": "http", "path": "/health"});
        json!({
            "replicas": {"min": 2, "max": 4}, "cpu": {"request": "1", "limit": "2"},
            "memory": {"request": "1Gi", "limit": "2Gi"}, "access": "internal", "port": 8080,
            "env": [{"name": "A", "value": "1"}], "args": ["-x"], "grace_seconds": 45,
            "probes": {"readiness": probe, "liveness": {"kind": "tcp", "delay_seconds": 61}},
        })
    }

    #[test]
    fn a_document_of_the_first_version_says_what_it_implied() {
        schema::check(1, &first()).unwrap();
        for (language, memory) in [("go", 80), ("java", 0)] {
            let moved = whole(1, first(), language);
            let read = validate(&moved).unwrap();
            assert_eq!(read.scaling.cpu_percent, 70);
            assert_eq!(read.scaling.memory_percent, memory, "{language}");
            assert_eq!(read.scaling.down_seconds, 300);
            assert_eq!(
                (read.grace_seconds, read.env.len(), read.args.len()),
                (45, 1, 1)
            );
            assert!(read.before_stop.is_none() && read.probes.startup.is_none());
            // Moving what has moved changes nothing, and one of today is left alone.
            assert_eq!(whole(1, moved.clone(), "java"), moved);
            assert_eq!(whole(2, first(), language), first());
        }
    }

    #[test]
    fn a_layer_of_the_first_version_says_what_it_implied() {
        let platform = Name::new(Kind::Platform, "");
        let java = Name::new(Kind::Language, "java");
        let moved = |name, version| layer(version, name, json!({"port": 1}));
        assert_eq!(moved(&platform, 1)["scaling"]["memory_percent"], 80);
        assert_eq!(moved(&java, 1), json!({"port": 1}));
        assert_eq!(
            of_language("java"),
            Some(json!({"scaling": {"memory_percent": 0}}))
        );
        for language in ["java17", "kotlin"] {
            assert_eq!(of_language(language), of_language("java"), "{language}");
        }
        for language in ["go", "javascript"] {
            assert_eq!(of_language(language), None, "{language}");
        }
        assert_eq!(moved(&platform, 2), json!({"port": 1}));
    }

    #[test]
    fn a_document_of_a_later_version_is_not_guessed_at() {
        read(SCHEMA_VERSION, whole(1, first(), "go"), "go").unwrap();
        read(SCHEMA_VERSION + 1, first(), "go").unwrap_err();
    }

    #[test]
    fn what_holds_from_the_start_is_what_an_empty_word_means() {
        let mut said = first();
        let from_the_start = from_the_start();
        for (name, value) in from_the_start.as_object().unwrap() {
            if name == "probes" {
                said["probes"]["startup"] = value["startup"].clone();
            } else if name != "grace_seconds" {
                said[name] = value.clone();
            }
        }
        assert_eq!(validate(&said).unwrap(), validate(&first()).unwrap());
    }
}
