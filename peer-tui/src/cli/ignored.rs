//! Flags that a daemon which runs already does not hear of: whoever gives them is told so, with what
//! to do instead.

use std::net::SocketAddr;

use super::print;
use crate::config::{Config, Layers, Origin};
use crate::daemon::client::Client;
use crate::daemon::command::Action;
use crate::daemon::state::{Reply, Status};

/// Tells, beside what a command does, which flags do not count. Without a daemon there is nothing to
/// tell.
pub fn tell(layers: &Layers) {
    if flags(layers).is_empty() {
        return;
    }
    let note = Config::from_layers(layers).ok().and_then(|config| {
        let mut client = Client::connect(&config.data).ok()?;
        Some((note(&mut client, layers, &config)?, instead(&flags(layers))))
    });
    if let Some((note, instead)) = note {
        print::note(&format!("peer-tui: {note}{instead}"));
    }
}

/// The same for the daemon of `client`, in words that fit a line of a screen, where shares and limits
/// have keys.
pub fn note(client: &mut Client, layers: &Layers, config: &Config) -> Option<String> {
    let flags = flags(layers);
    if flags.is_empty() {
        return None;
    }
    match client.ask(Action::Status) {
        Ok(Reply::Status(status)) => words(&flags, config, &status),
        _ => None,
    }
}

fn flags(layers: &Layers) -> Vec<&str> {
    let layers = layers.0.iter().filter(|layer| layer.origin == Origin::Flag);
    let flags = layers.flat_map(|layer| layer.values.keys().map(String::as_str));
    // It says which daemon is meant.
    flags.filter(|flag| *flag != "data").collect()
}

fn words(flags: &[&str], config: &Config, status: &Status) -> Option<String> {
    let mut ignored = flags.to_vec();
    ignored.retain(|flag| !is_so(flag, config, status));
    if ignored.is_empty() {
        return None;
    }
    let named = ignored.iter().map(|flag| match *flag {
        "index" => "INDEX".to_owned(),
        flag => format!("--{flag}"),
    });
    let named: Vec<String> = named.collect();
    Some(format!(
        "{} not taken, a daemon runs: `peer-tui stop` first",
        named.join(", ")
    ))
}

/// What changes a setting while the daemon runs.
fn instead(flags: &[&str]) -> &'static str {
    let has_limit = flags.iter().any(|flag| flag.ends_with("-limit"));
    match (flags.contains(&"share"), has_limit) {
        (true, true) => ", or use `peer-tui share DIR` and `peer-tui limit`",
        (true, false) => ", or use `peer-tui share DIR`",
        (false, true) => ", or use `peer-tui limit`",
        (false, false) => "",
    }
}

/// Whether the daemon has it as the flag says; what it does not tell counts as different.
fn is_so(flag: &str, config: &Config, status: &Status) -> bool {
    let header = &status.header;
    match flag {
        "share" => {
            let mut shares = config.shares.iter();
            shares.all(|folder| status.shares.contains(&folder.display().to_string()))
        }
        "downloads" => status.downloads == config.downloads.display().to_string(),
        "index" => config.index.as_ref() == Some(&header.index),
        "name" => header.name == config.name,
        "listen" => status.listen.parse().is_ok_and(|at: SocketAddr| {
            at.ip() == config.listen.ip() && [0, at.port()].contains(&config.listen.port())
        }),
        "up-limit" => header.up_limit == config.up_limit,
        "down-limit" => header.down_limit == config.down_limit,
        _ => false,
    }
}
