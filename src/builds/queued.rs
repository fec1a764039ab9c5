//! Why a build has not begun, in words. Jenkins gives its reason as a sentence; the ones that it
//! is known to say become ours, any other is passed on.

use crate::error::Words;
use crate::integrations::jenkins::QueueItem;

/// What an item of the queue waits for; `None` where it will never run. `ahead` counts the items
/// that were queued before it.
#[must_use]
pub fn words(item: &QueueItem, ahead: usize) -> Option<Words> {
    let said = |code: &str, why: &str| Some(Words::new(code).with("why", why));
    match item {
        QueueItem::Waiting { why } if is_stopping(why) => Some(Words::new("waits-jenkins-stops")),
        QueueItem::Waiting { why } => said("waits-quiet-period", why),
        QueueItem::Blocked { why } => said("waits-blocked", why),
        QueueItem::Buildable { why } => Some(machine(why, ahead)),
        // It has just left the queue: its build will show in a moment.
        QueueItem::Left { .. } => said("waits-start", ""),
        QueueItem::Cancelled => None,
    }
}

/// What keeps an item from a machine that would build it.
fn machine(why: &str, ahead: usize) -> Words {
    if is_stopping(why) {
        return Words::new("waits-jenkins-stops");
    }
    let labelled = |code: &str| Words::new(code).with("label", label(why).unwrap_or_default());
    if why.contains("no nodes with the label") {
        return labelled("waits-no-machine");
    }
    if why.contains("offline") && label(why).is_some() {
        return labelled("waits-machines-offline");
    }
    if ahead > 0 {
        return Words::new("waits-in-line").with("n", ahead);
    }
    match why.contains("next available executor") {
        true => Words::new("waits-executor-free"),
        false => Words::new("waits-executor").with("why", why),
    }
}

fn is_stopping(why: &str) -> bool {
    why.contains("about to shut down")
}

/// The label between Jenkins' quotation marks.
fn label(why: &str) -> Option<&str> {
    let (_, rest) = why.split_once(['‘', '\''])?;
    Some(rest.split_once(['’', '\''])?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(why: &str, ahead: usize) -> String {
        let why = why.to_owned();
        let words = words(&QueueItem::Buildable { why }, ahead).expect("words");
        let args: Vec<&str> = words.args.iter().map(|(_, v)| v.as_str()).collect();
        format!("{} {}", words.code, args.join(" "))
    }

    #[test]
    fn reasons_that_jenkins_is_known_to_give_are_ours() {
        let free = "Waiting for next available executor";
        assert_eq!(of(free, 0), "waits-executor-free ");
        assert_eq!(of(free, 3), "waits-in-line 3");
        assert_eq!(
            of("There are no nodes with the label ‘arm64’", 2),
            "waits-no-machine arm64"
        );
        assert_eq!(
            of("All nodes of label ‘linux’ are offline", 0),
            "waits-machines-offline linux"
        );
        assert_eq!(
            of("Jenkins is about to shut down", 1),
            "waits-jenkins-stops "
        );
        assert_eq!(of("等待空闲的执行器", 0), "waits-executor 等待空闲的执行器");
    }

    #[test]
    fn what_was_cancelled_waits_for_nothing() {
        assert_eq!(words(&QueueItem::Cancelled, 0), None);
        let left = QueueItem::Left { build: None };
        assert_eq!(words(&left, 0).expect("words").code, "waits-start");
    }
}
