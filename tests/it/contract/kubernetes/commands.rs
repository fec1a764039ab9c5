//! Commands in containers, over WebSockets.

use std::io::Write as _;
use std::process::{Command, Stdio};

use k8s_openapi::api::core::v1::Pod;
use slipway::integrations::CallError;
use slipway::integrations::kubernetes::{End, Output, Place, Running, Size};
use slipway_sim::kubernetes::Exec;

use super::reading::{KUBECTL, pod};
use super::target::{Target, client};
use crate::contract::setting;

/// Says that the real cluster's nodes run commands; pretended ones may not.
const REAL_RUNS: &str = "SLIPWAY_CONTRACT_EXEC";
/// What it says of nodes that run commands and do not tell their codes.
const CODELESS: &str = "codeless";

const SIZE: Size = Size {
    columns: 101,
    rows: 31,
};
/// More than all buffers between a flood and its reader hold.
const SOME_BYTES: usize = 8 * 1024 * 1024;
const MANY_BYTES: usize = 64 * 1024 * 1024;

/// Whether the target can confirm a behaviour.
fn runs(target: &Target, behaviour: &str) -> bool {
    let runs = target.is_simulated() || setting(REAL_RUNS).is_some();
    if !runs {
        println!("unconfirmed: kubernetes {behaviour} (its nodes run nothing)");
    }
    runs
}

/// Whether how a command ended is told by its code, and not in words alone as pretended nodes do.
fn tells_codes(target: &Target, behaviour: &str) -> bool {
    let tells = target.is_simulated() || setting(REAL_RUNS).as_deref() != Some(CODELESS);
    if !tells {
        println!("unconfirmed: kubernetes {behaviour} (its nodes tell no codes but 0)");
    }
    tells
}

/// Whether the target is one whose containers can be told how to behave.
fn pretends(target: &Target, behaviour: &str) -> bool {
    if !target.is_simulated() {
        println!("unconfirmed: kubernetes {behaviour}");
    }
    target.is_simulated()
}

fn place<'a>(target: &'a Target, pod: &'a str) -> Place<'a> {
    Place {
        namespace: &target.namespace,
        pod,
        container: "app",
    }
}

async fn exec(target: &Target, pod: &str, command: &[&str]) -> Running {
    let running = target.kubernetes.exec(place(target, pod), command, SIZE);
    running.await.expect("a WebSocket")
}

/// Output until it holds a text.
async fn until(output: &mut Output, text: &str) -> String {
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains(text) {
        shown.extend(output.next().await.expect("more output"));
    }
    String::from_utf8_lossy(&shown).into_owned()
}

async fn end(output: &mut Output) -> End {
    loop {
        if let Err(end) = output.next().await {
            return end;
        }
    }
}

async fn ends_with_its_code(target: &Target, pod: &str) {
    let mut shell = exec(target, pod, &["sh"]).await;
    shell.input.write("exit 7\n").await.expect("a shell");
    let ended = end(&mut shell.output).await;
    match tells_codes(target, "a_command_ends_with_its_code") {
        true => assert_eq!(ended, End::Exited { code: 7 }),
        false => assert!(matches!(ended, End::Failed { .. }), "{ended:?}"),
    }
    // It waits for a key, because a pretended node may drop what a program showed last.
    let mut fine = exec(target, pod, &["sh", "-c", "echo done; read key"]).await;
    until(&mut fine.output, "done").await;
    fine.input.write("\n").await.expect("a shell");
    assert_eq!(end(&mut fine.output).await, End::Exited { code: 0 });
}

pub async fn a_command_ends_with_its_code(target: &Target) {
    if runs(target, "a_command_ends_with_its_code") {
        let pod = pod(target, "r/shop:1").await;
        ends_with_its_code(target, &pod).await;
    }
}

pub async fn a_terminal_has_the_size_that_it_is_given(target: &Target) {
    if !runs(target, "a_terminal_has_the_size_that_it_is_given") {
        return;
    }
    let pod = pod(target, "r/shop:1").await;
    let mut shell = exec(target, &pod, &["sh"]).await;
    until_size(&mut shell, "31 101").await;
    let smaller = Size {
        columns: 40,
        rows: 12,
    };
    shell.input.resize(smaller).await.expect("a shell");
    until_size(&mut shell, "12 40").await;
}

