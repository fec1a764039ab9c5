//! A process whose input, output and errors are apart.

use std::io;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};

use super::Order;
use super::pty::contained;
use super::talk::{self, CLOSE, FRAME_BYTES, In, Out, STDERR, STDIN, STDOUT};

pub(super) fn run(order: &Order) -> io::Result<Child> {
    let (program, words) = order
        .command
        .split_first()
        .ok_or(io::ErrorKind::InvalidInput)?;
    let mut process = Command::new(program);
    process.args(words);
    contained(process, order)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// Until it has ended and all that it said is passed on; nothing where nobody is left to hear it.
pub(super) async fn pass(mut child: Child, out: &mut Out, typed: &mut In) -> Option<Value> {
    let (output, errors) = (child.stdout.take()?, child.stderr.take()?);
    let input = child.stdin.take()?;
    tokio::select! {
        said = say(output, errors, out) => said?,
        () = tell(input, typed) => return None,
    }
    let status = child.wait().await.ok()?;
    Some(talk::of(status))
}

async fn say(
    mut output: impl AsyncRead + Unpin,
    mut errors: impl AsyncRead + Unpin,
    out: &mut Out,
) -> Option<()> {
    let (mut said, mut cried) = (vec![0; FRAME_BYTES], vec![0; FRAME_BYTES]);
    let (mut saying, mut crying) = (true, true);
    while saying || crying {
        let (channel, n, buffer) = tokio::select! {
            n = output.read(&mut said), if saying => (STDOUT, n.ok()?, &said),
            n = errors.read(&mut cried), if crying => (STDERR, n.ok()?, &cried),
        };
        match (channel, n) {
            (STDOUT, 0) => saying = false,
            (_, 0) => crying = false,
            _ => talk::send(out, channel, buffer.get(..n)?).await?,
        }
    }
    Some(())
}

/// Ends when the other side has gone. What is not read by the process waits.
async fn tell(input: ChildStdin, typed: &mut In) {
    let mut input = Some(input);
    while let Some((channel, bytes)) = talk::next(typed).await {
        match channel {
            STDIN => {
                if let Some(open) = &mut input
                    && open.write_all(&bytes).await.is_err()
                {
                    input = None;
                }
            }
            CLOSE if bytes.first() == Some(&STDIN) => input = None,
            _ => {}
        }
    }
}
