//! Output that comes as fast as it is taken. It is made beforehand, so that what is measured is
//! whoever reads it.

use std::fmt::Write as _;

use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use futures_util::SinkExt as _;
use futures_util::stream::SplitSink;

const COLUMNS: usize = 80;
const LINES: usize = 32 * 1024;
/// After so many bytes it begins again. A whole number of lines, and of frames of any power of
/// two up to 32 KiB.
pub const PERIOD_BYTES: usize = LINES * (COLUMNS + 2);

/// What a flood shows: numbered lines of eighty columns, so that one that is lost is seen.
#[must_use]
pub fn flood() -> Vec<u8> {
    let mut text = String::with_capacity(PERIOD_BYTES);
    for line in 0..LINES {
        // A string takes everything.
        let _ = write!(text, "{line:<COLUMNS$}\r\n");
    }
    text.into_bytes()
}

/// So many frames of so many bytes, each with its channel before them. False where nobody takes
/// them any longer.
pub(super) async fn pour(
    out: &mut SplitSink<WebSocket, Message>,
    channel: u8,
    (frames, bytes): (usize, usize),
) -> bool {
    let all = framed(channel, bytes);
    for frame in all.iter().cycle().take(frames) {
        // Not flushed one by one, as that would be all that it does.
        if out.feed(Message::Binary(frame.clone())).await.is_err() {
            return false;
        }
    }
    out.flush().await.is_ok()
}

fn framed(channel: u8, bytes: usize) -> Vec<Bytes> {
    let text = flood();
    let count = (PERIOD_BYTES / bytes.max(1)).max(1);
    let mut rest = text.iter().copied().cycle();
    let frame = |_| {
        let mut frame = Vec::with_capacity(1 + bytes);
        frame.push(channel);
        frame.extend(rest.by_ref().take(bytes));
        Bytes::from(frame)
    };
    (0..count).map(frame).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_the_flood_cut_into_pieces() {
        let text = flood();
        assert_eq!(text.len(), PERIOD_BYTES);
        for bytes in [2048, 16 * 1024, 32 * 1024] {
            let frames = framed(1, bytes);
            let whole: Vec<u8> = frames.iter().flat_map(|f| f[1..].to_vec()).collect();
            assert!(whole == text, "frames of {bytes}");
        }
        assert_eq!(framed(1, 3 * PERIOD_BYTES).len(), 1);
    }
}
