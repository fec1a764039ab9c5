//! Starts a real control plane by hand, and ends it with Ctrl-C.

use slipway_sim::plane::Plane;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let plane = Plane::start().await?;
    println!("kubeconfig {}", plane.kubeconfig_path.display());
    println!("kubectl    {}", plane.kubectl.display());
    println!("registry   {}", plane.registry_url);
    for (name, value) in plane.contract_settings() {
        println!("export {name}={}", value.display());
    }
    let took = plane.started_in.as_millis();
    println!("started in {took} ms; Ctrl-C ends it");
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    Ok(())
}
