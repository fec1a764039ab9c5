//! Who may do what in a simulated cluster.

use serde_json::{Value, json};

use super::cluster::text;

/// What the owner of a token may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rights {
    All,
    Nothing,
    /// Everything but these verbs on these resources, such as `("pods/exec", "create")`.
    AllBut(Vec<(String, String)>),
}

impl Rights {
    /// `resource` is a plural, with its subresource after a slash where one is meant.
    pub(super) fn allow(&self, resource: &str, verb: &str) -> bool {
        match self {
            Self::All => true,
            Self::Nothing => false,
            Self::AllBut(denied) => !denied
                .iter()
                .any(|(what, how)| what == resource && how == verb),
        }
    }

    /// Answers a SelfSubjectAccessReview.
    pub(super) fn review(&self, mut review: Value) -> Value {
        let attributes = &review["spec"]["resourceAttributes"];
        let resource = text(attributes, "/resource");
        let full = match text(attributes, "/subresource") {
            "" => resource.to_owned(),
            subresource => format!("{resource}/{subresource}"),
        };
        let allowed = self.allow(&full, text(attributes, "/verb"));
        review["status"] = json!({"allowed": allowed});
        review
    }
}
