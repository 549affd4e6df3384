//! Words from strangers made safe to show: the one function that every print goes through.

use std::borrow::Cow;

/// A text that may be printed anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanText<'a> {
    /// What may be shown; what was dangerous stands in it as `<U+202E>`, `<ESC>` or `<xFF>`.
    pub text: Cow<'a, str>,
    /// Whether anything had to be replaced: the row is flagged "odd name".
    pub is_odd: bool,
}

/// Makes `text` safe for a terminal, a log line and a table cell (one line, no controls, no bidi).
pub fn clean(text: &str) -> CleanText<'_> {
    let _ = text;
    unimplemented!("helper")
}
