//! A person's own keys: `keys.toml`, names of the table to lists of keys.

use super::Binding;
use crate::tui::input::Key;

/// Applies the entries of `text`; a line for each that could not be used.
pub(super) fn apply(bindings: &mut [Binding], text: &str) -> Vec<String> {
    let entries: toml::Table = match text.parse() {
        Ok(entries) => entries,
        Err(error) => return vec![format!("keys.toml: {}", error.message())],
    };
    let mut troubles = Vec::new();
    for (name, value) in &entries {
        let Some(binding) = bindings.iter_mut().find(|binding| binding.row.name == name) else {
            troubles.push(format!(
                "keys.toml: there is no command {name:?}; `peer-tui keys` lists them"
            ));
            continue;
        };
        match read_keys(value) {
            Ok(keys) => binding.keys = keys,
            Err(error) => troubles.push(format!("keys.toml: {name}: {error}")),
        }
    }
    troubles
}

fn read_keys(value: &toml::Value) -> Result<Vec<Key>, String> {
    let texts: Vec<&str> = match value {
        toml::Value::String(text) => vec![text],
        toml::Value::Array(values) => values
            .iter()
            .map(|value| value.as_str().ok_or("a key is a text in quotes"))
            .collect::<Result<_, _>>()?,
        _ => return Err("write a list of keys: [\"d\", \"^D\"]".to_owned()),
    };
    texts
        .into_iter()
        .map(|text| text.parse::<Key>().map_err(|error| error.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::tui::keymap::{Command, Context, Keymap};

    #[test]
    fn own_keys_replace_those_of_the_table() {
        let mut keymap = Keymap::default();
        let troubles = keymap.apply_file("pause = [\"P\", \"^O\"]\nleave = []\n");
        assert_eq!(troubles, Vec::<String>::new());
        let command = |key: &str| keymap.command(Context::TRANSFERS, key.parse().expect("a key"));
        assert_eq!(command("P"), Some(Command::Pause));
        assert_eq!(command("^O"), Some(Command::Pause));
        assert_eq!(command("p"), None);
        assert_eq!(command("q"), None);
    }

    #[test]
    fn bad_entries_are_told_and_the_rest_holds() {
        let mut keymap = Keymap::default();
        let troubles =
            keymap.apply_file("dance = \"d\"\npause = [\"Hyper\"]\nzoom = \"Z\"\nundo = 3");
        assert_eq!(troubles.len(), 3, "{troubles:?}");
        assert!(troubles[0].contains("no command \"dance\""), "{troubles:?}");
        assert_eq!(
            keymap.command(Context::LOG, "Z".parse().expect("a key")),
            Some(Command::Zoom)
        );
        assert_eq!(keymap.apply_file("= nonsense").len(), 1);
    }
}
