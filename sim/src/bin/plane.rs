//! Starts a real control plane by hand, and ends it with Ctrl-C.

use slipway_sim::plane::Plane;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let plane = Plane::start().await?;
    println!("kubeconfig {}", plane.kubeconfig_path.display());
    println!("limited    {}", plane.limited_kubeconfig_path.display());
    println!("kubectl    {}", plane.kubectl.display());
    println!("registry   {}", plane.registry_url);
    println!(
        "started in {} ms; Ctrl-C ends it",
        plane.started_in.as_millis()
    );
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    Ok(())
}
