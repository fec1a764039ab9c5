//! What a screen was switched to by bytes that are gone: full screen, pasting in brackets, a mouse
//! that is listened to. Whoever begins after them is told so first, in as few bytes.
//!
//! Invariant: it is known after each byte whether a character or a sequence is unfinished there.

const ESCAPE: u8 = 0x1b;
const BELL: u8 = 0x07;
/// What breaks a sequence off.
const CANCEL: u8 = 0x18;
const SUBSTITUTE: u8 = 0x1a;
/// More than this many numbers in one sequence are not looked at.
const MOST_NUMBERS: usize = 8;
/// A telling of all modes is shorter than this.
pub const TOLD_BYTES: u64 = 128;

/// DEC's private modes that a screen is asked for, and whether they are on unless somebody says
/// otherwise. The other screen stands for all three ways to it.
const MODES: [(u16, bool); 12] = [
    (1, false),
    (7, true),
    (25, true),
    (OTHER_SCREEN, false),
    (1000, false),
    (1002, false),
    (1003, false),
    (1004, false),
    (1006, false),
    (1015, false),
    (2004, false),
    (KEYPAD, false),
];
const OTHER_SCREEN: u16 = 1049;
/// Has a sequence of its own to switch it, and this number to switch it as well.
const KEYPAD: u16 = 66;

/// One mode: whether it is on, and where it was last switched.
#[derive(Debug, Clone, Copy)]
struct Mode {
    is_on: bool,
    /// How many bytes there were then; none if nobody ever did.
    at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    /// A character, of which so many bytes are to come.
    Character(u8),
    Escape,
    /// An escape of three bytes.
    Chosen,
    Sequence,
    /// A text for the screen itself, such as its title, which an escape or a bell ends.
    Text,
}

#[derive(Debug, Clone)]
pub struct Modes {
    inside: Inside,
    is_private: bool,
    numbers: [u16; MOST_NUMBERS],
    /// Which of them is being read.
    number: usize,
    modes: [Mode; MODES.len()],
    /// How many bytes there were.
    at: u64,
}

impl Default for Modes {
    fn default() -> Self {
        let usual = |(_, is_on)| Mode { is_on, at: 0 };
        Self {
            inside: Inside::Nothing,
            is_private: false,
            numbers: [0; MOST_NUMBERS],
            number: 0,
            modes: MODES.map(usual),
            at: 0,
        }
    }
}

impl Modes {
    /// How many bytes it has seen.
    #[must_use]
    pub const fn at(&self) -> u64 {
        self.at
    }

