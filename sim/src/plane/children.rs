//! The plane's processes.
//!
//! Invariant: whatever becomes of the plane (dropped, unwound by a panic, killed), each process
//! that it started is ended, by its own id, and no other one is touched.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};

/// The end of a log, where a process that died says why.
const LOG_TAIL_BYTES: usize = 2_000;
/// Reads ids until its input ends. After a last `done` there is nothing to do; without it we were
/// killed, and it ends in our place what we started, and removes the folder.
const WATCHMAN: &str = r#"
while read -r word; do
  if [ "$word" = done ]; then exit; fi
  ids="$ids $word"
done
kill -9 $ids
rm -rf -- "$1"
"#;

/// Running processes, ended in the reverse order of their start.
#[derive(Debug)]
pub struct Children {
    logs: PathBuf,
    watchman: Child,
    running: Vec<(String, Child)>,
}

impl Children {
    /// Logs go to files in `dir`, one for each process; all of it is theirs alone.
    pub fn new(dir: &Path) -> anyhow::Result<Self> {
        let watchman = Command::new("sh")
            .args(["-c", WATCHMAN, "sh"])
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("sh did not start")?;
        Ok(Self {
            logs: dir.to_owned(),
            watchman,
            running: Vec::new(),
        })
    }

    /// Starts a program in a process group of its own, so that a Ctrl-C at the terminal reaches
    /// only us, and we end the others in order.
    pub fn start(&mut self, name: &str, command: &mut Command) -> anyhow::Result<()> {
        let log = File::create(self.log(name))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name} did not start"))?;
        let id = child.id();
        self.running.push((name.to_owned(), child));
        self.tell_watchman(&id.to_string())
    }

    /// An error, with the end of its log, where one of them has ended by itself.
    pub fn check(&mut self) -> anyhow::Result<()> {
        for (name, child) in &mut self.running {
            if let Some(status) = child.try_wait()? {
                let name = name.clone();
                bail!("{name} ended ({status}):\n{}", self.tail(&name));
            }
        }
        Ok(())
    }

    /// The last lines of a process's log.
    #[must_use]
    pub fn tail(&self, name: &str) -> String {
        let log = std::fs::read(self.log(name)).unwrap_or_default();
        let from = log.len().saturating_sub(LOG_TAIL_BYTES);
        String::from_utf8_lossy(log.get(from..).unwrap_or_default()).into_owned()
    }

    fn tell_watchman(&mut self, word: &str) -> anyhow::Result<()> {
        let pipe = self
            .watchman
            .stdin
            .as_mut()
            .context("the watchman has no pipe")?;
        writeln!(pipe, "{word}").context("the watchman is gone")
    }

    fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for (_, child) in self.running.iter_mut().rev() {
            // Their data is thrown away, so there is nothing that they should still write. One
            // that has ended already cannot be killed, which is as good.
            let _ = child.kill();
        }
        for (_, child) in self.running.iter_mut().rev() {
            let _ = child.wait();
        }
        // Told so, it goes by itself; if it is gone already, nobody needs it any more.
        let _ = self.tell_watchman("done");
        drop(self.watchman.stdin.take());
        let _ = self.watchman.wait();
    }
}
