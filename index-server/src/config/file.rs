//! The configuration file: TOML, every setting under the name of its flag, with `_` for `-`. What
//! it does not name stays at its default; what it names wrongly is an error, so that a typing
//! mistake is not a silent default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::config::{JournalChoice, value};

/// Settings that one layer gives; `None` where it leaves a setting to the layer below.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "named and meant like the fields of `Config`")]
pub struct Layer {
    #[serde(deserialize_with = "text")]
    pub listen: Option<Text<SocketAddr>>,
    pub data: Option<PathBuf>,
    #[serde(deserialize_with = "text")]
    pub journal: Option<Text<JournalChoice>>,
    #[serde(deserialize_with = "duration")]
    pub heartbeat_interval: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    pub offline_after: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    pub sweep_every: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    pub forget_after: Option<Duration>,
    pub allow_public: Option<bool>,
    pub allow_host: Option<Vec<String>>,
    pub trusted_proxy: Option<Vec<String>>,
    pub limit_loopback: Option<bool>,
    pub announce: Option<bool>,
    /// The same the other way round, as the flag is called.
    pub no_announce: Option<bool>,
    pub log_format: Option<String>,
    pub log_level: Option<String>,
}

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("read configuration {}: {source}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("configuration {}: {message}", path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Place and reason.
        message: String,
    },
}

impl Layer {
    /// Reads a file.
    ///
    /// # Errors
    /// [`FileError`] with the place of what is wrong.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = std::fs::read_to_string(path).map_err(|source| FileError::Read {
            path: path.to_owned(),
            source,
        })?;
        toml::from_str(&text).map_err(|error| FileError::Parse {
            path: path.to_owned(),
            message: error.to_string().trim_end().to_owned(),
        })
    }
}

/// A value that is written as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<T>(pub T);

/// Types that are written as text.
pub trait FromText: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// A sentence that says what would be right.
    fn from_text(text: &str) -> Result<Self, String>;
}

impl FromText for SocketAddr {
    fn from_text(text: &str) -> Result<Self, String> {
        value::listen(text)
    }
}

impl FromText for JournalChoice {
    fn from_text(text: &str) -> Result<Self, String> {
        value::journal(text)
    }
}

fn text<'de, D: Deserializer<'de>, T: FromText>(from: D) -> Result<Option<Text<T>>, D::Error> {
    let text = String::deserialize(from)?;
    let value =
        T::from_text(&text).map_err(|advice| D::Error::custom(format!("{text:?}: {advice}")))?;
    Ok(Some(Text(value)))
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let written = toml::Value::deserialize(from)?;
    let read = match &written {
        toml::Value::String(text) => value::duration(text),
        other => value::duration(&other.to_string()),
    };
    read.map(Some)
        .map_err(|advice| D::Error::custom(format!("{written}: {advice}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        toml::from_str::<Layer>(text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_gives_what_it_names_and_nothing_else() {
        let text = "listen = \"127.0.0.1:0\"\nheartbeat_interval = 5\noffline_after = \"1m\"\n\
                    allow_host = [\"files.example\"]\njournal = \"memory\"\nannounce = false\n";
        let layer: Layer = toml::from_str(text).unwrap();
        let expected = Layer {
            listen: Some(Text("127.0.0.1:0".parse().unwrap())),
            heartbeat_interval: Some(Duration::from_secs(5)),
            offline_after: Some(Duration::from_mins(1)),
            allow_host: Some(vec!["files.example".to_owned()]),
            journal: Some(Text(JournalChoice::Memory)),
            announce: Some(false),
            ..Layer::default()
        };
        assert_eq!(layer, expected);
        assert_eq!(toml::from_str::<Layer>("").unwrap(), Layer::default());
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let unknown = message("hearbeat_interval = 5\n");
        assert!(
            unknown.contains("hearbeat_interval") && unknown.contains("line 1"),
            "{unknown}"
        );
        let bad = message("\nlisten = \"7070\"\n");
        assert!(bad.contains("\"7070\"") && bad.contains("line 2"), "{bad}");
        let bad = message("sweep_every = \"soon\"\n");
        assert!(
            bad.contains("soon") && bad.contains("write a duration"),
            "{bad}"
        );
    }

    #[test]
    fn a_duration_of_another_kind_is_told_in_words() {
        for (written, advice) in [
            ("-1", "whole seconds"),
            ("1.5", "whole seconds"),
            ("true", "whole seconds"),
            ("\"0\"", "1s or more"),
            ("9223372036854775807", "ten years"),
        ] {
            let told = message(&format!("offline_after = {written}\n"));
            for part in ["offline_after", written, advice] {
                assert!(told.contains(part), "{part:?} is missing in {told}");
            }
        }
    }

    #[test]
    fn the_example_file_is_right_and_says_the_defaults() {
        let keys: Vec<_> = assets::keys_of(assets::INDEX_SERVER_TOML).collect();
        let shown = assets::INDEX_SERVER_TOML
            .lines()
            .filter_map(|line| line.strip_prefix('#'));
        let is_setting = |line: &&str| {
            line.split_once(" = ")
                .is_some_and(|(key, _)| keys.contains(&key))
        };
        let text = shown.filter(is_setting).collect::<Vec<_>>().join("\n");
        let layer: Layer = toml::from_str(&text).unwrap();
        let defaults = crate::config::Config::in_folder(PathBuf::new());
        assert_eq!(layer.listen, Some(Text(defaults.listen)));
        assert_eq!(layer.journal, Some(Text(defaults.journal)));
        assert_eq!(layer.heartbeat_interval, Some(defaults.heartbeat_interval));
        assert_eq!(layer.offline_after, Some(defaults.offline_after));
        assert_eq!(layer.sweep_every, Some(defaults.sweep_every));
        assert_eq!(layer.forget_after, Some(defaults.forget_after));
        assert_eq!(layer.allow_public, Some(defaults.allow_public));
        assert_eq!(layer.trusted_proxy, Some(vec!["127.0.0.1".to_owned()]));
        assert_eq!(layer.limit_loopback, Some(defaults.limit_loopback));
        assert_eq!(layer.announce, Some(defaults.announce));
        assert_eq!(layer.no_announce, Some(!defaults.announce));
        let known = format!("{:?}", Layer::default());
        let unshown = known
            .split([' ', '{', ','])
            .filter_map(|word| word.strip_suffix(':'))
            .filter(|key| !keys.contains(key))
            .count();
        assert_eq!(unshown, 0, "the example shows {keys:?}, there are {known}");
    }
}
