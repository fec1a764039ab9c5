//! Parts of a document whose fields depend on their kind.

/// A part's pointer, and for each of its kinds the fields that it has.
pub type Part = (
    &'static str,
    &'static [(&'static str, &'static [&'static str])],
);

const TIMES: [&str; 4] = [
    "delay_seconds",
    "period_seconds",
    "timeout_seconds",
    "failures",
];
const HTTP: &[&str] = &["path", TIMES[0], TIMES[1], TIMES[2], TIMES[3]];
const EXEC: &[&str] = &["command", TIMES[0], TIMES[1], TIMES[2], TIMES[3]];
const PROBE: &[(&str, &[&str])] = &[("http", HTTP), ("tcp", &TIMES), ("exec", EXEC)];

/// Every such part.
pub const PARTS: &[Part] = &[
    ("/probes/startup", PROBE),
    ("/probes/readiness", PROBE),
    ("/probes/liveness", PROBE),
    (
        "/before_stop",
        &[
            ("none", &[]),
            ("sleep", &["seconds"]),
            ("http", &["path"]),
            ("exec", &["command"]),
        ],
    ),
    (
        "/before_deploy",
        &[("none", &[]), ("exec", &["command", "timeout_seconds"])],
    ),
];

/// Whether a pointer names a field that its part has with this kind; `None` where it is in none.
#[must_use]
pub fn has(pointer: &str, kind: &str) -> Option<bool> {
    let (part, kinds) = PARTS
        .iter()
        .find(|(part, _)| super::is_below(pointer, part))?;
    let field = pointer.strip_prefix(part)?.strip_prefix('/')?;
    let found = kinds.iter().find(|(name, _)| *name == kind);
    Some(field == "kind" || found.is_some_and(|(_, fields)| fields.contains(&field)))
}
