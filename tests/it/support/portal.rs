//! The portal as it is served, on loopback, with a database of its own.

use std::net::SocketAddr;

use base64::Engine as _;
use secrecy::{ExposeSecret as _, SecretString};
use slipway::app::App;
use slipway::audit::{self, Entry, Origin};
use slipway::config::Settings;
use slipway::identity::{self, AccountId, NewAccount, PlatformRole};
use slipway::web::router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::Browser;
use super::database::Database;

pub const PASSWORD: &str = "correct horse battery";

pub struct Portal {
    pub app: App,
    pub db: Database,
    pub url: String,
    server: JoinHandle<std::io::Result<()>>,
}

impl Drop for Portal {
    /// The server holds the pool, and hundreds of tests would hold hundreds of connections.
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Portal {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts with further settings.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::over(Database::new().await, settings).await
    }

    /// Starts over this database.
    pub async fn over(db: Database, settings: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let settings = settings_for(&db, address, settings);
        let app = App::new(settings).unwrap();
        let service = router::router(&app).into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async move { axum::serve(listener, service).await });
        Self {
            app,
            db,
            url: format!("http://{address}"),
            server,
        }
    }

    pub async fn account(&self, name: &str, roles: &[PlatformRole]) -> AccountId {
        let new = NewAccount {
            name: name.to_owned(),
            display_name: format!("{name} the tester"),
            password: Some(SecretString::from(PASSWORD)),
            roles: roles.to_vec(),
        };
        let mut tx = self.app.db.begin().await.unwrap();
        let id = identity::create_account(&self.app, &mut tx, &new)
            .await
            .unwrap();
        let entry = Entry::done("account.create", "account", name);
        audit::record(&mut tx, &entry, &Origin::default())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub fn browser(&self) -> Browser {
        Browser::new(&self.url)
    }

    /// A browser of somebody who has signed in.
    pub async fn signed_in(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        let form = [("name", name), ("password", PASSWORD)];
        let answer = browser.post("/login", &form).await;
        assert_eq!(
            answer.status, 303,
            "{name} could not sign in: {}",
            answer.body
        );
        browser
    }
}

pub fn random_key() -> String {
    let mut key = uuid::Uuid::new_v4().as_bytes().to_vec();
    key.extend_from_slice(uuid::Uuid::new_v4().as_bytes());
    format!(
        "k1:{}",
        base64::engine::general_purpose::STANDARD.encode(key)
    )
}

fn settings_for(db: &Database, address: SocketAddr, more: &[(&str, &str)]) -> Settings {
    let mut pairs = vec![
        (
            "SLIPWAY_DATABASE_URL".to_owned(),
            db.app_url.expose_secret().to_owned(),
        ),
        ("SLIPWAY_LISTEN".to_owned(), address.to_string()),
        ("SLIPWAY_SECRET_KEYS".to_owned(), random_key()),
    ];
    pairs.extend(
        more.iter()
            .map(|(k, v)| (format!("SLIPWAY_{k}"), (*v).to_owned())),
    );
    Settings::from_pairs(pairs).unwrap()
}
