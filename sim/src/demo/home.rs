//! The demo's folder: one demo at a time, the same ports and keys at every start.

use std::fs::{File, TryLockError};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::postgres::free_port;

const FIRST_CHOICE: u16 = 8080;

/// An open folder; nobody else can open it meanwhile.
#[derive(Debug)]
pub struct Home {
    pub folder: PathBuf,
    pub ports: Ports,
    _lock: File,
}

/// Addresses are stored in the portal's database, so they must not change.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Ports {
    pub portal: u16,
    pub gitlab: u16,
    pub jenkins: u16,
    pub registry: u16,
    pub test: u16,
    pub production: u16,
    /// Folders of an earlier version have none of these.
    #[serde(default)]
    pub frankfurt: u16,
    #[serde(default)]
    pub robots: u16,
    #[serde(default)]
    pub mail: u16,
}

impl Home {
    /// Opens the folder, making it where there is none.
    ///
    /// # Errors
    /// Another demo in it, or a port that somebody else has taken since.
    pub fn open(folder: &Path, port: Option<u16>) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        let lock = File::create(folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("another demo runs in {}", folder.display())
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let ports = ports(&folder.join("ports.json"), port)?;
        Ok(Self {
            folder,
            ports,
            _lock: lock,
        })
    }

    /// `id:base64` of a key that is made once.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn secret_key(&self) -> anyhow::Result<String> {
        let file = self.folder.join("secret-key");
        if let Ok(text) = std::fs::read_to_string(&file) {
            return Ok(text.trim().to_owned());
        }
        let text = new_secret_key();
        std::fs::write(&file, &text)?;
        Ok(text)
    }
}

/// A fresh key in the form of the portal's setting.
#[must_use]
pub fn new_secret_key() -> String {
    let bytes: [u8; 32] = rand::rng().random();
    let key = base64::engine::general_purpose::STANDARD.encode(bytes);
    format!("demo:{key}")
}

fn ports(file: &Path, wanted: Option<u16>) -> anyhow::Result<Ports> {
    let known = std::fs::read_to_string(file).ok();
    let mut ports = match known {
        Some(text) => serde_json::from_str(&text).context("ports.json is broken")?,
        None => fresh()?,
    };
    for port in [&mut ports.frankfurt, &mut ports.robots, &mut ports.mail] {
        if *port == 0 {
            *port = free_port()?;
        }
    }
    if let Some(wanted) = wanted {
        ports.portal = wanted;
    }
    if !is_free(ports.portal) {
        bail!(
            "port {} is taken; give another one with --port",
            ports.portal
        );
    }
    std::fs::write(file, serde_json::to_string(&ports)?)?;
    Ok(ports)
}

fn fresh() -> anyhow::Result<Ports> {
    Ok(Ports {
        portal: if is_free(FIRST_CHOICE) {
            FIRST_CHOICE
        } else {
            free_port()?
        },
        gitlab: free_port()?,
        jenkins: free_port()?,
        registry: free_port()?,
        test: free_port()?,
        production: free_port()?,
        frankfurt: free_port()?,
        robots: free_port()?,
        mail: free_port()?,
    })
}

fn is_free(port: u16) -> bool {
    port != 0 && TcpListener::bind(("127.0.0.1", port)).is_ok()
}
