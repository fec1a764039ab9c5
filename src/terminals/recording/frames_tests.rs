use proptest::prelude::*;

use super::*;

fn any_what() -> impl Strategy<Value = What> {
    let endings = proptest::sample::select(Ending::ALL);
    let marks = proptest::sample::select(Mark::ALL);
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(What::Output),
        (any::<u16>(), any::<u16>()).prop_map(|(columns, rows)| What::Resized { columns, rows }),
        marks.clone().prop_map(What::Mark),
        (marks, "[a-z. ]{0,20}").prop_map(|(mark, name)| What::Person(mark, name)),
        (any::<u64>(), any::<[u8; 32]>()).prop_map(|(bytes, hash)| What::Omitted { bytes, hash }),
        (endings, any::<Option<i32>>()).prop_map(|(ending, code)| What::Ended(ending, code)),
    ]
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back(
        all in proptest::collection::vec((any::<u64>(), any_what()), 0..30)
    ) {
        let frames: Vec<_> = all.into_iter().map(|(at_ms, what)| Frame { at_ms, what }).collect();
        let mut bytes = Vec::new();
        for frame in &frames {
            write(&mut bytes, frame);
        }
        let piece = compress(&bytes);
        prop_assert_eq!(read(&decompress(&piece).unwrap()).unwrap(), frames);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let _ = decompress(&bytes);
    }
}
