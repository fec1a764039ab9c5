//! Permissions, and the roles that are sets of them.

use super::ProjectId;

crate::words! {
    /// One right. A role is a set of these.
    pub enum Permission {
        ManageConnections = "manage-connections",
        ManageClusters = "manage-clusters",
        ManagePeople = "manage-people",
        ViewPlatform = "view-platform",
        ViewAudit = "view-audit",
        OperateRuns = "operate-runs",
        HandleRequests = "handle-requests",
        FileOnboarding = "file-onboarding",
        ViewProject = "view-project",
        FileRequest = "file-request",
        OpenRelease = "open-release",
        Confirm = "confirm",
        ReleaseToProduction = "release-to-production",
        ApproveProduction = "approve-production",
        RollBack = "roll-back",
        RejectRelease = "reject-release",
        WithdrawConfirmation = "withdraw-confirmation",
        RestartInTest = "restart-in-test",
        RestartInProduction = "restart-in-production",
        EditProject = "edit-project",
    }

    /// A role on the whole platform.
    pub enum PlatformRole { Admin = "admin", Ops = "ops", Auditor = "auditor" }

    /// A role in one project.
    pub enum ProjectRole {
        Owner = "owner",
        Developer = "developer",
        Tester = "tester",
        Viewer = "viewer",
    }
}

/// Where a right is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Platform,
    Project(ProjectId),
}

impl PlatformRole {
    /// Whether the role holds the right, in every project too.
    #[must_use]
    pub const fn grants(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::Admin => matches!(
                permission,
                P::ManageConnections
                    | P::ManageClusters
                    | P::ManagePeople
                    | P::ViewPlatform
                    | P::ViewAudit
                    | P::OperateRuns
                    | P::FileOnboarding
                    | P::ViewProject
            ),
            Self::Ops => matches!(
                permission,
                P::ViewPlatform
                    | P::ViewAudit
                    | P::OperateRuns
                    | P::HandleRequests
                    | P::FileOnboarding
                    | P::ViewProject
                    | P::FileRequest
                    | P::OpenRelease
                    | P::ReleaseToProduction
                    | P::ApproveProduction
                    | P::RollBack
                    | P::WithdrawConfirmation
                    | P::RestartInTest
                    | P::RestartInProduction
                    | P::EditProject
            ),
            Self::Auditor => {
                matches!(permission, P::ViewPlatform | P::ViewAudit | P::ViewProject)
            }
        }
    }
}

impl ProjectRole {
    /// Whether the role holds the right in its project.
    #[must_use]
    pub const fn grants(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::Owner => matches!(
                permission,
                P::ViewProject
                    | P::FileRequest
                    | P::OpenRelease
                    | P::ReleaseToProduction
                    | P::ApproveProduction
                    | P::RollBack
                    | P::RejectRelease
                    | P::RestartInTest
                    | P::RestartInProduction
                    | P::EditProject
            ),
            Self::Developer => matches!(
                permission,
                P::ViewProject
                    | P::FileRequest
                    | P::OpenRelease
                    | P::ReleaseToProduction
                    | P::RollBack
                    | P::RestartInTest
            ),
            Self::Tester => matches!(permission, P::ViewProject | P::Confirm | P::RejectRelease),
            Self::Viewer => matches!(permission, P::ViewProject),
        }
    }
}
