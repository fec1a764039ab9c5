//! What one terminal showed and the database does not hold yet.
//!
//! Invariant: it never holds more than it may. Who floods faster than is kept for long gets the
//! head and the tail of the flood recorded, and between them how much is missing and its hash.

use std::collections::VecDeque;

use aws_lc_rs::digest::{Context, SHA256};

use super::frames::{self, Frame, What};
use crate::config::{RECORDING_BURST_LEAST, RecordingRate};

/// So much is made small as soon as it is there, so that a flood takes little memory while it waits
/// for the database.
const PIECE_BYTES: usize = 16 * 1024;
/// More than what stands before output in a frame: its kind, its time and its length.
const HEAD_BYTES: usize = 32;
/// A flood is taken up again once so much may be kept.
const AGAIN_BYTES: u64 = RECORDING_BURST_LEAST;
/// How much of a flood's end is kept.
const TAIL_BYTES: usize = 16 * 1024;
/// A flood that is silent for so long is over.
const OVER_AFTER_MS: u64 = 500;

#[derive(Debug)]
pub struct Tape {
    rate: RecordingRate,
    frames: Vec<u8>,
    /// What is older than the frames.
    pieces: VecDeque<Piece>,
    /// How many bytes they take, with those that are just being written.
    waiting: usize,
    next: i32,
    last_ms: u64,
    /// Bytes that may still be kept right now.
    allowance: u64,
    counted_ms: u64,
    flood: Option<Flood>,
    /// Of all output in frames.
    proof: Proof,
    /// Of that which the database holds.
    written: Proof,
}

/// SHA-256 of output, as far as it came.
#[derive(Clone)]
struct Proof(Context);

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

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a proof")
    }
}

impl Proof {
    fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    fn finish(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.0.clone().finish().as_ref());
        hash
    }
}

/// Frames on their way into the database, compressed.
#[derive(Debug, Clone)]
pub struct Piece {
    pub sequence: i32,
    pub until_ms: u64,
    pub packed: Vec<u8>,
    /// Of all output up to its end.
    proof: Proof,
}

impl Tape {
    #[must_use]
    pub fn new(rate: RecordingRate) -> Self {
        Self {
            rate,
            frames: Vec::new(),
            pieces: VecDeque::new(),
            waiting: 0,
            next: 0,
            last_ms: 0,
            allowance: rate.burst_bytes,
            counted_ms: 0,
            flood: None,
            proof: Proof::new(),
            written: Proof::new(),
        }
    }

    /// SHA-256 of all output that is recorded, one frame after another; nothing while the database
    /// does not hold all of it.
    #[must_use]
    pub fn proof(&self) -> Option<[u8; 32]> {
        (self.waiting() == 0).then(|| self.written.finish())
    }

    /// How many bytes the database does not hold yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting + self.frames.len()
    }

    /// Whether the database should be asked before its time.
    #[must_use]
    pub fn is_filling(&self) -> bool {
        !self.pieces.is_empty()
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
            if self.frames.len() + bytes.len() > PIECE_BYTES {
                self.pack();
            }
            self.keep(at_ms, bytes);
        } else {
            self.flood.insert(Flood::new()).add(bytes);
        }
        self.last_ms = at_ms;
        if self.frames.len() >= PIECE_BYTES {
            self.pack();
        }
    }

    fn keep(&mut self, at_ms: u64, output: &[u8]) {
        let needed = self.frames.len() + output.len() + HEAD_BYTES;
        if needed > PIECE_BYTES / 2 && self.frames.capacity() < needed {
            // Grown by doubling they would take twice what they ever hold.
            let most = needed.max(PIECE_BYTES + HEAD_BYTES);
            self.frames.reserve_exact(most - self.frames.len());
        }
        frames::write_output(&mut self.frames, at_ms, output);
        self.proof.0.update(output);
    }

    /// Anything else that happened.
    pub fn note(&mut self, at_ms: u64, what: What) {
        self.settle();
        frames::write(&mut self.frames, &Frame { at_ms, what });
        self.last_ms = at_ms;
    }

    /// Makes a piece of the frames that are no part of one yet.
    fn pack(&mut self) {
        if self.frames.is_empty() {
            return;
        }
        let piece = Piece {
            sequence: self.next,
            until_ms: self.last_ms,
            packed: frames::compress(&self.frames),
            proof: self.proof.clone(),
        };
        self.frames.clear();
        self.next += 1;
        self.waiting += piece.packed.len();
        self.pieces.push_back(piece);
    }

    /// What the database is to take now, in order; it counts until it is [`Tape::written`].
    pub fn take(&mut self, now_ms: u64) -> VecDeque<Piece> {
        if now_ms.saturating_sub(self.last_ms) >= OVER_AFTER_MS {
            self.settle();
            self.pack();
            // Nothing comes; what a flood took is not needed.
            self.frames = Vec::new();
        }
        self.pack();
        std::mem::take(&mut self.pieces)
    }

    /// The database has taken this one, and all before it.
    pub fn written(&mut self, piece: &Piece) {
        self.waiting = self.waiting.saturating_sub(piece.packed.len());
        self.written = piece.proof.clone();
    }

    /// The database did not take them; they go first the next time.
    pub fn put_back(&mut self, mut pieces: VecDeque<Piece>) {
        pieces.append(&mut self.pieces);
        self.pieces = pieces;
    }

    /// Gives up what waits, where a shell may go on without its recording.
    pub fn forget(&mut self, at_ms: u64) {
        self.settle();
        self.pack();
        let first = self.pieces.front().map_or(self.next, |p| p.sequence);
        let (mut lost, mut flood) = (0, Flood::new());
        for piece in self.take(at_ms) {
            self.waiting = self.waiting.saturating_sub(piece.packed.len());
            let waiting = frames::decompress(&piece.packed).and_then(|all| frames::read(&all));
            for frame in waiting.unwrap_or_default() {
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
        }
        self.next = first;
        self.proof = self.written.clone();
        if lost > 0 {
            flood.bytes = lost;
            let what = flood.told();
            frames::write(&mut self.frames, &Frame { at_ms, what });
        }
    }

    fn earn(&mut self, now_ms: u64) {
        let passed = now_ms.saturating_sub(self.counted_ms);
        let earned = passed.saturating_mul(self.rate.bytes_per_second) / 1000;
        let allowance = self.allowance.saturating_add(earned);
        self.allowance = allowance.min(self.rate.burst_bytes);
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
        self.keep(self.last_ms, &tail);
    }
}

impl Flood {
    fn new() -> Self {
        Self {
            bytes: 0,
            hash: Context::new(&SHA256),
            tail: VecDeque::with_capacity(TAIL_BYTES),
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
