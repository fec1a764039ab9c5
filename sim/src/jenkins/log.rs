//! What a phase of a build prints, and whether it succeeds: decided from the repository's state.

use super::run::{Phase, Task};
use super::templates::Language;
use crate::gitlab;

/// A commit with this in its message does not compile.
const BREAKS_THE_BUILD: &str = "[fail build]";

/// A phase's lines and its outcome.
pub(super) struct Said {
    pub lines: Vec<String>,
    pub good: bool,
}

pub(super) fn prepare(gitlab: &gitlab::State, task: &Task) -> Said {
    match task.phase {
        Phase::CheckOut => check_out(gitlab, task),
        Phase::Package => package(gitlab, task),
        Phase::Image => good(image(task)),
        Phase::Push => good(vec![
            format!("+ docker push {}", task.parameter("IMAGE")),
            format!(
                "The push refers to repository [{}]",
                name(task.parameter("IMAGE"))
            ),
        ]),
    }
}

fn good(lines: Vec<String>) -> Said {
    Said { lines, good: true }
}

/// Tells whether the tag is there and leads to the commit that was asked for.
fn check_out(gitlab: &gitlab::State, task: &Task) -> Said {
    let (url, tag) = (task.parameter("SOURCE_URL"), task.parameter("SOURCE_TAG"));
    let wanted = task.parameter("SOURCE_COMMIT");
    let mut lines = vec![
        format!("+ git clone --depth 1 --branch {tag} {url} source"),
        "Cloning into 'source'...".to_owned(),
    ];
    let Some(project) = gitlab.project_by_url(url) else {
        lines.push(format!("fatal: repository '{url}' not found"));
        return Said { lines, good: false };
    };
    let Some(found) = project.tag(tag) else {
        lines.push(format!(
            "fatal: Remote branch {tag} not found in upstream origin"
        ));
        return Said { lines, good: false };
    };
    let short = found.commit.get(..8).unwrap_or_default();
    lines.push(format!("Note: switching to '{}'.", found.commit));
    let title = project
        .resolve(&found.commit)
        .map(title)
        .unwrap_or_default();
    lines.push(format!("HEAD is now at {short} {title}"));
    lines.push(format!("+ test {} = {wanted}", found.commit));
    Said {
        good: found.commit == wanted,
        lines,
    }
}

fn title(commit: &gitlab::Commit) -> &str {
    commit.message.lines().next().unwrap_or_default()
}

fn package(gitlab: &gitlab::State, task: &Task) -> Said {
    let project = gitlab.project_by_url(task.parameter("SOURCE_URL"));
    let commit = project.and_then(|project| project.resolve(task.parameter("SOURCE_COMMIT")));
    let broken = commit.is_some_and(|commit| commit.message.contains(BREAKS_THE_BUILD));
    let mut lines = vec![format!("+ {}", task.language.command())];
    let service = task.parameter("SERVICE");
    let told = if broken {
        compile_error(task.language)
    } else {
        compiling(task.language)
    };
    lines.extend(told.iter().map(|line| line.replace("SERVICE", service)));
    Said {
        lines,
        good: !broken,
    }
}

fn compiling(language: Language) -> &'static [&'static str] {
    match language {
        Language::Java => &[
            "[INFO] Scanning for projects...",
            "[INFO] --------------------< com.example:SERVICE >--------------------",
            "[INFO] --- clean:3.2.0:clean (default-clean) @ SERVICE ---",
            "[INFO] --- compiler:3.13.0:compile (default-compile) @ SERVICE ---",
            "[INFO] Compiling 48 source files with javac [debug release 17] to target/classes",
            "[INFO] Tests are skipped.",
            "[INFO] --- jar:3.4.1:jar (default-jar) @ SERVICE ---",
            "[INFO] BUILD SUCCESS",
        ],
        Language::Go => &[
            "go: downloading github.com/prometheus/client_golang v1.20.5",
            "go: downloading golang.org/x/sync v0.10.0",
            "internal/store",
            "internal/api",
            "cmd/SERVICE",
        ],
        Language::Python => &[
            "Collecting fastapi==0.115.6",
            "Collecting uvicorn==0.34.0",
            "Building wheel for SERVICE (pyproject.toml): finished with status 'done'",
            "Successfully installed SERVICE-1.0 fastapi-0.115.6 uvicorn-0.34.0",
        ],
        Language::Node => &[
            "added 412 packages in 9s",
            "> SERVICE@1.0.0 build",
            "> tsc --project tsconfig.build.json && vite build",
            "vite v6.0.7 building for production...",
            "transforming (214) src/main.ts",
            "built in 3.41s",
        ],
    }
}

fn compile_error(language: Language) -> &'static [&'static str] {
    match language {
        Language::Java => &[
            "[INFO] Scanning for projects...",
            "[ERROR] COMPILATION ERROR :",
            "[ERROR] src/main/java/com/example/App.java:[42,17] cannot find symbol",
            "[ERROR]   symbol:   method discount(int)",
            "[INFO] BUILD FAILURE",
        ],
        Language::Go => &[
            "# example.com/SERVICE/cmd/SERVICE",
            "cmd/SERVICE/main.go:42:17: undefined: discount",
        ],
        Language::Python => &[
            "Collecting fastapi==0.115.6",
            "  File \"app/main.py\", line 42",
            "SyntaxError: invalid syntax",
            "error: subprocess-exited-with-error",
        ],
        Language::Node => &[
            "> SERVICE@1.0.0 build",
            "src/main.ts(42,17): error TS2304: Cannot find name 'discount'.",
            "npm error Lifecycle script `build` failed with error:",
        ],
    }
}

fn image(task: &Task) -> Vec<String> {
    let (service, path) = (task.parameter("SERVICE"), task.parameter("DEPLOY_PATH"));
    vec![
        format!("+ sed -e s|@SERVICE@|{service}| -e s|@DEPLOY_PATH@|{path}|"),
        format!("+ docker build -t {} .", task.parameter("IMAGE")),
        "#1 [internal] load build definition from Dockerfile".to_owned(),
        format!("#5 [2/3] WORKDIR {path}"),
        format!("#6 [3/3] COPY {service} {path}/"),
        "#7 exporting layers done".to_owned(),
    ]
}

/// An image reference without its tag.
fn name(image: &str) -> &str {
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}
