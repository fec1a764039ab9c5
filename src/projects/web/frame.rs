//! What stands round every page of one project: its bar and its tabs.

use crate::projects::Project;

crate::words! {
    /// A project's places.
    pub enum Tab {
        Overview = "overview",
        Releases = "releases",
        Containers = "containers",
        Resources = "resources",
        Members = "members",
        Settings = "settings",
    }
}

/// The head of a project's page, for `projects/frame.html`.
#[derive(Debug, Clone)]
pub struct Frame {
    pub key: String,
    pub description: String,
    pub tab: Tab,
    /// Whether it is being off-boarded, and whether that is done.
    pub leaving: bool,
    pub left: bool,
}

impl Frame {
    #[must_use]
    pub fn new(project: &Project, tab: Tab) -> Self {
        Self {
            key: project.key.clone(),
            description: project.description.clone(),
            tab,
            leaving: project.leaving_at.is_some(),
            left: project.left_at.is_some(),
        }
    }

    #[must_use]
    pub fn href(&self, tab: &Tab) -> String {
        match tab {
            Tab::Overview => format!("/projects/{}", self.key),
            Tab::Releases | Tab::Containers | Tab::Resources | Tab::Members | Tab::Settings => {
                format!("/projects/{}/{tab}", self.key)
            }
        }
    }

    /// The overview has the project's name as its heading; other pages have their own.
    #[must_use]
    pub fn is_overview(&self) -> bool {
        self.tab == Tab::Overview
    }

    #[must_use]
    pub fn is(&self, tab: &Tab) -> bool {
        self.tab == *tab
    }
}
