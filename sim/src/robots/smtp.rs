//! A mail server that takes everything, unless it was told not to, and delivers nothing.

use std::io;
use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::state::{Heard, Vendor};
use crate::world::World;

/// A mail of more lines is no notice.
const LINES_MAX: usize = 20_000;

/// A running mail server; dropping it stops it.
#[derive(Debug)]
pub struct MailServer {
    port: u16,
    task: JoinHandle<()>,
}

impl MailServer {
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Listens on loopback; `port` 0 takes any free one.
pub async fn serve(world: &World, port: u16) -> io::Result<MailServer> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let port = listener.local_addr()?.port();
    let world = world.clone();
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let world = world.clone();
            // A broken connection is the client's matter, who tries again.
            tokio::spawn(async move { drop(talk(&world, stream).await) });
        }
    });
    Ok(MailServer { port, task })
}

async fn talk(world: &World, stream: TcpStream) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 simulated ESMTP\r\n").await?;
    let mut to = String::new();
    while let Some(line) = lines.next_line().await? {
        let verb = line.split([' ', ':']).next().unwrap_or_default();
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => "250-simulated\r\n250-8BITMIME\r\n250 SMTPUTF8".to_owned(),
            "HELO" | "MAIL" | "NOOP" | "RSET" => "250 ok".to_owned(),
            "RCPT" => {
                line.split(['<', '>'])
                    .nth(1)
                    .unwrap_or_default()
                    .clone_into(&mut to);
                refusal(world).unwrap_or_else(|| "250 ok".to_owned())
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut mail = Vec::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." || mail.len() >= LINES_MAX {
                        break;
                    }
                    mail.push(line.strip_prefix('.').unwrap_or(&line).to_owned());
                }
                keep(world, &to, &mail);
                "250 taken".to_owned()
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "502 unknown".to_owned(),
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

fn refusal(world: &World) -> Option<String> {
    let mut robots = world.robots();
    let (code, left) = robots.refuse_mail?;
    robots.refuse_mail = (left > 1).then_some((code, left - 1));
    let text = if code < 500 {
        "4.3.1 mailbox is full for now"
    } else {
        "5.1.1 no such mailbox"
    };
    Some(format!("{code} {text}"))
}

fn keep(world: &World, to: &str, mail: &[String]) {
    let at = mail.iter().position(String::is_empty).unwrap_or(mail.len());
    let (head, body) = mail.split_at(at);
    let header = |name: &str| {
        let start = head
            .iter()
            .position(|l| l.to_lowercase().starts_with(name))?;
        let rest = head.iter().skip(start + 1);
        let folded = rest.take_while(|l| l.starts_with([' ', '\t']));
        let first = head.get(start)?.get(name.len()..)?;
        let parts = std::iter::once(first.trim()).chain(folded.map(|l| l.trim()));
        Some(parts.map(decode_words).collect::<String>())
    };
    let body = body.get(1..).unwrap_or_default();
    let text = match header("content-transfer-encoding:").as_deref() {
        Some("base64") => from_base64(&body.concat()),
        Some("quoted-printable") => from_quoted(body),
        _ => body.join("\n"),
    };
    let now = world.clock().now();
    world.robots().keep(Heard {
        at: now,
        vendor: Vendor::Mail,
        to: to.to_owned(),
        subject: header("subject:").unwrap_or_default(),
        text: format!("{text}\n{}", header("message-id:").unwrap_or_default()),
    });
}

fn from_base64(text: &str) -> String {
    let bytes = STANDARD.decode(text.trim()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn from_quoted(lines: &[String]) -> String {
    let mut bytes = Vec::new();
    for line in lines {
        let (line, goes_on) = match line.strip_suffix('=') {
            Some(line) => (line, true),
            None => (line.as_str(), false),
        };
        let mut parts = line.split('=');
        bytes.extend(parts.next().unwrap_or_default().bytes());
        for part in parts {
            let (hex, rest) = part.split_at_checked(2).unwrap_or((part, ""));
            bytes.extend(u8::from_str_radix(hex, 16).ok());
            bytes.extend(rest.bytes());
        }
        if !goes_on {
            bytes.push(b'\n');
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `=?utf-8?b?…?=`, one after the other (RFC 2047).
fn decode_words(text: &str) -> String {
    let word = |word: &str| {
        let inner = word.strip_prefix("=?utf-8?b?")?.strip_suffix("?=")?;
        Some(from_base64(inner))
    };
    let all: Option<String> = text.split_whitespace().map(word).collect();
    all.unwrap_or_else(|| text.to_owned())
}
