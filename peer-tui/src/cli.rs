//! The command line: arguments to settings, a command to a file of its own.
//!
//! Standard output is for results, standard error for messages.

pub mod args;
pub mod control;
pub mod daemon;
pub mod demo;
pub mod documents;
pub mod get;
pub mod hash;
pub mod ignored;
pub mod limit;
pub mod mistyped;
pub mod print;
pub mod screen;
pub mod search;
pub mod show;
pub mod spawn;
pub mod table;
pub mod trouble;

use std::process::ExitCode;

use clap::Parser as _;

use self::args::{Arguments, Command};
use self::trouble::Trouble;
use crate::config::Config;

/// Runs the program.
pub fn main() -> ExitCode {
    let ended = match Arguments::try_parse() {
        Ok(arguments) => run(arguments),
        Err(error) => mistyped::mistyped(&error).map_or_else(|| error.exit(), Err),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            if !trouble.message.is_empty() {
                print::note(&format!("peer-tui: {}", trouble.message));
            }
            ExitCode::from(trouble.exit.code())
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Trouble> {
    let json = arguments.json;
    if let Some(Command::Document(document)) = &arguments.command {
        return document.run(json);
    }
    let layers = arguments.layers()?;
    Config::check(&layers)?;
    if arguments
        .command
        .as_ref()
        .is_some_and(Command::asks_the_daemon)
    {
        ignored::tell(&layers);
    }
    match arguments.command {
        None => screen::run(&layers, json),
        Some(Command::Daemon { background, .. }) => daemon::run(&layers, background),
        Some(Command::Demo { busy }) => demo::run(&layers, busy, json),
        Some(Command::Search(search)) => search::run(&layers, &search, json),
        Some(Command::Get(get)) => get::run(&layers, &get, json),
        Some(Command::Hash { paths }) => hash::run(&paths, json),
        Some(Command::Status) => show::status(&layers, json),
        Some(Command::Peers) => show::peers(&layers, json),
        Some(Command::Transfers) => show::transfers(&layers, json),
        Some(Command::Shares) => show::shares(&layers, json),
        Some(Command::Pause { ids }) => control::pause(&layers, ids, json),
        Some(Command::Resume { ids }) => control::resume(&layers, ids, json),
        Some(Command::Cancel { ids }) => control::cancel(&layers, ids, json),
        Some(Command::Priority { ids, priority }) => {
            control::priority(&layers, ids, priority, json)
        }
        Some(Command::Move { id, to }) => control::reorder(&layers, id, to, json),
        Some(Command::Limit(limit)) => limit::run(&layers, &limit, json),
        Some(Command::Share { folder }) => control::share(&layers, &folder, json),
        Some(Command::Unshare { folder }) => control::unshare(&layers, &folder, json),
        Some(Command::Stop) => control::stop(&layers, json),
        Some(Command::Document(document)) => document.run(json),
    }
}

/// A runtime for the parts that need one: two threads at least, four at most, since all heavy work
/// runs on threads of its own.
fn runtime() -> Result<tokio::runtime::Runtime, Trouble> {
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads.clamp(2, 4))
        .thread_name("peer")
        .enable_all()
        .build()
        .map_err(|error| Trouble::failed(format!("start threads: {error}")))
}
