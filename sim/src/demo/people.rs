//! Five people, each with another job. Their passwords are no secret: whoever reaches the
//! loopback address may sign in as any of them by a click.

use super::home::Home;
use crate::portal::{Login, Program, Serving};

/// Somebody of the company.
pub struct Somebody {
    pub user: &'static str,
    pub name: &'static str,
    /// What others find them by in `demo.json`.
    pub role: &'static str,
    /// Roles on the whole platform; the others have theirs in projects.
    platform: &'static [&'static str],
    pub does: &'static str,
}

/// Everybody.
pub const PEOPLE: &[Somebody] = &[
    Somebody {
        user: "lin",
        name: "Lin Yue",
        role: "developer",
        platform: &[],
        does: "a developer, who opens releases",
    },
    Somebody {
        user: "chen",
        name: "Chen Jing",
        role: "tester",
        platform: &[],
        does: "a tester, who confirms them",
    },
    Somebody {
        user: "zhao",
        name: "Zhao Peng",
        role: "ops",
        platform: &["ops"],
        does: "of operations, who approves",
    },
    Somebody {
        user: "wei",
        name: "Wei Min",
        role: "auditor",
        platform: &["auditor"],
        does: "an auditor, who sees everything",
    },
    Somebody {
        user: "admin",
        name: "Sun Hao",
        role: "admin",
        platform: &["admin"],
        does: "who administers the portal",
    },
];

impl Somebody {
    #[must_use]
    pub fn login(&self) -> Login {
        Login {
            user: self.user.to_owned(),
            password: format!("{}-slipway", self.user),
        }
    }
}

/// The account of a user name.
#[must_use]
pub fn login(user: &str) -> Option<Login> {
    let found = PEOPLE.iter().find(|person| person.user == user);
    found.map(Somebody::login)
}

/// Makes those accounts that were not made before.
///
/// # Errors
/// What the product says.
pub async fn make(home: &Home, program: &Program, serving: &Serving) -> anyhow::Result<()> {
    for person in PEOPLE {
        let mark = home.folder.join(format!("made-{}", person.user));
        if mark.exists() {
            continue;
        }
        let password = person.login().password;
        let account = (person.user, person.name, password.as_str());
        program
            .create_account(serving, account, person.platform)
            .await?;
        std::fs::write(mark, "")?;
    }
    Ok(())
}
