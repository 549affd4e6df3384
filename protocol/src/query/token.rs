//! Cuts a query into words, phrases and conditions; knows their shape, not their meaning.

use std::borrow::Cow;

/// One part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `word` or `-word`.
    Word { text: &'a str, is_excluded: bool },
    /// `"a phrase"` or `-"a phrase"`.
    Phrase { text: &'a str, is_excluded: bool },
    /// `key:value`; quotes are taken off the value.
    Condition {
        key: Key,
        value: Cow<'a, str>,
        is_excluded: bool,
    },
}

/// What stands before the colon of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Ext,
    Category,
    Tag,
    Size,
    Owner,
    Hash,
}

impl Key {
    const ALL: [Self; 6] = [
        Self::Ext,
        Self::Category,
        Self::Tag,
        Self::Size,
        Self::Owner,
        Self::Hash,
    ];

    /// The word as it is typed.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ext => "ext",
            Self::Category => "category",
            Self::Tag => "tag",
            Self::Size => "size",
            Self::Owner => "owner",
            Self::Hash => "hash",
        }
    }

    fn of(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|key| key.as_str().eq_ignore_ascii_case(text))
    }
}

/// The parts of a query, in order.
pub(super) fn split(text: &str) -> Vec<Token<'_>> {
    split_indices(text).map(|(_, token)| token).collect()
}

/// The same with where each starts.
pub(super) fn split_indices(text: &str) -> impl Iterator<Item = (usize, Token<'_>)> {
    let mut rest = text.trim_start();
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let start = text.len() - rest.len();
            let (token, after) = next(rest);
            rest = after.trim_start();
            if let Some(token) = token {
                return Some((start, token));
            }
        }
        None
    })
}

/// The first part of a text that starts with none of its blanks, and what follows it.
fn next(text: &str) -> (Option<Token<'_>>, &str) {
    let bare = text.trim_start_matches('-');
    let is_excluded = bare.len() < text.len();
    if let Some(quoted) = bare.strip_prefix('"') {
        let (text, after) = until_quote(quoted);
        return (Some(Token::Phrase { text, is_excluded }), after);
    }
    if let Some((key, value)) = bare.split_once(':').and_then(|(key, value)| {
        let key = Key::of(key)?;
        Some((key, value))
    }) {
        let (value, after) = value_of(value);
        let token = Token::Condition {
            key,
            value,
            is_excluded,
        };
        return (Some(token), after);
    }
    let end = bare
        .find(|c: char| c.is_whitespace() || c == '"')
        .unwrap_or(bare.len());
    let (text, after) = bare.split_at(end);
    let token = (!text.is_empty()).then_some(Token::Word { text, is_excluded });
    (token, after)
}

/// A value up to the next blank outside quotes.
fn value_of(text: &str) -> (Cow<'_, str>, &str) {
    let mut is_quoted = false;
    let end = text.find(|c: char| {
        is_quoted ^= c == '"';
        c.is_whitespace() && !is_quoted
    });
    let (value, after) = text.split_at(end.unwrap_or(text.len()));
    if value.contains('"') {
        return (Cow::Owned(value.replace('"', "")), after);
    }
    (Cow::Borrowed(value), after)
}

/// What stands before the closing quote; all, without blanks at the end, where none is typed yet.
fn until_quote(text: &str) -> (&str, &str) {
    text.split_once('"').unwrap_or((text.trim_end(), ""))
}
