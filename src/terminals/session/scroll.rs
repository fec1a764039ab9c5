//! The last of what a terminal showed, addressed by how many bytes came before.
//!
//! Invariant: it holds at most what it is told to keep, and knows what what is gone had switched
//! the screen to, so that whoever begins in the midst of it sees it as others do.

use std::collections::VecDeque;

use super::modes::Modes;

#[derive(Debug, Default)]
pub struct Scroll {
    bytes: VecDeque<u8>,
    /// What came before the first of them.
    gone: Modes,
}

/// Where somebody goes on, and what their screen is told before that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    pub at: u64,
    pub told: Vec<u8>,
}

impl Scroll {
    /// Where the first byte that is still there stands.
    #[must_use]
    pub fn begin(&self) -> u64 {
        self.gone.at()
    }

    /// Where the next byte will stand: how many there ever were.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.begin() + self.bytes.len() as u64
    }

    /// Adds to it, and keeps at most so many of all.
    pub fn push(&mut self, bytes: &[u8], most: usize) {
        let kept = bytes.len().min(most);
        let (passed, kept) = bytes.split_at(bytes.len() - kept);
        let over = (self.bytes.len() + kept.len()).saturating_sub(most);
        self.forget(over);
        self.gone.see(passed);
        let needed = self.bytes.len() + kept.len();
        if self.bytes.capacity() < needed && needed > most / 4 {
            // Grown by doubling it would take more than it ever holds.
            self.bytes.reserve_exact(most - self.bytes.len());
        }
        self.bytes.extend(kept);
        if self.bytes.capacity() > most {
            self.bytes.shrink_to(most);
        }
    }

    fn forget(&mut self, count: usize) {
        let (front, back) = self.bytes.as_slices();
        let of_front = count.min(front.len());
        self.gone.see(front.get(..of_front).unwrap_or_default());
        self.gone
            .see(back.get(..count - of_front).unwrap_or_default());
        self.bytes.drain(..count);
    }

    /// The first place from there on where neither a character nor a sequence is cut, for a screen
    /// that was shown everything before `since`.
    #[must_use]
    pub fn enter(&self, from: u64, since: u64) -> Entry {
        let mut modes = self.gone.clone();
        let before = usize::try_from(from.saturating_sub(modes.at())).unwrap_or(usize::MAX);
        let before = before.min(self.bytes.len());
        let (front, back) = self.bytes.as_slices();
        let of_front = before.min(front.len());
        modes.see(front.get(..of_front).unwrap_or_default());
        modes.see(back.get(..before - of_front).unwrap_or_default());
        for byte in self.bytes.range(before..) {
            if modes.is_between() {
                break;
            }
            modes.see(std::slice::from_ref(byte));
        }
        Entry {
            at: modes.at(),
            told: modes.told(since),
        }
    }

    /// Where the last so many bytes begin, or the first line that begins within them.
    #[must_use]
    pub fn last_lines(&self, most: usize) -> u64 {
        let from = self.bytes.len().saturating_sub(most);
        let mut last = self.bytes.iter().skip(from);
        let cut = match from {
            0 => None,
            _ => last.position(|byte| *byte == b'\n'),
        };
        self.begin() + (from + cut.map_or(0, |at| at + 1)) as u64
    }

    /// What stands from there on, at most so much; what is gone is passed over.
    #[must_use]
    pub fn read(&self, from: u64, most: usize) -> Vec<u8> {
        let skip = usize::try_from(from.saturating_sub(self.begin())).unwrap_or(usize::MAX);
        let mut skip = skip.min(self.bytes.len());
        let take = most.min(self.bytes.len() - skip);
        let mut found = Vec::with_capacity(take);
        // Piece by piece, because a byte at a time is what would cost most under a flood.
        let (front, back) = self.bytes.as_slices();
        for part in [front, back] {
            let from = skip.min(part.len());
            skip -= from;
            let rest = part.get(from..).unwrap_or_default();
            let wanted = rest.len().min(take - found.len());
            found.extend_from_slice(rest.get(..wanted).unwrap_or_default());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_keep_their_places_whatever_is_pushed_out() {
        let byte = |at: u64| (at % 251) as u8;
        let mut scroll = Scroll::default();
        let mut end = 0u64;
        for (length, most) in [
            (0, 50_000),
            (1, 50_000),
            (1000, 50_000),
            (32 * 1024, 50_000),
            (70_000, 200_000),
            (100_000, 150_000),
            (5, 150_000),
            (160_000, 50_000),
            (300_000, 100_000),
        ] {
            let more: Vec<u8> = (end..end + length).map(byte).collect();
            scroll.push(&more, most);
            end += length;
            assert_eq!(scroll.end(), end);
            assert!(end - scroll.begin() <= most as u64);
            assert!(scroll.bytes.capacity() <= most);
            for from in [scroll.begin(), end.saturating_sub(7), end] {
                let from = from.max(scroll.begin());
                let read = scroll.read(from, 100_000);
                let to = (from + 100_000).min(end);
                let expected: Vec<u8> = (from..to).map(byte).collect();
                assert_eq!(read, expected, "from {from} of {end}");
            }
        }
        assert_eq!(scroll.read(0, 3).len(), 3);
        assert_eq!(scroll.read(u64::MAX, 3), b"");
    }

    #[test]
    fn whoever_enters_begins_between_characters_and_sequences_on_the_same_screen() {
        let text = "\x1b[?2004h\x1b[?1049h你好\x1b]0;title\x07$ \x1b[?1049l. the end";
        let last = text.len() as u64;
        for most in 1..text.len() {
            let mut scroll = Scroll::default();
            for byte in text.as_bytes() {
                scroll.push(std::slice::from_ref(byte), most);
            }
            let entry = scroll.enter(scroll.begin(), 0);
            assert!((scroll.begin()..=last).contains(&entry.at), "{most}");
            let rest = String::from_utf8(scroll.read(entry.at, 1000)).expect("text");
            let told = String::from_utf8(entry.told).expect("text");
            let expected = match rest {
                _ if rest.contains("[?2004h") => "",
                _ if rest.contains("[?1049h") || !rest.contains("[?1049l") => "\x1b[?2004h",
                _ => "\x1b[?1049;2004h",
            };
            assert!(rest.is_empty() || text.ends_with(&rest), "{rest:?}");
            assert_eq!(told, expected, "before {rest:?}");
        }
    }

    #[test]
    fn the_last_lines_are_whole_where_there_are_any() {
        let mut scroll = Scroll::default();
        for (more, most, expected) in [
            ("", 10, ""),
            ("one\ntwo\n$ ", 100, "one\ntwo\n$ "),
            ("", 6, "$ "),
            ("", 7, "two\n$ "),
            ("", 8, "two\n$ "),
            ("xxxxxxxxxxxx", 5, "xxxxx"),
        ] {
            scroll.push(more.as_bytes(), 1000);
            let found = scroll.read(scroll.last_lines(most), 1000);
            assert_eq!(String::from_utf8_lossy(&found), expected);
        }
    }
}
