//! The command line: `serve`, `work`, `migrate`, `check`, `admin`.

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use secrecy::SecretString;
use slipway::app::App;
use slipway::config::{Settings, VARIABLES};
use slipway::identity::PlatformRole;
use slipway::{db, serve};

#[derive(Parser)]
#[command(name = "slipway", version, about, after_help = settings_help())]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the portal with workers.
    Serve {
        /// Serves pages and API only; `slipway work` runs elsewhere.
        #[arg(long)]
        no_work: bool,
    },
    /// Runs workers only.
    Work,
    /// Brings the database's schema to this version, as its owner.
    Migrate,
    /// Checks settings, database and schema, and says what is wrong.
    Check,
    /// First accounts and recovery.
    #[command(subcommand)]
    Admin(Admin),
}

#[derive(Subcommand)]
enum Admin {
    /// Makes an account; the password is read from standard input.
    CreateAccount {
        name: String,
        #[arg(long)]
        display_name: String,
        /// `admin`, `ops` or `auditor`; may be given several times.
        #[arg(long = "role", value_parser = role)]
        roles: Vec<PlatformRole>,
    },
    /// Gives an account a new password, read from standard input, and ends its sessions.
    SetPassword { name: String },
    /// Encrypts every stored secret with the first key, so that the others can be taken away.
    Reseal,
}

fn role(text: &str) -> Result<PlatformRole, String> {
    PlatformRole::parse(text).ok_or_else(|| "must be admin, ops or auditor".to_owned())
}

fn settings_help() -> String {
    let lines = VARIABLES
        .iter()
        .map(|(name, help)| format!("  SLIPWAY_{name:<20} {help}"));
    format!(
        "Settings (environment):\n{}",
        lines.collect::<Vec<_>>().join("\n")
    )
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match start(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the log may not be set up yet")]
            {
                eprintln!("slipway: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> anyhow::Result<()> {
    let settings = Settings::from_environment()?;
    slipway::log::start(&settings)?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    if provider.install_default().is_err() {
        bail!("a TLS provider was already installed");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(cli.command, settings))
}

async fn run(command: Command, settings: Settings) -> anyhow::Result<()> {
    match command {
        Command::Serve { no_work } => {
            let listener = tokio::net::TcpListener::bind(settings.listen)
                .await
                .with_context(|| format!("cannot listen on {}", settings.listen))?;
            let app = App::new(settings)?;
            serve::portal(app, listener, !no_work).await
        }
        Command::Work => serve::workers(App::new(settings)?).await,
        Command::Migrate => {
            let url = settings.owner_database_url;
            let url = url.context("SLIPWAY_OWNER_DATABASE_URL is missing: migrations need it")?;
            db::migrate(&url).await?;
            tracing::info!("the schema is current");
            Ok(())
        }
        Command::Check => serve::check(&App::new(settings)?).await,
        Command::Admin(command) => admin(&App::new(settings)?, command).await,
    }
}

async fn admin(app: &App, command: Admin) -> anyhow::Result<()> {
    match command {
        Admin::CreateAccount {
            name,
            display_name,
            roles,
        } => serve::create_account(app, name, display_name, typed()?, roles).await,
        Admin::SetPassword { name } => serve::set_password(app, &name, typed()?).await,
        Admin::Reseal => serve::reseal(app).await,
    }
}

/// The password on standard input, without the end of its line.
fn typed() -> std::io::Result<SecretString> {
    let mut password = String::new();
    std::io::stdin().take(1000).read_to_string(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']);
    Ok(SecretString::from(password.to_owned()))
}
