//! Where a file is in a container, in words that no program takes for anything else.

use crate::error::AppError;

const MAX_BYTES: usize = 1024;
/// What file systems let one name have, less what a half-written file's is longer by.
const MAX_NAME_BYTES: usize = 200;

/// An absolute path without `.` and `..`, so that it is what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemotePath {
    folder: String,
    name: String,
}

impl RemotePath {
    /// # Errors
    /// 400 on `path` for one that is not absolute, names a folder, has `.` or `..` or a control
    /// character in it, or is longer than 1,024 bytes, its last part than 200.
    pub fn parse(text: &str) -> Result<Self, AppError> {
        let no = |code| AppError::field("path", code);
        let parts = text
            .strip_prefix('/')
            .ok_or_else(|| no("file-path-relative"))?;
        if text.len() > MAX_BYTES {
            return Err(no("field-too-long"));
        }
        if text.chars().any(char::is_control) {
            return Err(no("file-path-odd"));
        }
        let parts: Vec<&str> = parts.split('/').collect();
        if parts.iter().any(|part| matches!(*part, "." | "..")) {
            return Err(no("file-path-odd"));
        }
        let name = parts.last().copied().unwrap_or_default();
        if name.is_empty() {
            return Err(no("file-path-folder"));
        }
        if name.len() > MAX_NAME_BYTES {
            return Err(no("field-too-long"));
        }
        let folder: Vec<&str> = parts.iter().rev().skip(1).rev().copied().collect();
        let folder: Vec<&str> = folder.into_iter().filter(|p| !p.is_empty()).collect();
        Ok(Self {
            folder: format!("/{}", folder.join("/")),
            name: name.to_owned(),
        })
    }

    /// The folder that it is in, from `/` on.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Another file of the same folder.
    #[must_use]
    pub fn beside(&self, name: &str) -> String {
        match self.folder.as_str() {
            "/" => format!("/{name}"),
            folder => format!("{folder}/{name}"),
        }
    }
}

impl std::fmt::Display for RemotePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.beside(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::RemotePath;

    #[test]
    fn a_path_is_what_it_says() {
        for (text, folder, name) in [
            ("/a", "/", "a"),
            ("/tmp/heap.hprof", "/tmp", "heap.hprof"),
            ("/srv//logs/today 日志.txt", "/srv/logs", "today 日志.txt"),
            ("/tmp/-rf", "/tmp", "-rf"),
            ("/tmp/..a", "/tmp", "..a"),
        ] {
            let path = RemotePath::parse(text).expect(text);
            assert_eq!((path.folder(), path.name()), (folder, name));
            let again = RemotePath::parse(&path.to_string()).expect("the same");
            assert_eq!(again, path);
        }
    }

    #[test]
    fn what_could_mean_something_else_is_refused() {
        let long = format!("/{}", "a".repeat(201));
        let deep = format!("/{}", "a/".repeat(600));
        for text in [
            "",
            "a",
            "./a",
            "~/a",
            "/",
            "/a/",
            "/a/..",
            "/../a",
            "/a/./b",
            "/a\0",
            "/a\nb",
            "/a\u{1b}[0m",
            &long,
            &deep,
        ] {
            assert!(RemotePath::parse(text).is_err(), "{text:?}");
        }
    }
}
