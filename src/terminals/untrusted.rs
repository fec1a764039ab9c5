//! All of terminals that reads what others made, each as one call that holds for any bytes. What
//! tries bytes by the million (`fuzz/`) calls these; the tests beside the code try thousands.

use super::files::archive;
use super::recording::{cast, decompress, read, write};
use super::session::wire::Told;

/// A piece of a recording: what can be read is read the same when it is written again, and each
/// of its lines is one of JSON.
///
/// # Panics
/// Where that does not hold.
pub fn recording(bytes: &[u8]) {
    let _ = decompress(bytes);
    let Ok(frames) = read(bytes) else {
        return;
    };
    let mut again = Vec::new();
    let mut writer = cast::Writer::default();
    for frame in &frames {
        write(&mut again, frame);
        let line = writer.line(frame);
        if !line.is_empty() {
            assert_eq!(line.find('\n'), Some(line.len() - 1), "one line");
            let event: Result<serde_json::Value, _> = serde_json::from_str(&line);
            assert!(event.is_ok_and(|e| e[1].is_string() && e[2].is_string()));
        }
    }
    assert_eq!(read(&again).as_ref(), Ok(&frames), "the same again");
}

/// A text from a page: a size, what it has shown, or the end.
///
/// # Panics
/// Never, for any bytes.
pub fn message(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Told::read(text);
    }
}

/// What a program called `tar` sends: the file that is found is behind what has come, and more
/// bytes do not change where it is.
///
/// # Panics
/// Where that does not hold.
pub fn file(bytes: &[u8]) {
    let Ok(Some(found)) = archive::find(bytes) else {
        return;
    };
    assert!(found.starts <= bytes.len() && found.starts % 512 == 0);
    let longer = [bytes, b"more"].concat();
    assert_eq!(archive::find(&longer), Ok(Some(found)));
}
