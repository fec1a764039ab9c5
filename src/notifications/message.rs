//! What a message says: what, where, who, with a link, in the receiver's language.
//!
//! Pure: from news to a subject and a text that fits, cut at a character's boundary.

use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::error::Words;
use crate::news::News;
use crate::web::text::Locale;

/// One thing that is told: news, or one line of what waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "sort", rename_all = "lowercase")]
pub enum Told {
    News(Box<News>),
    /// What waits, with links.
    Digest {
        lines: Vec<(Words, String)>,
    },
    /// Somebody pressed the test button.
    Test {
        who: String,
    },
}

impl Told {
    /// What it is, in one line.
    #[must_use]
    pub fn headline(&self, locale: Locale) -> String {
        match self {
            Self::News(news) => match &news.about {
                None => locale.words(&news.what),
                Some(about) => {
                    let words = Words::new("notice-about").with("what", locale.words(&news.what));
                    locale.words(&words.with("about", locale.words(about)))
                }
            },
            Self::Digest { lines } => {
                let words = Words::new("notice-digest").with("n", lines.len());
                locale.words(&words)
            }
            Self::Test { .. } => locale.t("notice-test"),
        }
    }
}

/// Several that leave together, under one id.
pub struct Message<'a> {
    pub id: Uuid,
    pub told: &'a [Told],
    pub locale: Locale,
    pub public_url: &'a Url,
}

/// What stands for the whole; robots that ask for a keyword are given this one.
const SIGNATURE: &str = "Slipway";

impl Message<'_> {
    /// The absolute address of a page.
    fn link(&self, path: &str) -> String {
        let base = self.public_url.as_str().trim_end_matches('/');
        format!("{base}{path}")
    }

    /// One line that stands for all.
    #[must_use]
    pub fn subject(&self) -> String {
        let what = match self.told {
            [one] => one.headline(self.locale),
            many => {
                let words = Words::new("notice-many").with("n", many.len());
                self.locale.words(&words)
            }
        };
        format!("[{SIGNATURE}] {what}")
    }

    /// The whole text, within so many bytes: as many as fit, then how many more there are.
    #[must_use]
    pub fn text(&self, max_bytes: usize) -> String {
        let tail = format!("#{}", self.id);
        let room = max_bytes.saturating_sub(tail.len() + 1);
        let mut text = self.subject();
        let mut left = self.told.len();
        for told in self.told {
            let block = self.block(told, self.told.len() == 1);
            let more = self.more(left - 1);
            let reserve = if left > 1 { more.len() + 1 } else { 0 };
            if text.len() + 1 + block.len() + reserve > room {
                break;
            }
            text = format!("{text}\n{block}");
            left -= 1;
        }
        if left > 0 {
            // One that alone is too long is cut rather than left out.
            if left == self.told.len()
                && let Some(first) = self.told.first()
            {
                text = format!("{text}\n{}", self.block(first, left == 1));
                left -= 1;
            }
            let more = if left > 0 {
                self.more(left)
            } else {
                String::new()
            };
            let room = room.saturating_sub(more.len() + 1);
            text = format!("{}\n{more}", cut(&text, room));
        }
        format!("{}\n{tail}", text.trim_end())
    }

    fn more(&self, n: usize) -> String {
        let words = Words::new("notice-more").with("n", n);
        let words = words.with("link", self.link("/"));
        self.locale.words(&words)
    }

    /// One of them; alone, its headline is the subject already.
    fn block(&self, told: &Told, alone: bool) -> String {
        let mut lines = Vec::new();
        if !alone {
            lines.push(format!("· {}", told.headline(self.locale)));
        }
        match told {
            Told::News(news) => {
                let say = |code: &str, text: &str| {
                    self.locale.words(&Words::new(code).with("text", text))
                };
                if let Some(why) = &news.why {
                    lines.push(say("notice-why", &self.locale.words(why)));
                }
                if let Some(who) = &news.who {
                    lines.push(say("notice-who", who));
                }
                lines.push(self.link(&news.path));
            }
            Told::Digest { lines: waits } => {
                for (words, path) in waits {
                    lines.push(format!(
                        "- {} {}",
                        self.locale.words(words),
                        self.link(path)
                    ));
                }
            }
            Told::Test { who } => {
                let words = Words::new("notice-test-by").with("who", who);
                lines.push(self.locale.words(&words));
                lines.push(self.link("/"));
            }
        }
        lines.join("\n")
    }

    /// The same as a document, for programs.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let items: Vec<_> = self.told.iter().map(|told| self.item(told)).collect();
        serde_json::json!({ "id": self.id, "subject": self.subject(), "items": items })
    }

    fn item(&self, told: &Told) -> serde_json::Value {
        let text = told.headline(self.locale);
        match told {
            Told::News(news) => serde_json::json!({
                "event": news.happening, "text": text, "code": news.what.code,
                "why": news.why.as_ref().map(|w| self.locale.words(w)), "by": news.who,
                "link": self.link(&news.path),
            }),
            Told::Digest { lines } => {
                let line = |(words, path): &(Words, String)| {
                    let text = self.locale.words(words);
                    serde_json::json!({ "text": text, "link": self.link(path) })
                };
                let lines: Vec<_> = lines.iter().map(line).collect();
                serde_json::json!({ "event": "digest", "text": text, "lines": lines })
            }
            Told::Test { who } => serde_json::json!({
                "event": "test", "text": text, "by": who, "link": self.link("/"),
            }),
        }
    }
}

/// At most so many bytes, ending with a whole character.
fn cut(text: &str, max_bytes: usize) -> &str {
    let mut end = max_bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::news::Happening;

    fn failed(project: &str) -> Told {
        let what = Words::new("notice-release-failed")
            .with("project", project)
            .with("tag", "20261121-093015-u17");
        let path = format!("/projects/{project}/releases/42");
        let why = Words::new("notice-typed").with("text", "构建失败".repeat(30));
        let news = News::new(Happening::ReleaseFailed, what, path).of("林悦");
        Told::News(Box::new(news.because(why)))
    }

    fn text(told: &[Told], locale: Locale, max: usize) -> String {
        let public_url: Url = "https://slipway.example".parse().unwrap();
        let message = Message {
            id: Uuid::nil(),
            told,
            locale,
            public_url: &public_url,
        };
        message.text(max)
    }

    #[test]
    fn it_says_what_why_who_and_where_to_look() {
        for locale in [Locale::En, Locale::ZhCn] {
            let said = text(&[failed("pay")], locale, 2048);
            for part in [
                "[Slipway] ",
                "pay",
                "20261121-093015-u17",
                "构建失败",
                "林悦",
                "https://slipway.example/projects/pay/releases/42",
                "#00000000-0000-0000-0000-000000000000",
            ] {
                assert!(said.contains(part), "{part} is not in {said}");
            }
            assert!(!said.contains('⟦'), "{said}");
        }
    }

    #[test]
    fn every_limit_holds_and_no_character_is_torn() {
        let fifty: Vec<Told> = (0..50).map(|n| failed(&format!("pay-{n}"))).collect();
        for max in [120, 200, 300, 1000, 2048, 4096, 15_000] {
            for locale in [Locale::En, Locale::ZhCn] {
                for told in [&fifty[..], &fifty[..1]] {
                    let said = text(told, locale, max);
                    assert!(said.len() <= max, "{} in {max}: {said}", said.len());
                    assert!(said.ends_with("#00000000-0000-0000-0000-000000000000"));
                }
            }
        }
        assert!(text(&fifty, Locale::En, 2048).contains("more"));
    }
}
