//! Where the workspace is, for the commands that build and test it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace's root.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Cargo at the workspace's root, by the name that a shell finds it by: a toolchain manager behind
/// that name says one toolchain for every crate. The program itself leaves it to each crate's own
/// `rust-toolchain`, which a few of them are published with.
#[must_use]
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    command
}
