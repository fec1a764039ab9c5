use super::*;
use crate::terminals::recording::frames::{Mark, decompress, read};

const RATE: RecordingRate = RecordingRate {
    bytes_per_second: 4 * 1024 * 1024,
    burst_bytes: 16 * 1024 * 1024,
};

fn frames_of(pieces: &VecDeque<Piece>) -> Vec<What> {
    let packed = pieces.iter().map(|p| &p.packed[..]);
    let all = packed.flat_map(|packed| read(&decompress(packed).expect("deflate")));
    all.flatten().map(|frame| frame.what).collect()
}

fn taken(tape: &mut Tape, now_ms: u64) -> Vec<What> {
    frames_of(&tape.take(now_ms))
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
    let told = |pieces: &VecDeque<Piece>| -> Vec<_> {
        let told = pieces.iter().map(|p| (p.sequence, p.until_ms));
        told.collect()
    };
    let mut tape = Tape::new(RATE);
    tape.output(1, b"one ");
    let first = tape.take(2);
    assert_eq!(told(&first), [(0, 1)]);
    tape.output(3, b"two");
    tape.put_back(first);
    let again = tape.take(4);
    assert_eq!(told(&again), [(0, 1), (1, 3)]);
    assert_eq!(outputs(&frames_of(&again)), b"one two");
    assert_eq!(told(&tape.take(5)), []);
    tape.note(6, What::Mark(Mark::Left));
    assert_eq!(told(&tape.take(7)), [(2, 6)]);
}

#[test]
fn what_waits_is_small_is_counted_and_asks_to_be_written() {
    let mut tape = Tape::new(RATE);
    tape.output(0, &[b'x'; 1024]);
    assert!(tape.waiting() > 1024 && !tape.is_filling());
    for _ in 0..1024 {
        tape.output(0, &[b'x'; 1024]);
    }
    assert!(tape.is_filling());
    assert!(tape.waiting() < 2 * PIECE_BYTES, "{}", tape.waiting());
    let pieces = tape.take(0);
    let packed: usize = pieces.iter().map(|p| p.packed.len()).sum();
    assert_eq!(tape.waiting(), packed, "they are not written yet");
    tape.put_back(pieces.clone());
    assert_eq!(tape.waiting(), packed);
    assert_eq!(outputs(&taken(&mut tape, 0)).len(), 1025 * 1024);
    pieces.iter().for_each(|piece| tape.written(piece));
    assert_eq!(tape.waiting(), 0);
}

#[test]
fn a_flood_keeps_its_head_and_its_tail_and_says_what_is_missing() {
    let mut tape = Tape::new(RATE);
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
    let most = RATE.burst_bytes + 3 * RATE.bytes_per_second;
    assert!(
        missing > 0 && (shown.len() as u64) < most,
        "{}",
        shown.len()
    );
    let head = RATE.burst_bytes as usize / 2;
    assert_eq!(shown[..head], all[..head]);
    let tail = TAIL_BYTES;
    assert_eq!(shown[shown.len() - tail..], all[all.len() - tail..]);
}

#[test]
fn the_hash_is_of_exactly_what_is_missing() {
    let mut tape = Tape::new(RATE);
    tape.output(0, &vec![b'a'; RATE.burst_bytes as usize]);
    assert!(!tape.take(0).is_empty());
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
    let mut tape = Tape::new(RATE);
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

#[test]
fn what_is_forgotten_leaves_no_gap_in_the_numbers() {
    let mut tape = Tape::new(RATE);
    tape.output(1, b"kept");
    let kept = tape.take(1);
    tape.output(2, &[b'x'; PIECE_BYTES]);
    tape.output(2, &[b'y'; PIECE_BYTES]);
    tape.forget(3);
    let told = tape.take(4);
    assert_eq!((kept[0].sequence, told[0].sequence, told.len()), (0, 1, 1));
    let what = frames_of(&told);
    let missing = 2 * PIECE_BYTES as u64;
    assert!(
        matches!(what[..], [What::Omitted { bytes, .. }] if bytes == missing),
        "{what:?}"
    );
}

#[test]
fn the_proof_is_of_exactly_what_was_written() {
    let hash = |output: &[u8]| Some(aws_lc_rs::digest::digest(&SHA256, output).as_ref().to_vec());
    let proof = |tape: &Tape| tape.proof().map(|hash| hash.to_vec());
    let mut tape = Tape::new(RATE);
    assert_eq!(proof(&tape), hash(b""));
    tape.output(1, b"kept ");
    assert_eq!(proof(&tape), None, "it waits");
    let kept = tape.take(1);
    assert_eq!(proof(&tape), None, "it is on its way");
    kept.iter().for_each(|piece| tape.written(piece));
    assert_eq!(proof(&tape), hash(b"kept "));
    tape.output(2, b"lost");
    tape.forget(3);
    tape.output(4, b"again");
    let pieces = tape.take(4);
    pieces.iter().for_each(|piece| tape.written(piece));
    assert_eq!(outputs(&frames_of(&pieces)), b"again");
    assert_eq!(proof(&tape), hash(b"kept again"));
}

#[test]
fn what_is_left_out_of_a_flood_is_not_in_the_proof() {
    let mut tape = Tape::new(RATE);
    let mut shown = Vec::new();
    for n in 0..40u8 {
        tape.output(0, &vec![n; 1024 * 1024]);
    }
    let pieces = tape.take(OVER_AFTER_MS);
    for piece in &pieces {
        tape.written(piece);
    }
    shown.extend(outputs(&frames_of(&pieces)));
    assert!(shown.len() < 20 * 1024 * 1024);
    let hash = aws_lc_rs::digest::digest(&SHA256, &shown);
    assert_eq!(
        tape.proof().as_ref().map(|hash| &hash[..]),
        Some(hash.as_ref())
    );
}
