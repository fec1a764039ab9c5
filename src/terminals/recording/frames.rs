//! How a recording is stored: frames one after another, compressed in pieces.
//!
//! Invariant: each piece is read without any other, so what a crash left behind still plays; and
//! bytes come out as they went in, whether or not they are text.

use std::io::Read as _;
use std::sync::{LazyLock, Mutex, PoisonError};

use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};

use crate::terminals::Ending;

/// What no piece comes near: a longer one was not made by us.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// For what a piece takes however small it is.
const ROOM_BYTES: usize = 64;

/// One thing that happened, so many milliseconds after the shell was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub at_ms: u64,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Bytes as the terminal got them; a character may be cut anywhere.
    Output(Vec<u8>),
    Resized {
        columns: u16,
        rows: u16,
    },
    /// Somebody came, or was lost.
    Mark(Mark),
    /// The same of a guest, by the name that they sign in with.
    Person(Mark, String),
    /// More came than is kept: how many bytes, and their SHA-256.
    Omitted {
        bytes: u64,
        hash: [u8; 32],
    },
    Ended(Ending, Option<i32>),
}

crate::words! {
    /// What a recording tells besides what was on the screen.
    pub enum Mark {
        Attached = "attached",
        Left = "left",
        /// Of what follows only the end was shown to whoever looked.
        PassedOver = "passed-over",
        GuestCame = "guest-came",
        GuestLeft = "guest-left",
        KeyboardGiven = "keyboard-given",
        KeyboardTaken = "keyboard-taken",
        RecorderAway = "recorder-away",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a piece of a recording that cannot be read")]
pub struct Unreadable;

const OUTPUT: u8 = b'o';
const RESIZED: u8 = b'r';
const MARK: u8 = b'm';
const PERSON: u8 = b'p';
const OMITTED: u8 = b'-';
const ENDED: u8 = b'x';

/// Adds one frame: kind, time, length, and what it holds.
pub fn write(to: &mut Vec<u8>, frame: &Frame) {
    let (kind, body) = match &frame.what {
        What::Output(bytes) => return write_output(to, frame.at_ms, bytes),
        What::Resized { columns, rows } => {
            let size = [columns.to_be_bytes(), rows.to_be_bytes()];
            (RESIZED, size.concat())
        }
        What::Mark(mark) => (MARK, mark.as_str().as_bytes().to_vec()),
        What::Person(mark, name) => (PERSON, format!("{mark} {name}").into_bytes()),
        What::Omitted { bytes, hash } => (OMITTED, [&bytes.to_be_bytes()[..], hash].concat()),
        What::Ended(ending, code) => {
            let code = code.map_or_else(Vec::new, |c| c.to_be_bytes().to_vec());
            let told = ending.as_str().as_bytes();
            (
                ENDED,
                [&[u8::from(!code.is_empty())], &code[..], told].concat(),
            )
        }
    };
    put(to, kind, frame.at_ms, &body);
}

/// The same for output that need not be copied first.
pub fn write_output(to: &mut Vec<u8>, at_ms: u64, bytes: &[u8]) {
    put(to, OUTPUT, at_ms, bytes);
}

fn put(to: &mut Vec<u8>, kind: u8, at_ms: u64, body: &[u8]) {
    to.push(kind);
    put_number(to, at_ms);
    put_number(to, body.len() as u64);
    to.extend_from_slice(body);
}

/// Seven bits a byte, the lowest first.
fn put_number(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// What compressing needs is greater than most of what is compressed, so there is one for all.
static DEFLATE: LazyLock<Mutex<Compress>> =
    LazyLock::new(|| Mutex::new(Compress::new(Compression::fast(), false)));

/// Frames, made small.
#[must_use]
pub fn compress(mut frames: &[u8]) -> Vec<u8> {
    // Whatever somebody's panic left in it, it begins anew.
    let mut deflate = DEFLATE.lock().unwrap_or_else(PoisonError::into_inner);
    deflate.reset();
    let mut packed = Vec::with_capacity(frames.len() / 4 + ROOM_BYTES);
    loop {
        let before = deflate.total_in();
        let told = deflate.compress_vec(frames, &mut packed, FlushCompress::Finish);
        // It fails for parameters of a dictionary alone, and there is none.
        if !matches!(told, Ok(Status::Ok | Status::BufError)) {
            drop(deflate);
            packed.shrink_to_fit();
            return packed;
        }
        let taken = usize::try_from(deflate.total_in() - before).unwrap_or(frames.len());
        frames = frames.get(taken..).unwrap_or_default();
        packed.reserve(frames.len() / 2 + ROOM_BYTES);
    }
}

/// # Errors
/// What was not made by [`compress`].
pub fn decompress(piece: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut frames = Vec::new();
    let mut decoder = DeflateDecoder::new(piece).take(MOST_BYTES);
    decoder.read_to_end(&mut frames).map_err(|_| Unreadable)?;
    Ok(frames)
}

/// All frames of a piece that is no longer compressed.
///
/// # Errors
/// What was not made by [`write`].
pub fn read(mut bytes: &[u8]) -> Result<Vec<Frame>, Unreadable> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        frames.push(read_one(&mut bytes).ok_or(Unreadable)?);
    }
    Ok(frames)
}

fn read_one(from: &mut &[u8]) -> Option<Frame> {
    let (kind, rest) = from.split_first()?;
    *from = rest;
    let at_ms = take_number(from)?;
    let length = usize::try_from(take_number(from)?).ok()?;
    let (body, rest) = from.split_at_checked(length)?;
    *from = rest;
    let what = match *kind {
        OUTPUT => What::Output(body.to_vec()),
        RESIZED => {
            let (columns, rows) = body.split_first_chunk::<2>()?;
            What::Resized {
                columns: u16::from_be_bytes(*columns),
                rows: u16::from_be_bytes(rows.try_into().ok()?),
            }
        }
        MARK => What::Mark(Mark::parse(std::str::from_utf8(body).ok()?)?),
        PERSON => {
            let (mark, name) = std::str::from_utf8(body).ok()?.split_once(' ')?;
            What::Person(Mark::parse(mark)?, name.to_owned())
        }
        OMITTED => {
            let (bytes, hash) = body.split_first_chunk::<8>()?;
            What::Omitted {
                bytes: u64::from_be_bytes(*bytes),
                hash: hash.try_into().ok()?,
            }
        }
        ENDED => ended(body)?,
        _ => return None,
    };
    Some(Frame { at_ms, what })
}

fn ended(body: &[u8]) -> Option<What> {
    let (has_code, rest) = body.split_first()?;
    let (code, told) = match has_code {
        0 => (None, rest),
        _ => {
            let (code, told) = rest.split_first_chunk::<4>()?;
            (Some(i32::from_be_bytes(*code)), told)
        }
    };
    let ending = Ending::parse(std::str::from_utf8(told).ok()?)?;
    Some(What::Ended(ending, code))
}

fn take_number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
