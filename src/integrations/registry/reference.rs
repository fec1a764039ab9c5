//! The name of an image as people write it: `host/repository:tag`, with a digest or without.

use super::{Digest, ImageTag, Repository};

/// What such a name says. Without a tag and a digest it says nothing that could be pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// With its port; none where the first part is no host.
    pub host: Option<String>,
    pub repository: Repository,
    pub tag: Option<ImageTag>,
    pub digest: Option<Digest>,
}

impl Reference {
    /// The first part is a host if it has a dot or a port, or is `localhost`, as docker reads it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(Digest::parse(digest).ok()?)),
            None => (text, None),
        };
        let (host, path) = match name.split_once('/') {
            Some((first, rest)) if is_host(first) => (Some(first.to_owned()), rest),
            Some(_) | None => (None, name),
        };
        let (path, tag) = match path.rsplit_once(':') {
            Some((path, tag)) => (path, Some(ImageTag::parse(tag).ok()?)),
            None => (path, None),
        };
        let repository = Repository::parse(path).ok()?;
        (tag.is_some() || digest.is_some()).then_some(Self {
            host,
            repository,
            tag,
            digest,
        })
    }
}

fn is_host(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':');
    (text.contains(['.', ':']) || text == "localhost") && text.bytes().all(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Option<String>, String, Option<String>, bool)> {
        let read = Reference::parse(text)?;
        let tag = read.tag.map(|t| t.to_string());
        Some((
            read.host,
            read.repository.to_string(),
            tag,
            read.digest.is_some(),
        ))
    }

    #[test]
    fn names_are_read_as_docker_reads_them() {
        let some = |t: &str| Some(t.to_owned());
        let digest = format!("sha256:{}", "a".repeat(64));
        let cases = [
            (
                "vendor/redis:7.4".to_owned(),
                (None, "vendor/redis", some("7.4"), false),
            ),
            (
                "r.example:5000/a/b:1".to_owned(),
                (some("r.example:5000"), "a/b", some("1"), false),
            ),
            (
                format!("localhost/a@{digest}"),
                (some("localhost"), "a", None, true),
            ),
            (format!("a/b:1@{digest}"), (None, "a/b", some("1"), true)),
        ];
        for (text, (host, repository, tag, pinned)) in cases {
            assert_eq!(
                read(&text),
                Some((host, repository.to_owned(), tag, pinned)),
                "{text}"
            );
        }
        for text in [
            "",
            "a",
            "a/b",
            "a:",
            "A:1",
            "a@sha256:1",
            "http://r/a:1",
            "a b:1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
