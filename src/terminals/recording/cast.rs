//! A recording as asciicast v3, which players of others read too: a head, then a line an event,
//! each with the seconds since the one before.
//!
//! What the terminal got may be no text; only here is it made one, and a character that was cut
//! between two frames is put together again.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::frames::{Frame, What};

/// The first line.
#[must_use]
pub fn head(columns: u16, rows: u16, at: Timestamp, title: &str) -> String {
    let head = json!({
        "version": 3, "term": { "cols": columns, "rows": rows, "type": "xterm-256color" },
        "timestamp": at.as_second(), "title": title,
    });
    format!("{head}\n")
}

/// Turns frames into lines, in order.
#[derive(Debug, Default)]
pub struct Writer {
    last_ms: u64,
    /// The beginning of a character whose rest has not come yet.
    cut: Vec<u8>,
}

impl Writer {
    #[must_use]
    pub fn line(&mut self, frame: &Frame) -> String {
        let (code, data) = match &frame.what {
            What::Output(bytes) => match self.text(bytes) {
                text if text.is_empty() => return String::new(),
                text => ("o", text),
            },
            What::Resized { columns, rows } => ("r", format!("{columns}x{rows}")),
            What::Mark(mark) => ("m", mark.to_string()),
            What::Person(mark, name) => ("m", format!("{mark} {name}")),
            What::Omitted { bytes, hash } => {
                let hash = hex::encode(hash);
                ("m", format!("omitted {bytes} bytes, sha256 {hash}"))
            }
            What::Ended(_, Some(code)) => ("x", code.to_string()),
            What::Ended(ending, None) => ("m", ending.to_string()),
        };
        let interval = frame.at_ms.saturating_sub(self.last_ms);
        self.last_ms = self.last_ms.max(frame.at_ms);
        let seconds = serde_json::Number::from_f64(interval as f64 / 1000.0);
        let line = Value::from(vec![json!(seconds), json!(code), json!(data)]);
        format!("{line}\n")
    }

    fn text(&mut self, bytes: &[u8]) -> String {
        self.cut.extend_from_slice(bytes);
        let whole = self.cut.len() - unfinished(&self.cut);
        let rest = self.cut.split_off(whole);
        let text = String::from_utf8_lossy(&self.cut).into_owned();
        self.cut = rest;
        text
    }
}

/// How many bytes at the end may be the beginning of one character.
fn unfinished(bytes: &[u8]) -> usize {
    let last = bytes.iter().rev().take(3).enumerate();
    for (behind, byte) in last {
        let wanted = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => return 0,
        };
        return if behind + 1 < wanted { behind + 1 } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::terminals::Ending;
    use crate::terminals::recording::frames::Mark;

    fn lines(frames: &[(u64, What)]) -> Vec<Value> {
        let mut writer = Writer::default();
        let lines = frames.iter().map(|(at_ms, what)| {
            writer.line(&Frame {
                at_ms: *at_ms,
                what: what.clone(),
            })
        });
        let lines: Vec<String> = lines.filter(|l| !l.is_empty()).collect();
        lines
            .iter()
            .map(|l| serde_json::from_str(l).expect("JSON"))
            .collect()
    }

    #[test]
    fn each_kind_of_frame_is_an_event_with_its_interval() {
        let all = lines(&[
            (1500, What::Output(b"hi \x1b[1m\"".to_vec())),
            (
                1500,
                What::Resized {
                    columns: 80,
                    rows: 24,
                },
            ),
            (2000, What::Mark(Mark::Left)),
            (
                2000,
                What::Omitted {
                    bytes: 7,
                    hash: [0xab; 32],
                },
            ),
            (4000, What::Ended(Ending::Exited, Some(3))),
            (4000, What::Ended(Ending::Idle, None)),
        ]);
        let hash = "ab".repeat(32);
        let omitted = format!("omitted 7 bytes, sha256 {hash}");
        let expected = json!([
            [1.5, "o", "hi \u{1b}[1m\""],
            [0.0, "r", "80x24"],
            [0.5, "m", "left"],
            [0.0, "m", omitted],
            [2.0, "x", "3"],
            [0.0, "m", "idle"],
        ]);
        assert_eq!(Value::from(all), expected);
    }

    #[test]
    fn characters_that_were_cut_come_whole_and_others_do_not_wait() {
        let text = "你好🚢é".as_bytes();
        for cut in 0..=text.len() {
            let (a, b) = text.split_at(cut);
            let all = lines(&[(0, What::Output(a.to_vec())), (0, What::Output(b.to_vec()))]);
            let said: String = all.iter().map(|l| l[2].as_str().expect("text")).collect();
            assert_eq!(said, "你好🚢é", "cut at {cut}");
        }
        let all = lines(&[(0, What::Output(b"\xff\xfea\xc3".to_vec()))]);
        assert_eq!(all[0][2], "\u{fffd}\u{fffd}a");
    }

    proptest! {
        /// However it was cut, and whatever it was: lines of JSON, and no character more or less
        /// than reading all of it at once gives.
        #[test]
        fn any_bytes_in_any_pieces_are_the_same_text(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9), 0..40)
        ) {
            let (mut writer, mut text) = (Writer::default(), String::new());
            for bytes in &pieces {
                let what = What::Output(bytes.clone());
                let line = writer.line(&Frame { at_ms: 0, what });
                if line.is_empty() {
                    continue;
                }
                prop_assert_eq!(line.find('\n'), Some(line.len() - 1));
                let event: Value = serde_json::from_str(&line).unwrap();
                text.push_str(event[2].as_str().unwrap());
            }
            text.push_str(&String::from_utf8_lossy(&writer.cut));
            let all = pieces.concat();
            prop_assert_eq!(text, String::from_utf8_lossy(&all));
        }

        /// The same where characters are cut more often than not.
        #[test]
        fn text_in_any_pieces_stays_text(
            text in ".{0,40}", cuts in any::<[prop::sample::Index; 5]>()
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.iter().map(|c| c.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let (mut writer, mut said) = (Writer::default(), String::new());
            for pair in cuts.windows(2) {
                let what = What::Output(bytes[pair[0]..pair[1]].to_vec());
                let line = writer.line(&Frame { at_ms: 0, what });
                if !line.is_empty() {
                    let event: Value = serde_json::from_str(&line).unwrap();
                    said.push_str(event[2].as_str().unwrap());
                }
            }
            prop_assert_eq!(said, text);
        }
    }
}
