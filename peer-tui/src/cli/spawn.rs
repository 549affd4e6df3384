//! Finds the daemon of a data folder, or starts one in the background.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::trouble::Trouble;
use crate::config::{Config, Layers, Origin};
use crate::daemon::client::{Client, ClientError};
use crate::daemon::socket;

/// A daemon opens its socket first and its files then; a slow disk may take this long.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// Between looks for the socket of a daemon that is starting.
const LOOK_EVERY: Duration = Duration::from_millis(3);

/// How a daemon was come by.
#[derive(Debug)]
pub enum Daemon {
    /// It ran already.
    Found(Client),
    /// It was started now.
    Started(Client),
}

/// The daemon of these settings, started where none runs.
///
/// # Errors
/// When it cannot start (its own sentence), or is of another version.
pub fn attach_or_start(layers: &Layers, config: &Config) -> Result<Daemon, Trouble> {
    match Client::connect(&config.data) {
        Ok(client) => return Ok(Daemon::Found(client)),
        Err(ClientError::NoDaemon { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    socket::make_private_folder(&config.data)
        .map_err(|error| Trouble::failed(format!("{error}: give another --data")))?;
    let output = config.data.join("daemon.out");
    let mut child = start(layers, &config.data, &output)?;
    let until = Instant::now() + START_TIMEOUT;
    loop {
        match Client::connect(&config.data) {
            Ok(client) => return Ok(Daemon::Started(client)),
            Err(ClientError::NoDaemon { .. } | ClientError::Io { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        if let Ok(Some(_)) = child.try_wait() {
            // Another screen may have started one at the same moment: then that one is meant.
            return Client::connect(&config.data)
                .map(Daemon::Found)
                .map_err(|_| Trouble::failed(last_words(&output)));
        }
        if Instant::now() > until {
            return Err(Trouble::failed(format!(
                "the daemon does not answer: see {}",
                config.data.join("daemon.log").display()
            )));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn start(layers: &Layers, data: &Path, output: &Path) -> Result<Child, Trouble> {
    let failed = |what: &str, error: std::io::Error| Trouble::failed(format!("{what}: {error}"));
    let program = std::env::current_exe().map_err(|error| failed("find this program", error))?;
    let words = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(output)
        .map_err(|error| failed(&format!("write {}", output.display()), error))?;
    let errors = words
        .try_clone()
        .map_err(|error| failed("start the daemon", error))?;
    Command::new(program)
        .args(arguments(layers))
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .stdout(words)
        .stderr(errors)
        .spawn()
        .map_err(|error| failed("start the daemon", error))
}

/// The daemon's command line: the flags of this one, and the file; the environment it inherits.
fn arguments(layers: &Layers) -> Vec<String> {
    let mut arguments = vec!["daemon".to_owned(), "--background".to_owned()];
    for layer in &layers.0 {
        match &layer.origin {
            Origin::Flag => {
                for (setting, values) in &layer.values {
                    if setting == "data" {
                        continue;
                    }
                    if setting == "no-share-downloads" {
                        arguments.push("--no-share-downloads".to_owned());
                        continue;
                    }
                    arguments.extend(values.iter().map(|value| format!("--{setting}={value}")));
                }
            }
            Origin::File(path) => arguments.push(format!("--config={}", path.display())),
            Origin::Environment => {}
        }
    }
    arguments
}

/// What a daemon said before it ended.
fn last_words(output: &Path) -> String {
    let said = fs::read_to_string(output).unwrap_or_default();
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    match last {
        Some(line) => line.trim_start_matches("peer-tui: ").to_owned(),
        None => "the daemon ended at once and said nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;

    #[test]
    fn a_daemon_in_the_background_gets_the_same_flags() {
        let flags = Layer::of_flags([
            ("share", vec!["~/a".to_owned(), "/b c".to_owned()]),
            ("data", vec!["/d".to_owned()]),
            ("no-share-downloads", vec!["true".to_owned()]),
        ]);
        let file = Layer::of_toml(Path::new("/c.toml"), "slots = 3").unwrap();
        assert_eq!(
            arguments(&Layers(vec![flags, file])),
            [
                "daemon",
                "--background",
                "--no-share-downloads",
                "--share=~/a",
                "--share=/b c",
                "--config=/c.toml"
            ]
        );
    }
}
