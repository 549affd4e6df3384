//! Commands that print what the program knows of itself: its keys, its manual, completions for
//! shells. They read no setting and ask no daemon.

use clap::{CommandFactory as _, Subcommand};
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Arguments;
use super::print;
use super::trouble::Trouble;

const PROGRAM: &str = "peer-tui";

/// What is printed.
#[derive(Debug, Subcommand)]
pub enum Document {
    /// Print the keys of the screen
    Keys,
    /// Print completions for a shell
    Completions {
        /// Which
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page of the program, or of one of its commands (for `man -l -`)
    Man {
        /// Which
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
}

impl Document {
    /// Prints it.
    ///
    /// # Errors
    /// When there is no such document, or it is no JSON where that was asked for.
    pub fn run(&self, json: bool) -> Result<(), Trouble> {
        match (self, json) {
            (Self::Keys, true) => print::json(&crate::tui::key_rows()),
            (_, true) => {
                let words = "--json: manual and completions are text, only keys are JSON too";
                return Err(Trouble::usage(words));
            }
            (_, false) => print::document(self.text()?),
        }
        Ok(())
    }

    fn text(&self) -> Result<String, Trouble> {
        let written = match self {
            Self::Keys => return Ok(crate::tui::keys_markdown()),
            Self::Completions { shell } => {
                let mut text = Vec::new();
                clap_complete::generate(*shell, &mut Arguments::command(), PROGRAM, &mut text);
                text
            }
            Self::Man { command } => manual(command.as_deref())?,
        };
        String::from_utf8(written).map_err(|error| Trouble::failed(format!("print: {error}")))
    }
}

fn manual(name: Option<&str>) -> Result<Vec<u8>, Trouble> {
    let mut command = Arguments::command();
    command.build();
    if let Some(name) = name {
        let found = command.find_subcommand(name);
        command = found.cloned().ok_or_else(|| {
            Trouble::usage(format!(
                "{PROGRAM} has no command {name:?}; `{PROGRAM} help` lists them"
            ))
        })?;
    }
    let mut text = Vec::new();
    let page = Man::new(command).source(concat!("peer-tui ", env!("CARGO_PKG_VERSION")));
    page.render(&mut text)
        .map_err(|error| Trouble::failed(format!("write the manual page: {error}")))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    /// Long names of what may be typed, but for what is hidden.
    fn flags() -> Vec<String> {
        let command = Arguments::command();
        let shown = command.get_arguments().filter(|flag| !flag.is_hide_set());
        shown
            .filter_map(|flag| flag.get_long().map(str::to_owned))
            .collect()
    }

    #[test]
    fn every_shell_completes_every_command_and_flag() {
        let command = Arguments::command();
        let commands = command.get_subcommands().map(clap::Command::get_name);
        let words: Vec<String> = commands.map(str::to_owned).chain(flags()).collect();
        assert!(words.len() > 30, "{words:?}");
        for shell in Shell::value_variants() {
            let document = Document::Completions { shell: *shell };
            let text = document.text().unwrap();
            for word in &words {
                assert!(text.contains(word.as_str()), "{shell}: {word}");
            }
        }
    }

    #[test]
    fn the_manual_tells_of_every_flag_and_command() {
        let plain = |command: Option<&str>| {
            let command = command.map(str::to_owned);
            let document = Document::Man { command };
            document.text().unwrap().replace('\\', "")
        };
        let page = plain(None);
        assert!(page.contains(".TH peer-tui 1"), "{page}");
        for flag in flags() {
            assert!(page.contains(&format!("--{flag}")), "{flag}");
        }
        for command in Arguments::command().get_subcommands() {
            let name = command.get_name();
            assert!(page.contains(&format!("peer-tui-{name}(1)")), "{name}");
            let about = command.get_about().unwrap().to_string();
            assert!(plain(Some(name)).contains(&about), "{name}");
        }
        let error = manual(Some("dance")).unwrap_err().message;
        assert!(error.contains("dance") && error.contains("help"), "{error}");
    }
}
