//! Five people, each with another job, a colleague of one of them, and somebody who is in no
//! project. Their passwords are no secret: whoever reaches the
//! loopback address may sign in as any of them by a click.

use std::path::Path;

use serde_json::{Value, json};

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
    Somebody {
        user: "he",
        name: "He Lan",
        role: "second-ops",
        platform: &["ops"],
        does: "of operations too, since two must agree",
    },
    Somebody {
        user: "gao",
        name: "Gao Rui",
        role: "outsider",
        platform: &[],
        does: "who came today and is in no project yet",
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

/// Everybody, as scripts and other commands read it.
#[must_use]
pub fn told() -> Value {
    let told = PEOPLE.iter().map(|person| {
        let Login { user, password } = person.login();
        json!({ "user": user, "password": password, "roles": [person.role] })
    });
    told.collect()
}

/// Makes those accounts that the folder does not say were made before.
///
/// # Errors
/// What the product says.
pub async fn make(folder: &Path, program: &Program, serving: &Serving) -> anyhow::Result<()> {
    for person in PEOPLE {
        let mark = folder.join(format!("made-{}", person.user));
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
