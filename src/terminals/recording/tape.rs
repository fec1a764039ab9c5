//! What one terminal showed and the database does not hold yet.
//!
//! Invariant: it never holds more than it may. Who floods faster than is kept for long gets the
//! head and the tail of the flood recorded, and between them how much is missing and its hash.

use std::collections::VecDeque;

use aws_lc_rs::digest::{Context, SHA256};

use super::frames::{self, Frame, What};

/// What waits for the database before it is asked ahead of its time, so that a flood on a slow
/// screen takes little memory.
const FILLING_BYTES: usize = 32 * 1024;
/// What is kept for ever so long.
const BYTES_PER_SECOND: u64 = 4 * 1024 * 1024;
/// What may come at once on top of it.
const BURST_BYTES: u64 = 16 * 1024 * 1024;
/// A flood is taken up again once so much may be kept.
const AGAIN_BYTES: u64 = 1024 * 1024;
/// How much of a flood's end is kept.
const TAIL_BYTES: usize = 16 * 1024;
/// A flood that is silent for so long is over.
const OVER_AFTER_MS: u64 = 500;

#[derive(Debug)]
pub struct Tape {
    frames: Vec<u8>,
    next: i32,
    last_ms: u64,
    /// Bytes that may still be kept right now.
    allowance: u64,
    counted_ms: u64,
    flood: Option<Flood>,
}

/// What is left out just now.
struct Flood {
    bytes: u64,
    hash: Context,
    tail: VecDeque<u8>,
}

impl std::fmt::Debug for Flood {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a flood of {} bytes", self.bytes)
    }
}

/// Frames on their way into the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub sequence: i32,
    pub until_ms: u64,
    pub frames: Vec<u8>,
}

impl Default for Tape {
    fn default() -> Self {
        Self {
            frames: Vec::new(),
            next: 0,
            last_ms: 0,
            allowance: BURST_BYTES,
            counted_ms: 0,
            flood: None,
        }
    }
}

impl Tape {
    /// How many bytes wait for the database.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.frames.len()
    }

    /// Whether the database should be asked before its time.
    #[must_use]
    pub fn is_filling(&self) -> bool {
        self.frames.len() >= FILLING_BYTES
    }

    pub fn output(&mut self, at_ms: u64, bytes: &[u8]) {
        self.earn(at_ms);
        let length = bytes.len() as u64;
        if self.flood.is_some() && self.allowance >= AGAIN_BYTES {
            self.settle();
        }
        if let Some(flood) = &mut self.flood {
            flood.add(bytes);
        } else if let Some(left) = self.allowance.checked_sub(length) {
            self.allowance = left;
            frames::write_output(&mut self.frames, at_ms, bytes);
        } else {
            self.flood.insert(Flood::new()).add(bytes);
        }
        self.last_ms = at_ms;
    }

    /// Anything else that happened.
    pub fn note(&mut self, at_ms: u64, what: What) {
        self.settle();
        frames::write(&mut self.frames, &Frame { at_ms, what });
        self.last_ms = at_ms;
    }

    /// What the database is to take now.
    pub fn take(&mut self, now_ms: u64) -> Option<Piece> {
        if now_ms.saturating_sub(self.last_ms) >= OVER_AFTER_MS {
            self.settle();
        }
        if self.frames.is_empty() {
            return None;
        }
        let sequence = self.next;
        self.next += 1;
        Some(Piece {
            sequence,
            until_ms: self.last_ms,
            frames: std::mem::take(&mut self.frames),
        })
    }

    /// The database did not take it; it goes first the next time.
    pub fn put_back(&mut self, piece: Piece) {
        let newer = std::mem::replace(&mut self.frames, piece.frames);
        self.frames.extend_from_slice(&newer);
        self.next = piece.sequence;
    }

    /// Gives up what waits, where a shell may go on without its recording.
    pub fn forget(&mut self, at_ms: u64) {
        self.settle();
        let waiting = frames::read(&std::mem::take(&mut self.frames)).unwrap_or_default();
        let (mut lost, mut flood) = (0, Flood::new());
        for frame in waiting {
            match frame.what {
                What::Output(bytes) => {
                    lost += bytes.len() as u64;
                    flood.hash.update(&bytes);
                }
                What::Omitted { bytes, .. } => lost += bytes,
                What::Resized { .. } | What::Mark(_) | What::Person(..) | What::Ended(..) => {
                    frames::write(&mut self.frames, &frame);
                }
            }
        }
        if lost > 0 {
            flood.bytes = lost;
            let what = flood.told();
            frames::write(&mut self.frames, &Frame { at_ms, what });
        }
    }

    fn earn(&mut self, now_ms: u64) {
        let passed = now_ms.saturating_sub(self.counted_ms);
        let earned = passed.saturating_mul(BYTES_PER_SECOND) / 1000;
        self.allowance = self.allowance.saturating_add(earned).min(BURST_BYTES);
        self.counted_ms = self.counted_ms.max(now_ms);
    }

    /// Says what was left out of a flood, and keeps its end.
    fn settle(&mut self) {
        let Some(mut flood) = self.flood.take() else {
            return;
        };
        let tail: Vec<u8> = std::mem::take(&mut flood.tail).into();
        self.allowance = self.allowance.saturating_sub(tail.len() as u64);
        if flood.bytes > 0 {
            let (at_ms, what) = (self.last_ms, flood.told());
            frames::write(&mut self.frames, &Frame { at_ms, what });
        }
        frames::write_output(&mut self.frames, self.last_ms, &tail);
    }
}

impl Flood {
    fn new() -> Self {
        Self {
            bytes: 0,
            hash: Context::new(&SHA256),
            tail: VecDeque::new(),
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        // What cannot be the end is hashed where it is, and copied nowhere.
        let (gone, last) = bytes.split_at(bytes.len().saturating_sub(TAIL_BYTES));
        let over = (self.tail.len() + last.len()).saturating_sub(TAIL_BYTES);
        let (front, back) = self.tail.as_slices();
        let of_front = over.min(front.len());
        let parts = [
            front.get(..of_front),
            back.get(..over - of_front),
            Some(gone),
        ];
        for part in parts.into_iter().flatten() {
            self.hash.update(part);
            self.bytes += part.len() as u64;
        }
        self.tail.drain(..over);
        self.tail.extend(last);
    }

    fn told(self) -> What {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.hash.finish().as_ref());
        What::Omitted {
            bytes: self.bytes,
            hash,
        }
    }
}

#[cfg(test)]
#[path = "tape_tests.rs"]
mod tests;
