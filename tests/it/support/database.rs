//! A database per test: a copy of the migrated template, made by the owner and used as the
//! application's role.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::SecretString;
use slipway_sim::postgres::Postgres;
use slipway_sim::prepare::migrate;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool};
use url::Url;

pub struct Database {
    /// The owner's connections, for what only the owner may do.
    pub owner: PgPool,
    pub app_url: SecretString,
}

#[expect(
    clippy::disallowed_methods,
    reason = "`cargo verify` tells where the server is"
)]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo verify`"))
}

fn with_database(url: &str, name: &str) -> String {
    let mut url: Url = url.parse().unwrap();
    url.set_path(name);
    url.to_string()
}

impl Database {
    pub async fn new() -> Self {
        let name = format!("t_{}", uuid::Uuid::now_v7().simple());
        let admin_url = variable("SLIPWAY_TEST_OWNER_URL");
        let template = variable("SLIPWAY_TEST_TEMPLATE");
        let mut admin = PgConnection::connect(&admin_url).await.unwrap();
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
        admin.execute(AssertSqlSafe(sql)).await.unwrap();
        admin.close().await.unwrap();
        let owner = PgPoolOptions::new()
            .max_connections(2)
            .connect(&with_database(&admin_url, &name))
            .await
            .unwrap();
        let app_url = with_database(&variable("SLIPWAY_TEST_APP_URL"), &name);
        Self {
            owner,
            app_url: SecretString::from(app_url),
        }
    }

    /// A migrated one on a server of the test's own.
    pub async fn on(server: &Postgres) -> Self {
        let name = "slipway";
        server.make_database(name).await.unwrap();
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        migrate(&migrations, &server.url(name)).await.unwrap();
        let owner = PgPoolOptions::new()
            .max_connections(2)
            .connect(&server.url(name))
            .await
            .unwrap();
        Self {
            owner,
            app_url: SecretString::from(server.app_url(name)),
        }
    }

    /// How many rows each table has, but for what every request may write: sessions, what was
    /// refused or seen, who failed to sign in.
    pub async fn row_counts(&self) -> BTreeMap<String, i64> {
        const NOISE: &[&str] = &[
            "audit_entry",
            "event",
            "health_sample",
            "idempotency_key",
            "login_failure",
            "observation",
            "session",
        ];
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT relname::text FROM pg_class
             WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
               AND NOT relispartition ORDER BY relname",
        )
        .fetch_all(&self.owner)
        .await
        .unwrap();
        let mut counts = BTreeMap::new();
        for table in tables.into_iter().filter(|t| !NOISE.contains(&t.as_str())) {
            let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            let count: i64 = sqlx::query_scalar(sql)
                .fetch_one(&self.owner)
                .await
                .unwrap();
            counts.insert(table, count);
        }
        counts
    }

    /// Moves the database's clock.
    pub async fn set_clock_offset(&self, seconds: f64) {
        let sql = format!(
            "CREATE OR REPLACE FUNCTION slipway_now() RETURNS timestamptz
             LANGUAGE sql STABLE PARALLEL SAFE
             AS 'SELECT now() + make_interval(secs => {seconds})'"
        );
        self.owner.execute(AssertSqlSafe(sql)).await.unwrap();
    }
}
