//! The lines that a walk prints, and how many there were.

use tokio::time::Instant;

/// The first thing that was not so ended the walk; its line is printed already.
#[derive(Debug)]
pub struct Failed;

/// Prints and counts steps.
#[derive(Debug, Default)]
pub struct Ledger {
    pub passed: u64,
}

impl Ledger {
    /// Does one step and prints its line.
    ///
    /// # Errors
    /// The step's, after its line is printed.
    pub async fn step<T>(
        &mut self,
        what: &str,
        act: impl Future<Output = anyhow::Result<T>>,
    ) -> Result<T, Failed> {
        let begun = Instant::now();
        match act.await {
            Ok(value) => {
                println!("PASS  {what}  {:.1} s", begun.elapsed().as_secs_f64());
                self.passed += 1;
                Ok(value)
            }
            Err(error) => {
                println!("FAIL  {what}: {error:#}");
                Err(Failed)
            }
        }
    }
}
