//! A process behind a terminal of its own.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Stdio;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::io::unix::AsyncFd;
use tokio::process::{Child, Command};

use super::Order;

/// Where commands are looked for, as in most images.
const PATHS: &[&str] = &["/usr/local/bin", "/usr/bin", "/bin"];
/// Nobody, on every Linux.
const NOBODY: u32 = 65534;

/// The near side of a terminal; the process holds the far one.
pub(super) struct Pty(AsyncFd<OwnedFd>);

/// A running process; dropping it ends it.
pub(super) struct Running {
    pub pty: Pty,
    pub child: Child,
}

/// Whether there is such a program.
pub(super) fn is_there(program: &str) -> bool {
    match program.contains('/') {
        true => Path::new(program).is_file(),
        false => PATHS
            .iter()
            .any(|path| Path::new(path).join(program).is_file()),
    }
}

/// What runs in containers owns what they hold; nobody, where the simulator may say so.
pub(in crate::kubernetes) fn give_to_nobody(path: &Path) -> io::Result<()> {
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY))?;
    }
    Ok(())
}

/// A command as in a container: nothing of the simulator's own surroundings is in it.
pub(super) fn contained(mut process: Command, order: &Order) -> Command {
    process
        .env_clear()
        .env("PATH", PATHS.join(":"))
        .env("LANG", "C.UTF-8")
        .env("HOME", &order.folder)
        .env("HOSTNAME", &order.pod)
        .current_dir(&order.folder)
        .kill_on_drop(true);
    if rustix::process::geteuid().is_root() {
        process.uid(NOBODY).gid(NOBODY);
    }
    process
}

/// Runs a command behind a terminal.
pub(super) fn run(order: &Order) -> io::Result<Running> {
    let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&near)?;
    unlockpt(&near)?;
    let name = ptsname(&near, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let far = File::from(rustix::fs::open(name.as_c_str(), flags, Mode::empty())?);
    rustix::io::ioctl_fionbio(&near, true)?;
    let mut process = Command::new("setsid");
    process.args(["--ctty", "--wait"]).args(&order.command);
    let mut process = contained(process, order);
    process
        .env("TERM", "xterm-256color")
        .env("PS1", format!("app@{}:\\w\\$ ", order.pod))
        .stdin(Stdio::from(far.try_clone()?))
        .stdout(Stdio::from(far.try_clone()?))
        .stderr(Stdio::from(far));
    give_to_nobody(Path::new(std::ffi::OsStr::from_bytes(name.as_bytes())))?;
    Ok(Running {
        child: process.spawn()?,
        pty: Pty(watched(near)?),
    })
}

#[expect(
    deprecated,
    reason = "its successor is unsafe; an owned descriptor stays open for as long as it is watched"
)]
fn watched(near: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(near)
}

impl Pty {
    /// Nothing more comes once every process on the far side is gone.
    pub(super) async fn read(&self, buffer: &mut [u8]) -> Option<usize> {
        loop {
            let mut ready = self.0.readable().await.ok()?;
            let tried = ready.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut *buffer)?));
            match tried {
                Ok(Ok(0) | Err(_)) => return None,
                Ok(Ok(n)) => return Some(n),
                Err(_) => {}
            }
        }
    }

    pub(super) async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let mut ready = self.0.writable().await?;
            let tried = ready.try_io(|fd| Ok(rustix::io::write(fd.get_ref(), bytes)?));
            if let Ok(written) = tried {
                bytes = bytes.get(written?..).unwrap_or_default();
            }
        }
        Ok(())
    }

    pub(super) fn resize(&self, columns: u16, rows: u16) -> io::Result<()> {
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        Ok(tcsetwinsize(self.0.get_ref(), size)?)
    }
}
