//! The key table for `peer-tui keys`: as Markdown and as JSON.

use std::fmt::Write;

use serde::Serialize;

use super::{Context, TABLE};

/// A row of the table for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyRow {
    /// Its name in `keys.toml`.
    pub name: &'static str,
    /// Its keys, as they are written there.
    pub keys: Vec<&'static str>,
    /// Where they hold, for people.
    #[serde(rename = "where")]
    pub places: String,
    /// What it does.
    pub does: &'static str,
}

/// All rows.
pub fn key_rows() -> Vec<KeyRow> {
    TABLE
        .iter()
        .map(|row| KeyRow {
            name: row.name,
            keys: row.keys.split(' ').filter(|key| !key.is_empty()).collect(),
            places: places(row.context),
            does: row.help,
        })
        .collect()
}

/// The table for people: name in `keys.toml`, keys, where, what.
pub fn keys_markdown() -> String {
    let mut text = String::from(
        "# Keys\n\nSet your own in `keys.toml` in the data folder: `name = [\"key\", ...]`. \
         Keys are written as below: `j`, `^F` (Control), `Alt+b`, `F1`, `Enter`, `Esc`, `Tab`, \
         `Space`, `BS`, `Del`, `Up`, `Down`, `PgUp`.\n\n\
         | name | keys | where | does |\n| --- | --- | --- | --- |\n",
    );
    for row in key_rows() {
        let keys: Vec<String> = row.keys.iter().map(|key| format!("`{key}`")).collect();
        // A text takes every line.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            row.name,
            keys.join(" "),
            row.places,
            row.does
        );
    }
    text
}

fn places(context: Context) -> String {
    if context == Context::EVERYWHERE {
        return "everywhere".to_owned();
    }
    if context == Context::LISTS {
        return "lists".to_owned();
    }
    if context == Context::EMPTY_PROMPT {
        return "empty prompt".to_owned();
    }
    let places: Vec<&str> = Context::TITLED
        .iter()
        .filter(|(place, _)| place.meets(context))
        .map(|(_, title)| title.trim_start_matches("In ").trim_start_matches("the "))
        .collect();
    places.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keymap::table::TABLE;

    #[test]
    fn no_help_is_cut_in_eighty_columns() {
        let shown = TABLE.iter().filter(|row| !row.keys.is_empty());
        for row in shown {
            let count = row.help.chars().count();
            assert!(count <= 52, "{}: {count} characters", row.name);
        }
    }

    #[test]
    fn the_printed_table_is_the_one_that_holds() {
        insta::assert_snapshot!(keys_markdown());
    }
}
