use super::*;
use crate::terminals::recording::frames::{Mark, read};

fn taken(tape: &mut Tape, now_ms: u64) -> Vec<What> {
    let piece = tape.take(now_ms).map(|p| p.frames).unwrap_or_default();
    let frames = read(&piece).expect("frames");
    frames.into_iter().map(|f| f.what).collect()
}

fn outputs(what: &[What]) -> Vec<u8> {
    let of = |what: &What| match what {
        What::Output(bytes) => bytes.clone(),
        _ => Vec::new(),
    };
    what.iter().flat_map(of).collect()
}

#[test]
fn pieces_are_numbered_and_come_back_in_order() {
    let mut tape = Tape::default();
    tape.output(1, b"one ");
    let first = tape.take(2).expect("a piece");
    assert_eq!((first.sequence, first.until_ms), (0, 1));
    tape.output(3, b"two");
    tape.put_back(first);
    let again = tape.take(4).expect("both");
    assert_eq!((again.sequence, again.until_ms), (0, 3));
    let what: Vec<_> = read(&again.frames).expect("frames");
    let what: Vec<_> = what.into_iter().map(|f| f.what).collect();
    assert_eq!(outputs(&what), b"one two");
    assert_eq!(tape.take(5), None);
    tape.note(6, What::Mark(Mark::Left));
    assert_eq!(tape.take(7).expect("a mark").sequence, 1);
}

#[test]
fn what_waits_is_counted_and_asks_to_be_written() {
    let mut tape = Tape::default();
    tape.output(0, &[b'x'; 1024]);
    assert!(tape.waiting() > 1024 && !tape.is_filling());
    while !tape.is_filling() {
        tape.output(0, &[b'x'; 1024]);
    }
    assert!(tape.waiting() < FILLING_BYTES + 2 * 1024);
    assert!(tape.take(0).is_some());
    assert_eq!(tape.waiting(), 0);
}

#[test]
fn a_flood_keeps_its_head_and_its_tail_and_says_what_is_missing() {
    let mut tape = Tape::default();
    let mut all = Vec::new();
    let mut kept = Vec::new();
    for n in 0..2000u64 {
        let line = format!("{n:>16}\n").repeat(964);
        tape.output(n, line.as_bytes());
        all.extend_from_slice(line.as_bytes());
        kept.extend(taken(&mut tape, n));
    }
    kept.extend(taken(&mut tape, 10_000));
    let missing: u64 = kept
        .iter()
        .map(|what| match what {
            What::Omitted { bytes, .. } => *bytes,
            _ => 0,
        })
        .sum();
    let shown = outputs(&kept);
    assert_eq!(shown.len() as u64 + missing, all.len() as u64);
    let most = BURST_BYTES + 3 * BYTES_PER_SECOND;
    assert!(
        missing > 0 && (shown.len() as u64) < most,
        "{}",
        shown.len()
    );
    let head = BURST_BYTES as usize / 2;
    assert_eq!(shown[..head], all[..head]);
    let tail = TAIL_BYTES;
    assert_eq!(shown[shown.len() - tail..], all[all.len() - tail..]);
}

#[test]
fn the_hash_is_of_exactly_what_is_missing() {
    let mut tape = Tape::default();
    tape.output(0, &vec![b'a'; BURST_BYTES as usize]);
    assert!(tape.take(0).is_some());
    let flood: Vec<u8> = (0..100_000u32).map(|n| n as u8).collect();
    tape.output(0, &flood);
    let what = taken(&mut tape, OVER_AFTER_MS);
    let gone = &flood[..flood.len() - TAIL_BYTES];
    let hash = aws_lc_rs::digest::digest(&SHA256, gone);
    let What::Omitted { bytes, hash: told } = &what[0] else {
        panic!("{what:?}");
    };
    assert_eq!((*bytes, &told[..]), (gone.len() as u64, hash.as_ref()));
    assert_eq!(outputs(&what), flood[gone.len()..]);
}

#[test]
fn what_could_not_be_kept_is_counted() {
    let mut tape = Tape::default();
    tape.output(1, b"lost");
    tape.note(2, What::Mark(Mark::RecorderAway));
    tape.forget(3);
    let what = taken(&mut tape, 4);
    assert_eq!(what[0], What::Mark(Mark::RecorderAway));
    assert!(
        matches!(what[1], What::Omitted { bytes: 4, .. }),
        "{what:?}"
    );
}
