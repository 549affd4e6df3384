//! `peer-tui [INDEX]`: the screen on top of the daemon of the data folder, which is started where
//! none runs.

use std::path::Path;

use super::spawn::{self, Daemon};
use super::trouble::{Exit, Trouble};
use super::{ignored, print, show};
use crate::config::{Config, Layers};
use crate::daemon::client::{Client, Queues};
use crate::daemon::command::Action;
use crate::daemon::state::Reply;
use crate::tui::{self, Connection, ScreenOptions};

const COMMANDS: &str = "Commands that need no screen:
  peer-tui daemon          share, serve and fetch in the foreground
  peer-tui search QUERY    search the network
  peer-tui get QUERY       download and wait
  peer-tui status          how it stands
  peer-tui stop            end the daemon
  peer-tui --help          all of them
";

/// Opens the screen. With `json` nothing for people goes to standard output where there is none.
///
/// # Errors
/// When the daemon cannot be started or the terminal cannot be used.
pub fn run(layers: &Layers, json: bool) -> Result<(), Trouble> {
    let config = Config::from_layers(layers)?;
    if let Err(reason) = tui::can_run_full_screen() {
        return explain(&config, &reason, json);
    }
    let mut notes = Vec::new();
    let client = match spawn::attach_or_start(layers, &config)? {
        Daemon::Started(client) => client,
        Daemon::Found(mut client) => {
            if let Some(note) = use_index(&mut client, &config)? {
                notes.push(note);
            }
            // What does not count comes first: the first note stays until it is seen.
            if let Some(note) = ignored::note(&mut client, layers, &config) {
                notes.insert(0, note);
            }
            client
        }
    };
    let connection = Connection {
        link: link(client.into_queues()?),
        reconnect: reconnect_to(&config.data),
    };
    tui::run(connection, options(&config.data, notes))?;
    Ok(())
}

/// A conversation as the screen takes it.
pub fn link(queues: Queues) -> tui::Link {
    tui::Link {
        to_daemon: queues.to_daemon,
        from_daemon: queues.from_daemon,
    }
}

/// How the screen of this data folder looks.
pub fn options(data: &Path, notes: Vec<String>) -> ScreenOptions {
    ScreenOptions {
        glyphs: None,
        is_mono: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
        notes,
        keys_file: Some(data.join("keys.toml")),
        settings_file: Some(data.join("screen.toml")),
        searches_file: Some(data.join("searches.txt")),
    }
}

/// A screen looks for its daemon and never starts another: whoever stopped it meant it.
fn reconnect_to(data: &Path) -> tui::Reconnect {
    let data = data.to_owned();
    Box::new(move || {
        Client::connect(&data)
            .and_then(Client::into_queues)
            .map(link)
            .map_err(|error| error.to_string())
    })
}

/// Tells a daemon that runs already to use the index that was named.
fn use_index(client: &mut Client, config: &Config) -> Result<Option<String>, Trouble> {
    let Some(index) = config.index.clone() else {
        return Ok(None);
    };
    let Reply::Status(status) = client.ask(Action::Status)? else {
        return Ok(None);
    };
    if status.header.index == index {
        return Ok(None);
    }
    match client.ask(Action::Connect { index })? {
        Reply::Done { note, .. } => Ok(Some(note)),
        _ => Ok(None),
    }
}

/// Where no screen can be shown: how things stand, and the commands that work everywhere.
fn explain(config: &Config, reason: &str, json: bool) -> Result<(), Trouble> {
    if !json
        && let Ok(mut client) = Client::connect(&config.data)
        && let Ok(Reply::Status(status)) = client.ask(Action::Status)
    {
        show::print_status(&status);
        print::line("");
    }
    if json {
        eprint!("{COMMANDS}");
    } else {
        print::text(COMMANDS);
    }
    Err(Trouble {
        exit: Exit::WrongUsage,
        message: format!("no full screen here: {reason}"),
    })
}
