//! What would happen to a request: which policy counts, whom it asks, who that is.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store::{self, Voted};
use super::{Involved, PolicyId, Terms};
use crate::app::App;
use crate::db::DbError;
use crate::error::AppError;
use crate::identity::{Actor, Permission, Person, PlatformRole, ProjectRole, Scope};
use crate::requests::{Quorum, Voters};

/// Names shown of a group; the rest are counted.
const SHOWN: i64 = 6;

/// Of what a preview is wanted.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub environment: String,
    #[serde(default)]
    pub project: String,
}

/// One asked group, with who is in it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Electorate {
    #[serde(flatten)]
    pub quorum: Quorum,
    /// The first of them.
    pub people: Vec<Person>,
    pub count: i64,
}

impl Electorate {
    /// Whether there are people enough, where none of them asks.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.count >= i64::from(self.quorum.needed)
    }

    /// Whether there are too few as soon as one of them asks, since nobody decides on their own.
    #[must_use]
    pub fn is_tight(&self) -> bool {
        self.count == i64::from(self.quorum.needed)
    }

    /// The names of those who are shown.
    #[must_use]
    pub fn names(&self) -> String {
        let names = self.people.iter().map(|p| p.display_name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    /// How many are not named.
    #[must_use]
    pub fn others(&self) -> i64 {
        self.count - i64::try_from(self.people.len()).unwrap_or(self.count)
    }
}

/// What a request of this kind would be filed under now.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PolicyPreview)]
pub struct Preview {
    /// The policy that counts; `null` where the kind's own words do.
    pub policy: Option<PolicyId>,
    pub asked: Vec<Electorate>,
    pub excludes: Vec<Involved>,
    pub expires_hours: i32,
    pub remind_hours: i32,
}

/// # Errors
/// 403 without the right to see the platform, 400 for what does not exist.
pub async fn preview(app: &App, actor: &Actor, wanted: &Wanted) -> Result<Preview, AppError> {
    actor.must(Permission::ViewPlatform, Scope::Platform)?;
    let kind = app.kinds.get(&wanted.kind);
    let kind = kind.ok_or_else(|| AppError::field("kind", "request-kind-unknown"))?;
    let some = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
    let draft = super::Draft {
        kind: wanted.kind.clone(),
        environment: some(&wanted.environment),
        project: some(&wanted.project),
        quorum: Vec::new(),
        excludes: Vec::new(),
        expires_hours: super::EXPIRES_HOURS,
        remind_hours: super::REMIND_HOURS,
        note: String::new(),
    };
    let mut tx = app.db.begin().await?;
    let place = store::place(tx.connection(), &draft).await?;
    let place = place.map_err(|field| AppError::field(field, &format!("policy-no-{field}")))?;
    let (environment, project) = (place.environment, place.project);
    let found = store::narrowest(tx.connection(), &wanted.kind, environment, project).await?;
    let policy = found.as_ref().map(|p| p.id);
    let terms = match found {
        Some(policy) => Terms::from(policy),
        None => Terms::usual(kind.usual_quorum(&mut tx, environment).await?),
    };
    Ok(Preview {
        policy,
        asked: electorates(app, &terms.quorum, project).await?,
        excludes: terms.excludes,
        expires_hours: terms.expires_hours,
        remind_hours: terms.remind_hours,
    })
}

/// Who can give the yeses that are asked for.
///
/// # Errors
/// No answer from the database.
pub async fn electorates(
    app: &App,
    quorum: &[Quorum],
    project: Option<Uuid>,
) -> Result<Vec<Electorate>, DbError> {
    let mut all = Vec::new();
    for quorum in quorum {
        let voted = voted(&quorum.by, project);
        let (people, count) = store::voters(app.db.pool(), &voted, SHOWN).await?;
        all.push(Electorate {
            quorum: quorum.clone(),
            people,
            count,
        });
    }
    Ok(all)
}

fn voted(by: &Voters, project: Option<Uuid>) -> Voted {
    match by {
        Voters::Permission(permission) => {
            let platform = PlatformRole::ALL.iter().filter(|r| r.grants(*permission));
            let of_project = ProjectRole::ALL.iter().filter(|r| r.grants(*permission));
            Voted {
                platform_roles: platform.map(ToString::to_string).collect(),
                project_roles: of_project.map(ToString::to_string).collect(),
                project,
                group: None,
            }
        }
        Voters::Group(key) => Voted {
            group: Some(key.clone()),
            ..Voted::default()
        },
    }
}