/// The shell asks until it is so: a node may hand on a size later than a line.
async fn until_size(shell: &mut Running, size: &str) {
    let ask = format!("until stty size | grep -x '{size}'; do sleep 0.1; done; echo si''zed\n");
    shell.input.write(ask).await.expect("a shell");
    until(&mut shell.output, "sized").await;
}

pub async fn bytes_pass_unchanged_though_characters_are_split(target: &Target) {
    if !pretends(target, "bytes_pass_unchanged_though_characters_are_split") {
        return;
    }
    target.simulate(|settings| settings.exec = Exec::Echoes);
    let pod = pod(target, "r/shop:1").await;
    let mut echo = exec(target, &pod, &["cat"]).await;
    for part in [&b"\xe4\xbd"[..], b"\xa0\xe5", b"\xa5\xbd\x00\xff"] {
        echo.input.write(part).await.expect("an echo");
        assert_eq!(echo.output.next().await.expect("an echo"), part);
    }
    let much = vec![b'x'; 100_000];
    echo.input.write(much.clone()).await.expect("an echo");
    let mut back = Vec::new();
    while back.len() < much.len() {
        back.extend(echo.output.next().await.expect("an echo"));
    }
    assert!(back == much);
}

pub async fn ctrl_c_ends_a_flood(target: &Target) {
    if !pretends(target, "ctrl_c_ends_a_flood") {
        return;
    }
    target.simulate(|settings| {
        settings.exec = Exec::Floods {
            frames: usize::MAX,
            bytes: 16 * 1024,
        };
    });
    let pod = pod(target, "r/shop:1").await;
    let mut flood = exec(target, &pod, &["yes"]).await;
    let mut read = 0;
    while read < SOME_BYTES {
        read += flood.output.next().await.expect("a flood").len();
    }
    flood.input.write("\x03").await.expect("a flood");
    let end = loop {
        match flood.output.next().await {
            Ok(bytes) => read += bytes.len(),
            Err(end) => break end,
        }
        assert!(read < MANY_BYTES, "Ctrl-C does not get through");
    };
    assert_eq!(end, End::Exited { code: 130 });
}

pub async fn an_older_protocol_does_as_well(target: &Target) {
    if !pretends(target, "an_older_protocol_does_as_well") {
        return;
    }
    target.simulate(|settings| settings.exec_protocols = &["v4.channel.k8s.io"]);
    let pod = pod(target, "r/shop:1").await;
    ends_with_its_code(target, &pod).await;
    target.simulate(|settings| settings.exec_protocols = &["v9.channel.k8s.io"]);
    let refused = target
        .kubernetes
        .exec(place(target, &pod), &["sh"], SIZE)
        .await;
    let refused = refused.err();
    assert!(
        matches!(refused, Some(CallError::Refused { .. })),
        "{refused:?}"
    );
}

pub async fn a_missing_program_is_an_end_and_not_an_error(target: &Target) {
    if !runs(target, "a_missing_program_is_an_end_and_not_an_error") {
        return;
    }
    let pod = pod(target, "r/shop:1").await;
    let mut absent = exec(target, &pod, &["no-such-shell"]).await;
    let end = end(&mut absent.output).await;
    assert!(matches!(end, End::Missing { .. }), "{end:?}");
}

pub async fn a_shell_is_the_best_that_there_is(target: &Target) {
    if !pretends(target, "a_shell_is_the_best_that_there_is") {
        return;
    }
    let pod = pod(target, "r/shop:1").await;
    let here = place(target, &pod);
    let shell = async |exec: Exec| {
        target.simulate(|settings| settings.exec = exec);
        let shell = target.kubernetes.exec_shell(here, SIZE).await;
        shell.expect("a WebSocket")
    };
    for (holds, name) in [(Exec::Runs, "[bash]"), (Exec::RunsAllBut("bash"), "[sh]")] {
        let mut shell = shell(holds).await;
        let asked = shell.input.write("echo \"[${0##*/}]\"\n").await;
        asked.expect("a shell");
        until(&mut shell.output, name).await;
    }
    let mut none = shell(Exec::HoldsNothing).await;
    let end = end(&mut none.output).await;
    assert!(matches!(end, End::Missing { .. }), "{end:?}");
}

