//! What a person chose: keys, colours, characters, from their files into the model and back.

use std::path::Path;

use super::connection::ScreenOptions;
use super::model::toast::Level;
use super::model::{Look, Model};
use super::theme::{Glyphs, Theme};
use super::update::HISTORY_MAX_COUNT;

/// Reads the files that `options` name; what is wrong with them is told on the screen.
pub fn prepare(model: &mut Model, options: &ScreenOptions) {
    let now = model.now;
    let saved = options.settings_file.as_deref().and_then(read_look);
    let of_environment = Glyphs::of_environment(|name| std::env::var(name).ok());
    model.is_mono = options.is_mono;
    model.look = Look {
        theme: saved.map(|(theme, _)| theme).unwrap_or_default(),
        // What the terminal can draw is known better here than it was when the choice was made
        // elsewhere, so a saved choice may only take characters away.
        glyphs: options.glyphs.unwrap_or_else(|| match saved {
            Some((_, Some(glyphs))) if of_environment == Glyphs::Unicode => glyphs,
            _ => of_environment,
        }),
    };
    if let Some(file) = &options.searches_file {
        model.search.history = read_searches(file);
    }
    model.notes.clone_from(&options.notes);
    if let Some(note) = options.notes.first() {
        model.toasts.push_until_seen(super::format::clean(note));
    }
    if let Some(file) = &options.keys_file {
        match std::fs::read_to_string(file) {
            Ok(text) => {
                for trouble in model.keymap.apply_file(&text) {
                    model
                        .toasts
                        .push(Level::Error, super::format::clean(&trouble), now);
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                let words = format!("read {}: {error}", super::format::path(file));
                model.toasts.push(Level::Error, words, now);
            }
        }
    }
}

/// The newest ones; none where there is no such file yet.
fn read_searches(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let newest = &lines[lines.len().saturating_sub(HISTORY_MAX_COUNT)..];
    newest.iter().map(|line| (*line).to_owned()).collect()
}

/// Writes the searches to the file that `options` name; losing them is no loss worth a word.
pub fn save_searches(options: &ScreenOptions, searches: &[String]) {
    if let Some(file) = &options.searches_file {
        let mut text = searches.join("\n");
        text.push('\n');
        if let Err(error) = std::fs::write(file, text) {
            tracing::warn!("save {}: {error}", file.display());
        }
    }
}

fn read_look(file: &Path) -> Option<(Theme, Option<Glyphs>)> {
    let table: toml::Table = std::fs::read_to_string(file).ok()?.parse().ok()?;
    let text = |name: &str| table.get(name).and_then(toml::Value::as_str);
    let theme = text("theme").and_then(Theme::named).unwrap_or_default();
    let glyphs = text("glyphs").and_then(|name| name.parse().ok());
    Some((theme, glyphs))
}

/// Writes the look to the file that `options` name. A look that cannot be kept is no loss worth
/// a word.
pub fn save(options: &ScreenOptions, look: Look) {
    if let Some(file) = &options.settings_file {
        let text = format!(
            "theme = \"{}\"\nglyphs = \"{}\"\n",
            look.theme.as_str(),
            look.glyphs.as_str()
        );
        if let Err(error) = std::fs::write(file, text) {
            tracing::warn!("save {}: {error}", file.display());
        }
    }
}

/// Whether the locale is one in which terminals may draw line and block characters two columns
/// wide.
pub fn has_wide_ambiguous_characters(variable: impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()))
        .unwrap_or_default();
    ["zh", "ja", "ko"]
        .iter()
        .any(|language| locale.starts_with(language))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_are_kept_over_runs() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("searches.txt");
        let options = ScreenOptions {
            searches_file: Some(file.clone()),
            ..ScreenOptions::default()
        };
        assert_eq!(read_searches(&file), [""; 0]);
        let mut searches: Vec<String> =
            (0..=HISTORY_MAX_COUNT).map(|n| format!("no {n}")).collect();
        save_searches(&options, &searches);
        searches.remove(0);
        assert_eq!(read_searches(&file), searches);
    }

    #[test]
    fn a_look_is_kept_over_runs() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = ScreenOptions {
            settings_file: Some(folder.path().join("screen.toml")),
            ..ScreenOptions::default()
        };
        let look = Look {
            theme: Theme::Dark,
            glyphs: Glyphs::Ascii,
        };
        save(&options, look);
        let read = read_look(&folder.path().join("screen.toml"));
        assert_eq!(read, Some((Theme::Dark, Some(Glyphs::Ascii))));
    }
}
