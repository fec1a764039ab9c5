//! Archives of one file: what `tar` in a container sends, read strictly, and what it is sent.
//!
//! Invariant: nothing of what an archive says is believed but the size of its one ordinary file.
//! Its names are never used, and links are never followed. The format: POSIX.1-2017 `pax`, with
//! GNU's long names.

use tar::{EntryType, Header, PaxExtensions};

const BLOCK: usize = 512;
/// `tar` reads and writes so many blocks at once, and may wait for the last of them.
const RECORD: usize = 20 * BLOCK;
/// What may come before the file itself: a long name and what else is told of it.
pub const HEAD_MOST_BYTES: usize = 64 * 1024;
const READABLE: u32 = 0o644;

/// Where the one file is in what has come so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Bytes before its first one.
    pub starts: usize,
    pub size: u64,
}

/// Why it is not an ordinary file that comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAFile {
    Folder,
    Link,
    /// A device, a pipe, a file with holes.
    Special,
    /// No archive at all, or one that ends too early.
    Broken,
}

/// The file that an archive begins with; nothing while too little of it has come.
///
/// # Errors
/// What comes is something else.
pub fn find(bytes: &[u8]) -> Result<Option<Found>, NotAFile> {
    let mut at = 0;
    let mut told_size = None;
    loop {
        if at > HEAD_MOST_BYTES {
            return Err(NotAFile::Broken);
        }
        let Some(header) = bytes.get(at..at + BLOCK) else {
            return Ok(None);
        };
        let header = Header::from_byte_slice(header);
        let size = checked_size(header)?;
        let starts = at + BLOCK;
        match header.entry_type() {
            EntryType::Regular | EntryType::Continuous => {
                let size = told_size.unwrap_or(size);
                return Ok(Some(Found { starts, size }));
            }
            kind @ (EntryType::XHeader
            | EntryType::XGlobalHeader
            | EntryType::GNULongName
            | EntryType::GNULongLink) => {
                let size = usize::try_from(size).map_err(|_| NotAFile::Broken)?;
                if size > HEAD_MOST_BYTES {
                    return Err(NotAFile::Broken);
                }
                let Some(about) = bytes.get(starts..starts + size) else {
                    return Ok(None);
                };
                if kind == EntryType::XHeader {
                    told_size = pax_size(about)?;
                }
                at = starts + size.next_multiple_of(BLOCK);
            }
            EntryType::Directory => return Err(NotAFile::Folder),
            EntryType::Symlink | EntryType::Link => return Err(NotAFile::Link),
            _ => return Err(NotAFile::Special),
        }
    }
}

/// A header says of itself whether it is one.
fn checked_size(header: &Header) -> Result<u64, NotAFile> {
    let mut again = header.clone();
    again.set_cksum();
    let (told, counted) = (header.cksum(), again.cksum());
    match (told, counted, header.entry_size()) {
        (Ok(told), Ok(counted), Ok(size)) if told == counted => Ok(size),
        _ => Err(NotAFile::Broken),
    }
}

fn pax_size(about: &[u8]) -> Result<Option<u64>, NotAFile> {
    let mut size = None;
    for told in PaxExtensions::new(about) {
        let told = told.map_err(|_| NotAFile::Broken)?;
        match told.key().map_err(|_| NotAFile::Broken)? {
            "size" => {
                let value = told.value().ok().and_then(|value| value.parse().ok());
                size = Some(value.ok_or(NotAFile::Broken)?);
            }
            key if key.starts_with("GNU.sparse.") => return Err(NotAFile::Special),
            _ => {}
        }
    }
    Ok(size)
}

/// What comes before the bytes of an ordinary file, readable by all; nothing where its name is too
/// long for an archive.
#[must_use]
pub fn before(name: &str, size: u64, modified: u64) -> Option<[u8; BLOCK]> {
    let mut header = Header::new_gnu();
    header.set_path(name).ok()?;
    header.set_entry_type(EntryType::Regular);
    header.set_size(size);
    header.set_mode(READABLE);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(modified);
    header.set_cksum();
    Some(*header.as_bytes())
}

/// What follows them: up to the next block, the end, and up to the next record.
#[must_use]
pub fn after(size: u64) -> Vec<u8> {
    let record = RECORD as u64;
    let in_record = (BLOCK as u64 + size) % record;
    let to_block = size.next_multiple_of(BLOCK as u64) - size;
    let ends = in_record + to_block + 2 * BLOCK as u64;
    let zeros = ends.next_multiple_of(record) - in_record;
    vec![0; usize::try_from(zeros).unwrap_or(RECORD)]
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
