//! The portal, built once: settings, database, engine. Handlers and steps get it by `Arc`.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::changes::{Change, Scale};
use crate::clusters;
use crate::config::Settings;
use crate::connections::{self, Clients};
use crate::db::{Db, DbError};
use crate::halt::LastShown;
use crate::intake::{self, Intake};
use crate::jobs::{Courier, Engine, Step, Timer};
use crate::notifications;
use crate::offboarding::{self, Offboarding, Removal};
use crate::onboarding;
use crate::projects::members::Membership;
use crate::projects::{self, Onboarding};
use crate::releases::{self, Production, Rollback};
use crate::requests::{self, Kinds};
use crate::resources::{Retirement, Supply};
use crate::terminals::access::ShellRequest;
use crate::terminals::{self, Hall};
use crate::waves::{self, LayerChange};
use crate::web::events::Hub;
use crate::workloads::{self, Containers};

/// Hashing a password takes 19 MiB and a core; more at once than this wait in line.
const PASSWORD_HASHES_AT_ONCE: usize = 4;

/// Cheap to clone; everything in it is shared.
#[derive(Clone)]
pub struct App(Arc<Inner>);

pub struct Inner {
    pub settings: Settings,
    pub db: Db,
    pub hashing: Semaphore,
    pub events: Hub,
    pub kinds: Kinds,
    /// Clients of outside systems, whose breakers and limits last as long as this.
    pub clients: Clients,
    pub last_halt: LastShown,
    /// The terminals whose shells this process holds.
    pub terminals: Hall,
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// # Errors
    /// A malformed database URL.
    pub fn new(settings: Settings) -> Result<Self, DbError> {
        let db = Db::connect(&settings.database_url)?;
        let hashing = Semaphore::new(PASSWORD_HASHES_AT_ONCE);
        let events = Hub::start(&db);
        Ok(Self(Arc::new(Inner {
            settings,
            db,
            hashing,
            events,
            kinds: kinds(),
            clients: Clients::default(),
            last_halt: LastShown::default(),
            terminals: Hall::default(),
        })))
    }
}

/// Every kind of request that this portal knows.
fn kinds() -> Kinds {
    Kinds::new(vec![
        Arc::new(Onboarding),
        Arc::new(Containers),
        Arc::new(Production),
        Arc::new(Supply),
        Arc::new(Retirement),
        Arc::new(LayerChange),
        Arc::new(Removal),
        Arc::new(Offboarding),
        Arc::new(Intake),
        Arc::new(Rollback),
        Arc::new(Membership),
        Arc::new(Change),
        Arc::new(Scale),
        Arc::new(ShellRequest),
    ])
}

/// Every durable step that this version knows.
#[must_use]
pub fn steps(app: &App) -> Vec<Arc<dyn Step>> {
    let mut all: Vec<Arc<dyn Step>> = vec![
        Arc::new(projects::Bind(app.clone())),
        Arc::new(workloads::Namespace(app.clone())),
        Arc::new(workloads::ObjectsStep(app.clone())),
    ];
    all.extend(releases::steps(app));
    all.extend(waves::steps(app));
    all.extend(onboarding::steps(app));
    all.extend(offboarding::steps(app));
    all.extend(intake::steps(app));
    all
}

/// Everybody who takes messages from the outbox.
#[must_use]
pub fn couriers(app: &App) -> Vec<Arc<dyn Courier>> {
    notifications::couriers(app)
}

/// Everything that comes round again.
#[must_use]
pub fn timers(app: &App) -> Vec<Arc<dyn Timer>> {
    let mut all = connections::timers(app);
    all.extend(clusters::timers(app));
    all.extend(requests::timers(app));
    all.extend(terminals::timers(app));
    all
}

/// The engine with all steps of this version.
#[must_use]
pub fn engine(app: &App) -> Arc<Engine> {
    let settings = app.settings.engine.clone();
    let engine = Engine::new(app.db.clone(), settings, steps(app));
    Arc::new(engine.with_couriers(couriers(app)))
}
