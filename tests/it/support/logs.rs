//! Everything that is logged on this thread, which is where a test's tasks run.
//!
//! One subscriber serves the whole process, because what a call site may log is remembered for
//! all threads alike; each listener hears its own thread only.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex, Once};

use tracing::Level;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

thread_local! {
    static HEARD: RefCell<Option<Logs>> = const { RefCell::new(None) };
}

#[derive(Clone, Default)]
pub struct Logs(Arc<Mutex<Vec<u8>>>);

/// Listens until it is dropped.
pub struct Listening;

impl Drop for Listening {
    fn drop(&mut self) {
        HEARD.with(|heard| heard.borrow_mut().take());
    }
}

impl Logs {
    pub fn listen() -> (Self, Listening) {
        static START: Once = Once::new();
        START.call_once(|| {
            let wanted = dynamic_filter_fn(|event, _| {
                // Libraries' traces are bytes on a wire, which nobody's settings ask for.
                let ours = event.target().starts_with("slipway");
                let level = *event.level() <= Level::DEBUG || ours;
                level && HEARD.with(|heard| heard.borrow().is_some())
            });
            let layer = tracing_subscriber::fmt::layer()
                .with_writer(ThisThread)
                .with_ansi(false)
                .with_filter(wanted);
            let subscriber = tracing_subscriber::registry().with(layer);
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
        let logs = Self::default();
        HEARD.with(|heard| heard.borrow_mut().replace(logs.clone()));
        (logs, Listening)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Writes to whoever listens on the thread that logs.
struct ThisThread;

impl io::Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        HEARD.with(|heard| {
            if let Some(logs) = heard.borrow().as_ref() {
                logs.0.lock().unwrap().extend_from_slice(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for ThisThread {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        Self
    }
}
