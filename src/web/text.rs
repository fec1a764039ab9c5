//! The words of pages, in English and Chinese.
//!
//! Invariant: a page holds codes, never sentences. A code without a translation shows as
//! `⟦code⟧`, which the tests look for on every page.

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, static_loader};
use jiff::{Timestamp, tz::TimeZone};

use crate::error::Words;

static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "en",
        // Isolation marks round arguments would end up in attributes, URLs and copied text.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

crate::words! {
    /// A language of the pages.
    pub enum Locale { En = "en", ZhCn = "zh-CN" }
}

impl Locale {
    fn identifier(self) -> LanguageIdentifier {
        // Both are valid by construction; an invalid one would fall back to the default.
        self.as_str().parse().unwrap_or_default()
    }

    /// The best of ours for an `Accept-Language` header.
    #[must_use]
    pub fn from_accept(header: &str) -> Self {
        let first = header
            .split(',')
            .map(|part| part.split(';').next().unwrap_or("").trim());
        for tag in first {
            let tag = tag.to_ascii_lowercase();
            if tag == "zh" || tag.starts_with("zh-") {
                return Self::ZhCn;
            }
            if tag == "en" || tag.starts_with("en-") {
                return Self::En;
            }
        }
        Self::En
    }

    /// The other one, for the switch.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::En => Self::ZhCn,
            Self::ZhCn => Self::En,
        }
    }

    /// The text of a code.
    #[must_use]
    pub fn t(self, code: &str) -> String {
        self.lookup(code, None)
    }

    /// The text of a code with arguments.
    #[must_use]
    pub fn words(self, words: &Words) -> String {
        let args: HashMap<Cow<'static, str>, FluentValue<'_>> = words
            .args
            .iter()
            .map(|(name, value)| (Cow::Owned(name.clone()), argument(value)))
            .collect();
        self.lookup(&words.code, Some(&args))
    }

    /// A field as people speak of it: each part of its path in words where there are some, and
    /// places in lists counted from one.
    #[must_use]
    pub fn named(self, field: &str) -> String {
        let language = self.identifier();
        let part = |part: &str| match part.parse::<usize>() {
            Ok(at) => (at + 1).to_string(),
            Err(_) => LOCALES
                .lookup_single_language::<&str>(&language, &format!("named-{part}"), None)
                .unwrap_or_else(|_| part.to_owned()),
        };
        let parts = field.split('.').filter(|p| *p != "parameters").map(part);
        parts.collect::<Vec<_>>().join(" ")
    }

    fn lookup(
        self,
        code: &str,
        args: Option<&HashMap<Cow<'static, str>, FluentValue<'_>>>,
    ) -> String {
        let language = self.identifier();
        let found = LOCALES.lookup_single_language(&language, code, args);
        found.unwrap_or_else(|_| format!("⟦{code}⟧"))
    }

    /// An exact time as people of this language write it, in UTC; the browser shows its own zone.
    #[must_use]
    pub fn exact(self, at: Timestamp) -> String {
        let format = match self {
            Self::En => "%-d %b %Y, %H:%M:%S (UTC)",
            Self::ZhCn => "%Y年%-m月%-d日 %H:%M:%S (UTC)",
        };
        at.to_zoned(TimeZone::UTC).strftime(format).to_string()
    }
}

/// Whole numbers go in as numbers, so that plurals work.
fn argument(value: &str) -> FluentValue<'static> {
    match value.parse::<i64>() {
        Ok(number) if value.len() < 10 => FluentValue::from(number),
        Ok(_) | Err(_) => FluentValue::from(value.to_owned()),
    }
}
