use std::io::Read as _;

use proptest::prelude::*;
use tar::{Archive, Builder, EntryType, Header};

use super::*;

/// An archive of one entry, as a `tar` in a container makes it.
fn packed(kind: EntryType, name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    let mut builder = Builder::new(Vec::new());
    let done = match kind {
        EntryType::Symlink | EntryType::Link => {
            builder.append_link(&mut header, name, "/etc/shadow")
        }
        _ => builder.append_data(&mut header, name, bytes),
    };
    done.expect("an entry");
    builder.into_inner().expect("an archive")
}

#[test]
fn an_ordinary_file_is_found_behind_a_long_name() {
    for name in ["a", &"long/".repeat(40)] {
        let archive = packed(EntryType::Regular, &format!("{name}x"), b"hello");
        let found = find(&archive).expect("a file").expect("the whole head");
        assert_eq!(found.size, 5);
        assert_eq!(&archive[found.starts..found.starts + 5], b"hello");
        for length in 0..found.starts {
            assert_eq!(find(&archive[..length]), Ok(None), "{length}");
        }
    }
}

#[test]
fn links_folders_and_noise_are_no_files() {
    let of = |kind| find(&packed(kind, "x", b""));
    assert_eq!(of(EntryType::Symlink), Err(NotAFile::Link));
    assert_eq!(of(EntryType::Link), Err(NotAFile::Link));
    assert_eq!(of(EntryType::Directory), Err(NotAFile::Folder));
    assert_eq!(of(EntryType::Fifo), Err(NotAFile::Special));
    assert_eq!(find(&[0; BLOCK]), Err(NotAFile::Broken));
    assert_eq!(find(&[b'x'; BLOCK]), Err(NotAFile::Broken));
    let mut bent = packed(EntryType::Regular, "x", b"hello");
    bent[124] = b'7';
    assert_eq!(find(&bent), Err(NotAFile::Broken));
}

#[test]
fn a_size_that_is_told_before_counts() {
    let pax = |text: &[u8]| {
        let mut archive = packed(EntryType::XHeader, "about", text);
        archive.truncate(2 * BLOCK);
        archive.extend(packed(EntryType::Regular, "x", b""));
        find(&archive)
    };
    let found = Found {
        starts: 3 * BLOCK,
        size: 9_999_999_999,
    };
    assert_eq!(pax(b"19 size=9999999999\n"), Ok(Some(found)));
    assert_eq!(pax(b"10 size=-\n"), Err(NotAFile::Broken));
    assert_eq!(pax(b"22 GNU.sparse.major=1\n"), Err(NotAFile::Special));
    assert_eq!(pax(b"nonsense"), Err(NotAFile::Broken));
}

proptest! {
    #[test]
    fn what_is_packed_here_unpacks_anywhere(
        bytes in prop::collection::vec(any::<u8>(), 0..30_000)
    ) {
        let size = bytes.len() as u64;
        let mut archive = before(".slipway-1.part", size, 1).expect("a short name").to_vec();
        archive.extend(&bytes);
        archive.extend(after(size));
        prop_assert_eq!(archive.len() % RECORD, 0);
        let mut read = Archive::new(archive.as_slice());
        let mut entries = read.entries().expect("entries");
        let mut entry = entries.next().expect("one").expect("a good one");
        let mut unpacked = Vec::new();
        entry.read_to_end(&mut unpacked).expect("its bytes");
        prop_assert_eq!(unpacked, bytes);
        drop(entry);
        prop_assert!(entries.next().is_none());
    }

    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        if let Ok(Some(found)) = find(&bytes) {
            prop_assert!(found.starts <= bytes.len());
        }
    }
}
