//! Whose yes is needed, and how far it has come: pure functions over what was decided.
//!
//! A yes counts for every asked group that its giver belongs to; within a group each person
//! counts once, also when a deputy decided in their place. Until the last one is given, a yes
//! counts only while its giver may decide: the rows say for which groups that is (`store::find`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Excluded, Request, Verdict};
use crate::error::{AppError, Words};
use crate::identity::{AccountId, Actor, Permission, PlatformRole, ProjectRole, Scope};

/// Who may give a yes: everybody who holds a right there, or the members of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Voters {
    Permission(Permission),
    /// A group of people, by key.
    Group(String),
}

/// So many yeses of one group of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Quorum {
    #[serde(flatten)]
    pub by: Voters,
    pub needed: i32,
}

impl Quorum {
    #[must_use]
    pub const fn of(permission: Permission, needed: i32) -> Self {
        Self {
            by: Voters::Permission(permission),
            needed,
        }
    }

    /// One person from operations: what most kinds ask for unless a policy says otherwise.
    #[must_use]
    pub fn operations() -> Vec<Self> {
        vec![Self::of(Permission::HandleRequests, 1)]
    }

    fn is_met_by(&self, voter: &Actor, scope: Scope) -> bool {
        match &self.by {
            Voters::Permission(permission) => voter.may(*permission, scope),
            // Deciding is in no token's scope, whatever group its person is in.
            Voters::Group(key) => voter.token.is_none() && voter.groups.contains(key),
        }
    }
}

/// One asked group, and how many of it said yes to what is shown now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Standing {
    #[serde(flatten)]
    pub quorum: Quorum,
    pub given: i64,
}

impl Standing {
    #[must_use]
    pub fn missing(&self) -> i64 {
        (i64::from(self.quorum.needed) - self.given).max(0)
    }
}

/// The roles that grant each right, on the platform and in a project, by which rows tell whether
/// somebody still holds it.
#[must_use]
pub fn roles() -> Value {
    let of = |grants: &dyn Fn(Permission) -> Vec<&'static str>| {
        let each = Permission::ALL.iter().map(|p| (p.as_str(), grants(*p)));
        each.collect::<BTreeMap<_, _>>()
    };
    let platform = of(&|right| {
        let roles = PlatformRole::ALL.iter().filter(|r| r.grants(right));
        roles.map(|r| r.as_str()).collect()
    });
    let project = of(&|right| {
        let roles = ProjectRole::ALL.iter().filter(|r| r.grants(right));
        roles.map(|r| r.as_str()).collect()
    });
    json!({ "platform": platform, "project": project })
}

/// The groups that a person's yes counts for, by their place in the list.
#[must_use]
pub fn fills(quorum: &[Quorum], voter: &Actor, scope: Scope) -> Vec<i32> {
    let met = (0..).zip(quorum).filter(|(_, q)| q.is_met_by(voter, scope));
    met.map(|(position, _)| position).collect()
}

/// Each group with the yeses that it has, of which each names the groups it counts for.
#[must_use]
pub fn standing(quorum: &[Quorum], yeses: &[&[i32]]) -> Vec<Standing> {
    let each = (0..).zip(quorum).map(|(position, quorum)| {
        let given = yeses.iter().filter(|fills| fills.contains(&position));
        Standing {
            quorum: quorum.clone(),
            given: i64::try_from(given.count()).unwrap_or(i64::MAX),
        }
    });
    each.collect()
}

/// What somebody's decision counts for, and whose place they take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    pub fills: Vec<i32>,
    /// Who is away, with the name that others read.
    pub stands_for: Option<(AccountId, String)>,
}

impl Request {
    /// Each asked group, and how far it has come with what is shown now.
    #[must_use]
    pub fn standing(&self) -> Vec<Standing> {
        let counts = self.decisions.iter().filter(|d| {
            d.revision == self.revision && d.verdict == Verdict::Approve && d.hash == self.hash
        });
        let yeses: Vec<&[i32]> = counts.map(|d| d.fills.as_slice()).collect();
        standing(&self.quorum, &yeses)
    }

    /// How many more yeses are needed, over all groups.
    #[must_use]
    pub fn missing(&self) -> i64 {
        self.standing().iter().map(Standing::missing).sum()
    }