pub async fn a_command_ends_with_its_pod(target: &Target) {
    if !pretends(target, "a_command_ends_with_its_pod") {
        return;
    }
    let pod = pod(target, "r/shop:1").await;
    let mut shell = exec(target, &pod, &["sh"]).await;
    until(&mut shell.output, "$").await;
    let kubernetes = &target.kubernetes;
    let deleted = kubernetes.delete::<Pod>(&target.namespace, &pod).await;
    deleted.expect("a deletion");
    target
        .until("a pod that is gone", async || {
            let found = kubernetes.get::<Pod>(&target.namespace, &pod).await;
            found.expect("an answer").is_none().then_some(())
        })
        .await;
    assert_eq!(end(&mut shell.output).await, End::Killed);
}

/// `kubectl exec -it` behind a terminal of its own: what it showed, and its code; nothing where
/// this machine has no kubectl, or nothing that makes a terminal.
async fn kubectl_exec(target: &Target, pod: &str, typed: &'static str) -> Option<(String, i32)> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &target.kubeconfig).expect("a kubeconfig");
    let kubectl = setting(KUBECTL).unwrap_or_else(|| "kubectl".to_owned());
    let line = format!(
        "{kubectl} --kubeconfig {} -n {} exec -it {pod} -c app -- sh",
        file.path().display(),
        target.namespace,
    );
    let ran = tokio::task::spawn_blocking(move || {
        Command::new(&kubectl)
            .arg("version")
            .arg("--client")
            .output()?;
        let mut child = Command::new("script")
            .args(["-q", "-e", "-c", &line, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut input = child.stdin.take().expect("its input");
        input.write_all(typed.as_bytes())?;
        let output = child.wait_with_output()?;
        drop((input, file));
        Ok::<_, std::io::Error>(output)
    });
    let output = match ran.await.expect("a thread") {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("{error}"),
    };
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    Some((said, output.status.code().expect("a code")))
}

pub async fn kubectl_runs_a_shell_in_a_container(target: &Target) {
    let behaviour = "kubectl_runs_a_shell_in_a_container";
    if !runs(target, behaviour) {
        return;
    }
    let pod = pod(target, "r/shop:1").await;
    // It stays for a moment, because a pretended node may drop what a program showed last.
    let typed = "test -t 0 && echo my-$((40 + 2)); sleep 1; exit 7\n";
    let Some((said, code)) = kubectl_exec(target, &pod, typed).await else {
        println!("unconfirmed: kubernetes {behaviour} (no kubectl, or no script)");
        return;
    };
    assert!(said.contains("my-42"), "{said}");
    match tells_codes(target, behaviour) {
        true => assert_eq!(code, 7, "{said}"),
        false => assert_ne!(code, 0, "{said}"),
    }
}

/// What is asked before any node is needed.
pub async fn commands_are_refused_as_other_calls_are(target: &Target) {
    let refusal = async |place| {
        let refused = target.kubernetes.exec(place, &["sh"], SIZE).await;
        refused.err()
    };
    let absent = refusal(place(target, "absent")).await;
    assert!(
        matches!(absent, Some(CallError::NotFound { .. })),
        "{absent:?}"
    );
    let elsewhere = refusal(place(target, "../secrets/x")).await;
    assert!(
        matches!(elsewhere, Some(CallError::Refused { .. })),
        "{elsewhere:?}"
    );
    let pod = pod(target, "r/shop:1").await;
    let other = Place {
        container: "other",
        ..place(target, &pod)
    };
    let other = refusal(other).await;
    assert!(
        matches!(other, Some(CallError::Refused { .. })),
        "{other:?}"
    );
    let Some(limited) = &target.limited else {
        println!("unconfirmed: kubernetes commands_are_refused (nobody is limited)");
        return;
    };
    let denied = client(limited)
        .await
        .exec(place(target, &pod), &["sh"], SIZE)
        .await;
    let denied = denied.err();
    assert!(
        matches!(denied, Some(CallError::Denied { .. })),
        "{denied:?}"
    );
}
