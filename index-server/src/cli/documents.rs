//! Commands that print what the program knows of itself: its contract, its manual, completions for
//! shells. They read no configuration file, open no data folder and start nothing.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Subcommand};
use clap_complete::Shell;
use clap_mangen::Man;
use protocol::text::one_line;

use super::{Arguments, DONE, FAILED, WRONG_USAGE};
use crate::http::openapi;

const PROGRAM: &str = "index-server";

#[derive(Debug, Subcommand)]
pub(super) enum Document {
    /// Print the contract of the index as an OpenAPI document
    Openapi,
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
    /// Puts it on standard output; a reader that has seen enough is no failure.
    pub(super) fn print(&self) -> ExitCode {
        let text = match self.text() {
            Ok(text) => text,
            Err(advice) => {
                eprintln!("error: {}", one_line(&advice));
                return ExitCode::from(WRONG_USAGE);
            }
        };
        let mut out = std::io::stdout().lock();
        match out.write_all(&text).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                eprintln!("error: write to standard output: {error}");
                ExitCode::from(FAILED)
            }
            _ => ExitCode::from(DONE),
        }
    }

    /// The document, or what would be right to ask for.
    fn text(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Openapi => Ok(openapi::text().as_bytes().to_vec()),
            Self::Completions { shell } => {
                let mut text = Vec::new();
                clap_complete::generate(*shell, &mut Arguments::command(), PROGRAM, &mut text);
                Ok(text)
            }
            Self::Man { command } => manual(command.as_deref()),
        }
    }
}

fn manual(name: Option<&str>) -> Result<Vec<u8>, String> {
    let mut command = Arguments::command();
    command.build();
    if let Some(name) = name {
        let found = command.find_subcommand(name);
        command = found.cloned().ok_or_else(|| {
            format!("{PROGRAM} has no command {name:?}; `{PROGRAM} help` lists them")
        })?;
    }
    let mut text = Vec::new();
    let page = Man::new(command).source(concat!("index-server ", env!("CARGO_PKG_VERSION")));
    let written = page.render(&mut text);
    written.map_err(|error| format!("write the manual page: {error}"))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    fn text(document: &Document) -> String {
        String::from_utf8(document.text().unwrap()).unwrap()
    }

    /// Long names of what may be typed, as they stand in the documents.
    fn flags() -> Vec<String> {
        let command = Arguments::command();
        let arguments = command.get_arguments();
        let longs = arguments.filter_map(|argument| argument.get_long().map(str::to_owned));
        longs.collect()
    }

    #[test]
    fn every_shell_completes_every_command_and_flag() {
        let command = Arguments::command();
        let commands = command.get_subcommands().map(clap::Command::get_name);
        let words: Vec<String> = commands.map(str::to_owned).chain(flags()).collect();
        assert!(words.len() > 15, "{words:?}");
        for shell in Shell::value_variants() {
            let text = text(&Document::Completions { shell: *shell });
            for word in &words {
                assert!(text.contains(word.as_str()), "{shell}: {word}");
            }
        }
    }

    #[test]
    fn the_manual_tells_of_every_flag_and_command() {
        let plain = |command: Option<&str>| {
            let command = command.map(str::to_owned);
            text(&Document::Man { command }).replace('\\', "")
        };
        let page = plain(None);
        assert!(page.contains(".TH index-server 1"), "{page}");
        for flag in flags() {
            assert!(page.contains(&format!("--{flag}")), "{flag}");
        }
        for command in Arguments::command().get_subcommands() {
            let name = command.get_name();
            assert!(page.contains(&format!("index-server-{name}(1)")), "{name}");
            let about = command.get_about().unwrap().to_string();
            assert!(plain(Some(name)).contains(&about), "{name}");
        }
        let error = manual(Some("dance")).unwrap_err();
        assert!(error.contains("dance") && error.contains("help"), "{error}");
    }
}
