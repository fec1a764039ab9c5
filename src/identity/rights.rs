//! Permissions, and the roles that are sets of them.

use serde::Deserialize;
use uuid::Uuid;

use super::ProjectId;

crate::words! {
    /// One right. A role is a set of these.
    pub enum Permission {
        ManageConnections = "manage-connections",
        ManageClusters = "manage-clusters",
        ManageNotices = "manage-notices",
        ManagePeople = "manage-people",
        ManagePolicies = "manage-policies",
        ManageMembers = "manage-members",
        ViewPlatform = "view-platform",
        ViewAudit = "view-audit",
        OperateRuns = "operate-runs",
        StopProduction = "stop-production",
        HandleRequests = "handle-requests",
        FileOnboarding = "file-onboarding",
        ViewProject = "view-project",
        FileRequest = "file-request",
        OpenRelease = "open-release",
        Confirm = "confirm",
        ReleaseToProduction = "release-to-production",
        ApproveProduction = "approve-production",
        RollBack = "roll-back",
        ManageProjectTokens = "manage-project-tokens",
        RejectRelease = "reject-release",
        WithdrawConfirmation = "withdraw-confirmation",
        RestartInTest = "restart-in-test",
        RestartInProduction = "restart-in-production",
        EditProject = "edit-project",
        KeepResources = "keep-resources",
        ImportImages = "import-images",
        WaiveConfirmation = "waive-confirmation",
        OpenTerminalInTest = "open-terminal-in-test",
        OpenTerminalInProduction = "open-terminal-in-production",
        MoveFilesInTest = "move-files-in-test",
        MoveFilesInProduction = "move-files-in-production",
        ViewRecordings = "view-recordings",
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

crate::words! {
    /// What a token may be used for. Deciding on requests and managing people are in none: those
    /// are left to a person who is signed in.
    pub enum TokenScope {
        Read = "read",
        Request = "request",
        Release = "release",
        Confirm = "confirm",
        Operate = "operate",
    }
}

impl TokenScope {
    /// The scope that a right belongs to.
    #[must_use]
    pub const fn of(permission: Permission) -> Option<Self> {
        use Permission as P;
        match permission {
            P::ViewProject | P::ViewPlatform | P::ViewAudit | P::ViewRecordings => Some(Self::Read),
            P::FileOnboarding | P::FileRequest => Some(Self::Request),
            P::OpenRelease
            | P::ReleaseToProduction
            | P::RollBack
            | P::RestartInTest
            | P::RestartInProduction
            | P::ImportImages => Some(Self::Release),
            P::Confirm | P::RejectRelease | P::WithdrawConfirmation => Some(Self::Confirm),
            P::ManageConnections
            | P::ManageClusters
            | P::ManageNotices
            | P::OperateRuns
            | P::KeepResources
            | P::OpenTerminalInTest
            | P::OpenTerminalInProduction
            | P::MoveFilesInTest
            | P::MoveFilesInProduction => Some(Self::Operate),
            P::ManagePeople
            | P::ManagePolicies
            | P::ManageMembers
            | P::EditProject
            | P::StopProduction
            | P::ManageProjectTokens
            | P::HandleRequests
            | P::ApproveProduction
            | P::WaiveConfirmation => None,
        }
    }
}

/// Where a right is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Platform,
    Project(ProjectId),
    Shell(ShellPlace),
}

/// One project's environment, for rights that may be given for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShellPlace {
    pub project: ProjectId,
    pub environment: Uuid,
    /// Whether a role is not enough there.
    pub by_request: bool,
}

/// A shell that a yes gave to somebody, while it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct GivenShell {
    pub project: ProjectId,
    pub environment: Uuid,
    /// Whether files may be moved through it as well.
    pub files: bool,
}

impl GivenShell {
    /// Whether it gives the right there.
    #[must_use]
    pub fn grants(&self, permission: Permission, place: &ShellPlace) -> bool {
        use Permission as P;
        let what = match permission {
            P::OpenTerminalInTest | P::OpenTerminalInProduction => true,
            P::MoveFilesInTest | P::MoveFilesInProduction => self.files,
            _ => false,
        };
        what && self.project == place.project && self.environment == place.environment
    }
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
                    | P::ManageNotices
                    | P::ManagePeople
                    | P::ManagePolicies
                    | P::ManageMembers
                    | P::ViewPlatform
                    | P::ViewAudit
                    | P::OperateRuns
                    | P::StopProduction
                    | P::FileOnboarding
                    | P::ViewProject
            ),
            Self::Ops => matches!(
                permission,
                P::ViewPlatform
                    | P::ManageNotices
                    | P::ViewAudit
                    | P::OperateRuns
                    | P::StopProduction
                    | P::HandleRequests
                    | P::FileOnboarding
                    | P::ViewProject
                    | P::FileRequest
                    | P::OpenRelease
                    | P::ReleaseToProduction
                    | P::ApproveProduction
                    | P::RollBack
                    | P::ManageProjectTokens
                    | P::WithdrawConfirmation
                    | P::RestartInTest
                    | P::RestartInProduction
                    | P::EditProject
                    | P::KeepResources
                    | P::ImportImages
                    | P::WaiveConfirmation
                    | P::OpenTerminalInTest
                    | P::OpenTerminalInProduction
                    | P::MoveFilesInTest
                    | P::MoveFilesInProduction
                    | P::ViewRecordings
            ),
            Self::Auditor => {
                matches!(
                    permission,
                    P::ViewPlatform | P::ViewAudit | P::ViewProject | P::ViewRecordings
                )
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
                    | P::ManageMembers
                    | P::FileRequest
                    | P::OpenRelease
                    | P::ReleaseToProduction
                    | P::ApproveProduction
                    | P::RollBack
                    | P::ManageProjectTokens
                    | P::RejectRelease
                    | P::RestartInTest
                    | P::RestartInProduction
                    | P::EditProject
                    | P::OpenTerminalInTest
                    | P::OpenTerminalInProduction
                    | P::MoveFilesInTest
                    | P::MoveFilesInProduction
                    | P::ViewRecordings
            ),
            Self::Developer => matches!(
                permission,
                P::ViewProject
                    | P::FileRequest
                    | P::OpenRelease
                    | P::ReleaseToProduction
                    | P::RollBack
                    | P::RestartInTest
                    | P::OpenTerminalInTest
                    | P::MoveFilesInTest
            ),
            Self::Tester => matches!(permission, P::ViewProject | P::Confirm | P::RejectRelease),
            Self::Viewer => matches!(permission, P::ViewProject),
        }
    }
}
