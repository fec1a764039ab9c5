//! How the program is linked.

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script by variables"
)]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    // Addresses that are put right at the start take an eighth of their room, which is 2 MB of
    // the program. Loaders know the form since glibc 2.36.
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
