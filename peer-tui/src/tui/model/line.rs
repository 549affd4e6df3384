//! A line of text being edited.

use tui_input::{Input, InputRequest};

use crate::tui::keymap::Edit;

/// A line of text with a cursor.
#[derive(Debug, Clone, Default)]
pub struct Line {
    input: Input,
    max_chars: usize,
}

impl Line {
    /// An empty line for at most `max_chars` characters.
    pub fn new(max_chars: usize) -> Self {
        Self {
            input: Input::default(),
            max_chars,
        }
    }

    /// The same line with this text, the cursor behind it.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Self {
        self.set(text);
        self
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// Whether nothing stands in it.
    pub fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    /// Columns before the cursor.
    pub fn cursor_column(&self) -> usize {
        self.input.visual_cursor()
    }

    /// Columns to leave out at the left so that the cursor stays inside `width`.
    pub fn scroll(&self, width: usize) -> usize {
        self.input.visual_scroll(width)
    }

    /// Puts another text in, the cursor behind it.
    pub fn set(&mut self, text: &str) {
        let text: String = text.chars().take(self.max_chars).collect();
        self.input = Input::new(text);
    }

    /// Carries an edit out; whether the text changed.
    pub fn edit(&mut self, edit: Edit) -> bool {
        let request = match edit {
            Edit::Insert(character) => {
                if character.is_control() || self.text().chars().count() >= self.max_chars {
                    return false;
                }
                InputRequest::InsertChar(character)
            }
            Edit::Backspace => InputRequest::DeletePrevChar,
            Edit::Delete => InputRequest::DeleteNextChar,
            Edit::DeleteWord => InputRequest::DeletePrevWord,
            Edit::DeleteLine => InputRequest::DeleteLine,
            Edit::DeleteToEnd => InputRequest::DeleteTillEnd,
            Edit::Left => InputRequest::GoToPrevChar,
            Edit::Right => InputRequest::GoToNextChar,
            Edit::WordLeft => InputRequest::GoToPrevWord,
            Edit::WordRight => InputRequest::GoToNextWord,
            Edit::Home => InputRequest::GoToStart,
            Edit::End => InputRequest::GoToEnd,
        };
        self.input
            .handle(request)
            .is_some_and(|changed| changed.value)
    }

    /// Puts pasted text in at the cursor, line breaks as blanks; whether the text changed.
    pub fn paste(&mut self, text: &str) -> bool {
        let mut has_changed = false;
        for character in text.trim().chars() {
            let shown = if character.is_control() {
                ' '
            } else {
                character
            };
            has_changed |= self.edit(Edit::Insert(shown));
        }
        has_changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paste_becomes_one_line_and_is_cut() {
        let mut line = Line::new(8);
        line.paste("  ab\ncd\u{1b}[31mefgh  ");
        assert_eq!(line.text(), "ab cd [3");
        line.edit(Edit::Home);
        line.edit(Edit::WordRight);
        line.edit(Edit::DeleteToEnd);
        assert!(line.text().starts_with("ab"), "{:?}", line.text());
    }
}