    /// Whether somebody may begin here.
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.inside == Inside::Nothing
    }

    pub fn see(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            if self.inside != Inside::Nothing {
                self.at += 1;
                self.step(*first);
                bytes = rest;
                continue;
            }
            // Text up to the next escape is not looked at byte by byte.
            let text = memchr::memchr(ESCAPE, bytes);
            let (text, rest) = bytes.split_at(text.unwrap_or(bytes.len()));
            self.at += text.len() as u64;
            bytes = rest;
            if let Some((_, rest)) = rest.split_first() {
                self.at += 1;
                self.inside = Inside::Escape;
                bytes = rest;
            } else if let Some(missing) = missing(text) {
                self.inside = Inside::Character(missing);
            }
        }
    }

    /// One byte more, inside of something.
    fn step(&mut self, byte: u8) {
        match (self.inside, byte) {
            (Inside::Character(missing), 0x80..=0xbf) if missing > 1 => {
                self.inside = Inside::Character(missing - 1);
            }
            (Inside::Character(_), 0x80..=0xbf) | (_, CANCEL | SUBSTITUTE) => {
                self.inside = Inside::Nothing;
            }
            (_, ESCAPE) => self.inside = Inside::Escape,
            (Inside::Character(_) | Inside::Nothing, _) => {
                // It was cut off; what stands here begins anew.
                let begun = missing(&[byte]);
                self.inside = begun.map_or(Inside::Nothing, Inside::Character);
            }
            (Inside::Escape, _) => self.escape(byte),
            (Inside::Chosen, 0x30..=0x7e) => self.inside = Inside::Nothing,
            (Inside::Text, BELL) => self.inside = Inside::Nothing,
            (Inside::Sequence, _) => self.sequence(byte),
            (Inside::Chosen | Inside::Text, _) => {}
        }
    }

    fn escape(&mut self, byte: u8) {
        self.inside = match byte {
            b'[' => Inside::Sequence,
            b']' | b'P' | b'X' | b'^' | b'_' => Inside::Text,
            0x20..=0x2f => Inside::Chosen,
            // Controls are obeyed inside of a sequence, which goes on after them.
            0x00..=0x1f => Inside::Escape,
            _ => Inside::Nothing,
        };
        match byte {
            b'c' => self.begin_anew(),
            b'=' | b'>' => self.switch(KEYPAD, byte == b'='),
            b'[' => {
                (self.is_private, self.number) = (false, 0);
                self.numbers = [0; MOST_NUMBERS];
            }
            _ => {}
        }
    }

    fn sequence(&mut self, byte: u8) {
        match byte {
            b'?' => self.is_private = true,
            b'0'..=b'9' => {
                if let Some(number) = self.numbers.get_mut(self.number) {
                    let digit = u16::from(byte - b'0');
                    *number = number.saturating_mul(10).saturating_add(digit);
                }
            }
            b';' => self.number += 1,
            0x40..=0x7e => {
                self.inside = Inside::Nothing;
                if self.is_private && matches!(byte, b'h' | b'l') {
                    let last = (self.number + 1).min(MOST_NUMBERS);
                    let numbers = self.numbers;
                    let said = numbers.into_iter().take(last);
                    said.for_each(|number| self.switch(number, byte == b'h'));
                }
            }
            _ => {}
        }
    }

    fn switch(&mut self, number: u16, is_on: bool) {
        let number = match number {
            47 | 1047 => OTHER_SCREEN,
            number => number,
        };
        let mut modes = MODES.iter().zip(&mut self.modes);
        if let Some((_, mode)) = modes.find(|((known, _), _)| *known == number) {
            *mode = Mode { is_on, at: self.at };
        }
    }

    fn begin_anew(&mut self) {
        for ((_, usual), mode) in MODES.iter().zip(&mut self.modes) {
            if mode.is_on != *usual {
                (mode.is_on, mode.at) = (*usual, self.at);
            }
        }
    }

    /// What a screen that has everything before `since` is to be told, so that it is switched as
    /// here; a new one, which has nothing, only of what is not as usual.
    #[must_use]
    pub fn told(&self, since: u64) -> Vec<u8> {
        let told = |(_, usual): &(u16, bool), mode: &Mode| match since {
            0 => mode.is_on != *usual,
            _ => mode.at > since,
        };
        let mut text = String::new();
        // A mouse that is listened to in one way is no longer in another, so what is off is first.
        for (is_on, end) in [(false, 'l'), (true, 'h')] {
            let wanted = MODES.iter().zip(&self.modes);
            let wanted = wanted.filter(|(known, mode)| mode.is_on == is_on && told(known, mode));
            let numbers: Vec<String> = wanted
                .map(|((number, _), _)| match (*number, is_on) {
                    // This one alone leaves the cursor where it is.
                    (OTHER_SCREEN, false) => "47".to_owned(),
                    (number, _) => number.to_string(),
                })
                .collect();
            if !numbers.is_empty() {
                text.push_str("\x1b[?");
                text.push_str(&numbers.join(";"));
                text.push(end);
            }
        }
        text.into_bytes()
    }
}

