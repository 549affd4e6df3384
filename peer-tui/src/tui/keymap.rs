//! Keys as data: (context, key) to command, from one table; a person's `keys.toml` over it.

mod command;
mod context;
mod docs;
mod file;
mod table;

pub use command::{Command, Edit, Tab};
pub use context::Context;
pub use docs::{key_rows, keys_markdown};
pub use table::{Row, TABLE};

use super::input::Key;
use super::theme::Glyphs;

/// A row of the table with its keys read.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The row.
    pub row: &'static Row,
    /// Its keys, a person's own ones where given.
    pub keys: Vec<Key>,
}

impl Binding {
    /// Its keys as they are written with these characters, at most `limit` of them.
    pub fn keys_text(&self, limit: usize, glyphs: Glyphs) -> String {
        let keys = self.keys.iter().take(limit);
        let names: Vec<String> = keys.map(|key| key.written(glyphs)).collect();
        names.join(" ")
    }
}

/// The keys as they hold now.
#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

impl Default for Keymap {
    fn default() -> Self {
        let bindings = TABLE
            .iter()
            .map(|row| Binding {
                row,
                // A test proves that every key of the table reads.
                keys: row
                    .keys
                    .split(' ')
                    .filter_map(|key| key.parse().ok())
                    .collect(),
            })
            .collect();
        Self { bindings }
    }
}

impl Keymap {
    /// What `key` does in `context`.
    pub fn command(&self, context: Context, key: Key) -> Option<Command> {
        self.bindings
            .iter()
            .find(|binding| binding.row.context.meets(context) && binding.keys.contains(&key))
            .map(|binding| binding.row.command)
    }

    /// All rows.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The rows that hold in `context` and have a hint, in order of weight.
    pub fn hints(&self, context: Context) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(move |binding| {
            !binding.row.hint.is_empty()
                && binding.row.context.meets(context)
                && !binding.keys.is_empty()
        })
    }

    /// The first key of a command in `context`, for words that name it.
    pub fn key_of(&self, context: Context, command: Command) -> Option<Key> {
        self.bindings
            .iter()
            .filter(|binding| binding.row.context.meets(context) && binding.row.command == command)
            .find_map(|binding| binding.keys.first().copied())
    }

    /// Puts the keys of a `keys.toml` in place of those of the table.
    ///
    /// Yields a line for each entry that could not be used; all others hold.
    pub fn apply_file(&mut self, text: &str) -> Vec<String> {
        file::apply(&mut self.bindings, text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_key_and_name_of_the_table_is_good() {
        let mut names = HashSet::new();
        for row in TABLE {
            assert!(names.insert(row.name), "{} twice", row.name);
            for key in row.keys.split(' ').filter(|key| !key.is_empty()) {
                assert!(key.parse::<Key>().is_ok(), "{}: {key:?}", row.name);
            }
        }
    }

    #[test]
    fn no_row_is_hidden_by_an_earlier_one() {
        let keymap = Keymap::default();
        for (context, title) in Context::TITLED {
            for binding in keymap.bindings() {
                if !binding.row.context.meets(context) || binding.keys.is_empty() {
                    continue;
                }
                let reached = binding
                    .keys
                    .iter()
                    .any(|key| keymap.command(context, *key) == Some(binding.row.command));
                assert!(
                    reached || title == "In the log" || binding.row.context == Context::EVERYWHERE,
                    "{} is hidden {title}",
                    binding.row.name
                );
            }
        }
    }

    #[test]
    fn a_letter_types_in_the_prompt_and_moves_in_lists() {
        let keymap = Keymap::default();
        for letter in "jkqsQ12:?".chars() {
            assert_eq!(keymap.command(Context::PROMPT, Key::char(letter)), None);
        }
        assert_eq!(
            keymap.command(Context::RESULTS, Key::char('q')),
            Some(Command::Leave)
        );
        assert_eq!(
            keymap.command(Context::EMPTY_PROMPT, Key::char('?')),
            Some(Command::Help)
        );
        assert_eq!(
            keymap.command(Context::LOG, Key::char('G')),
            Some(Command::Follow)
        );
    }
}
