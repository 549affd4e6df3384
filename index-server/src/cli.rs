//! The command line of `index-server`: arguments to settings, settings to a running server, and
//! what it says about that.

mod compact;
mod documents;
pub mod join;
pub mod serve;
mod settings;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use protocol::text::lines;

use self::documents::Document;
use self::settings::Settings;
use crate::config::Config;
use crate::config::shown::shown;
use crate::telemetry::Logging;

/// Done.
const DONE: u8 = 0;
/// Something failed.
const FAILED: u8 = 1;
/// The command line or a setting is wrong.
const WRONG_USAGE: u8 = 2;

/// The Peerdex index: who is here, which files they share, who has what.
///
/// Settings come from, each over the one before: defaults, the file of --config, the environment,
/// flags. In the file every setting is named like its flag, with _ for -.
#[derive(Debug, Parser)]
#[command(name = "index-server", version, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read all settings, say what they come to, and start nothing
    CheckConfig,
    /// Make the journal as short as it can be; the index must not run meanwhile
    Compact,
    #[command(flatten)]
    Document(Document),
}

/// Runs the program that the command line asks for.
pub fn run() -> ExitCode {
    let Arguments { settings, command } = Arguments::parse();
    let work = match command {
        Some(Command::Document(document)) => return document.print(),
        Some(Command::CheckConfig) => |config: Config, logging: &Logging| {
            print!("{}", shown(&config, logging));
            Ok(())
        },
        Some(Command::Compact) => {
            |config: Config, _: &Logging| compact::compact(&config).map(|told| print!("{told}"))
        }
        None => serve::serve,
    };
    match settings.resolve() {
        Ok((config, logging)) => ended(work(config, &logging)),
        Err(error) => {
            eprintln!("error: {}", lines(&in_words(&error)));
            ExitCode::from(WRONG_USAGE)
        }
    }
}

fn ended(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::from(DONE),
        Err(error) => {
            eprintln!("error: {}", lines(&in_words(&error)));
            ExitCode::from(FAILED)
        }
    }
}

/// An error and its causes in one line, each told once: many tell their cause themselves.
fn in_words(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |told, cause| {
        let cause = cause.to_string();
        match told.as_str() {
            "" => cause,
            told if told.contains(&cause) => told.to_owned(),
            told => format!("{told}: {cause}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
