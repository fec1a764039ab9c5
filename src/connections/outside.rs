//! Asking a registered system who it is, for the button on its page.

use std::time::{Duration, Instant};

use secrecy::ExposeSecret;

use super::clients::{self, Client};
use super::{Connection, ConnectionError, ConnectionId, Observed, Report, Subject, health};
use crate::app::App;
use crate::audit::{self, Entry, Origin};
use crate::error::{AppError, Words};
use crate::integrations::CallError;
use crate::integrations::gitlab::GitLab;
use crate::integrations::jenkins::Jenkins;

/// A page waits no longer for an outside system.
pub const LIMIT: Duration = Duration::from_secs(3);

/// Jenkins answers so to whom it does not know, where it lets strangers in at all.
const JENKINS_STRANGER: &str = "anonymous";

/// Asks the system now, stores what it said, and gives that.
///
/// # Errors
/// No such connection, no database. That the system is away is an answer, not an error.
pub async fn test(app: &App, id: ConnectionId, origin: &Origin) -> Result<Observed, AppError> {
    let connection = super::find(app, id).await?.ok_or(AppError::NotFound)?;
    let report = ask(app, &connection).await?;
    let mut tx = app.db.begin().await?;
    let before = connection.health.as_ref().map(|h| h.report.ok);
    let observed = health::record(&mut tx, Subject::Connection, id.0, &report).await?;
    health::tell(
        &mut tx,
        Subject::Connection,
        &connection.key,
        before,
        &report,
    )
    .await?;
    let entry = Entry::done("connection.test", "connection", &connection.key);
    let entry = entry.after(serde_json::json!({ "ok": report.ok, "version": report.version }));
    audit::record(&mut tx, &entry, origin).await?;
    tx.event(super::TOPIC, None).await?;
    tx.commit().await?;
    Ok(observed)
}

/// With a client of its own: the person asks whether it answers now, not whether a breaker is
/// open because it did not a moment ago.
pub async fn ask(app: &App, connection: &Connection) -> Result<Report, AppError> {
    let began = Instant::now();
    let secret = match clients::secret(app, connection.id).await {
        Ok(secret) => secret,
        Err(ConnectionError::Secret(_)) => {
            return Ok(Report::bad(Words::new("test-secret-lost")));
        }
        Err(error) => return Err(error.into()),
    };
    let report = match clients::make(connection, secret.clone()) {
        Ok(client) => speak(&client).await,
        Err(ConnectionError::Call(error)) => Report::failed(&error),
        Err(error) => return Err(error.into()),
    };
    let report = report.took(began);
    Ok(match &secret {
        Some(secret) => report.without(secret.expose_secret()),
        None if report.words.code == REGISTRY_GOOD => Report {
            words: Words::new("test-registry-good-open"),
            ..report
        },
        None => report,
    })
}

/// What a registry is told of that takes the credential.
const REGISTRY_GOOD: &str = "test-registry-good";

async fn speak(client: &Client) -> Report {
    let said = async {
        match client {
            Client::Gitlab(gitlab) => gitlab_says(gitlab).await,
            Client::Jenkins(jenkins, _) => jenkins_says(jenkins).await,
            Client::Registry(registry, _) => {
                registry.ping().await?;
                Ok(Report::good(None, Words::new(REGISTRY_GOOD)))
            }
        }
    };
    match tokio::time::timeout(LIMIT, said).await {
        Ok(Ok(report)) => report,
        Ok(Err(error)) => Report::failed(&error),
        Err(_) => Report::bad(Words::new("test-slow").with("seconds", LIMIT.as_secs())),
    }
}

async fn gitlab_says(gitlab: &GitLab) -> Result<Report, CallError> {
    let version = gitlab.version().await?.version;
    let (user, calls_left) = gitlab.user_and_calls_left().await?;
    let words = Words::new("test-good").with("version", &version);
    let report = Report::good(Some(version), words.with("user", user.username));
    Ok(Report {
        // Old versions do not know, and an OAuth token is not told.
        expires_at: gitlab.token_end().await.unwrap_or(None),
        calls_left,
        ..report
    })
}

async fn jenkins_says(jenkins: &Jenkins) -> Result<Report, CallError> {
    let identity = jenkins.identity().await?;
    if identity.user == JENKINS_STRANGER {
        return Ok(Report::bad(Words::new("test-jenkins-stranger")));
    }
    let words = Words::new("test-good").with("version", &identity.version);
    let words = words.with("user", &identity.user);
    Ok(Report::good(Some(identity.version), words))
}
