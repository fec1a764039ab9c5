//! A pipeline's log in sections, a stage each, cut at the lines that Jenkins writes where a stage
//! begins and ends; without such lines it is one section.

use crate::builds::{Line, Stage};

/// Jenkins' console prints these around a declarative or scripted `stage`.
const STARTS: &str = "[Pipeline] stage";
const BEGINS: &str = "[Pipeline] { (";
const ENDS: &str = "[Pipeline] // stage";
/// A branch of `parallel` is printed alike and is no stage.
const BRANCH: &str = "Branch: ";

/// Lines of one stage, or between two.
#[derive(Debug)]
pub struct Section {
    /// As the log names it.
    pub stage: Option<String>,
    /// What the server says of it.
    pub known: Option<Stage>,
    pub lines: Vec<Line>,
}

impl Section {
    fn of(stage: Option<&str>, known: Option<&Stage>) -> Self {
        Self {
            stage: stage.map(str::to_owned),
            known: known.cloned(),
            lines: Vec::new(),
        }
    }

    /// Lines that are shown as they are.
    #[must_use]
    pub const fn plain(lines: Vec<Line>) -> Self {
        Self {
            stage: None,
            known: None,
            lines,
        }
    }

    /// Its first line, as people count.
    #[must_use]
    pub fn first(&self) -> i64 {
        self.lines.first().map_or(0, |l| l.number + 1)
    }

    /// Whether its lines are what a reader came for: all but a stage that went well.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.known.as_ref().is_none_or(|s| s.status != "SUCCESS")
    }
}

/// Lines in their order, cut where a stage begins or ends. A page that begins inside a stage
/// shows that stage's rest before the first cut.
#[must_use]
pub fn sections(lines: Vec<Line>, stages: &[Stage]) -> Vec<Section> {
    let mut all = vec![Section::of(None, None)];
    for line in lines {
        if let Some(name) = begins(&line.text) {
            let known = stages.iter().find(|s| s.name == name);
            let before = all.last_mut().and_then(|s| s.lines.pop_if(starts));
            all.push(Section::of(Some(name), known));
            if let (Some(section), Some(line)) = (all.last_mut(), before) {
                section.lines.push(line);
            }
        }
        let ends = line.text.trim_end() == ENDS;
        if let Some(section) = all.last_mut() {
            section.lines.push(line);
        }
        if ends {
            all.push(Section::of(None, None));
        }
    }
    all.retain(|s| !s.lines.is_empty());
    all
}

/// The line before the one that names a stage.
fn starts(line: &mut Line) -> bool {
    line.text.trim_end() == STARTS
}

fn begins(text: &str) -> Option<&str> {
    let name = text.trim_end().strip_prefix(BEGINS)?.strip_suffix(')')?;
    (!name.starts_with(BRANCH)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &[&str], stages: &[(&str, &str)]) -> Vec<(Option<String>, bool, usize)> {
        let lines = (0..).zip(text).map(|(number, text)| Line {
            number,
            text: (*text).to_owned(),
        });
        let stage = |(name, status): &(&str, &str)| Stage {
            name: (*name).to_owned(),
            status: (*status).to_owned(),
            seconds: 1,
        };
        let stages: Vec<Stage> = stages.iter().map(stage).collect();
        let all = sections(lines.collect(), &stages);
        all.into_iter()
            .map(|s| (s.stage.clone(), s.is_open(), s.lines.len()))
            .collect()
    }

    #[test]
    fn a_log_without_stages_is_one_section() {
        assert_eq!(cut(&["a", "b"], &[]), [(None, true, 2)]);
        assert_eq!(cut(&[], &[]), []);
    }

    #[test]
    fn stages_that_went_well_are_shut_and_what_lies_between_is_kept() {
        let log = [
            "Started by user portal",
            "[Pipeline] stage",
            "[Pipeline] { (Build)",
            "mvn package",
            "[Pipeline] // stage",
            "[Pipeline] stage",
            "[Pipeline] { (Image)",
            "ERROR: no space left",
        ];
        let known = [("Build", "SUCCESS"), ("Image", "FAILED")];
        let name = |n: &str| Some(n.to_owned());
        assert_eq!(
            cut(&log, &known),
            [
                (None, true, 1),
                (name("Build"), false, 4),
                (name("Image"), true, 3)
            ]
        );
    }

    #[test]
    fn a_branch_is_no_stage_and_an_unknown_stage_stays_open() {
        let log = ["[Pipeline] { (Branch: linux)", "[Pipeline] { (Odd)", "x"];
        let name = Some("Odd".to_owned());
        assert_eq!(cut(&log, &[]), [(None, true, 1), (name, true, 2)]);
    }
}
