//! Keys in running words: the key that is bound now, and nothing where none is.
//!
//! Knows the table of keys; knows no screen.

use super::Model;
use crate::tui::keymap::{Command, Context};

impl Model {
    /// How the key of `command` in `context` is written; `None` where a person took its keys away.
    pub fn key_in(&self, context: Context, command: Command) -> Option<String> {
        let key = self.keymap.key_of(context, command)?;
        Some(key.written(self.look.glyphs))
    }

    /// The key of `command` in `context` and `words` about it: `r retry`.
    pub fn hint_in(&self, context: Context, command: Command, words: &str) -> Option<String> {
        let key = self.key_in(context, command)?;
        Some(format!("{key} {words}"))
    }

    /// The same where keys go now.
    pub fn hint(&self, command: Command, words: &str) -> Option<String> {
        self.hint_in(self.context(), command, words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::kit::TestApp;

    /// What each place says of its keys: keys that lead there, and words of the screen.
    const PLACES: [(&str, &[&str]); 7] = [
        ("Alt+1", &["^O leave"]),
        (
            "Alt+2 j j j j",
            &["R retry · M find more", "X remove", "(T)"],
        ),
        ("Alt+2 j j", &["PgUp/PgDn priority"]),
        (
            "Alt+2 Enter",
            &["F9 back", "( ) previous/next", "M looks for more"],
        ),
        ("Alt+3", &["F2 add"]),
        ("Alt+4 j", &["F filter", "S sort: ", "F3 browses them"]),
        ("Alt+4 j F3", &["F4 get folder   F5 up   F9 back"]),
    ];

    const KEYS: &str = r#"
        leave_now = "^O"
        retry = "R"
        more_sources = "M"
        cancel = "X"
        cancel_for_good = []
        limit_keys = "T"
        limit_peer_keys = []
        priority_up = "PgUp"
        priority_down = "PgDn"
        back = "F9"
        previous = "("
        next = ")"
        add_share = "F2"
        find = "F"
        sort_keys = "S"
        browse_peer = "F3"
        download_folder = "F4"
        browse_up = "F5"
    "#;

    #[test]
    fn the_screen_names_the_keys_that_are_bound() {
        for (keys, places) in PLACES {
            let mut app = TestApp::filled(120, 36);
            assert_eq!(app.model.keymap.apply_file(KEYS), Vec::<String>::new());
            for key in keys.split(' ') {
                app.keys(key);
                app.feed();
            }
            let screen = app.screen();
            for words in places {
                assert!(screen.contains(words), "{keys}: no {words:?} in\n{screen}");
            }
        }
    }

    #[test]
    fn a_key_that_was_taken_away_is_not_named() {
        let mut app = TestApp::filled(120, 36);
        let troubles = app.model.keymap.apply_file("retry = []\nleave_now = []\n");
        assert_eq!(troubles, Vec::<String>::new());
        assert!(!app.screen().contains(" leave"), "{}", app.screen());
        app.keys("Alt+2");
        app.feed();
        app.keys("j j j j");
        let line = app.line("went offline");
        assert!(line.ends_with("— m find more sources · x remove"), "{line}");
        assert_eq!(app.model.hint(Command::Retry, "retry"), None);
    }
}
