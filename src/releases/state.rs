//! Where a release stands, as one pure function of where it stood and what happened.

crate::words! {
    pub enum State as ReleaseState {
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
        /// Its image was there already, and its digest was read.
        Imported = "imported",
        /// Its image is what production ran before.
        Baselined = "baselined",
        TestSucceeded = "test_succeeded",
        TestFailed = "test_failed",
        /// Its artifact is put to test once more.
        TestedAgain = "tested_again",
        Confirmed = "confirmed",
        ApprovalAsked = "approval_asked",
        ApprovalRefused = "approval_refused",
        ProductionStarted = "production_started",
        ProductionSucceeded = "production_succeeded",
        /// Another deployment took the workloads over.
        ProductionSuperseded = "production_superseded",
        Failed = "failed",
        /// Another build attempt, while there is no image.
        BuildRetried = "build_retried",
        ConfirmationWithdrawn = "confirmation_withdrawn",
        Rejected = "rejected",
        Cancelled = "cancelled",
    }
}

/// The state after an event; `None` where the event has no place.
#[must_use]
pub const fn next(state: State, event: Event) -> Option<State> {
    use Event as E;
    use State as S;
    match (event, state) {
        (E::TagDelayed, S::Requested | S::Tagging) => Some(S::Tagging),
        (E::Tagged, S::Requested | S::Tagging) | (E::BuildRetried, S::Failed) => Some(S::Building),
        // What has been confirmed, or was in production, stays so while it is looked at again.
        (E::TestedAgain, S::Confirmed | S::AwaitingApproval | S::Released)
        | (E::ConfirmationWithdrawn | E::Confirmed, S::Released | S::Failed) => Some(state),
        (E::Built, S::Building)
        | (E::Imported, S::Requested)
        | (E::TestedAgain, S::AwaitingConfirmation | S::Failed | S::Rejected) => {
            Some(S::DeployingTest)
        }
        (E::TestSucceeded, S::DeployingTest)
        | (E::ConfirmationWithdrawn, S::Confirmed | S::AwaitingApproval) => {
            Some(S::AwaitingConfirmation)
        }
        (E::Confirmed, S::AwaitingConfirmation)
        | (E::ApprovalRefused, S::AwaitingApproval)
        | (E::ProductionSuperseded, S::DeployingProduction) => Some(S::Confirmed),
        (E::ApprovalAsked, S::Confirmed | S::Released | S::Failed) => Some(S::AwaitingApproval),
        (E::ProductionStarted, S::Confirmed | S::AwaitingApproval | S::Released | S::Failed) => {
            Some(S::DeployingProduction)
        }
        (E::ProductionSucceeded, S::DeployingProduction) | (E::Baselined, S::Requested) => {
            Some(S::Released)
        }
        (E::TestFailed, S::DeployingTest)
        | (E::Failed, S::Requested | S::Tagging | S::Building | S::DeployingProduction) => {
            Some(S::Failed)
        }
        (E::Rejected, S::AwaitingConfirmation | S::Confirmed | S::AwaitingApproval) => {
            Some(S::Rejected)
        }
        (
            E::Cancelled,
            S::Requested
            | S::Tagging
            | S::Building
            | S::DeployingTest
            | S::AwaitingConfirmation
            | S::Confirmed
            | S::AwaitingApproval,
        ) => Some(S::Cancelled),
        (
            E::TagDelayed
            | E::Tagged
            | E::Built
            | E::Imported
            | E::Baselined
            | E::TestSucceeded
            | E::TestFailed
            | E::TestedAgain
            | E::Confirmed
            | E::ApprovalAsked
            | E::ApprovalRefused
            | E::ProductionStarted
            | E::ProductionSucceeded
            | E::ProductionSuperseded
            | E::Failed
            | E::BuildRetried
            | E::ConfirmationWithdrawn
            | E::Rejected
            | E::Cancelled,
            _,
        ) => None,
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
            "requested: tag_delayed>tagging tagged>building imported>deploying_test \
             baselined>released failed>failed cancelled>cancelled",
            "tagging: tag_delayed>tagging tagged>building failed>failed cancelled>cancelled",
            "building: built>deploying_test failed>failed cancelled>cancelled",
            "deploying_test: test_succeeded>awaiting_confirmation test_failed>failed \
             cancelled>cancelled",
            "awaiting_confirmation: tested_again>deploying_test confirmed>confirmed \
             rejected>rejected cancelled>cancelled",
            "confirmed: tested_again>confirmed approval_asked>awaiting_approval \
             production_started>deploying_production \
             confirmation_withdrawn>awaiting_confirmation rejected>rejected cancelled>cancelled",
            "awaiting_approval: tested_again>awaiting_approval approval_refused>confirmed \
             production_started>deploying_production \
             confirmation_withdrawn>awaiting_confirmation rejected>rejected cancelled>cancelled",
            "deploying_production: production_succeeded>released \
             production_superseded>confirmed failed>failed",
            "released: tested_again>released confirmed>released \
             approval_asked>awaiting_approval \
             production_started>deploying_production confirmation_withdrawn>released",
            "failed: tested_again>deploying_test confirmed>failed \
             approval_asked>awaiting_approval \
             production_started>deploying_production build_retried>building \
             confirmation_withdrawn>failed",
            "rejected: tested_again>deploying_test",
            "cancelled: ",
        ];
        assert_eq!(grid, wanted);
    }
}
