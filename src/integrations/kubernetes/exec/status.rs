//! What the last message of a command says of its end.

use kube::core::Status;
use kube::core::response::StatusSummary;

use super::End;
use crate::integrations::answer::shorten;

const EXIT_CODE: &str = "ExitCode";
/// 128 and the number of the signal that nothing can catch.
const KILLED: i32 = 137;

/// How a command ended, by the `Status` that is its last message. Whatever cannot be read is a
/// failure of its own.
#[must_use]
pub fn end(status: &[u8]) -> End {
    let Ok(status) = serde_json::from_slice::<Status>(status) else {
        return End::Failed {
            detail: "a status that cannot be read".to_owned(),
        };
    };
    if status.status == Some(StatusSummary::Success) {
        return End::Exited { code: 0 };
    }
    let detail = shorten(&status.message);
    match exit_code(&status) {
        Some(KILLED) => End::Killed,
        Some(code) => End::Exited { code },
        None if says_missing(&status.message) => End::Missing { detail },
        None => End::Failed { detail },
    }
}

pub(super) fn lost(detail: &str) -> End {
    End::Lost {
        detail: shorten(detail),
    }
}

fn exit_code(status: &Status) -> Option<i32> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let mut codes = causes.filter(|cause| cause.reason == EXIT_CODE);
    codes.next()?.message.parse().ok()
}

/// Each runtime has words of its own for it, and no code.
fn says_missing(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("no such file or directory")
        || (message.contains("executable file") && message.contains("not found"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn of(status: &Value) -> End {
        end(status.to_string().as_bytes())
    }

    #[test]
    fn a_status_is_a_code_or_a_reason() {
        assert_eq!(
            of(&json!({"metadata": {}, "status": "Success"})),
            End::Exited { code: 0 }
        );
        let exited = |code: &str| {
            of(
                &json!({"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
                "message": format!("command terminated with non-zero exit code: {code}"),
                "details": {"causes": [{"reason": "ExitCode", "message": code}]}}),
            )
        };
        assert_eq!(exited("7"), End::Exited { code: 7 });
        assert_eq!(exited("137"), End::Killed);
        assert!(matches!(exited("many"), End::Failed { .. }));
        let failed = of(&json!({"status": "Failure", "message": "no  runtime", "code": 500}));
        let detail = "no runtime".to_owned();
        assert_eq!(failed, End::Failed { detail });
        for broken in [&b""[..], b"[]", b"{\"status\": 5}"] {
            assert!(matches!(end(broken), End::Failed { .. }));
        }
    }

    #[test]
    fn every_runtime_says_in_its_own_words_that_a_program_is_missing() {
        for message in [
            "exec failed: exec: \"bash\": executable file not found in $PATH: unknown",
            "executable file `bash` not found in $PATH: No such file or directory",
            "exec: \"/bin/bash\": stat /bin/bash: no such file or directory",
        ] {
            let end = of(&json!({"status": "Failure", "message": message}));
            assert!(matches!(end, End::Missing { .. }), "{message}");
        }
        for message in ["permission denied", "container not found (\"app\")", ""] {
            let end = of(&json!({"status": "Failure", "message": message}));
            assert!(matches!(end, End::Failed { .. }), "{message}");
        }
    }

    proptest! {
        #[test]
        fn no_message_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = end(&bytes);
        }

        #[test]
        fn any_code_is_read_or_refused(code in ".{0,12}") {
            let causes = json!([{ "reason": "ExitCode", "message": code }]);
            let found = of(&json!({ "status": "Failure", "details": { "causes": causes } }));
            let expected = match code.parse() {
                Ok(KILLED) => End::Killed,
                Ok(code) => End::Exited { code },
                Err(_) => End::Failed { detail: String::new() },
            };
            prop_assert_eq!(found, expected);
        }
    }
}