/// How many bytes the character at the end wants that are not there; none where it is whole.
fn missing(text: &[u8]) -> Option<u8> {
    let last = text.iter().rev().take(3);
    for (behind, byte) in (0..).zip(last) {
        let wanted: u8 = match byte {
            0xc2..=0xdf => 1,
            0xe0..=0xef => 2,
            0xf0..=0xf4 => 3,
            0x80..=0xbf => continue,
            _ => return None,
        };
        return wanted.checked_sub(behind).filter(|left| *left > 0);
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(text: &str) -> Modes {
        let mut modes = Modes::default();
        modes.see(text.as_bytes());
        modes
    }

    #[test]
    fn a_new_screen_is_told_what_is_not_as_usual() {
        for (text, expected) in [
            ("hello\n", ""),
            ("\x1b[?1049h\x1b[?2004h", "\x1b[?1049;2004h"),
            ("\x1b[?1049;2004h", "\x1b[?1049;2004h"),
            ("\x1b[?47h\x1b[?25l", "\x1b[?25l\x1b[?1049h"),
            ("\x1b[?1047h\x1b[?1049l", ""),
            ("\x1b[?1000h\x1b[?1006h\x1b=", "\x1b[?1000;1006;66h"),
            ("\x1b[?2004h\x1bc", ""),
            ("\x1b[2004h\x1b[?2004;5m", ""),
            // What stands in a text for the screen, or was broken off, switches nothing.
            ("\x1b]0;\x1b[?2004h", "\x1b[?2004h"),
            ("\x1b]0;[?2004h\x07", ""),
            ("\x1b[?2004\x18h", ""),
            ("\x1b[?1;2;3;4;5;6;7;25;2004l", "\x1b[?7;25l"),
        ] {
            let told = seen(text).told(0);
            assert_eq!(String::from_utf8_lossy(&told), expected, "{text:?}");
        }
    }

    #[test]
    fn a_screen_that_was_there_is_told_what_was_switched_since() {
        let mut modes = seen("\x1b[?2004h\x1b[?1049h");
        let since = modes.at();
        modes.see(b"\x1b[?1049l\x1b[?1002h\x1b[?1002l");
        assert_eq!(modes.told(since), b"\x1b[?47;1002l");
        assert_eq!(modes.told(modes.at()), b"");
        assert_eq!(modes.told(0), b"\x1b[?2004h");
    }

    #[test]
    fn all_modes_together_are_told_in_few_bytes() {
        for end in ['h', 'l'] {
            let mut modes = Modes::default();
            modes.see(b"x");
            for (number, _) in MODES {
                modes.see(format!("\x1b[?{number}{end}").as_bytes());
            }
            let told = modes.told(1);
            assert!((told.len() as u64) < TOLD_BYTES, "{}", told.len());
        }
    }

    #[test]
    fn characters_and_sequences_are_known_to_be_unfinished() {
        for text in [
            "你",
            "🚢",
            "é",
            "\x1b[?1049h",
            "\x1b]0;t\x07",
            "\x1b(B",
            "\x1bPq\x1b\\",
        ] {
            let bytes = text.as_bytes();
            for cut in 1..bytes.len() {
                let mut modes = Modes::default();
                modes.see(&bytes[..cut]);
                assert!(!modes.is_between(), "{text:?} at {cut}");
                modes.see(&bytes[cut..]);
                assert!(modes.is_between(), "{text:?} at {cut}");
            }
        }
        // What is no character at all holds nobody up.
        for bytes in [&b"\xff\xfe"[..], b"\x80\x80\x80", b"\xc3a", b"\xe4\xbda"] {
            let mut modes = Modes::default();
            modes.see(bytes);
            assert!(modes.is_between(), "{bytes:?}");
        }
    }

    proptest! {
        /// However it was cut, and whatever it was.
        #[test]
        fn pieces_say_the_same_as_all_of_it(
            bytes in proptest::collection::vec(
                prop_oneof![any::<u8>(), Just(ESCAPE), Just(b'['), Just(b'?'), Just(b'h'),
                    Just(0xe4), Just(b'1')], 0..80),
            cut in any::<prop::sample::Index>(),
        ) {
            let cut = cut.index(bytes.len() + 1);
            let (mut whole, mut parts) = (Modes::default(), Modes::default());
            whole.see(&bytes);
            parts.see(&bytes[..cut]);
            parts.see(&bytes[cut..]);
            prop_assert_eq!((whole.at, whole.inside), (parts.at, parts.inside));
            prop_assert_eq!(whole.told(0), parts.told(0));
        }
    }
}
