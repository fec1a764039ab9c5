//! Where a release stands, as one pure function of where it stood and what happened.

crate::words! {
    pub enum State {
        Requested = "requested",
        Tagging = "tagging",
        Building = "building",
        DeployingTest = "deploying_test",
        AwaitingConfirmation = "awaiting_confirmation",
        Confirmed = "confirmed",
        AwaitingApproval = "awaiting_approval",
        DeployingProduction = "deploying_production",
        Released = "released",
        Failed = "failed",
        Rejected = "rejected",
        Cancelled = "cancelled",
    }

    /// What can happen to a release.
    pub enum Event {
        /// GitLab could not make the tag at once.
        TagDelayed = "tag_delayed",
        Tagged = "tagged",
        /// The digest was read back from the registry.
        Built = "built",
        TestSucceeded = "test_succeeded",
        Confirmed = "confirmed",
        ApprovalAsked = "approval_asked",
        ApprovalRefused = "approval_refused",
        ProductionStarted = "production_started",
        ProductionSucceeded = "production_succeeded",
        /// Another deployment took the workloads over.
        ProductionSuperseded = "production_superseded",
        Failed = "failed",
    }
}

/// The state after an event; `None` where the event has no place.
#[must_use]
pub const fn next(state: State, event: Event) -> Option<State> {
    use State as S;
    match event {
        Event::TagDelayed => match state {
            S::Requested | S::Tagging => Some(S::Tagging),
            _ => None,
        },
        Event::Tagged => match state {
            S::Requested | S::Tagging => Some(S::Building),
            _ => None,
        },
        Event::Built => match state {
            S::Building => Some(S::DeployingTest),
            _ => None,
        },
        Event::TestSucceeded => match state {
            S::DeployingTest => Some(S::AwaitingConfirmation),
            _ => None,
        },
        Event::Confirmed => match state {
            S::AwaitingConfirmation => Some(S::Confirmed),
            _ => None,
        },
        Event::ApprovalAsked => match state {
            S::Confirmed | S::Released | S::Failed => Some(S::AwaitingApproval),
            _ => None,
        },
        Event::ApprovalRefused => match state {
            S::AwaitingApproval => Some(S::Confirmed),
            _ => None,
        },
        Event::ProductionStarted => match state {
            S::Confirmed | S::AwaitingApproval | S::Released | S::Failed => {
                Some(S::DeployingProduction)
            }
            _ => None,
        },
        Event::ProductionSucceeded => match state {
            S::DeployingProduction => Some(S::Released),
            _ => None,
        },
        Event::ProductionSuperseded => match state {
            S::DeployingProduction => Some(S::Confirmed),
            _ => None,
        },
        Event::Failed => match state {
            S::Requested | S::Tagging | S::Building | S::DeployingTest | S::DeployingProduction => {
                Some(S::Failed)
            }
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole grid: every state with every event that has a place in it.
    #[test]
    fn every_event_has_its_places_and_no_others() {
        let grid: Vec<String> = State::ALL
            .iter()
            .map(|state| {
                let moves: Vec<String> = Event::ALL
                    .iter()
                    .filter_map(|e| next(*state, *e).map(|to| format!("{e}>{to}")))
                    .collect();
                format!("{state}: {}", moves.join(" "))
            })
            .collect();
        let wanted = [
            "requested: tag_delayed>tagging tagged>building failed>failed",
            "tagging: tag_delayed>tagging tagged>building failed>failed",
            "building: built>deploying_test failed>failed",
            "deploying_test: test_succeeded>awaiting_confirmation failed>failed",
            "awaiting_confirmation: confirmed>confirmed",
            "confirmed: approval_asked>awaiting_approval \
             production_started>deploying_production",
            "awaiting_approval: approval_refused>confirmed \
             production_started>deploying_production",
            "deploying_production: production_succeeded>released \
             production_superseded>confirmed failed>failed",
            "released: approval_asked>awaiting_approval \
             production_started>deploying_production",
            "failed: approval_asked>awaiting_approval \
             production_started>deploying_production",
            "rejected: ",
            "cancelled: ",
        ];
        assert_eq!(grid, wanted);
    }
}