    /// What this person's decision would count for: by their own right first, else in the place
    /// of somebody who is away. The author never decides, for themselves or for another.
    ///
    /// # Errors
    /// 403 with who may instead.
    pub fn say_of(&self, actor: &Actor, absent: &[Actor]) -> Result<Say, AppError> {
        self.must_not_be_excluded(actor)?;
        let scope = self.scope();
        let own = fills(&self.quorum, actor, scope);
        if !own.is_empty() {
            return Ok(Say {
                fills: own,
                stands_for: None,
            });
        }
        // A token is for programs; nobody is stood in for by one.
        let absent = absent.iter().filter(|_| actor.token.is_none());
        for person in absent.filter(|p| self.must_not_be_excluded(p).is_ok()) {
            let fills = fills(&self.quorum, person, scope);
            if !fills.is_empty() && self.decision_of(&person.name).is_none() {
                let stands_for = Some((person.id, person.display_name.clone()));
                return Ok(Say { fills, stands_for });
            }
        }
        Err(self.refusal(actor))
    }

    /// Why somebody without a say has none.
    fn refusal(&self, actor: &Actor) -> AppError {
        let refused = match self.quorum.first().map(|q| &q.by) {
            Some(Voters::Permission(permission)) => actor.must(*permission, self.scope()),
            Some(Voters::Group(_)) | None => actor.must_be_signed_in(),
        };
        refused.err().unwrap_or_else(|| {
            let key = self.quorum.iter().find_map(|q| match &q.by {
                Voters::Group(key) => Some(key.as_str()),
                Voters::Permission(_) => None,
            });
            AppError::Forbidden(Words::new("request-not-in-group").with("group", key.unwrap_or("")))
        })
    }

    /// Whether somebody does not decide whatever they hold: its author, and whom the policy
    /// leaves out.
    #[must_use]
    pub fn is_kept_out(&self, name: &str) -> bool {
        self.author.name == name || self.excluded.iter().any(|x| x.user == name)
    }

    fn must_not_be_excluded(&self, actor: &Actor) -> Result<(), AppError> {
        if actor.id.0 == self.author_id || actor.responsible.0 == self.author_id {
            return Err(AppError::forbidden("request-own"));
        }
        match self.excluded.iter().find(|x| x.user == actor.name) {
            Some(Excluded { because, .. }) => {
                Err(AppError::forbidden(&format!("request-excluded-{because}")))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(needed: &[i32]) -> Vec<Quorum> {
        let group = |(n, needed): (usize, &i32)| Quorum {
            by: Voters::Group(format!("g{n}")),
            needed: *needed,
        };
        needed.iter().enumerate().map(group).collect()
    }

    fn missing(needed: &[i32], yeses: &[&[i32]]) -> i64 {
        let standing = standing(&asked(needed), yeses);
        standing.iter().map(Standing::missing).sum()
    }

    #[test]
    fn a_yes_counts_for_the_groups_of_its_giver_and_no_other() {
        assert_eq!(missing(&[1, 1], &[]), 2);
        assert_eq!(missing(&[1, 1], &[&[0]]), 1);
        assert_eq!(
            missing(&[1, 1], &[&[0], &[0]]),
            1,
            "two of one group are not one of each"
        );
        assert_eq!(missing(&[1, 1], &[&[0], &[1]]), 0);
        assert_eq!(
            missing(&[1, 1], &[&[0, 1]]),
            0,
            "one who is in both speaks for both"
        );
        assert_eq!(missing(&[2, 1], &[&[0, 1]]), 1);
        assert_eq!(
            missing(&[2], &[&[0], &[0], &[0]]),
            0,
            "more than needed is enough"
        );
        assert_eq!(missing(&[], &[]), 0);
        assert_eq!(missing(&[1], &[&[]]), 1, "a yes of nobody who was asked");
    }

    #[test]
    fn a_quorum_is_written_as_a_right_or_a_group() {
        let both = [
            Quorum::of(Permission::HandleRequests, 2),
            Quorum {
                by: Voters::Group("dba".to_owned()),
                needed: 1,
            },
        ];
        let text = serde_json::to_value(&both).unwrap();
        let wanted = serde_json::json!([
            { "permission": "handle-requests", "needed": 2 }, { "group": "dba", "needed": 1 },
        ]);
        assert_eq!(text, wanted);
        let back: Vec<Quorum> = serde_json::from_value(wanted).unwrap();
        assert_eq!(back, both);
    }
}
